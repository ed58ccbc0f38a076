"""The end of every text format: problems, what was fixed and what could not be, and the count of findings."""

from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.report.model import Report
from fapi_lint.report.shared import Style, count, is_fixable


def footer(report: Report, style: Style) -> str:
    """All that follows the findings."""
    warning = style.paint("warning", "warning:")
    problems = "\n".join(f"{warning} {problem}" for problem in report.problems)
    return "\n\n".join(filter(None, [problems, review_of(report, style), summary(report, style)]))


def review_of(report: Report, style: Style) -> str:
    """What `--show-fixes` adds: every fix, and what could not be fixed."""
    if not report.show_fixes:
        return ""
    from fapi_lint.report.review import review

    return review(report, style)


def summary(report: Report, style: Style) -> str:
    """How many findings there are, and what `--fix` would do about them; nothing in a quiet run."""
    return "" if report.quiet else "\n".join(_summary(report, style))


def _summary(report: Report, style: Style) -> Iterator[str]:
    remaining = len(report.diagnostics)
    fixed = sum(sum(codes.values()) for codes in report.fixed.values())
    if remaining + fixed == 0:
        yield "No findings." if report.problems or report.defects else style.paint("good", "All checks passed!")
        yield from _baseline(report)
        return
    files = {diagnostic.filename for diagnostic in report.diagnostics} | report.fixed.keys()
    rest = f" ({fixed} fixed, {remaining} remaining)" if fixed else ""
    yield f"Found {count(remaining + fixed, 'finding')} in {count(len(files), 'file')}{rest}."
    now = sum(is_fixable(diagnostic.fix, unsafe=report.unsafe_fixes) for diagnostic in report.diagnostics)
    more = sum(is_fixable(diagnostic.fix, unsafe=True) for diagnostic in report.diagnostics) - now
    if now:
        hidden = f" ({more} more with `--unsafe-fixes`)" if more else ""
        yield f"[{style.paint('fixable', '*')}] {now} fixable with `--fix`{hidden}."
    elif more:
        yield f"{more} fixable with `--fix --unsafe-fixes`."
    yield from _baseline(report)


def _baseline(report: Report) -> Iterator[str]:
    if report.baselined:
        verb = "is" if report.baselined == 1 else "are"
        yield f"{count(report.baselined, 'finding')} in the baseline {verb} left out."
    if report.gone:
        entries, them = ("1 entry", "it") if report.gone == 1 else (f"{report.gone} entries", "them")
        verb = "is" if report.gone == 1 else "are"
        yield f"{entries} of the baseline {verb} gone: `fapi-lint baseline --prune` removes {them}."
