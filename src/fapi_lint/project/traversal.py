"""Ways through the code of one function: its nodes with what is around them, and its statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from fapi_lint.outline import nodes as o

Parents: TypeAlias = "tuple[Any, Parents] | None"
"""The nodes around a node, innermost first, as a linked list."""

_LEAVES: frozenset[type] = frozenset([o.Name, o.Number])


def paths(body: Iterable[o.Node], *kinds: type) -> Iterator[tuple[Any, Parents]]:
    """The nodes of a function's own code with their parents, outer nodes first; only those of `kinds` where given.

    The bodies of nested functions and classes are left out, their decorators and defaults are not.
    """
    stack: list[tuple[Any, Parents]] = [(node, None) for node in body]
    stack.reverse()
    pop, append, children = stack.pop, stack.append, o.OWN_CHILDREN
    leaves = _LEAVES.difference(kinds) if kinds else ()
    while stack:
        entry = pop()
        node = entry[0]
        kind = type(node)
        if not kinds or kind in kinds:
            yield entry
        for child in reversed(children[kind](node)):
            if type(child) not in leaves:
                append((child, entry))


def own_nodes(body: Iterable[Any]) -> Iterator[Any]:
    """The nodes of a block, parents first; nested functions and classes are left out as a whole."""
    stack = list(body)[::-1]
    while stack:
        node = stack.pop()
        if isinstance(node, (o.FunctionDef, o.ClassDef)):
            continue
        yield node
        stack += o.children(node)[::-1]


def statements(body: Iterable[Any]) -> Iterator[Any]:
    """The statements of a block and of the blocks inside them, those of functions and classes left out."""
    for statement in body:
        yield statement
        kind = type(statement)
        if kind in (o.If, o.For, o.While, o.Try):
            yield from statements(statement.body)
            yield from statements(statement.orelse)
            if kind is o.Try:
                for handler in statement.handlers:
                    yield from statements(handler.body)
                yield from statements(statement.final)
        elif kind is o.With:
            yield from statements(statement.body)
        elif kind is o.Match:
            for case in statement.cases:
                yield from statements(case.body)


def return_values(body: Iterable[Any]) -> list[o.Expr | None]:
    """What stands behind each `return` of a block."""
    return [statement.value for statement in statements(body) if isinstance(statement, o.Return)]


def ancestors(parents: Parents) -> Iterator[Any]:
    """The parents, innermost first."""
    while parents is not None:
        parent, parents = parents
        yield parent
