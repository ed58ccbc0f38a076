"""Which files hold tests, and what pytest makes of their names.

pytest collects `test_*.py` and `*_test.py` and nothing else, unless `python_files` says otherwise:
https://docs.pytest.org/en/stable/explanation/goodpractices.html#test-discovery
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property

from fapi_lint.project.module import Module
from fapi_lint.project.module_names import snake_case
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, Function, Scope

_CONFIGURATIONS = ("pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
_OTHER_FILES = re.compile(r"^\s*python_files\s*=(?![^\n]*test_\*)", re.MULTILINE)
_NAMED_LIKE_TESTS = re.compile(r"(?:^|_)tests?\.py$")
_FOR_TESTS = frozenset(
    [
        "freezegun", "hypothesis", "mock", "moto", "parameterized", "responses", "respx", "time_machine",
        "unittest", "vcr",
    ]
)  # fmt: skip
"""Packages whose decorators leave a test a test."""


class TestFile(Part):
    """A file with tests in it."""

    __test__ = False
    module: Module

    @property
    def stem(self) -> str:
        return os.path.basename(self.module.path).removesuffix(".py")

    @property
    def is_named_so(self) -> bool:
        """Whether its name begins with `test_`."""
        return self.stem.startswith("test_")

    @property
    def is_at_home(self) -> bool:
        """Whether it is below a folder of tests."""
        return self.project.purposes.in_folder(self.module, self.project.settings.conventions.test_folders)

    @property
    def better_stem(self) -> str:
        """Its name with `test_` in front."""
        words = [word for word in snake_case(self.stem).split("_") if word not in ("test", "tests", "")]
        return "_".join(["test", *(words or [snake_case(os.path.basename(self.module.folder))])])


class TestFiles(Part):
    """The files with tests of an application."""

    __test__ = False

    @cached_property
    def astray(self) -> list[TestFile]:
        """Those of the judged files whose name or folder is not that of a test."""
        files = (TestFile(self.project, module) for module in self.project.judged)
        return [file for file in files if not (file.is_named_so and file.is_at_home) and self._holds_tests(file.module)]

    @cached_property
    def other_names_are_configured(self) -> bool:
        """Whether pytest is told to look for files of other names, and not for `test_*.py`."""
        return any(_OTHER_FILES.search(file.text) for file in self.project.text_files.named(*_CONFIGURATIONS))

    def _holds_tests(self, module: Module) -> bool:
        name = os.path.basename(module.path)
        if name in ("conftest.py", "__init__.py") or "def test" not in module.text:
            return False
        if self.project.purposes.of(module) != "test" and not _NAMED_LIKE_TESTS.search(name):
            return False  # In the application, a function may begin with `test_` for reasons of its own.
        return any(self._is_test(function) for function in self._candidates(module.scope))

    def _is_test(self, function: Function) -> bool:
        """Whether nobody but pytest can have a use for the function, and nothing else takes it."""
        resolver = self.project.resolver
        if self.project.fixtures.is_fixture(function):
            return False
        for decorator in function.node.decorators:
            symbol = resolver.external(function.enclosing, decorator.func)
            if symbol is None or not (symbol.package in _FOR_TESTS or symbol.package.startswith("pytest")):
                return False  # `@router.get(…)`, `@app.task`, `@flow` make something else of it.
        owner = function.parent if isinstance(function.parent, Class) else function
        return len(self.project.references.of(owner).sites) == 1

    def _candidates(self, scope: Scope) -> Iterator[Function]:
        yield from (function for function in scope.functions if function.name.startswith("test_"))
        for class_ in scope.classes:
            if self.project.tests.collects(class_):
                yield from self._candidates(class_.scope)
