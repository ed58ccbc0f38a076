"""FAPI201's fix where identifiers go through functions and attributes whose names do not tell."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
CURSOR = """\
import base64


def decode(cursor: str) -> int:
    return int(base64.b64decode(cursor).decode())
"""
PAGE = """\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cursor import decode
from app.models import Order


async def page(db: AsyncSession, cursor: str) -> list[Order]:
    return list(await db.scalars(select(Order).where(Order.id > decode(cursor))))
"""
ERRORS = """\
class Missing(Exception):
    def __init__(self, what: str, key: int) -> None:
        super().__init__(f"{what} {key}")
        self.key = key
"""
MAIN = """\
from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.deps import get_db
from app.errors import Missing
from app.models import Order

app = FastAPI()


@app.exception_handler(Missing)
async def missing(request: Request, exc: Missing) -> JSONResponse:
    return JSONResponse({"key": %s}, status_code=404)


@app.get("/orders/{id}")
async def get_order(id: int, db: AsyncSession = Depends(get_db)) -> bool:
    if await db.get(Order, id) is None:
        raise Missing("order", id)
    return True
"""
ROOT = """\
from fastapi import Body, Depends, FastAPI
from pydantic import RootModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.deps import get_db
from app.models import Order

app = FastAPI()


class Results(RootModel[dict[int, bool]]):
    pass


async def run(db: AsyncSession, wanted: list[int]) -> dict[int, bool]:
    found = await db.scalars(select(Order).where(Order.id.in_(wanted)))
    return {order.id: True for order in found}


@app.post("/run")
async def start(wanted: list[int] = Body(...), db: AsyncSession = Depends(get_db)) -> Results:
    return Results(%sawait run(db, wanted))
"""


def test_what_parses_where_no_name_says_so() -> None:
    out = fixed({"app/models.py": MODELS, "app/cursor.py": CURSOR, "app/pages.py": PAGE}, "FAPI201", unsafe=True)
    assert "-> UUID:\n    return UUID(base64" in out["app/cursor.py"]


def test_an_attribute_of_an_exception_that_becomes_json() -> None:
    files = {"app/models.py": MODELS, "app/errors.py": ERRORS, "app/main.py": MAIN % "exc.key"}
    (found,) = findings(files, "FAPI201")
    assert found.fix is None
    assert "(no fix: `JSONResponse`, which does not know UUIDs, at app/main.py:14)" in found.message
    out = fixed({**files, "app/main.py": MAIN % "str(exc.key)"}, "FAPI201", unsafe=True)
    assert "key: UUID" in out["app/errors.py"]


@pytest.mark.parametrize("keyword", ["", "root="])
def test_the_root_of_a_model(keyword: str) -> None:
    out = fixed({"app/models.py": MODELS, "app/main.py": ROOT % keyword}, "FAPI201", unsafe=True)
    assert "RootModel[dict[UUID, bool]]" in out["app/main.py"]
    assert "wanted: list[UUID] = Body(...)" in out["app/main.py"]
