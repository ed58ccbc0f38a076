"""URLs of engines that become asynchronous, and what has to be required for them."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

CODES = ["FAPI502"]
DB = """\
import os

from sqlalchemy import create_engine

URL = "sqlite:///app.db"
engine = create_engine({})
"""
WARNING = "; the URL must name an async driver"


def converted(url: str, requirements: str, **others: str) -> tuple[str, str, str]:
    """The module of the engine, the requirements, and the end of the fix's title."""
    more = {path.replace("__", "/") + ".py": text for path, text in others.items()}
    files = {"app/db.py": DB.format(url), "requirements.txt": requirements, **more}
    (title,) = {f.fix.title for f in findings(files, CODES) if f.fix is not None}
    after = fixed(files, CODES, unsafe=True)
    text = after["app/db.py"].partition("\n\nURL = ")[2].replace("create_async_engine", "create_engine")
    return text, after["requirements.txt"], title.partition("with their sessions")[2]


def unchanged(url: str) -> str:
    return DB.format(url).partition("\n\nURL = ")[2]


@pytest.mark.parametrize(
    ("before", "after", "required"),
    [
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d", "psycopg[binary]>=3"),
        ("postgresql+psycopg2://u@h/d?a=1", "postgresql+psycopg://u@h/d?a=1", "psycopg"),
        ("postgresql://u@h/d", "postgresql+asyncpg://u@h/d", "asyncpg==0.30"),
        ("sqlite:///app.db", "sqlite+aiosqlite:///app.db", "aiosqlite"),
        ("sqlite+pysqlite://", "sqlite+aiosqlite://", "aiosqlite"),
    ],
)
def test_the_driver_that_is_required(before: str, after: str, required: str) -> None:
    requirements = f"{required}\nsqlalchemy[asyncio]\n"
    assert converted(f'"{before}"', requirements) == (unchanged(f'"{after}"'), requirements, "")


@pytest.mark.parametrize(
    ("url", "requirements"),
    [
        ("postgresql+psycopg2://u@h/d", "psycopg2-binary\nsqlalchemy[asyncio]\n"),
        ("postgresql://u@h/d", "# psycopg\npsycopg2\npsycopg-pool\nsqlalchemy[asyncio]\n"),
        ("postgresql://u@h/d?sslmode=require", "asyncpg\nsqlalchemy[asyncio]\n"),
        ("mysql+pymysql://u@h/d", "psycopg\nsqlalchemy[asyncio]\n"),
    ],
)
def test_no_driver(url: str, requirements: str) -> None:
    assert converted(f'"{url}"', requirements) == (unchanged(f'"{url}"'), requirements, WARNING)


@pytest.mark.parametrize("line", ["sqlalchemy", "SQLAlchemy>=2.0  # the ORM", "sqlalchemy[asyncio]==2.0.40"])
def test_sqlite_needs_a_driver(line: str) -> None:
    _, requirements, title = converted('"sqlite://"', f"fastapi\n{line}\n")
    name, rest = line[:10], line[10:].removeprefix("[asyncio]")
    assert requirements == f"fastapi\naiosqlite\n{name}[asyncio]{rest}\n"
    assert title == ""


def test_sqlite_needs_a_driver_in_a_list() -> None:
    files = {
        "app/db.py": DB.format('"sqlite://"'),
        "pyproject.toml": '[project]\ndependencies = [\n    "fastapi",\n    "sqlalchemy>=2"\n]\n',
    }
    after = fixed(files, CODES, unsafe=True)["pyproject.toml"]
    assert after == ('[project]\ndependencies = [\n    "fastapi",\n    "aiosqlite",\n    "sqlalchemy[asyncio]>=2"\n]\n')


def test_a_driver_that_nobody_requires() -> None:
    assert converted('"sqlite://"', "fastapi\n")[1:] == ("fastapi\n", "; `aiosqlite` must be installed")


REQUIRED = "aiosqlite\nsqlalchemy[asyncio]\n"


def test_a_url_with_a_name() -> None:
    text, _, title = converted("URL", REQUIRED)
    assert text == unchanged("URL").replace("sqlite:", "sqlite+aiosqlite:")
    assert title == WARNING


