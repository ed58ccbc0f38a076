"""What a file imports: one `Binding` for every name that an import at module level binds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from fapi_lint.fix.names import File, binders, bound_by, local_name
from fapi_lint.outline import nodes as o

Guard: TypeAlias = Literal["", "typing", "try", "branch"]
ImportStatement: TypeAlias = o.Import | o.ImportFrom

_SAME = {
    "sqlalchemy.types": "sqlalchemy",
    "sqlalchemy.sqltypes": "sqlalchemy",
    "sqlalchemy.sql": "sqlalchemy",
    "sqlalchemy.schema": "sqlalchemy",
    "sqlalchemy.sql.schema": "sqlalchemy",
    "sqlalchemy.sql.sqltypes": "sqlalchemy",
    "sqlalchemy.sql.expression": "sqlalchemy",
    "sqlalchemy.sql.functions": "sqlalchemy",
    "sqlalchemy.orm.decl_api": "sqlalchemy.orm",
    "sqlalchemy.orm.session": "sqlalchemy.orm",
    "sqlalchemy.ext.asyncio.session": "sqlalchemy.ext.asyncio",
    "starlette.requests": "fastapi",
    "fastapi.requests": "fastapi",
    "fastapi.exceptions": "fastapi",
    "fastapi.param_functions": "fastapi",
    "fastapi.routing": "fastapi",
    "pydantic.fields": "pydantic",
    "pydantic.main": "pydantic",
    "pydantic.config": "pydantic",
}
"""Modules that define what another one exports under the same name."""


class Binding(Struct, frozen=True, dict=True):
    """A local name, the dotted object or module it stands for, and where it is imported.

    `target` is empty where a relative import cannot be resolved. `guard` says what the import depends on:
    nothing, `if TYPE_CHECKING:`, a `try` whose other ways bind the name as well, or another branch.
    """

    name: str
    target: str
    statement: ImportStatement
    alias: o.Alias
    guard: Guard

    @cached_property
    def meant(self) -> str:
        """The target in the one spelling that it has for all who export it."""
        return canonical(self.target)

    @property
    def module(self) -> str:
        """The module that the statement certainly loads."""
        if isinstance(self.statement, o.Import):
            return self.alias.name
        return self.target.rpartition(".")[0]


@lru_cache(maxsize=256)  # Every fix of a file asks for them.
def bindings(file: File) -> tuple[Binding, ...]:
    """The imports at module level, in source order; those in functions and classes are left out."""
    found = []
    for statement, guard in import_statements(file.outline.body):
        for alias in statement.names:
            name = local_name(statement, alias)
            if name:
                target = _target(file, statement, alias)
                found.append(Binding(name, target, statement, alias, guard))
    return tuple(found)


@lru_cache(maxsize=256)
def bindings_by_name(file: File) -> dict[str, tuple[Binding, ...]]:
    """The same by the names that they bind."""
    found: dict[str, tuple[Binding, ...]] = {}
    for binding in bindings(file):
        found[binding.name] = (*found.get(binding.name, ()), binding)
    return found


def import_statements(block: Iterable[Any], guard: Guard = "") -> Iterator[tuple[ImportStatement, Guard]]:
    """The import statements of a block and of the blocks inside it, but for functions and classes."""
    for node in block:
        match node:
            case o.Import() | o.ImportFrom():
                yield node, guard
            case o.If():
                inside: Guard = guard or ("typing" if is_type_checking(node.test) else "branch")
                yield from import_statements(node.body, inside)
                yield from import_statements(node.orelse, guard or "branch")
            case o.Try():
                yield from import_statements(node.body, guard or "try")
                for handler in node.handlers:
                    yield from import_statements(handler.body, guard or "branch")
                yield from import_statements(node.orelse, guard or "branch")
                yield from import_statements(node.final, guard)
            case o.With() | o.For() | o.While():
                yield from import_statements(node.body, guard or "branch")


def is_type_checking(test: Any) -> bool:
    """Whether a condition is `TYPE_CHECKING` or `typing.TYPE_CHECKING`."""
    return o.dotted(test).rpartition(".")[2] == "TYPE_CHECKING"


@lru_cache(maxsize=256)
def rebound(file: File) -> frozenset[str]:
    """Names that something other than imports binds at module level too."""
    return frozenset(name for node in binders(file.outline.body) for name in bound_by(node)) - {""}


def module_of(file: File, statement: o.ImportFrom) -> str:
    """The absolute module of a `from` import; empty if it is relative and the file's module is unknown."""
    if not statement.level:
        return statement.module
    package = package_of(file)
    if not package:
        return ""
    parts = package.split(".")
    if statement.level > len(parts):
        return ""
    base = parts[: len(parts) - statement.level + 1]
    return ".".join([*base, statement.module] if statement.module else base)


def package_of(file: File) -> str:
    """The dotted package of a file, from its module name; empty if unknown."""
    name = module_name(file)
    is_package: bool = getattr(file, "is_package", False)
    return name if is_package else name.rpartition(".")[0]


def module_name(file: File) -> str:
    """The dotted name that a file is imported under; empty if the file does not say."""
    name: str = getattr(file, "module_name", "") or getattr(file, "name", "")
    return name


@lru_cache(maxsize=4096)
def canonical(target: str) -> str:
    """One spelling for an object that several modules export under the same name."""
    if target == "starlette.status":
        return "fastapi.status"
    module, _, name = target.rpartition(".")
    return f"{_SAME[module]}.{name}" if module in _SAME else target


def _target(file: File, statement: ImportStatement, alias: o.Alias) -> str:
    if isinstance(statement, o.Import):
        return alias.name if alias.asname else alias.name.partition(".")[0]
    module = module_of(file, statement)
    return f"{module}.{alias.name}" if module else ""
