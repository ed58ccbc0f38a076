"""What a module does with the database as it is loaded, awaited at the start of the application instead."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

CODES = ["FAPI502"]
DB = """\
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, sessionmaker

URL = "sqlite+aiosqlite:///app.db"
engine = create_engine(URL)
SessionLocal = sessionmaker(engine)


class Base(DeclarativeBase):
    pass


def seed():
    with SessionLocal() as db:
        db.commit()
"""
MAIN = """\
from fastapi import FastAPI

from app import models
from app.db import Base, engine, seed

Base.metadata.create_all(bind=engine)

app = FastAPI(title="x")
"""


def converted(main: str, db: str = DB, **others: str) -> dict[str, str]:
    more = {path.replace("__", "/") + ".py": text for path, text in others.items()}
    return fixed({"app/db.py": db, "app/models.py": "", "app/main.py": main, **more}, CODES, unsafe=True)


def refused(main: str, **others: str) -> bool:
    more = {path.replace("__", "/") + ".py": text for path, text in others.items()}
    found = findings({"app/db.py": DB, "app/models.py": "", "app/main.py": main, **more}, CODES)
    return all(each.fix is None and "at module level" in each.message for each in found)


def test_a_lifespan_is_made() -> None:
    assert (
        converted(MAIN)["app/main.py"]
        == """\
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import models
from app.db import Base, engine, seed


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield


app = FastAPI(title="x", lifespan=lifespan)
"""
    )


def test_several_statements_keep_their_order() -> None:
    main = MAIN.replace("bind=engine)\n", "bind=engine)\nprint(1)\nseed()  # once\n\n\nRATE = 1\n\n# The app.")
    assert (
        converted(main)["app/main.py"].partition("seed\n")[2]
        == """\

print(1)
# once


RATE = 1


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await seed()
    yield


# The app.
app = FastAPI(title="x", lifespan=lifespan)
"""
    )


def test_a_lifespan_that_is_there() -> None:
    lifespan = "@asynccontextmanager\nasync def lifespan(app):\n    {}print(1)\n    yield\n\n\napp"
    head = "from contextlib import asynccontextmanager\n"
    main = head + MAIN.replace("app = ", lifespan.format("") + " = ").replace("title='x'", "").replace(
        'title="x"', "lifespan=lifespan"
    )
    new = "async with engine.begin() as connection:\n        await connection.run_sync(Base.metadata.create_all)\n    "
    text = converted(main)["app/main.py"]
    assert lifespan.format(new) in text
    assert "create_all(" not in text


def test_a_startup_function_that_is_there() -> None:
    startup = '@app.on_event("startup")\nasync def on_startup():\n    print(1)\n'
    assert converted(f"{MAIN}\n\n{startup}")["app/main.py"].partition("seed\n")[2] == (
        '\napp = FastAPI(title="x")\n\n\n@app.on_event("startup")\nasync def create_tables() -> None:\n'
        "    async with engine.begin() as connection:\n"
        "        await connection.run_sync(Base.metadata.create_all)\n\n\n" + startup
    )


def test_another_module() -> None:
    main = MAIN.replace("Base.metadata.create_all(bind=engine)\n\n", "")
    after = converted(main, db=DB + "\n\nBase.metadata.create_all(engine)\n")
    assert after["app/db.py"].endswith(
        "\n\n\nasync def create_tables() -> None:\n    async with engine.begin() as connection:\n"
        "        await connection.run_sync(Base.metadata.create_all)\n"
    )
    assert "from app.db import Base, create_tables, engine, seed\n" in after["app/main.py"]
    assert "    await create_tables()\n    yield\n" in after["app/main.py"]


def test_a_program_that_nobody_imports() -> None:
    program = "from app.db import Base, engine, seed\n\n{}\n"
    main = MAIN.replace("Base.metadata.create_all(bind=engine)\n\n", "")
    after = converted(main, app__create=program.format("Base.metadata.create_all(engine)"))
    assert "lifespan" not in after["app/main.py"]
    assert after["app/create.py"].endswith("(Base.metadata.create_all)\n\n\nasyncio.run(create_tables())\n")
    after = converted(main, app__create=program.format("seed()"))
    assert after["app/create.py"].endswith("\n\nasyncio.run(seed())\n")


def test_a_factory() -> None:
    factory = "def create() -> FastAPI:\n    app = FastAPI()\n    return app\n\n\napp = create()\n"
    text = converted(MAIN.replace('app = FastAPI(title="x")\n', factory))["app/main.py"]
    assert "    yield\n\n\ndef create() -> FastAPI:\n    app = FastAPI(lifespan=lifespan)\n" in text


def test_what_a_factory_does() -> None:
    factory = (
        "def create() -> FastAPI:\n    app = FastAPI()\n    Base.metadata.create_all(engine)\n    seed()\n"
        "    return app\n\n\napp = create()\n"
    )
    main = MAIN.replace('Base.metadata.create_all(bind=engine)\n\napp = FastAPI(title="x")\n', factory)
    text = converted(main)["app/main.py"]
    assert "(Base.metadata.create_all)\n    await seed()\n    yield\n" in text
    assert "def create() -> FastAPI:\n    app = FastAPI(lifespan=lifespan)\n    return app\n" in text


@pytest.mark.parametrize(
    "main",
    [
        MAIN + "other = FastAPI()\n",
        MAIN.replace('title="x"', "on_startup=[print]"),
        MAIN.replace('title="x"', "lifespan=make()"),
        MAIN.replace('title="x"', "**options"),
        MAIN.replace("Base.metadata", "if True:\n    Base.metadata"),
    ],
)
def test_where_no_start_is_known(main: str) -> None:
    assert refused(main)


TEST = """\
from fastapi.testclient import TestClient
from app.main import app

