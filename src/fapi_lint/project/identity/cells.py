"""Sets of places that hold the same identifiers: what flows, is compared or is stored together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Column, Table
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Class, Function, Scope, Symbol
from fapi_lint.project.values import Located
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


class Dump(NamedTuple):
    """Something that is done with a set, and with all that is in it."""

    cell: Cell
    fact: Fact
    is_item: bool = False
    """Whether it is done only with what one of its keys gives."""
    is_json: bool = False
    """Whether it becomes JSON there, which does not know UUIDs."""


TableColumn: TypeAlias = tuple[Table, o.Call]
Slot: TypeAlias = "tuple[Class | Function, str]"
"""An attribute of a class or a parameter of a function."""
Kind: TypeAlias = Literal[
    "columns", "table_columns", "type_names", "facts", "parses", "parsed",
    "bounds", "slots", "loose", "orders", "answers", "texts", "read", "arrays",
]  # fmt: skip
"""What may be told of a place. `parsed` is what makes other values of its values; for the others see `Cell`."""
Shape: TypeAlias = Literal["list", "tuple", "dict", "record"]
"""A record is a dict of which it is known what stands under each key: what a schema dumps, a `TypedDict`."""
ITEM, ENTRY = "[]", "[?]"
"""How the parts are called that have no name or index of their own."""


class Cell:
    """A place where identifiers are. Those that exchange them are one set, for which one of them, the root, stands.

    What a container holds stands apart, in its `parts`, by name or index; `ITEM` is what iterating gives, and `ENTRY`
    what is under an index or a key that is not known. For a list both are the same, for a dict `ITEM` is the keys.
    """

    __slots__ = ("_members", "_parent", "_told", "is_other", "near", "parts", "shapes")

    def __init__(self, fact: Fact | None = None) -> None:
        self._parent: Cell | None = None
        self._members = [self]
        self._told: dict[Kind, list[Any]] = {} if fact is None else {"facts": [fact]}
        """Of most places nothing or little is told."""
        self.near: list[Cell] = []
        """The places that it was joined with itself."""
        self.is_other = False
        """Whether its type is no identifier's for sure: what meets it is told so, and stays apart."""
        self.shapes: frozenset[Shape] = frozenset()
        """What containers these are, as far as that is known."""
        self.parts: dict[str, Cell] = {}

    @property
    def root(self) -> Cell:
        cell = self
        while cell._parent is not None:
            if cell._parent._parent is not None:
                cell._parent = cell._parent._parent
            cell = cell._parent
        return cell

    @property
    def members(self) -> list[Cell]:
        """The places of the set."""
        return self.root._members

    # --- what is told of it --------------------------------------------------------------------------

    def tell(self, kind: Kind, *items: Any) -> None:
        """Know this of the place."""
        self._told.setdefault(kind, []).extend(items)

    def told(self, kind: Kind) -> list[Any]:
        """What is known of this place alone."""
        return self._told.get(kind, [])

    def _all(self, kind: Kind) -> list[Any]:
        return [item for member in self.members if member._told for item in member._told.get(kind, ())]

    # --- what is known of the whole set --------------------------------------------------------------

    @property
    def columns(self) -> list[Column]:
        return self._all("columns")

    @property
    def table_columns(self) -> list[TableColumn]:
        return self._all("table_columns")

    @property
    def type_names(self) -> list[TypeName]:
        return self._all("type_names")

    @property
    def facts(self) -> list[Fact]:
        return self._all("facts")

    @property
    def parses(self) -> list[Parse]:
        """What makes values of this set."""
        return self._all("parses")

    @property
    def bounds(self) -> list[Bound]:
        return self._all("bounds")

    @property
    def slots(self) -> list[Slot]:
        return self._all("slots")

    @property
    def loose(self) -> list[tuple[str, Place]]:
        """Attributes of objects that are not known, by name."""
        return self._all("loose")

    @property
    def orders(self) -> list[Place]:
        return self._all("orders")

    @property
    def answers(self) -> list[Place]:
        """Comparisons with what JSON has, where a UUID is text."""
        return self._all("answers")

    @property
    def texts(self) -> list[tuple[Module, o.Node]]:
        """Single identifiers in the JSON that a test sends or expects."""
        return self._all("texts")

    @property
    def read(self) -> list[tuple[Module, o.Node]]:
        """Single identifiers that a test has from JSON."""
        return self._all("read")

    @property
    def arrays(self) -> list[Located]:
        """The integer types of the items of arrays: the `Integer` of `ARRAY(Integer)`."""
        return self._all("arrays")

    # --- what stands apart ---------------------------------------------------------------------------

    def part(self, name: str) -> Cell:
        """What stands under a name, an index, `ITEM` or `ENTRY`."""
        root = self.root
        found = root.parts.get(name)
        if found is None:
            found = root.parts[name] = Cell()
            for other in list(root._peers(name)):
                join(found, other)
        return found

    def item(self) -> Cell:
        """What iterating gives."""
        return self.part(ITEM)

    def entry(self) -> Cell:
        """What stands under an index or a key that is not known."""
        return self.part(ENTRY)

    def named(self) -> list[tuple[str, Cell]]:
        """What stands under names and indexes that are known."""
        return [(name, part) for name, part in self.root.parts.items() if name not in (ITEM, ENTRY)]

    def be(self, shape: Shape) -> Cell:
        """Know that this is such a container."""
        root = self.root
        if shape not in root.shapes:
            root.shapes |= {shape}
            for one, other in list(root._equal((ITEM, ENTRY))):
                join(one, other)
        return self

    def has(self, shape: Shape) -> bool:
        return shape in self.root.shapes

    def _equal(self, names: Iterable[str]) -> Iterator[tuple[Cell, Cell]]:
        """The parts of a root with these names, and others that hold the same."""
        for name in names:
            for other in self._peers(name):
                yield self.parts[name], other

    def _peers(self, name: str) -> Iterator[Cell]:
        """The other parts of a root that hold the same as one does, because of what containers these are."""
        shapes, parts = self.shapes, self.parts
        if not shapes or name not in parts:
            return
        if name in (ITEM, ENTRY):
            other = parts.get(ENTRY if name == ITEM else ITEM)
            if other is not None and "list" in shapes:
                yield other
            for known, part in parts.items():
                if known not in (ITEM, ENTRY) and self._is_peer(known, name):
                    yield part
        else:
            for unknown in (ITEM, ENTRY):
                other = parts.get(unknown)
                if other is not None and self._is_peer(name, unknown):
                    yield other

    def _is_peer(self, known: str, unknown: str) -> bool:
        """Whether what stands under a name or an index is among what `ITEM` or `ENTRY` stands for."""
        if unknown == ENTRY and "dict" in self.shapes:
            return "record" not in self.shapes
        return known.isdigit() and (unknown == ENTRY or "list" in self.shapes or "tuple" in self.shapes)

    def inside(self, seen: set[Cell]) -> Iterator[Cell]:
        """A place of the set and of each one in it, but for those whose roots are `seen`; that grows by them."""
        pending = [self]
        while pending:
            cell = pending.pop()
            root = cell.root
            if root not in seen:
                seen.add(root)
                yield cell
                pending += root.parts.values()

    # --- joining -------------------------------------------------------------------------------------

    def _meet(self, other: Cell) -> None:
        """Values of this place go to one where other things are: that is told of it."""
        for kind in _OF_TYPES:
            told = self.told(kind)
            news = [item for item in other.told(kind) if item not in told]
            if news:
                self.tell(kind, *news)

    def _take(self, other: Cell) -> None:
        """Stand for another root's set too; the parts of both are left to be joined."""
        other._parent = self
        self._members += other._members
        other._members = []
        self.shapes |= other.shapes


