"""Where files name a module or its members, but for code: `app.main:app` in a Dockerfile, `app/main.py` in a Makefile.

A mention is a path or a dotted name between word boundaries that leads to the module from the application's root,
from the folder of the file, or from anywhere that the module's own path begins.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from msgspec import Struct

from fapi_lint.project.module import Module
from fapi_lint.project.text_files import TextFile

_ROOM = re.compile(r"[^\s\"'`=:,;()\[\]{}<>|&*]*$")
"""What a path may hold before its last part."""
_LONGEST = 300
_ENTRY_POINT = re.compile(r":([A-Za-z_]\w*)")


class _Subject(Struct, frozen=True):
    """A module as texts know it."""

    module: Module
    path: str
    """That of the file, or of the folder for a package, with forward slashes."""

    @classmethod
    def of(cls, module: Module) -> _Subject:
        return cls(module, (module.folder if module.is_package else module.path).replace(os.sep, "/"))

    @property
    def importable(self) -> str:
        """The end of the path that the dotted name stands for."""
        name = self.module.name.replace(".", "/")
        return name if self.module.is_package else f"{name}.py"


def dotted_mentions(file: TextFile, module: Module) -> Iterator[int]:
    """Where the last part of the module's dotted name begins, in a file that is no Python."""
    if module.name not in file.text:
        return
    below = _Subject.of(module).path.removesuffix(".py").replace("/", ".")
    name = re.escape(module.name)
    for found in re.finditer(rf"(?:(?<![\w./$-])|(?<=\[mypy-))((?:\w+\.)*){name}(?![\w/-]|\.py\b)", file.text):
        if found[1] and not below.endswith(f".{found[0]}"):
            continue
        if "." in module.name or _is_entry(file.text, found, module):
            yield found.end() - len(module.parts[-1])


def member_mentions(file: TextFile, module: Module, name: str) -> Iterator[int]:
    """Where a member of the module is named by its path, in a file that is no Python: `app.main:create_app`."""
    if name not in file.text:
        return
    for start in dotted_mentions(file, module):
        member = re.compile(rf"[:.]{re.escape(name)}(?!\w)").match(file.text, start + len(module.parts[-1]))
        if member is not None:
            yield member.start() + 1


def _is_entry(text: str, found: re.Match[str], module: Module) -> bool:
    """Whether a single word means a module: `main:app` with an `app` in it, or `-m main`."""
    entry = _ENTRY_POINT.match(text, found.end())
    if entry is not None:
        return entry[1] in module.scope.bindings
    return re.search(r"(?:^|\s)-m\s+$", text[max(0, found.start() - 8) : found.start()]) is not None


def path_mentions(file: TextFile | Module, module: Module, root: str) -> Iterator[int]:
    """Where the last part of the module's path begins, in any file."""
    subject = _Subject.of(module)
    last = subject.path.rpartition("/")[2]
    if last not in file.text:
        return
    for found in re.finditer(rf"(?<![\w.-]){re.escape(last)}(?![\w-]|\.\w)", file.text):
        before = _ROOM.search(file.text[max(0, found.start() - _LONGEST) : found.start()])
        written = f"{before[0] if before else ''}{last}".removeprefix("./")
        if _leads_to(written, subject, os.path.dirname(file.path), root):
            yield found.start()


def _leads_to(written: str, subject: _Subject, folder: str, root: str) -> bool:
    if "/" not in written and subject.module.is_package:
        return False  # A word, and not a path.
    places = (os.path.normpath(os.path.join(base, written)) for base in (folder, root))
    if any(place.replace(os.sep, "/") == subject.path for place in places):
        return True
    if "/" not in written:
        return False
    if written.startswith(("/", "$", "~")):  # In a container, or below a variable.
        return f"/{written}".endswith(f"/{subject.importable}") and "/" in subject.importable
    return subject.path.endswith(f"/{written}") and f"/{written}".endswith(f"/{subject.importable}")
