"""FAPI201's fix in tests: fixtures, parametrized values and the paths that clients ask for."""

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
MAIN = """\
from fastapi import Depends, FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.deps import get_db
from app.models import Order

app = FastAPI()


@app.get("/orders/{order_id}")
async def get_order(order_id: int, db: AsyncSession = Depends(get_db)) -> bool:
    return await db.get(Order, order_id) is not None
"""
CONFTEST = """\
import pytest

from app.models import Order


@pytest.fixture
async def order(db):
    order = Order()
    db.add(order)
    await db.commit()
    yield order


@pytest.fixture
def key(order) -> int:
    return order.id
"""
HEAD = "import pytest\n\n"


def files(test: str) -> dict[str, str]:
    return {
        "app/models.py": MODELS,
        "app/main.py": MAIN,
        "tests/conftest.py": CONFTEST,
        "tests/test_orders.py": HEAD + test,
    }


@pytest.mark.parametrize(
    ("test", "after"),
    [
        ("async def test_it(client, order):\n    await client.post('/', json={'order': order.id})\n", "str(order.id)"),
        ("async def test_it(client, key):\n    await client.post('/', json={'order': key})\n", "str(key)"),
        (
            "async def test_it(client, order):\n    r = await client.get('/')\n    assert r.json() == order.id\n",
            "== str(order.id)",
        ),
        (
            "@pytest.mark.parametrize('key', [999])\n"
            "async def test_it(client, key):\n    await client.get(f'/orders/{key}')\n",
            "'key', [UUID(int=999)])",
        ),
        (
            "@pytest.mark.parametrize(['key', 'code'], [(999, 404), pytest.param(1000, 404, id='x')])\n"
            "async def test_it(client, key, code):\n    await client.get(f'/api/orders/{key}')\n",
            "[(UUID(int=999), 404), pytest.param(UUID(int=1000), 404, id='x')])",
        ),
        (
            "ORDERS = '/api/orders'\n\n\n"
            "async def test_it(client):\n    key = 999\n    await client.get(f'{ORDERS}/{key}')\n",
            "key = UUID(int=999)",
        ),
    ],
)
def test_what_tests_send_follows(test: str, after: str) -> None:
    out = fixed(files(test), "FAPI201", unsafe=True)
    assert "def key(order) -> UUID:" in out["tests/conftest.py"]
    assert after in out["tests/test_orders.py"]


@pytest.mark.parametrize(
    "test",
    [
        "async def test_it(client):\n    key = 1\n    await client.get(f'/orders/{key}')\n",
        "@pytest.mark.parametrize('key', [1, 2])\n"
        "async def test_it(client, key):\n    await client.get(f'/orders/{key}')\n",
    ],
)
def test_numbers_of_rows_in_paths_stand_in_the_way(test: str) -> None:
    (found,) = findings(files(test), "FAPI201")
    assert found.fix is None
    assert "may not fit: the number `1` at tests/test_orders.py:" in found.message


def test_numbers_in_paths_of_others_are_theirs() -> None:
    out = fixed(files("async def test_it(client):\n    await client.get(f'/pages/{1}')\n"), "FAPI201", unsafe=True)
    assert "order_id: UUID" in out["app/main.py"]


def test_a_dict_that_something_else_is_given_stands_in_the_way() -> None:
    test = "async def test_it(client, order):\n    body = {'order': order.id}\n    check(body)\n"
    (found,) = findings(files(test + "    await client.post('/', json=body)\n"), "FAPI201")
    assert found.fix is None
    assert "may not fit: `check`, of which nothing is known, at tests/test_orders.py:" in found.message
