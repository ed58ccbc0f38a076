"""The page of a rule, in Markdown: what it finds, why, examples, what its fix keeps, and its options."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from fapi_lint.report.model import RuleInfo

_SECTION = re.compile(r"^(Bad|Good|Fix safety|Options|Together with):[ ]*", re.MULTILINE)
_FENCE = re.compile(r"^```(\w+) (\S+)$", re.MULTILINE)
_FIXES = {
    "safe": "safe: `--fix` applies it",
    "unsafe": "unsafe: `--fix --unsafe-fixes` applies it",
    "display": "shown, but not applied",
    "none": "none",
}


def rule_page(info: RuleInfo) -> str:
    """The page, which needs no other one."""
    return "\n".join(_lines(info)) + "\n"


def _lines(info: RuleInfo) -> Iterator[str]:
    why, *parts = _SECTION.split(info.explanation.partition("\n")[2].strip())
    sections = dict(zip(parts[::2], map(_text, parts[1::2]), strict=True))
    yield from (f"# {info.name} ({info.code})", "", info.summary, "")
    yield from ("| preference | fix | runs |", "|---|---|---|")
    runs = "by default" if info.default else f"once it is selected: `--extend-select {info.code}`"
    yield from (f"| {info.preference} | {_FIXES[info.fix]} | {runs} |", "")
    if why.strip():
        yield from ("## Why", "", _text(why), "")
    for title in ("Bad", "Good", "Fix safety", "Options"):
        if title in sections:
            yield from (f"## {title}", "", sections[title][:1].upper() + sections[title][1:], "")
    if "Together with" in sections:
        yield from (f"On the bad example these rules fire, too: {sections['Together with']}", "")
    yield from ("## Suppressing it", "", _suppressing(info.code, by_name="`exempt`" in sections.get("Options", "")))


def _text(part: str) -> str:
    """A part of the docstring without its indentation, its examples under the names of their files."""
    first, newline, rest = part.partition("\n")
    text = f"{first}\n{textwrap.dedent(rest)}" if newline else first
    return _FENCE.sub(r'```\1 title="\2"', text.strip()).replace("```\n```", "```\n\n```")


def _suppressing(code: str, *, by_name: bool) -> str:
    if code in ("FAPI000", "FAPI001"):
        return (
            f'In some files: `per-file-ignores = {{ "templates/**" = ["{code}"] }}`. Everywhere: `ignore = ["{code}"]`.'
        )
    names = f' For names that match: `exempt = {{ {code} = ["Legacy*"] }}`.' if by_name else ""
    return (
        f"In one place: `# noqa: {code}` or `# fapi-lint: ignore[{code}] reason`.{names} "
        f'Everywhere: `ignore = ["{code}"]`.'
    )
