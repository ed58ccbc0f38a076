"""What the fixes of a run do, one by one and how far each may be trusted; and what they could not do, and why."""

from __future__ import annotations

import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from fapi_lint.report.model import Diagnostic, Report, RuleInfo
from fapi_lint.report.shared import Style, count, is_fixable, one_line, shown_path

PLACES = 6
"""How many places and files are named; a diff shows the others."""

_SAFETY = re.compile(r"^Fix safety:\s*(.*?)(?=^\n\w[\w ]*:|\Z)", re.MULTILINE | re.DOTALL)
_VERDICT = re.compile(r"(safe|unsafe)\b[.,:]?\s*(?:because\s+)?", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=\.)\s+(?=[A-Z])")
_ANY_FIX = {
    "safe": "behaviour, database schema, HTTP contract and public names stay as they are.",
    "unsafe": "behaviour, database schema, HTTP contract or public names change, as the title says.",
}


def review(report: Report, style: Style, *, verb: str = "Fixed", wrap: bool = False) -> str:
    """Every applied fix, and every finding that is left; nothing if there is neither.

    A finding that is left has one line, which is wrapped on a terminal only (`wrap`).
    """
    return "\n\n".join([*_applied(report, style, verb), *_left(report, style, wrap)])


def _applied(report: Report, style: Style, verb: str) -> Iterator[str]:
    """A block per kind of fix: its rules, the reason for its applicability, then titles and places."""
    by_fix: defaultdict[tuple[str, str], list[Diagnostic]] = defaultdict(list)
    for diagnostic in report.applied:
        fix = diagnostic.fix
        by_fix[(fix.applicability, one_line(fix.message)) if fix else ("safe", "")].append(diagnostic)
    kinds: defaultdict[tuple[tuple[str, ...], str], list[tuple[str, list[Diagnostic]]]] = defaultdict(list)
    for (applicability, title), diagnostics in by_fix.items():
        kinds[tuple(sorted({each.code for each in diagnostics})), applicability].append((title, diagnostics))
    if kinds:
        yield f"{verb} {count(len(report.applied), 'finding')}:"
    for (codes, applicability), fixes in sorted(kinds.items()):
        diagnostics = [each for _, found in fixes for each in found]
        heading = f"{_names(codes, diagnostics)}, {applicability}: {_reason(diagnostics, applicability, report)}"
        lines = [_wrapped(heading, style, emphasis=codes)]
        for title, found in sorted(fixes):
            times = f" ({count(len(found), 'finding')})" if len(found) > 1 else ""
            lines.append(_wrapped(f"{title}{times}", style, "  - "))
            lines.append(_wrapped(_places(found, report), style, "    "))
        yield "\n".join(lines)


def _names(codes: Sequence[str], diagnostics: Iterable[Diagnostic]) -> str:
    names = {each.code: each.name for each in diagnostics}
    return ", ".join(f"{code} ({names[code]})" for code in codes)


def _reason(diagnostics: Sequence[Diagnostic], applicability: str, report: Report) -> str:
    """What the rule that most of them are of says about the safety of its fix."""
    ((code, _),) = Counter(each.code for each in diagnostics).most_common(1)
    return _safety(next((rule for rule in report.rules if rule.code == code), None), applicability)


def _safety(rule: RuleInfo | None, applicability: str) -> str:
    section = _SAFETY.search(rule.explanation) if rule else None
    text = " ".join(section[1].split()) if section else ""
    verdict = _VERDICT.match(text)
    if verdict and verdict[1].lower() == applicability:
        text = _SENTENCE.split(text[verdict.end() :])[0]
    return text or _ANY_FIX.get(applicability, "")


def _places(diagnostics: Iterable[Diagnostic], report: Report) -> str:
    """Where the findings are, then which other files their fix changes."""
    rows: defaultdict[str, list[int]] = defaultdict(list)
    others: dict[str, None] = {}
    for each in diagnostics:
        rows[each.filename].append(each.location.row)
        others.update(dict.fromkeys(each.fix.files if each.fix else ()))
    places = [f"{_shown(path, report)}:{','.join(map(str, sorted(rows[path])))}" for path in sorted(rows)]
    also = [_shown(path, report) for path in sorted(others.keys() - rows.keys())]
    return "; also ".join(filter(None, [_some(places), _some(also)]))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:PLACES])
    return f"{shown} and {len(names) - PLACES} more" if len(names) > PLACES else shown


def _left(report: Report, style: Style, wrap: bool) -> Iterator[str]:
    """A block per rule and obstacle, a line per finding."""
    blocks: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for diagnostic in report.diagnostics:
        obstacle, explanation = _obstacle(diagnostic, report)
        place = f"{_shown(diagnostic.filename, report)}:{diagnostic.location.row}"
        heading = f"{diagnostic.code} ({diagnostic.name}) {obstacle}:"
        line = f"{place}: {one_line(explanation)}"
        line = _wrapped(line, style, "    ", "        ") if wrap else f"    {line}"
        blocks[diagnostic.code, heading].append(line.replace(place, style.paint("path", place), 1))
    if blocks:
        yield f"Could not fix {count(len(report.diagnostics), 'finding')}, because"
    for (code, heading), lines in sorted(blocks.items()):
        yield "\n".join([_wrapped(heading, style, "  - ", emphasis=[code]), *lines])


def _obstacle(diagnostic: Diagnostic, report: Report) -> tuple[str, str]:
    """What keeps a finding from being fixed, and what is to be said about it."""
    fix, message = diagnostic.fix, diagnostic.message
    if fix is None:
        fixable = any(rule.code == diagnostic.code and rule.fix != "none" for rule in report.rules)
        return "has no fix here" if fixable else "has no fix", message
    if diagnostic.code in report.unfixable:
        return "is not fixable by the settings", message
    if fix.applicability == "display":
        return "has fixes for display only", fix.message
    if not is_fixable(fix, unsafe=report.unsafe_fixes):
        return "has fixes that `--unsafe-fixes` applies", fix.message
    return "has a fix that does not go together with the others", message


def _shown(path: str, report: Report) -> str:
    return one_line(shown_path(path, report.root))


def _wrapped(text: str, style: Style, indent: str = "", hanging: str = "", emphasis: Iterable[str] = ()) -> str:
    """The text in lines of the terminal's width, the first one behind `indent`, the others behind `hanging`."""
    wrapped = textwrap.fill(
        text,
        max(style.width, 40),
        initial_indent=indent,
        subsequent_indent=hanging or " " * len(indent),
        break_long_words=False,
        break_on_hyphens=False,
    )
    for word in emphasis:
        wrapped = wrapped.replace(word, style.paint("code", word), 1)
    return wrapped
