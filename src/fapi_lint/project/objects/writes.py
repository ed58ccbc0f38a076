"""What the code writes to mapped objects, and which of their attributes are out of date from then on.

After an UPDATE, SQLAlchemy expires columns that the database computes; the next read fetches them, which asynchronous
code cannot do. An object that a commit does not expire keeps its relationships, whatever their keys say by then, and
its collections, whatever rows statements have deleted:
https://docs.sqlalchemy.org/en/20/orm/session_state_management.html#when-to-expire-or-refresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.kept import kept
from fapi_lint.project.mapped import Column, Model
from fapi_lint.project.objects.links import ANY, Link, Path, is_loaded
from fapi_lint.project.symbols import External, Scope, Variable

if TYPE_CHECKING:
    from fapi_lint.project.objects.links import Links
    from fapi_lint.project.objects.origins import Origin


class Writes(Struct, frozen=True):
    """What was written to the objects of an origin; for a parameter, since the call began."""

    changed: frozenset[Path] = frozenset()
    """Attributes that were assigned and not flushed yet; `ANY` is one whose name is not known."""
    flushed: frozenset[Path] = frozenset()
    """Those that were flushed since the object was last read from the database."""
    fresh: frozenset[Path] = frozenset()
    """What was loaded anew since."""
    places: frozenset[Origin] = frozenset()
    """The flushes."""
    rows: frozenset[tuple[Model, Origin]] = frozenset()
    """Models whose rows a statement has deleted or updated past the objects in the session, and the statements."""
    is_read_anew: bool = False

    def change(self, path: Path) -> Writes:
        return replace(self, changed=self.changed | {path})

    def flush(self, at: Origin) -> Writes:
        if not self.changed:
            return self
        flushed, nothing = self.flushed | self.changed, frozenset[Path]()
        return replace(self, changed=nothing, flushed=flushed, fresh=nothing, places=frozenset([at]))

    def refresh(self) -> Writes:
        return Writes(is_read_anew=True)

    def load(self, paths: frozenset[Path]) -> Writes:
        return replace(self, fresh=self.fresh | paths) if self.flushed or self.rows else self

    def statement(self, model: Model, at: Origin) -> Writes:
        return replace(self, rows=self.rows | {(model, at)}, fresh=frozenset())

    def expire(self, at: Origin) -> Writes:
        return Writes(flushed=frozenset([(ANY,)]), places=frozenset([at]), is_read_anew=True)

    def then(self, change: Writes, flush: Origin | None) -> Writes:
        """After a call that wrote `change` to the object, and flushed what was written before if there is a `flush`."""
        if change == NO_WRITES and (flush is None or not self.changed):
            return self
        before = Writes(is_read_anew=True) if change.is_read_anew else self
        flushed, places = change.flushed, before.places
        if flush is not None:
            flushed |= before.changed
        if flushed:
            places = change.places or places if flush is None else change.places or frozenset([flush])
        is_older = not flushed and not change.rows
        return Writes(
            change.changed | (before.changed if flush is None else frozenset()),
            before.flushed | flushed,
            before.fresh | change.fresh if is_older else change.fresh,
            places,
            before.rows | change.rows,
            before.is_read_anew,
        )

    def inserted(self) -> Writes:
        """For an object that is new: its values go into the INSERT."""
        return replace(self, changed=frozenset(), flushed=frozenset())

    def moved(self, at: Mapping[Origin, Origin]) -> Writes:
        """The same with other places."""
        places = frozenset(at.get(place, place) for place in self.places)
        rows = frozenset((model, at.get(place, place)) for model, place in self.rows)
        return replace(self, places=places, rows=rows)

    def __or__(self, other: Writes) -> Writes:
        if self is other:
            return self
        places = self.places | other.places
        if bool(self.flushed) != bool(other.flushed):
            places = self.places if self.flushed else other.places
        return Writes(
            self.changed | other.changed,
            self.flushed | other.flushed,
            self.fresh | other.fresh,
            places,
            self.rows | other.rows,
            self.is_read_anew and other.is_read_anew,
        )

    def behind(self, path: Path) -> frozenset[str]:
        """The flushed attributes of the object that the last attribute of a path is read of."""
        if not self.flushed or is_loaded(path, self.fresh):
            return frozenset()
        return frozenset(other[-1] for other in self.flushed if other[:-1] == path[:-1])


NO_WRITES = Writes()


class Volatile(Struct, eq=False, dict=True):
    """Which attributes depend on others of the same object."""

    links: Links

    @kept
    def columns(self, model: Model) -> dict[str, bool]:
        """The columns that an UPDATE writes without being told, and whether the database computes what it writes."""
        if any("eager_defaults" in ancestor.module.text for ancestor in model.ancestors):
            return {}
        kinds = {name: _kind(column) for name, column in model.columns.items()}
        updated_at = self.links.project.timestamps.names[1]
        if updated_at in kinds and kinds[updated_at] is None:
            kinds[updated_at] = False  # as it should be
        for ancestor in model.ancestors:
            for name, bindings in ancestor.scope.bindings.items():
                if name not in kinds and _is_computed(bindings[-1].value):
                    kinds[name] = True
        return {name: kind for name, kind in kinds.items() if kind is not None}

    def depends(self, model: Model, name: str, written: frozenset[str]) -> bool:
        """Whether an attribute is out of date after an UPDATE that wrote others."""
        if not written:
            return False
        links = self.links.of(model)
        link = links.get(name)
        if link is not None:
            return bool(link.key) and name not in written and (link.key in written or ANY in written)
        return name in self.columns(model) and any(
            other == ANY or other in model.columns or (other in links and links[other].many is False)
            for other in written - {name}
        )

    def hides(self, link: Link, writes: Writes, path: Path) -> frozenset[Origin]:
        """The statements that wrote rows of a collection past it."""
        if not writes.rows or not link.many or link.target is None or is_loaded(path, writes.fresh):
            return frozenset()
        return frozenset(at for model, at in writes.rows if model is link.target)


def _is_computed(value: o.Expr | None) -> bool:
    """`total = column_property(price * count)`"""
    return isinstance(value, o.Call) and o.dotted(value.func).rpartition(".")[2] == "column_property"


def _kind(column: Column) -> bool | None:
    """Whether what an UPDATE writes to the column by itself is computed by the database; None if it writes nothing."""
    found: bool | None = None
    for located in column.calls:
        assert isinstance(located.expr, o.Call)
        nested = located.expr.given("sa_column")
        call = nested if isinstance(nested, o.Call) else located.expr
        called = [_called(column, located.scope, arg.value) for arg in call.positional]
        if call.argument("server_onupdate") is not None or any(each and each.name == "Computed" for each in called):
            return True
        given = call.given("onupdate")
        if given is not None:
            found = found or _called(column, located.scope, given) is not None
    return found


def _called(column: Column, scope: Scope, expr: o.Node) -> External | None:
    """What of SQLAlchemy is called: `func.now()`, `text("…")`, `Computed("…")`."""
    if isinstance(expr, o.Name):
        symbol = column.project.resolver.resolve(scope, expr)
        if isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
            scope, expr = symbol.scope, symbol.value
    if not isinstance(expr, o.Call):
        return None
    found = column.project.resolver.external(scope, expr.func)
    return found if found is not None and found.is_orm else None
