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
    assert "may not fit: `JSONResponse`, which does not know UUIDs, at app/main.py:14)" in found.message
    out = fixed({**files, "app/main.py": MAIN % "str(exc.key)"}, "FAPI201", unsafe=True)
    assert "key: UUID" in out["app/errors.py"]


@pytest.mark.parametrize("keyword", ["", "root="])
def test_the_root_of_a_model(keyword: str) -> None:
    out = fixed({"app/models.py": MODELS, "app/main.py": ROOT % keyword}, "FAPI201", unsafe=True)
    assert "RootModel[dict[UUID, bool]]" in out["app/main.py"]
    assert "wanted: list[UUID] = Body(...)" in out["app/main.py"]


LOG = """\
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from app.models import Base, Order


class Log(Base):
    __tablename__ = "logs"
    code: Mapped[str] = mapped_column(primary_key=True)
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)


class Event:
    pass


@dataclass
class Paid(Event):
    order: int


class Line(BaseModel):
    key: int


class Part(BaseModel):
    lines: list[Line]


def as_payload(event: Event) -> dict[str, Any]:
    return asdict(event)


def line(order: Order) -> Line:
    return Line(key=order.id)


def write(order: Order, event: Paid, part: Part) -> None:
    event.order = order.id
    Log(code="x", payload=%s)
"""
PASSED = """\
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from app.models import Order


def key(*parts: object) -> str:
    return ":".join(map(str, parts))


def drop(*parts: object) -> None:
    print(key(*parts))


class Orders:
    model = Order

    def add(self, **values: Any) -> Order:
        return self.model(**values)


def copy(orders: Orders, order_id: int) -> Order:
    drop(order_id)
    return orders.add(id=order_id)


def after(number: int, ref: int) -> Any:
    return select(Order).where(tuple_(Order.number, Order.id) > (number, ref))


def below(bound: int) -> Any:
    return select(Order).where(col(Order.id) < bound)
"""


@pytest.mark.parametrize(
    "payload",
    [
        "{'order': order.id}",
        "{'orders': [{'order': order.id}]}",
        "asdict(event)",
        "as_payload(event)",
        "line(order).model_dump()",
        "part.model_dump()",
    ],
)
def test_json_columns_stand_in_the_way(payload: str) -> None:
    (found,) = findings({"app/models.py": MODELS, "app/log.py": LOG % payload}, "FAPI201")
    assert found.fix is None
    assert "may not fit: `Log.payload`, which is JSON and does not know UUIDs, at app/log.py:" in found.message


@pytest.mark.parametrize("payload", ["{'order': str(order.id)}", "part.model_dump(mode='json')", "{'code': 'x'}"])
def test_text_in_json_columns_does_not(payload: str) -> None:
    out = fixed({"app/models.py": MODELS, "app/log.py": LOG % payload}, "FAPI201", unsafe=True)
    assert "class Line(BaseModel):\n    key: UUID\n" in out["app/log.py"] or "key: uuid.UUID" in out["app/log.py"]


def test_arguments_without_a_name_and_keywords_that_are_handed_on() -> None:
    models = MODELS + "    number: Mapped[int] = mapped_column()\n"
    out = fixed({"app/models.py": models, "app/orders.py": PASSED}, "FAPI201", unsafe=True)
    assert "def copy(orders: Orders, order_id: UUID)" in out["app/orders.py"]
    assert "def after(number: int, ref: UUID)" in out["app/orders.py"]
    assert "def below(bound: UUID)" in out["app/orders.py"]


@pytest.mark.parametrize("use", ["print(values)", "log(**values, level=len(values))", "values.pop('id')"])
def test_keywords_of_which_more_is_made_stand_in_the_way(use: str) -> None:
    code = PASSED.replace(
        "        return self.model(**values)\n", f"        {use}\n        return self.model(**values)\n"
    )
    (found,) = findings({"app/models.py": MODELS, "app/orders.py": code}, "FAPI201")
    assert found.fix is None
    assert "`**` of `add`" in found.message


def test_no_part_of_the_old_type_stays_imported() -> None:
    models = MODELS.replace(
        "mapped_column(primary_key", "mapped_column(BigInteger().with_variant(Integer, 'x'), primary_key"
    )
    models = "from sqlalchemy import BigInteger, Integer\n" + models
    out = fixed({"app/models.py": models}, "FAPI201", unsafe=True)
    assert "from sqlalchemy import UUID\n" in out["app/models.py"]
