"""`--statistics`: findings counted by rule, after ruff's option of that name."""

from __future__ import annotations

from collections import Counter

from fapi_lint.report.json_list import dump
from fapi_lint.report.model import Report
from fapi_lint.report.shared import Style, is_fixable, join
from fapi_lint.report.summary import footer


def statistics(report: Report, output_format: str = "full", *, color: bool = False) -> str:
    """Count, code, mark and name of every rule that found something, most frequent first; JSON for `json`.

    The mark is `[*]` where `--fix` would fix all findings of the rule, `[-]` some, `[ ]` none.
    """
    totals = Counter((diagnostic.code, diagnostic.name) for diagnostic in report.diagnostics)
    fixable = Counter(
        (diagnostic.code, diagnostic.name)
        for diagnostic in report.diagnostics
        if is_fixable(diagnostic.fix, unsafe=report.unsafe_fixes)
    )
    rules = sorted(totals, key=lambda rule: (-totals[rule], rule))
    if output_format == "json":
        return dump(
            [
                {"code": rule[0], "name": rule[1], "count": totals[rule], "fixable_count": fixable[rule]}
                for rule in rules
            ]
        )
    style = Style(color)
    indent = len(str(max(totals.values(), default=0)))
    lines = []
    for rule in rules:
        mark = " " if not fixable[rule] else "*" if fixable[rule] == totals[rule] else "-"
        code = style.paint("code", rule[0])
        lines.append(f"{totals[rule]:>{indent}}  {code}  [{style.paint('fixable', mark)}] {rule[1]}")
    return join([*lines, footer(report, style)], "\n")
