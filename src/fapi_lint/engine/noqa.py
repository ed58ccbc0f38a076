"""`--add-noqa`: a suppression on every line with a finding."""

from __future__ import annotations

from collections.abc import Iterable

from fapi_lint.engine.check import Violation
from fapi_lint.engine.suppress import noqa_row, suppressible_rows
from fapi_lint.fix.planner import verify
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.source.file import SourceError
from fapi_lint.source.suppressions import Suppression, parse

NEVER = {"FAPI000": "the file cannot be read", "FAPI001": "it is about a suppression"}
"""What gets no suppression, and why."""


def add_noqa(
    project: Project, violations: Iterable[Violation], reason: str = ""
) -> tuple[dict[str, str], int, list[str]]:
    """The new text of every file to change, by path; how many lines got a suppression; and what got none, and why.

    An existing `# noqa` with codes gets the new ones; a comment without one is kept before the new one.
    """
    wanted: dict[str, dict[int, set[str]]] = {}
    skipped: list[str] = []
    for violation in violations:
        at, code = violation.finding.at, violation.rule.code
        module = project.by_path[at.path]
        row = None if code in NEVER else _row(module, at.start)
        if row is None:
            why = NEVER.get(code, "a line that is continued, or names the interpreter, has no room for a comment")
            skipped.append(f"{module.where(at.start)}: {code} gets no suppression: {why}")
        else:
            wanted.setdefault(at.path, {}).setdefault(row, set()).add(code)
    texts: dict[str, str] = {}
    added = 0
    for path, rows in wanted.items():
        module = project.by_path[path]
        text = _with_suppressions(module, rows, reason)
        if verify(module.text, text) is not None:
            skipped.append(f"{module.shown}: gets no suppressions: the file would not parse with them")
            continue
        try:
            module.source.encode(text)
        except SourceError as error:
            skipped.append(f"{module.shown}: gets no suppressions: {error.message}")
            continue
        texts[path] = text
        added += len(rows)
    return texts, added, skipped


def _row(module: Module, offset: int) -> int | None:
    """The row for a suppression of a finding: the best that has room for a comment."""
    best = noqa_row(module, offset)
    rows = [best, *sorted(suppressible_rows(module, offset) - {best})]
    return next((row for row in rows if _has_room(module, row)), None)


def _has_room(module: Module, row: int) -> bool:
    lines = module.source.lines
    line = lines.line(row)
    if line.rstrip().endswith("\\") or (row == 1 and line.startswith("#!")):  # The shell would take it for arguments.
        return False
    end = lines.offset(row, 1) + len(line)
    return not any(start < end < stop for start, stop in module.outline.strings)


def _with_suppressions(module: Module, rows: dict[int, set[str]], reason: str) -> str:
    existing = {
        suppression.row: suppression
        for suppression in parse(module.text, module.outline.suppressions)
        if suppression.kind == "line" and suppression.style == "noqa" and suppression.codes
    }
    text = module.text
    for row in sorted(rows, reverse=True):
        start, end, added = _edit(module, row, sorted(rows[row]), existing.get(row), reason)
        text = text[:start] + added + text[end:]
    return text


def _edit(
    module: Module, row: int, codes: list[str], existing: Suppression | None, reason: str
) -> tuple[int, int, str]:
    if existing is not None:
        first, last = existing.codes[0], existing.codes[-1]
        separator = module.text[first.end : existing.codes[1].start] if len(existing.codes) > 1 else ", "
        return last.end, last.end, "".join(separator + code for code in codes)
    lines = module.source.lines
    start = lines.offset(row, 1)
    line = lines.line(row)
    before = line.rstrip()
    comment = f"# noqa: {', '.join(codes)}" + (f" {' '.join(reason.split())}" if reason else "")
    return start + len(before), start + len(line), f"{'  ' if before else ''}{comment}"
