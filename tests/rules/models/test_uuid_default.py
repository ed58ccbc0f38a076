"""FAPI202: which UUID keys have no default, and how they get one."""

from __future__ import annotations

import pytest

from fapi_lint.config.versions import Bounds, Versions
from fapi_lint.testing import findings, fixed

HEAD = """\
import uuid
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy import CHAR, UUID, Column, ForeignKey, PrimaryKeyConstraint, String, TypeDecorator, func, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column
from sqlmodel import Field, SQLModel

from ids import uuid7

new = {"default": uuid7}
bare = Annotated[uuid.UUID, mapped_column(primary_key=True)]
full = Annotated[uuid.UUID, mapped_column(primary_key=True, default=uuid.uuid4)]


class Guid(TypeDecorator):
    impl = CHAR


def key():
    return mapped_column(UUID, primary_key=True)


class Base(DeclarativeBase):
    pass


class Owner(Base):
    __tablename__ = "owner"

    id: Mapped[full]


class Item(Base):
    __tablename__ = "item"

"""


def app(line: str) -> dict[str, str]:
    return {"app/models/item.py": HEAD + "".join(f"    {part}\n" for part in line.split("\n"))}


def after(line: str, **arguments: object) -> str:
    return fixed(app(line), "FAPI202", **arguments)["app/models/item.py"].removeprefix(HEAD).strip()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)",
        "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=lambda: uuid.uuid4())",
        "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7)",
        "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, insert_default=uuid.uuid4)",
        "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default_factory=uuid.uuid4)",
        "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=func.gen_random_uuid())",
        "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=text('gen_random_uuid()'))",
        "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=func.gen_random_uuid())",
        "id: Mapped[uuid.UUID] = mapped_column(sa.FetchedValue(), primary_key=True)",
        "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, **new)",
        "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, **key.__dict__)",
        "id: Mapped[full]",
        "id: Mapped[bare] = mapped_column(default=uuid.uuid4)",
        "id: Mapped[uuid.UUID] = mapped_column(ForeignKey('owner.id'), primary_key=True)",
        "id: Mapped[str] = mapped_column(String(36), primary_key=True)",
        "id = Column(Guid, primary_key=True)",
        "id = key()",
        "id: Mapped[int] = mapped_column(primary_key=True)\nother: Mapped[uuid.UUID]",
        "a: Mapped[uuid.UUID] = mapped_column(primary_key=True)\nb: Mapped[int] = mapped_column(primary_key=True)",
    ],
)
def test_keys_with_defaults_and_look_alikes_are_silent(line: str) -> None:
    found = findings(app(line), "FAPI202")
    assert found == []


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("id = Column(UUID, primary_key=True)", "id = Column(UUID, primary_key=True, default=uuid.uuid4)"),
        (
            "id = sa.Column(postgresql.UUID(as_uuid=False), primary_key=True, index=True)",
            "id = sa.Column(postgresql.UUID(as_uuid=False), primary_key=True, "
            "default=lambda: str(uuid.uuid4()), index=True)",
        ),
        (
            "id: Mapped[uuid.UUID] = mapped_column(Guid, primary_key=True, default=None)",
            "id: Mapped[uuid.UUID] = mapped_column(Guid, primary_key=True, default=uuid.uuid4)",
        ),
        (
            "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4())  # once",
            "id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)  # once",
        ),
        (
            "id = Column(UUID(False), primary_key=True, default=str(uuid.uuid4()))",
            "id = Column(UUID(False), primary_key=True, default=lambda: str(uuid.uuid4()))",
        ),
        (
            "id: Mapped[uuid.UUID] = mapped_column(default=uuid.uuid1(node=3), primary_key=True)",
            "id: Mapped[uuid.UUID] = mapped_column(default=lambda: uuid.uuid1(node=3), primary_key=True)",
        ),
        (
            "__table_args__ = (PrimaryKeyConstraint('id'),)\nid: Mapped[uuid.UUID] = mapped_column(\n    UUID,\n)",
            "__table_args__ = (PrimaryKeyConstraint('id'),)\n    id: Mapped[uuid.UUID] = mapped_column(\n"
            "        UUID,\n        default=uuid.uuid4,\n    )",
        ),
    ],
)
def test_the_default_is_added(before: str, expected: str) -> None:
    assert after(before) == expected


