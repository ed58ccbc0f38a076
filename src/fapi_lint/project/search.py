"""Looking for something in the text first, and only then at the nodes around it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Scope

_AS = re.compile(r"as(?=\s+(\w+))")
_LAST_WORD = re.compile(r"(\w+)\s+$")
_REACH = 200
"""Where the word before an `as` is looked for; a pattern that starts with a word is tried at each word of the text."""


class Sighting(Struct, frozen=True, eq=False):
    """A node around a match. `parents` are the nodes around it in the same block, innermost last."""

    node: o.Node
    scope: Scope
    """Where the names of the node are resolved."""
    parents: tuple[o.Node, ...]

    @property
    def parent(self) -> o.Node | None:
        return self.parents[-1] if self.parents else None

    @property
    def outwards(self) -> tuple[o.Node, ...]:
        """The parents, innermost first."""
        return self.parents[::-1]

    @property
    def call(self) -> o.Call | None:
        """The call of what the node names, if it is called there."""
        parent = self.parent
        return parent if isinstance(parent, o.Call) and parent.func is self.node else None

    @property
    def module(self) -> Module:
        return self.scope.module


def search(module: Module, *words: str) -> Iterator[Sighting]:
    """The nodes of a file around the places where its text has one of the words, outer ones first.

    Functions without such a place stay encoded, so that this costs little in a file with few of them.
    """
    return around(module, (hit for word in words for hit in places(module.text, word)))


def around(module: Module, offsets: Iterable[int]) -> Iterator[Sighting]:
    """The nodes of a file around some offsets of its text, outer ones first."""
    hits = sorted(offsets)
    if hits:
        yield from _in_block(module.scope, hits, module.outline.body)


def places(text: str, word: str) -> Iterator[int]:
    """Where a text has a word that is not part of a longer one; much faster than a regular expression."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        if not _is_part(text[at - 1 : at]) and not _is_part(text[end : end + 1]):
            yield at
        at = text.find(word, end)


def other_names(modules: Iterable[Module]) -> dict[str, set[str]]:
    """What names are called elsewhere, going by the text: `import get as get_user`; what they mean is to be asked."""
    found: dict[str, set[str]] = {}
    for module in modules:
        text, end = module.text, 0
        for match in _AS.finditer(text) if " as " in text else ():
            if not text[match.start() - 1].isspace():
                continue
            name = _LAST_WORD.search(text[max(end, match.start() - _REACH) : match.start()])
            if name is not None:
                end = match.end(1)
                if name[1] != match[1]:
                    found.setdefault(name[1], set()).add(match[1])
    return found


def _is_part(character: str) -> bool:
    return character.isalnum() or character == "_"


def _in_block(scope: Scope, hits: list[int], body: Iterable[o.Node]) -> Iterator[Sighting]:
    pending: list[tuple[o.Node, tuple[o.Node, ...]]] = [(node, ()) for node in reversed(tuple(body))]
    while pending:
        node, parents = pending.pop()
        start = node.outer_start
        at = bisect_left(hits, start)
        if at == len(hits) or hits[at] >= node.end:
            continue
        yield Sighting(node, scope, parents)
        below = (*parents, node)
        if not isinstance(node, (o.FunctionDef, o.ClassDef)):
            pending += [(child, below) for child in o.children(node)[::-1]]
            continue
        header = o.header(node)
        pending.extend((child, below) for child in reversed(header))
        if bisect_left(hits, node.body_start) < bisect_left(hits, node.end):
            definitions = scope.functions if isinstance(node, o.FunctionDef) else scope.classes
            own = next((d.scope for d in definitions if d.node is node), None)
            if own is not None:
                yield from _in_block(own, hits, own.body)
