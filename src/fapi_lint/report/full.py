"""`full`: each finding with its line of source, after the diagnostics of rustc and ruff."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from itertools import accumulate

from fapi_lint.report.model import Diagnostic, Report
from fapi_lint.report.shared import (
    PLAIN,
    Style,
    headline,
    is_fixable,
    join,
    one_line,
    position,
    shown_path,
    visible,
)
from fapi_lint.report.summary import footer

TAB = " " * 4
ELLIPSIS = "…"
NARROWEST = 20
"""Cells of source that are shown even where the terminal has less room."""
NEAR = 10
"""How many times as many characters as there is room for are looked at on each side: some take up none."""


def render(report: Report, style: Style = PLAIN) -> str:
    """The findings with their source, then the summary."""
    blocks = [_block(diagnostic, report, style) for diagnostic in report.diagnostics]
    return join([*blocks, footer(report, style)], "\n\n")


def _block(diagnostic: Diagnostic, report: Report, style: Style) -> str:
    gutter = " " * len(str(diagnostic.location.row))
    path = one_line(shown_path(diagnostic.filename, report.root))
    lines = [
        headline(diagnostic, report, style),
        f"{gutter}{style.paint('frame', '-->')} {path}:{position(diagnostic)}",
        *_frame(diagnostic, gutter, style),
    ]
    if fix := diagnostic.fix:
        hidden = is_fixable(fix, unsafe=True) and not is_fixable(fix, unsafe=report.unsafe_fixes)
        needs = " (with `--unsafe-fixes`)" if hidden else ""
        lines.append(f"{style.paint('help', 'help:')} {one_line(fix.message)}{needs}")
    return "\n".join(lines)


def _frame(diagnostic: Diagnostic, gutter: str, style: Style) -> list[str]:
    """The first line of the finding between two bars, and the carets under its span."""
    start, end = diagnostic.location, diagnostic.end_location
    index = start.row - diagnostic.excerpt_row
    if not 0 <= index < len(diagnostic.excerpt):
        return []
    line = diagnostic.excerpt[index]
    last = end.column - 1 if end.row == start.row else len(line.rstrip())
    text, caret, length = _crop(line, start.column - 1, last, style.width - len(gutter) - len(" | "))
    bar = style.paint("frame", f"{gutter} |")
    return [
        bar,
        f"{style.paint('frame', f'{start.row} |')} {text}".rstrip(),
        f"{bar} {' ' * caret}{style.paint('code', '^' * length)}",
        bar,
    ]


def _crop(line: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """What to show of a line in so many cells, and the cell and length of the carets.

    `start` and `end` are character indexes of the span. A line that is too long loses its end or, where
    the span would go with it, its beginning too: the span sits in the middle, or at least begins in sight.
    """
    room = max(room, NARROWEST)
    start = min(start, len(line))
    end = min(max(start, end), len(line))
    if len(line) <= room and line.isascii() and line.isprintable():  # Nearly always.
        return line, start, max(end - start, 1)
    # Of a generated line of a megabyte, only what is near: all of it would be measured for each of its findings.
    left = max(start - NEAR * room, 0)
    right = start + NEAR * room
    more = right < len(line)
    line, start, end = line[left:right], start - left, min(end, right) - left
    cells = [_cell(char) for char in line]
    edges = list(accumulate((_width(cell) for cell in cells), initial=0))
    first, last = 0, len(cells)
    if edges[-1] > room <= edges[end]:
        margin = max((room - (edges[end] - edges[start])) // 2, 2)
        first = bisect_left(edges, min(edges[start] - margin, edges[-1] - room + 1), hi=start)
        room -= len(ELLIPSIS)
    if edges[-1] - edges[first] > room:
        last = bisect_right(edges, edges[first] + room - len(ELLIPSIS)) - 1
    before, after = ELLIPSIS if first or left else "", ELLIPSIS if last < len(cells) or more else ""
    caret = len(before) + edges[start] - edges[first]
    length = edges[min(end, last)] - edges[start]
    return f"{before}{''.join(cells[first:last])}{after}", caret, max(length, 1)


def _cell(char: str) -> str:
    return TAB if char == "\t" else visible(char)


def _width(cell: str) -> int:
    """Terminal cells: 2 for wide characters (Unicode Annex 11), 0 for combining marks."""
    if cell.isascii():
        return len(cell)
    if unicodedata.category(cell) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(cell) in {"W", "F"} else 1
