"""Tests as pytest finds them, and what makes it run a coroutine.

https://docs.pytest.org/en/stable/explanation/goodpractices.html#test-discovery has what is collected,
https://pytest-asyncio.readthedocs.io/ and https://anyio.readthedocs.io/en/stable/testing.html have what is awaited.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Literal

from fapi_lint.outline import nodes as o
from fapi_lint.project.fixtures import is_conftest, is_test_file
from fapi_lint.project.graph import reachable
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable
from fapi_lint.source.place import Place, folders_above

Marker = Literal["asyncio", "anyio"]

_BACKEND = "anyio_backend"
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


class AsyncTest(Part):
    """An `async def` that pytest collects as a test."""

    function: Function

    @property
    def module(self) -> Module:
        return self.function.module

    @property
    def name(self) -> str:
        return self.function.name

    @property
    def place(self) -> Place:
        return self.module.header_place(self.function.node)

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
            or tests.is_marked(self.project.resolver.member(self.module, "pytestmark"))
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
        foreign = [base for base in resolver.foreign(class_) if base.package not in _NEUTRAL]
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
            symbol = self.project.resolver.external(scope, o.called(decorator))
            if symbol is None or symbol.package not in _TRANSPARENT or self.project.tests.marks(scope, decorator):
                return True
        return False


class Tests(Part):
    """All tests of an application."""

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
            if is_test_file(module) and "async" in module.text
            for function in self._collected(module.scope)
            if function.node.is_async and not self.project.fixtures.is_fixture(function)
        ]

    def _collected(self, scope: Scope) -> Iterator[Function]:
        """The functions that pytest takes for tests by default."""
        yield from (function for function in scope.functions if function.name.startswith("test"))
        for class_ in scope.classes:
            if self.collects(class_):
                yield from self._collected(class_.scope)

    def collects(self, class_: Class) -> bool:
        """Whether pytest looks for tests in a class by default."""
        family = (base.scope.bindings for base in self.project.resolver.own(class_))
        said = next((bindings["__test__"][-1].value for bindings in family if "__test__" in bindings), None)
        if o.dotted(said) == "False":
            return False
        if any(base.is_from("unittest", *_TEST_CASES) for base in self.project.resolver.foreign(class_)):
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

    def is_marked(self, symbol: object) -> bool:
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
            marks = (arg for arg in o.walk(*call.args) if isinstance(arg, o.Arg) and arg.keyword == "marks")
            return any(self.marks(scope, arg.value) for arg in marks)
        named = call.args if call is not None and symbol.name == "usefixtures" else ()
        return bool(_RUNNERS.search(symbol.dotted)) or any(
            isinstance(arg.value, o.String) and _RUNNERS.search(arg.value.value or "") for arg in named
        )

    def is_given_backend(self, function: Function, module: Module) -> bool:
        """Whether anyio's backend is among the fixtures of a test or fixture, or of those that it is given.

        https://anyio.readthedocs.io/en/stable/testing.html: then anyio runs the test. `module` is the test's.
        """
        if not self.project.says(_BACKEND):
            return False

        def given(each: Function) -> list[Function]:
            fixtures = (self.project.fixtures.meant(module, param.name) for param in each.node.params)
            return [fixture for fixture in fixtures if fixture is not None]

        family = reachable([function], given)
        return any(param.name == _BACKEND for each in family for param in each.node.params)

    def _runs_by_fixture(self, plugin: Module) -> bool:
        """Whether a fixture of a file that all tests are given is, or is given, anyio's backend."""
        return _BACKEND in plugin.text and any(
            self.project.fixtures.is_automatic(function)
            and (self.project.fixtures.name_of(function) == _BACKEND or self.is_given_backend(function, plugin))
            for function in plugin.scope.functions
        )

    def runs_all(self, module: Module) -> bool:
        """Whether the configuration, a hook, or a fixture for all of them, runs every async test of a file's folder."""
        return self._runs_all_in(module.folder) or self._runs_by_fixture(module)

    @kept
    def _runs_all_in(self, folder: str) -> bool:
        above = set(folders_above(folder))
        plugins = [plugin for each in ("", *above) for plugin in self._plugins.get(each, ())]
        return not above.isdisjoint(self.project.tooling.runs_all_async_tests) or any(
            _may_run_all(plugin) or self._runs_by_fixture(plugin) for plugin in plugins
        )

    @cached_property
    def _plugins(self) -> dict[str, list[Module]]:
        """The files whose hooks pytest may call, by the folder they are for: that of a conftest file, or any ("")."""
        return grouped(
            (module.folder if is_conftest(module) else "", module)
            for module in self.project.modules
            if is_conftest(module) or ("pytest_" in module.text and _hooks(module))
        )

    @cached_property
    def lifespan(self) -> tuple[Module, o.Node] | None:
        """Where the application seems to do something at its start and end."""
        for module in self.project.modules:
            found = LIFESPAN.search(module.text)
            if found is not None and self.project.purposes.of(module) in ("application", "test"):
                return module, o.Name(found.start(), found.end(), found[0])
        return None


def _hooks(module: Module) -> frozenset[str]:
    return (_TAKES_OVER | _MAY_MARK) & module.scope.bindings.keys()


def _may_run_all(plugin: Module) -> bool:
    """Whether a hook of a file runs or marks async tests."""
    text, hooks = plugin.text, _hooks(plugin)
    if not hooks.isdisjoint(_TAKES_OVER):
        return True
    return bool(hooks) and _RUNNERS.search(text) is not None


def parametrized(function: Function) -> Iterator[tuple[o.Param, o.Expr]]:
    """The parameters of a test, with each value that `pytest.mark.parametrize` gives them."""
    for decorator in function.node.decorators:
        match decorator.value:
            case o.Call(func=func, args=(first, second, *_)) if o.dotted(func).endswith("parametrize"):
                names = _names(first.value)
                for row in second.value.items if isinstance(second.value, o.Collection) else ():
                    for name, value in zip(names, _cells(row, len(names)), strict=False):
                        param = function.node.param(name)
                        if param is not None:
                            yield param, value


def _names(expr: o.Expr) -> list[str]:
    """`"user_id, status"` or `["user_id", "status"]`"""
    if isinstance(expr, o.String):
        return [name.strip() for name in (expr.value or "").split(",")]
    items = expr.items if isinstance(expr, o.Collection) else ()
    return [o.text(item) or "" for item in items]


def _cells(row: o.Expr, count: int) -> list[o.Expr]:
    if isinstance(row, o.Call) and o.dotted(row.func).rpartition(".")[2] == "param":
        return [arg.value for arg in row.args if not arg.keyword]
    if count > 1:
        return list(row.items) if isinstance(row, o.Collection) else []
    return [row]
