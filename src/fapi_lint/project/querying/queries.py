"""The queries of an application, from `session.query(…)` to where they run.

A query that a function returns goes on in all its callers, and one that a function is given comes from all of them:
what belongs together so is one `Chain`, which is rewritten whole or not at all.
https://docs.sqlalchemy.org/en/20/orm/queryguide/query.html lists what `Query` can do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from msgspec import Struct, field, structs

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.session_uses import QueryCall
from fapi_lint.project.grouping import grouped
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.querying.flow import Flow
from fapi_lint.project.querying.methods import SET_OPERATIONS
from fapi_lint.project.querying.selections import Selections
from fapi_lint.project.querying.values import CallSite, Group, Obstacle, Unit, Use, Value, is_dotted
from fapi_lint.project.search import Sighting, search
from fapi_lint.project.symbols import Class, Function, Scope

_RUNS = frozenset(["all", "first", "one", "one_or_none", "scalar"])
_HOOKS = {
    "query_cls": (r"\bquery_cls[\"']?\s*[=:]", "a session makes queries of a class of its own"),
    "before_compile": (r"[\"']before_compile", "a listener changes queries before they are compiled"),
    "after_bulk_": (r"[\"']after_bulk_", "a listener waits for bulk changes by queries"),
}
"""Words, which are looked for first, with the form in which they change all queries, and what that is."""
_QUIET_DECORATORS = frozenset(["staticmethod", "classmethod", "typing.no_type_check"])

_Key = tuple[str, int]


class Chain(Struct, eq=False, dict=True):
    """Queries that flow together, and everything that is done with them."""

    queries: list[QueryCall] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)

    @cached_property
    def obstacle(self) -> str:
        """Why it cannot be written with `select()`, and where; empty if it can."""
        if not self.obstacles:
            return ""
        first = min(self.obstacles, key=lambda found: (found.follows, found.module.path, found.at))
        return f"{first.reason} ({first.module.where(first.at)})"


class _Reference(Struct, frozen=True, eq=False):
    """A place that means a function: where it is called, or why that is not certain."""

    module: Module
    scope: Scope
    node: o.Node
    call: o.Call | None
    unclear: bool = False


class Queries(Part):
    """All chains of an application, followed when first asked for."""

    def __post_init__(self) -> None:
        self.selections = Selections(self.project)
        self._groups: dict[tuple[str, str, int], Group] = {}
        self._calls: dict[tuple[str, int], QueryCall] = {}
        self._offsets: dict[_Key, set[tuple[int, int]]] = {}
        self._units: dict[_Key, Unit] = {}
        self._params: dict[_Key, dict[str, Value]] = {}
        self._reached: dict[_Key, Function] = {}
        self.names: set[str] = set()
        """What functions that take or return queries are called by."""
        self._references: dict[str, list[tuple[_Key | None, _Reference]]] = {}
        self._waiting: dict[_Key, Unit] = {}

    def chain(self, query: QueryCall) -> Chain | None:
        """The chain that a query belongs to; None if the query is in code that never runs."""
        return self._by_call.get((query.module.path, query.call.start))

    def chain_at(self, module: Module, node: o.Node) -> Chain | None:
        """The chain that starts with the `session.query` at a place."""
        return self._by_call.get((module.path, node.start))

    @cached_property
    def _by_call(self) -> dict[tuple[str, int], Chain]:
        self._follow()
        chains: dict[Group, Chain] = {}
        found: dict[tuple[str, int], Chain] = {}
        for unit in self._units.values():
            for use in unit.uses.values():
                chain = chains.setdefault(use.value.group.root(), Chain())
                chain.uses.append(use)
                if use.kind == "source":
                    at = use.module.path, use.node.start
                    chain.queries.append(self._calls[at])
                    found[at] = chain
        for obstacle in self._obstacles():
            if obstacle.group.root() in chains:
                chains[obstacle.group.root()].obstacles.append(obstacle)
        for group, chain in chains.items():
            chain.uses.sort(key=lambda use: (use.module.path, use.node.start, use.node.end))
            chain.queries.sort(key=lambda query: query.place)
            if self._everywhere is not None and chain.queries:
                first = chain.queries[0]
                where, reason = self._everywhere
                chain.obstacles = [Obstacle(group, *(where or (first.module, first.call.start)), reason)]
        return found

    @cached_property
    def _everywhere(self) -> tuple[tuple[Module, int] | None, str] | None:
        """A reason against all chains at once, and where it is, if it is in the code."""
        sqlalchemy = self.project.versions.sqlalchemy
        if sqlalchemy.is_below(1, 4) or (sqlalchemy.lowest is not None and not sqlalchemy.at_least(1, 4)):
            return None, "SQLAlchemy 1.3, which the project allows, has no `select()` of entities"
        for module in self.project.modules:
            for word, (pattern, reason) in _HOOKS.items():
                if word in module.text and (match := re.search(pattern, module.text)):
                    return (module, match.start()), reason
        return None

    # --- following ---------------------------------------------------------------------------------

    def _follow(self) -> None:
        every = [*self.project.sessions.queries, *self.project.sessions.queries_of_tests]
        scopes = ((query.module.scope if query.function is None else query.function.scope, query) for query in every)
        found = grouped((self._unit(query.module, query.function, scope), query) for scope, query in scopes)
        for unit, queries in found.items():
            self._wait(unit)
            self._know(self._key_of(unit), queries)
        rounds: dict[_Key, int] = {}
        while self._waiting:
            key, unit = next(iter(self._waiting.items()))
            del self._waiting[key]
            rounds[key] = rounds.get(key, 0) + 1
            if rounds[key] > 12:
                continue
            before = unit.returned
            unit.uses.clear()
            unit.sites.clear()
            unit.obstacles.clear()
            unit.returned = None
            Flow(self, unit, self._params.get(key, {})).run()
            if unit.returned is not None and unit.function is not None:
                self._reach(unit.function, again=unit.returned != before)

    def _know(self, key: _Key, queries: list[QueryCall]) -> None:
        self._offsets[key] = {(query.call.start, query.call.end) for query in queries}
        self._calls |= {(query.module.path, query.call.start): query for query in queries}

    def _unit(self, module: Module, function: Function | None, scope: Scope) -> Unit:
        key = _key_at(module, function, scope)
        if key not in self._units:
            self._units[key] = Unit(module, function, scope)
        return self._units[key]

    def _key_of(self, unit: Unit) -> _Key:
        return _key_at(unit.module, unit.function, unit.scope)

    def _wait(self, unit: Unit) -> None:
        """Have a unit followed, once more if it has been."""
        self._waiting[self._key_of(unit)] = unit

    def _reach(self, function: Function, *, again: bool) -> None:
        """A function turns out to take or return a query: its callers are read, again if that changed."""
        key = _function_key(function)
        if key in self._reached and not again:
            return
        self._reached[key] = function
        self.names.add(function.name)
        for reference in self._references_to(function):
            if reference.call is not None:
                self._wait(self._unit(reference.module, reference.scope.function, reference.scope))

    # --- what the interpretation asks --------------------------------------------------------------

    def offsets(self, unit: Unit) -> set[tuple[int, int]]:
        """The spans of the `session.query(…)` calls of a unit."""
        key = self._key_of(unit)
        if key not in self._offsets:
            self._know(key, list(self.project.sessions.queries_in(unit.module, unit.function, unit.scope)))
        return self._offsets[key]

    def group(self, key: tuple[str, str, int]) -> Group:
        return self._groups.setdefault(key, Group())

    def may_matter(self, call: o.Call) -> bool:
        """Whether a call may be of a function that takes or returns queries."""
        return o.last_name(call.func) in self.names

    def returned_by(self, function: Function) -> Value | None:
        unit = self._units.get(_function_key(function))
        return unit.returned if unit is not None else None

    def pass_to(self, function: Function, name: str, value: Value) -> None:
        """A query goes into a parameter of a function."""
        key = _function_key(function)
        params = self._params.setdefault(key, {})
        before = params.get(name)
        value = replace(value, since=max(param.start for param in function.node.params))
        params[name] = value if before is None else replace(before | value, source=None)
        self._reach(function, again=before is None)
        if params[name] != before:
            self._wait(self._unit(function.module, function, function.scope))

    def bound(self, unit: Unit, call: o.Call, function: Function) -> dict[str, o.Arg] | None:
        """The arguments by parameter; None if stars hide which is which."""
        params = [param for param in function.node.params if param.kind in ("positional", "normal")]
        if self._is_bound(unit, call, function):
            params = params[1:]
        found: dict[str, o.Arg] = {}
        for arg in call.args:
            if arg.star == "*":
                return None
            if arg.star:
                continue
            if arg.keyword:
                found[arg.keyword] = arg
            elif params:
                found[params.pop(0).name] = arg
            else:
                return None
        return found

    def _is_bound(self, unit: Unit, call: o.Call, function: Function) -> bool:
        """Whether a method is called on an object, which is its first argument."""
        if not function.is_method or not isinstance(call.func, o.Attribute):
            return False
        decorators = function.decorator_names
        on_class = isinstance(self.project.resolver.resolve(unit.scope, call.func.value), Class)
        return "staticmethod" not in decorators and ("classmethod" in decorators or not on_class)

    def outer_session(
        self, unit: Unit, call: o.Call, function: Function, bound: dict[str, o.Arg] | None, session: str
    ) -> str:
        """How a caller writes the session that a function knows as `session`; empty if it cannot."""
        root, dot, rest = session.partition(".")
        if not session or bound is None:
            return ""
        if root in bound:
            text = unit.module.slice(bound[root].value)
        elif self._is_bound(unit, call, function) and function.node.params[0].name == root:
            assert isinstance(call.func, o.Attribute)
            text = unit.module.slice(call.func.value)
        elif function.node.param(root) is None and function.module is unit.module:
            text = root
        else:
            return ""
        return text + dot + rest if is_dotted(text) else ""

    def to_be_given(self, function: Function | None, name: str) -> list[tuple[CallSite, str]] | None:
        """The calls that can give a function the session of the query that its parameter takes, as they write it."""
        if function is None or function.node.param(name) is None:
            return None
        found: list[tuple[CallSite, str]] = []
        for unit in self._units.values():
            for (callee, _), site in unit.sites.items():
                if _function_key(callee) == _function_key(function):
                    held = site.given.get(name)
                    session = held.session if isinstance(held, Value) else ""
                    if not is_dotted(session):
                        return None
                    found.append((site, session))
        called = found[0][1].rpartition(".")[2] if found else ""
        return found if found and called not in function.scope.bindings else None

    # --- references --------------------------------------------------------------------------------

    def _references_to(self, function: Function) -> Iterator[_Reference]:
        if function.name not in self._references:
            found = self._find_references(function.name)
            self._references[function.name] = [(None if f is None else _function_key(f), site) for f, site in found]
        key = _function_key(function)
        for meant, reference in self._references[function.name]:
            if meant == key:
                yield reference
            elif meant is None and function.is_method:
                yield structs.replace(reference, unclear=True)

    def _find_references(self, name: str) -> Iterator[tuple[Function | None, _Reference]]:
        for sighting in self.project.references.sightings(name):
            yield from self._reference(sighting, name)

    def _reference(self, sighting: Sighting, name: str) -> Iterator[tuple[Function | None, _Reference]]:
        node, scope, module = sighting.node, sighting.scope, sighting.module
        reference = _Reference(module, scope, node, sighting.call)
        match node:
            case o.Name(id=id_) if id_ == name:
                symbol = self.project.resolver.resolve(scope, node)
                if isinstance(symbol, Function):
                    yield symbol, reference
            case o.Attribute(attr=attr) if attr == name:
                symbol = self.project.resolver.resolve(scope, node)
                callee = symbol if isinstance(symbol, Function) else self.project.types.callee(scope, node)
                if isinstance(callee, Function):
                    yield callee, reference
                elif callee is None:
                    yield None, structs.replace(reference, call=None)
            case o.Alias(name=imported, asname=asname) if asname and asname != name and imported == name:
                yield from self._renamed(module, asname)
            case o.String(value=str(text)) if text.endswith(f".{name}"):
                yield from self._named_by_string(module, scope, node, text)

    def _renamed(self, module: Module, name: str) -> Iterator[tuple[Function | None, _Reference]]:
        """The uses of a function that is imported under another name."""
        self.names.add(name)
        for sighting in search(module, name):
            node = sighting.node
            if isinstance(node, o.Name) and node.id == name:
                symbol = self.project.resolver.resolve(sighting.scope, node)
                if isinstance(symbol, Function):
                    yield symbol, _Reference(module, sighting.scope, node, sighting.call)

    def _named_by_string(
        self, module: Module, scope: Scope, node: o.Node, text: str
    ) -> Iterator[tuple[Function | None, _Reference]]:
        """`patch("app.services.posts.all_posts")`"""
        path, _, name = text.rpartition(".")
        found = self.project.resolver.find_module(path, module)
        member = self.project.resolver.attribute(found, name) if found is not None else None
        if isinstance(member, Function):
            yield member, _Reference(module, scope, node, None)

    # --- obstacles ---------------------------------------------------------------------------------

    def _obstacles(self) -> Iterator[Obstacle]:
        for unit in self._units.values():
            yield from unit.obstacles
            for use in unit.uses.values():
                reason = self._missing(unit, use)
                if reason:
                    yield Obstacle(use.value.group, use.module, use.node.start, reason, follows=True)
        for key, function in self._reached.items():
            taken = self._params.get(key, {})
            returned = self.returned_by(function)
            groups = [value.group for value in taken.values()] + ([returned.group] if returned is not None else [])
            for module, at, reason in self._hindrances(function, taken):
                follows = reason.endswith("something else than a query")
                yield from (Obstacle(group, module, at, reason, follows) for group in groups)

    def _hindrances(self, function: Function, taken: dict[str, Value]) -> Iterator[tuple[Module, int, str]]:
        """Why it is not certain what a function that takes or returns queries is given, or who gets its result."""
        name, node = function.name, function.node
        for decorator in node.decorators:
            if o.dotted(decorator.value) not in _QUIET_DECORATORS:
                yield function.module, decorator.start, f"`{name}()` is decorated"
        if isinstance(function.parent, Function):
            yield function.module, node.start, f"`{name}()` is defined inside a function"
        if isinstance(function.parent, Class) and self._is_overridden(function, function.parent):
            yield function.module, node.start, f"`{name}()` is overridden"
        for reference in self._references_to(function):
            module, at = reference.module, reference.node.start
            if reference.unclear:
                yield module, at, f"`{module.slice(reference.node)}` may be `{name}()`"
            elif reference.call is None:
                yield module, at, f"`{name}` is used without being called"
            elif taken and not self._is_given(function, reference, taken):
                yield module, at, f"`{name}()` is given something else than a query"

    def _is_given(self, function: Function, reference: _Reference, taken: dict[str, Value]) -> bool:
        assert reference.call is not None
        unit = self._unit(reference.module, reference.scope.function, reference.scope)
        sites = {(_function_key(callee), start): site for (callee, start), site in unit.sites.items()}
        site = sites.get((_function_key(function), reference.call.start))
        if site is None:
            return False
        return all(isinstance(held, Value) for name, held in site.given.items() if name in taken)

    def _is_overridden(self, function: Function, owner: Class) -> bool:
        others = (other.parent for other in self.project.methods.get(function.name, ()) if other.parent is not owner)
        return any(isinstance(other, Class) and self.project.resolver.are_related(other, owner) for other in others)

    def _missing(self, unit: Unit, use: Use) -> str:
        """What must be known for a use to be rewritten, and is not."""
        value, selection = use.value, use.value.selection
        if use.kind not in ("end", "iteration", "slice"):
            return ""
        if use.method not in ("update", "delete", "get") and value.source is None:
            root = value.session.partition(".")[0]
            bindings = unit.scope.bindings.get(root, ())
            if value.session.startswith("?") and self.to_be_given(unit.function, value.session[1:]) is not None:
                return ""
            if not value.session or value.session.startswith("?"):
                return "no session is at hand where it runs"
            if any(binding.node.start > value.since for binding in bindings):
                return f"`{root}` may be another session where it runs"
        if use.kind != "end" or use.method in _RUNS:
            if not selection.is_known:
                return "it is not certain whether entities or columns are selected"
            if selection.repeats and "unknown" in selection.kinds:
                return "it is not certain whether entities or columns are selected"
        is_set = bool(value.steps & SET_OPERATIONS)
        if is_set and selection.is_entity and value.source is None and use.method != "count":
            return "what the set operation selects is not at hand where it runs"
        return ""


def _function_key(function: Function) -> _Key:
    return function.module.path, function.node.start


def _key_at(module: Module, function: Function | None, scope: Scope) -> _Key:
    """What the code of a function, or of a module or class outside of functions, is kept by."""
    if function is not None:
        return _function_key(function)
    return module.path, -2 - scope.owner.node.start if isinstance(scope.owner, Class) else -1
