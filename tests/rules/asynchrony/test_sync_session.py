"""FAPI502: synchronous engines, makers and sessions, where they are decided on."""

from __future__ import annotations

import textwrap

import pytest

from fapi_lint.config.versions import Versions, parse_constraint
from fapi_lint.testing import findings


def rows(text: str, path: str = "app/db/session.py") -> list[int]:
    return [f.row for f in findings({path: textwrap.dedent(text)}, "FAPI502")]


@pytest.mark.parametrize(
    "line",
    [
        "engine = sa.create_engine('sqlite://')",
        "engine = create_engine('sqlite://')",
        "engine = sqlmodel.create_engine('sqlite://')",
        "maker = sessionmaker(bind=engine)",
        "maker = sessionmaker[Session](engine)",
        "maker = orm.sessionmaker(class_=Session)",
        "maker = sessionmaker(class_=Own)",
        "registry = scoped_session(maker)",
        "session = Session(engine)",
        "session = sqlmodel.Session(engine)",
        "session = Own(engine)",
        "session = S(engine)",
        "def work(session: Session): ...",
        "def work(session: 'Session'): ...",
        "def work(session: orm.Session | None = None): ...",
        "def work(session: Optional[Session] = None): ...",
        "def work(session: Annotated[Session, Depends(get_db)]): ...",
        "def work(session: S): ...",
        "def work() -> Generator[Session, None, None]: ...",
        "def work(make: Callable[[Session], None]): ...",
        "def work(session: scoped_session[Session]): ...",
        "async def work(session: sqlmodel.Session): ...",
        "def work():\n    session: Session = make()",
        "def work():\n    def inner(session: Session): ...",
        "def work():\n    with Session(engine) as session: ...",
        "class Service:\n    session: Session",
        "class Service:\n    def __init__(self, session: Session): ...",
        "SessionDep = Annotated[Session, Depends(get_db)]",
        "type SessionDep = Annotated[Session, Depends(get_db)]",
        "SessionDep: TypeAlias = Annotated[Session, Depends(get_db)]",
        "MaybeSession = Session | None",
        "DbSession = orm.Session",
    ],
)
def test_reported_once(line: str) -> None:
    head = """\
from collections.abc import Callable, Generator
from typing import Annotated, Optional, TypeAlias
import sqlalchemy as sa
import sqlmodel
from fastapi import Depends
from sqlalchemy import create_engine, orm
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlalchemy.orm import Session as S
class Own(Session): ...
"""
    found = rows(head + line + "\n")
    assert len(found) == 1
    assert found[0] >= 10


@pytest.mark.parametrize(
    "line",
    [
        "engine = create_async_engine('sqlite+aiosqlite://')",
        "engine = AsyncEngine(create_engine('sqlite+aiosqlite://'))",
        "maker = async_sessionmaker(engine)",
        "maker = sessionmaker(engine, class_=AsyncSession)",
        "maker = sessionmaker(engine, class_=OwnAsync)",
        "maker = sessionmaker(engine, class_=unknown)",
        "maker = sessionmaker(**arguments)",
        "maker: sessionmaker = make()",
        "maker: sessionmaker[AsyncSession] = make()",
        "session = AsyncSession(engine)",
        "session = requests.Session()",
        "session = aiohttp.ClientSession()",
        "session = boto3.Session()",
        "session = models.Session(user=1)",
        "def work(session: requests.Session): ...",
        "def work(session: models.Session): ...",
        "def work(session: AsyncSession): ...",
        "def work(session: Session | AsyncSession): ...",
        "def work(session: Union[AsyncSession, Session]): ...",
        "def work(kind: Literal['Session']): ...",
        "async def work(session: AsyncSession):\n    await session.run_sync(lambda s: helper(s))\n"
        "def helper(s: Session): ...",
        "async def work(session: AsyncSession):\n    await session.run_sync(helper, 1)\n"
        "def helper(s: Session, n: int): ...",
        "async def work(session: AsyncSession):\n    await session.run_sync(partial(helper, n=1))\n"
        "def helper(s: Session, n: int):\n    deeper(s)\ndef deeper(s: Session): ...",
        "async def work(session: AsyncSession):\n    def helper(s: Session): ...\n    await session.run_sync(helper)",
        "@event.listens_for(Session, 'before_flush')\ndef listener(session: Session, context, instances): ...",
        "event.listen(Model, 'load', listener)\ndef listener(session: Session): ...",
    ],
)
def test_look_alikes(line: str) -> None:
    head = """\
from functools import partial
from typing import Literal, Union
import aiohttp
import boto3
import requests
from sqlalchemy import create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker
from app import models
class OwnAsync(AsyncSession): ...
"""
    files = {"app/db/session.py": head + line + "\n", "app/models.py": "class Session: ...\n"}
    assert not findings(files, "FAPI502")


def test_uses_of_an_alias_and_calls_of_a_maker_are_silent() -> None:
    files = {
        "app/db.py": """
            from typing import Annotated

            from fastapi import Depends
            from sqlalchemy import create_engine
            from sqlalchemy.orm import Session, scoped_session, sessionmaker

            registry = scoped_session(sessionmaker(create_engine("sqlite://")))
            SessionDep = Annotated[Session, Depends(registry)]
            """,
        "app/use.py": """
            from app.db import SessionDep, registry

            def work(session: SessionDep, other: "SessionDep | None" = None):
                with registry() as third:
                    pass
            """,
    }
    assert [(f.path, f.row) for f in findings(files, "FAPI502")] == [("app/db.py", 8)] * 3 + [("app/db.py", 9)]


@pytest.mark.parametrize(
    "path", ["tests/conftest.py", "app/tests/db.py", "alembic/env.py", "alembic/versions/1.py", "scripts/seed.py"]
)
def test_outside_of_the_application(path: str) -> None:
    assert not rows("from sqlalchemy import create_engine\nengine = create_engine('sqlite://')\n", path)


def test_alembic_environment_in_any_folder() -> None:
    text = "from alembic import context\nfrom sqlalchemy import engine_from_config\nengine = engine_from_config({})\n"
    assert not rows(text, "app/db/versioning/env.py")


def test_there_are_no_others_before_sqlalchemy_1_4() -> None:
    files = {"app/db.py": "from sqlalchemy import create_engine\n\nengine = create_engine('sqlite://')\n"}
    for constraint, number in (("==1.3.19", 0), (">=1.3.19", 1), ("~=1.4.0", 1)):
        versions = Versions(sqlalchemy=parse_constraint(constraint))
        assert len(findings(files, "FAPI502", versions=versions)) == number
