"""Who uses a function that becomes a coroutine function, and whether it can go on doing so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.awaiting import ENTERING, hindrance, is_consumed
from fapi_lint.project.asynchrony.flow import Change, Kind, Obstacle, SessionFlow
from fapi_lint.project.asynchrony.strangers import Dispatch, Strangers, dispatches
from fapi_lint.project.asynchrony.surroundings import is_override, leaf
from fapi_lint.project.asynchrony.threads import threaded
from fapi_lint.project.dependencies import MARKERS
from fapi_lint.project.grouping import grouped
from fapi_lint.project.imports import is_main_guard
from fapi_lint.project.inference.type import LibraryMethod, Type
from fapi_lint.project.kept import kept
from fapi_lint.project.mentions import member_mentions
from fapi_lint.project.search import Sighting, around, search
from fapi_lint.project.symbols import Class, External, Function, Member, Parameter, Variable
from fapi_lint.project.traversal import statements

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

# fmt: off
_TAKES_COROUTINES = MARKERS | frozenset([
    "add_task", "add_api_route", "add_event_handler", "add_exception_handler", "add_middleware", "Middleware",
    "FastAPI", "APIRouter", "BackgroundTask",
])
"""What calls a coroutine function as well as a function: FastAPI's own."""
_LOOKING = frozenset([
    "bool", "cast", "getattr", "hasattr", "id", "isinstance", "print", "repr", "setattr", "str", "type",
])
"""What takes any object and does not call it."""
_STREAMING = frozenset(["EventSourceResponse", "StreamingResponse"])
_COMMON = frozenset([
    "add", "all", "append", "clear", "close", "commit", "copy", "count", "create", "delete", "execute", "exists",
    "filter", "find", "first", "get", "index", "insert", "items", "join", "keys", "list", "load", "merge", "open",
    "options", "order_by", "patch", "pop", "post", "put", "read", "refresh", "remove", "replace", "run", "save",
    "scalar", "scalars", "search", "send", "set", "start", "stop", "update", "validate", "values", "write",
])
"""Names of methods that many objects have: a receiver of unknown type may well be none in question."""
# fmt: on


class Use(Struct, frozen=True, eq=False):
    """One use of a function: what changes there, who is the caller, or why it cannot go on."""

    change: Change | None = None
    caller: Function | None = None
    obstacle: Obstacle | None = None


