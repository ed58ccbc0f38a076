"""Relationships that are read without having been loaded, in asynchronous code: `MissingGreenlet` at run time.

https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html#preventing-implicit-io-when-using-asyncsession
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.mapped import Column
from fapi_lint.project.module import Module
from fapi_lint.project.objects.doubts import Doubt
from fapi_lint.project.objects.flow import ObjectFlow
from fapi_lint.project.objects.lazy_words import LazyWords
from fapi_lint.project.objects.links import Link, Path
from fapi_lint.project.objects.origins import Origin
from fapi_lint.project.objects.stale import StaleRead
from fapi_lint.project.objects.summary import Read
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, Function
from fapi_lint.project.traversal import paths
from fapi_lint.project.words import mentioned, mentions, needles
from fapi_lint.source.place import Place


class LazyLoad(Struct, frozen=True, eq=False):
    """A link that is read and that nothing loaded."""

    origin: Origin
    """Where it can be loaded: what produced the object, or the refresh or commit that dropped what was loaded."""
    path: tuple[Link, ...]
    """What must be loaded, from the origin's model on."""
    read: Place
    """Where it is read: the attribute, or the field of a response schema."""
    obstacle: str | None = None
    """Why it cannot be loaded at the origin, if so."""
    loaded: frozenset[Path] = frozenset()
    """What the query loads already."""
    column: str = ""
    """A column behind the path that is out of date, instead of a link."""
    repeats: bool = False
    """Whether the last link is read of what it leads to as well, and so on."""

    @property
    def place(self) -> Place:
        return self.origin.module.place(self.origin.node)

    @property
    def name(self) -> str:
        """`Post.comments.author`"""
        model = self.path[0].source if self.path else self.origin.model
        names = [link.name for link in self.path] + ([self.column] if self.column else [])
        return ".".join(["" if model is None else model.name, *names])


class Unloaded(Struct, frozen=True, eq=False):
    """An origin whose objects are read further than they are loaded."""

    origin: Origin
    loads: tuple[LazyLoad, ...]

    @property
    def module(self) -> Module:
        return self.origin.module

    @property
    def place(self) -> Place:
        return self.origin.module.place(self.origin.node)


