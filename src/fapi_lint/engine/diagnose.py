"""Violations as reports show them: rows and columns, excerpts, fixes with their imports placed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from fapi_lint.engine.check import Violation
from fapi_lint.engine.suppress import noqa_row
from fapi_lint.fix.edit import Edit, Fix
from fapi_lint.fix.placing import ImportConflict
from fapi_lint.fix.planner import LostComment, check_fix, edits_of
from fapi_lint.project.enclosing import enclosing_name
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.text_files import TextFile
from fapi_lint.report.fingerprint import fingerprint
from fapi_lint.report.model import Diagnostic, Position, ReportedEdit, ReportedFix, ReportedMove
from fapi_lint.source.place import relative_path


def diagnose(
    project: Project, violations: Iterable[Violation], *, with_edits: bool = True, with_files: bool = False
) -> list[Diagnostic]:
    """The violations as diagnostics, in the same order.

    Without edits, fixes have their title and applicability only: placing the imports of thousands of fixes
    takes longer than finding them. `with_files` adds which files they touch.
    """
    known: dict[int, ReportedFix] = {}

    def reported(fix: Fix) -> ReportedFix:
        """Once, however many findings share the fix; by identity, for hashing large ones takes as long."""
        if id(fix) not in known:
            known[id(fix)] = _reported(project, fix, with_edits, with_files)
        return known[id(fix)]

    @cache
    def below_root(path: str) -> str:
        return relative_path(path, project.root)

    @cache
    def excerpt(module: Module, first: int, last: int) -> tuple[str, ...]:
        """The same text for all findings in it: a generated line may be a megabyte, and hold thousands."""
        return tuple([module.source.lines.line(row) for row in range(first, last + 1)])

    modules = project.by_path
    return [_diagnostic(modules[each.finding.at.path], each, reported, below_root, excerpt) for each in violations]


def _diagnostic(
    module: Module,
    violation: Violation,
    reported: Callable[[Fix], ReportedFix],
    below_root: Callable[[str], str],
    excerpt_of: Callable[[Module, int, int], tuple[str, ...]],
) -> Diagnostic:
    rule, finding = violation.rule, violation.finding
    start, end = _position(module, finding.at.start), _position(module, finding.at.end)
    excerpt = excerpt_of(module, start.row, end.row)
    line = symbol = ""  # Of what is about the whole file.
    if finding.at.start != finding.at.end:
        line, symbol = excerpt[0].strip(), enclosing_name(module, finding.at.start)
    message = finding.message
    fix = None
    if finding.fix is not None:
        try:
            fix = reported(finding.fix)
        except (ImportConflict, LostComment) as conflict:
            message = f"{message} (no fix: {conflict})"
    return Diagnostic(
        code=rule.code,
        name=rule.name,
        message=message,
        filename=module.path,
        location=start,
        end_location=end,
        noqa_row=noqa_row(module, finding.at.start),
        url=rule.url,
        preference=rule.preference,
        fix=fix,
        excerpt=excerpt,
        excerpt_row=start.row,
        fingerprint=fingerprint(rule.code, below_root(module.path), line),
        symbol=symbol,
    )


def _position(file: Module | TextFile, offset: int) -> Position:
    return Position(*file.source.lines.position(offset))


def _reported(project: Project, fix: Fix, with_edits: bool, with_files: bool) -> ReportedFix:
    edits: tuple[Edit, ...] = ()
    if with_edits:
        edits = edits_of(fix, project.file)
    else:
        check_fix(fix, project.file)
    return ReportedFix(
        applicability=fix.applicability.value,
        message=fix.title,
        edits=tuple(
            ReportedEdit(
                filename=edit.path,
                content=edit.text,
                location=_position(project.file(edit.path), edit.start),
                end_location=_position(project.file(edit.path), edit.end),
            )
            for edit in edits
        ),
        moves=tuple(ReportedMove(move.path, move.to) for move in fix.moves) if with_edits else (),
        files=_files(fix) if with_files else (),
    )


def _files(fix: Fix) -> tuple[str, ...]:
    edited = {edit.path for edit in fix.edits} | {need.path for need in fix.needs}
    return tuple(sorted(edited | {move.path for move in fix.moves}))
