"""FAPI201's fix where keys are compared through a class that is held in an attribute: CRUD bases and repositories."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

BASE = """\
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
"""
MODELS = """\
from sqlalchemy.orm import Mapped, mapped_column

from app.base import Base


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
HEAD = """\
from typing import Any, Generic, Optional, Type, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import models

M = TypeVar("M")
"""
GENERIC = """\
class CRUDBase(Generic[M]):
    def __init__(self, model: Type[M]) -> None:
        self.model = model

    def get(self, db: Session, id: int) -> Optional[M]:
        return %s


class CRUDOrder(CRUDBase[models.Order]):
    pass


order = CRUDOrder(models.Order)
"""
ROUTES = """\
from fastapi import Depends, FastAPI
from sqlalchemy.orm import Session

from app import crud
from app.deps import get_db

app = FastAPI()


@app.get("/orders/{id}")
def get_order(id: int, db: Session = Depends(get_db)) -> bool:
    return crud.order.get(db, id) is not None
"""
READ = "db.scalars(select(self.model).where(self.model.id == id)).first()"


def files(crud: str) -> dict[str, str]:
    return {"app/base.py": BASE, "app/models.py": MODELS, "app/crud.py": HEAD + "\n\n" + crud, "app/main.py": ROUTES}


@pytest.mark.parametrize(
    "crud",
    [
        GENERIC % READ,
        GENERIC % "db.get(self.model, id)",
        GENERIC % "db.query(self.model).get(id)",
        GENERIC % "db.query(self.model).filter_by(id=id).first()",
        GENERIC % "db.query(self.model).filter(self.model.id.in_([id])).first()",
        "class Orders:\n    model = models.Order\n\n    def get(self, db: Session, id: int) -> Any:\n"
        f"        return {READ}\n\n\norder = Orders()\n",
        "class Base_:\n    model: Any = None\n\n    def get(self, db: Session, id: int) -> Any:\n"
        "        model = self.model\n"
        "        return db.get(model, id)\n\n\nclass Orders(Base_):\n    model = models.Order\n\n\norder = Orders()\n",
        "class Orders:\n    def __init__(self) -> None:\n        self.model = models.Order\n\n"
        f"    def get(self, db: Session, id: int) -> Any:\n        return {READ}\n\n\norder = Orders()\n",
        "class Repository:\n    def __init__(self, model: Any) -> None:\n        self.model = model\n\n"
        f"    def get(self, db: Session, id: int) -> Any:\n        return {READ}\n\n\n"
        "order = Repository(models.Order)\n",
    ],
)
def test_the_parameters_follow(crud: str) -> None:
    out = fixed(files(crud), "FAPI201", unsafe=True)
    assert out["app/models.py"].count("primary_key=True, default=uuid.uuid4") == 2
    assert "id: UUID" in out["app/crud.py"]
    assert "def get_order(id: UUID," in out["app/main.py"]


def test_what_a_schema_holds_is_written_through_a_class_that_is_held() -> None:
    write = "db.execute(update(self.model).where(self.model.id == id).values(**Link(order_id=id).model_dump()))"
    link = (
        "from pydantic import BaseModel\nfrom sqlalchemy import update\n\nclass Link(BaseModel):\n    order_id: int\n\n"
    )
    out = fixed(files(link + GENERIC % write), "FAPI201", unsafe=True)
    assert "order_id: UUID" in out["app/crud.py"]
    assert "id: UUID)" in out["app/crud.py"]


def test_one_base_makes_one_identity() -> None:
    crud = GENERIC % READ + "\n\nclass CRUDItem(CRUDBase[models.Item]):\n    pass\n"
    first, second = findings(files(crud), "FAPI201")
    assert first.fix is not None
    assert second.fix is not None
    assert "`Order.id`, `Item.id`" in first.fix.title or "`Item.id`, `Order.id`" in first.fix.title


@pytest.mark.parametrize(
    ("crud", "through"),
    [
        (GENERIC.replace("[models.Order]", "").replace("(models.Order)", "(make())") % READ, "`self.model`"),
        (GENERIC % "db.scalars(select(self.model).where(getattr(self.model, name()) == id)).first()", "`getattr("),
        ("def get(db: Session, model: Type[M], id: int) -> Any:\n    return db.get(model, id)\n", "`model`"),
        ("def get(db: Session, model, id: int) -> Any:\n    return db.get(model, id)\n", "`model`"),
        ("def get(db: Session, id: int) -> Any:\n    return db.get(registry(), id)\n", "`registry()`"),
    ],
)
def test_a_class_that_is_not_known_stands_in_the_way(crud: str, through: str) -> None:
    for found in findings(files(crud), "FAPI201"):
        assert found.fix is None
        assert f"(no fix: its values go where a UUID may not fit: {through}" in found.message
        assert " at app/crud.py:" in found.message


