"""`rdjson`: the Reviewdog Diagnostic Format (proto/rdf/reviewdog.proto in github.com/reviewdog/reviewdog).

Its columns count bytes of UTF-8. A report knows the text of a finding's own lines only, so an edit
elsewhere becomes a suggestion only where the two ways to count cannot differ, at the start of a line.
"""

from __future__ import annotations

from typing import Any

from fapi_lint.report.json_list import dump
from fapi_lint.report.model import Diagnostic, Position, Report, ReportedEdit
from fapi_lint.report.shared import slashed_path


def render(report: Report) -> str:
    """A `DiagnosticResult`."""
    return dump(
        {
            "source": {"name": "fapi-lint"},
            "severity": "ERROR",
            "diagnostics": [_diagnostic(diagnostic, report.root) for diagnostic in report.diagnostics],
        }
    )


def _diagnostic(diagnostic: Diagnostic, root: str) -> dict[str, Any]:
    code = {"value": diagnostic.code} | ({"url": diagnostic.url} if diagnostic.url else {})
    result: dict[str, Any] = {
        "message": diagnostic.message,
        "location": {
            "path": slashed_path(diagnostic.filename, root),
            "range": _range(diagnostic, diagnostic),
        },
        "severity": "ERROR",
        "code": code,
    }
    if suggestions := _suggestions(diagnostic):
        result["suggestions"] = suggestions
    return result


def _suggestions(diagnostic: Diagnostic) -> list[dict[str, Any]]:
    """The edits of the fix, all of them or none: the format knows no file but the finding's own."""
    fix = diagnostic.fix
    if fix is None or fix.applicability == "display" or fix.moves:
        return []
    if not all(_is_known(edit, diagnostic) for edit in fix.edits):
        return []
    return [{"range": _range(edit, diagnostic), "text": edit.content} for edit in fix.edits]


def _range(item: Diagnostic | ReportedEdit, diagnostic: Diagnostic) -> dict[str, dict[str, int]]:
    return {
        "start": _position(item.location, diagnostic),
        "end": _position(item.end_location, diagnostic),
    }


def _position(position: Position, diagnostic: Diagnostic) -> dict[str, int]:
    before = _line(position, diagnostic)[: position.column - 1]
    wider = len(before.encode("utf-8", "surrogatepass")) - len(before)
    return {"line": position.row, "column": position.column + wider}


def _is_known(edit: ReportedEdit, diagnostic: Diagnostic) -> bool:
    ends = edit.location, edit.end_location
    return edit.filename == diagnostic.filename and all(end.column == 1 or _line(end, diagnostic) for end in ends)


def _line(position: Position, diagnostic: Diagnostic) -> str:
    """The text of a row, empty where the excerpt does not have it."""
    index = position.row - diagnostic.excerpt_row
    return diagnostic.excerpt[index] if 0 <= index < len(diagnostic.excerpt) else ""
