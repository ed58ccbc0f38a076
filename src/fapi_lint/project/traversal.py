"""Ways through the code of one function: its nodes with what is around them, and its statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
        for block in blocks(statement):
            yield from statements(block)


_BLOCKS: dict[type, Callable[[Any], tuple[tuple[o.Stmt, ...], ...]]] = {
    o.If: lambda node: (node.body, node.orelse),
    o.For: lambda node: (node.body, node.orelse),
    o.While: lambda node: (node.body, node.orelse),
    o.With: lambda node: (node.body,),
    o.Match: lambda node: tuple(case.body for case in node.cases),
    o.Try: lambda node: (node.body, *(handler.body for handler in node.handlers), node.orelse, node.final),
}


def blocks(statement: o.Node) -> tuple[tuple[o.Stmt, ...], ...]:
    """The blocks that a compound statement may run, in source order; functions and classes have none."""
    find = _BLOCKS.get(type(statement))
    return () if find is None else find(statement)


def assigned(statement: object) -> tuple[o.Expr, ...]:
    """The targets of an assignment: `a` and `b` of `a = b = 1`; of anything else, none."""
    if isinstance(statement, o.Assign):
        return statement.targets
    return (statement.target,) if isinstance(statement, o.AnnAssign) else ()


def return_values(body: Iterable[Any]) -> list[o.Expr | None]:
    """What stands behind each `return` of a block."""
    return [statement.value for statement in statements(body) if isinstance(statement, o.Return)]


def ancestors(parents: Parents) -> Iterator[Any]:
    """The parents, innermost first."""
    while parents is not None:
        parent, parents = parents
        yield parent
