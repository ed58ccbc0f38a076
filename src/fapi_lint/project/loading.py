"""What is loaded when: which modules a process has loaded, as far as import statements tell.

A string in a relationship is looked up when the mappers are configured: by then its class must have been loaded.
"""

from __future__ import annotations

import os
import re
from functools import cached_property

from fapi_lint.outline import nodes as o
from fapi_lint.project.fixtures import conftests_above
from fapi_lint.project.graph import reachable
from fapi_lint.project.grouping import grouped
from fapi_lint.project.imports import Import
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part

_STARTS = re.compile(r"\b(FastAPI|Starlette|Celery|Typer)\(|__name__\s*==\s*[\"']__main__[\"']")


class Loading(Part):
    """Where processes start, and what they are sure to load."""

    @cached_property
    def importers(self) -> dict[Module, set[Module]]:
        """The modules whose import runs a module next. A hub that imports by name loads all that it may mean."""
        imports = self.project.imports
        found: dict[Module, set[Module]] = {module: set() for module in self.project.modules}
        for importer in self.project.modules:
            for module in (*imports.loads(importer), *imports.walked(importer)):
                if module is not importer:
                    found[module].add(importer)
        return found

    @kept
    def loaders(self, module: Module) -> frozenset[Module]:
        """The modules whose import loads `module`, itself included."""
        return frozenset(reachable([module], self.importers.__getitem__))

    @cached_property
    def entries(self) -> list[frozenset[Module]]:
        """Where a process starts: modules that make an application, run as a program, or are run by pytest.

        A test comes with the `conftest.py` files above it.
        """
        found = []
        purposes = self.project.purposes
        for module in self.project.modules:
            purpose = purposes.of(module)
            if purpose == "test" and os.path.basename(module.path).startswith("test_"):
                found.append(frozenset([module, *conftests_above(self.project, module)]))
            elif purpose in ("application", "script") and _STARTS.search(module.text):
                found.append(frozenset([module]))
        return found

    def comes_with(self, module: Module, other: Module) -> bool:
        """Whether `module` is loaded in every process that loads `other`, as far as the entries are known."""
        with_module = self.loaders(module)
        if other in with_module:
            return True
        return self._entries_with(other) <= self._entries_with(module)

    @kept
    def _entries_with(self, module: Module) -> frozenset[int]:
        """Which of the entries load a module."""
        loaders = self.loaders(module)
        starting = loaders & self._entries_of.keys()
        return frozenset(entry for loader in starting for entry in self._entries_of[loader])

    @cached_property
    def _entries_of(self) -> dict[Module, list[int]]:
        """The entries by the modules that they begin with."""
        return grouped((module, number) for number, entry in enumerate(self.entries) for module in entry)

    def is_loaded_without(self, importer: Module, alias: o.Alias, module: Module) -> bool:
        """Whether `module` is loaded wherever `importer` is, even if `alias` goes from an import of `importer`."""
        imports = self.project.imports
        before, after = set(imports.loads(importer)), set(imports.packages_above(importer))
        for link in imports.of(importer):
            if _loads_without(link, alias):
                after.update(imports.packages_above(link.target), (link.target,))
        after.update(imports.walked(importer))
        gone = before - after
        still = reachable([module], lambda each: self.importers[each] - ({importer} if each in gone else set()))
        tops = [user for user in self.loaders(importer) if not self.importers[user]]
        return importer in still or (bool(tops) and all(top in still for top in tops))


def _loads_without(link: Import, alias: o.Alias) -> bool:
    """Whether a statement loads what it does even if one of its names goes."""
    names = [name.start for name in link.statement.names]
    if alias.start not in names:
        return True
    is_source = isinstance(link.statement, o.ImportFrom) and link.target.parts[-1] != link.alias.name
    return len(names) > 1 and (is_source or link.alias.start != alias.start)
