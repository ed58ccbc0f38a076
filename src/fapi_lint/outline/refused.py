"""Texts that have no outline: what does not parse, and what is nested too deeply."""

from __future__ import annotations

import ast
import re
import warnings

from fapi_lint.outline import nodes as o
from fapi_lint.outline.parser import ParserSyntaxError

_PARSER_ROW = re.compile(r"error at (\d+):")
_OF_TOKENS = re.compile(r"unterminated|unmatched|unindent|inconsistent|never closed|does not match|literal|character")
_LINK = re.compile(r"[()\[\]{},;:=\n]|\.(?=\s*[^\W\d])|[-+*/%@&|^<>]|\b(?:and|else|in|is|lambda|not|or)\b")
"""What an expression is made longer by, and what ends one."""
_LITERAL = re.compile(r'''("""|\'\'\')(?:\\.|(?!\1).)*\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#[^\n]*''', re.DOTALL)
MAX_DEPTH = 400
"""Expressions and brackets nested deeper than this are refused, and longer chains of operators or `elif`: LibCST's
native parser would overflow its stack, and so would whoever decodes or walks the outline."""


_LONG_LINE = 2 * MAX_DEPTH
_LEADING = re.compile(r"\n[ \t]*[-+*/%@&|^.\])]")
_TRAILING = [f"{operator}\n" for operator in "-+*/%@&|^"]


def failure(text: str, error: ParserSyntaxError) -> o.Failure:
    """Why a text is not Python, and where.

    LibCST says which tokens could have followed, and of the place the row at most. The running Python says it as its
    users know it, if it means the same: it may be older than the text, and stumble over what LibCST reads.
    """
    said = _PARSER_ROW.search(error.message)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<text>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as own:
        row = own.lineno or 0
        if _OF_TOKENS.search(own.msg) or (said and int(said[1]) - 1 <= row <= int(said[1])):
            return o.Failure(own.msg, max(row, 1), max(own.offset or 1, 1))
    except (ValueError, RecursionError, MemoryError):
        pass
    else:
        return o.Failure("valid Python, but the parser of LibCST does not read it", max(error.raw_line, 1), 1)
    message = "invalid syntax" if said else error.message.removeprefix("tokenizer error: ")
    return o.Failure(message, max(error.raw_line, 1), error.raw_column + 1)


def too_deep(text: str) -> int | None:
    """The row where more than `MAX_DEPTH` brackets are open, or operators, attributes and calls follow each other.

    Those in strings and comments do not count.
    """
    if not _may_be_too_deep(text) and not _may_be_chained(text):
        return None
    code = _LITERAL.sub(lambda match: "\n" * match[0].count("\n"), text)
    chains = [_Chain()]  # By bracket that is open.
    for match in _LINK.finditer(code):
        token = match[0]
        if token in ")]}":
            if len(chains) > 1:
                chains.pop()
        elif token == "\n":
            if len(chains) == 1:
                chains[0] = _Chain()
        elif token in ",;:=":
            chains[-1] = _Chain()
        else:
            chains[-1].add(token)
            if chains[-1].depth > MAX_DEPTH or len(chains) > MAX_DEPTH:
                return code.count("\n", 0, match.start()) + 1
            if token in "([{":
                chains.append(_Chain())
    return None


class _Chain:
    """How deep an expression is so far: operators are within each other, and so are the links of one operand."""

    def __init__(self) -> None:
        self.operators = 0
        self.links = 0
        self.longest = 0

    @property
    def depth(self) -> int:
        return self.operators + self.longest

    def add(self, token: str) -> None:
        if token in ".([{":
            self.links += 1
            self.longest = max(self.longest, self.links)
        else:
            self.operators += 1
            self.links = 0


def _may_be_chained(text: str) -> bool:
    """A quick look: a chain stands in a long line, or in many that begin or end with an operator."""
    lines = text.split("\n")
    if max(map(len, lines)) > _LONG_LINE:
        return True
    return len(lines) > MAX_DEPTH and len(_LEADING.findall(text)) + sum(map(text.count, _TRAILING)) > MAX_DEPTH


def _may_be_too_deep(text: str) -> bool:
    """A quick look, line by line: strings and comments count, and what a line closes counts at its end."""
    if text.count("(") + text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for line in text.split("\n"):
        opened = line.count("(") + line.count("[") + line.count("{")
        if depth + opened > MAX_DEPTH:
            return True
        depth = max(0, depth + opened - line.count(")") - line.count("]") - line.count("}"))
    return False