class LazyLoads(Part):
    """The lazy loads of an application."""

    @cached_property
    def objects(self) -> ObjectFlow:
        """Where objects go, as far as lazy relationships may be read on the way, in tests too."""
        objects = ObjectFlow(self.project)
        lazy = LazyWords(self.project, objects.links, objects.stale.volatile)
        objects.doubts.names = lazy.attributes
        functions = [f for f in self.project.functions if self.project.purposes.of(f.module) in ("application", "test")]
        wanted = needles(lazy.words)
        chosen = [f for f in functions if mentions(f.node, wanted) or lazy.concerns(f)]
        rest = {function: index for index, function in enumerate(functions)}
        callers: dict[bytes, list[Function]] = {}
        while chosen:
            for function in chosen:
                del rest[function]
                objects.summary(function)
                objects.inject(function)
            if not callers:
                names = needles({function.name for function in functions})
                callers = grouped((name, function) for function in rest for name in mentioned(function.node, names))
            # Next come those that may pass objects to these.
            reading = needles({function.name for function in chosen if objects.summary(function).reads})
            found = {function for name in reading for function in callers.get(name, ())}
            chosen = sorted(found & rest.keys(), key=rest.__getitem__)
        for class_ in self.project.models.mapping_classes:
            for method in class_.methods:
                if _is_hook(method) or (method.name.startswith("__") and method.name != "__init__"):
                    objects.doubts.special(method)
        return objects

    @cached_property
    def all(self) -> list[LazyLoad]:
        """Those in code that is asynchronous today, in file and source order.

        None in tests: what made an object for a test may have filled its relationships.
        """
        if not self.project.sessions.is_async:
            return []
        loads = self._loads(
            read
            for read in self.objects.reads.values()
            if self._is_of_application(read.origin.function) and self._origin(read).is_async
            if read.path not in read.facts.near
            if not (read.facts.is_opaque or read.is_doubtful or self._may_be_at_hand(read))
        )
        stale = [
            read
            for read in self.objects.stale.reads.values()
            if read.at.is_async and read.is_fetched and not read.is_opaque and self._is_of_application(read.at.function)
        ]
        return self._sorted([*loads, *map(self._anew, stale)])

    def _is_of_application(self, function: Function) -> bool:
        return self.project.purposes.is_application(function.module)

    def _may_be_at_hand(self, read: Read) -> bool:
        """Whether who asks for the objects gives the key of what is read of them, as in `get_posts(db, user_id)`.

        The session may hold that object then, and finds it without a query.
        """
        function, links = read.origin.function, self.objects.links_of(read.origin, read.path[:1])
        if function is None or not links or not links[0].key:
            return False
        key = links[0].key
        return function.node.param(key) is not None or any(
            self._asks_by(node, function, key) for node in o.walk(function.node)
        )

    def _asks_by(self, node: o.Node, function: Function, key: str) -> bool:
        """Whether a condition compares the key with an object that is there: `Post.author_id == user.id`."""

        def is_of_object(expr: o.Node) -> bool:
            if not isinstance(expr, o.Attribute):
                return False
            return not isinstance(self.project.resolver.resolve(function.scope, expr.value), Class)

        match node:
            case o.Compare(operands=(o.Attribute(attr=attr), other)) if attr == key:
                return is_of_object(other)
            case o.Compare(operands=(other, o.Attribute(attr=attr))) if attr == key:
                return is_of_object(other)
            case o.Call(func=o.Attribute(attr="in_", value=o.Attribute(attr=attr)), args=(arg,)) if attr == key:
                return any(map(is_of_object, o.walk(arg.value)))
            case o.Call(func=o.Attribute(attr="filter_by")):
                return any(arg.keyword == key and is_of_object(arg.value) for arg in node.args)
        return False

    @cached_property
    def unloaded(self) -> list[Unloaded]:
        """The same by origin."""
        found = grouped((load.origin, load) for load in self.all)
        return [Unloaded(origin, tuple(loads)) for origin, loads in found.items()]

    def if_async(self, functions: Collection[Function]) -> list[LazyLoad]:
        """Those that there would be if these functions and their sessions were asynchronous, today's left out."""

        def concerns(origin: Origin) -> bool:
            return not origin.is_async and origin.function in functions

        reads = [read for read in self.objects.reads.values() if concerns(self._origin(read))]
        stale = [self._anew(read) for read in self.objects.stale.reads.values() if concerns(read.at)]
        early = {(read.origin, read.path[:length]) for read in reads for length in range(1, len(read.path) + 1)}
        deleted = [
            self._anew(read)
            for read in self.objects.stale.deletes.values()
            if concerns(read.at) and (read.origin, read.path) in early
        ]
        return self._sorted([*self._loads(reads), *stale, *deleted])

    def if_computed(self, column: Column) -> list[LazyLoad]:
        """Those that there would be if the database computed a column when a row is changed."""
        if not self.project.sessions.is_async:
            return []
        stale = [
            read
            for read in self.objects.stale.reads.values()
            if read.is_column and not read.is_fetched and read.at.is_async
            if (model := self.objects.walk(read.origin, read.path[:-1])) is not None
            if model.columns.get(read.path[-1]) is column
        ]
        return self._sorted(map(self._anew, stale))

    def doubt_if_async(self, functions: Collection[Function]) -> Doubt | None:
        """What may read a relationship that nothing loads, if these functions were asynchronous: the first one.

        Functions of other closures keep their sessions; those that have no session may be given the objects of any.
        A test that reads one fails when it runs, which is seen.
        """
        closures = self.project.async_closures
        doubts = [d for d in self.objects.doubts.found.values() if self._is_of_application(d.function)]
        concerned = [doubt for doubt in doubts if doubt.function in functions or closures.of(doubt.function) is None]
        return min(concerned, key=lambda doubt: doubt.place, default=None)

    @kept
    def named_in(self, function: Function) -> dict[Class, str]:
        """The classes that a function names, or that its file binds before, as they are written there."""
        module, scope, resolver = function.module, function.scope, self.project.resolver
        nodes = (node for node, _ in paths(scope.body, o.Name, o.Attribute))
        named = [(resolver.resolve(scope, node), module.slice(node)) for node in nodes]
        named += [
            (resolver.member(module, name), name)
            for name, bindings in module.scope.bindings.items()
            if name not in scope.bindings and not bindings[-1].type_checking
        ]
        found: dict[Class, str] = {}
        for symbol, written in named:
            if isinstance(symbol, Class):
                found.setdefault(symbol, written)
        return found

    def _loads(self, reads: Iterable[Read]) -> list[LazyLoad]:
        """One for each origin and path, in file and source order."""
        found: dict[tuple[Origin, Path], LazyLoad] = {}
        for read in reads:
            load = self._load(read)
            known = found.get((load.origin, read.path))
            if known is None or _matter(load) > _matter(known):
                found[load.origin, read.path] = load
        return self._sorted(found.values())

    def _sorted(self, loads: Iterable[LazyLoad]) -> list[LazyLoad]:
        return sorted(loads, key=lambda load: (load.place, len(load.path), load.read, load.name))

    def _anew(self, read: StaleRead) -> LazyLoad:
        """What has to be loaded again where it went out of date."""
        links = self.objects.links_of(read.origin, read.path)
        is_unnamed = not read.at.variable or (len(read.path) > 1 and not read.is_behind)
        obstacle = "no name holds the object there" if is_unnamed else _shared(read.at)
        column = read.path[-1] if read.is_column else ""
        return LazyLoad(read.at, links, read.place, obstacle, frozenset(), column)

    def _origin(self, read: Read) -> Origin:
        """Where the link can be loaded."""
        dropped = read.facts.dropped
        # A refresh loads again what the query loads; after everything else, the object itself must be loaded anew.
        # What a method gives that serves several models is loaded where it is received.
        is_received = read.origin.is_shared and dropped is not None and not dropped.is_shared
        if dropped is not None and (read.origin.kind == "new" or read.path in read.facts.again or is_received):
            return dropped
        return read.origin

    def _load(self, read: Read) -> LazyLoad:
        origin = self._origin(read)
        obstacle = read.obstacle
        if origin.kind == "refresh" and not origin.variable:
            obstacle = obstacle or "no name holds the object there"
        obstacle = obstacle or _shared(origin)
        if origin in self.objects.unreadable:
            obstacle = obstacle or "the options of its query are not seen there"
        links = self.objects.links_of(read.origin, read.path)
        if read.beside is not None and links and not self._repeats(links[-1], read.beside):
            obstacle = obstacle or f"there is no end to what is read by `{read.path[-1]}`"
        repeats = read.beside is not None
        return LazyLoad(origin, links, read.place, obstacle, read.facts.again, repeats=repeats)

    def _repeats(self, link: Link, beside: Collection[str]) -> bool:
        """Whether `recursion_depth` loads all that is read: a link to more of the same, and columns."""
        sqlalchemy, links = self.project.versions.sqlalchemy, self.objects.links.of(link.source)
        is_new_enough = sqlalchemy.lowest is None or sqlalchemy.at_least(2, 0)
        more = [n for n in beside if (n in links and links[n].is_lazy) or self.objects.property_of(link.source, n)]
        return link.target is link.source and is_new_enough and not more


def _is_hook(method: Function) -> bool:
    """`@validates("title")`, which is called when the attribute is set."""
    return any(o.dotted(o.called(each.value)).rpartition(".")[2] == "validates" for each in method.node.decorators)


def _matter(load: LazyLoad) -> int:
    """Which load of a link to keep: one that has no end, then one that is possible."""
    if load.repeats:
        return 2 if load.obstacle is None else 3
    return 1 if load.obstacle is None else 0


def _shared(origin: Origin) -> str | None:
    """Why nothing can be loaded in a method that other models share."""
    function = origin.function
    if not origin.is_shared:
        return None
    owner = f"{function.parent.name}." if isinstance(function.parent, Class) else ""
    return f"it comes from `{owner}{function.name}()`, which does not know its model"
