"""The patterns of a .gitignore, exactly as git reads them while it walks down a tree.

pathspec's `GitIgnoreSpec` answers another question, whether a path *or a folder above it* matches: given
`a` and `!b` it lets `!b` bring back `b/a`, which git ignores. A walk that asks at every level needs git's own
answer, and one joined expression is three times faster. The syntax is that of
https://git-scm.com/docs/gitignore, the details are those of git's wildmatch.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

_TOKEN = re.compile(
    r"(?P<stars>\*+)|(?P<any>\?)|\\(?P<escaped>.)"
    r"|\[(?P<negated>[!^]?)(?P<members>(?:\]|\[:\w+:\]|\\.|[^\]\\])(?:\[:\w+:\]|\\.|[^\]\\])*)\]"
    r"|(?P<broken>\[|\\)|(?P<plain>.)",
    re.DOTALL,
)
_MEMBER = re.compile(r"\[:(?P<name>\w+):\]|\\?(?P<first>.)(?:-\\?(?P<last>[^\]]))?", re.DOTALL)
_NAMED_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "digit": "0-9",
    "lower": "a-z",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


class IgnorePatterns:
    """Lines of a .gitignore, without their line ends. A malformed pattern matches nothing, as in git."""

    def __init__(self, lines: Iterable[str]) -> None:
        # The last pattern that matches decides, and an alternation takes the first.
        self._patterns = [pattern for line in lines if (pattern := _parse(line))][::-1]

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """Whether a path is ignored, None if no pattern matches it.

        `path` is relative to the folder of the .gitignore, with slashes and none at the end. Only the path
        itself is looked at, never the folders above it.
        """
        match = (self._for_folders if is_folder else self._for_files).fullmatch(path)
        # The only groups are those around patterns that begin with an exclamation mark.
        return None if match is None else match.lastindex is None

    @cached_property
    def _for_files(self) -> re.Pattern[str]:
        return _join(regex for regex, folders_only in self._patterns if not folders_only)

    @cached_property
    def _for_folders(self) -> re.Pattern[str]:
        return _join(regex for regex, _ in self._patterns)


def _join(regexes: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(regexes) or r"(?!)", re.DOTALL)


def _parse(line: str) -> tuple[str, bool] | None:
    """The regular expression of a line, in a group if it is negated, and whether it is for folders only."""
    if line.startswith("#"):
        return None
    negated = line.startswith("!")
    trimmed = re.fullmatch(r"((?:\\.|[^\\])*?) *", line[negated:], re.DOTALL)
    if trimmed is None:  # A backslash at the end.
        return None
    pattern = trimmed[1]
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    anchored = "/" in pattern
    pattern = pattern.removeprefix("/")
    body = _translate(pattern)
    if not body:
        return None
    regex = body if anchored else f"(?:.*/)?{body}"
    return f"({regex})" if negated else regex, folders_only


def _translate(pattern: str) -> str | None:
    """The regular expression of a pattern, None if it can match nothing."""
    regex = ""
    position = 0
    while token := _TOKEN.match(pattern, position):
        start, position = token.span()
        if stars := token["stars"]:
            around = pattern[:start][-1:], pattern[position : position + 1]
            if len(stars) == 1 or any(char not in ("", "/") for char in around):
                regex += "[^/]*"
            elif position == len(pattern):
                regex += ".*"
            else:
                regex += "(?:.*/)?"
                position += 1
        elif token["any"]:
            regex += "[^/]"
        elif token["broken"]:
            return None
        elif (members := token["members"]) is not None:
            chars = _members(members)
            if chars is None:
                return None
            regex += f"[^/{chars}]" if token["negated"] else f"(?!/)[{chars}]" if chars else "(?!)"
        else:
            regex += re.escape(token["escaped"] or token["plain"])
    return regex


def _members(members: str) -> str | None:
    """The inside of a character class; None if it names a class that we do not know."""
    chars = ""
    for member in _MEMBER.finditer(members):
        if name := member["name"]:
            if name not in _NAMED_CLASSES:
                return None
            chars += _NAMED_CLASSES[name]
            continue
        first, last = member["first"], member["last"]
        chars += re.escape(first)
        if last and first < last:  # To git, a range backwards is its first character alone; to Python, an error.
            chars += f"-{re.escape(last)}"
    return chars
