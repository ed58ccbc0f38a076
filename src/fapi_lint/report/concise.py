"""`concise`: one finding per line, as compilers do (GNU Coding Standards, "Formatting Error Messages")."""

from __future__ import annotations

from fapi_lint.report.model import Report
from fapi_lint.report.shared import PLAIN, Style, join, located_headline
from fapi_lint.report.summary import footer


def render(report: Report, style: Style = PLAIN) -> str:
    """`path:row:column: CODE [*] message` per finding, then the summary."""
    lines = [located_headline(diagnostic, report, style) for diagnostic in report.diagnostics]
    return join([*lines, footer(report, style)], "\n")
