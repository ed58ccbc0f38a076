"""`github`: workflow commands that GitHub Actions turns into annotations.

Format: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands; the escapes are
those of `actions/toolkit`, packages/core/src/command.ts.
"""

from __future__ import annotations

from fapi_lint.report.model import Diagnostic, Report
from fapi_lint.report.shared import position, shown_path

DATA_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
PROPERTY_ESCAPES = DATA_ESCAPES | str.maketrans({":": "%3A", ",": "%2C"})


def render(report: Report) -> str:
    """One `::error` command per finding."""
    return "".join(f"{_command(diagnostic, report)}\n" for diagnostic in report.diagnostics)


def _command(diagnostic: Diagnostic, report: Report) -> str:
    """The file is absolute: the runner knows the workspace, and the working directory may be below it.

    GitHub accepts columns on annotations of a single line only.
    """
    start, end = diagnostic.location, diagnostic.end_location
    place = {"line": start.row, "endLine": end.row}
    if start.row == end.row:
        place = {"line": start.row, "col": start.column, "endLine": end.row, "endColumn": end.column}
    title = f"fapi-lint ({diagnostic.code})"
    properties = {"title": title, "file": diagnostic.filename, **place}
    fields = ",".join(f"{key}={str(value).translate(PROPERTY_ESCAPES)}" for key, value in properties.items())
    path = shown_path(diagnostic.filename, report.root)
    text = f"{path}:{position(diagnostic)}: {diagnostic.code} {diagnostic.message}"
    return f"::error {fields}::{text.translate(DATA_ESCAPES)}"
