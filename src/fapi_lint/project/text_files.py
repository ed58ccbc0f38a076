"""Text files of an application besides its modules: requirements, configuration, tasks, containers.

Fixes edit them as they edit modules: `Edit(text_file.path, start, end, text)`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from functools import cached_property

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.source.file import SourceFile


class TextFile:
    """One file. `origin` is its path on the disk, should a fix have moved it."""

    outline = o.Outline()

    def __init__(self, source: SourceFile, origin: str = "") -> None:
        self.source = source
        self.origin = origin or source.path

    @property
    def path(self) -> str:
        return self.source.path

    @property
    def text(self) -> str:
        return self.source.text

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    def __repr__(self) -> str:
        return f"<TextFile {self.path}>"


class TextFiles(Struct, eq=False, dict=True):
    """All of them, read when first asked for: most runs never do."""

    read: Callable[[], Sequence[TextFile]] = tuple
    if_read: Sequence[TextFile] = ()
    """All of them if somebody has asked for them, else none."""

    @cached_property
    def all(self) -> Sequence[TextFile]:
        self.if_read = self.if_read or self.read()
        return self.if_read

    @cached_property
    def by_path(self) -> dict[str, TextFile]:
        return {file.path: file for file in self.all}

    def named(self, *patterns: str) -> list[TextFile]:
        """Those whose names match a pattern: `named("pyproject.toml", "requirements*.txt")`."""
        return [file for file in self.all if any(fnmatchcase(file.name, pattern) for pattern in patterns)]

    def replaced(self, change: Callable[[TextFile], TextFile]) -> TextFiles:
        """The same files after a change; if nobody has asked for them yet, there is nothing to change."""
        return TextFiles(self.read, [change(file) for file in self.if_read])
