"""Functions that are run in threads: `await run_in_threadpool(f, …)`, `asyncio.to_thread`, `loop.run_in_executor`."""

from __future__ import annotations

from collections.abc import Sequence

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.resolve import Resolver
from fapi_lint.project.symbols import Scope

_RUNNERS = frozenset(
    [
        "anyio.to_thread.run_sync",
        "asyncio.to_thread",
        "fastapi.concurrency.run_in_threadpool",
        "starlette.concurrency.run_in_threadpool",
    ]
)


def runner(resolver: Resolver, scope: Scope, call: o.Call) -> int | None:
    """Which argument of a call is the function that is run in a thread, with the arguments that follow it."""
    if isinstance(call.func, o.Attribute) and call.func.attr == "run_in_executor":
        return position(call) if len(call.args) > 1 and is_none(call.args[0].value) else None
    symbol = resolver.external(scope, call.func)
    if symbol is None or symbol.dotted not in _RUNNERS or not call.args:
        return None
    options = symbol.package == "anyio" and any(arg.keyword for arg in call.args)
    return None if options else position(call)


def position(call: o.Call) -> int:
    """Where the function stands among the arguments: after the pool, if that is given."""
    return 1 if isinstance(call.func, o.Attribute) and call.func.attr == "run_in_executor" else 0


def threaded(resolver: Resolver, scope: Scope, node: o.Node, parents: Sequence[o.Node]) -> o.Call | None:
    """The awaited call that runs a function in a thread: what is left of it is `await` and the function's own call."""
    match list(parents[:3]):
        case [o.Arg(keyword="", star=""), o.Call() as call, o.Await()]:
            index = runner(resolver, scope, call)
            text = scope.module.text
            plain = index is not None and call.args[index].value is node
            return call if plain and not text[call.open : call.args[0].start].strip() else None
    return None
