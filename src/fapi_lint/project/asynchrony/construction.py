"""The calls that make engines, session makers and sessions, and whether asynchronous ones can be made like that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.roles import Role
from fapi_lint.project.asynchrony.surroundings import is_target, leaf
from fapi_lint.project.symbols import External, Scope
from fapi_lint.project.traversal import Parents, paths

if TYPE_CHECKING:
    from fapi_lint.project.asynchrony.reader import Reader

_ENGINE_ARGUMENTS = frozenset(
    [
        "connect_args", "echo", "echo_pool", "execution_options", "future", "hide_parameters",
        "isolation_level", "json_deserializer", "json_serializer", "logging_name", "max_overflow", "poolclass",
        "pool_logging_name", "pool_pre_ping", "pool_recycle", "pool_reset_on_return", "pool_size",
        "pool_timeout", "pool_use_lifo", "query_cache_size",
    ]
)  # fmt: skip
"""What `create_async_engine` takes as `create_engine` does."""
_MAKER_ARGUMENTS = frozenset(
    [
        *("autobegin", "autocommit", "autoflush", "bind", "binds", "class_", "close_resets_only", "expire_on_commit"),
        *("future", "info", "join_transaction_mode"),
    ]
)
_REASONS = {
    "create_session": "has no asynchronous form",
    "engine_from_config": "has no asynchronous form",
    "object_session": "gives a synchronous session",
    "scoped_session": "keeps a session for each thread",
}
_POOLS = frozenset(["NullPool", "QueuePool", "StaticPool", "AsyncAdaptedQueuePool"])


def construct(reader: Reader, scope: Scope, call: o.Call, callee: External, above: Parents) -> None:
    """`create_engine(…)`, `sessionmaker(…)`, `Session(…)`."""
    name = callee.name
    if name == "create_engine":
        for arg in call.args[1:]:
            if arg.star == "**" and _are_seen(scope, arg.value):
                continue
            if arg.keyword not in _ENGINE_ARGUMENTS:
                reader.obstacle(arg, f"`{reader.module.slice(arg)}` may not serve an asynchronous engine")
            elif arg.keyword == "poolclass" and leaf(arg.value) not in _POOLS:
                reader.obstacle(arg, f"`{reader.module.slice(arg.value)}` does not serve an asynchronous engine")
        reader.change("engine", call, above)
    elif name == "sessionmaker":
        made = reader.types.calls.result(callee, scope, call)
        if made is None or reader.flow.role(made) is not Role.MAKER:
            return
        for arg in call.args:
            if (arg.keyword and arg.keyword not in _MAKER_ARGUMENTS) or arg.star:
                reader.obstacle(arg, f"`{reader.module.slice(arg)}` may not serve asynchronous sessions")
        if not isinstance(made.arg.symbol if made.arg else None, External):
            reader.obstacle(call, "its sessions are of a class of the application's own")
        reader.change("maker", call, above)
    elif name == "Session":
        reader.change("session", call, above)
    elif name in _REASONS:
        reader.obstacle(call, f"`{name}()` {_REASONS[name]}")


def _are_seen(scope: Scope, options: o.Node) -> bool:
    """Whether options are a dict of which every key is seen, and serves an asynchronous engine."""
    if isinstance(options, o.Dict):
        return all(_serves(key) for key in options.keys)
    where, bindings = (isinstance(options, o.Name) and scope.lookup(options.id)) or (None, [])
    if where is None or not isinstance(options, o.Name):
        return False
    if not all(isinstance(each.value, o.Dict) and _are_seen(where, each.value) for each in bindings):
        return False
    uses = (use for use in paths(where.body, o.Name) if use[0].id == options.id)
    return all(is_target(node, above) or _is_harmless(node, above) for node, above in uses)


def _is_harmless(name: o.Name, above: Parents) -> bool:
    """`**options`, `options["pool_size"] = 5`"""
    if above is None:
        return False
    parent, outer = above
    if isinstance(parent, o.Subscript):
        return parent.value is name and is_target(parent, outer) and _serves(parent.items[0])
    return isinstance(parent, o.Arg) and parent.star == "**"


def _serves(key: o.Node | None) -> bool:
    return o.text(key) in _ENGINE_ARGUMENTS - {"poolclass"}
