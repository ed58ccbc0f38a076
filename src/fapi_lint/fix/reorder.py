"""Functions of a module or class put into another order, with their decorators and the comments that belong to them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any

from msgspec import Struct

from fapi_lint.fix.edit import Edit, RefusedError
from fapi_lint.fix.names import File, target_names
from fapi_lint.fix.text import line_end, line_start, next_line
from fapi_lint.outline import nodes as o

_RULER = re.compile(r"#\s*(?:[-=#*~_]{3,}|region\b|endregion\b|[-=*]+ )")
"""A comment that sets off a section: it stays where it is."""
_WORD = re.compile(r"[^\W\d]\w*")


class _Block(Struct, frozen=True):
    """A statement with the comments over it and in it."""

    node: Any
    start: int
    end: int


def reorder(
    file: File, body: Sequence[o.Stmt], functions: Sequence[o.FunctionDef], order: Sequence[o.FunctionDef]
) -> list[Edit]:
    """`functions`, which stand in a body in this order, in the order of `order`; what stands between them stays.

    Raises RefusedError where a name would be used before it is defined, or a section comment stands between them.
    """
    low, high = functions[0].outer_start, functions[-1].end
    first = bisect_left(body, low, key=attrgetter("outer_start"))
    last = bisect_right(body, high, key=attrgetter("end"))
    region = [_block(file, node) for node in body[first:last]]
    starts = {block.node.start for block in region}
    if any(function.start not in starts for function in functions):
        raise RefusedError("not all of them are defined unconditionally")
    _check_comments(file, region)
    _check_names(region, functions)
    blocks = {block.node.start: block for block in region}
    edits = []
    for old, new in zip(functions, order, strict=True):
        if old is not new:
            source, target = blocks[new.start], blocks[old.start]
            edits.append(Edit(file.path, target.start, target.end, file.text[source.start : source.end]))
    return edits


def _block(file: File, node: Any) -> _Block:
    text = file.text
    start = line_start(text, node.outer_start)
    indent = text[start : node.outer_start]
    while start:
        above = line_start(text, start - 1)
        line = text[above:start].removeprefix(indent)
        if not line.startswith("#") or _RULER.match(line):
            break
        start = above
    end = line_end(text, node.end)
    at = next_line(text, end)
    while isinstance(node, (o.FunctionDef, o.ClassDef)) and at < len(text):
        line = text[at : line_end(text, at)]
        inner = line.removeprefix(indent)
        if line.strip() and not (line.startswith(indent) and inner[0].isspace() and inner.lstrip().startswith("#")):
            break
        if line.strip():
            end = at + len(line)
        at = next_line(text, at)
    return _Block(node, start, end)


def _check_comments(file: File, region: Sequence[_Block]) -> None:
    for block, following in pairwise(region):
        if "#" in file.text[block.end : following.start]:
            raise RefusedError("comments between them set off sections")


def _check_names(region: Sequence[_Block], functions: Sequence[o.FunctionDef]) -> None:
    """What runs when the module is loaded must find the same names as before."""
    moved = {function.name for function in functions}
    starts = {function.start for function in functions}
    bound = [name for block in region for name in _bound(block.node)]
    if len(moved) < len(functions) or any(bound.count(name) > 1 for name in moved):
        raise RefusedError("one of them is defined twice")
    for block in region:
        names = set(_names_at_import(block.node))
        needed = sorted(names & (set(bound) if block.node.start in starts else moved))
        if needed:
            raise RefusedError(f"`{needed[0]}` would be used before it is defined")


def _bound(node: Any) -> Iterator[str]:
    """The names that a statement defines."""
    for inner in o.walk(*([] if isinstance(node, (o.FunctionDef, o.ClassDef)) else [node])):
        targets = getattr(inner, "targets", None) or [getattr(inner, "target", None)]
        for target in targets:
            yield from target_names(target) if isinstance(target, o.Node) else ()
        if isinstance(inner, o.Alias):
            yield inner.asname or inner.name.partition(".")[0]
    if isinstance(node, (o.FunctionDef, o.ClassDef)):
        yield node.name


def _names_at_import(node: Any) -> Iterator[str]:
    """The names that running a statement looks up: of a function only what stands before its body."""
    parts: list[Any] = [node]
    if isinstance(node, o.FunctionDef):
        annotations = [param.annotation for param in node.params] + [node.returns]
        for quoted in o.walk(*annotations):
            if isinstance(quoted, o.String):
                yield from _WORD.findall(quoted.value or "")
        parts = [*o.header(node)]
    for inner in o.walk(*parts):
        if isinstance(inner, o.Name):
            yield inner.id
