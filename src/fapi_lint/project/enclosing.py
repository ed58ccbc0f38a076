"""The name of what a place in a file is part of."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.traversal import blocks


def enclosing_name(module: Module, offset: int) -> str:
    """The definition around an offset: `create_user`, `User.name`, `Settings`; empty where nothing names it.

    A decorator is part of what it decorates, and functions are not looked into. A call that is a statement is
    named by what it calls and its first text (`router.add_api_route("/users")`), an import by its module.
    """
    names: list[str] = []
    body: Sequence[o.Stmt] = module.outline.body
    while (statement := _at(body, offset)) is not None:
        names.append(_name(statement))
        body = () if isinstance(statement, o.FunctionDef) else _inner(statement)
    return ".".join(filter(None, names))


def _at(body: Sequence[o.Stmt], offset: int) -> o.Stmt | None:
    """The one of these statements, in source order, that the offset is in."""
    before = bisect_right(body, offset, key=attrgetter("outer_start"))
    return body[before - 1] if before and offset < body[before - 1].end else None


def _name(statement: o.Stmt) -> str:
    if isinstance(statement, (o.FunctionDef, o.ClassDef)):
        return statement.name
    if isinstance(statement, o.ExprStatement) and isinstance(statement.value, o.Call):
        texts = [arg.value.value for arg in statement.value.args if isinstance(arg.value, o.String)]
        return f'{o.dotted(statement.value.func)}("{texts[0]}")' if texts else o.dotted(statement.value.func)
    if isinstance(statement, o.ImportFrom):
        return f"from {'.' * statement.level}{statement.module}"
    target = statement.targets[0] if isinstance(statement, o.Assign) else getattr(statement, "target", None)
    return target.id if isinstance(target, o.Name) and isinstance(statement, (o.Assign, o.AnnAssign)) else ""


def _inner(statement: Any) -> Sequence[o.Stmt]:
    """The statements in a compound one, in source order."""
    if isinstance(statement, o.ClassDef):
        return statement.body
    return [inner for block in blocks(statement) for inner in block]
