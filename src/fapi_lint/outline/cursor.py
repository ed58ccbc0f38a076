"""A place in a text that moves from leaf to leaf of its syntax tree.

LibCST keeps no positions, and asking for them costs more than parsing. But its leaves (names,
literals) come in source order, and between two leaves stand only trivia, keywords and punctuation.
So the walk keeps a cursor into the text and looks each leaf up from there: `seek` skips comments
and longer words, and that is all the position tracking there is.
"""

from __future__ import annotations

_QUOTES = "\"'"


class Cursor:
    """`pos` is the offset behind the last leaf."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0

    def seek(self, token: str) -> int:
        """Move behind the next `token` and return where it starts. Words match whole words only."""
        text = self.text
        pos = self.pos
        word = (token[0].isalpha() or token[0] == "_") and token[-1] not in _QUOTES
        found = -1
        while True:
            if found < pos:  # In a long block of comments, it is far behind most of them.
                found = text.find(token, pos)
            if found < 0:
                raise AssertionError(f"{token!r} not found after offset {self.pos}")
            comment = text.find("#", pos, found)
            if comment >= 0:
                pos = self._line_end(comment)
                continue
            end = found + len(token)
            if word and (
                (end < len(text) and ((char := text[end]) == "_" or char.isalnum()))
                or (found > pos and ((char := text[found - 1]) == "_" or char.isalpha()))
            ):
                pos = end
                while pos < len(text) and ((char := text[pos]) == "_" or char.isalnum()):
                    pos += 1
                continue
            self.pos = end
            return found

    def _line_end(self, pos: int) -> int:
        end = self.text.find("\n", pos)
        end = len(self.text) if end < 0 else end
        carriage_return = self.text.find("\r", pos, end)
        return end if carriage_return < 0 else carriage_return


def crosses_line(text: str, start: int, end: int) -> bool:
    return text.find("\n", start, end) >= 0 or text.find("\r", start, end) >= 0
