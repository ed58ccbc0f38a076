"""Functions that were run in threads, and are awaited once they are asynchronous."""

from __future__ import annotations

import textwrap

import pytest

from fapi_lint.testing import findings, fixed

CODES = ["FAPI502"]
DB = """\
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

engine = create_engine("postgresql+psycopg://db/app")
SessionLocal = sessionmaker(engine)
"""
HEAD = """\
from sqlalchemy.orm import Session
from app.db import SessionLocal
"""
WORK = """\


def count(db: Session, limit: int = 1) -> int:
    db.commit()
    return 1


async def work(db: Session):
    """
IMPORTS = {
    "run_in_threadpool": "from fastapi.concurrency import run_in_threadpool\n",
    "asyncio": "import asyncio\n",
    "to_thread": "from anyio import to_thread\n",
    "pool": "from app.pools import pool\n",
}


def app(statement: str) -> dict[str, str]:
    imports = "".join(line for name, line in IMPORTS.items() if statement.find(name) >= 0)
    return {"app/db.py": DB, "app/work.py": imports + HEAD + WORK + textwrap.indent(statement, "    ")[4:] + "\n"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return await run_in_threadpool(count, db)", "return await count(db)"),
        ("return (await run_in_threadpool(count, db, limit=2)) + 1", "return (await count(db, limit=2)) + 1"),
        ("return await run_in_threadpool(\n    count,\n    db,  # mine\n)", "return await count(\n    db,  # mine\n)"),
        ("return await run_in_threadpool(db.commit)", "return await db.commit()"),
        ("return await run_in_threadpool(db.get, int, 1)", "return await db.get(int, 1)"),
        ("return await asyncio.to_thread(count, db, limit=2)", "return await count(db, limit=2)"),
        ("return await to_thread.run_sync(count, db)", "return await count(db)"),
        ("return await asyncio.get_running_loop().run_in_executor(None, count, db, 2)", "return await count(db, 2)"),
        (
            "loop = asyncio.get_running_loop()\nreturn await loop.run_in_executor(None, count, db, 2)",
            "return await count(db, 2)",
        ),
        (
            "loop = asyncio.get_running_loop()\nloop.slow()\nreturn await loop.run_in_executor(None, count, db)",
            "loop = asyncio.get_running_loop()\nloop.slow()\nreturn await count(db)",
        ),
        (
            "await asyncio.sleep(1)\nreturn await asyncio.to_thread(count, await asyncio.to_thread(Session, 1))",
            "await asyncio.sleep(1)\nreturn await count(await asyncio.to_thread(AsyncSession, 1))",
        ),
    ],
)
def test_awaited_in_place_of_a_thread(before: str, after: str) -> None:
    found = fixed(app(before), CODES, unsafe=True)["app/work.py"]
    assert found.endswith(
        WORK.replace("def count(db: Session", "async def count(db: AsyncSession")
        .replace("(db: Session):", "(db: AsyncSession):")
        .replace("    db.commit()", "    await db.commit()")
        + textwrap.indent(after, "    ")[4:]
        + "\n"
    )
    assert "run_in_threadpool" not in found
    assert ("import asyncio" in found) == ("asyncio" in after)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("return run_in_threadpool(count, db)", "`count` is passed to `run_in_threadpool()`, which may not await it"),
        (
            "asyncio.create_task(asyncio.to_thread(count, db))",
            "`count` is passed to `asyncio.to_thread()`, which may not await it",
        ),
        (
            "await asyncio.get_running_loop().run_in_executor(pool, count, db)",
            "`count` is passed to `asyncio.get_running_loop().run_in_executor()`, which may not await it",
        ),
        (
            "await to_thread.run_sync(count, db, cancellable=True)",
            "`count` is passed to `to_thread.run_sync()`, which may not await it",
        ),
        (
            "await run_in_threadpool(lambda: count(db))",
            "`count()` is called inside of a lambda, where nothing can be awaited",
        ),
        ("return run_in_threadpool(db.commit)", "`db.commit` is handed on uncalled"),
        ("await asyncio.to_thread(print, db)", ""),
        ("await asyncio.to_thread(other, db)", "`db` is passed to `asyncio.to_thread()`"),
    ],
)
def test_threads_that_stay(statement: str, reason: str) -> None:
    files = app(statement)
    found = [f for f in findings(files, CODES) if f.path == "app/work.py"]
    assert any(reason in f.message for f in found)
    if reason:
        assert fixed(files, CODES, unsafe=True)["app/work.py"] == files["app/work.py"]


def test_tasks_in_the_background_await_for_themselves() -> None:
    files = app("from fastapi import BackgroundTasks\nBackgroundTasks().add_task(count, db)")
    found = fixed(files, CODES, unsafe=True)["app/work.py"]
    assert "    BackgroundTasks().add_task(count, db)\n" in found
    assert "async def count(" in found


def test_a_decorator_that_runs_functions_in_threads() -> None:
    decorator = """\
from fastapi.concurrency import run_in_threadpool


def threaded(function):
    async def wrapper(*args):
        return await run_in_threadpool(function, *args)

    return wrapper
"""
    code = (HEAD + WORK + "return await count(db)\n").replace("def count", "@threaded\ndef count")
    files = {"app/db.py": DB, "app/deco.py": decorator, "app/work.py": "from app.deco import threaded\n" + code}
    after = fixed(files, CODES, unsafe=True)
    assert "        return await function(*args)\n" in after["app/deco.py"]
    assert "import" not in after["app/deco.py"]
    assert "@threaded\nasync def count(" in after["app/work.py"]
