"""Attributes that are read when they are out of date, because of what was written since they were loaded."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fapi_lint.project.objects.links import Path
from fapi_lint.project.objects.origins import Facts, Origin
from fapi_lint.project.objects.summary import Read
from fapi_lint.project.objects.writes import Volatile
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.objects.flow import ObjectFlow
    from fapi_lint.project.objects.walk import Walk


class StaleRead(Struct, frozen=True, eq=False):
    """An attribute of an object that has to be loaded anew before it is read."""

    at: Origin
    """Where: the flush, commit or statement after which it is out of date; the `delete()` that reads it."""
    origin: Origin
    path: Path
    place: Place
    is_fetched: bool = False
    """Whether SQLAlchemy fetches it by itself when it is read: asynchronous code cannot."""
    is_column: bool = False
    is_opaque: bool = False
    """Whether something unknown had the object, and may have loaded it."""
    is_behind: bool = False
    """Whether it is behind a collection that is out of date, and so may hold objects that are new."""


class StaleReads(Struct, eq=False, dict=True):
    """Those of an application."""

    objects: ObjectFlow
    reads: dict[tuple[Origin, Origin, Path, bool], StaleRead] = field(default_factory=dict)
    deletes: dict[tuple[Origin, Origin, Path], StaleRead] = field(default_factory=dict)
    """Collections of objects that are deleted, after a statement that wrote rows of them."""

    @cached_property
    def volatile(self) -> Volatile:
        return Volatile(self.objects.links)

    def read(self, origin: Origin, path: Path, facts: Facts, place: Place) -> None:
        """An attribute is read."""
        writes = facts.writes
        if not (writes.flushed or writes.rows) or origin.kind == "parameter":
            return
        model = self.objects.walk(origin, path[:-1])
        if model is None:
            return
        name, places = path[-1], frozenset[Origin]()
        link, columns = self.objects.links.of(model).get(name), self.volatile.columns(model)
        if self.volatile.depends(model, name, writes.behind(path)):
            places |= writes.places
        if link is not None:
            places |= self.volatile.hides(link, writes, path)
        for at in places:
            fetched, opaque = columns.get(name, False), facts.is_opaque
            found = StaleRead(at, origin, path, place, fetched, link is None, opaque)
            self.reads.setdefault((at, origin, path, opaque), found)
        outer = self.objects.links.of(origin.model).get(path[0])
        # Else a refresh follows the options of the query, which load what is read behind the collection.
        is_made = origin.kind == "new" and len(path) > 1
        if is_made and outer is not None and link is not None and link.is_lazy:
            for at in self.volatile.hides(outer, writes, path[:1]):
                found = StaleRead(at, origin, path, place, False, False, facts.is_opaque, is_behind=True)
                self.reads.setdefault((at, origin, path, facts.is_opaque), found)

    def delete(self, walk: Walk, origin: Origin, path: Path, facts: Facts, at: Origin) -> None:
        """An object is deleted, which reads its collections."""
        place = at.module.place(at.node)
        if origin.kind == "parameter":
            key = ((*path, "delete"), facts)
            walk.summary.reads.setdefault(origin, {}).setdefault(key, Read(origin, path, facts, place, None, at))
            return
        for link in self.objects.links.of(self.objects.walk(origin, path)).values():
            inner = (*path, link.name)
            if self.volatile.hides(link, facts.writes, inner):
                self.deletes.setdefault((at, origin, inner), StaleRead(at, origin, inner, place))
