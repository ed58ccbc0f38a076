"""FAPI210: which attributes lack an annotation or have a wrong one; fixes are checked by executing them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import SQLAlchemyError

sys.path.insert(0, str(Path(__file__).parent))

from executed import relationships

from fapi_lint.testing import findings, fixed

BASE = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"
USER = """\
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base_class import Base


class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(primary_key=True)
"""
HEAD = """\
import datetime as dt
import typing as t
from typing import Annotated, Optional, Union

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text
from sqlalchemy.orm import (
    DynamicMapped, Mapped, MappedAsDataclass, declared_attr, deferred, mapped_column, relationship
)

from app.db.base_class import Base

Maybe = Optional[str]
Named = Annotated[str, mapped_column(String(20))]
MaybeNamed = Annotated[str | None, mapped_column(String(20))]
item_users = Table(
    "item_users", Base.metadata,
    Column("item_id", ForeignKey("item.id"), primary_key=True),
    Column("user_id", ForeignKey("user.id"), primary_key=True),
)


class Item(Base):
    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("item.id"))
"""


def app(*lines: str) -> dict[str, str]:
    body = "".join(f"    {part}\n" for line in lines for part in line.split("\n"))
    return {"app/db/base_class.py": BASE, "app/models/user.py": USER, "app/models/item.py": HEAD + body}


def after(line: str) -> str:
    text = fixed(app(line), "FAPI210")["app/models/item.py"]
    return text[text.index("parent_id") :].partition("\n")[2].strip()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x = relationship('User')", 'x: Mapped["User"] = relationship(\'User\')'),
        (
            "x = relationship('Item', remote_side=[id])",
            "x: Mapped[Optional[\"Item\"]] = relationship('Item', remote_side=[id])",
        ),
        ("x = relationship('Item')", "x: Mapped[list[\"Item\"]] = relationship('Item')"),
        (
            "x = relationship('User', secondary=item_users)",
            "x: Mapped[list[\"User\"]] = relationship('User', secondary=item_users)",
        ),
        (
            "x = relationship('User', secondary=item_users, collection_class=set)",
            "x: Mapped[set[\"User\"]] = relationship('User', secondary=item_users, collection_class=set)",
        ),
        (
            "x = relationship('Item', lazy='dynamic')",
            "x: DynamicMapped[\"Item\"] = relationship('Item', lazy='dynamic')",
        ),
        (
            "x = relationship('User', viewonly=True, uselist=True)",
            "x: Mapped[list[\"User\"]] = relationship('User', viewonly=True, uselist=True)",
        ),
        ("x = mapped_column(Text)  # why", "x: Mapped[Optional[str]] = mapped_column(Text)  # why"),
        ("x = mapped_column(Integer, nullable=False)", "x: Mapped[int] = mapped_column(Integer, nullable=False)"),
        (
            "x: Mapped[str] = mapped_column(nullable=True)",
            "x: Mapped[Optional[str]] = mapped_column(nullable=True)",
        ),
        ("x: Mapped['str'] = mapped_column(nullable=True)", "x: Mapped['str | None'] = mapped_column(nullable=True)"),
        ("x: 'Mapped[str]' = mapped_column(nullable=True)", "x: 'Mapped[str | None]' = mapped_column(nullable=True)"),
        ("x: Mapped[str | None] = mapped_column(nullable=False)", "x: Mapped[str] = mapped_column(nullable=False)"),
        ("x: Mapped[None | str] = mapped_column(nullable=False)", "x: Mapped[str] = mapped_column(nullable=False)"),
        ("x: Mapped[Optional[str]] = mapped_column(nullable=False)", "x: Mapped[str] = mapped_column(nullable=False)"),
        (
            "x: Mapped[t.Optional[str]] = mapped_column(nullable=False)",
            "x: Mapped[str] = mapped_column(nullable=False)",
        ),
        (
            "x: Mapped[Union[str, None]] = mapped_column(nullable=False)",
            "x: Mapped[str] = mapped_column(nullable=False)",
        ),
        (
            "x: Mapped[dt.datetime] = mapped_column(nullable=True)",
            "x: Mapped[Optional[dt.datetime]] = mapped_column(nullable=True)",
        ),
        (
            "x: Mapped[Named] = mapped_column(nullable=True)",
            "x: Mapped[Optional[Named]] = mapped_column(nullable=True)",
        ),
    ],
)  # fmt: skip
def test_the_annotation_is_written(line: str, expected: str) -> None:
    assert after(line) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("x = relationship('Nobody')", "related model"),
        ("x = relationship('User', uselist=bool(0))", "one object or many"),
        ("x = relationship('Item', lazy=str('select'))", "loaded"),
        ("x = relationship('User', secondary=item_users, collection_class=dict)", "collection"),
        ("x = relationship('User', **item_users.info)", "visible"),
        ("x = y = relationship('User')", "several names"),
        ("(x) = relationship('User')", "parentheses"),
        ("User = relationship('User')", "means something else"),
        ("x = deferred(mapped_column(Text))", "wrapped"),
        ("x = mapped_column(sa.types.NullType)", "Python type"),
        ("x = mapped_column(Text)\nbare: Mapped[str]", "order"),
    ],
)
def test_no_fix_where_it_is_not_certain(line: str, reason: str) -> None:
    (found, *rest) = findings(app(line), "FAPI210")
    assert all(one.fix is None for one in (found, *rest))
    assert reason in found.message


@pytest.mark.parametrize(
    "line",
    [
        "x: Mapped['User'] = relationship('User')",
        "x: DynamicMapped['User'] = relationship('User', lazy='dynamic')",
        "x = Column(Text)",
        "@declared_attr\ndef x(cls):\n    return relationship('User')",
        "x: Mapped[Maybe] = mapped_column(nullable=True)",
        "x: Mapped[Maybe] = mapped_column(nullable=False)",
        "x: Mapped[MaybeNamed] = mapped_column(nullable=True)",
        "x: Mapped[Named | None] = mapped_column(nullable=True)",
        "x: Mapped[str] = mapped_column(nullable=False)",
        "x: Mapped[str | None] = mapped_column(nullable=True)",
        "x: Mapped[Optional[str]] = mapped_column(nullable=True)",
        "x: Mapped[str | None] = mapped_column()",
        "x: Mapped[str] = mapped_column(nullable=bool(1))",
    ],
)
def test_look_alikes_are_silent(line: str) -> None:
    assert findings(app(line), "FAPI210") == []


def test_the_side_of_a_key_between_joined_tables_is_not_certain() -> None:
    """Person.boss is one Employee, which the key alone does not tell: both have it, and it needs no `remote_side`."""
    text = """
        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            pass


        class Person(Base):
            __tablename__ = "people"
            id: Mapped[int] = mapped_column(primary_key=True)
            boss_id: Mapped[int | None] = mapped_column(ForeignKey("employees.id"))
            boss = relationship("Employee", foreign_keys=[boss_id])


        class Employee(Person):
            __tablename__ = "employees"
            id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
        """
    (found,) = findings({"app/models.py": text}, "FAPI210")
    assert "(no fix: whether it is one object or many is not certain)" in found.message


def test_dataclasses_are_not_changed() -> None:
    text = (
        HEAD + "\n\nclass Thing(MappedAsDataclass, Base):\n    __tablename__ = 'thing'\n\n    x = mapped_column(Text)\n"
    )
    (found,) = findings({**app(), "app/models/item.py": text}, "FAPI210")
    assert found.fix is None


def test_the_related_class_is_imported_for_type_checkers() -> None:
    text = fixed(app("x = relationship('User')"), "FAPI210")["app/models/item.py"]
    assert "TYPE_CHECKING:\n    from app.models.user import User\n" in text


_ARGUMENTS = st.lists(
    st.sampled_from(
        ["lazy='selectin'", "lazy='dynamic'", "lazy='write_only'", "uselist=False", "uselist=True", "viewonly=True",
         "collection_class=set", "collection_class=list", "backref='others'", "secondary=item_users",
         "cascade='save-update'"]
    ),
    max_size=3,
    unique_by=lambda argument: argument.partition("=")[0],
)  # fmt: skip
_TARGETS = st.sampled_from(
    ["'User'", "'Item'", "'Item', remote_side=[id]", "lambda: Item", "'Item', foreign_keys=[parent_id]"]
)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=60, deadline=None)
@given(_TARGETS, _ARGUMENTS, st.booleans())
def test_relationships_stay_as_they_are(target: str, arguments: list[str], postponed: bool) -> None:
    files = app(f"x = relationship({', '.join([target, *arguments])})")
    if postponed:
        files["app/models/item.py"] = "from __future__ import annotations\n" + files["app/models/item.py"]
    try:
        before = relationships(files, "app.models.user", "app.models.item")
    except SQLAlchemyError:  # Not every combination is one.
        assume(False)
    changed = fixed(files, "FAPI210")
    assert relationships(changed, "app.models.user", "app.models.item") == before
