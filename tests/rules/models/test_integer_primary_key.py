"""FAPI201: which integer keys are reported, and where."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Settings
from fapi_lint.testing import findings

HEAD = """\
from typing import Annotated, Optional

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger, Column, ForeignKey, ForeignKeyConstraint, Identity, Integer, PrimaryKeyConstraint, SmallInteger,
    String, Table, select
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator
from app.keys import GUID

Key = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    pass


class Tag(Base):
    __tablename__ = "tag"

"""


def in_class(line: str) -> dict[str, str]:
    return {
        "app/models/tag.py": HEAD + "".join(f"    {part}\n" for part in line.split("\n")),
        "app/keys.py": "from sqlalchemy.types import TypeDecorator\n\n\nclass GUID(TypeDecorator):\n    pass\n",
    }


@pytest.mark.parametrize(
    "line",
    [
        "id = Column(Integer, primary_key=True)",
        "id = sa.Column('id', sa.Integer, Identity(), primary_key=True)",
        "id = Column(SmallInteger(), primary_key=True)",
        "id = Column(Key, primary_key=True)",
        "id: Mapped[int] = mapped_column(primary_key=True)",
        'id: Mapped["int"] = mapped_column(primary_key=True)',
        "id: Mapped[Optional[int]] = mapped_column(primary_key=True)",
        "id: Mapped[int] = mapped_column(BigInteger, primary_key=True)",
        "id: Mapped[Annotated[int, mapped_column(primary_key=True)]]",
        'id = Column(Integer)\n__table_args__ = (PrimaryKeyConstraint("id"),)',
    ],
)
def test_integer_keys(line: str) -> None:
    (found,) = findings(in_class(line), "FAPI201")
    assert found.at == ("app/models/tag.py", HEAD.count("\n") + 1)
    assert found.fix is not None


@pytest.mark.parametrize(
    "line",
    [
        "id = Column(Integer, ForeignKey('user.id'), primary_key=True)",
        "id: Mapped[int] = mapped_column(ForeignKey('user.id'), primary_key=True)",
        'id = Column(Integer, primary_key=True)\n__table_args__ = (ForeignKeyConstraint(["id"], ["user.id"]),)',
        "year = Column(Integer, primary_key=True)\nmonth = Column(Integer, primary_key=True)",
        'a = Column(Integer)\nb = Column(Integer)\n__table_args__ = (PrimaryKeyConstraint("a", "b"),)',
        "id = Column(GUID, primary_key=True)",
        "code: Mapped[str] = mapped_column(String(9), primary_key=True)",
        "id = Column(Integer, primary_key=True)\n__table_args__ = {'info': {'is_view': True}}",
        "id = Column(Integer, primary_key=True)\n__table__ = select(1).subquery()",
        "number = Column(Integer)",
    ],
)
def test_look_alikes_are_silent(line: str) -> None:
    assert findings(in_class(line), "FAPI201") == []


def test_an_alias_is_reported_once_where_it_is_defined() -> None:
    files = in_class("id: Mapped[pk]\n\n\nclass Post(Base):\n    __tablename__ = 'post'\n    id: Mapped[pk]")
    text = files["app/models/tag.py"].replace("    class Post", "class Post").replace("        ", "    ")
    files["app/models/tag.py"] = text.replace("import GUID", "import pk")
    files["app/keys.py"] = (
        "from typing import Annotated\nfrom sqlalchemy.orm import mapped_column\n"
        "pk = Annotated[int, mapped_column(primary_key=True)]\n"
    )
    assert [found.at for found in findings(files, "FAPI201")] == [("app/keys.py", 3)]


def test_an_inherited_key_is_reported_once_where_it_is_written() -> None:
    text = HEAD.replace("    pass\n", "    id: Mapped[int] = mapped_column(primary_key=True)\n", 1)
    text += "    x: Mapped[int]\n\n\nclass Post(Base):\n    __tablename__ = 'post'\n"
    assert [found.message for found in findings({"app/models/tag.py": text}, "FAPI201")] == [
        "Primary key `Base.id` is an integer, not a UUID"
    ]


def test_a_base_whose_key_every_model_replaces_is_silent() -> None:
    text = HEAD.replace("    pass\n", "    id: Mapped[int] = mapped_column(primary_key=True)\n", 1)
    text += "    id: Mapped[str] = mapped_column(String(9), primary_key=True)\n"
    assert findings({"app/models/tag.py": text}, "FAPI201") == []


def test_tables_and_sqlmodel() -> None:
    files = {
        "app/models/tables.py": HEAD.replace('class Tag(Base):\n    __tablename__ = "tag"\n', "")
        + """