def test_an_alias_and_a_base_class_are_reported_once() -> None:
    text = HEAD.replace("    id: Mapped[full]", "    id: Mapped[bare]") + "    id: Mapped[bare]\n"
    (found,) = findings({"app/models/item.py": text}, "FAPI202")
    assert found.row == text[: text.index("bare =")].count("\n") + 1
    mended = fixed({"app/models/item.py": text}, "FAPI202")["app/models/item.py"]
    assert "bare = Annotated[uuid.UUID, mapped_column(primary_key=True, default=uuid.uuid4)]" in mended
    mixin = (
        HEAD.replace("    id: Mapped[full]", "    name: Mapped[str]")
        .replace(
            "class Owner(Base)",
            "class Key:\n    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)\n\n\nclass Owner(Key, Base)",
        )
        .replace("class Item(Base)", "class Item(Key, Base)")
        + "    pass\n"
    )
    assert [f.message for f in findings({"app/models/item.py": mixin}, "FAPI202")] == [
        "Primary key `Key.id` is a UUID without a default"
    ]


def test_dataclasses_and_sqlmodels() -> None:
    text = HEAD + "    pass\n\n\nclass Thing(MappedAsDataclass, Base):\n    __tablename__ = 'thing'\n"
    line = "    id: Mapped[uuid.UUID] = mapped_column(init=False, primary_key=True)\n"
    assert (
        line.replace("True)", "True, insert_default=uuid.uuid4)")
        in fixed({"app/models/item.py": text + line}, "FAPI202")["app/models/item.py"]
    )
    model = HEAD + "    pass\n\n\nclass Hero(SQLModel, table=True):\n"
    for before, expected in [
        ("uuid.UUID = Field(primary_key=True)", "uuid.UUID = Field(primary_key=True, default_factory=uuid.uuid4)"),
        (
            "uuid.UUID | None = Field(default=None, primary_key=True)",
            "uuid.UUID | None = Field(default_factory=uuid.uuid4, primary_key=True)",
        ),
        (
            "uuid.UUID = Field(default=uuid.uuid4(), primary_key=True)",
            "uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)",
        ),
    ]:
        result = fixed({"app/models/item.py": f"{model}    id: {before}\n"}, "FAPI202")["app/models/item.py"]
        assert result == f"{model}    id: {expected}\n"
    silent = model + "    id: uuid.UUID = Field(primary_key=True, sa_column_kwargs={'server_default': text('x()')})\n"
    assert findings({"app/models/item.py": silent}, "FAPI202") == []


def test_the_import_follows_the_file() -> None:
    text = """\
        from sqlalchemy import Column
        from sqlalchemy.dialects.postgresql import UUID
        from sqlalchemy.orm import declarative_base

        Base = declarative_base()


        class Item(Base):
            __tablename__ = "item"

            id = Column(UUID(as_uuid=True), primary_key=True)
    """
    files = {"app/models/item.py": text}
    assert fixed(files, "FAPI202")["app/models/item.py"].startswith("import uuid\n\nfrom sqlalchemy import Column\n")
    named = {"app/models/item.py": "        from uuid import uuid1\n\n" + text}
    assert "primary_key=True, default=uuid4)" in fixed(named, "FAPI202")["app/models/item.py"]
    old = Versions(sqlalchemy=Bounds((1, 4), (2,)))
    bare = {"app/models/item.py": text.replace("UUID(as_uuid=True)", "UUID")}
    assert "default=lambda: str(uuid.uuid4()))" in fixed(bare, "FAPI202", versions=old)["app/models/item.py"]


def test_revisions_and_tests_are_left_alone() -> None:
    for path in ("alembic/versions/1_item.py", "tests/test_item.py"):
        assert findings({path: app("id = Column(UUID, primary_key=True)")["app/models/item.py"]}, "FAPI202") == []


@pytest.mark.parametrize("column", ["id = Column(GUID, primary_key=True{})", "id = Column(GUID(), primary_key=True{})"])
def test_a_type_called_guid(column: str) -> None:
    imported = {
        path: text.replace("from ids", "from fastapi_users_db_sqlalchemy.generics import GUID\nfrom ids")
        for path, text in app(column.format("")).items()
    }
    (text,) = fixed(imported, "FAPI202").values()
    assert column.format(", default=uuid.uuid4") in text
    assert findings(app(column.replace("GUID", "ULID").format("")), "FAPI202") == []
