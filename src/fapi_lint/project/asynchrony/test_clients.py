"""Who uses a synchronous test client, and whether all of them can do with an asynchronous one.

A client goes from where it is made through fixtures, helper functions and names of a module to the requests. What
makes a request has to become a coroutine function, with all that calls it; pytest calls tests and fixtures. Where one
of them cannot, the client stays as it is, and the obstacle says where and why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.awaiting import Convertible, hindrance
from fapi_lint.project.asynchrony.flow import Change, Obstacle
from fapi_lint.project.asynchrony.surroundings import parameter
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Class, External, Function, Scope
from fapi_lint.project.tests import LIFESPAN

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_REQUESTS = frozenset(["delete", "get", "head", "options", "patch", "post", "put", "request"])
_SAME = frozenset(["base_url", "cookies", "headers"])
"""Attributes that both clients have, and that need no await."""
_WEBSOCKET = ".websocket_connect("
_LOOPS = ("asyncio.run(", "anyio.run(", "run_until_complete(")

Parents: TypeAlias = tuple[o.Node, ...]
"""The nodes around a node in its function or module, innermost first."""
Holder: TypeAlias = "tuple[Function | Module, str]"
"""A name that a client is bound to: of a function, its parameters included, or of a module."""


class ClientUses(Struct, eq=False):
    """Everything that changes with one `TestClient(…)`; nothing does if there is an obstacle."""

    call: o.Call
    module: Module
    obstacle: Obstacle | None = None
    functions: dict[Function, None] = field(default_factory=dict)
    """What becomes `async def`."""
    changes: list[Change] = field(default_factory=list)
    """What is awaited, or entered asynchronously."""
    named: dict[tuple[str, int], tuple[Module, o.Expr]] = field(default_factory=dict)
    """Where annotations name the class."""
    given: o.Return | o.ExprStatement | None = None
    """The statement of a fixture that gives the new client away at once."""
    running: o.WithItem | None = None
    """What enters the client, and so runs the lifespan of the application."""
    narrowed: dict[Function, o.Arg] = field(default_factory=dict)
    """Fixtures that must not outlive the event loop of a test, and the argument that made them."""


def is_test_client(symbol: object) -> bool:
    return isinstance(symbol, External) and any(symbol.is_from(p, "TestClient") for p in ("fastapi", "starlette"))


def opens_websockets(project: Project, scope: Scope) -> bool:
    """Whether a client that is made in a block is there for websockets, which httpx does not have.

    They are opened there, or in every file that is given what is made as a fixture.
    """
    owner, text = scope.owner, scope.module.text
    if not isinstance(owner, Function):
        return False
    if text.find(_WEBSOCKET, owner.node.start, owner.node.end) >= 0:
        return True
    users = project.fixtures.users_of(owner) if project.fixtures.is_fixture(owner) else []
    return bool(users) and all(_WEBSOCKET in user.module.text for user in users)


def client_uses(project: Project, module: Module, scope: Scope, call: o.Call, parents: Parents) -> ClientUses:
    """Where the client that a call makes goes."""
    return _Walk(project, ClientUses(call, module)).run(scope, parents)


class _Stop(Exception):  # noqa: N818
    def __init__(self, module: Module, node: o.Node, text: str) -> None:
        super().__init__(text)
        self.obstacle = Obstacle(module, node, text)


class _Walk:
    def __init__(self, project: Project, found: ClientUses) -> None:
        self.project = project
        self.found = found
        self.holders: dict[Holder, None] = {}
        self.pending: list[Holder] = []
        self.taken: list[tuple[Module, o.Call, Function]] = []
        """The calls of what becomes a coroutine function."""
        self.making: set[Function] = set()
        """Functions whose result is the client."""
        self.convertible = Convertible(project)
        self.resolve = project.resolver.resolve
        self.made_in = found.module.scope

    def run(self, scope: Scope, parents: Parents) -> ClientUses:
        found = self.found
        self.made_in = scope
        try:
            self.value(found.module, scope, found.call, parents)
            while self.pending:
                holder, name = self.pending.pop()
                for node, module, where, above in self.uses(holder, name):
                    self.use(module, where, node, above)
            for module, call, function in self.taken:
                self.check_client(module, call, function)
        except _Stop as stop:
            found.obstacle = stop.obstacle
        return found

    # --- where a client goes -----------------------------------------------------------------------

    def value(self, module: Module, scope: Scope, node: o.Call, parents: Parents) -> None:
        """A call whose value is the client."""
        owner = scope.function
        statement = parents[0] if parents else None
        match statement:
            case o.WithItem(target=(o.Name() | None) as target):
                block = parents[1]
                assert isinstance(block, o.With)
                if owner is None or len(block.items) > 1 or block.is_async:
                    raise _Stop(module, node, "it is opened together with others")
                if self.runs_lifespan(module, node):
                    self.found.running = statement
                self.found.changes.append(Change("enter", module, statement, (block,)))
                self.make_async(owner)
                if target is not None:
                    self.hold(owner, target.id, module, target)
            case o.Assign(targets=(o.Name() as name,)):
                if scope.is_class:
                    raise _Stop(module, node, "it is an attribute of a class")
                self.hold(owner or module, name.id, module, name)
                if owner is not None and owner.name.startswith("test") and not self.project.fixtures.is_fixture(owner):
                    self.make_async(owner)
            case o.Return() | o.Yield() if owner is not None:
                self.give(owner, statement, parents[1:], is_new=node is self.found.call)
            case _:
                raise _Stop(module, node, "it is not assigned to a name")

    def use(self, module: Module, scope: Scope, node: o.Name, parents: Parents) -> None:
        """One place where a name with the client stands."""
        owner = scope.function
        parent = parents[0]
        match parent:
            case o.Attribute():
                self.attribute(module, scope, parent, parents[1:])
            case o.Arg():
                self.passed(module, scope, node, parent, parents[1:])
            case o.Return() | o.Yield() if owner is not None:
                self.give(owner, parent, parents[1:], is_new=False)
            case _:
                raise _Stop(module, node, f"`{node.id}` is passed on")

    def attribute(self, module: Module, scope: Scope, node: o.Attribute, parents: Parents) -> None:
        written = module.slice(node)
        request = parents[0] if parents else None
        if node.attr in _REQUESTS and isinstance(request, o.Call) and request.func is node:
            if any(arg.keyword in ("allow_redirects", "stream") for arg in request.args):
                raise _Stop(module, request, f"`{written}()` is given what the other does not take")
            self.awaited(module, scope, request, parents[1:], f"`{written}()`")
        elif node.attr not in _SAME:
            raise _Stop(module, node, f"`{written}` is not the same")

    def awaited(self, module: Module, scope: Scope, call: o.Call, parents: Parents, written: str) -> None:
        reason = hindrance(call, parents, scope)
        if reason is not None:
            raise _Stop(module, call, f"{written} is called {reason}, where nothing can be awaited")
        assert isinstance(scope.owner, Function)
        self.found.changes.append(Change("await", module, call, parents))
        self.make_async(scope.owner)

    def passed(self, module: Module, scope: Scope, node: o.Name, arg: o.Arg, parents: Parents) -> None:
        call = parents[0]
        callee = self.resolve(scope, call.func) if isinstance(call, o.Call) else None
        if isinstance(call, o.Call) and isinstance(callee, Function) and not callee.is_method:
            param = parameter(callee, call, arg, 0)
            if param is not None and not any(other.star for other in call.args):
                self.hold(callee, param.name, callee.module, param)
                return
        raise _Stop(module, node, f"`{node.id}` is passed on")

    def give(self, function: Function, node: o.Return | o.Yield, parents: Parents, *, is_new: bool) -> None:
        """A function returns or yields the client."""
        fixtures, module = self.project.fixtures, function.module
        if isinstance(node, o.Yield) and not (parents and isinstance(parents[0], o.ExprStatement)):
            raise _Stop(module, node, "it is yielded inside of an expression")
        if not fixtures.is_fixture(function) and isinstance(node, o.Yield):
            raise _Stop(module, node, f"`{function.name}` is no fixture")
        if is_new and fixtures.is_fixture(function):
            statement = parents[0] if isinstance(node, o.Yield) else node
            assert isinstance(statement, (o.Return, o.ExprStatement))
            if isinstance(node, o.Return) and (statement not in function.scope.body or function.node.is_generator):
                raise _Stop(module, node, f"`{function.name}` has several ends")
            self.found.given = statement
            self.make_async(function)
        if function in self.making:
            return
        self.making.add(function)
        self.annotated(module, function.enclosing, function.node.returns)
        if not fixtures.is_fixture(function):
            self.helper(function)
            return
        self.narrow(function)
        for user in self.users(function):
            self.hold(user, fixtures.name_of(function), user.module, user.node)

    def helper(self, function: Function) -> None:
        """The calls of a function that makes the client."""
        if function.parent is not None:
            raise _Stop(function.module, function.node, f"`{function.name}` makes the client for others")
        for sighting in self.project.references.sightings(function.name):
            node, module = sighting.node, sighting.module
            if isinstance(node, (o.Name, o.Attribute)) and self.resolve(sighting.scope, node) is function:
                if sighting.call is None:
                    raise _Stop(module, node, f"`{function.name}` is used without being called")
                self.value(module, sighting.scope, sighting.call, sighting.outwards[1:])

    # --- names -------------------------------------------------------------------------------------

    def hold(self, owner: Function | Module, name: str, module: Module, node: o.Node) -> None:
        """A name that the client is bound to."""
        if (owner, name) in self.holders:
            return
        scope = owner.scope
        if len(scope.bindings.get(name, ())) != 1:
            raise _Stop(module, node, f"`{name}` is assigned more than once")
        self.holders[owner, name] = None
        self.pending.append((owner, name))
        if isinstance(owner, Function):
            param = owner.node.param(name)
            if param is not None:
                self.annotated(owner.module, owner.enclosing, param.annotation)

    def annotated(self, module: Module, scope: Scope, annotation: o.Expr | None) -> None:
        stack: list[o.Node] = [annotation] if annotation is not None else []
        while stack:
            node = stack.pop()
            if isinstance(node, (o.Name, o.Attribute)) and is_test_client(self.resolve(scope, node)):
                self.found.named[module.path, node.start] = module, node
            else:
                stack.extend(o.children(node))

    def uses(self, owner: Function | Module, name: str) -> Iterator[tuple[o.Name, Module, Scope, Parents]]:
        """Where the name stands, but for where it is bound."""
        if isinstance(owner, Module):
            yield from self.uses_of_global(owner, name)
            return
        bound = owner.scope.bindings[name][0].node
        stack: list[tuple[o.Node, Parents]] = [(node, ()) for node in owner.scope.body]
        while stack:
            node, parents = stack.pop()
            if isinstance(node, o.Name) and node.id == name and node.start != bound.start:
                if any(isinstance(p, (o.FunctionDef, o.ClassDef, o.Lambda)) for p in parents):
                    raise _Stop(owner.module, node, f"`{name}` is used in a function of its own")
                yield node, owner.module, owner.scope, parents
            stack.extend((child, (node, *parents)) for child in o.children(node))

    def uses_of_global(self, owner: Module, name: str) -> Iterator[tuple[o.Name, Module, Scope, Parents]]:
        meant = self.project.resolver.member(owner, name)
        for sighting in self.project.references.sightings(name):
            node, module = sighting.node, sighting.module
            if not isinstance(node, (o.Name, o.Attribute)) or self.resolve(sighting.scope, node) is not meant:
                continue
            if isinstance(node, o.Attribute):
                raise _Stop(module, node, f"`{module.slice(node)}` is taken from another module")
            if module is not owner or node.start != owner.scope.bindings[name][0].node.start:
                yield node, module, sighting.scope, sighting.outwards

    # --- functions ---------------------------------------------------------------------------------

    def make_async(self, function: Function) -> None:
        found, module, node, name = self.found, function.module, function.node, function.name
        if node.is_async or function in found.functions:
            return
        found.functions[function] = None
        tests, fixtures = self.project.tests, self.project.fixtures
        is_fixture = fixtures.is_fixture(function)
        if self.project.purposes.of(module) != "test":
            raise _Stop(module, node, f"`{name}` is no part of the tests")
        if isinstance(function.parent, Function):
            raise _Stop(module, node, f"nobody knows who runs `{name}`")
        if any(word in module.text[node.body_start : node.end] for word in _LOOPS):
            raise _Stop(module, node, f"`{name}` runs an event loop itself")
        self.narrow(function)
        obstacle = self.convertible.hindrance(function, any_scope=True)
        if obstacle is not None:
            raise _Stop(module, *obstacle)
        if is_fixture:
            if tests.marker == "anyio":  # which awaits no fixture of a synchronous test
                for user in self.users(function):
                    self.make_async(user)
        elif not name.startswith("test"):
            self.callers(function)

    def callers(self, function: Function) -> None:
        """What calls a helper has to await it."""
        if isinstance(function.parent, Class):
            raise _Stop(function.module, function.node, f"`{function.name}` is a method that tests call")
        for use in self.project.async_closures.callers.of(function):
            if use.obstacle is not None:
                raise _Stop(use.obstacle.module, use.obstacle.node, use.obstacle.text)
            if use.change is not None:
                if use.change.kind != "await" or use.caller is None:
                    raise _Stop(use.change.module, use.change.node, f"`{function.name}()` cannot be awaited there")
                self.found.changes.append(use.change)
                assert isinstance(use.change.node, o.Call)
                self.taken.append((use.change.module, use.change.node, function))
                self.make_async(use.caller)

    def check_client(self, module: Module, call: o.Call, function: Function) -> None:
        """A helper must be given this client and no other one, at each of its calls."""
        for position, param in enumerate(function.node.params):
            if (function, param.name) not in self.holders:
                continue
            value = call.given(param.name, position)
            given = value.id if isinstance(value, o.Name) else ""
            owners = [owner for owner, name in self.holders if name == given]
            is_held = any(self._spans(owner, module, call) for owner in owners)
            if not owners or not isinstance(value, o.Name) or not (is_held or self._is_global(module, value)):
                raise _Stop(module, call, f"`{function.name}()` is given another client")

    def _spans(self, owner: Function | Module, module: Module, call: o.Call) -> bool:
        return (
            isinstance(owner, Function) and owner.module is module and owner.node.start <= call.start < owner.node.end
        )

    def _is_global(self, module: Module, name: o.Name) -> bool:
        meant = self.resolve(module.scope, name)
        return any(
            isinstance(owner, Module) and self.project.resolver.member(owner, held) is meant
            for owner, held in self.holders
        )

    # --- fixtures ----------------------------------------------------------------------------------

    def users(self, fixture: Function) -> Sequence[Function]:
        name = self.project.fixtures.name_of(fixture)
        asks = re.compile(rf"getfixturevalue\(\s*(?![\"'])|getfixturevalue\(\s*[\"']{re.escape(name)}[\"']")
        for module in self.project.tests.modules:
            found = asks.search(module.text) if "getfixturevalue" in module.text else None
            if found is not None:
                node = o.Name(found.start(), found.end(), name)
                raise _Stop(module, node, f"`{name}` may be asked for by `getfixturevalue()`")
        return self.project.fixtures.users_of(fixture)

    def narrow(self, fixture: Function) -> None:
        """A fixture that outlives a test is made anew for each, and so is what depends on it."""
        argument, module = self.project.fixtures.broad_scope(fixture), fixture.module
        if argument is None or fixture in self.found.narrowed:
            return
        self.found.narrowed[fixture] = argument
        if not isinstance(argument.value, o.String):
            raise _Stop(module, argument, f"nobody knows how long `{fixture.name}` lives")
        if self.project.references.mentioning("create_async_engine"):
            raise _Stop(module, argument, f"the fixture `{fixture.name}` outlives the event loop of a test")
        for user in self.users(fixture):
            self.narrow(user)

    # --- the application ---------------------------------------------------------------------------

    def runs_lifespan(self, module: Module, call: o.Call) -> bool:
        """Whether `with TestClient(app)` runs what the application does at start and end, as the other must then."""
        app = self.found.call.given("app", 0)
        if app is None or self.resolve(self.made_in, app) is None:
            raise _Stop(module, call, "as a context manager it may run a lifespan of the application")
        lifespan = self.project.tests.lifespan
        if lifespan is None or self._has_no_lifespan(app):
            return False
        where, node = lifespan
        application = self.project.async_closures.flow.starting.application
        if application is None or not isinstance(app, (o.Name, o.Attribute)):
            raise _Stop(where, node, "as a context manager it may run what the application does at its start")
        if application.lifespan is not None and _yields_state(application.lifespan):
            where, node = application.lifespan.module, application.lifespan.node
            raise _Stop(where, node, "as a context manager it runs a lifespan that yields a state for the requests")
        return True

    def _has_no_lifespan(self, app: o.Expr) -> bool:
        """Whether an application is made by tests, in a file without lifespans and routers that may have some."""
        made = self.project.routers.of(self.made_in, app)
        if made is None or made.call is None or made.class_ is not None:
            return False
        module = made.call.scope.module
        if self.project.purposes.of(module) != "test" or "include_router(" in module.text:
            return False
        return LIFESPAN.search(module.text) is None


def _yields_state(lifespan: Function) -> bool:
    return any(node.value is not None for node in o.walk(*lifespan.scope.body) if isinstance(node, o.Yield))
