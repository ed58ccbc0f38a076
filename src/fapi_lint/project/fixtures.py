"""Fixtures: which there are, what tests call them, and who is given what they make.

https://docs.pytest.org/en/stable/how-to/fixtures.html has where a fixture is seen.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, Function, Scope
from fapi_lint.project.traversal import paths
from fapi_lint.source.place import Place, folders_above

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_ASKING = re.compile(r"\b(?:usefixtures|getfixturevalue)\(([^)]*)")
_QUOTED = re.compile(r"""["'](\w+)["']""")


class Fixture(Part):
    """A function that pytest calls for a parameter of its name."""

    function: Function
    name: str
    """What tests call it: its own name, or the decorator's `name=`."""

    @property
    def module(self) -> Module:
        return self.function.module

    @property
    def place(self) -> Place:
        return self.module.name_place(self.function.node)

    @cached_property
    def users(self) -> list[Module]:
        """The test files that use it: those that import it, and its own."""
        return self.project.fixtures.users.get(self.function, [])


class Fixtures(Part):
    """All fixtures of an application."""

    @cached_property
    def all(self) -> list[Fixture]:
        """Every fixture at module level, in file and source order."""
        return [
            Fixture(self.project, function, self.name_of(function))
            for module in self.project.tests.modules
            if "fixture" in module.text
            for function in module.scope.functions
            if self.is_fixture(function)
        ]

    def is_fixture(self, function: Function) -> bool:
        return self._fixture_decorator(function) is not None

    def _fixture_decorator(self, function: Function) -> o.Expr | None:
        for decorator in function.node.decorators:
            symbol = self.project.resolver.external(function.enclosing, decorator.func)
            if symbol is not None and symbol.name == "fixture" and symbol.package.startswith("pytest"):
                return decorator.value
        return None

    def name_of(self, function: Function) -> str:
        """What tests call a fixture."""
        decorator = self._fixture_decorator(function)
        given = decorator.given("name") if isinstance(decorator, o.Call) else None
        return (given.value or "") if isinstance(given, o.String) else function.name

    def broad_scope(self, function: Function) -> o.Arg | None:
        """The argument by which a fixture serves more than one test."""
        decorator = self._fixture_decorator(function)
        given = decorator.argument("scope") if isinstance(decorator, o.Call) else None
        if given is None or o.text(given.value) == "function":
            return None
        return given

    def users_of(self, fixture: Function) -> list[Function]:
        """The tests and fixtures that are given what a fixture makes."""
        name = self.name_of(fixture)
        return [
            function
            for module in self.project.tests.modules
            if name in module.text
            for function in module.scope.all_functions()
            if function is not fixture
            and function.node.param(name) is not None
            and (function.name.startswith("test") or self.is_fixture(function))
            and self.meant(module, name) is fixture
        ]

    def given(self, function: Function, param: o.Param) -> Function | None:
        """The fixture that a test or a fixture is given for a parameter."""
        module = function.module
        if param.default is not None or self.project.purposes.of(module) != "test":
            return None
        if not (function.name.startswith("test") or self.is_fixture(function)):
            return None
        fixture = self.meant(module, param.name)
        return None if fixture is function else fixture

    def values(self, function: Function | Class | None, param: o.Param) -> list[tuple[Scope, o.Expr | None]]:
        """What the fixture behind a parameter returns or yields, and where; empty if there is none."""
        fixture = self.given(function, param) if isinstance(function, Function) else None
        if fixture is None:
            return []
        return [(fixture.scope, node.value) for node, _ in paths(fixture.scope.body, o.Return, o.Yield)]

    @kept
    def meant(self, module: Module, name: str) -> Function | None:
        """The fixture of a name that the tests of a file see: its own, of the nearest conftest file, or of a plugin."""
        for file in (module, *conftests_above(self.project, module)):
            found = self._named_in(file).get(name)
            if found is not None:
                return found
        return self._provided_by_name.get(name)

    @kept
    def _named_in(self, module: Module) -> dict[str, Function]:
        """The fixtures that a file makes or imports, by what tests call them."""
        seen = (*module.scope.functions, *self._imported(module))
        return self._by_name(function for function in seen if self.is_fixture(function))

    @cached_property
    def _provided_by_name(self) -> dict[str, Function]:
        return self._by_name(function for function in self.provided if self.is_fixture(function))

    def _by_name(self, fixtures: Iterable[Function]) -> dict[str, Function]:
        """Fixtures by what tests call them, the first of each name."""
        found: dict[str, Function] = {}
        for fixture in fixtures:
            found.setdefault(self.name_of(fixture), fixture)
        return found

    @cached_property
    def provided(self) -> dict[Function, None]:
        """The fixtures that pytest finds everywhere: those of conftest files, or imported or loaded by them."""
        loaded = "\n".join(module.text for module in self.project.tests.modules if "pytest_plugins" in module.text)
        names = set(re.findall(r"""["']([\w.]+)["']""", loaded))
        found = dict.fromkeys(f.function for f in self.all if is_conftest(f.module) or f.module.name in names)
        for module in self.project.tests.modules:
            if is_conftest(module):
                found.update(dict.fromkeys(self._imported(module)))
        return found

    @cached_property
    def users(self) -> dict[Function, list[Module]]:
        """The test files that use each fixture."""
        names = {fixture.function: fixture.name for fixture in self.all}
        files = (each for each in self.project.tests.modules if is_test_file(each) and not is_conftest(each))
        asked = ((module, _asked_for(module)) for module in files)
        return grouped(
            (function, module)
            for module, words in asked
            for function in {*self._imported(module), *module.scope.functions}
            if names.get(function) in words
        )

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

    def is_automatic(self, function: Function) -> bool:
        """Whether a function is a fixture that tests need not ask for."""
        decorator = self._fixture_decorator(function)
        return isinstance(decorator, o.Call) and decorator.argument("autouse") is not None


def is_test_file(module: Module) -> bool:
    name = os.path.basename(module.path)
    return name.startswith("test_") or name.endswith("_test.py")


def is_conftest(module: Module) -> bool:
    return os.path.basename(module.path) == "conftest.py"


def conftests_above(project: Project, module: Module) -> Iterator[Module]:
    """The `conftest.py` files of the folder of a file and of those above it, nearest first."""
    for folder in folders_above(module.folder):
        conftest = project.by_path.get(os.path.join(folder, "conftest.py"))
        if conftest is not None:
            yield conftest


def _asked_for(module: Module) -> set[str]:
    """The names of a file's parameters, and the fixtures that it asks for by `usefixtures` or `getfixturevalue`."""
    found = {param.name for function in module.scope.all_functions() for param in function.node.params}
    for names in _ASKING.findall(module.text):
        found.update(_QUOTED.findall(names))
    return found
