"""What is loaded when: the modules that importing a module loads too, as far as import statements tell.

A string in a relationship is looked up when the mappers are configured, so the class must have been loaded by then.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Namespace

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_WALKS = ("walk_packages", "iter_modules", "import_module", "__import__")
_STARTS = re.compile(r"\b(FastAPI|Starlette|Celery|Typer)\(|__name__\s*==\s*[\"']__main__[\"']")


@dataclass(eq=False)
class Loading:
    """The graph of imports that run when a module is imported: not under TYPE_CHECKING, not inside functions."""

    project: Project
    _loaders: dict[Module, frozenset[Module]] = field(default_factory=dict)

    @cached_property
    def imports(self) -> dict[Module, frozenset[Module]]:
        """What every module imports directly, the packages above it included."""
        return {module: frozenset(self._imports_of(module)) - {module} for module in self.project.modules}

    @cached_property
    def importers(self) -> dict[Module, set[Module]]:
        """The modules that import a module directly."""
        found: dict[Module, set[Module]] = {module: set() for module in self.project.modules}
        for importer, imported in self.imports.items():
            for module in imported:
                found[module].add(importer)
        return found

    def loaders(self, module: Module, *, without: Module | None = None) -> frozenset[Module]:
        """The modules whose import loads `module`, itself included.

        `without` is a module whose own import of `module` is taken to be gone.
        """
        if without is None and module in self._loaders:
            return self._loaders[module]
        found = {module}
        pending = [module]
        while pending:
            current = pending.pop()
            for importer in self.importers[current]:
                if importer not in found and not (current is module and importer is without):
                    found.add(importer)
                    pending.append(importer)
        if without is None:
            self._loaders[module] = frozenset(found)
        return frozenset(found)

    @cached_property
    def entries(self) -> list[frozenset[Module]]:
        """Where a process starts: modules that make an application, run as a program, or are run by pytest.

        A test comes with the `conftest.py` files above it.
        """
        found = []
        purposes = self.project.purposes
        conftests = {m.folder: m for m in self.project.modules if os.path.basename(m.path) == "conftest.py"}
        for module in self.project.modules:
            purpose = purposes.of(module)
            if purpose == "test" and os.path.basename(module.path).startswith("test_"):
                above = {m for folder, m in conftests.items() if (module.folder + os.sep).startswith(folder + os.sep)}
                found.append(frozenset(above | {module}))
            elif purpose in ("application", "script") and _STARTS.search(module.text):
                found.append(frozenset([module]))
        return found

    def comes_with(self, module: Module, other: Module) -> bool:
        """Whether `module` is loaded in every process that loads `other`, as far as the entries are known."""
        with_module, with_other = self.loaders(module), self.loaders(other)
        return other in with_module or all(
            not entry.isdisjoint(with_module) for entry in self.entries if not entry.isdisjoint(with_other)
        )

    def is_loaded_without(self, importer: Module, module: Module) -> bool:
        """Whether `module` is loaded wherever `importer` is, even if `importer` no longer imports it."""
        others = self.loaders(module, without=importer)
        if importer in others:
            return True
        users = self.loaders(importer)
        tops = [user for user in users if not self.importers[user] - {user}]
        return bool(tops) and all(top in others for top in tops)

    # --- import statements -------------------------------------------------------------------------

    def _imports_of(self, module: Module) -> Iterator[Module]:
        yield from self._packages_above(module)
        for statement in self._statements(module):
            for imported in self._imported(module, statement):
                yield imported
                yield from self._packages_above(imported)
        if any(word in module.text for word in _WALKS):
            # A hub that walks its package loads everything in it.
            below = module.folder + os.sep
            yield from (other for other in self.project.modules if other.path.startswith(below))

    def _statements(self, module: Module) -> list[o.Import | o.ImportFrom]:
        found: dict[int, o.Import | o.ImportFrom] = {star.start: star for star in module.scope.stars}
        for bindings in module.scope.bindings.values():
            for binding in bindings:
                if isinstance(binding.statement, (o.Import, o.ImportFrom)) and not binding.type_checking:
                    found[binding.statement.start] = binding.statement
        return list(found.values())

    def _imported(self, module: Module, statement: o.Import | o.ImportFrom) -> Iterator[Module]:
        resolver = self.project.resolver
        if isinstance(statement, o.Import):
            for alias in statement.names:
                found = resolver.find_module(alias.name, module)
                if isinstance(found, Module):
                    yield found
            return
        source = resolver.import_source(module, statement)
        if isinstance(source, Module):
            yield source
        if isinstance(source, (Module, Namespace)):
            for alias in statement.names:
                if isinstance(source, Namespace) or alias.name not in source.scope.bindings:
                    found = resolver.submodule(source, alias.name)
                    if isinstance(found, Module):
                        yield found

    def _packages_above(self, module: Module) -> Iterator[Module]:
        folder = os.path.dirname(module.folder) if module.is_package else module.folder
        while (package := self.project.by_path.get(os.path.join(folder, "__init__.py"))) is not None:
            yield package
            folder = os.path.dirname(folder)
