"""`json`: the contract of design.md; RFC 8259, in ASCII so that no output encoding can break it."""

from __future__ import annotations

import json
from typing import Any

from fapi_lint.report.model import Diagnostic, Position, Report, ReportedEdit, ReportedFix


def render(report: Report) -> str:
    """A list with one object per finding."""
    return dump([finding(diagnostic) for diagnostic in report.diagnostics])


def dump(value: object) -> str:
    """`value` as an indented JSON document."""
    return json.dumps(value, indent=2) + "\n"


def finding(diagnostic: Diagnostic) -> dict[str, Any]:
    """A finding with all that is known of it; paths are absolute."""
    return {
        "code": diagnostic.code,
        "name": diagnostic.name,
        "message": diagnostic.message,
        "filename": diagnostic.filename,
        **_span(diagnostic),
        "noqa_row": diagnostic.noqa_row,
        "url": diagnostic.url,
        "preference": diagnostic.preference,
        "fix": _fix(diagnostic.fix) if diagnostic.fix else None,
    }


def _fix(fix: ReportedFix) -> dict[str, Any]:
    edits = [{"filename": edit.filename, "content": edit.content, **_span(edit)} for edit in fix.edits]
    moves = [{"filename": move.filename, "to": move.to} for move in fix.moves]
    only_if_any = {"moves": moves} if moves else {}
    return {"applicability": fix.applicability, "message": fix.message, "edits": edits, **only_if_any}


def _span(item: Diagnostic | ReportedEdit) -> dict[str, Any]:
    return {"location": _position(item.location), "end_location": _position(item.end_location)}


def _position(position: Position) -> dict[str, int]:
    return {"row": position.row, "column": position.column}