class Callers:
    """Finds uses; all of one name are looked up at once."""

    def __init__(self, project: Project, flow: SessionFlow) -> None:
        self.project = project
        self.flow = flow
        self._named: dict[str, dict[Function, list[Sighting]]] = {}
        self._unclear: dict[str, list[Sighting]] = {}
        """The calls by each name whose receivers are not known, in order."""
        self._strangers = Strangers(project, flow.types)

    def of(self, function: Function) -> Iterator[Use]:
        """Every use of a function outside of its own definition; of those that nobody can tell, the first."""
        name = function.name
        if function.is_method and name in ENTERING:
            yield from self._entered(function)
            return
        if function.is_method and name == "__call__":
            yield from self._instances_called(function)
        if name not in self._named:
            self._search(name)
        for sighting in self._named[name].get(function, ()):
            fixture, manager = self._given_by(sighting), self._manager(sighting)
            if fixture is not None:
                yield from self._used_in_tests(function, fixture)
            elif manager is not None:
                yield from self._managed(function, sighting, *manager)
            else:
                yield self._use(function, sighting)
        yield from self._unclear_use(function)
        yield from self._patched(name)
        yield from self._started(function)
        if isinstance(function.parent, Class):
            yield from self._dispatched(function, function.parent)

    def _unclear_use(self, function: Function) -> Iterator[Use]:
        """The first call that may be of a method, as nobody can tell what it is of."""
        name, owner = function.name, function.parent
        if isinstance(owner, Class) and not name.startswith("__"):
            for unclear in self._unclear[name]:
                if name not in _COMMON or self._strangers.may_be(function, unclear):
                    written = unclear.module.slice(unclear.node)
                    text = f"nobody can tell whether `{written}()` calls that of `{owner.name}`"
                    yield Use(obstacle=Obstacle(unclear.module, unclear.node, text))
                    return

    def _dispatched(self, method: Function, owner: Class) -> Iterator[Use]:
        """Being called by a name that is only made there: `getattr(self, f"handle_{kind}")(event)`."""
        for dispatch in self._dispatches:
            if dispatch.pattern.fullmatch(method.name) and self.project.resolver.are_related(dispatch.class_, owner):
                text = f"`{dispatch.module.slice(dispatch.call)}` may give `{method.name}`, which is not awaited there"
                yield Use(obstacle=Obstacle(dispatch.module, dispatch.call, text))

    @cached_property
    def _dispatches(self) -> list[Dispatch]:
        return list(dispatches(self.project, self.flow.types))

    def _started(self, function: Function) -> Iterator[Use]:
        """Being the command of a program, as `[project.scripts]` says: nothing awaits it."""
        for file in self.project.text_files.all if function.enclosing.is_module else ():
            if any(member_mentions(file, function.module, function.name)):
                text = f"`{function.name}` is started by what {file.name} says"
                yield Use(obstacle=Obstacle(function.module, function.node, text))

    def _given_by(self, sighting: Sighting) -> str | None:
        """What tests call the fixture that gives them a function of its own: `return make_user`."""
        owner, fixtures = sighting.scope.owner, self.project.fixtures
        if not isinstance(sighting.parent, (o.Return, o.Yield)) or not isinstance(owner, Function):
            return None
        name = fixtures.name_of(owner) if fixtures.is_fixture(owner) else ""
        return name if name and sum(fixture.name == name for fixture in fixtures.all) == 1 else None

    def _manager(self, sighting: Sighting) -> tuple[str, o.Call] | None:
        """What a generator is called as a context manager, and what makes it one: `opened = contextmanager(get_db)`."""
        match sighting.parents[-3:]:
            case (o.Assign(targets=(o.Name(id=name),)), o.Call(func=func, args=(_,)) as call, o.Arg()):
                scope = sighting.scope
                is_one = scope.is_module and len(scope.bindings[name]) == 1
                if is_one and self.project.resolver.is_from(scope, func, "contextlib", "contextmanager"):
                    return name, call
        return None

    def _managed(self, function: Function, made: Sighting, name: str, call: o.Call) -> Iterator[Use]:
        """Every use of a generator under the name of its context manager."""
        yield Use(Change("manager", made.module, call.func))
        for word in self._names_of(name):
            for sighting in self.project.references.sightings(word):
                symbol = self.project.resolver.resolve(sighting.scope, sighting.node)
                is_it = isinstance(symbol, Variable) and symbol.module is made.module and symbol.name == name
                if is_it and not isinstance(sighting.parent, o.Assign):
                    yield self._use(function, sighting, is_managed=True)

    def _used_in_tests(self, function: Function, name: str) -> Iterator[Use]:
        """Every use of what a fixture gives, by the parameters that bear its name."""
        for module in self.project.references.mentioning(name):
            for sighting in search(module, name) if self.project.purposes.of(module) == "test" else ():
                is_name = isinstance(sighting.node, o.Name) and sighting.node.id == name
                found = sighting.scope.lookup(name) if is_name else None
                if found is not None and any(isinstance(binding.node, o.Param) for binding in found[1]):
                    yield self._use(function, sighting)

    def _instances_called(self, method: Function) -> Iterator[Use]:
        """Every `GetUser(db)(id)`, and every object of the class that is passed to what may call it."""
        types = self.flow.types
        for sighting, call in self._all_calls:
            parents, callee = sighting.outwards, types.callee(sighting.scope, call.func)
            if isinstance(callee, Type) and types.function(callee) is method:
                yield self._call(method, sighting, call, parents)
            if isinstance(callee, (Class, Function)) or leaf(call.func) in _LOOKING or self._is_taken((call, *parents)):
                continue
            for arg in call.args:
                if types.function(types.of(sighting.scope, arg.value)) is method:
                    module = sighting.module
                    what, where = module.slice(arg.value), " ".join(module.slice(call.func).split())
                    text = f"`{what}` is passed to `{where}()`, which may not await it"
                    yield Use(obstacle=Obstacle(module, arg, text))

    @cached_property
    def _all_calls(self) -> list[tuple[Sighting, o.Call]]:
        return [
            (sighting, sighting.node)
            for module in self.project.modules
            for sighting in around(module, (match.start() for match in re.finditer(r"\(", module.text)))
            if isinstance(sighting.node, o.Call)
        ]

    def _entered(self, method: Function) -> Iterator[Use]:
        """Every `with` that enters an object of a class with this method, or may; any other use is in the way."""
        owner = method.parent
        assert isinstance(owner, Class)
        for sighting in self.project.references.sightings(method.name):
            if isinstance(sighting.node, o.Attribute) and sighting.node.attr == method.name:
                yield self._entered_by_name(method, sighting, sighting.node)
        if method.name == "__exit__":
            return  # What is left is entered first.
        unclear: list[tuple[Sighting, o.WithItem]] = []
        names: set[str] = set()
        for sighting, item in self._items:
            type_ = self.flow.types.of(sighting.scope, item.value)
            if type_ is None and leaf(item.value):
                unclear.append((sighting, item))
            if (
                type_ is None
                or not isinstance(type_.symbol, Class)
                or not self.project.resolver.are_related(type_.symbol, owner)
            ):
                continue
            names.add(leaf(item.value))
            module, parents = sighting.module, (sighting.node, *sighting.outwards)
            reason = hindrance(item, parents, sighting.scope)
            if reason is not None:
                text = f"`{type_.name}` is entered {reason}, where nothing can be awaited"
                yield Use(obstacle=Obstacle(module, item, text))
            else:
                yield Use(Change("enter", module, item, parents), sighting.scope.function)
        for sighting, item in unclear:
            if leaf(item.value) in names:
                text = f"nobody can tell whether `{sighting.module.slice(item.value)}` is a `{owner.name}`"
                yield Use(obstacle=Obstacle(sighting.module, item, text))

    def _entered_by_name(self, method: Function, sighting: Sighting, node: o.Attribute) -> Use:
        """`super().__exit__(*args)`, which is awaited under the other name."""
        meant, call, scope = self._meant(sighting), sighting.call, sighting.scope
        if meant is not None and meant is not method:
            return Use()
        if meant is method and call is not None and isinstance(scope.owner, Function):
            parents = sighting.outwards[1:]
            if hindrance(call, parents, scope) is None:
                return Use(Change("reenter", scope.module, call, parents), scope.owner)
        text = f"`{scope.module.slice(node)}` is called or passed by its name, not entered by `with`"
        return Use(obstacle=Obstacle(scope.module, node, text))

    @cached_property
    def _items(self) -> list[tuple[Sighting, o.WithItem]]:
        """Everything that a `with` of the application enters."""
        return [
            (sighting, item)
            for module in self.project.modules
            for sighting in search(module, "with")
            if isinstance(sighting.node, o.With) and not sighting.node.is_async
            for item in sighting.node.items
        ]

    def undecorating(self, decorator: Function) -> Iterator[Obstacle]:
        """Every use of a decorator that does not stand above a function."""
        if decorator.name not in self._named:
            self._search(decorator.name)
        for sighting in self._named[decorator.name].get(decorator, ()):
            above = [type(parent) for parent in sighting.parents[-3:]]
            if above[-2:] == [o.FunctionDef, o.Decorator] or above == [o.FunctionDef, o.Decorator, o.Call]:
                continue
            text = f"`{decorator.name}` is put around what nobody knows"
            yield Obstacle(sighting.module, sighting.node, text)

    def overrides(self, method: Function) -> Iterator[Function]:
        """The methods of the same name above and below the class, and of protocols that it serves as."""
        owner = method.parent
        assert isinstance(owner, Class)
        owners = self._owners_of(method.name)
        related = {*self.project.resolver.mro(owner), *self.project.model_attributes.families.get(owner, ())}
        protocols = owners if owner in self._protocols else self._protocols & owners.keys()
        related.update(other for other in protocols if self._serves(owner, other))
        found = (other for class_ in related if isinstance(class_, Class) for other in owners.get(class_, ()))
        yield from sorted((other for other in found if other is not method), key=_order)

    @kept
    def _owners_of(self, name: str) -> dict[Class, list[Function]]:
        """The methods of a name by their classes."""
        return grouped(
            (method.parent, method) for method in self.project.methods.get(name, ()) if isinstance(method.parent, Class)
        )

    def _serves(self, one: Class, other: Class) -> bool:
        """Whether one of the classes is a protocol all of whose methods the other has."""
        protocol, class_ = (one, other) if one in self._protocols else (other, one)
        return {m.name for m in protocol.methods} <= {m.name for m in class_.methods}

    @cached_property
    def _protocols(self) -> frozenset[Class]:
        bases = self.project.resolver.bases
        return frozenset(
            class_
            for class_ in self.project.classes
            if any(isinstance(base, External) and base.is_from("typing", "Protocol") for base in bases(class_))
        )

    # --- looking -----------------------------------------------------------------------------------

    def _search(self, name: str) -> None:
        found = self._named[name] = {}
        unclear: list[Sighting] = []
        for word in self._names_of(name):
            for sighting in self.project.references.sightings(word):
                node = sighting.node
                if o.last_name(node) == word:
                    meant = self._meant(sighting)
                    if meant is None and word == name and self._may_be_method(sighting):
                        unclear.append(sighting)
                else:
                    meant = self._looked_up(sighting, word) if o.text(node) == word else None
                if meant is not None:
                    found.setdefault(meant, []).append(sighting)
        self._unclear[name] = sorted(unclear, key=lambda each: (each.module.path, each.node.start))

    def _names_of(self, name: str) -> list[str]:
        """A name, and what imports call the same thing."""
        found = [name]
        for known in found:
            found.extend(sorted(self.flow.other_names.get(known, set()).difference(found)))
        return found

    def _meant(self, sighting: Sighting) -> Function | None:
        callee = self.flow.types.callee(sighting.scope, sighting.node)
        if isinstance(callee, Function):
            return callee
        symbol = self.project.resolver.resolve(sighting.scope, sighting.node)
        return symbol if isinstance(symbol, Function) else None

    def _looked_up(self, sighting: Sighting, name: str) -> Function | None:
        """The method that `getattr(repository, "name")` gives."""
        call = sighting.parents[-2] if len(sighting.parents) > 1 else None
        if not isinstance(call, o.Call) or leaf(call.func) != "getattr" or len(call.args) < 2:
            return None
        type_ = self.flow.types.of(sighting.scope, call.args[0].value)
        owner = None if type_ is None else type_.symbol
        found = self.project.resolver.class_member(owner, name) if isinstance(owner, Class) else None
        return found if isinstance(found, Function) else None

    def _may_be_method(self, sighting: Sighting) -> bool:
        """Whether an attribute may be a method of an object that nothing is known of."""
        node, scope = sighting.node, sighting.scope
        if not isinstance(node, o.Attribute) or sighting.call is None or leaf(node.value) == "metadata":
            return False
        type_ = self.flow.types.of(scope, node.value)
        is_told = type_ is not None and not type_.is_standard("Any", "object")
        if is_told or (type_ is None and isinstance(self.flow.types.callee(scope, node), LibraryMethod)):
            return False
        symbol = self.project.resolver.resolve(scope, node.value)
        return isinstance(symbol, (Variable, Parameter, Member)) or symbol is None

    # --- judging -----------------------------------------------------------------------------------

    def _use(self, function: Function, sighting: Sighting, *, is_managed: bool = False) -> Use:
        parents, parent, module = sighting.outwards, sighting.parent, sighting.module
        if sighting.call is not None:
            return self._call(function, sighting, sighting.call, parents[1:], is_managed=is_managed)
        awaited = threaded(self.project.resolver, sighting.scope, sighting.node, parents)
        if awaited is not None and not function.node.is_generator:
            return Use(Change("unthread", module, awaited, parents[2:]), sighting.scope.function)
        if self._is_taken(parents):
            return Use()
        call = next((p for p in parents[:4] if isinstance(p, o.Call)), None)
        name = f"`{function.name}`"
        if call is not None:
            text = f"{name} is passed to `{' '.join(module.slice(call.func).split())}()`, which may not await it"
        elif (isinstance(parent, o.Attribute) and parent.attr.startswith("__")) or _annotates(sighting):
            return Use()
        else:
            text = f"{name} is used without being called"
        return Use(obstacle=Obstacle(module, sighting.node, text))

    def _is_taken(self, parents: Sequence[o.Node]) -> bool:
        """Whether a coroutine function may be given there in place of a function."""
        for parent in parents:
            if isinstance(parent, (o.Arg, o.Collection, o.Dict)):
                continue
            if isinstance(parent, o.Call):
                func = parent.func
                registers = isinstance(func, o.Call) and isinstance(func.func, o.Attribute)
                return registers or leaf(func) in _TAKES_COROUTINES or is_override(parents)
            return is_override(parents)
        return False

    def _call(
        self,
        function: Function,
        sighting: Sighting,
        call: o.Call,
        parents: Sequence[o.Node],
        *,
        is_managed: bool = False,
    ) -> Use:
        module, scope = sighting.module, sighting.scope
        is_managed = is_managed or "contextmanager" in function.decorator_names
        kind, node = self._kind(function, call, parents, is_managed=is_managed)
        if kind is None and _is_streamed(parents):
            return Use()
        if kind is None:
            text = f"`{function.name}()` is neither iterated nor entered there"
            return Use(obstacle=Obstacle(module, call, text))
        if kind == "iterate" and isinstance(node, o.For) and _may_leave(node) and _cleans_up(function):
            text = f"the loop over `{function.name}()` may end early, and what that does at its end would be done later"
            return Use(obstacle=Obstacle(module, call, text))
        if isinstance(parents[0] if parents else None, o.Await):
            return Use(caller=scope.function)
        around = tuple(parents[parents.index(node) + 1 :]) if node is not call else tuple(parents)
        change = Change(kind, module, node, around)
        reason = hindrance(node, around, scope)
        elsewhere = self.flow.starting.kind(module, around, scope) if kind == "await" else None
        if elsewhere is not None:
            return Use(Change(elsewhere, module, node, around))
        if reason is not None:
            if kind == "await" and _is_main(around) and scope.owner is None:
                if self.project.purposes.of(module) != "application":
                    return Use(obstacle=Obstacle(module, call, "a script stays synchronous"))
                return Use(Change("run", module, node, around))
            tests = self.flow.starting.why_not(module, around, scope) if kind == "await" else ""
            text = f"`{function.name}()` is called {reason}, where nothing can be awaited{tests}"
            return Use(obstacle=Obstacle(module, call, text))
        return Use(change, scope.function)

    def _kind(
        self, function: Function, call: o.Call, parents: Sequence[o.Node], *, is_managed: bool
    ) -> tuple[Kind | None, o.Node]:
        """What becomes of a call: awaited, or for what yields, entered or iterated."""
        if not function.node.is_generator:
            return "await", call
        parent = parents[0] if parents else None
        if is_managed:
            return ("enter", parent) if isinstance(parent, o.WithItem) else (None, call)
        if isinstance(parent, (o.For, o.Generator)) and parent.iter is call:
            return "iterate", parent
        if isinstance(parent, o.Arg) and len(parents) > 1:
            outer = parents[1]
            if isinstance(outer, o.Call) and leaf(outer.func) == "next" and len(outer.args) == 1:
                return "anext", outer
        if is_consumed(call, parents):
            return "collect", call
        return None, call

    @kept
    def _patched(self, name: str) -> list[Use]:
        """Tests that put a plain function in its place: `monkeypatch.setattr(module, "name", fake)`."""
        pattern = re.compile(
            rf"""(?:setattr\([^()]*|patch(?:\.object)?\([^()]*)["'](?:[\w.]+\.)?{re.escape(name)}["']\s*,(?!\s*(?:return_value|side_effect|autospec|spec)\b)"""
        )
        modules = (
            each for each in self.project.references.mentioning(name) if self.project.purposes.of(each) == "test"
        )
        found = ((module, match) for module in modules if (match := pattern.search(module.text)) is not None)
        text = f"a test puts something in place of `{name}` that may be no coroutine function"
        return [Use(obstacle=Obstacle(module, o.Name(*match.span(), name), text)) for module, match in found]


