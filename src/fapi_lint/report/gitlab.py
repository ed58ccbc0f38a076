"""`gitlab`: a Code Quality report (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format)."""

from __future__ import annotations

from fapi_lint.report.fingerprint import fingerprinted
from fapi_lint.report.json_list import dump
from fapi_lint.report.model import Position, Report
from fapi_lint.report.shared import slashed_path


def render(report: Report) -> str:
    """A list of issues; their paths are relative to the root, as GitLab requires."""
    return dump(
        [
            {
                "description": f"{diagnostic.code}: {diagnostic.message}",
                "check_name": diagnostic.code,
                "fingerprint": fingerprint,
                "severity": "major",
                "location": {
                    "path": slashed_path(diagnostic.filename, report.root),
                    "positions": {
                        "begin": _position(diagnostic.location),
                        "end": _position(diagnostic.end_location),
                    },
                },
            }
            for diagnostic, fingerprint in fingerprinted(report)
        ]
    )


def _position(position: Position) -> dict[str, int]:
    return {"line": position.row, "column": position.column}
