"""What a value has to do with a synchronous database connection, and which of its members serve in async code.

https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html says what the asynchronous classes have.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.inference import signatures
from fapi_lint.project.inference.type import Type
from fapi_lint.project.symbols import External, Scope

if TYPE_CHECKING:
    from fapi_lint.project.asynchrony.sessions import Sessions


class Role(enum.Enum):
    """What of SQLAlchemy's a value is."""

    ENGINE = "engine"
    CONNECTION = "connection"
    MAKER = "session maker"
    SESSION = "session"
    TRANSACTION = "transaction"


class Use(enum.Enum):
    """How a member of a synchronous class is used once the class is asynchronous."""

    PLAIN = enum.auto()
    AWAITED = enum.auto()
    ENTERED = enum.auto()
    """A context manager: `async with` in place of `with`."""
    ENTERED_OR_AWAITED = enum.auto()
    RUN_SYNC = enum.auto()
    """Only the synchronous class has it: `await session.run_sync(Session.bulk_save_objects, users)`."""


_CLASSES = {
    "Engine": Role.ENGINE,
    "Connection": Role.CONNECTION,
    "SessionTransaction": Role.TRANSACTION,
    "Transaction": Role.TRANSACTION,
}
ASYNC_CLASSES = {
    "Session": "sqlalchemy.ext.asyncio.AsyncSession",
    "Engine": "sqlalchemy.ext.asyncio.AsyncEngine",
    "Connection": "sqlalchemy.ext.asyncio.AsyncConnection",
    "sessionmaker": "sqlalchemy.ext.asyncio.async_sessionmaker",
}
"""What takes the place of a synchronous class."""

# fmt: off
_PLAIN = [
    "add", "add_all", "autoflush", "bind", "deleted", "dirty", "expire", "expire_all", "expunge", "expunge_all",
    "get_nested_transaction", "get_transaction", "identity_key", "identity_map", "in_nested_transaction",
    "in_transaction", "info", "is_active", "is_modified", "new", "no_autoflush",
]
# fmt: on
_TRANSACTIONS = dict.fromkeys(["begin", "begin_nested"], Use.ENTERED_OR_AWAITED)
_MEMBERS: dict[Role, dict[str, Use]] = {
    Role.SESSION: dict.fromkeys(
        signatures.COROUTINES["AsyncSession"] - {"aclose", "run_sync", "stream", "stream_scalars"}, Use.AWAITED
    )
    | _TRANSACTIONS
    | dict.fromkeys(["bulk_insert_mappings", "bulk_save_objects", "bulk_update_mappings"], Use.RUN_SYNC)
    | dict.fromkeys(_PLAIN, Use.PLAIN),
    Role.CONNECTION: dict.fromkeys(
        signatures.COROUTINES["AsyncConnection"] - {"aclose", "run_sync", "get_raw_connection"}, Use.AWAITED
    )
    | _TRANSACTIONS
    | dict.fromkeys(["closed", "dialect", "in_nested_transaction", "in_transaction", "info", "invalidated"], Use.PLAIN),
    Role.ENGINE: {"dispose": Use.AWAITED, "begin": Use.ENTERED, "connect": Use.ENTERED_OR_AWAITED}
    | dict.fromkeys(["dialect", "driver", "echo", "execution_options", "name", "pool", "url"], Use.PLAIN),
    Role.MAKER: {"begin": Use.ENTERED, "configure": Use.PLAIN},
    Role.TRANSACTION: dict.fromkeys(["close", "commit", "rollback"], Use.AWAITED) | {"is_active": Use.PLAIN},
}


def use_of(role: Role, member: str) -> Use | None:
    """How a member is used in async code; None if the asynchronous class has none like it."""
    return _MEMBERS[role].get(member)


def role_of(sessions: Sessions, type_: Type | None) -> Role | None:
    """What an instance of a type is, if it is a synchronous one."""
    if type_ is None:
        return None
    if sessions.kind(type_) == "sync":
        return Role.SESSION
    if not isinstance(type_.symbol, External) or not type_.symbol.is_orm:
        return None
    if type_.name == "sessionmaker":
        return Role.MAKER if sessions.kind(type_.arg) == "sync" else None
    return _CLASSES.get(type_.name)


def carried(sessions: Sessions, type_: Type | None) -> bool:
    """Whether something synchronous is the value, or inside of it: a session within what a generator yields."""
    return type_ is not None and (
        role_of(sessions, type_) is not None or any(carried(sessions, arg) for arg in type_.args)
    )


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
