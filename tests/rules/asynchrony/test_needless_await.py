"""FAPI507: awaits of session methods that are plain."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

HEAD = """\
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"))


class Unit:
    def __init__(self, session: AsyncSession):
        self.session = session


class Outbox(AsyncSession):
    async def add(self, instance):
        super().add(instance)


class Basket:
    async def add(self, item):
        return item


"""


def module(line: str, params: str = "db: AsyncSession") -> str:
    return f"{HEAD}async def work({params}, user):\n    {line}\n"


@pytest.mark.parametrize(
    ("before", "after", "params"),
    [
        ("await db.add(user)", "db.add(user)", "db: AsyncSession"),
        ("await db.add_all([user])", "db.add_all([user])", "db: AsyncSession"),
        ("await (db.expunge(user))", "(db.expunge(user))", "db: AsyncSession"),
        ("await unit.session.add(user)", "unit.session.add(user)", "unit: Unit"),
        ("async with maker() as s:\n        await s.add(  # new\n            user\n        )",
         "async with maker() as s:\n        s.add(  # new\n            user\n        )", "x"),
    ],
)  # fmt: skip
def test_fixes(before: str, after: str, params: str) -> None:
    assert fixed({"app/work.py": module(before, params)}, "FAPI507") == {"app/work.py": module(after, params)}


@pytest.mark.parametrize(
    ("line", "params"),
    [
        ("db.add(user)", "db: AsyncSession"),
        ("await db.delete(user)", "db: AsyncSession"),
        ("await db.refresh(user)", "db: AsyncSession"),
        ("await db.add(user)", "db"),
        ("await db.add(user)", "db: Outbox"),
        ("await basket.add(user)", "basket: Basket"),
        ("await db.run_sync(lambda s: s.add(user))", "db: AsyncSession"),
    ],
)
def test_silence(line: str, params: str) -> None:
    assert findings({"app/work.py": module(line, params)}, "FAPI507") == []
