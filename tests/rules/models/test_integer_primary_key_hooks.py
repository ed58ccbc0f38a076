"""FAPI201's fix where values of fields are checked, logged, ordered, or read from text."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

HEAD = """\
import json
import logging
import uuid
from typing import Annotated, TypedDict

from fastapi import Request
from pydantic import AfterValidator, BaseModel, BeforeValidator, TypeAdapter, field_serializer, field_validator
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

log = logging.getLogger(__name__)


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


"""


def validator(body: str, how: str = "") -> str:
    code = "class Line(BaseModel):\n    key: int\n\n"
    code += (
        f'    @field_validator("key"{how})\n    @classmethod\n    def check(cls, v: int) -> int:\n        {body}\n\n\n'
    )
    return code + "def line(order: Order) -> Line:\n    return Line(key=order.id)\n"


def annotated(hook: str) -> str:
    code = f"class Line(BaseModel):\n    key: Annotated[int, {hook}]\n\n\n"
    return code + "def line(order: Order) -> Line:\n    return Line(key=order.id)\n"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (validator("if v <= 0:\n            raise ValueError\n        return v"), "the number `0`"),
        (validator("return v + 1"), "a calculation"),
        (annotated("AfterValidator(lambda v: v + 1)"), "a calculation"),
        ("def check(v: int) -> int:\n    return v % 7\n\n\n" + annotated("AfterValidator(check)"), "a calculation"),
        (
            "class Line(BaseModel):\n    key: int\n\n    @field_serializer('key')\n    def show(self, v: int) -> str:\n"
            "        return f'{v:06d}'\n\n\ndef line(order: Order) -> Line:\n    return Line(key=order.id)\n",
            "a format that is for numbers or text",
        ),
        ("def f(db: Session, after: int = -1):\n    return select(Order).where(Order.id > after)\n", "the number `1`"),
        (
            "def f(db: Session, q: str):\n    return db.get(Order, int(q)) if q.isdigit() else None\n",
            "`.isdigit`, which a UUID does not have,",
        ),
        (
            "def f(db: Session, q: str):\n"
            "    return [db.get(Order, int(i)) for i in q.split(',') if i.strip().isdecimal()]\n",
            "`.isdecimal`, which a UUID does not have,",
        ),
        (
            "from itertools import count\n\nnumbers = count(1)\n\n\ndef made() -> Order:\n"
            "    return Order(id=next(numbers))\n",
            "`itertools.count()`",
        ),
        ("import time\n\n\ndef made() -> Order:\n    return Order(id=int(time.time()))\n", "`time.time()`"),
        ('def f(order: Order) -> None:\n    log.info("order %d", order.id)\n', "a format that is for numbers"),
        ("def f(request: Request, order: Order) -> None:\n    request.session['o'] = order.id\n", "a session cookie"),
        (
            "class Row(TypedDict):\n    key: int\n\n\ndef row(order: Order) -> Row:\n    return {'key': order.id}\n\n\n"
            "def show(given: Row) -> str:\n    return json.dumps(given)\n",
            "`dumps`, which does not know UUIDs,",
        ),
    ],
)
def test_what_stands_in_the_way(code: str, why: str) -> None:
    (found,) = findings({"app/main.py": HEAD + code}, "FAPI201")
    assert found.fix is None
    assert f"may not fit: {why}" in found.message


@pytest.mark.parametrize(
    ("code", "after"),
    [
        (validator("return v"), "def check(cls, v: uuid.UUID) -> uuid.UUID:"),
        (
            validator("return int(v)", ', mode="before"').replace("v: int", "v: str"),
            "def check(cls, v: str) -> uuid.UUID:\n        return uuid.UUID(v)",
        ),
        (
            annotated("BeforeValidator(lambda v: int(v))"),
            "Annotated[uuid.UUID, BeforeValidator(lambda v: uuid.UUID(v))]",
        ),
        (
            "class Row(TypedDict):\n    key: int\n\n\ndef row(order: Order) -> Row:\n    return {'key': order.id}\n",
            "class Row(TypedDict):\n    key: uuid.UUID\n",
        ),
        (
            "Keys = TypeAdapter(list[int])\n\n\ndef f(raw: str):\n"
            "    return select(Order).where(Order.id.in_(Keys.validate_json(raw)))\n",
            "Keys = TypeAdapter(list[uuid.UUID])",
        ),
        ("def f(db: Session, q: str):\n    return db.get(Order, int(q.strip()))\n", "uuid.UUID(q.strip())"),
    ],
)
def test_what_follows(code: str, after: str) -> None:
    assert after in fixed({"app/main.py": HEAD + code}, "FAPI201", unsafe=True)["app/main.py"]


@pytest.mark.parametrize(
    "code",
    [
        "def f(orders: list[Order]) -> list[Order]:\n    return sorted(orders, key=lambda order: order.id)\n",
        "def f(orders: list[Order]):\n    return max(order.id for order in orders)\n",
    ],
)
def test_ordering_is_said(code: str) -> None:
    (found,) = findings({"app/main.py": HEAD + code}, "FAPI201")
    assert found.fix is not None
    assert "ordering by the key no longer follows creation" in found.fix.title


PORT = """\
from typing import Protocol

from fastapi import Depends, FastAPI

from app.main import Order

app = FastAPI()


class Orders(Protocol):
    async def find(self, number: int) -> Order | None: ...


class Stored:
    def __init__(self, db: Session) -> None:
        self.db = db

    async def find(self, number: int) -> Order | None:
        return self.db.get(Order, number)


class Remembered:
    def __init__(self) -> None:
        self.rows: dict[int, Order] = {}

    async def find(self, number: int) -> Order | None:
        return self.rows.get(number)


class Names:
    async def find(self, name: str) -> str | None:
        return name


def orders() -> Orders: ...


@app.get("/orders/{number}")
async def get_order(number: int, orders: Orders = Depends(orders)) -> bool:
    return await orders.find(number) is not None
""".replace("from fastapi import", "from sqlalchemy.orm import Session\nfrom fastapi import")


def test_what_a_protocol_describes() -> None:
    out = fixed({"app/main.py": HEAD, "app/ports.py": PORT}, "FAPI201", unsafe=True)["app/ports.py"]
    assert out.count("async def find(self, number: UUID) -> Order | None:") == 3
    assert "self.rows: dict[UUID, Order] = {}" in out
    assert "async def get_order(number: UUID," in out
    assert "async def find(self, name: str)" in out
