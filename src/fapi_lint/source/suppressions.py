"""Comments that suppress findings: `# noqa`, `# fapi-lint: ignore` and `# fapi-lint: ignore-file`.

The syntax of `noqa` is ruff's (https://docs.astral.sh/ruff/linter/#error-suppression): any case, codes in
capitals separated by commas or spaces, and with a colon but no code after it, or anything else than a blank, it
suppresses nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from msgspec import Struct

from .file import LineIndex

_FROM_HASH = re.compile(r"#[^\r\n]*")
_DIRECTIVE = re.compile(
    r"#[ \t]*(?:"
    r"(?P<noqa>noqa)"
    r"(?:[ \t]*:[ \t]*(?P<codes>(?-i:[A-Z]+[0-9]+\b(?:[ \t]*,[ \t]*|[ \t]+)?)+)|(?![^\s#])(?![ \t]*:))"
    r"|fapi-lint[ \t]*:[ \t]*ignore(?P<file>-file)?"
    r"(?:\[(?P<listed>[^\]\r\n]*[A-Z0-9][^\]\r\n]*)\]|(?![^\s#]))"
    r")",
    re.IGNORECASE,
)
_CODE = re.compile(r"[^\s,]+")
# Where the reason of a directive ends, if it does before the comment ends; "#123" is part of a reason.
_NEXT_PART = re.compile(r"#(?!\d)")


class Code(Struct, frozen=True):
    """A code in a suppression, in capitals, and its span in the text (offsets, end exclusive)."""

    code: str
    start: int
    end: int


class Suppression(Struct, frozen=True):
    """One directive in a comment.

    Without `codes` it suppresses everything. `start` and `end` are the span of the directive itself, from its
    own `#` to its last code or bracket (the reason is not in it); `comment_end` is where the comment ends that it
    stands in. All are offsets into the text, ends exclusive; `row` counts from 1.
    """

    kind: Literal["line", "file"]
    style: Literal["noqa", "ignore"]
    codes: tuple[Code, ...]
    start: int
    end: int
    row: int
    comment_end: int

    def covers(self, code: str) -> bool:
        """Whether a finding with this code is suppressed, as far as the code goes."""
        return not self.codes or any(code == own.code for own in self.codes)


def find_candidates(text: str) -> Iterator[tuple[int, int]]:
    """Spans, from a `#` to the end of its line, that hold a suppression if they are comments.

    At most one for each line, from its first `#`. That may be inside a string: then the comment, if there is
    one, begins later, but it ends where the span ends. No suppression is missed, nor one that is misspelt.
    """
    for match in _FROM_HASH.finditer(text):
        # Not in the expression, which would look through a line full of "#" once for each of them.
        rest = match[0].lower()
        if "noqa" in rest or "fapi" in rest:
            yield match.span()


def parse(text: str, spans: Iterable[tuple[int, int]]) -> tuple[Suppression, ...]:
    """The suppressions in those comments of a text that have the given spans, in the order of the spans."""
    found: list[Suppression] = []
    lines: LineIndex | None = None
    for start, end in spans:
        for match in _DIRECTIVE.finditer(text, start, end):
            lines = lines or LineIndex(text)  # Most files have no suppression.
            # The span of a group that is not there, (-1, -1), is empty.
            listed = match.span("codes" if match["codes"] else "listed")
            codes = tuple(Code(code[0].upper(), *code.span()) for code in _CODE.finditer(text, *listed))
            found.append(
                Suppression(
                    kind="file" if match["file"] else "line",
                    style="noqa" if match["noqa"] else "ignore",
                    codes=codes,
                    start=match.start(),
                    # A separator after the last code is no part of the directive.
                    end=codes[-1].end if match["codes"] else match.end(),
                    row=lines.position(start)[0],
                    comment_end=end,
                )
            )
    return tuple(found)


def removal(text: str, suppression: Suppression, codes_to_drop: Collection[str]) -> tuple[int, int, str]:
    """The edit (start, end, replacement) that takes codes out of a suppression, or all of it if none is left.

    Other codes stay with their reason, and so does whatever else the comment says. What says nothing any more
    goes with the blanks before it, and a line that held nothing else goes altogether. A suppression without
    codes is taken out whole; never ask for that of a bare `# noqa`, which may serve another linter.
    """
    kept = [code for code in suppression.codes if code.code not in codes_to_drop]
    if kept:
        first, last = suppression.codes[0], suppression.codes[-1]
        separator = text[first.end : suppression.codes[1].start] if len(suppression.codes) > 1 else ""
        return first.start, last.end, separator.join(text[code.start : code.end] for code in kept)

    start, end = suppression.start, suppression.comment_end
    if after := _NEXT_PART.search(text, suppression.end, end):
        return start, after.start(), ""
    # Only blanks are left of the line, or the code or the part of the comment before the directive.
    newline = text.rfind("\n", 0, start)
    line_start = max(newline, text.rfind("\r", newline + 1, start)) + 1
    before = text[line_start:start].rstrip()
    if before:
        return line_start + len(before), end, ""
    if text.startswith("\r\n", end):
        return line_start, end + 2, ""
    return line_start, min(end + 1, len(text)), ""
