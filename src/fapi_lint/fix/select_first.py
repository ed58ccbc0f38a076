"""The queries of tests, which must be written with `select()` before their session becomes asynchronous."""

from __future__ import annotations

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Fix, Refusal
from fapi_lint.fix.select import to_select
from fapi_lint.project.asynchrony.closure import Closure
from fapi_lint.project.project import Project


def queries_first(project: Project, closure: Closure, refused: Refusal) -> Fix | Refusal:
    """The fix that rewrites the queries that keep a closure synchronous; what follows is for the next pass.

    No rule judges these files, so that their queries have no fix of their own.
    """
    made = FixBuilder()
    for chain in dict.fromkeys(project.queries.chain_at(query.module, query.node) for query in closure.queries):
        fix = to_select(project, chain)
        if isinstance(fix, Refusal):
            return Refusal(f"{refused.reason}: {fix.reason}")
        if not made.touches(fix):  # else one query is within another: after that one.
            made.take(fix)
    names = sorted({edit.path.replace("\\", "/").rpartition("/")[2] for edit in made.edits})
    return made.fix(f"Replace `query()` by `select()` in {', '.join(names)}, before the session becomes asynchronous")