def test_a_bound_names_the_models() -> None:
    crud = (
        'from app.base import Base\n\nT = TypeVar("T", bound=Base)\n\n\n'
        "def get(db: Session, model: Type[T], id: int) -> Any:\n    return db.get(model, id)\n"
    )
    out = fixed(files(crud), "FAPI201", unsafe=True)
    assert "id: UUID" in out["app/crud.py"]


def test_other_columns_are_no_keys() -> None:
    crud = GENERIC.replace("[models.Order]", "").replace("(models.Order)", "(make())").replace("id: int", "name: str")
    for found in findings(files(crud % READ.replace(".id == id", ".name == name")), "FAPI201"):
        assert found.fix is not None


@pytest.mark.parametrize("call", ["order.get(db, id=id)", "order.get(db=db, id=id)", "order.get(id)"])
@pytest.mark.parametrize(
    "made", ["FastCRUD(models.Order)", "FastCRUD[models.Order](models.Order)", "CRUDOrder(models.Order)"]
)
def test_the_objects_of_a_library_compare_keys(made: str, call: str) -> None:
    crud = (
        "from fastcrud import FastCRUD\n\nCRUDOrder = FastCRUD[models.Order]\n"
        f"order = {made}\n\n\ndef read(db: Session, id: int) -> Any:\n    return {call}\n"
    )
    messages = {found.message.partition(" (no fix: ")[0]: found for found in findings(files(crud), "FAPI201")}
    (order,) = (found for message, found in messages.items() if "`Order.id`" in message)
    (item,) = (found for message, found in messages.items() if "`Item.id`" in message)
    assert order.fix is None
    assert "`order.get`" in order.message or "`get`" in order.message
    assert item.fix is not None


def test_keys_that_are_uuids_already_share_the_place_of_others() -> None:
    crud = GENERIC.replace("id: int", "id: Any") % READ + "\n\nclass CRUDTag(CRUDBase[models.Tag]): ...\n"
    tag = """

class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
"""
    given = {**files(crud), "app/models.py": "import uuid\n\n" + MODELS + tag}
    (found, *_) = findings(given, "FAPI201")
    assert found.fix is not None
    assert found.fix.title.startswith("Make `Order.id` a UUID in ")
    out = fixed(given, "FAPI201", unsafe=True)
    assert tag in out["app/models.py"]
    assert "def get_order(id: UUID" in out["app/main.py"]


def test_what_makes_an_object_of_the_class() -> None:
    crud = GENERIC % READ + "\n\nclass CRUDItem(CRUDBase[models.Item]):\n"
    crud += (
        "    def make(self, order_id: int, **data: Any) -> Any:\n        return self.model(**data, order_id=order_id)\n"
    )
    models = MODELS + '    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))\n'
    models = "from sqlalchemy import ForeignKey\n" + models
    out = fixed({**files(crud), "app/models.py": models}, "FAPI201", unsafe=True)
    assert "order_id: Mapped[uuid.UUID]" in out["app/models.py"]
    assert "def make(self, order_id: UUID," in out["app/crud.py"]


def test_methods_that_are_called_like_those_of_a_session() -> None:
    crud = GENERIC.replace("def get(self", "def delete(self") % READ
    routes = ROUTES.replace("crud.order.get(db, id)", "crud.order.delete(db, id)")
    out = fixed({**files(crud), "app/main.py": routes}, "FAPI201", unsafe=True)
    assert "def delete(self, db: Session, id: UUID)" in out["app/crud.py"]
    assert "def get_order(id: UUID," in out["app/main.py"]


def test_keys_among_the_keywords_of_a_filter() -> None:
    crud = GENERIC % READ
    crud += "\n\ndef find(db: Session, **filters: Any) -> Any:\n"
    crud += "    return [getattr(models.Item, name) == value for name, value in filters.items()]\n"
    models = "from sqlalchemy import ForeignKey\n" + MODELS
    models += '    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))\n'
    routes = ROUTES.replace("crud.order.get(db, id) is not None", "crud.find(db, order_id=id)")
    found = findings({**files(crud), "app/models.py": models, "app/main.py": routes}, "FAPI201")
    assert any(each.fix is None and "order_id" in each.message for each in found)
