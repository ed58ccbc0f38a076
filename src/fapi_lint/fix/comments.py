"""No fix loses what somebody wrote to explain the code."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from functools import lru_cache

from fapi_lint.fix.edit import Edit, Fix
from fapi_lint.fix.names import File
from fapi_lint.fix.text import is_pragma

_STRING_OR_COMMENT = re.compile(
    r"#[^\r\n]*"
    r"|'''(?:[^\\]|\\.)*?'''"
    r'|"""(?:[^\\]|\\.)*?"""'
    r"|'(?:[^'\\\r\n]|\\.)*'"
    r'|"(?:[^"\\\r\n]|\\.)*"',
    re.DOTALL,
)


class LostComment(Exception):  # noqa: N818
    """A fix that would take a comment away that is not about the tools that read the code."""

    def __init__(self, comment: str) -> None:
        super().__init__(comment)
        self.comment = comment

    def __str__(self) -> str:
        return f"the comment `{self.comment}` would be lost"


def keep_comments(fix: Fix, files: Callable[[str], File]) -> None:
    """Raise LostComment if a comment of the code that the fix replaces is in nothing that it writes.

    Whole lines that go take along what is said on them.
    """
    gone = Counter(comment for edit in fix.edits for comment in _comments_in(edit, files))
    if not gone:
        return
    written = "\n".join(edit.text for edit in fix.edits)
    for comment, times in gone.items():
        if written.count(comment) < times:
            raise LostComment(comment)


def _comments_in(edit: Edit, files: Callable[[str], File]) -> list[str]:
    text = files(edit.path).text
    whole_lines = text[max(edit.start - 1, 0) : edit.start] in ("", "\n", "\r") and text[
        max(edit.end - 1, 0) : edit.end
    ] in ("", "\n", "\r")
    if not edit.path.endswith(".py") or text.find("#", edit.start, edit.end) < 0 or (whole_lines and not edit.text):
        return []
    comments = _comments(text)
    first, last = (bisect_left(comments, (offset, offset)) for offset in (edit.start, edit.end))
    found = [text[start:end].rstrip() for start, end in comments[first:last] if end <= edit.end]
    return [comment for comment in found if not is_pragma(comment)]


@lru_cache(maxsize=16)
def _comments(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in _STRING_OR_COMMENT.finditer(text) if found[0].startswith("#")]
