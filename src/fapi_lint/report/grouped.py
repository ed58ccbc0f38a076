"""`grouped`: the findings of each file under its name, after ruff's format of that name."""

from __future__ import annotations

from itertools import groupby

from fapi_lint.report.model import Report
from fapi_lint.report.shared import PLAIN, Style, headline, join, one_line, position, shown_path
from fapi_lint.report.summary import footer


def render(report: Report, style: Style = PLAIN) -> str:
    """One block per file with aligned positions, then the summary."""
    blocks = []
    for filename, group in groupby(report.diagnostics, lambda diagnostic: diagnostic.filename):
        diagnostics = list(group)
        indent = max(len(position(diagnostic)) for diagnostic in diagnostics)
        lines = [f"{position(each):>{indent}} {headline(each, report, style)}" for each in diagnostics]
        path = style.paint("path", one_line(shown_path(filename, report.root)))
        blocks.append("\n  ".join([f"{path}:", *lines]))
    return join([*blocks, footer(report, style)], "\n\n")
