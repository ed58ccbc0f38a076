"""The queries of tests, which must be written with `select()` before their session becomes asynchronous."""

from __future__ import annotations

from fapi_lint.fix.edit import Applicability, DropsImport, Edit, Fix, NeedsImport, Refusal
from fapi_lint.fix.select import to_select
from fapi_lint.project.asynchrony.closure import Closure
from fapi_lint.project.project import Project


def queries_first(project: Project, closure: Closure, refused: Refusal) -> Fix | Refusal:
    """The fix that rewrites the queries that keep a closure synchronous; what follows is for the next pass.

    No rule judges these files, so that their queries have no fix of their own.
    """
    edits: dict[Edit, None] = {}
    needs: dict[NeedsImport, None] = {}
    drops: dict[DropsImport, None] = {}
    for chain in dict.fromkeys(project.queries.chain_at(query.module, query.node) for query in closure.queries):
        fix = to_select(project, chain)
        if isinstance(fix, Refusal):
            return Refusal(f"{refused.reason}: {fix.reason}")
        if any(_touch(edit, other) for edit in fix.edits for other in edits if edit != other):
            continue  # One query within another: after this one.
        edits |= dict.fromkeys(fix.edits)
        needs |= dict.fromkeys(fix.needs)
        drops |= dict.fromkeys(fix.drops)
    names = sorted({edit.path.replace("\\", "/").rpartition("/")[2] for edit in edits})
    title = f"Replace `query()` by `select()` in {', '.join(names)}, before the session becomes asynchronous"
    return Fix(title, Applicability.UNSAFE, tuple(edits), tuple(needs), tuple(drops))


def _touch(one: Edit, other: Edit) -> bool:
    return one.path == other.path and one.start <= other.end and other.start <= one.end
