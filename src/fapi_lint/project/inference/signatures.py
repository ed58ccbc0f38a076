"""What the calls of SQLAlchemy's and SQLModel's sessions, engines and makers give.

Checked against SQLAlchemy 2.0.8, 2.0.30 and 2.1: https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html.
Classes go by their bare names, which are the same wherever in the package they are imported from.
"""

from __future__ import annotations

_SESSION = frozenset(
    [
        "aclose",
        "close",
        "close_all",
        "commit",
        "connection",
        "delete",
        "delete_all",
        "exec",  # SQLModel's
        "execute",
        "flush",
        "get",
        "get_one",
        "invalidate",
        "merge",
        "merge_all",
        "refresh",
        "reset",
        "rollback",
        "run_sync",
        "scalar",
        "scalars",
        "stream",
        "stream_scalars",
    ]
)

COROUTINES: dict[str, frozenset[str]] = {
    "AsyncSession": _SESSION,
    "async_scoped_session": _SESSION - {"run_sync"} | {"remove"},
    "AsyncConnection": frozenset(
        [
            "aclose",
            "close",
            "commit",
            "exec_driver_sql",
            "execute",
            "execution_options",
            "get_isolation_level",
            "get_raw_connection",
            "invalidate",
            "rollback",
            "run_sync",
            "scalar",
            "scalars",
        ]
    ),
    "AsyncEngine": frozenset(["dispose", "raw_connection"]),
    "AsyncTransaction": frozenset(["close", "commit", "rollback"]),
    "AsyncSessionTransaction": frozenset(["close", "commit", "rollback"]),
}
"""The methods that return a coroutine. `begin`, `connect` and `AsyncConnection.stream` are context managers too."""

CONSTRUCTORS: dict[str, str] = {
    "create_engine": "Engine",
    "engine_from_config": "Engine",
    "create_async_engine": "AsyncEngine",
    "async_engine_from_config": "AsyncEngine",
    "create_session": "Session",
}
"""The functions that make an instance of a class."""

RESULTS: dict[tuple[str, str], str] = {
    ("AsyncEngine", "connect"): "AsyncConnection",
    ("AsyncConnection", "begin"): "AsyncTransaction",
    ("AsyncConnection", "begin_nested"): "AsyncTransaction",
    ("AsyncSession", "begin"): "AsyncSessionTransaction",
    ("AsyncSession", "begin_nested"): "AsyncSessionTransaction",
    ("Engine", "connect"): "Connection",
    ("Session", "begin"): "SessionTransaction",
    ("Session", "begin_nested"): "SessionTransaction",
    ("Connection", "begin"): "Transaction",
    ("Connection", "begin_nested"): "Transaction",
    ("Session", "connection"): "Connection",
    ("Session", "query"): "Query",
    ("scoped_session", "query"): "Query",
}
"""What a method returns, before any await; an async context manager of the class counts as the class."""

ENTERED: dict[tuple[str, str], str] = {
    ("AsyncEngine", "begin"): "AsyncConnection",
    ("Engine", "begin"): "Connection",
}
"""What the context manager that a method returns gives."""

AWAITED: dict[str, str] = {
    "AsyncConnection": "AsyncConnection",
    "AsyncTransaction": "AsyncTransaction",
    "AsyncSessionTransaction": "AsyncSessionTransaction",
}
"""What awaiting an instance of the class gives: those that are awaitable and context manager in one."""

ATTRIBUTES: dict[tuple[str, str], str] = {
    ("AsyncSession", "sync_session"): "Session",
    ("AsyncEngine", "sync_engine"): "Engine",
    ("AsyncConnection", "sync_connection"): "Connection",
}

MAKERS: dict[str, str] = {"sessionmaker": "Session", "async_sessionmaker": "AsyncSession"}
"""The makers, and the class of the sessions that they make without `class_=`."""

REGISTRIES: frozenset[str] = frozenset(["scoped_session", "async_scoped_session"])
"""Sessions by scope: they take a maker, are called like one, and act as the session itself."""

LISTENING: frozenset[str] = frozenset(["listen", "listens_for"])
"""The functions that are given what SQLAlchemy's events call."""

SYNC_SESSIONS: frozenset[str] = frozenset(["Session", "scoped_session"])
ASYNC_SESSIONS: frozenset[str] = frozenset(["AsyncSession", "async_scoped_session"])
