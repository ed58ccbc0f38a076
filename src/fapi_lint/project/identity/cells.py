"""Sets of places that hold the same identifiers: what flows, is compared or is stored together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Column, Table
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Class, Function, Scope, Symbol
from fapi_lint.source.place import Place


class TypeName(Struct, frozen=True, eq=False):
    """A type as an annotation names it: the `int` of `list[int]`. `kind` says of what the annotation is."""

    module: Module
    scope: Scope
    node: o.Node
    symbol: Symbol | None
    kind: str
    """`"parameter"`, `"variable"`, `"return"`, `"field"`, `"column"`, `"alias"` or `"setting"`."""
    spare: tuple[int, int] | None = None
    """In a union with UUID: what goes with the type, the `str | ` of `str | UUID`."""

    @property
    def place(self) -> Place:
        return self.module.place(self.node)


class Parse(Struct, frozen=True, eq=False):
    """`int(x)` or `UUID(x)`: an identifier made of something else. `inner` holds what `x` holds."""

    module: Module
    scope: Scope
    func: o.Expr
    call: o.Call | None
    """None where the function is handed on: `map(int, parts)`."""
    to: str
    """`"int"` or `"uuid"`."""
    inner: Cell | None


class Bound(Struct, frozen=True, eq=False):
    """A constraint that only numbers have: the `ge=1` of `Path(ge=1)`."""

    module: Module
    call: o.Call
    arg: o.Arg


class Fact(NamedTuple):
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

    __slots__ = ("_held", "_parent", "_weight", "is_dict", "is_tuple", "keys", "parts")

    def __init__(self, fact: Fact | None = None) -> None:
        self._parent: Cell | None = None
        self._weight = 1
        self._held: dict[str, list[Any]] = {} if fact is None else {"facts": [fact]}
        """What is known of the set, by kind: of most sets nothing or little is."""
        self.keys: Cell | None = None
        self.is_dict = False
        self.is_tuple = False
        self.parts: dict[str, Cell] = {}

    @property
    def root(self) -> Cell:
        cell = self
        while cell._parent is not None:
            if cell._parent._parent is not None:
                cell._parent = cell._parent._parent
            cell = cell._parent
        return cell

    # --- what is known of it, where it is a root -----------------------------------------------------

    @property
    def columns(self) -> list[Column]:
        return self._held.setdefault("columns", [])

    @property
    def table_columns(self) -> list[TableColumn]:
        return self._held.setdefault("table_columns", [])

    @property
    def type_names(self) -> list[TypeName]:
        return self._held.setdefault("type_names", [])

    @property
    def facts(self) -> list[Fact]:
        return self._held.setdefault("facts", [])

    @property
    def parses(self) -> list[Parse]:
        """What makes values of this set."""
        return self._held.setdefault("parses", [])

    @property
    def parsed(self) -> list[Parse]:
        """What makes other values of values of this set."""
        return self._held.setdefault("parsed", [])

    @property
    def bounds(self) -> list[Bound]:
        return self._held.setdefault("bounds", [])

    @property
    def slots(self) -> list[Slot]:
        return self._held.setdefault("slots", [])

    @property
    def loose(self) -> list[tuple[str, Place]]:
        """Attributes of objects that are not known, by name."""
        return self._held.setdefault("loose", [])

    @property
    def orders(self) -> list[Place]:
        return self._held.setdefault("orders", [])

    @property
    def answers(self) -> list[Place]:
        """Comparisons with what JSON has, where a UUID is text."""
        return self._held.setdefault("answers", [])

    @property
    def texts(self) -> list[tuple[Module, o.Node]]:
        """Single identifiers in the JSON that a test sends or expects."""
        return self._held.setdefault("texts", [])

    @property
    def read(self) -> list[tuple[Module, o.Node]]:
        """Single identifiers that a test has from JSON."""
        return self._held.setdefault("read", [])

    # --- what stands apart ---------------------------------------------------------------------------

    def key(self) -> Cell:
        """The keys, where this is a dict."""
        root = self.root
        if root.keys is None:
            root.keys = Cell()
        return root.keys.root

    def part(self, name: str) -> Cell:
        """What stands under a name or an index."""
        root = self.root
        found = root.parts.get(name)
        if found is None:
            found = root.parts[name] = Cell()
        return found.root

    def item(self) -> Cell:
        """What iterating gives."""
        root = self.root
        if root.is_dict:
            return root.key()
        if root.is_tuple:
            for part in list(root.parts.values()):
                join(root, part)
        return root.root

    def parted(self) -> list[Cell]:
        """What stands apart in a root."""
        return [*self.parts.values(), *([self.keys] if self.keys is not None else [])]

    def inside(self, seen: set[Cell]) -> Iterator[Cell]:
        """The set and those in it, but for what has been `seen`; that grows by what this gives."""
        pending = [self]
        while pending:
            cell = pending.pop().root
            if cell not in seen:
                seen.add(cell)
                yield cell
                pending += cell.parted()

    def _take(self, other: Cell) -> None:
        """Hold what another root does, which is one with this one now; the parts of both are left to be joined."""
        other._parent = self
        self._weight += other._weight
        for kind, found in other._held.items():
            if kind in self._held:
                self._held[kind] += found
            else:
                self._held[kind] = found
        self.is_dict = self.is_dict or other.is_dict
        self.is_tuple = self.is_tuple or other.is_tuple
        self.keys = self.keys or other.keys


def join(one: Cell | None, other: Cell | None) -> Cell | None:
    """Make one set of two."""
    if one is None or other is None:
        return one or other
    pending = [(one, other)]
    while pending:
        first, second = pending.pop()
        left, right = first.root, second.root
        if left is right:
            continue
        if left._weight < right._weight:
            left, right = right, left
        if left.keys is not None and right.keys is not None:
            pending.append((left.keys, right.keys))
        left._take(right)
        for name, part in right.parts.items():
            if name in left.parts:
                pending.append((left.parts[name], part))
            else:
                left.parts[name] = part
    return one.root
