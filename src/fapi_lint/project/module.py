"""A file of the application with its outline, its name and its top-level scope."""

from __future__ import annotations

import os
import re
from functools import cached_property

from fapi_lint.outline import nodes as o
from fapi_lint.project.symbols import Scope
from fapi_lint.source.file import SourceFile
from fapi_lint.source.place import Place

_EXTENDED = re.compile(r"^\s*__all__\s*(?:\+=|\.\w)", re.MULTILINE)
"""`__all__ += user.__all__`, `__all__.append("User")`"""


class Module:
    """One file. `name` is the dotted name that the application imports it under, `shown` its path in messages.

    `origin` is its path on the disk, should a fix have moved it; `first_party` are the packages of the application.
    """

    def __init__(self, source: SourceFile, outline: o.Outline, origin: str = "") -> None:
        self.source = source
        self.path = source.path
        self.text = source.text
        self.outline = outline
        self.origin = origin or source.path
        self.name = ""
        self.shown = source.path
        self.first_party: frozenset[str] = frozenset()

    @cached_property
    def is_package(self) -> bool:
        return os.path.basename(self.path) == "__init__.py"

    @cached_property
    def folder(self) -> str:
        return os.path.dirname(self.path)

    @cached_property
    def has_named_expressions(self) -> bool:
        return ":=" in self.text

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """The components of the dotted name."""
        return tuple(self.name.split("."))

    @cached_property
    def import_root(self) -> str:
        """The folder that the dotted name starts from."""
        folder = self.folder
        for _ in self.parts[1:] if not self.is_package else self.parts:
            folder = os.path.dirname(folder)
        return folder

    @cached_property
    def scope(self) -> Scope:
        return Scope.of_module(self)

    @cached_property
    def exports(self) -> tuple[str, ...] | None:
        """`__all__`, or None where it is missing or computed."""
        values = [binding.value for binding in self.scope.bindings.get("__all__", ())]
        is_seen = len(values) == 1 and isinstance(values[0], o.Collection) and len(self.listed) == len(values[0].items)
        return self.listed if is_seen and not _EXTENDED.search(self.text) else None

    @cached_property
    def listed(self) -> tuple[str, ...]:
        """The names in `__all__`, as far as they can be seen."""
        values = [binding.value for binding in self.scope.bindings.get("__all__", ())]
        items = [item for value in values if isinstance(value, o.Collection) for item in value.items]
        return tuple(name for item in items if (name := o.text(item)))

    def closeness(self, other: Module) -> int:
        """A measure of how many folders two files share."""
        return len(os.path.commonpath([self.folder, other.folder]))

    def place(self, node: o.Node) -> Place:
        """Where a node of this file is."""
        return Place(self.path, node.start, node.end)

    def name_place(self, node: o.ClassDef | o.FunctionDef) -> Place:
        """The name of what is defined."""
        return Place(self.path, node.name_start, node.name_start + len(node.name))

    def header_place(self, node: o.ClassDef | o.FunctionDef) -> Place:
        """`async def name` or `class Name`."""
        return Place(self.path, node.start, node.name_start + len(node.name))

    def where(self, start: int) -> str:
        """A place as messages show it: `app/models/user.py:8`."""
        return f"{self.shown}:{self.source.lines.position(start)[0]}"

    def slice(self, node: o.Node) -> str:
        """The source text of a node."""
        return self.source.text[node.start : node.end]

    def __repr__(self) -> str:
        return f"<Module {self.name or self.path}>"
