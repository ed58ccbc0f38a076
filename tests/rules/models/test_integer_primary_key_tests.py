"""FAPI201's fix in tests: fixtures, parametrized values and the paths that clients ask for."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

MODELS = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    before_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
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


@pytest.fixture
async def made(client):
    response = await client.post("/orders")
    return response.json()
"""
HEAD = "import pytest\nfrom sqlalchemy import select\n\n"


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
            "async def test_it(client, order):\n    r = await client.get('/')\n"
            "    assert order.id in [o['id'] for o in r.json()]\n",
            "assert str(order.id) in [",
        ),
        (
            "async def test_it(client, made, order):\n    assert made['id'] == order.id\n",
            "assert made['id'] == str(order.id)",
        ),
        (
            "async def test_it(client, order):\n    await client.post('/', json={'ids': [o.id for o in [order]]})\n",
            "{'ids': [str(o.id) for o in [order]]}",
        ),
        (
            "async def test_it(client, order):\n    r = await client.get('/')\n"
            "    assert r.json()['before'] == order.before_id\n",
            "== str(order.before_id)",
        ),
        (
            "from app.models import Order\n\n\n"
            "async def test_it(client, db):\n    r = await client.get('/')\n"
            "    assert await db.get(Order, r.json()['id'])\n",
            "db.get(Order, UUID(r.json()['id']))",
        ),
        (
            "from app.models import Order\n\n\n"
            "async def test_it(client, db, made):\n    key = made['id']\n    await client.get(f'/{key}')\n"
            "    await db.scalars(select(Order).where(Order.id == key))\n",
            "where(Order.id == UUID(key))",
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


FACTORIES = """\
import factory
from factory.alchemy import SQLAlchemyModelFactory

from app.models import Order


class OrderFactory(SQLAlchemyModelFactory):
    class Meta:
        model = Order

"""


@pytest.mark.parametrize(
    ("made", "used"),
    [
        ("OrderFactory()", "order"),
        ("OrderFactory.create(before_id=OrderFactory().id)", "order"),
        ("OrderFactory.create_batch(3)", "order[0]"),
    ],
)
def test_factories_make_objects_of_their_model(made: str, used: str) -> None:
    test = (
        "from tests.factories import OrderFactory\n\n\n"
        f"async def test_it(client):\n    order = {made}\n    await client.post('/', json={{'id': {used}.id}})\n"
    )
    factories = FACTORIES + "    before_id = factory.SelfAttribute('other.id')\n"
    out = fixed({**files(test), "tests/factories.py": factories}, "FAPI201", unsafe=True)
    assert f"json={{'id': str({used}.id)}}" in out["tests/test_orders.py"]


def test_factories_that_number_what_they_make_stand_in_the_way() -> None:
    factories = FACTORIES + "    id = factory.Sequence(lambda n: n)\n"
    (found,) = findings({**files("def test_it(): ...\n"), "tests/factories.py": factories}, "FAPI201")
    assert found.fix is None
    assert "what `OrderFactory` makes of `Order.id` at tests/factories.py:" in found.message


def test_fixtures_that_ask_for_each_other_give_nothing() -> None:
    circle = "@pytest.fixture\ndef one(two):\n    return two\n\n\n@pytest.fixture\ndef two(one):\n    return one\n"
    test = "import pytest\n\n\n" + circle + '\n\ndef test_it(one, order):\n    assert one["id"] == order.id\n'
    files = {"app/models.py": MODELS, "tests/conftest.py": CONFTEST, "tests/test_orders.py": test}
    (found,) = findings(files, "FAPI201")
    assert found.fix is not None
