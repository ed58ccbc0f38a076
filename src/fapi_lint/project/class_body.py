"""What the body of a mapped class does with its own attributes before they are mapped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fapi_lint.outline import nodes as o
from fapi_lint.project.kept import kept
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class, External, Scope

_DECLARATIVE = frozenset(["__mapper_args__", "__table_args__"])
_METHODS = frozenset(
    [
        "_creation_order", "all_", "any_", "asc", "between", "bitwise_and", "bitwise_or", "collate", "concat",
        "contains", "desc", "distinct", "endswith", "icontains", "ilike", "in_", "is_", "is_distinct_from",
        "is_not", "is_not_distinct_from", "isnot", "istartswith", "label", "like", "match", "not_ilike",
        "not_in", "not_like", "notilike", "notin_", "notlike", "nulls_first", "nulls_last", "nullsfirst",
        "nullslast", "op", "regexp_match", "startswith",
    ]
)  # fmt: skip
"""What both a `Column` and the result of `mapped_column()` have."""


def names_used_as_columns_only(project: Project, class_: Class, names: set[str]) -> set[str]:
    """Those names of a class body that it uses in no way that a `Column` allows and `mapped_column()` does not.

    Both are operands, arguments of SQLAlchemy's constructs, and entries of `__table_args__` and `__mapper_args__`.
    """
    if not names:
        return names
    search = _Search(project, class_.scope)
    for statement in class_.node.body:
        search.statement(statement)
    return names - search.found


class ColumnOrder:
    """The order in which a class brings its columns into the table.

    SQLAlchemy merges the names of attributes with those of annotations: a column that is but an annotation may stand
    before one that has none.
    """

    def __init__(self, project: Project, class_: Class) -> None:
        bindings = class_.scope.bindings
        self._names = list(bindings)
        self._columns = {column.name for column in project.models.columns_of(class_)}
        self._bound = [n for n, own in bindings.items() if any(b.value is not None or not b.annotation for b in own)]
        self._noted = {n for n, own in bindings.items() if any(b.annotation is not None for b in own)}
        self._is_certain = self._columns.issubset(self._bound)

    def is_kept(self, annotated: frozenset[str]) -> bool:
        """Whether it stays the same when these attributes get an annotation."""
        return self._is_certain or self._with(annotated) == self._with(frozenset())

    @kept
    def _with(self, annotated: frozenset[str]) -> list[str]:
        noted = [name for name in self._names if name in self._noted or name in annotated]
        return [name for name in _merged(self._bound, noted) if name in self._columns]


def _merged(one: list[str], other: list[str]) -> list[str]:
    """Two orders as one, the way SQLAlchemy's `merge_lists_w_ordering` does it."""
    shared = set(one).intersection(other)
    merged: list[str] = []
    current, following = iter(one), iter(other)
    while True:
        for name in current:
            if name in shared:
                shared.discard(name)
                current, following = following, current
                break
            merged.append(name)
        else:
            return merged + list(following)


class _Search:
    """Collects the names that stand anywhere else."""

    def __init__(self, project: Project, scope: Scope) -> None:
        self.project = project
        self.scope = scope
        self.found: set[str] = set()

    def statement(self, statement: Any) -> None:
        match statement:
            case o.FunctionDef():
                self.visit_all((d.value for d in statement.decorators), False)
                self.visit_all((param.default for param in statement.params), False)
            case o.ClassDef():
                pass
            case o.Assign():
                names = {target.id for target in statement.targets if isinstance(target, o.Name)}
                self.visit_all((target for target in statement.targets if not isinstance(target, o.Name)), False)
                self.visit(statement.value, bool(names) and names <= _DECLARATIVE)
            case o.AnnAssign():
                self.visit(
                    statement.value, isinstance(statement.target, o.Name) and statement.target.id in _DECLARATIVE
                )
            case _:
                for child in o.children(statement):
                    if type(child) in _STATEMENTS:
                        self.statement(child)
                    else:
                        self.visit(child, False)

    def visit_all(self, nodes: Iterable[Any], fine: bool) -> None:
        for node in nodes:
            self.visit(node, fine)

    def visit(self, node: Any, fine: bool) -> None:
        """`fine` is whether the place takes the result of `mapped_column()` for a column."""
        match node:
            case None | o.Lambda():
                return
            case o.Name():
                if not fine:
                    self.found.add(node.id)
            case o.Attribute():
                self.visit(node.value, node.attr in _METHODS)
            case o.Call():
                symbol = self.project.resolver.resolve(self.scope, node.func)
                method = isinstance(node.func, o.Attribute) and node.func.attr in _METHODS
                library = isinstance(symbol, External) and symbol.package in ("sqlalchemy", "sqlalchemy_utils")
                self.visit(node.func, False)
                self.visit_all((arg.value for arg in node.args), method or library)
            case o.Operation() | o.Compare():
                self.visit_all(node.operands, True)
            case o.Collection():
                self.visit_all(node.items, fine)
            case o.Dict():
                self.visit_all((*node.keys, *node.values), fine)
            case _:
                self.visit_all(o.children(node), False)


_STATEMENTS = frozenset(
    [
        *(o.AnnAssign, o.Assign, o.AugAssign, o.ClassDef, o.ExprStatement, o.For, o.FunctionDef, o.If, o.Try),
        *(o.While, o.With),
    ]
)
