"""One import statement, taken apart into its names so that names can join and leave it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import Struct

from fapi_lint.fix.bindings import ImportStatement
from fapi_lint.fix.names import File
from fapi_lint.fix.text import indent_unit, indentation_at, is_pragma, newline

_COMMENT = re.compile(r"#[^\r\n]*")
_BEHIND = re.compile(r"(?:((?:[\s\\]|#[^\r\n]*(?=[\r\n]))*)(,))?([ \t]*#[^\r\n]*)?")
"""What belongs to a name of an import: all up to its comma, and the comment on the line."""

NameKey: TypeAlias = Callable[[str], Any]


class _Item(Struct):
    """A name with what stands before it and before its comma (white space, comments), and the comment behind that."""

    before: str
    text: str
    gap: str = ""
    comma: str = ""
    comment: str = ""


class Names:
    """The names of an import statement. `render` gives the statement again, byte for byte where nothing changed."""

    def __init__(self, text: str, statement: ImportStatement) -> None:
        self._source = text
        self._statement = statement
        self._newline = newline(text)
        names = statement.names
        self.head = text[statement.start : names[0].start]
        self.parenthesised = self.head.rstrip(" \t\r\n").endswith("(") or "(" in self.head
        if self.parenthesised:
            opened = self.head.index("(") + 1
            before, self.head = self.head[opened:], self.head[:opened]
        else:
            before = ""
        self.items: list[_Item] = []
        for index, alias in enumerate(names):
            stop = names[index + 1].start if index + 1 < len(names) else statement.end - self.parenthesised
            gap = text[alias.end : stop]
            parts = _BEHIND.match(gap)
            assert parts is not None
            self.items.append(_Item(before, text[alias.start : alias.end], *parts.groups("")))
            before = gap[parts.end() :]
        self.tail = before + (")" if self.parenthesised else "")

    @property
    def _own_lines(self) -> bool:
        return self.parenthesised and all(_breaks(item.before) for item in self.items)

    def add(self, name: str, key: NameKey | None) -> None:
        """Put `name` (`a` or `a as b`) before the first name that sorts after it by `key`; at the end without one."""
        index = len(self.items)
        if key is not None:
            index = next((i for i, item in enumerate(self.items) if key(item.text) > key(name)), index)
        previous = self.items[index - 1] if index else None
        fresh = _Item(" ", name, comma=",")
        if self._own_lines:  # Comments over the first name stay with it.
            fresh.before = self._newline + _indent(self.items[0].before)
        elif previous is None:
            following = self.items[0]
            fresh.before, following.before = following.before, " "
        elif previous.comment:
            fresh.before = self._newline + " " * 4
        if index == len(self.items) and previous is not None:
            fresh.comma, previous.comma = previous.comma, ","
        self.items.insert(index, fresh)

    def remove(self, index: int) -> None:
        """Take the name at `index` out; its comments stay, but for pragmas."""
        gone = self.items.pop(index)
        kept = gone.before.rstrip() if "#" in gone.before else ""
        own_line = gone.before[len(kept) :] if _breaks(gone.before) else ""
        for comment in _COMMENT.findall(gone.gap + gone.comment):
            if not is_pragma(comment):
                kept += (own_line or (self._newline if "#" in kept else " ")) + comment
        if index < len(self.items):
            following = self.items[index]
            if not _breaks(following.before) and (index == 0 or _breaks(gone.before)):
                following.before = gone.before[len(gone.before.rstrip()) :] if kept else gone.before
            following.before = self._behind_comments(kept, following.before)
        else:
            self.tail = self._behind_comments(kept, self.tail)
            if self.items and not gone.comma:
                self.items[-1].comma = ""

    def _behind_comments(self, comments: str, text: str) -> str:
        """Text after comments, on a line of its own if there are any."""
        return comments + (self._newline + " " * 4 if comments and not _breaks(text) else "") + text

    def render(self, limit: int) -> str:
        """The statement; one that became too long for a line is set in parentheses, one name per line."""
        text = self.head + "".join(i.before + i.text + i.gap + i.comma + i.comment for i in self.items) + self.tail
        lead = indentation_at(self._source, self._statement.start)
        plain = "#" not in text and not _breaks(text)
        if plain and len(lead) + len(text) > limit and self.head.startswith("from"):
            head = self.head.rstrip("(").rstrip() + " ("
            return exploded(head, [item.text for item in self.items], lead, self._newline)
        return text


@lru_cache(maxsize=64)  # Every fix of a file asks for it.
def line_limit(text: str) -> int:
    """How long lines of code may be, going by those that are there: from 88 to 120."""
    longer = (line for line in text.replace("\r", "\n").split("\n") if len(line) > 88)
    return min(120, max((len(line) for line in longer if not set(line) & set("#\"'")), default=88))


def call_lines(file: File, head: str, arguments: Sequence[str], indent: str) -> list[str]:
    """A statement that ends with a call, `head` with its parenthesis, on as few lines as the indented code may have."""
    whole, inner, unit = f"{head}{', '.join(arguments)})", ", ".join(arguments), indent_unit(file)
    if len(indent) + len(whole) <= line_limit(file.text):
        return [whole]
    if len(indent) + len(unit) + len(inner) <= line_limit(file.text):
        return [head, unit + inner, ")"]
    return [head, *(f"{unit}{argument}," for argument in arguments), ")"]


def exploded(head: str, names: Iterable[str], lead: str, newline: str) -> str:
    """An import with one name per line: `head` ends with the opening parenthesis."""
    return "".join([head, *(f"{newline}{lead}    {name}," for name in names), f"{newline}{lead})"])


def name_order(statements: Iterable[Sequence[str]]) -> NameKey | None:
    """The order in which the names of every one of these statements are sorted; None if in no known one."""
    return next(iter(name_orders(statements)), None)


def name_orders(statements: Iterable[Sequence[str]]) -> list[NameKey]:
    """All known orders in which the names of every one of these statements are sorted."""
    lists = [list(names) for names in statements]
    return [key for key in (by_type, str.lower, str) if all(_is_sorted(names, key) for names in lists)]


def by_type(name: str) -> Any:
    """isort's and ruff's order: constants, classes, functions, each without regard to case."""
    bare = name.partition(" ")[0]
    kind = 0 if len(bare) > 1 and bare.isupper() else 1 if bare[:1].isupper() else 2
    return kind, natural(bare), bare


@lru_cache(maxsize=4096)  # The same imports are compared for every fix of a file.
def natural(name: str) -> tuple[Any, ...]:
    """A sort key that compares digits as numbers and letters without regard to case."""
    parts = re.findall(r"\d+|\D+", name)
    return tuple([(0, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in parts])


def _is_sorted(names: list[str], key: NameKey) -> bool:
    keys = [key(name) for name in names]
    return keys == sorted(keys)


def _breaks(text: str) -> bool:
    return "\n" in text or "\r" in text


def _indent(before: str) -> str:
    return re.split(r"\r\n?|\n", before)[-1]
