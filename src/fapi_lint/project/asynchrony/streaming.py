"""Statements that ask for their rows piece by piece, which an asynchronous session gives by other methods only."""

from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.outline import nodes as o
from fapi_lint.project.symbols import Scope

STREAMS = {"execute": "stream", "scalars": "stream_scalars"}
"""The methods of a session or connection, and those that stream."""
_OPTIONS = frozenset(["yield_per", "stream_results"])


def streams(scope: Scope, call: o.Call) -> bool:
    """Whether a statement that is executed has `execution_options(yield_per=100)`, as far as it is seen there."""
    return any(_asks(node) for arg in call.args for node in o.walk(*_parts(scope, arg.value)))


def _parts(scope: Scope, expr: o.Node) -> Iterator[o.Node]:
    """An expression, and what the names in it are bound to."""
    yield expr
    for node in o.walk(expr):
        if isinstance(node, o.Name):
            yield from (binding.value for binding in scope.bindings.get(node.id, ()) if binding.value is not None)


def _asks(node: o.Node) -> bool:
    if isinstance(node, o.Dict):
        return any(o.text(key) in _OPTIONS for key in node.keys)
    if isinstance(node, o.Call) and isinstance(node.func, o.Attribute) and node.func.attr == "execution_options":
        return any(arg.keyword in _OPTIONS for arg in node.args)
    return False
