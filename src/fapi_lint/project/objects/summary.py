"""What following a function finds out: what is known at each point, what it reads, and what it gives back."""

from __future__ import annotations

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Model
from fapi_lint.project.objects.links import Path
from fapi_lint.project.objects.origins import Facts, Origin, Other, Values
from fapi_lint.project.symbols import Function
from fapi_lint.source.place import Place


class State(Struct, eq=False):
    """What the names of a function may be, and what is known of every origin, at one point."""

    names: dict[str, Values] = field(default_factory=dict)
    facts: dict[Origin, Facts] = field(default_factory=dict)
    given: dict[tuple[Origin, Path], Values] = field(default_factory=dict)
    """What links were assigned, or was added to them."""
    deleted: set[Model] = field(default_factory=set)
    """Of what an object was deleted, since the last flush."""
    handed: set[Origin] = field(default_factory=set)
    """New objects that something was given: no session has the others yet."""
    computed: set[tuple[Origin, str]] = field(default_factory=set)
    """Columns that were assigned what the database computes: `book.stock = Book.stock + 1`."""
    gone: set[tuple[Origin, str]] = field(default_factory=set)
    """Columns that are loaded anew when they are read: those after a flush; all (`ANY`) after a rollback;
    all links (`BELOW`) after the object was one of many that a function has refreshed."""

    def copy(self) -> State:
        sets = set(self.deleted), set(self.handed), set(self.computed), set(self.gone)
        return State(dict(self.names), dict(self.facts), dict(self.given), *sets)

    def give(self, origin: Origin, path: Path, values: Values) -> None:
        self.given[origin, path] = self.given.get((origin, path), frozenset()) | values

    def forget(self, origin: Origin) -> None:
        """The links of an object are read anew from the database, whatever they were given."""
        self.given = {key: values for key, values in self.given.items() if key[0] is not origin}

    def join(self, other: State) -> None:
        """After two branches."""
        for name, values in other.names.items():
            self.names[name] = self.names.get(name, frozenset()) | values
        for origin, facts in other.facts.items():
            own = self.facts.get(origin)
            self.facts[origin] = facts if own is None else own | facts
        self.deleted |= other.deleted
        self.handed |= other.handed
        self.computed |= other.computed
        self.gone |= other.gone
        for (origin, path), values in other.given.items():
            self.give(origin, path, values)


class Read(Struct, frozen=True, eq=False):
    """A link of an object that is read."""

    origin: Origin
    path: Path
    facts: Facts
    place: Place
    obstacle: str | None = None
    deleted: Origin | None = None
    """If nothing is read, but the object deleted: where."""
    is_doubtful: bool = False
    """Whether it may have been loaded, by one of two branches."""
    beside: frozenset[str] | None = None
    """If the same is read of what it leads to, and so on: what else is read of all that."""


class Return(Struct, frozen=True, eq=False):
    """A value that a function gives back, with what is known then."""

    node: o.Node
    values: Values
    state: State


class Summary(Struct, eq=False):
    """What calling a function does to mapped objects."""

    function: Function
    params: dict[str, Origin] = field(default_factory=dict)
    reads: dict[Origin, dict[tuple[Path, Facts], Read]] = field(default_factory=dict)
    """Of parameters only."""
    returns: list[Return] = field(default_factory=list)
    facts: dict[Origin, Facts] = field(default_factory=dict)
    """At the end."""
    given: dict[tuple[Origin, Path], Values] = field(default_factory=dict)
    """What links were assigned."""
    flush: Origin | None = None
    """A flush or commit in it."""
    expires: bool = False
    rows: list[tuple[Model, Origin]] = field(default_factory=list)
    """Models whose rows a statement in it deletes or updates, and the statements."""

    @property
    def values(self) -> Values:
        return frozenset(value for returned in self.returns for value in returned.values)

    @property
    def gives_values(self) -> bool:
        """Whether it gives anything that is followed."""
        return any(not isinstance(value, Other) for value in self.values)
