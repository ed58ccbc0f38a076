"""Edits applied to text."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from fapi_lint.fix.edit import Edit
from fapi_lint.outline import nodes as o


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; those at one offset in the given order, insertions first.

    ValueError if two of them overlap or one is outside of the text.
    """
    parts = []
    pos = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if not pos <= edit.start <= edit.end <= len(text):
            raise ValueError(f"{edit} overlaps another edit or leaves the text")
        parts += [text[pos : edit.start], edit.text]
        pos = edit.end
    return "".join([*parts, text[pos:]])


def overlaps(edit: Edit, start: int, end: int) -> bool:
    """Whether an edit changes something inside `[start, end)`; an insertion at either end does not."""
    return edit.start < end and start < edit.end


class Draft(Struct, frozen=True, eq=False):
    """A file as it will be."""

    path: str
    text: str
    outline: o.Outline

    @classmethod
    def parse(cls, path: str, text: str) -> Draft:
        """Read a text; one that does not parse has an outline with a failure."""
        from fapi_lint.outline.build import build  # Only fixes need the parser here.

        return cls(path, text, o.decode(build(text)))
