"""The end of every text format: problems, what was fixed, and the count of findings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from fapi_lint.report.model import Report
from fapi_lint.report.shared import Style, count, is_fixable, join, one_line, shown_path


def footer(report: Report, style: Style) -> str:
    """All that follows the findings."""
    warning = style.paint("warning", "warning:")
    problems = "\n".join(f"{warning} {problem}" for problem in report.problems)
    fixes = show_fixes(report, color=style.color) if report.show_fixes else ""
    return "\n\n".join(filter(None, [problems, fixes.rstrip(), summary(report, style)]))


def summary(report: Report, style: Style) -> str:
    """How many findings there are, and what `--fix` would do about them; nothing in a quiet run."""
    return "" if report.quiet else "\n".join(_summary(report, style))


def _summary(report: Report, style: Style) -> Iterator[str]:
    remaining = len(report.diagnostics)
    fixed = sum(sum(codes.values()) for codes in report.fixed.values())
    if remaining + fixed == 0:
        yield "No findings." if report.problems else style.paint("good", "All checks passed!")
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


def show_fixes(report: Report, *, color: bool = False) -> str:
    """Every applied fix by file, the same ones counted: the text of `--show-fixes`."""
    style = Style(color)
    by_file: defaultdict[str, Counter[tuple[str, str, str]]] = defaultdict(Counter)
    for diagnostic in report.applied:
        title = one_line(diagnostic.fix.message) if diagnostic.fix else ""
        by_file[shown_path(diagnostic.filename, report.root)][diagnostic.code, diagnostic.name, title] += 1
    if not by_file:
        return ""
    lines = [f"Fixed {count(len(report.applied), 'finding')}:"]
    for path, fixes in sorted(by_file.items()):
        lines.append(f"- {style.paint('path', one_line(path))}:")
        for (code, name, title), times in sorted(fixes.items()):
            lines.append(f"    {times} × {style.paint('code', code)} ({name}){': ' if title else ''}{title}")
    return join(lines, "\n")
