"""Import cycles at run time: modules that load each other while they are being loaded themselves.

Counted are the imports of `project/imports.py`, by the module that a statement needs something of: `from app.models
import user` needs the module `app.models.user`, and every import of it runs `app/models/__init__.py` first, unless the
importer lies in that package, which is loaded already then. Such a module needs its own package only where it takes
names from it that the package binds itself: they are there or not by the order of the package's lines. No import whose
failure is caught is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.graph import components
from fapi_lint.project.imports import Import, runtime_statements
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_CAUGHT = frozenset(["ImportError", "ModuleNotFoundError", "Exception"])


class Cycle(Struct, frozen=True, eq=False):
    """One of the shortest cycles among modules that all load each other."""

    project: Project
    links: tuple[Import, ...]
    """From the module whose name comes first; the last link closes the cycle."""
    modules: frozenset[Module]
    """All modules of the component."""

    @property
    def path(self) -> str:
        return " -> ".join([link.importer.name for link in self.links] + [self.links[0].importer.name])


def import_cycles(project: Project) -> list[Cycle]:
    """One cycle for each strongly connected component of the import graph, by the name of its first module.

    Only those that modules to be judged lead to.
    """
    return _Graph(project).cycles


class _Graph(Part):
    @kept
    def links(self, module: Module) -> dict[Module, Import]:
        """What a module of the application needs of which others, by the first statement that says so."""
        found: dict[Module, Import] = {}
        if self.project.purposes.is_application(module):
            for link in self._needed(module):
                found.setdefault(link.target, link)
        return found

    def _needed(self, module: Module) -> Iterator[Import]:
        links = self.project.imports.of(module)
        if not links:
            return
        caught = _caught(module) if "except" in module.text else []
        named = {link.alias.start for link in links if link.names_module}
        above = set(self.project.imports.packages_above(module))
        for link in links:
            if link.target is module or any(start <= link.statement.start < end for start, end in caught):
                continue
            # `from package import module, other` needs the package itself only for names that are no modules.
            takes_names = isinstance(link.statement, o.ImportFrom) and not link.names_module
            if takes_names and all(alias.start in named for alias in link.statement.names):
                continue
            if link.target not in above or (takes_names and _is_written(link)):
                yield link
            for package in self.project.imports.packages_above(link.target):
                if package is not module and package not in above:
                    yield replace(link, target=package)

    @cached_property
    def cycles(self) -> list[Cycle]:
        found = components(self.project.judged, self.links)
        return sorted(map(self._shortest, (c for c in found if len(c) > 1)), key=lambda cycle: cycle.path)

    def _shortest(self, component: frozenset[Module]) -> Cycle:
        """The first by name of its shortest cycles."""
        links = {one: sorted(self.links(one).keys() & component, key=_by_name) for one in component}
        left, modules = set(component), list[Module]()
        for start in sorted(component, key=_by_name):
            modules = _way_back(links, left, start, len(modules)) or modules
            left.remove(start)  # Every cycle through it has been looked at.
        first = modules.index(min(modules, key=_by_name))
        modules = modules[first:] + modules[:first]
        path = [self.links(one)[other] for one, other in zip(modules, modules[1:] + modules[:1], strict=True)]
        return Cycle(self.project, tuple(path), component)


def _way_back(links: Mapping[Module, list[Module]], among: set[Module], start: Module, limit: int) -> list[Module]:
    """The modules of a shortest way among some from one back to itself; none if it has `limit` or more (0: any)."""
    before: dict[Module, Module] = {}
    level, length = [start], 1
    while level and length != limit:
        following = []
        for module in level:
            for target in links[module]:
                if target is start:
                    way = [module]
                    while way[-1] is not start:
                        way.append(before[way[-1]])
                    return way[::-1]
                if target in among and target not in before:
                    before[target] = module
                    following.append(target)
        level, length = following, length + 1
    return []


_by_name = attrgetter("name")


def _is_written(link: Import) -> bool:
    """Whether the statement means the target by its own name: `logging` may be a module of Python's as well."""
    statement = link.statement
    assert isinstance(statement, o.ImportFrom)
    return statement.level > 0 or f".{statement.module}".endswith(f".{link.target.name}")


def _caught(module: Module) -> list[tuple[int, int]]:
    """The spans whose failing imports are caught."""
    return [
        (node.body[0].start, node.body[-1].end)
        for node in runtime_statements(module.outline.body)
        if isinstance(node, o.Try) and any(_catches(handler.exception) for handler in node.handlers)
    ]


def _catches(exception: o.Expr | None) -> bool:
    items = exception.items if isinstance(exception, o.Collection) else (exception,)
    return any(item is None or o.dotted(item) in _CAUGHT for item in items)
