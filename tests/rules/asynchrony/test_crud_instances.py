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


@pytest.mark.parametrize(
    ("body", "response", "method"),
    [
        ("return crud.order.get(db, id)", "schemas.OrderOut", "get"),
        ("order = crud.order.get(db, id)\n    return order", "schemas.OrderOut", "get"),
        ("return crud.order.through(db, id)", "schemas.OrderOut", "get"),
        ("return crud.order.by_key(db, id)", "schemas.OrderOut", "by_key"),
        ("return crud.order.get_multi(db)", "List[schemas.OrderOut]", "get_multi"),
        ("return crud.order.make(db, payload)", "schemas.OrderOut", "make"),
        ("order = crud.order.get(db, id)\n    return [item.id for item in order.items]", "List[int]", "get"),
    ],
)
def test_a_method_for_several_models_can_load_nothing(body: str, response: str, method: str) -> None:
    found = findings(files(body, response), "FAPI502")
    assert found
    for finding in found:
        assert finding.fix is None
        assert f"reads `Order.items`: it comes from `CRUDBase.{method}()`, which does not know its model" in (
            finding.message
        )


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


@pytest.mark.parametrize("call", ["self.get", "super().get", "super(CRUDOrder, self).get"])
def test_what_a_subclass_calls_is_the_method_above(call: str) -> None:
    crud = CRUD.replace("self.get(db, id)\n", f"{call}(db, id)\n")
    found = findings(files("return crud.order.through(db, id)", crud=crud), "FAPI502")
    assert found
    assert all("it comes from `CRUDBase.get()`, which does not know its model" in each.message for each in found)
    out = fixed(files("return crud.order.through(db, id)", "schemas.OrderIn", crud), "FAPI502", unsafe=True)
    assert f"        return await {call}(db, id)\n" in out["app/crud.py"]