client = TestClient(app)
"""


def test_tests_that_need_the_tables_as_they_are_loaded() -> None:
    assert refused(MAIN, tests__test_main=TEST)
    reason = "tests that make no tables may need it before the application starts"
    for main in (MAIN, MAIN.replace("Base.metadata.create_all(bind=engine)", "seed()")):
        files = {"app/db.py": DB, "app/models.py": "", "app/main.py": main, "tests/test_main.py": TEST}
        assert all(reason in found.message for found in findings(files, "FAPI502"))


def test_tests_make_their_tables_at_once() -> None:
    own = """\
from app.db import Base, engine

# From scratch.
Base.metadata.drop_all(engine)
Base.metadata.create_all(engine)
READY = True
"""
    text = converted(MAIN, tests__conftest=own, tests__test_main=TEST)["tests/conftest.py"]
    assert text.startswith("import asyncio\n")
    assert (
        text.partition("scratch.\n")[2]
        == """\


async def create_tables() -> None:
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)


asyncio.run(create_tables())


READY = True
"""
    )


def test_a_listener_of_an_engine() -> None:
    listener = """

@event.listens_for(engine, "connect")
def connected(connection, record):
    connection.execute("PRAGMA foreign_keys=ON")
"""
    db = DB.replace("create_engine\n", "create_engine, event\n", 1) + listener
    after = converted(MAIN, db)["app/db.py"]
    assert after.endswith(listener.replace("engine,", "engine.sync_engine,"))


def test_a_url_that_another_is_made_of_keeps_its_driver() -> None:
    more = """
ASYNC_URL = URL.replace("sqlite://", "sqlite+aiosqlite://")
async_engine = create_async_engine(ASYNC_URL)
"""
    db = DB.replace("+aiosqlite", "") + more
    db = db.replace(
        "from sqlalchemy import", "from sqlalchemy.ext.asyncio import create_async_engine\nfrom sqlalchemy import"
    )
    assert 'URL = "sqlite:///app.db"' in converted(MAIN, db)["app/db.py"]
    found = findings({"app/db.py": db, "app/models.py": "", "app/main.py": MAIN}, "FAPI502")
    assert any(each.fix is not None and "the URL must name an async driver" in each.fix.title for each in found)


def test_the_name_of_a_url_that_others_have_too() -> None:
    after = converted(MAIN, DB.replace("+aiosqlite", ""), tests__conftest='URL = "sqlite://"\n')
    assert 'URL = "sqlite+aiosqlite:///app.db"' in after["app/db.py"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project.scripts]\nseed = "app.db:seed"\n'),
        ("pyproject.toml", '[tool.poetry.scripts]\nseed = "app.db:seed"\n'),
        ("setup.cfg", "[options.entry_points]\nconsole_scripts =\n    seed = app.db:seed\n"),
    ],
)
def test_the_command_of_a_program_is_awaited_by_nobody(name: str, text: str) -> None:
    files = {"app/db.py": DB, "app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n", name: text}
    found = findings(files, CODES)
    assert found
    assert all(f"`seed` is started by what {name} says" in each.message and not each.fix for each in found)
