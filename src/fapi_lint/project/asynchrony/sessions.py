"""Database sessions: their kinds, and the services that take them.

https://docs.sqlalchemy.org/en/20/orm/session_basics.html and
https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html say what the library's own classes do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Literal, TypeAlias

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.blocks import codes
from fapi_lint.project.asynchrony.session_uses import DroppedCoroutine, Facts, FactsReader, QueryCall, SessionUse
from fapi_lint.project.asynchrony.surroundings import is_root_shadowed
from fapi_lint.project.inference import signatures
from fapi_lint.project.inference.type import Type
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Function, Namespace, Parameter, Scope, Symbol
from fapi_lint.project.traversal import Parents, paths
from fapi_lint.project.words import mentions, needles

Kind: TypeAlias = Literal["sync", "async"]

_WITHIN_ORM = ("sqlalchemy.", "sqlmodel.")
_PROPERTIES = frozenset(["property", "cached_property", "setter", "hybrid_property"])
_WRITES = frozenset(
    ["add", "add_all", "commit", "delete", "execute", "flush", "refresh", "rollback", "scalar", "scalars"]
)


class Service(Struct, frozen=True, eq=False):
    """A public function or method of a service folder that takes a session, or a method that uses the object's."""

    function: Function
    kind: Kind
    holder: str
    """The parameter or attribute that holds the session."""

    @property
    def module(self) -> Module:
        return self.function.module


