"""The import graph at run time: which modules importing a module loads.

Counted is what runs when a module is imported: statements at module level and in class bodies, those under
`if` and `try` included; not those under `TYPE_CHECKING` or `if __name__ == "__main__":`, and not those in functions.
https://docs.python.org/3/reference/import.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.graph import components, reachable
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Function, Namespace, Scope
from fapi_lint.project.traversal import blocks
from fapi_lint.source.place import folders_above

_WALKERS = ("import_module", "__import__", "_modules(", "walk_packages", "import_string", "glob(", "dir(")
_BY_NAME = ("import_module", "__import__", "import_string", "resolve_name", "locate(")
_WALKS = ("iter_modules", "walk_packages", "listdir", "glob(", "iterdir", "scandir")
_OWN_FOLDER = ("__file__", "__path__", "__package__")
_QUOTED = re.compile(r"[\"']([A-Za-z_]\w*(?:\.\w+)*)(?=\.?[\"'{])")
"""What a string literal names, an f-string up to its first `{`."""
_PATH_OF = re.compile(r"([A-Za-z_][\w.]*)\.__path__")


class Import(Struct, frozen=True, eq=False):
    """One module that one import statement loads; `alias` is the name in the statement that makes it do so."""

    importer: Module
    statement: o.Import | o.ImportFrom
    alias: o.Alias
    target: Module

    @property
    def names_module(self) -> bool:
        """Whether the alias names the target, not something in it or a module below it."""
        return isinstance(self.statement, o.Import) or (
            self.alias.name == self.target.parts[-1]
            and not ("." + self.statement.module).endswith("." + self.alias.name)
        )

    def spell(self, module: Module) -> str:
        """The dotted name of a module as the statement would write it: imports of one application may start from
        several folders, `backend.app` and `app`."""
        statement, name = self.statement, self.target.name
        written = self.alias.name if isinstance(statement, o.Import) else statement.module
        if isinstance(statement, o.ImportFrom) and (statement.level or self.names_module):
            written = "" if statement.level else f"{written}.{self.alias.name}"
        if written.endswith("." + name):
            return written.removesuffix(name) + module.name
        if written and name.endswith("." + written):
            return module.name.removeprefix(name.removesuffix(written))
        return module.name


class Imports(Part):
    """The import graph of an application."""

    @kept
    def of(self, module: Module) -> tuple[Import, ...]:
        """What the module itself imports when it is imported, in source order; packages above the targets left out."""
        return tuple(self._targets(module, runtime_statements(module.outline.body)))

    @kept
    def loads(self, module: Module) -> tuple[Module, ...]:
        """What importing a module runs next: the packages above it, and its imports."""
        found = dict.fromkeys([*self.packages_above(module), *(link.target for link in self.of(module))])
        found.pop(module, None)
        return tuple(found)

    @kept
    def packages_above(self, module: Module) -> tuple[Module, ...]:
        """The `__init__` modules that run before a module does."""
        above = folders_above(os.path.dirname(module.folder) if module.is_package else module.folder)
        paths = (os.path.join(folder, "__init__.py") for folder in islice(above, len(module.parts) - 1))
        return tuple(self.project.by_path[path] for path in paths if path in self.project.by_path)

    def reachable(self, start: Iterable[Module], *, dynamic: bool = False) -> set[Module]:
        """The modules that are loaded once those of `start` are, themselves included.

        With `dynamic`, a module that imports by name (`import_module`, pkgutil, a glob over its own folder)
        loads all of the packages that it may mean.
        """
        if not dynamic:
            return reachable(start, self.loads)
        return reachable(start, lambda module: [*self.loads(module), *self.walked(module)])

    @kept
    def leading_to(self, target: Module) -> frozenset[Module]:
        """The modules whose import loads `target`, itself included."""
        return frozenset(reachable([target], lambda module: self.loaded_by.get(module, [])))

    def closes_cycle(self, importer: Module, target: Module) -> bool:
        """Whether a module that comes to import another one is needed by it before it has run to its end.

        A package runs before all that is below it, as ever: that is no need, unless one of them imports the package
        itself, or what is elsewhere and is loaded on the way imports anything of it.
        """
        if importer not in self.packages_above(target):
            return target in self.leading_to(importer)

        def loads(module: Module) -> Iterator[Module]:
            is_below = importer in self.packages_above(module)
            yield from (package for package in self.packages_above(module) if package is not importer)
            for link in self.of(module):
                yield link.target
                if not is_below and importer in self.packages_above(link.target):
                    yield importer

        return importer in reachable([target], loads)

    @cached_property
    def loaded_by(self) -> dict[Module, list[Module]]:
        """The modules whose import runs a module next, as far as statements tell."""
        return grouped((loaded, module) for module in self.project.modules for loaded in self.loads(module))

    # --- targets -----------------------------------------------------------------------------------

    def _targets(self, module: Module, statements: Iterable[o.Stmt]) -> Iterator[Import]:
        for statement in statements:
            if isinstance(statement, o.Import):
                for alias in statement.names:
                    target = self.project.resolver.find_module(alias.name, module)
                    if isinstance(target, Module):
                        yield Import(module, statement, alias, target)
            elif isinstance(statement, o.ImportFrom):
                yield from self._from(module, statement)

    def _from(self, module: Module, statement: o.ImportFrom) -> Iterator[Import]:
        """`from a import b` loads `a`, and the module `a.b` unless `a` binds another `b` itself."""
        resolver = self.project.resolver
        source = resolver.import_source(module, statement)
        if not isinstance(source, (Module, Namespace)):
            return
        if isinstance(source, Module):
            yield Import(module, statement, statement.names[0], source)
        for alias in statement.names:
            names: tuple[str, ...] = (alias.name,)
            if alias.name == "*":
                names = source.listed if isinstance(source, Module) else ()
            for name in names:
                target = resolver.submodule(source, name)
                if isinstance(target, Module) and not self._binds_another(source, name, target):
                    yield Import(module, statement, alias, target)

    def _binds_another(self, source: Module | Namespace, name: str, submodule: Module) -> bool:
        """Whether a package binds a name to something else than its module of that name, which it may import itself."""
        if isinstance(source, Namespace) or all(b.type_checking for b in source.scope.bindings.get(name, ())):
            return False
        return self.project.resolver.member(source, name) is not submodule

    def takes_names_from(self, importer: Module, module: Module) -> bool:
        """Whether a module imports names that another defines (`from module import name`), not only the module."""
        return any(
            link.target is module and isinstance(link.statement, o.ImportFrom) and not link.names_module
            for link in self.of(importer)
        )

    def cycle_of(self, module: Module) -> frozenset[Module]:
        """The modules, itself included, that import this one and that it imports, however indirectly; or none.

        What a package imports of itself is no cycle: the package always runs first.
        """
        return self._cycles.get(module, frozenset())

    @cached_property
    def _cycles(self) -> dict[Module, frozenset[Module]]:
        found = components(self.project.modules, self._next)
        return {module: component for component in found if len(component) > 1 for module in component}

    def _next(self, module: Module) -> list[Module]:
        above = set(self.packages_above(module))
        return [link.target for link in self.of(module) if link.target not in above]

    # --- imports by name ---------------------------------------------------------------------------

    def walked(self, module: Module) -> list[Module]:
        """The modules that code of this one may import by name: all of the packages it names, or its own."""
        text = module.text
        if not any(word in text for word in _WALKERS):
            return []
        found: dict[Module, None] = {}
        for name in dict.fromkeys(_QUOTED.findall(text)):
            target = self._named(module, name)
            if target is not None:
                found.update(dict.fromkeys(self._below(target)))
        for name in dict.fromkeys(_PATH_OF.findall(text)):
            package = self.project.resolver.resolve(module.scope, o.String(0, 0, name))
            if isinstance(package, (Module, Namespace)):
                found.update(dict.fromkeys(self._below(package)))
        if any(word in text for word in _OWN_FOLDER):
            found.update(dict.fromkeys(self._in_folder(module.folder)))
        return list(found)

    def _named(self, module: Module, name: str) -> Module | Namespace | None:
        """The module or folder that a text names: `"app.models"`, or `"models"` as part of a path.

        The folder of the whole project is none: it is called what it is called on this machine.
        """
        found = self.project.resolver.find_module(name, module)
        if found is None and "__file__" in module.text and "." not in name:
            for folder in islice(folders_above(module.folder), 3):
                if self._in_folder(os.path.join(folder, name)):
                    found = Namespace(os.path.join(folder, name), name)
                    break
        return None if isinstance(found, Namespace) and found.folder == self.project.root else found

    def _below(self, target: Module | Namespace) -> list[Module]:
        if isinstance(target, Namespace) or target.is_package:
            return self._in_folder(target.folder)
        return [target]

    def _in_folder(self, folder: str) -> list[Module]:
        return [module for module in self.project.modules if module.path.startswith(folder + os.sep)]

    @cached_property
    def by_name(self) -> list[Module]:
        """The modules whose code imports something by a string, and does not find the name on the disk."""
        return [
            module
            for module in self.project.modules
            if any(word in module.text for word in _BY_NAME) and not any(word in module.text for word in _WALKS)
        ]

    # --- functions ---------------------------------------------------------------------------------

    def in_functions(self, module: Module) -> list[Module]:
        """What the functions of a module import when they are called, and the functions they call in turn."""
        found: dict[Module, None] = {}
        seen: set[Function] = set()
        pending: list[tuple[Scope, tuple[o.Stmt, ...]]] = [(module.scope, module.outline.body)]
        while pending:
            scope, body = pending.pop()
            for link in self._targets(scope.module, runtime_statements(body, functions=True)):
                found[link.target] = None
            for node in o.walk(*body):
                if isinstance(node, o.Call):
                    called = self.project.resolver.resolve(scope, node.func)
                    if isinstance(called, Function) and called not in seen and b"mport" in bytes(called.node.raw):
                        seen.add(called)
                        pending.append((called.scope, called.scope.body))
        return list(found)


def runtime_statements(body: Iterable[Any], *, functions: bool = False) -> Iterator[o.Stmt]:
    """The statements that importing a file may run, in source order; with `functions`, calling them too."""
    for node in body:
        if isinstance(node, o.If):
            yield from runtime_statements(_run_branches(node), functions=functions)
        elif not isinstance(node, o.FunctionDef) or functions:
            yield node
            inner = (node.body,) if isinstance(node, (o.FunctionDef, o.ClassDef)) else blocks(node)
            for block in inner:
                yield from runtime_statements(block, functions=functions)


def _run_branches(node: o.If) -> tuple[o.Stmt, ...]:
    test = node.test
    negated = isinstance(test, o.Operation) and test.operator == "not"
    if isinstance(test, o.Operation) and negated:
        test = test.operands[0]
    if o.dotted(test).rpartition(".")[2] == "TYPE_CHECKING":
        return node.body if negated else node.orelse
    if is_main_guard(node):
        return node.orelse
    return node.body + node.orelse


def is_main_guard(node: o.Node) -> bool:
    """Whether this is `if __name__ == "__main__":`."""
    return isinstance(node, o.If) and isinstance(node.test, o.Compare) and o.dotted(node.test.operands[0]) == "__name__"
