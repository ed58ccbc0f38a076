from __future__ import annotations

import pytest

from fapi_lint.config.settings import Settings
from fapi_lint.testing import findings

HEAD = """from typing import Annotated

import httpx
from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, sessionmaker

from app.db import get_db

SessionDep = Annotated[AsyncSession, Depends(get_db)]
SessionLocal = sessionmaker()
router = APIRouter()


@router.get("/")
"""


@pytest.mark.parametrize(
    ("handler", "calls"),
    [
        ("async def a(db: SessionDep):\n    await db.execute(x)\n    await db.commit()\n", 2),
        ("def a(db: Session = Depends(get_db)):\n    return db.query(User).filter(User.a).all()\n", 1),
        ("async def a(db: SessionDep):\n    return await get_users_service(db)\n", 0),
        ("async def a(client: httpx.Client):\n    return client.get('/')\n", 0),
        ("async def a(db):\n    return db.get('/')\n", 0),
        ("def a():\n    db = SessionLocal()\n    return db.get(User, 1)\n", 0),
        ("async def a(db: SessionDep):\n    return db.info\n", 0),
        ("async def a():\n    pass\n\n\nasync def b(db: SessionDep):\n    await db.commit()\n", 0),
    ],
)
def test_calls_on_sessions(handler: str, calls: int) -> None:
    assert len(findings({"app/api/a.py": HEAD + handler}, "FAPI408")) == calls


def test_handlers_made_by_a_factory() -> None:
    handler = "    async def a(db: SessionDep):\n        await db.commit()\n\n    return router\n"
    head = HEAD.replace(
        '@router.get("/")\n', "def make(path: str) -> APIRouter:\n    @router.get(path)\n    @router.head(path)\n"
    )
    (found,) = findings({"app/api/a.py": head + handler}, "FAPI408")
    assert found.row == 19


def test_exempt_and_tests() -> None:
    text = HEAD + "async def a(db: SessionDep):\n    await db.commit()\n"
    assert findings({"tests/a.py": text}, "FAPI408") == []
    assert findings({"app/a.py": text}, "FAPI408", settings=Settings(exempt={"FAPI408": ("a",)})) == []


@pytest.mark.parametrize(
    ("given", "calls"), [("AsyncSession = Depends(get_db)", 1), ("httpx.Client = Depends(get)", 0)]
)
def test_the_session_of_a_class_of_handlers(given: str, calls: int) -> None:
    text = HEAD.partition('@router.get("/")')[0] + (
        f"class Users:\n    db: {given}\n\n    @router.get('/')\n    async def a(self):\n        self.db.get(1)\n"
    )
    assert len(findings({"app/api/a.py": text}, "FAPI408")) == calls
    head = text.partition("    @router.get('/')")[0]
    given_to = f"{head}\n@router.get('/')\nasync def a(users: Users = Depends()):\n    users.db.get(1)\n"
    assert len(findings({"app/api/a.py": given_to}, "FAPI408")) == calls
