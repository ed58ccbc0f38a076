"""Lines that fixes made too long, broken at their brackets as black and ruff do.

Only what changed is laid out, and only where it has no comment: the text says what it said before.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from itertools import pairwise

from fapi_lint.fix.text import newline
from fapi_lint.project.project import Project

_TOKEN = re.compile(r"""(?:[rbfuRBFU]{0,2}(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'))|\w+|\s+|.""")
_CONFIGURED = re.compile(r"^line-length\s*=\s*(\d+)", re.MULTILINE)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_SILENT = frozenset([tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER])
_UNIT = "    "

Token = tokenize.TokenInfo


def line_length(project: Project) -> int:
    """How long lines may be: what ruff or black are told, else 120."""
    for file in project.text_files.named("pyproject.toml", "ruff.toml", ".ruff.toml"):
        if found := _CONFIGURED.search(file.text):
            return int(found[1])
    return 120


def fitted(before: str, after: str, limit: int) -> str:
    """A text with those lines broken that are longer than the limit and not in the text before."""
    known = set(before.splitlines())
    lines = after.splitlines(keepends=True)
    long = {row for row, line in enumerate(lines, 1) if len(line.rstrip()) > limit and line.rstrip("\r\n") not in known}
    if not long or "\t" in after:
        return after
    end = newline(after)
    for tokens in reversed(list(_statements(after)) if long else []):
        first, last = tokens[0].start[0], tokens[-1].end[0]
        if long.isdisjoint(range(first, last + 1)) or any(_is_bound(token) for token in tokens):
            continue
        indent = " " * tokens[0].start[1]
        broken = _split(_joined(tokens), indent, limit)
        text = end.join(broken) + end
        if lines[first - 1][: len(indent)].strip() or lines[last - 1][tokens[-1].end[1] :].strip():
            continue  # It shares a line with something else.
        if _meaning(tokens) == _meaning(next(_statements(text.lstrip(" ")), [])):
            lines[first - 1 : last] = [text]
    return "".join(lines)


def _statements(text: str) -> Iterator[list[Token]]:
    """The tokens of each simple statement and of each header; none where the text cannot be read."""
    found: list[Token] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NEWLINE and found:
                yield found
                found = []
            elif token.type not in _SILENT and (found or token.type != tokenize.COMMENT):
                found.append(token)
    except (tokenize.TokenError, SyntaxError):
        return


def _is_bound(token: Token) -> bool:
    """Whether a token keeps a statement as it is laid out: a comment, a string over several lines."""
    return token.type == tokenize.COMMENT or token.start[0] != token.end[0] or token.string == "lambda"


def _joined(tokens: Sequence[Token]) -> str:
    """A statement on one line, without the commas before closing brackets that only a layout needs."""
    text = tokens[0].string
    for (before, token), behind in zip(pairwise(tokens), [*tokens[2:], None], strict=True):
        if token.string == "," and token.end[0] != (behind or token).start[0] and behind and behind.string in _CLOSING:
            continue
        if token.start[0] == before.end[0]:
            text += token.line[before.end[1] : token.start[1]]
        elif before.string not in _OPENING and token.string not in _CLOSING and token.string != ".":
            text += " "
        text += token.string
    return text


def _meaning(tokens: Sequence[Token]) -> list[str]:
    """The tokens of a statement without the commas before closing brackets."""
    strings = [token.string for token in tokens]
    return [one for one, other in zip(strings, [*strings[1:], ""], strict=True) if one != "," or other not in _CLOSING]


# --- breaking ----------------------------------------------------------------------------------------


def _split(text: str, indent: str, limit: int, *, inside: bool = False) -> list[str]:
    """A piece of code in lines; `inside` of brackets it may be broken without some of its own."""
    if len(indent) + len(text) <= limit:
        return [indent + text]
    if not inside and len(_items(text)) > 1:
        return [indent + text]  # Only parentheses of its own would hold it together.
    parts = _parts(text) if inside else [text]
    if len(parts) > 1:
        return [line for part in parts for line in _split(part, indent, limit, inside=part is parts[0])]
    for start, end in reversed(_pairs(text)):
        head, body, tail = text[: start + 1], text[start + 1 : end].strip(), text[end:]
        if body and len(indent) + len(head) <= limit and len(indent) + len(tail) <= limit:
            return [indent + head, *_body(body, indent + _UNIT, limit), indent + tail]
    return [indent + text]


def _body(text: str, indent: str, limit: int) -> list[str]:
    """What stands between brackets: on one line if it fits, else one item on each."""
    items = _items(text)
    if len(indent) + len(text) <= limit or len(items) == 1 or _has_word(text, "for"):
        return _split(text, indent, limit, inside=True)
    lines = []
    for item in items:
        *first, last = _split(item, indent, limit)
        lines += [*first, last + ","]
    return lines


def _outer(text: str) -> Iterator[tuple[int, str]]:
    """The tokens outside of all brackets, which count themselves, with their offsets."""
    depth = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        depth -= token in _CLOSING
        if not depth:
            yield match.start(), token
        depth += token in _OPENING


def _pairs(text: str) -> list[tuple[int, int]]:
    """The offsets of the outermost brackets."""
    found = [(at, token) for at, token in _outer(text) if token in _OPENING or token in _CLOSING]
    return [(one[0], other[0]) for one, other in pairwise(found) if one[1] in _OPENING and other[1] in _CLOSING]


def _items(text: str) -> list[str]:
    cuts = [at for at, token in _outer(text) if token == ","]
    found = [text[one + 1 : other].strip() for one, other in pairwise([-1, *cuts, len(text)])]
    return [item for item in found if item]


def _has_word(text: str, word: str) -> bool:
    return any(token == word for _, token in _outer(text))


def _parts(text: str) -> list[str]:
    """The parts of what stands in brackets: of a comprehension, a condition, or a chain of calls."""
    tokens = list(_outer(text))
    if _has_word(text, "for"):
        cuts = [at for at, token in tokens if token in ("for", "if")]
        cuts = [at - 6 if text[:at].endswith("async ") else at for at in cuts]
    elif _has_word(text, "or") or _has_word(text, "and"):
        word = "or" if _has_word(text, "or") else "and"
        cuts = [at for at, token in tokens if token == word]
    else:
        cuts = _links(text)
    return [text[one:other].strip() for one, other in pairwise([0, *cuts, len(text)])]


def _links(text: str) -> list[int]:
    """The dots before the calls of a chain; the first belongs to a name that it starts with."""
    if any(token in ("=", "==", "if", "else", "await", "not", "in", "is", "yield") for _, token in _outer(text)):
        return []
    calls = [m.start() for m in re.finditer(r"\.\w+\(", text) if (m.start(), ".") in set(_outer(text))]
    if re.match(r"[\w.]+\Z", text[: calls[0]] if calls else ""):
        del calls[0]
    return calls if len(calls) > 1 or (calls and text[: calls[0]].count("(") > 1) else []