class Sessions(Part):
    """The sessions of an application. Bodies are read once for all facts, and not kept."""

    # --- kinds -------------------------------------------------------------------------------------

    def kind(self, type_: Type | Symbol | None) -> Kind | None:
        """Whether a type is a synchronous or an asynchronous session, subclasses included."""
        symbol = type_.symbol if isinstance(type_, Type) else type_
        if isinstance(symbol, External):
            if not symbol.dotted.startswith(_WITHIN_ORM):  # Most are not, and a prefix is quickly compared.
                return None
            if symbol.name in signatures.SYNC_SESSIONS:
                return "sync"
            return "async" if symbol.name in signatures.ASYNC_SESSIONS else None
        if isinstance(symbol, Class):
            return self._kind_of_class(symbol)
        return None

    @kept
    def _kind_of_class(self, class_: Class) -> Kind | None:
        return next(filter(None, map(self.kind, self.project.resolver.foreign(class_))), None)

    # --- facts -------------------------------------------------------------------------------------

    @cached_property
    def uses(self) -> list[SessionUse]:
        """Synchronous engines, makers and sessions made in the application, and annotations that name their classes."""
        found = (use for module in self.project.judged for use in self._facts(module).uses)
        return sorted(found, key=lambda use: (use.place, use.form))

    @cached_property
    def are_all_async(self) -> bool:
        """Whether the application has asynchronous sessions and, in all files, no others."""
        return self.is_async and not any(self._facts(module).uses for module in self.project.modules)

    @cached_property
    def queries(self) -> list[QueryCall]:
        """Every `session.query(…)` of the application, in all files."""
        found = (query for module in self.project.modules for query in self._facts(module).queries)
        return sorted(found, key=lambda query: query.place)

    @cached_property
    def judged_queries(self) -> list[QueryCall]:
        """Those in the files that are judged."""
        found = (query for module in self.project.judged for query in self._facts(module).queries)
        return sorted(found, key=lambda query: query.place)

    @cached_property
    def queries_of_tests(self) -> list[QueryCall]:
        """Every `session.query(…)` of the tests, which are not judged but may have to follow."""
        return [
            query
            for module in self.project.modules
            if ".query" in module.text and self.project.purposes.of(module) == "test"
            for code in codes(module, needles(["query"]))
            for query in self.queries_in(module, code.function, code.scope)
        ]

    @cached_property
    def dropped(self) -> list[DroppedCoroutine]:
        """Every call in the application whose coroutine is surely never awaited."""
        found = (dropped for module in self.project.judged for dropped in self._facts(module).dropped)
        return sorted(found, key=lambda dropped: dropped.place)

    @kept
    def _facts(self, module: Module) -> Facts:
        """What is in a module; nothing that counts, where it is no part of the application."""
        return FactsReader(self, module).read() if self.project.purposes.is_application(module) else Facts()

    # --- what everything else hangs on -------------------------------------------------------------

    @cached_property
    def is_async(self) -> bool:
        """Whether any file speaks of SQLAlchemy's asynchronous classes."""
        marks = ("AsyncSession", "AsyncEngine", "AsyncConnection", "async_engine", "async_session")
        return any(map(self.project.says, marks))

    @cached_property
    def coroutine_names(self) -> frozenset[str]:
        """The names of all functions and methods whose call may give a coroutine."""
        names = {f.name for f in self.project.functions if f.node.is_async and not f.node.is_generator}
        if self.is_async:
            names.update(*signatures.COROUTINES.values())
        return frozenset(name for name in names if not name.startswith("__"))

    @cached_property
    def coroutine_words(self) -> frozenset[bytes]:
        return needles(self.coroutine_names)

    @cached_property
    def session_classes(self) -> frozenset[str]:
        """The names of the application's own subclasses of synchronous sessions."""
        found = [
            class_.name
            for module in self.project.modules
            if "ession" in module.text
            for class_ in module.scope.all_classes()
            if class_.node.bases and self.kind(class_) == "sync"
        ]
        return frozenset(found)

    @cached_property
    def callbacks(self) -> set[tuple[str, int]]:
        """The functions that SQLAlchemy calls with a synchronous session or connection, by path and offset.

        That is what `run_sync` is given and what listens for events, and what these pass their session on to.
        """
        found: dict[tuple[str, int], Function] = {}
        queue = [f for module in self.project.modules for f in self._callbacks_of(module)]
        while queue:
            function = queue.pop()
            key = function.module.path, function.node.start
            if key in found:
                continue
            found[key] = function
            params = {param.name for param in function.node.params}
            queue.extend(self._passes_on(function.scope, function.scope.body, params))
        return set(found)

    def is_callback(self, function: Function | None) -> bool:
        while function is not None:
            if (function.module.path, function.node.start) in self.callbacks:
                return True
            function = function.parent if isinstance(function.parent, Function) else None
        return False

    def _callbacks_of(self, module: Module) -> Iterator[Function]:
        text = module.text
        if "run_sync" not in text and "listen" not in text:
            return
        for code in codes(module, needles(["run_sync", "listen", "listens_for"])):
            for node, _ in paths(code.body, o.Call):
                position = {"run_sync": 0, "listen": 2}.get(o.last_name(node.func))
                if position is not None and len(node.args) > position and not self._runs_thread(code.scope, node):
                    yield from self._callback(code.scope, node.args[position].value)
        yield from (each for each in module.scope.all_functions() if "listens_for" in each.decorator_names)

    def _runs_thread(self, scope: Scope, call: o.Call) -> bool:
        """`anyio.to_thread.run_sync`"""
        return self.project.resolver.is_from(scope, call, "anyio", "run_sync")

    def _callback(self, scope: Scope, expr: o.Node) -> Iterator[Function]:
        """The function that is handed over, `partial` and lambdas looked through."""
        if isinstance(expr, o.Call) and expr.args:
            expr = expr.args[0].value
        if isinstance(expr, o.Lambda):
            yield from self._passes_on(scope, [expr.body], {param.name for param in expr.params})
            return
        callee = self.project.types.callee(scope, expr)
        if isinstance(callee, Function):
            yield callee

    def _passes_on(self, scope: Scope, body: Iterable[o.Node], params: set[str]) -> Iterator[Function]:
        """The functions that are called with one of these parameters."""
        for node, _ in paths(body, o.Call):
            if any(o.dotted(arg.value) in params for arg in node.args):
                callee = self.project.types.callee(scope, node.func)
                if isinstance(callee, Function):
                    yield callee

    # --- services ----------------------------------------------------------------------------------

    @cached_property
    def services(self) -> list[Service]:
        """The services in judged files that take or hold a session, in file and source order."""
        purposes, folders = self.project.purposes, self.project.settings.conventions.service_folders
        return [
            service
            for module in self.project.judged
            if purposes.is_application(module) and purposes.in_folder(module, folders)
            for service in self._services_of(module)
        ]

    def takes_one(self, function: Function) -> bool:
        """Whether a function is given a session by its caller."""
        return self._taken(function) is not None

    def _services_of(self, module: Module) -> Iterator[Service]:
        for function in module.scope.functions:
            if self.is_callback(function):
                continue
            if not function.name.startswith("_") and (found := self._taken(function)) is not None:
                yield found
        for class_ in module.scope.classes:
            if not class_.name.startswith("_"):
                yield from self._methods(class_)

    def _taken(self, function: Function) -> Service | None:
        types = self.project.types
        for param in function.node.params:
            kind = self.kind(types.of_parameter(function, param))
            if kind is not None:
                return Service(function, kind, param.name)
        for param in function.node.params:
            if param.annotation is None and param.default is None and self._acts_as_session(function, param.name):
                return Service(function, "sync", param.name)
        return None

    def _acts_as_session(self, function: Function, name: str) -> bool:
        """Whether an untyped parameter is surely a session: queried for a model, or written to and committed."""
        if name in ("self", "cls") or not mentions(function.node, needles(["query", "commit"])):
            return False
        scope = function.scope
        called = set()
        for node, parents in paths(scope.body, o.Call):
            if isinstance(node.func, o.Attribute) and o.dotted(node.func.value) == name:
                called.add(node.func.attr)
                if node.func.attr == "query" and self.names_model(scope, node.args):
                    return not isinstance(parents and parents[0], o.Await)
        return "commit" in called and len(called & _WRITES) > 1 and not function.node.is_async

    def _methods(self, class_: Class) -> Iterator[Service]:
        held = self._held(class_)
        users = self._users_of(class_, held.keys()) if held else set()
        for method in class_.methods:
            if method.name.startswith("_") or not _PROPERTIES.isdisjoint(method.decorator_names):
                continue
            found = self._taken(method)
            if found is not None:
                yield found
            elif method.name in users:
                name, kind = next(iter(held.items()))
                yield Service(method, kind, name)

    def _held(self, class_: Class) -> dict[str, Kind]:
        """The attributes of a class that hold a session."""
        names: dict[str, None] = {}
        for ancestor in self.project.resolver.own(class_):
            names.update(dict.fromkeys(ancestor.scope.bindings))
            assignments = ancestor.attribute_assignments.items()
            names.update((name, None) for name, found in assignments if any(m.name == "__init__" for m, _ in found))
        kinds = {name: self.kind(self.project.types.attribute(Type(class_), name)) for name in names}
        return {name: kind for name, kind in kinds.items() if kind is not None}

    def _users_of(self, class_: Class, held: Iterable[str]) -> set[str]:
        """The methods that use one of these attributes, themselves or through another method of the object."""
        methods = (method for method in class_.methods if method.node.params)
        reads = {method.name: _attributes_read(method, method.node.params[0].name) for method in methods}
        users: set[str] = set()
        sources = set(held)
        while fresh := {name for name, read in reads.items() if name not in users and read & sources}:
            users |= fresh
            sources |= fresh
        return users

    def has_coroutines(self, function: Function) -> bool:
        """Whether a function calls something that has to be awaited."""
        scope = function.scope
        return any(self.project.types.calls.gives_coroutine(scope, node) for node, _ in paths(scope.body, o.Call))

    # --- queries -----------------------------------------------------------------------------------

    def is_query(self, scope: Scope, call: o.Call, parents: Parents) -> bool:
        """Whether a call is a `session.query(…)`: on a session, or of a model on a receiver of unknown type."""
        if not isinstance(call.func, o.Attribute) or call.func.attr != "query":
            return False
        receiver = None if is_root_shadowed(call.func, parents) else self.project.types.of(scope, call.func.value)
        if receiver is not None:
            return self.kind(receiver) is not None
        symbol = self.project.resolver.resolve(scope, call.func.value)
        if is_something_else(symbol) or isinstance(parents and parents[0], o.Await):
            return False
        if self.names_model(scope, call.args):
            return True
        # What callers give tells it where the signature does not: `session.query(model)`.
        known = self.project.async_closures.flow.types if isinstance(symbol, Parameter) else None
        return known is not None and self.kind(known.of(scope, call.func.value)) is not None

    def queries_in(self, module: Module, function: Function | None, scope: Scope) -> Iterator[QueryCall]:
        """Every `session.query(…)` of a function's own code, or a module's, whatever the file is for."""
        body = [s for s in scope.body if not isinstance(s, (o.FunctionDef, o.ClassDef))]
        for node, parents in paths(body, o.Call):
            if self.is_query(scope, node, parents):
                yield QueryCall(module, function, node)

    # --- models in arguments -----------------------------------------------------------------------

    def names_model(self, scope: Scope, args: Iterable[o.Node]) -> bool:
        """Whether arguments surely speak of a mapped class, its attributes or an expression over them."""
        for node, _ in paths(args, o.Name, o.Attribute):
            symbol = self.project.resolver.resolve(scope, node)
            if isinstance(symbol, Class) and symbol in self.project.models.by_class:
                return True
        return False


def is_something_else(symbol: Symbol | None) -> bool:
    """Whether a name means what is no session for sure; one that is None at first may be set elsewhere."""
    is_unset = isinstance(symbol, External) and symbol.dotted == "builtins.None"
    return isinstance(symbol, (Class, External, Module, Namespace)) and not is_unset


def _attributes_read(method: Function, instance: str) -> set[str]:
    return {
        node.attr
        for node in o.walk(*method.node.body)
        if isinstance(node, o.Attribute) and isinstance(node.value, o.Name) and node.value.id == instance
    }