def _may_leave(loop: o.For) -> bool:
    """Whether a loop may end before what it iterates over does."""
    return any(
        isinstance(node, o.Return) or (isinstance(node, o.Simple) and node.keyword == "break")
        for node in statements(loop.body)
    )


def _cleans_up(generator: Function) -> bool:
    """Whether a generator does something when it is closed, besides closing its session."""
    final = (node.final for node in statements(generator.scope.body) if isinstance(node, o.Try))
    return any(
        not (isinstance(node, o.ExprStatement) and leaf(o.called(node.value)) in ("close", "rollback"))
        for body in final
        for node in body
    )


def _order(function: Function) -> tuple[str, int]:
    return function.module.path, function.node.start


def _is_streamed(parents: Sequence[o.Node]) -> bool:
    """Whether a generator is what `StreamingResponse(lines())` sends, which takes an asynchronous one as well."""
    call = parents[1] if len(parents) > 1 and isinstance(parents[0], o.Arg) else None
    return isinstance(call, o.Call) and leaf(call.func) in _STREAMING


def _annotates(sighting: Sighting) -> bool:
    """Whether a name is part of an annotation: `list[User]` in a class that has a method `list`."""
    hints: list[o.Node | None] = []
    for parent in sighting.parents:
        if isinstance(parent, (o.Param, o.AnnAssign)):
            hints.append(parent.annotation)
        elif isinstance(parent, o.FunctionDef):
            hints.append(parent.returns)
    return any(hint is not None and hint.start <= sighting.node.start < hint.end for hint in hints)


def _is_main(parents: Sequence[o.Node]) -> bool:
    """Whether a statement is one of those under `if __name__ == "__main__":`."""
    return len(parents) == 2 and isinstance(parents[0], o.ExprStatement) and is_main_guard(parents[1])
