"""FAPI502's closure where objects come from the methods of CRUD instances: they are loaded, or the reason is told."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

MODELS = """\
from typing import List

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    items: Mapped[List["Item"]] = relationship(back_populates="order")


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    order: Mapped["Order"] = relationship(back_populates="items")
"""
SCHEMAS = """\
from typing import List

from pydantic import BaseModel, ConfigDict


class ItemOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class OrderIn(BaseModel):
    id: int


class OrderOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    items: List[ItemOut]
"""
SESSION = """\
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

engine = create_engine("postgresql+psycopg://localhost/x")
SessionLocal = sessionmaker(bind=engine)


def get_db():
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()
"""
CRUD = """\
from typing import Any, Generic, List, Optional, Type, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import models, schemas

M = TypeVar("M", bound=models.Base)


class CRUDBase(Generic[M]):
    def __init__(self, model: Type[M]) -> None:
        self.model = model

    def get(self, db: Session, id: int) -> Optional[M]:
        return db.scalars(select(self.model).where(self.model.id == id)).first()

    def by_key(self, db: Session, id: int) -> Optional[M]:
        model = self.model
        return db.get(model, id)

    def get_multi(self, db: Session) -> List[M]:
        return list(db.scalars(select(self.model)).all())

    def make(self, db: Session, obj_in: Any) -> M:
        data = obj_in.model_dump()
        obj = self.model(**data)
        db.add(obj)
        db.commit()
        db.refresh(obj)
        return obj

    def update(self, db: Session, obj: M, obj_in: Any) -> M:
        for field, value in obj_in.model_dump().items():
            setattr(obj, field, value)
        db.commit()
        db.refresh(obj)
        return obj


class CRUDOrder(CRUDBase[models.Order]):
    def own(self, db: Session, id: int) -> Optional[models.Order]:
        return db.scalars(select(models.Order).where(models.Order.id == id)).first()

    def through(self, db: Session, id: int) -> Optional[models.Order]:
        return self.get(db, id)

    def create(self, db: Session, obj_in: schemas.OrderIn) -> models.Order:
        data = obj_in.model_dump()
        order = models.Order(**data)
        db.add(order)
        db.commit()
        db.refresh(order)
        return order


class CRUDItem(CRUDBase[models.Item]):
    pass


order = CRUDOrder(models.Order)
item = CRUDItem(models.Item)
"""
ROUTE = """\
from typing import Any, List

from fastapi import Depends, FastAPI
from sqlalchemy.orm import Session

from app import crud, schemas
from app.session import get_db

app = FastAPI()


@app.post("/orders/{id}", response_model=%s)
def handle(id: int, payload: schemas.OrderIn, db: Session = Depends(get_db)) -> Any:
    %s
"""


def files(body: str, response: str = "schemas.OrderOut", crud: str = CRUD) -> dict[str, str]:
    return {
        "app/models.py": MODELS,
        "app/schemas.py": SCHEMAS,
        "app/session.py": SESSION,
        "app/crud.py": crud,
        "app/main.py": ROUTE % (response, body),
        "requirements.txt": "fastapi\nsqlalchemy[asyncio]\npsycopg\npydantic>=2\n",
    }


GIVEN = "order = await crud.order.{}\n"
LOADED = 'await db.refresh(order, ["items"])\n'
CHECKED = "    if order is not None:\n        " + LOADED


@pytest.mark.parametrize(
    ("body", "response", "after"),
    [
        ("return crud.order.get(db, id)", "schemas.OrderOut", GIVEN.format("get(db, id)") + CHECKED),
        ("order = crud.order.get(db, id)\n    return order", "schemas.OrderOut", GIVEN.format("get(db, id)") + CHECKED),
        ("return crud.order.by_key(db, id)", "schemas.OrderOut", GIVEN.format("by_key(db, id)") + CHECKED),
        (
            "return crud.order.make(db, payload)",
            "schemas.OrderOut",
            GIVEN.format("make(db, payload)") + "    " + LOADED,
        ),
        (
            "order = crud.order.get(db, id)\n    if not order:\n        raise KeyError\n    return order.items",
            "List[schemas.ItemOut]",
            GIVEN.format("get(db, id)") + "    if not order:\n        raise KeyError\n    " + LOADED,
        ),
        (
            "return crud.order.get_multi(db)",
            "List[schemas.OrderOut]",
            "orders = await crud.order.get_multi(db)\n    for item in orders:\n"
            '        await db.refresh(item, ["items"])\n',
        ),
    ],
)
def test_what_a_method_for_several_models_gives_is_loaded_where_it_gets_a_name(
    body: str, response: str, after: str
) -> None:
    out = fixed(files(body, response), "FAPI502", unsafe=True)["app/main.py"]
    assert out.partition("-> Any:\n    ")[2].startswith(f"{after}    return order")


def test_a_method_of_one_model_that_calls_one_for_several() -> None:
    out = fixed(files("return crud.order.through(db, id)"), "FAPI502", unsafe=True)["app/crud.py"]
    assert (
        out.partition("-> Optional[models.Order]:\n")[2]
        .partition("-> Optional[models.Order]:\n")[2]
        .startswith(
            """\
        db_order = await self.get(db, id)
        if db_order is not None:
            await db.refresh(db_order, ["items"])
        return db_order