@pytest.mark.parametrize(
    ("url", "after", "title"),
    [
        ('os.getenv("DB") or "sqlite://"', 'os.getenv("DB") or "sqlite+aiosqlite://"', WARNING),
        ('os.environ.get("DB", "") or URL', 'os.environ.get("DB", "") or URL', WARNING),
        ('"sqlite:///a" if TEST else "sqlite://"', '"sqlite+aiosqlite:///a" if TEST else "sqlite+aiosqlite://"', ""),
        ('"sqlite://" if TEST else "mysql://u@h/d"', '"sqlite+aiosqlite://" if TEST else "mysql://u@h/d"', WARNING),
        ('"mysql://u@h/d" if TEST else "sqlite://"', '"mysql://u@h/d" if TEST else "sqlite+aiosqlite://"', WARNING),
    ],
)
def test_a_choice_of_urls(url: str, after: str, title: str) -> None:
    expected = unchanged(after)
    if "URL" in url:
        expected = expected.replace("sqlite:", "sqlite+aiosqlite:")
    assert converted(url, REQUIRED) == (expected, REQUIRED, title)


def test_a_url_from_the_environment() -> None:
    text, _, title = converted('os.getenv("URL", "sqlite:///app.db")', REQUIRED)
    assert text == unchanged('os.getenv("URL", "sqlite+aiosqlite:///app.db")')
    assert title == WARNING


SETTINGS = """\
from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    DATABASE_URL: str = "{}"


settings = Settings()
"""
ENV = """\
from sqlalchemy import create_engine

from app.config import settings

{}create_engine(settings.DATABASE_URL)
"""


@pytest.mark.parametrize(
    ("url", "requirements", "shared", "after"),
    [
        ("sqlite:///a", REQUIRED, False, "sqlite+aiosqlite:///a"),
        ("sqlite:///a", REQUIRED, True, "sqlite:///a"),
        ("postgresql://a", "psycopg\nsqlalchemy[asyncio]\n", True, "postgresql+psycopg://a"),
        ("postgresql://a", "asyncpg\nsqlalchemy[asyncio]\n", True, "postgresql://a"),
    ],
)
def test_a_url_from_settings(url: str, requirements: str, shared: bool, after: str) -> None:
    """What migrations take too must go on serving a synchronous engine."""
    files = {
        "app/config.py": SETTINGS.format(url),
        "app/db.py": ENV.format("engine = "),
        "requirements.txt": requirements,
    }
    if shared:
        files["alembic/env.py"] = "from alembic import context\n" + ENV.format("connectable = ")
    found = fixed(files, CODES, unsafe=True)
    assert found["app/config.py"] == SETTINGS.format(after)
    assert "create_async_engine(settings" in found["app/db.py"]
    (title,) = {f.fix.title for f in findings(files, CODES) if f.fix is not None}
    assert WARNING in title


SQLMODEL = """\
from sqlmodel import Session, SQLModel, create_engine, select

from app.models import User

engine = create_engine("sqlite://")


def get_db():
    with Session(engine) as session:
        yield session


def init() -> None:
    SQLModel.metadata.create_all(engine)


def rename(session: Session, name: str) -> User | None:
    user = session.exec(select(User)).first()
    if user is not None:
        user.name = name
        session.add(user)
        session.commit()
        session.refresh(user)
    return user
"""
ASYNC_SQLMODEL = """\
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models import User

engine = create_async_engine("sqlite+aiosqlite://")


async def get_db():
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session


async def init() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(SQLModel.metadata.create_all)


async def rename(session: AsyncSession, name: str) -> User | None:
    user = (await session.exec(select(User))).first()
    if user is not None:
        user.name = name
        session.add(user)
        await session.commit()
        await session.refresh(user)
    return user
"""


def test_sqlmodel() -> None:
    models = "from sqlmodel import SQLModel\n\n\nclass User(SQLModel, table=True):\n    id: int\n    name: str\n"
    files = {"app/db.py": SQLMODEL, "app/models.py": models, "requirements.txt": "sqlmodel\n"}
    after = fixed(files, CODES, unsafe=True)
    assert after["app/db.py"] == ASYNC_SQLMODEL
    assert after["requirements.txt"] == "aiosqlite\nsqlmodel\n"
