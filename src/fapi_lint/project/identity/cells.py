"""Sets of places that hold the same identifiers: what flows, is compared or is stored together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from fapi_lint.outline import nodes as o
from fapi_lint.project.models import Column, Table
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Class, Function, Scope, Symbol
from fapi_lint.source.place import Place


@dataclass(frozen=True, slots=True, eq=False)
class TypeName:
    """A type as an annotation names it: the `int` of `list[int]`. `kind` says of what the annotation is."""

    module: Module
    scope: Scope
    node: o.Node
    symbol: Symbol | None
    kind: str
    """`"parameter"`, `"variable"`, `"return"`, `"field"`, `"column"`, `"alias"` or `"setting"`."""

    @property
    def place(self) -> Place:
        return self.module.place(self.node)


@dataclass(frozen=True, slots=True, eq=False)
class Parse:
    """`int(x)` or `UUID(x)`: an identifier made of something else. `inner` holds what `x` holds."""

    module: Module
    scope: Scope
    func: o.Expr
    call: o.Call | None
    """None where the function is handed on: `map(int, parts)`."""
    to: str
    """`"int"` or `"uuid"`."""
    inner: Cell | None


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A constraint that only numbers have: the `ge=1` of `Path(ge=1)`."""

    module: Module
    call: o.Call
    arg: o.Arg


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that is done with an identifier, or that it comes from, which a UUID does not go with."""

    place: Place
    text: str
    is_number: bool = False
    """Whether it says that the identifiers are numbers, not only that they are no UUIDs."""
    literal: int | None = None
    """The number that stands there."""


TableColumn: TypeAlias = tuple[Table, o.Call]
Slot: TypeAlias = "tuple[Class | Function, str]"
"""An attribute of a class or a parameter of a function."""


class Cell:
    """One such set: a place where identifiers are, united with those that it exchanges them with.

    A container is one with what it holds; the keys of a dict and the parts of a tuple or record stand apart.
    """

    __slots__ = (
        "_parent",
        "_weight",
        "bounds",
        "columns",
        "facts",
        "is_dict",
        "is_tuple",
        "keys",
        "loose",
        "orders",
        "parsed",
        "parses",
        "parts",
        "slots",
        "table_columns",
        "type_names",
    )

    def __init__(self, fact: Fact | None = None) -> None:
        self._parent: Cell | None = None
        self._weight = 1
        self.keys: Cell | None = None
        self.is_dict = False
        self.is_tuple = False
        self.parts: dict[str, Cell] = {}
        self.columns: list[Column] = []
        self.table_columns: list[TableColumn] = []
        self.type_names: list[TypeName] = []
        self.facts: list[Fact] = [] if fact is None else [fact]
        self.parses: list[Parse] = []
        """What makes values of this set."""
        self.parsed: list[Parse] = []
        """What makes other values of values of this set."""
        self.bounds: list[Bound] = []
        self.slots: list[Slot] = []
        self.loose: list[tuple[str, Place]] = []
        """Attributes of objects that are not known, by name."""
        self.orders: list[Place] = []

    @property
    def root(self) -> Cell:
        cell = self
        while cell._parent is not None:
            if cell._parent._parent is not None:
                cell._parent = cell._parent._parent
            cell = cell._parent
        return cell

    def key(self) -> Cell:
        """The keys, where this is a dict."""
        root = self.root
        if root.keys is None:
            root.keys = Cell()
        return root.keys.root

    def part(self, name: str) -> Cell:
        """What stands under a name or an index."""
        root = self.root
        if name not in root.parts:
            root.parts[name] = Cell()
        return root.parts[name].root

    def item(self) -> Cell:
        """What iterating gives."""
        root = self.root
        if root.is_dict:
            return root.key()
        if root.is_tuple:
            for part in list(root.parts.values()):
                join(root, part)
        return root.root

    def inside(self) -> Iterator[Cell]:
        """The set and those in it."""
        seen: dict[Cell, None] = {}
        pending = [self.root]
        while pending:
            cell = pending.pop().root
            if cell not in seen:
                seen[cell] = None
                pending += [*cell.parts.values(), *([cell.keys] if cell.keys is not None else [])]
        return iter(seen)


_LISTS = ("columns", "table_columns", "type_names", "facts", "parses", "parsed", "bounds", "slots", "loose", "orders")


def join(one: Cell | None, other: Cell | None) -> Cell | None:
    """Make one set of two."""
    if one is None or other is None:
        return one or other
    pending = [(one, other)]
    while pending:
        left, right = (cell.root for cell in pending.pop())
        if left is right:
            continue
        if left._weight < right._weight:
            left, right = right, left
        right._parent = left
        left._weight += right._weight
        for name in _LISTS:
            if found := getattr(right, name):
                getattr(left, name).extend(found)
        left.is_dict = left.is_dict or right.is_dict
        left.is_tuple = left.is_tuple or right.is_tuple
        if left.keys is not None and right.keys is not None:
            pending.append((left.keys, right.keys))
        left.keys = left.keys or right.keys
        for name, part in right.parts.items():
            if name in left.parts:
                pending.append((left.parts[name], part))
            else:
                left.parts[name] = part
    return one.root