"""
        )
    )


@pytest.mark.parametrize(
    "body",
    [
        "return [item.id for item in crud.order.get(db, id).items]",
        "order = crud.order.get(db, id)\n    other = crud.order.get(db, 2)\n    return order.items",
    ],
)
def test_what_has_no_name_of_its_own_cannot_be_loaded(body: str) -> None:
    found = findings(files(body, "List[schemas.ItemOut]"), "FAPI502")
    assert found
    assert all(finding.fix is None and "reads `Order.items`: " in finding.message for finding in found)


def test_what_is_not_read_need_not_be_loaded() -> None:
    out = fixed(files("return crud.order.get(db, id)", "schemas.ItemOut"), "FAPI502", unsafe=True)
    assert "return await crud.order.get(db, id)" in out["app/main.py"]
    assert "selectinload" not in out["app/crud.py"]


def test_a_method_of_one_model_loads() -> None:
    out = fixed(files("return crud.order.own(db, id)"), "FAPI502", unsafe=True)
    assert "selectinload(models.Order.items)" in out["app/crud.py"]


def test_what_is_made_is_refreshed() -> None:
    out = fixed(files("return crud.order.create(db, payload)"), "FAPI502", unsafe=True)
    assert 'await db.refresh(order, ["items"])' in out["app/crud.py"]


def test_what_a_query_loads_a_refresh_loads_again() -> None:
    body = "order = crud.order.own(db, id)\n    order = crud.order.update(db, order, payload)\n    return order"
    out = fixed(files(body), "FAPI502", unsafe=True)
    assert "order = await crud.order.update(db, order, payload)" in out["app/main.py"]
    assert "selectinload(models.Order.items)" in out["app/crud.py"]


def test_a_change_in_a_shared_method_is_followed_by_a_refresh_of_the_caller() -> None:
    body = "order = crud.order.create(db, payload)\n    crud.order.update(db, order, payload)\n    return order"
    out = fixed(files(body), "FAPI502", unsafe=True)
    assert 'await db.refresh(order, ["items"])' in out["app/main.py"]


def test_what_a_shared_method_gives_and_another_gives_back() -> None:
    body = "order = crud.order.get(db, id)\n    return crud.order.update(db, order, payload)"
    out = fixed(files(body), "FAPI502", unsafe=True)["app/main.py"]
    after = "    order = await crud.order.get(db, id)\n    order = await crud.order.update(db, order, payload)\n"
    assert out.endswith(f"{after}    {LOADED}    return order\n")


@pytest.mark.parametrize("call", ["super().get", "super(CRUDOrder, self).get"])
def test_what_a_subclass_calls_is_the_method_above(call: str) -> None:
    crud = CRUD.replace("self.get(db, id)\n", f"{call}(db, id)\n")
    out = fixed(files("return crud.order.through(db, id)", crud=crud), "FAPI502", unsafe=True)["app/crud.py"]
    assert f"        db_order = await {call}(db, id)\n" in out


NOTES = """\
    notes: Mapped[List["Note"]] = relationship()


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
"""


def test_what_a_subclass_makes_of_its_own_model() -> None:
    through = "return self.get(db, id)\n"
    made = "order = self.model(id=id)\n        order.items.append(models.Item())\n        db.add(order)\n"
    crud = CRUD.replace(through, f"{made}        db.commit()\n        return order\n")
    assert crud != CRUD
    out = fixed(files("return crud.order.through(db, id)", crud=crud), "FAPI502", unsafe=True)["app/crud.py"]
    assert f"        await db.commit()\n        {LOADED}        return order\n" in out


@pytest.mark.parametrize("refresh", ["db.refresh(order)", "order = crud.order.update(db, order, payload)"])
def test_what_is_in_a_new_collection_is_loaded_with_it_once_it_is_refreshed(refresh: str) -> None:
    body = (
        "order = models.Order(id=id)\n    order.items.append(models.Item())\n    db.add(order)\n    db.commit()\n"
        f"    {refresh}\n    return [item.notes for item in order.items]"
    )
    given = files(body, "None")
    given["app/models.py"] += NOTES
    given["app/main.py"] = given["app/main.py"].replace("crud,", "crud, models,")
    out = fixed(given, "FAPI502", unsafe=True)["app/main.py"]
    assert "selectinload(models.Order.items).selectinload(models.Item.notes)" in out


def test_what_loops_take_has_a_name_that_is_free() -> None:
    files_ = files("item = 1\n    return crud.order.get_multi(db)", "List[schemas.OrderOut]")
    assert "    for each in orders:\n" in fixed(files_, "FAPI502", unsafe=True)["app/main.py"]
    # A name of the module would mean something else in the whole function.
    files_ = files("return crud.order.get_multi(db)", "List[schemas.OrderOut]")
    files_["app/main.py"] += "\n\ndef item() -> None: ...\n"
    assert "    for each in orders:\n" in fixed(files_, "FAPI502", unsafe=True)["app/main.py"]
