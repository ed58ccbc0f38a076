"""Tests and fixtures as pytest finds them, and what makes it run a coroutine.

https://docs.pytest.org/en/stable/explanation/goodpractices.html#test-discovery has what is collected,
https://pytest-asyncio.readthedocs.io/ and https://anyio.readthedocs.io/en/stable/testing.html have what is awaited.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeGuard

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

Marker = Literal["asyncio", "anyio"]

_BACKEND = "anyio_backend"
_WEBSOCKET = ".websocket_connect("
_ASKING = re.compile(r"\b(?:usefixtures|getfixturevalue)\(([^)]*)")
_QUOTED = re.compile(r"""["'](\w+)["']""")
_RUNNERS = re.compile(r"asyncio|anyio|trio|twisted|tornado|curio")
LIFESPAN = re.compile(r"\b(?:lifespan|on_startup|on_shutdown)\b|\b(?:on_event|add_event_handler)\(")
"""What a file has that does something at the start or end of an application."""
_TAKES_OVER = frozenset(["pytest_pyfunc_call", "pytest_pycollect_makeitem", "pytest_runtest_call"])
_MAY_MARK = frozenset(
    ["pytest_collection_modifyitems", "pytest_itemcollected", "pytest_configure", "pytest_generate_tests"]
)
_NEUTRAL = ("abc", "builtins", "typing")
"""Packages whose classes say nothing about how tests run."""
_TEST_CASES = ("IsolatedAsyncioTestCase", "TestCase")
_TRANSPARENT = frozenset(["pytest", "unittest", "mock", "freezegun", "time_machine", "respx", "hypothesis"])
"""Packages whose decorators leave a coroutine function one that something else must run."""


class AsyncTest(Struct, eq=False, dict=True):
    """An `async def` that pytest collects as a test."""

    project: Project
    function: Function

    @property
    def module(self) -> Module:
        return self.function.module

    @property
    def name(self) -> str:
        return self.function.name

    @property
    def place(self) -> Place:
        node = self.function.node
        return Place(self.module.path, node.start, node.name_start + len(node.name))

    @cached_property
    def may_run(self) -> bool:
        """Whether something runs it, or nobody can tell."""
        tests, node = self.project.tests, self.function.node
        if self._is_run_by(self.function.enclosing, (decorator.value for decorator in node.decorators)):
            return True
        if self.is_of_test_case:
            return False
        return (
            tests.is_given_backend(self.function, self.module)
            or self._is_class_run()
            or tests.is_marked(self.module.scope, self.project.resolver.member(self.module, "pytestmark"))
            or tests.runs_all(self.module)
        )

    @cached_property
    def is_of_test_case(self) -> bool:
        """Whether it is a method of a `unittest.TestCase`, which calls it and awaits nothing."""
        resolver, class_ = self.project.resolver, self.function.parent
        if not isinstance(class_, Class) or not resolver.bases(class_):
            return False
        mro = resolver.mro(class_)
        if any(len(resolver.bases(each)) < len(each.node.bases) for each in mro if isinstance(each, Class)):
            return False
        foreign = [each for each in mro if isinstance(each, External) and each.package not in _NEUTRAL]
        return bool(foreign) and all(each.is_from("unittest", "TestCase") for each in foreign)

    def _is_class_run(self) -> bool:
        class_ = self.function.parent
        while isinstance(class_, Class):
            if self._is_run_in(class_):
                return True
            class_ = class_.parent
        return False

    def _is_run_in(self, class_: Class) -> bool:
        """Whether a class runs its tests and those of the classes in it, or nobody can tell."""
        tests = self.project.tests
        for base in self.project.resolver.mro(class_):
            if isinstance(base, External):
                if base.package not in _NEUTRAL:
                    return True  # unittest and others have their own ways
            elif self._is_run_by(base.enclosing, (decorator.value for decorator in base.node.decorators)):
                return True
            elif base.scope.bindings.get("pytestmark"):
                marks = base.scope.bindings["pytestmark"][-1].value
                if tests.marks(base.scope, marks):
                    return True
        return len(self.project.resolver.bases(class_)) < len(class_.node.bases)

    def _is_run_by(self, scope: Scope, decorators: Iterable[o.Expr]) -> bool:
        """Whether one of the decorators marks it, or may be one that runs it."""
        for decorator in decorators:
            symbol = self.project.resolver.external(
                scope, decorator.func if isinstance(decorator, o.Call) else decorator
            )
            if symbol is None or symbol.package not in _TRANSPARENT or self.project.tests.marks(scope, decorator):
                return True
        return False


class Fixture(Struct, eq=False, dict=True):
    """A function that pytest calls for a parameter of its name."""

    project: Project
    function: Function
    name: str
    """What tests call it: its own name, or the decorator's `name=`."""

    @property
    def module(self) -> Module:
        return self.function.module

    @property
    def place(self) -> Place:
        start = self.function.node.name_start
        return Place(self.module.path, start, start + len(self.function.name))

    @cached_property
    def users(self) -> list[Module]:
        """The test files that use it: those that import it, and its own."""
        return self.project.tests.users.get(self.function, [])


class Tests:
    """All tests of an application."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._runs_all: dict[str, bool] = {}
        self._named: dict[Module, dict[str, Function]] = {}

    @cached_property
    def modules(self) -> list[Module]:
        """Everything that belongs to the tests."""
        return [module for module in self.project.modules if self.project.purposes.of(module) == "test"]

    @cached_property
    def async_tests(self) -> list[AsyncTest]:
        """Every async test, in file and source order."""
        return [
            AsyncTest(self.project, function)
            for module in self.modules
            if _is_test_file(module) and "async def test" in module.text
            for function in self._collected(module.scope)
            if function.node.is_async and not self.is_fixture(function)
        ]

    def _collected(self, scope: Scope) -> Iterator[Function]:
        """The functions that pytest takes for tests by default."""
        yield from (function for function in scope.functions if function.name.startswith("test"))
        for class_ in scope.classes:
            if self.collects(class_):
                yield from self._collected(class_.scope)

    def collects(self, class_: Class) -> bool:
        """Whether pytest looks for tests in a class by default."""
        bases = self.project.resolver.mro(class_)[1:]
        if any(isinstance(base, External) and base.is_from("unittest", *_TEST_CASES) for base in bases):
            return True
        return class_.name.startswith("Test") and "__init__" not in class_.scope.bindings

    @cached_property
    def marker(self) -> Marker:
        """The marker that most of the application's tests use."""
        counts = Counter(m for module in self.modules for m in re.findall(r"mark\.(asyncio|anyio)\b", module.text))
        return "anyio" if counts["anyio"] > counts["asyncio"] else "asyncio"

    @cached_property
    def shares_loop(self) -> bool:
        """Whether fixtures run in one event loop for all tests, which then must run in it too."""
        return any(re.search(r"""loop_scope=["']session["']""", module.text) for module in self.modules)

    # --- what runs coroutines ----------------------------------------------------------------------

    def is_marked(self, scope: Scope, symbol: object) -> bool:
        """Whether a module's `pytestmark` runs its tests, or cannot be seen."""
        if symbol is None:
            return False
        if not isinstance(symbol, Variable):
            return True
        return self.marks(symbol.scope, symbol.value)

    def marks(self, scope: Scope, expr: o.Expr | None) -> bool:
        """Whether one of the marks in an expression runs coroutines, or is unknown."""
        if isinstance(expr, o.Collection):
            return any(self.marks(scope, item) for item in expr.items)
        call = expr if isinstance(expr, o.Call) else None
        symbol = self.project.resolver.resolve(scope, call.func if call is not None else expr)
        if isinstance(symbol, Variable):
            return symbol.value is expr or self.marks(symbol.scope, symbol.value)
        if not isinstance(symbol, External):
            return True
        if call is not None and symbol.name == "parametrize":  # `pytest.param(…, marks=pytest.mark.asyncio)`
            return any(self.marks(scope, arg.value) for arg in o.walk(*call.args) if _is_marks(arg))
        named = call.args if call is not None and symbol.name == "usefixtures" else ()
        return bool(_RUNNERS.search(symbol.dotted)) or any(
            isinstance(arg.value, o.String) and _RUNNERS.search(arg.value.value or "") for arg in named
        )

    def is_given_backend(self, function: Function, module: Module) -> bool:
        """Whether anyio's backend is among the fixtures of a test or fixture, or of those that it is given.

        https://anyio.readthedocs.io/en/stable/testing.html: then anyio runs the test. `module` is the test's.
        """
        seen, pending = {function}, [function]
        while pending:
            for param in pending.pop().node.params:
                if param.name == _BACKEND:
                    return True
                fixture = self._meant(module, param.name)
                if fixture is not None and fixture not in seen:
                    seen.add(fixture)
                    pending.append(fixture)
        return False

    def _runs_by_fixture(self, plugin: Module) -> bool:
        """Whether a fixture of a file that all tests are given is, or is given, anyio's backend."""
        return _BACKEND in plugin.text and any(
            self.is_automatic(function)
            and (self.fixture_name(function) == _BACKEND or self.is_given_backend(function, plugin))
            for function in plugin.scope.functions
        )

    def is_automatic(self, function: Function) -> bool:
        """Whether a function is a fixture that tests need not ask for."""
        decorator = self._fixture_decorator(function)
        return isinstance(decorator, o.Call) and decorator.argument("autouse") is not None

    def runs_all(self, module: Module) -> bool:
        """Whether the configuration, a hook, or a fixture for all of them, runs every async test of a file's folder."""
        folder = module.folder
        if folder not in self._runs_all:
            above = set(_above(folder))
            plugins = [plugin for each in ("", *above) for plugin in self._plugins.get(each, ())]
            self._runs_all[folder] = not above.isdisjoint(self.project.tooling.runs_all_async_tests) or any(
                _may_run_all(plugin) or self._runs_by_fixture(plugin) for plugin in plugins
            )
        return self._runs_all[folder] or self._runs_by_fixture(module)

    @cached_property
    def _plugins(self) -> dict[str, list[Module]]:
        """The files whose hooks pytest may call, by the folder they are for: that of a conftest file, or any ("")."""
        found: dict[str, list[Module]] = {}
        for module in self.project.modules:
            if _is_conftest(module):
                found.setdefault(module.folder, []).append(module)
            elif "pytest_" in module.text and _hooks(module):
                found.setdefault("", []).append(module)
        return found

    @cached_property
    def lifespan(self) -> tuple[Module, o.Node] | None:
        """Where the application seems to do something at its start and end."""
        for module in self.project.modules:
            found = LIFESPAN.search(module.text)
            if found is not None and self.project.purposes.of(module) in ("application", "test"):
                return module, o.Name(found.start(), found.end(), found[0])
        return None

    # --- fixtures ----------------------------------------------------------------------------------

    @cached_property
    def fixtures(self) -> list[Fixture]:
        """Every fixture at module level, in file and source order."""
        return [
            Fixture(self.project, function, self.fixture_name(function))
            for module in self.modules
            if "fixture" in module.text
            for function in module.scope.functions
            if self.is_fixture(function)
        ]

    def is_fixture(self, function: Function) -> bool:
        return self._fixture_decorator(function) is not None

    def _fixture_decorator(self, function: Function) -> o.Expr | None:
        for decorator in function.node.decorators:
            value = decorator.value.func if isinstance(decorator.value, o.Call) else decorator.value
            symbol = self.project.resolver.external(function.enclosing, value)
            if symbol is not None and symbol.name == "fixture" and symbol.package.startswith("pytest"):
                return decorator.value
        return None

    def fixture_name(self, function: Function) -> str:
        """What tests call a fixture."""
        decorator = self._fixture_decorator(function)
        given = decorator.argument("name") if isinstance(decorator, o.Call) else None
        value = given.value if given is not None else None
        return (value.value or "") if isinstance(value, o.String) else function.name

    def broad_scope(self, function: Function) -> o.Arg | None:
        """The argument by which a fixture serves more than one test."""
        decorator = self._fixture_decorator(function)
        given = decorator.argument("scope") if isinstance(decorator, o.Call) else None
        if given is None or (isinstance(given.value, o.String) and given.value.value == "function"):
            return None
        return given

    def users_of(self, fixture: Function) -> list[Function]:
        """The tests and fixtures that are given what a fixture makes."""
        name = self.fixture_name(fixture)
        return [
            function
            for module in self.modules
            if name in module.text
            for function in module.scope.all_functions()
            if function is not fixture
            and function.node.param(name) is not None
            and (function.name.startswith("test") or self.is_fixture(function))
            and self._meant(module, name) is fixture
        ]

    def opens_websockets(self, scope: Scope) -> bool:
        """Whether a client that is made in a block is there for websockets, which httpx does not have.

        They are opened there, or in every file that is given what is made as a fixture.
        """
        owner, text = scope.owner, scope.module.text
        if not isinstance(owner, Function):
            return False
        if text.find(_WEBSOCKET, owner.node.start, owner.node.end) >= 0:
            return True
        users = self.users_of(owner) if self.is_fixture(owner) else []
        return bool(users) and all(_WEBSOCKET in user.module.text for user in users)

    def given(self, function: Function, param: o.Param) -> Function | None:
        """The fixture that a test or a fixture is given for a parameter."""
        module = function.module
        if param.default is not None or self.project.purposes.of(module) != "test":
            return None
        if not (function.name.startswith("test") or self.is_fixture(function)):
            return None
        fixture = self._meant(module, param.name)
        return None if fixture is function else fixture

    def _meant(self, module: Module, name: str) -> Function | None:
        """The fixture of a name that the tests of a file see: its own, of the nearest conftest file, or of a plugin."""
        above = (self.project.by_path.get(os.path.join(folder, "conftest.py")) for folder in _above(module.folder))
        for file in (module, *above):
            found = None if file is None else self._named_in(file).get(name)
            if found is not None:
                return found
        return self._provided_by_name.get(name)

    def _named_in(self, module: Module) -> dict[str, Function]:
        """The fixtures that a file makes or imports, by what tests call them."""
        if module not in self._named:
            seen = (*module.scope.functions, *self._imported(module))
            self._named[module] = self._by_name(function for function in seen if self.is_fixture(function))
        return self._named[module]

    @cached_property
    def _provided_by_name(self) -> dict[str, Function]:
        return self._by_name(function for function in self.provided if self.is_fixture(function))

    def _by_name(self, fixtures: Iterable[Function]) -> dict[str, Function]:
        """Fixtures by what tests call them, the first of each name."""
        found: dict[str, Function] = {}
        for fixture in fixtures:
            found.setdefault(self.fixture_name(fixture), fixture)
        return found

    @cached_property
    def provided(self) -> dict[Function, None]:
        """The fixtures that pytest finds everywhere: those of conftest files, or imported or loaded by them."""
        loaded = "\n".join(module.text for module in self.modules if "pytest_plugins" in module.text)
        names = set(re.findall(r"""["']([\w.]+)["']""", loaded))
        found = dict.fromkeys(f.function for f in self.fixtures if _is_conftest(f.module) or f.module.name in names)
        for module in self.modules:
            if _is_conftest(module):
                found.update(dict.fromkeys(self._imported(module)))
        return found

    @cached_property
    def users(self) -> dict[Function, list[Module]]:
        """The test files that use each fixture."""
        names = {fixture.function: fixture.name for fixture in self.fixtures}
        found: dict[Function, list[Module]] = {}
        for module in self.modules:
            if not _is_test_file(module) or _is_conftest(module):
                continue
            own = [function for function in module.scope.functions if function in names]
            asked = _asked_for(module)
            for function in {*self._imported(module), *own}:
                if function in names and names[function] in asked:
                    found.setdefault(function, []).append(module)
        return found

    def _imported(self, module: Module) -> Iterator[Function]:
        """The functions that a file imports, by name or by star."""
        resolver = self.project.resolver
        for name, bindings in module.scope.bindings.items():
            if isinstance(bindings[-1].node, o.Alias):
                symbol = resolver.member(module, name)
                if isinstance(symbol, Function):
                    yield symbol
        for star in module.scope.stars:
            source = resolver.import_source(module, star)
            if isinstance(source, Module):
                yield from source.scope.functions
                yield from self._imported(source)


def _is_test_file(module: Module) -> bool:
    name = os.path.basename(module.path)
    return name.startswith("test_") or name.endswith("_test.py")


def _is_conftest(module: Module) -> bool:
    return os.path.basename(module.path) == "conftest.py"


def _is_marks(node: o.Node) -> TypeGuard[o.Arg]:
    return isinstance(node, o.Arg) and node.keyword == "marks"


def _above(folder: str) -> Iterator[str]:
    """The folder and those that it is in, but for the root of the file system."""
    yield folder
    while (parent := os.path.dirname(folder)) != folder:
        yield parent
        folder = parent


def _hooks(module: Module) -> frozenset[str]:
    return (_TAKES_OVER | _MAY_MARK) & module.scope.bindings.keys()


def _may_run_all(plugin: Module) -> bool:
    """Whether a hook of a file runs or marks async tests."""
    text, hooks = plugin.text, _hooks(plugin)
    if not hooks.isdisjoint(_TAKES_OVER):
        return True
    return bool(hooks) and _RUNNERS.search(text) is not None


def _asked_for(module: Module) -> set[str]:
    """The names of a file's parameters, and the fixtures that it asks for by `usefixtures` or `getfixturevalue`."""
    found = {param.name for function in module.scope.all_functions() for param in function.node.params}
    for names in _ASKING.findall(module.text):
        found.update(_QUOTED.findall(names))
    return found
