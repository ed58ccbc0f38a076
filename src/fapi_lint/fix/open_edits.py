"""Edits of a file that are still open to change: lines are broken once it is known how long they become."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from fapi_lint.fix.edit import Edit
from fapi_lint.fix.statement import line_limit
from fapi_lint.fix.text import indent_unit, indentation_at, line_end, line_start, newline
from fapi_lint.project.module import Module


class Piece(Struct):
    """Text to insert at an offset; still open to change until the lines are measured."""

    at: int
    text: str


class OpenEdits(Struct):
    """The edits of one file."""

    module: Module
    pieces: list[Piece] = field(default_factory=list)
    replaced: list[tuple[int, int, str]] = field(default_factory=list)
    wrapped: list[tuple[int, Piece, Piece]] = field(default_factory=list)
    """Statements on one line, with what goes before and behind them: where lines may be broken."""

    def insert(self, at: int, text: str) -> Piece:
        piece = Piece(at, text)
        self.pieces.append(piece)
        return piece

    def replace(self, start: int, end: int, text: str) -> None:
        if start == end:
            self.insert(start, text)
        else:
            self.replaced.append((start, end, text))

    def edits(self) -> Iterator[Edit]:
        self._break_lines()
        texts: dict[int, str] = {}
        for piece in self.pieces:
            texts[piece.at] = texts.get(piece.at, "") + piece.text
        for start, end, text in self.replaced:
            yield Edit(self.module.path, start, end, texts.pop(start, "") + text)
        for at, text in texts.items():
            if text:
                yield Edit(self.module.path, at, at, text)

    def _break_lines(self) -> None:
        """Put statements on lines of their own, long ones first, where the line with all around it became too long."""
        text, saved = self.module.text, dict[int, int]()
        for at, before, behind in sorted(self.wrapped, key=lambda entry: entry[0] - entry[2].at):
            first, last = line_start(text, at), line_end(text, at)
            if "#" in text[first:last]:
                continue  # A comment for a tool must stay on the line that it is about.
            if last - first + self._growth(first, last) - saved.get(first, 0) > line_limit(text):
                saved[first] = saved.get(first, 0) + behind.at - at + self._growth(at, behind.at)
                end = newline(text) + indentation_at(text, at)
                before.text += end + indent_unit(self.module)
                behind.text = end + behind.text

    def _growth(self, start: int, end: int) -> int:
        """By how much the text between two offsets grows."""
        grown = sum(len(piece.text) for piece in self.pieces if start <= piece.at <= end)
        return grown + sum(len(new) - (stop - at) for at, stop, new in self.replaced if start <= at <= end)
