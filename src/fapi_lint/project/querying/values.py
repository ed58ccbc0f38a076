"""What is known of the queries that names hold, where they are used, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import msgspec

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.querying.selections import Selection
from fapi_lint.project.symbols import Function, Scope

UseKind: TypeAlias = Literal["source", "step", "end", "iteration", "slice", "statement", "annotation"]


class Group(msgspec.Struct, eq=False):
    """Queries that must be rewritten together; a set of a disjoint-set forest."""

    parent: Group | None = None

    def root(self) -> Group:
        node = self
        while node.parent is not None:
            node = node.parent
        if node is not self:
            self.parent = node
        return node

    def join(self, other: Group) -> None:
        mine, its = self.root(), other.root()
        if mine is not its:
            its.parent = mine


@dataclass(frozen=True, slots=True)
class Value:
    """A query as it is known at one place."""

    group: Group = field(compare=False)
    selection: Selection
    session: str
    """How the session is written here; empty where no expression is sure to be it, and `?name` for the unnamed
    session of the query that the parameter `name` is given."""
    is_async: bool = False
    steps: frozenset[str] = frozenset()
    """The methods called so far."""
    ordered_by: frozenset[str] = frozenset()
    """What it is ordered by that may not be selected."""
    named: str | None = ""
    """The entity that `filter_by()` is about, where `select()` would look at all: as it is written; None if unknown."""
    other: bool = False
    """The name may hold something else than a query as well."""
    source: o.Call | None = field(default=None, compare=False)
    """The `query(…)` call, as long as the value is not held in a name."""
    since: int = field(default=0, compare=False)
    """Where the expression of the session was evaluated in this function."""

    def __or__(self, other: Value) -> Value:
        self.group.join(other.group)
        return Value(
            self.group,
            self.selection | other.selection,
            self.session if self.session == other.session else "",
            self.is_async or other.is_async,
            self.steps | other.steps,
            self.ordered_by | other.ordered_by,
            self.named if self.named == other.named else None,
            self.other or other.other,
            since=min(self.since, other.since),
        )


class Obstacle(msgspec.Struct, frozen=True, eq=False):
    """Why the queries of a group stay as they are."""

    group: Group
    module: Module
    at: int
    reason: str
    follows: bool = False
    """Only because of another one, more often than not."""


class Other:
    """What is no query. `NOTHING` is None or unbound, which tells nothing about a name."""


OTHER, NOTHING = Other(), Other()
Held: TypeAlias = "Value | Other"
Names: TypeAlias = "dict[str, Held]"


class Use(msgspec.Struct, frozen=True, eq=False):
    """One place that changes when a query becomes a `select()`."""

    kind: UseKind
    module: Module
    function: Function | None
    node: o.Node
    """The whole expression: the call of a method, what is iterated, an annotation."""
    value: Value
    """The query before it."""
    method: str = ""
    parent: o.Node | None = None
    """The node right around `node`."""
    discarded: bool = False
    """Nobody looks at the result."""
    in_string: bool = False
    """Inside an f-string, where lines cannot be broken."""


class CallSite(msgspec.Struct, frozen=True, eq=False):
    """A call of a function of the application, by what it gives to the parameters."""

    unit: Unit
    call: o.Call
    given: dict[str, Held]


class Unit(msgspec.Struct, eq=False):
    """A function, or the code of a module or class outside of functions."""

    module: Module
    function: Function | None
    scope: Scope
    uses: dict[tuple[str, int, int], Use] = msgspec.field(default_factory=dict)
    sites: dict[tuple[Function, int], CallSite] = msgspec.field(default_factory=dict)
    obstacles: list[Obstacle] = msgspec.field(default_factory=list)
    returned: Value | None = None


def either(one: Held, other: Held) -> Held:
    """What a name holds where two ways meet."""
    if isinstance(one, Value) and isinstance(other, Value):
        return one | other
    for value, rest in ((one, other), (other, one)):
        if isinstance(value, Value):
            return value if rest is NOTHING else replace(value, other=True)
    return OTHER if OTHER in (one, other) else NOTHING


def is_dotted(text: str) -> bool:
    """Whether this is a name or an attribute of one, as it is written: no call, and not empty."""
    return all(part.isidentifier() for part in text.split("."))


def session_of(module: Module, query: o.Call) -> str:
    """How the session of `session.query(…)` is written, with the parentheses that it needs: `(db or Session())`."""
    func = query.func
    assert isinstance(func, o.Attribute)
    closing = module.text.rfind(")", func.value.end, func.attr_start)
    return module.text[query.start : max(closing + 1, func.value.end)]


def merge(*ways: Names | None) -> Names | None:
    """What names hold where several ways meet, those left out that do not get there."""
    reached = [way for way in ways if way is not None]
    if not reached:
        return None
    found = dict(reached[0])
    for way in reached[1:]:
        for name in found.keys() | way.keys():
            one, other = found.get(name, NOTHING), way.get(name, NOTHING)
            found[name] = one if one is other else either(one, other)
    return found
