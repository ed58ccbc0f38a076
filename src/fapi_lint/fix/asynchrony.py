"""Functions and their sessions made asynchronous: one closure at once, in all of its files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import pairwise

from fapi_lint.fix.async_engine import SQLMODEL_SESSION, Makers
from fapi_lint.fix.awaiting import is_continued
from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.bulk import synchronised
from fapi_lint.fix.eager import Unloadable, eager_edits
from fapi_lint.fix.edit import Edit, Fix, Refusal, count
from fapi_lint.fix.imports import spell_member
from fapi_lint.fix.insertions import Insertions
from fapi_lint.fix.requirements import asyncio_extra, asyncio_plugin, requires
from fapi_lint.fix.starting import Started
from fapi_lint.fix.text import (
    indent_unit,
    indentation_at,
    insert_keyword,
    newline,
    quote,
    remove_statement,
    replace,
)
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.asynchrony.awaiting import ENTERING, generators_around
from fapi_lint.project.asynchrony.closure import AWAITING, Closure
from fapi_lint.project.asynchrony.flow import Change
from fapi_lint.project.asynchrony.roles import ASYNC_CLASSES, STREAMS
from fapi_lint.project.asynchrony.surroundings import is_target, parameter
from fapi_lint.project.asynchrony.threads import position
from fapi_lint.project.module import Module
from fapi_lint.project.objects.lazy_loads import LazyLoad
from fapi_lint.project.project import Project
from fapi_lint.project.search import around, places
from fapi_lint.project.symbols import Class, External, Function, Namespace, Scope
from fapi_lint.project.tests import AsyncTest
from fapi_lint.project.traversal import paths

_GENERATORS = {
    "Generator": "AsyncGenerator",
    "Iterator": "AsyncIterator",
    "Iterable": "AsyncIterable",
}

_MANAGER = "contextlib.asynccontextmanager"
_RENAMING = frozenset(["class", "engine", "maker", "session"])
"""The changes that leave another name where one was."""
_MOCKS = frozenset(["Mock", "MagicMock", "NonCallableMock", "NonCallableMagicMock"])
_QUOTED = re.compile(r"""["']([\w.]+)["']""")
_LOOPS = frozenset(["asyncio.get_event_loop", "asyncio.get_running_loop"])


class Conversion:
    """The edits for what becomes asynchronous."""

    def __init__(self, project: Project, closure: Closure) -> None:
        self.project = project
        self.closure = closure
        self.insertions = Insertions()
        self.made = FixBuilder()
        self.makers = Makers(project, self.made)
        self.has_async_tests = False
        self.touching = [part.function for part in closure.parts if part.function is not None]
        tests, closures = project.tests, project.async_closures
        self.shares_loop = tests.marker == "asyncio" and (tests.shares_loop or closures.outlives_tests)

    def fix(self) -> Fix | Refusal:
        eager = self.loaded()
        if isinstance(eager, Refusal):
            return eager
        closure = self.closure
        for change in closure.changes:
            self.change(change)
        for function in closure.functions:
            self.function(function)
        if any(change.kind in ("maker", "session") for change in closure.changes):
            self.made.add(*synchronised(self.project, dict.fromkeys([*closure.functions, *self.touching])))
        moved = Started(self.project.async_closures.flow.starting.application, _statement, self.made)
        moved.move([change for change in closure.changes if change.kind in ("at_start", "at_once")])
        self.loops()
        self.requirements()
        self.made.add(*self.insertions.edits())
        self.made.take(eager)
        if _overlap(self.made.edits):
            return Refusal("what has to be loaded and what has to be awaited are written in one place")
        return self.made.fix(self.title(len({edit.path for edit in self.made.edits if edit.path.endswith(".py")})))

    def loaded(self) -> FixBuilder | Refusal:
        """What has to be loaded with its query, because nothing can be awaited where it is read; why it cannot be."""
        functions = {*self.closure.functions, *self.touching}
        loads = self.project.lazy_loads.if_async(functions)
        for load in list(loads):
            if load.obstacle is not None and self.is_of_test(load):
                loads.remove(load)
            elif load.obstacle is not None:
                return Refusal(f"{self.where(load.read.path, load.read.start)} reads `{load.name}`: {load.obstacle}")
        doubt = self.project.lazy_loads.doubt_if_async(functions)
        if doubt is not None:
            return Refusal(f"{doubt.reason} ({self.where(doubt.place.path, doubt.place.start)})")
        eager = eager_edits(self.project, loads)
        if isinstance(eager, Unloadable):
            eager = eager_edits(self.project, [load for load in loads if not self.is_of_test(load)])
        if isinstance(eager, Unloadable):
            at = eager.load.place
            return Refusal(f"`{eager.load.name}` must be loaded at {self.where(at.path, at.start)}: {eager.reason}")
        return eager

    def is_of_test(self, load: LazyLoad) -> bool:
        """Whether a test reads it: where nothing loads that, the test fails when it runs, which is seen."""
        return self.project.purposes.of(self.project.by_path[load.read.path]) == "test"

    def where(self, path: str, start: int) -> str:
        return self.project.by_path[path].where(start)

    def title(self, files: int) -> str:
        number = len(self.closure.functions)
        kinds = {change.kind for change in self.closure.changes}
        title = f"Make {count(number, 'function')} in {count(files, 'file')} asynchronous"
        if kinds & {"engine", "maker", "session", "class"}:
            title += ", with their sessions"
        if "at_start" in kinds:
            title += "; what was done as a module was loaded is done as the application starts"
        if kinds & {"maker", "session"}:
            title += "; objects keep their values after a commit"
        if not self.makers.names_driver:
            title += "; the URL must name an async driver"
        if self.makers.installs:
            title += f"; `{self.makers.installs}` must be installed"
        if "engine" in kinds and any("TestClient(" in module.text for module in self.project.tests.modules):
            title += "; tests with more than one event loop need `poolclass=NullPool`"
        if "engine" in kinds and not self.project.text_files.all:
            title += "; SQLAlchemy must be required as `sqlalchemy[asyncio]`"
        title += self.plugin()
        if mock := self.first_mock():
            title += f"; tests that mock a session must be adapted by hand ({mock})"
        if lazy := self.first_lazy():
            title += f"; tests that read relationships must load them by hand ({lazy})"
        return title

    def plugin(self) -> str:
        """What the tests need installed that no file of requirements will name."""
        if not self.has_async_tests or self.project.tests.marker != "asyncio":
            return ""
        versions = self.project.versions
        if self.shares_loop and (versions.pytest_asyncio.is_below(0, 24) or versions.pytest.is_below(8, 2)):
            return "; `loop_scope` needs pytest-asyncio 0.24"
        is_named = requires(self.project, "pytest[-_]asyncio") or any(asyncio_plugin(self.project))
        return "" if is_named else "; pytest-asyncio must be installed"

    def first_mock(self) -> str:
        """Where a test puts something in the place of a session or an engine, if one does: by a name that no longer is
        there, `patch("app.start.Session")`, or as an argument, `init(MagicMock())`, `Users(MagicMock()).get(1)`."""
        made = [(c.module, getattr(c.node, "func", c.node)) for c in self.closure.changes if c.kind in _RENAMING]
        names = {f"{module.name}.{o.dotted(node)}" for module, node in made if isinstance(node, o.Name)}
        for module in self.project.tests.modules if names else ():
            for match in _QUOTED.finditer(module.text):
                if match[1] in names:
                    return self.where(module.path, match.start())
            calls = {c.node.start for c in self.closure.changes if c.kind == "await" and c.module is module}
            for sighting in around(module, calls if "Mock" in module.text else ()):
                call = sighting.node
                if isinstance(call, o.Call) and call.start in calls:
                    for arg in self.mocks(call, sighting.scope):
                        return self.where(module.path, arg.value.start)
            tests = (each for each in self.closure.functions if each.module is module and "Mock" in module.text)
            for test in tests:
                for call, _ in paths(test.scope.body, o.Call):
                    if isinstance(self.project.types.callee(test.scope, call.func), Class):
                        for arg in self.mocks(call, test.scope):
                            return self.where(module.path, arg.value.start)
        return ""

    def first_lazy(self) -> str:
        """Where a test that becomes asynchronous may read a relationship that nothing loads, if one does."""
        names, resolver = self.project.lazy_loads.objects.doubts.names, self.project.resolver
        for function in self.closure.functions if names else ():
            if self.project.purposes.of(function.module) != "test":
                continue
            for node, above in paths(function.scope.body, o.Attribute):
                called = above is not None and isinstance(above[0], o.Call) and above[0].func is node
                if node.attr in names and not called and not is_target(node, above) and o.dotted(node.value) != "self":
                    owner = resolver.resolve(function.scope, node.value)
                    if not isinstance(owner, (Class, External, Module, Namespace)):
                        return self.where(function.module.path, node.start)
        return ""

    def mocks(self, call: o.Call, scope: Scope) -> Iterator[o.Arg]:
        """The arguments that are mocks, for parameters whose type becomes an asynchronous one."""
        callee = self.project.types.callee(scope, call.func)
        if isinstance(callee, Class):
            init = self.project.resolver.class_member(callee, "__init__")
            callee = init if isinstance(init, Function) else None
        if isinstance(callee, Function):
            hints = [c.node.start for c in self.closure.changes if c.kind == "class" and c.module is callee.module]
            for arg in call.args:
                given, param = self.project.types.of(scope, arg.value), parameter(callee, call, arg, 0)
                hint = param.annotation if param is not None else None
                if given is None or hint is None or given.name not in _MOCKS:
                    continue
                if any(hint.start <= start < hint.end for start in hints):
                    yield arg

    # --- calls -------------------------------------------------------------------------------------

    def change(self, change: Change) -> None:
        module, node = change.module, change.node
        if change.kind in AWAITING | {"iterate", "reenter"}:
            for generator in generators_around(node, change.parents):
                self.listed(module, generator)
        match change.kind:
            case "await":
                self.awaited(change)
            case "anext":
                assert isinstance(node, o.Call)
                self.awaited(change)
                self.made.add(replace(module, node.func, "anext"))
            case "enter":
                statement = change.parents[0]
                self.insertions.around(module, statement.start, statement.start, "async ")
            case "manager":
                self.made.rename(module, node, _MANAGER)
            case "reenter" | "stream":
                assert isinstance(node, o.Call)
                assert isinstance(node.func, o.Attribute)
                self.awaited(change)
                start, name = node.func.attr_start, node.func.attr
                text = (ENTERING if change.kind == "reenter" else STREAMS)[name]
                self.made.add(Edit(module.path, start, start + len(name), text))
            case "collect":
                self.collected(change)
            case "iterate":
                self.insertions.around(module, node.start, node.start, "async ")
            case "run":
                spelled = self.made.write(spell_member(module, "asyncio.run", node.start))
                self.insertions.around(module, node.start, node.end, f"{spelled}(", ")")
            case "class":
                self.class_(module, node)
            case "engine" | "maker" | "session":
                self.makers.change(change, self.scope(change))
            case "sync_engine" | "sync_session" | "sync_connection":
                self.insertions.around(module, node.start, node.end, "", f".{change.kind}")
            case "dynamic":
                self.dynamic(change)
            case "create_all":
                self.create_all(module, node)
            case "run_sync":
                self.run_sync(module, node)
            case "method":
                self.awaited(change)
                self.method(module, node)
            case "unthread":
                self.unthread(module, node)

    def scope(self, change: Change) -> Scope:
        return self._scopes.get(change, change.module.scope)

    @cached_property
    def _scopes(self) -> dict[Change, Scope]:
        """The scopes of the parts that the changes are in; in several, that of the first."""
        return {change: part.scope for part in reversed(self.closure.parts) for change in part.changes}

    def listed(self, module: Module, generator: o.Comprehension) -> None:
        """A generator expression as a list; those of an argument are the parentheses of the call."""
        text, start, end = module.text, generator.start, generator.end
        opening, closing = len(text[:start].rstrip()) - 1, len(text) - len(text[end:].lstrip())
        if text[: opening + 1].endswith("= (") and text[closing] == ")":
            self.made.add(Edit(module.path, opening, opening + 1, "["), Edit(module.path, closing, closing + 1, "]"))
        else:
            self.insertions.around(module, start, end, "[", "]", rank=2)

    def awaited(self, change: Change) -> None:
        node = change.node
        parent = change.parents[0] if change.parents else None
        # A parent that starts before the call has its parentheses already.
        if parent is not None and is_continued(node, parent) and parent.start == node.start:
            self.insertions.around(change.module, node.start, node.end, "(await ", ")", rank=1)
        else:
            self.insertions.around(change.module, node.start, node.end, "await ", rank=1)

    def collected(self, change: Change) -> None:
        """`list(rows(db))`, `sorted(rows(db))`: all that an asynchronous generator gives."""
        module, node, outer = change.module, change.node, change.parents[1] if len(change.parents) > 1 else None
        start, end = node.start, node.end
        if isinstance(outer, o.Call) and o.dotted(outer.func) == "list":
            start, end = outer.start, outer.end
            self.made.add(Edit(module.path, start, node.start, ""), Edit(module.path, node.end, end, ""))
        self.insertions.around(module, node.start, node.end, "[item async for item in ", "]", rank=1)

    def class_(self, module: Module, node: o.Node) -> None:
        """A synchronous class named."""
        symbol = self.project.resolver.external(module.scope, node)
        name = o.dotted(node).rpartition(".")[2] if symbol is None else symbol.name
        root = o.dotted(node).partition(".")[0]
        target = ASYNC_CLASSES[name]
        if name == "Session" and symbol is not None and symbol.package == "sqlmodel":
            target = SQLMODEL_SESSION
        guarded = any(binding.type_checking for binding in module.scope.bindings.get(root, ()))
        self.made.rename(module, node, target, type_checking=guarded)

    def dynamic(self, change: Change) -> None:
        """The statement of a dynamic relationship's query, executed by the session."""
        module, node, parents = change.module, change.node, change.parents
        session, method = change.detail
        if method == "count":
            call = parents[1]
            select, func = (self.made.spell(module, f"sqlalchemy.{name}", node.start) for name in ("select", "func"))
            self.insertions.around(
                module, node.start, node.end, f"await {session}.scalar({select}({func}.count()).select_from("
            )
            self.made.add(Edit(module.path, node.end, call.end, ".statement.subquery()))"))
            return
        tail = ".limit(1).statement" if method == "first" else ".statement"
        if method:
            self.insertions.around(module, node.start, node.end, f"(await {session}.scalars(", f"{tail}))")
        else:
            self.insertions.around(module, node.start, node.end, f"await {session}.scalars(", f"{tail})")

    def create_all(self, module: Module, node: o.Node) -> None:
        """`Base.metadata.create_all(engine)`: over a connection, as synchronous code."""
        assert isinstance(node, o.Call)
        outer = newline(module.text) + indentation_at(module.text, node.start)
        self.made.add(replace(module, node, outer.join(_create_all(module, node))))

    def run_sync(self, module: Module, node: o.Node) -> None:
        assert isinstance(node, o.Call)
        connection, rest = _bound(module, node)
        text = f"await {connection}.run_sync({', '.join([module.slice(node.func), *rest])})"
        self.made.add(replace(module, node, text))

    def method(self, module: Module, node: o.Node) -> None:
        """`db.bulk_save_objects(users)`: the method of the synchronous session is run with what it is given."""
        assert isinstance(node, o.Call)
        assert isinstance(node.func, o.Attribute)
        session = self.made.spell(module, "sqlalchemy.orm.Session", node.start)
        space = module.text[node.open : node.args[0].start]
        before, after = ("", " ") if space.strip() or not space else (space, "")
        text = f"run_sync({before}{session}.{node.func.attr},{after}"
        self.made.add(Edit(module.path, node.func.attr_start, node.open, text))

    def unthread(self, module: Module, node: o.Node) -> None:
        """`await run_in_threadpool(f, 1)`: `f(1)` is what is awaited now."""
        assert isinstance(node, o.Call)
        index, text = position(node), module.text
        function, rest = node.args[index], node.args[index + 1 :]
        space = text[node.open : node.args[0].start]
        end = rest[0].start if rest else node.end
        self.made.add(Edit(module.path, node.start, function.start, ""))
        self.made.add(Edit(module.path, function.end, end, f"({space}" if rest else "()"))
        self.made.forget(module, node.func)

    def loops(self) -> None:
        """`loop = asyncio.get_running_loop()` goes where only threads needed it, whose functions are awaited now."""
        needing: Counter[tuple[Scope, str]] = Counter()
        for change in self.closure.changes:
            func = change.node.func if change.kind == "unthread" and isinstance(change.node, o.Call) else None
            if isinstance(func, o.Attribute) and isinstance(func.value, o.Name):
                *_, inmost = around(change.module, [func.start])
                needing[inmost.scope, func.value.id] += 1
        for (scope, name), uses in needing.items():
            bound, module, owner = scope.bindings.get(name, ()), scope.module, scope.owner
            if len(bound) != 1 or not isinstance(owner, Function) or not isinstance(bound[0].value, o.Call):
                continue
            made = self.project.resolver.external(scope, bound[0].value.func)
            body = module.text[owner.node.body_start : owner.node.end]
            if made is not None and made.dotted in _LOOPS and len(list(places(body, name))) == uses + 1:
                self.made.add(remove_statement(module, bound[0].statement))
                self.made.forget(module, bound[0].value.func)

    # --- definitions -------------------------------------------------------------------------------

    def function(self, function: Function) -> None:
        module, node = function.module, function.node
        before = "async "
        if self.project.purposes.of(module) == "test":
            before = self.marker(function) + before
        self.insertions.around(module, node.start, node.start, before)
        if function.is_method and function.name in ENTERING:
            end = node.name_start + len(function.name)
            self.made.add(Edit(module.path, node.name_start, end, ENTERING[function.name]))
        if not node.is_generator:
            return
        for decorator in node.decorators:
            if o.dotted(decorator.value).rpartition(".")[2] == "contextmanager":
                self.made.rename(module, decorator.value, _MANAGER)
        self.returns(function)

    def returns(self, function: Function) -> None:
        """`Iterator[X]` of what becomes an asynchronous generator."""
        module, expr = function.module, parse_annotation(function.node.returns)
        base = expr.value if isinstance(expr, o.Subscript) else expr
        symbol = self.project.resolver.external(function.enclosing, base)
        if base is None or symbol is None or symbol.name not in _GENERATORS:
            return
        source = symbol.dotted.rpartition(".")[0]
        self.made.rename(module, base, f"{source}.{_GENERATORS[symbol.name]}")
        if symbol.name == "Generator" and isinstance(expr, o.Subscript) and len(expr.items) == 3:
            self.made.add(Edit(module.path, expr.items[1].end, expr.items[2].end, ""))

    # --- tests -------------------------------------------------------------------------------------

    def marker(self, function: Function) -> str:
        """What stands before a test or fixture so that pytest awaits it."""
        module, tests = function.module, self.project.tests
        if self.project.fixtures.is_fixture(function):
            if tests.marker == "asyncio" and not tests.runs_all(module):
                self.fixture(function)
                self.has_async_tests = True
            return ""
        if not function.name.startswith("test") or AsyncTest(self.project, function).may_run:
            return ""
        self.has_async_tests = True
        mark = f"@{self.made.write(spell_member(module, 'pytest.mark', function.node.start))}.{tests.marker}"
        if self.shares_loop:
            mark += f"(loop_scope={quote(module, 'session')})"
        return mark + newline(module.text) + indentation_at(module.text, function.node.start)

    def fixture(self, function: Function) -> None:
        """`@pytest_asyncio.fixture`: in strict mode pytest awaits no other."""
        module = function.module
        for decorator in function.node.decorators:
            value = decorator.func
            symbol = self.project.resolver.external(function.enclosing, value)
            if symbol is not None and symbol.dotted == "pytest.fixture":
                spelled = self.made.spell(module, "pytest_asyncio", value.start)
                self.made.add(replace(module, value, f"{spelled}.fixture"))
                self.made.forget(module, value)
                self.loop_scope(module, decorator.value)

    def loop_scope(self, module: Module, decorator: o.Expr) -> None:
        """A fixture that runs in the event loop of all tests."""
        if not self.shares_loop:
            return
        argument = f"loop_scope={quote(module, 'session')}"
        if isinstance(decorator, o.Call):
            self.made.add(insert_keyword(module, decorator, argument, after=("scope",)))
        else:
            self.made.add(Edit(module.path, decorator.end, decorator.end, f"({argument})"))

    # --- requirements ------------------------------------------------------------------------------

    def requirements(self) -> None:
        if any(change.kind in ("engine", "session") for change in self.closure.changes):
            self.made.add(*asyncio_extra(self.project))
        if self.has_async_tests and self.project.tests.marker == "asyncio":
            self.made.add(*asyncio_plugin(self.project))


def _bound(module: Module, call: o.Call) -> tuple[str, list[str]]:
    """What metadata is bound to, and the other arguments, as they are written."""
    bind = call.argument("bind", 0)
    assert bind is not None
    return module.slice(bind.value), [module.slice(arg) for arg in call.args if arg is not bind]


def _create_all(module: Module, node: o.Call) -> list[str]:
    engine, rest = _bound(module, node)
    run = f"await connection.run_sync({', '.join([module.slice(node.func), *rest])})"
    return [f"async with {engine}.begin() as connection:", indent_unit(module) + run]


def _statement(change: Change) -> list[str]:
    """What is written in a coroutine function for a call of a module's own body."""
    node = change.node
    assert isinstance(node, o.Call)
    if o.dotted(node.func).rpartition(".")[2] in ("create_all", "drop_all"):
        return _create_all(change.module, node)
    return [f"await {change.module.slice(node)}"]


def _overlap(edits: Iterable[Edit]) -> bool:
    """Whether two edits are about one place."""
    return any(
        one.path == other.path and (other.start < one.end or (one.start, one.end) == (other.start, other.end))
        for one, other in pairwise(sorted(edits))
    )