totals = Table("totals", Base.metadata, Column("id", Integer, primary_key=True), info={"is_view": True})
options = Table("options", Base.metadata, Column("id", Integer, primary_key=True))
links = Table("links", Base.metadata, Column("a_id", Integer, ForeignKey("a.id"), primary_key=True))
pairs = Table("pairs", Base.metadata, Column("a", Integer), Column("b", Integer), PrimaryKeyConstraint("a", "b"))
""",
        "app/models/item.py": """
from sqlmodel import Field, SQLModel


class Item(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)


class ItemPublic(SQLModel):
    id: int = Field(primary_key=True)
""",
    }
    assert [found.message for found in findings(files, "FAPI201")] == [
        "Primary key `Item.id` is an integer, not a UUID",
        "Primary key `options.id` is an integer, not a UUID (no fix: no model says what holds its values)",
    ]


def test_exemptions_tests_and_revisions() -> None:
    files = in_class("id = Column(Integer, primary_key=True)")
    assert findings(files, "FAPI201", settings=Settings(exempt={"FAPI201": ("Tag.*",)})) == []
    text = files["app/models/tag.py"]
    assert findings({"tests/models.py": text, "alembic/versions/1.py": text}, "FAPI201") == []


@pytest.mark.parametrize("name", ["Base", "BaseModel"])
def test_the_class_that_a_declarative_base_inherits(name: str) -> None:
    text = f"""
        from sqlalchemy import Column, Integer
        from sqlalchemy.orm import DeclarativeMeta, declarative_base, declared_attr

        class {name}:
            id = Column(Integer, primary_key=True)

            @declared_attr
            def __tablename__(cls):
                return cls.__name__.lower()

        Base: DeclarativeMeta = declarative_base(cls={name})

        class User(Base):
            pass
    """
    found = findings({"app/models.py": text}, {"FAPI201", "FAPI203"})
    messages = [one.message.partition(" (")[0] for one in found]
    assert messages == [
        f"Primary key `{name}.id` is an integer, not a UUID",
        "Model `User` has no `created_at` and no `updated_at`",
    ]


def test_a_base_that_a_registry_decorates() -> None:
    text = """
        from sqlalchemy import Column, Integer
        from sqlalchemy.orm import registry

        maps = registry()

        @maps.as_declarative_base()
        class Base:
            id = Column(Integer, primary_key=True)

        class User(Base):
            __tablename__ = "users"
    """
    (found,) = findings({"app/models.py": text}, "FAPI201")
    assert "`Base.id`" in found.message


@pytest.mark.parametrize("base", ["make_base()", "Base", "Database.Base"])
def test_a_base_that_cannot_be_seen(base: str) -> None:
    text = f"""\
from sqlalchemy.orm import Mapped, declarative_base, mapped_column, relationship


def make_base(**options):
    return declarative_base(**options)


class Database:
    Base = declarative_base()


Base = make_base()


class Tag({base}):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    other = relationship("Tag", back_populates="inherited")
"""
    files = {"app/models/tag.py": text}
    assert len(findings(files, "FAPI201")) == 1
    for what_the_base_may_have in ("FAPI203", "FAPI206", "FAPI207"):
        assert findings(files, what_the_base_may_have) == []
