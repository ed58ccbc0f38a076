"""Bulk changes that a commit would have made known to the objects of a session by expiring them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fapi_lint.fix.edit import Edit
from fapi_lint.fix.text import remove_argument
from fapi_lint.outline import nodes as o
from fapi_lint.project.project import Project
from fapi_lint.project.search import around, places
from fapi_lint.project.symbols import Class, External, Function, Scope

_WORD = "synchronize_session"


def synchronised(project: Project, functions: Iterable[Function]) -> Iterator[Edit]:
    """`execution_options(synchronize_session=False)` goes from updates and deletes.

    Without it, SQLAlchemy brings the objects that the session has up to date. What it cannot work out in Python it
    would expire, and reading that could not be awaited: such an update stays as it is.
    """
    for function in functions:
        module, node = function.module, function.node
        hits = [at for at in places(module.text, _WORD) if node.body_start <= at < node.end]
        for sighting in around(module, hits):
            call = sighting.node
            if not (isinstance(call, o.Call) and isinstance(call.func, o.Attribute)):
                continue
            given = call.argument(_WORD)
            if call.func.attr != "execution_options" or given is None or o.dotted(given.value) != "False":
                continue
            if not _is_known(project, sighting.scope, call.func.value):
                continue
            if len(call.args) > 1:
                yield remove_argument(module, call, given)
            else:
                start = len(module.text[: module.text.rindex(".", 0, call.func.attr_start)].rstrip())
                yield Edit(module.path, start, call.end, "")


def _is_known(project: Project, scope: Scope, statement: o.Expr) -> bool:
    """Whether a statement is a delete, or an update whose values are no SQL."""
    while isinstance(statement, o.Call) and isinstance(statement.func, o.Attribute):
        if statement.func.attr == "values":
            for node in o.walk(*(arg.value for arg in statement.args)):
                meant = project.resolver.resolve(scope, node) if isinstance(node, o.Name) else None
                if isinstance(meant, External) and meant.package == "sqlalchemy":
                    return False
                if isinstance(meant, Class) and meant in project.models.by_class:
                    return False
        statement = statement.func.value
    made = project.resolver.external(scope, statement.func) if isinstance(statement, o.Call) else None
    return made is not None and made.is_orm and made.name in ("delete", "update")
