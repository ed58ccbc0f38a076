"""LibCST to outline, in one walk."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter

from fapi_lint.outline import nodes as o
from fapi_lint.outline.cursor import crosses_line
from fapi_lint.outline.parser import ParserSyntaxError, parse_module
from fapi_lint.outline.refused import failure, too_deep
from fapi_lint.outline.statements import ENCODER, Statements

_RECURSION_LIMIT = 20_000


def build(text: str, comments: Iterable[tuple[int, int]] = ()) -> bytes:
    """The encoded outline of a file's text.

    `comments` are spans that look like suppression comments; those inside a string literal are
    left out of the outline. A text that does not parse gives an outline with a `failure`.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        outline = _build(text, comments)
        return ENCODER.encode(outline)
    except RecursionError:
        return ENCODER.encode(o.Outline(failure=o.Failure("nested too deeply to be analysed", 1, 1)))
    finally:
        sys.setrecursionlimit(limit)


def _build(text: str, comments: Iterable[tuple[int, int]]) -> o.Outline:
    if (row := too_deep(text)) is not None:
        return o.Outline(failure=o.Failure("nested too deeply to be analysed", row, 1))
    try:
        module = parse_module(text)
    except ParserSyntaxError as error:
        return o.Outline(failure=failure(text, error))
    builder = Statements(text)
    try:
        body = builder.block(module.body)
    except RecursionError:
        row = text.count("\n", 0, builder.pos) + 1
        return o.Outline(failure=o.Failure("nested too deeply to be analysed", row, 1))
    strings = builder.strings
    return o.Outline(
        body=body,
        suppressions=tuple(_comments(text, comments, strings)),
        multiline=tuple(builder.multiline),
        strings=tuple(span for span in strings if crosses_line(text, *span)),
    )


def _comments(
    text: str, candidates: Iterable[tuple[int, int]], strings: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """The candidates that are comments; where a candidate's `#` is inside a string, its line's next one counts."""
    outermost: list[tuple[int, int]] = []
    for span in sorted(strings):
        if not outermost or span[1] > outermost[-1][1]:
            outermost.append(span)
    for start, end in candidates:
        while start >= 0:
            index = bisect_right(outermost, start, key=itemgetter(0)) - 1
            if index < 0 or start >= outermost[index][1]:
                yield start, end
                break
            start = text.find("#", outermost[index][1], end)
