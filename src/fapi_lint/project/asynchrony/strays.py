"""What is surely a session of the application though nothing says which: `registry["db"].scalars(select(User))`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.blocks import Code, codes
from fapi_lint.project.asynchrony.sessions import is_something_else
from fapi_lint.project.asynchrony.surroundings import is_shadowed, leaf, root
from fapi_lint.project.symbols import Function
from fapi_lint.project.traversal import Parents, ancestors, paths
from fapi_lint.project.words import needles

if TYPE_CHECKING:
    from fapi_lint.project.asynchrony.flow import SessionFlow

_SENDING = frozenset(["exec", "execute", "query", "scalar", "scalars"])
"""Methods that nothing but a session is asked to do with a mapped class."""
_WORDS = needles(_SENDING)
SURELY = frozenset(["commit", "execute", "flush", "query", "refresh", "rollback", "scalar", "scalars"])
"""Methods that hardly anything but a session has."""


def asked(flow: SessionFlow) -> Iterator[tuple[Code, o.Attribute, Parents]]:
    """The calls of such methods that are given a model, with what is around each: `session.scalars(select(User))`."""
    for module in flow.project.modules:
        if flow.project.purposes.of(module) != "application" or not any(
            f".{name}(" in module.text for name in _SENDING
        ):
            continue
        for code in codes(module, _WORDS):
            if flow.sessions.is_callback(code.function):
                continue
            for call, above in paths(code.body, o.Call):
                func = call.func
                if isinstance(func, o.Attribute) and func.attr in _SENDING and _names_model(flow, code, call, above):
                    yield code, func, above


def possible(flow: SessionFlow, wrapper: Function) -> Iterator[o.Expr]:
    """What may be the session of the functions that a wrapper is put around: `args[0].commit()`."""
    for call, above in paths(wrapper.scope.body, o.Call):
        func, scope = call.func, wrapper.scope
        if not isinstance(func, o.Attribute) or func.attr not in SURELY or isinstance(above and above[0], o.Await):
            continue
        is_known = flow.types.of(scope, func.value) is not None
        if not is_known and not is_something_else(flow.project.resolver.resolve(scope, func.value)):
            yield func.value


def is_stray(flow: SessionFlow, code: Code, func: o.Attribute, above: Parents) -> bool:
    """Whether nobody knows yet what such a method belongs to."""
    if is_shadowed(root(func), above):
        return True
    if flow.types.of(code.scope, func.value) is not None or flow.held(o.dotted(func.value)) is not None:
        return False
    return not is_something_else(flow.project.resolver.resolve(code.scope, func.value))


def _names_model(flow: SessionFlow, code: Code, call: o.Call, above: Parents) -> bool:
    if isinstance(above and above[0], o.Await) or not flow.sessions.names_model(code.scope, call.args):
        return False
    return not any(isinstance(node, o.Call) and leaf(node.func) == "run_sync" for node in ancestors(above))
