"""`--diff`: a unified diff that `git apply` takes (GNU diffutils manual, "Detailed Unified")."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from fapi_lint.report.shared import Style

ROLES = {"@": "hunk", "+": "added", "-": "removed"}
ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\"}


def unified_diff(
    changes: Iterable[tuple[str, str, str]], renames: Mapping[str, str] | None = None, *, color: bool = False
) -> str:
    """One diff over all changes: shown path with forward slashes, old text, new text.

    `renames` are the new paths of those that have one: git's extended header says so, and then every file has one,
    for a rename alone would take the next file's names for its own. Lines end at line feeds only: a carriage return
    is content, and has to reach the output untranslated.
    """
    style = Style(color)
    new_paths = {path: to for path, to in (renames or {}).items() if to != path}
    lines: list[str] = []
    for path, old, new in changes:
        to = new_paths.get(path, path)
        if new_paths and (old != new or to != path):
            lines.extend(_git_header(path, to, style))
        lines.extend(_file_diff(path, to, old, new, style))
    return "".join(lines)


def _git_header(path: str, to: str, style: Style) -> Iterator[str]:
    names = [_name(name).removesuffix("\t") for name in (f"a/{path}", f"b/{to}", path, to)]
    yield style.paint("path", f"diff --git {names[0]} {names[1]}") + "\n"
    if to != path:
        yield style.paint("path", f"rename from {names[2]}") + "\n"
        yield style.paint("path", f"rename to {names[3]}") + "\n"


def _file_diff(path: str, to: str, old: str, new: str, style: Style) -> Iterator[str]:
    if old == new:
        return
    yield style.paint("path", f"--- {_name(f'a/{path}')}") + "\n"
    yield style.paint("path", f"+++ {_name(f'b/{to}')}") + "\n"
    for line in islice(difflib.unified_diff(_lines(old), _lines(new)), 2, None):
        text = line.removesuffix("\n")
        role = ROLES.get(text[0])
        yield style.paint(role, text) if role else text
        yield "\n" if line.endswith("\n") else "\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    *lines, rest = text.split("\n")
    return [f"{line}\n" for line in lines] + ([rest] if rest else [])


def _name(path: str) -> str:
    """The name as git writes it with `core.quotePath=false`: a tab ends one that has a space."""
    if path.replace('"', "\n").replace("\\", "\n").isprintable():
        return f"{path}\t" if " " in path else path
    quoted = (
        ESCAPES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}") for byte in os.fsencode(path)
    )
    return f'"{"".join(quoted)}"'