_OF_TYPES: tuple[Kind, ...] = ("columns", "type_names")


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
        if left.is_other or right.is_other:
            if not left.is_other:
                first._meet(right)
            elif not right.is_other:
                second._meet(left)
            continue
        first.near.append(second)
        second.near.append(first)
        if len(left._members) < len(right._members):
            left, right = right, left
        shapes, added = left.shapes, []
        left._take(right)
        for name, part in right.parts.items():
            if name in left.parts:
                pending.append((left.parts[name], part))
            else:
                left.parts[name] = part
                added.append(name)
        pending += left._equal(added if left.shapes == shapes else (ITEM, ENTRY))
    return other if one.is_other else one


def listed(*values: Cell | None) -> Cell:
    """A list of what these hold."""
    cell = Cell().be("list")
    for value in values:
        join(cell.item(), value)
    return cell


def record(*values: Cell | None) -> Cell:
    """A tuple of what these hold."""
    cell = Cell().be("tuple")
    for index, value in enumerate(values):
        join(cell.part(str(index)), value)
    return cell


def containing(roots: set[Cell], among: Iterable[Cell]) -> set[Cell]:
    """Some roots, and those of the containers that they are in, however deep, as far as these are `among` others."""
    outer: dict[Cell, list[Cell]] = {}
    pending, seen = [root for cell in among if (root := cell.root).parts], set[Cell]()
    while pending:
        container = pending.pop()
        if container not in seen:
            seen.add(container)
            for part in container.parts.values():
                outer.setdefault(part.root, []).append(container)
                pending.append(part.root)
    found, pending = set(roots), list(roots)
    while pending:
        for container in outer.get(pending.pop(), ()):
            if container not in found:
                found.add(container)
                pending.append(container)
    return found
