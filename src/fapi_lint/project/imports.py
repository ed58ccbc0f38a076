"""The import graph at run time: which modules importing a module loads.

Counted is what runs when a module is imported: statements at module level and in class bodies, those under
`if` and `try` included; not those under `TYPE_CHECKING` or `if __name__ == "__main__":`, and not those in functions.
https://docs.python.org/3/reference/import.html
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Function, Namespace

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_WALKERS = ("import_module", "__import__", "iter_modules", "walk_packages", "find_modules", "import_string")


@dataclass(frozen=True, slots=True, eq=False)
class Import:
    """One module that one import statement loads; `alias` is the name in the statement that makes it do so."""

    importer: Module
    statement: o.Import | o.ImportFrom
    alias: o.Alias
    target: Module


@dataclass(eq=False)
class Imports:
    """The import graph of an application."""

    project: Project
    _direct: dict[Module, tuple[Import, ...]] = field(default_factory=dict)

    def of(self, module: Module) -> tuple[Import, ...]:
        """What the module itself imports when it is imported, in source order; packages above the targets left out."""
        if module not in self._direct:
            self._direct[module] = tuple(self._targets(module, runtime_statements(module.outline.body)))
        return self._direct[module]

    def loads(self, module: Module) -> list[Module]:
        """Every module that importing this one runs next: its imports, and the packages above it and them."""
        found = dict.fromkeys(self.packages_above(module))
        for link in self.of(module):
            found.update(dict.fromkeys(self.packages_above(link.target)))
            found[link.target] = None
        found.pop(module, None)
        return list(found)

    def packages_above(self, module: Module) -> Iterator[Module]:
        """The `__init__` modules that run before a module does."""
        folder = os.path.dirname(module.folder) if module.is_package else module.folder
        for _ in module.parts[1:]:
            package = self.project.by_path.get(os.path.join(folder, "__init__.py"))
            if package is not None:
                yield package
            folder = os.path.dirname(folder)

    def reachable(self, start: Iterable[Module], *, dynamic: bool = False) -> set[Module]:
        """The modules that are loaded once those of `start` are, themselves included.

        With `dynamic`, a module that imports by name (`import_module`, pkgutil, a glob over its own folder)
        loads all of the packages that it may mean.
        """
        seen: set[Module] = set()
        pending = list(start)
        while pending:
            module = pending.pop()
            if module in seen:
                continue
            seen.add(module)
            pending += self.loads(module)
            if dynamic:
                pending += self.walked(module)
        return seen

    def leading_to(self, target: Module) -> set[Module]:
        """The modules whose import loads `target`, itself included."""
        seen: set[Module] = set()
        pending = [target]
        while pending:
            module = pending.pop()
            if module not in seen:
                seen.add(module)
                pending += self._loaded_by.get(module, ())
        return seen

    @cached_property
    def _loaded_by(self) -> dict[Module, list[Module]]:
        found: dict[Module, list[Module]] = {}
        for module in self.project.modules:
            for loaded in self.loads(module):
                found.setdefault(loaded, []).append(module)
        return found

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
                names = (source.exports or ()) if isinstance(source, Module) else ()
            for name in names:
                if isinstance(source, Module) and any(
                    not binding.type_checking for binding in source.scope.bindings.get(name, ())
                ):
                    continue
                target = resolver.submodule(source, name)
                if isinstance(target, Module):
                    yield Import(module, statement, alias, target)

    # --- imports by name ---------------------------------------------------------------------------

    def walked(self, module: Module) -> list[Module]:
        """The modules that code of this one may import by name: all of the packages it names, or its own."""
        text = module.text
        if not any(word in text for word in _WALKERS):
            return []
        found: dict[Module, None] = {}
        for node in o.walk(*module.outline.body):
            if isinstance(node, o.String) and node.value and node.value.replace(".", "").isidentifier():
                target = self.project.resolver.find_module(node.value, module)
                if isinstance(target, (Module, Namespace)):
                    found.update(dict.fromkeys(self._below(target)))
            elif isinstance(node, o.Attribute) and node.attr == "__path__":
                package = self.project.resolver.resolve(module.scope, node.value)
                if isinstance(package, (Module, Namespace)):
                    found.update(dict.fromkeys(self._below(package)))
        if "__file__" in text or "__path__" in text or "__package__" in text or "__name__" in text:
            found.update(dict.fromkeys(self._in_folder(module.folder)))
        return list(found)

    def _below(self, target: Module | Namespace) -> list[Module]:
        if isinstance(target, Namespace):
            return self._in_folder(target.folder)
        return self._in_folder(target.folder) if target.is_package else [target]

    def _in_folder(self, folder: str) -> list[Module]:
        return [module for module in self.project.modules if module.path.startswith(folder + os.sep)]

    # --- functions ---------------------------------------------------------------------------------

    def in_functions(self, module: Module) -> list[Module]:
        """What the functions of a module import when they are called, and the functions they call in turn."""
        found: dict[Module, None] = {}
        seen: set[Function] = set()
        pending: list[Any] = [(module.scope, module.outline.body)]
        while pending:
            scope, body = pending.pop()
            nodes = list(o.walk(*body))
            for link in self._targets(scope.module, (n for n in nodes if isinstance(n, (o.Import, o.ImportFrom)))):
                found[link.target] = None
            for node in nodes:
                if isinstance(node, o.Call):
                    called = self.project.resolver.resolve(scope, node.func)
                    if isinstance(called, Function) and called not in seen and b"mport" in bytes(called.node.raw):
                        seen.add(called)
                        pending.append((called.scope, called.scope.body))
        return list(found)


def runtime_statements(body: Iterable[Any]) -> Iterator[o.Stmt]:
    """The statements that importing a file may run, in source order, bodies of functions left out."""
    for node in body:
        if isinstance(node, o.FunctionDef):
            continue
        if isinstance(node, o.If):
            yield from runtime_statements(_run_branches(node))
            continue
        yield node
        for name in ("body", "orelse", "handlers", "cases", "final"):
            for part in getattr(node, name, ()):
                if isinstance(part, (o.Handler, o.Case)):
                    yield from runtime_statements(part.body)
                else:
                    yield from runtime_statements((part,))


def _run_branches(node: o.If) -> tuple[o.Stmt, ...]:
    test = node.test
    negated = isinstance(test, o.Operation) and test.operator == "not"
    if isinstance(test, o.Operation) and negated:
        test = test.operands[0]
    if o.dotted(test).rpartition(".")[2] == "TYPE_CHECKING":
        return node.body if negated else node.orelse
    if isinstance(test, o.Compare) and o.dotted(test.operands[0]) == "__name__":
        return node.orelse
    return node.body + node.orelse
