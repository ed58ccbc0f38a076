"""Where the objects of an application come from, and what is known to be loaded of them.

An object's *origin* is the expression that produced it: a statement that was executed, a `get()`, a constructor call,
or the parameter of a function, which stands for whatever callers pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Model
from fapi_lint.project.module import Module
from fapi_lint.project.objects.links import ANY, BELOW, Path, is_loaded
from fapi_lint.project.objects.writes import NO_WRITES, Writes
from fapi_lint.project.symbols import Function

if TYPE_CHECKING:
    from fapi_lint.project.objects.walk import Walk


class Origin(Struct, frozen=True, eq=False):
    """What produced an object.

    `node` is the statement that is executed (`"query"`), the call (`"get"`, `"new"`), the parameter (`"parameter"`), or
    the call after which the object has to be loaded anew (`"refresh"`), or before which it is expired (`"delete"`).
    """

    kind: Literal["query", "get", "new", "parameter", "refresh", "delete"]
    module: Module
    function: Function
    node: o.Node
    model: Model | None
    is_async: bool = False
    """Whether it belongs to an asynchronous session, as far as that is seen at the origin."""
    session: str = ""
    """For `"refresh"` and `"delete"`: how the session is written there; empty if that cannot be seen."""
    variable: str = ""
    """For these: the name that holds the object there; empty if none does."""
    is_many: bool = False
    """Whether the name holds a collection of such objects."""
    is_shared: bool = False
    """Whether it is in a method of a base class that does the same for other models."""
    is_received: bool = False
    """For `"refresh"`: whether the name is given there what such a method gives."""
    is_optional: bool = False
    """For these: whether it may be None."""


class Objects(Struct, frozen=True):
    """Objects that `path` leads to from an origin."""

    origin: Origin
    path: Path = ()
    many: bool | None = False


class Statement(Struct, frozen=True, eq=False):
    """A `select()` or a `Query` that is not executed yet. Without entities it gives no objects of one model."""

    entities: tuple[Model | None, ...]
    loaded: frozenset[Path]
    is_query: bool
    """`session.query(…)`, which has `first()` and the like itself."""
    passed: tuple[Walk, o.Node] | None = None
    """The function that passes it to the one that executes it, and the argument."""


class Result(Struct, frozen=True, eq=False):
    """What executing a statement gives: rows, or with `scalars()` their first values."""

    row: tuple[Objects | None, ...]
    is_scalar: bool = False


class Record(Struct, frozen=True, eq=False):
    """A dict or tuple of known shape, or rows of it. What any other key gives stands under `ANY`."""

    fields: tuple[tuple[str, Values], ...]
    many: bool = False

    def get(self, name: str) -> Values:
        known = dict(self.fields)
        return known.get(name) or known.get(ANY) or UNKNOWN


class Other(Struct, frozen=True):
    """Anything else; `kind` tells None and an empty list from what is unknown."""

    kind: Literal["unknown", "none", "empty"]


Value: TypeAlias = Objects | Statement | Result | Record | Other
Values: TypeAlias = frozenset[Value]
"""What an expression may be: the alternatives of all branches."""

_MOST = 20
UNKNOWN: Values = frozenset([Other("unknown")])
NONE: Values = frozenset([Other("none")])
EMPTY: Values = frozenset([Other("empty")])


class Facts(Struct, frozen=True):
    """What is known of the objects of an origin at some point; for a parameter, what changed since the call began."""

    loaded: frozenset[Path] = frozenset()
    again: frozenset[Path] = frozenset()
    """What a refresh loads again, because the query says so."""
    near: frozenset[Path] = frozenset()
    """Many-to-one links whose object is in the session already."""
    is_persistent: bool = False
    """In the database, so that what is missing is loaded when it is read."""
    is_opaque: bool = False
    """Something unknown had it, and may have loaded anything."""
    dropped: Origin | None = None
    """What dropped everything that was loaded before."""
    writes: Writes = NO_WRITES
    partly: frozenset[Path] = frozenset()
    """Those of `loaded` that only one of two branches loaded."""

    @property
    def surely(self) -> frozenset[Path]:
        """What is loaded whatever branch was taken."""
        return self.loaded - self.partly

    def load(self, *paths: Path) -> Facts:
        loaded = frozenset(paths)
        return replace(self, loaded=self.loaded | loaded, writes=self.writes.load(loaded), partly=self.partly - loaded)

    def wrote(self, writes: Writes) -> Facts:
        return self if writes is self.writes else replace(self, writes=writes)

    def populated(self, paths: frozenset[Path]) -> Facts:
        """`populate_existing`: every column is loaded anew, and these links."""
        return replace(self, loaded=self.loaded | paths, writes=self.writes.refresh(), partly=self.partly - paths)

    def refreshed(self, at: Origin) -> Facts:
        writes, nothing = self.writes.refresh(), frozenset[Path]()
        return replace(self, loaded=self.again, dropped=at, is_persistent=True, writes=writes, partly=nothing)

    def expired(self, at: Origin) -> Facts:
        return replace(self.refreshed(at), loaded=frozenset(), near=frozenset(), writes=self.writes.expire(at))

    def flushed(self, at: Origin) -> Facts:
        if self.is_persistent:
            return self.wrote(self.writes.flush(at))
        return replace(self, is_persistent=True, dropped=at, writes=self.writes.flush(at))

    def then(self, change: Facts, prefix: Path) -> Facts:
        """The facts after a call that did `change` to what `prefix` leads to."""
        moved = frozenset(prefix + path for path in change.loaded)
        partly = frozenset(prefix + path for path in change.partly)
        partly = (self.partly - (moved - partly)) | (partly - self.surely)
        base, dropped, writes = self.loaded, self.dropped, self.writes
        is_anew = change.dropped is not None and change.writes.is_read_anew
        if prefix:
            moved |= {(*prefix, BELOW)} if is_anew else frozenset()
        else:
            writes = writes.then(change.writes, change.dropped)
            if is_anew:
                base = self.again
            if is_anew or not self.is_persistent:
                dropped = change.dropped or dropped
        return Facts(
            base | moved,
            self.again,
            self.near | {prefix + path for path in change.near},
            self.is_persistent or (change.is_persistent and not prefix),
            self.is_opaque or change.is_opaque,
            dropped,
            writes,
            partly,
        )

    def lacks(self, path: Path) -> bool:
        """Whether reading a lazy link now emits a query, unless something unknown has loaded it."""
        return self.is_persistent and not is_loaded(path, self.loaded)

    def may_lack(self, path: Path) -> bool:
        """Whether that depends on the branch that was taken."""
        return self.is_persistent and not is_loaded(path, self.surely)

    def __or__(self, other: Facts) -> Facts:
        """What is known after either of two branches: loaded in one of them counts."""
        partly = {path for path in self.loaded ^ other.loaded if path[0] not in (ANY, BELOW)}
        return Facts(
            self.loaded | other.loaded,
            self.again | other.again,
            self.near | other.near,
            self.is_persistent or other.is_persistent,
            self.is_opaque or other.is_opaque,
            self.dropped or other.dropped,
            self.writes | other.writes,
            self.partly | other.partly | partly,
        )


def either(statements: Sequence[Statement]) -> Statement:
    """What several statements may be: what one of them loads counts."""
    loaded = frozenset(path for statement in statements for path in statement.loaded)
    alike = len({(statement.entities, statement.passed) for statement in statements}) == 1
    entities, passed = (statements[0].entities, statements[0].passed) if alike else ((), None)
    return Statement(entities, loaded, statements[0].is_query, passed)


def few(values: Values) -> Values:
    """These values; unknown where there are too many to follow, as their number may double with every line of code."""
    return values if len(values) <= _MOST else UNKNOWN


def many(values: Values) -> Values:
    """A collection of these values."""
    return frozenset(replace(value, many=True) if isinstance(value, (Objects, Record)) else value for value in values)


def one(values: Values) -> Values:
    """An item of these values."""
    found: set[Value] = set()
    for value in values:
        if isinstance(value, (Objects, Record)):
            found.add(replace(value, many=False))
        elif isinstance(value, Result):
            found.update(first(value))
        elif value != Other("empty"):
            found.update(UNKNOWN)
    return frozenset(found)


def first(result: Result) -> Values:
    """One row of a result, or its scalar."""
    if result.is_scalar:
        value = result.row[0] if result.row else None
        return UNKNOWN if value is None else frozenset([value])
    fields: list[tuple[str, Values]] = []
    for index, value in enumerate(result.row):
        values = UNKNOWN if value is None else frozenset([value])
        fields.append((str(index), values))
        if value is not None and value.origin.model is not None:
            fields.append((value.origin.model.name, values))
    return frozenset([Record(tuple(fields))])
