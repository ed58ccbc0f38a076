"""FAPI204: which timestamps are not the server's, and what they become."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.config.versions import Versions, parse_constraint
from fapi_lint.testing import findings, fixed

HEAD = """\
import datetime as dt
import time
from datetime import datetime, timezone

import sqlalchemy as sa
from sqlalchemy import TIMESTAMP, Column, DateTime, Integer, TypeDecorator, func
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

Moment = DateTime()
shared = {"server_default": func.now(), "onupdate": func.now()}


class Zoned(TypeDecorator):
    impl = DateTime


def made():
    return mapped_column(DateTime)


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
"""


def app(line: str, head: str = HEAD) -> dict[str, str]:
    return {"app/models/item.py": head + "".join(f"    {part}\n" for part in line.split("\n"))}


def test_a_type_of_the_application() -> None:
    line = "created_at: Mapped[datetime | None] = mapped_column(Zoned, default=datetime.now)"
    (found,) = findings(app(line), "FAPI204")
    assert found.message == (
        "`Item.created_at` gets its default from the client instead of the server"
        " (no fix: what its type makes of the server's time is not known)"
    )
    assert findings(app(line.replace("default=", "server_default=")), "FAPI204") == []


@pytest.mark.parametrize(
    "line",
    [
        "created_at = Column(DateTime(timezone=True), server_default=func.now())",
        "created_at = Column(DateTime(True), server_default=func.now())",
        "created_at = Column(TIMESTAMP(timezone=True), server_default=func.now())",
        "created_at = Column(DateTime(timezone=True), default=datetime.now, server_default=func.now())",
        "created_at = Column(DateTime(timezone=True))",
        "updated_at = Column(DateTime(timezone=True), **shared)",
        "updated_at = Column(DateTime(timezone=True), server_default=func.now(), server_onupdate=sa.FetchedValue())",
        "created_at = Column(Integer, default=time.time)",
        "created_at = Column(Zoned, default=datetime.now)",
        "created_at = made()",
        "deleted_at = Column(DateTime, default=datetime.now)",
        "created_at = Column(DateTime, **made.__dict__)",
    ],
)
def test_the_servers_timestamps_and_look_alikes_are_silent(line: str) -> None:
    assert findings(app(line), "FAPI204") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("created_at = Column(DateTime)", "created_at = Column(DateTime(timezone=True))"),
        ("created_at = Column(sa.TIMESTAMP())", "created_at = Column(sa.TIMESTAMP(timezone=True))"),
        ("created_at = Column(DateTime(timezone=False))", "created_at = Column(DateTime(timezone=True))"),
        (
            "created_at: Mapped[datetime] = mapped_column(default=datetime.utcnow)",
            "created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())",
        ),
        (
            "created_at = Column('made', DateTime(timezone=True), default=lambda: datetime.now(timezone.utc))",
            "created_at = Column('made', DateTime(timezone=True), server_default=func.now())",
        ),
        (
            "created_at = Column(\n    DateTime(timezone=True),\n    default=dt.datetime.now(),  # once\n)",
            "created_at = Column(\n        DateTime(timezone=True),\n        server_default=func.now(),  # once\n    )",
        ),
        (
            "updated_at = Column(DateTime(timezone=True), default=func.now())",
            "updated_at = Column(DateTime(timezone=True), server_default=func.now(), onupdate=func.now())",
        ),
        (
            "updated_at: Mapped[datetime] = mapped_column()",
            "updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), onupdate=func.now())",
        ),
        (
            "updated_at: Mapped[datetime] = mapped_column(\n    )",
            "updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), onupdate=func.now())",
        ),
        (
            "updated_at = Column(DateTime, default=datetime.now, onupdate=datetime.now, index=True)",
            "updated_at = Column(DateTime(timezone=True), server_default=func.now(), onupdate=func.now(), index=True)",
        ),
        (
            "updated_at = Column(DateTime(True), default=None, server_default=func.now())",
            "updated_at = Column(DateTime(True), default=None, server_default=func.now(), onupdate=func.now())",
        ),
        (
            'createdAt = Column("created_at", DateTime(timezone=True), default=datetime.now)',
            'createdAt = Column("created_at", DateTime(timezone=True), server_default=func.now())',
        ),
        (
            'createdAt = Column(DateTime, name="created_at")',
            'createdAt = Column(DateTime(timezone=True), name="created_at")',
        ),
        (
            'updatedAt = Column("updated_at", DateTime(timezone=True), server_default=func.now())',
            'updatedAt = Column("updated_at", DateTime(timezone=True), server_default=func.now(), onupdate=func.now())',
        ),
    ],
)
def test_the_server_sets_it(before: str, after: str) -> None:
    text = fixed(app(before), "FAPI204", unsafe=True)["app/models/item.py"]
    assert text[text.index("primary_key=True)") :].partition("\n")[2].strip() == after
    exec(compile(text, "item.py", "exec", dont_inherit=True), {"__name__": __name__})
    assert fixed(app(before), "FAPI204") == app(before)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("created_at: Mapped[datetime]", "no call"),
        ("created_at = Column(Moment)", "elsewhere"),
        ("created_at = Column(DateTime().with_variant(sa.Text, 'sqlite'))", "elsewhere"),
        ("updated_at = Column(DateTime, **shared)", "shares"),
        (
            "created_at = Column(DateTime(timezone=True), default=datetime.now(), server_default=func.now())",
            "default of the server",
        ),
    ],
)
def test_no_fix_where_it_stands_elsewhere(line: str, reason: str) -> None:
    (found,) = findings(app(line), "FAPI204")
    assert found.fix is None
    assert reason in found.message


def test_arguments_of_dataclasses_are_only_reported() -> None:
    head = HEAD.replace("class Item(Base)", "class Item(MappedAsDataclass, Base)")
    line = "created_at: Mapped[datetime] = mapped_column({} init=False)"
    files = app(line.format("DateTime(timezone=True), default_factory=datetime.now,"), head)
    assert fixed(files, "FAPI204", unsafe=True) == app(
        line.format("DateTime(timezone=True), server_default=func.now(),"), head
    )
    (found,) = findings(
        app("created_at: Mapped[datetime] = mapped_column(default_factory=datetime.now)", head), "FAPI204"
    )
    assert found.fix is None


def test_a_type_annotation_map_says_the_type() -> None:
    head = HEAD.replace("    pass\n", "    type_annotation_map = {datetime: DateTime(timezone=True)}\n")
    line = "created_at: Mapped[datetime] = mapped_column(server_default=func.now())"
    assert findings(app(line, head), "FAPI204") == []
    assert len(findings(app(line), "FAPI204")) == 1


def test_an_annotated_alias_says_it_all() -> None:
    head = HEAD.replace(
        "\n\nclass Base",
        """
from typing import Annotated
plain = Annotated[datetime, mapped_column(server_default=func.now())]
zoned = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.now(), onupdate=func.now())]
tz = Annotated[datetime, "with a time zone"]

class Base""",
    ).replace("    pass\n", "    type_annotation_map = {tz: DateTime(timezone=True)}\n")
    assert findings(app("created_at: Mapped[zoned]\nupdated_at: Mapped[zoned | None]", head), "FAPI204") == []
    assert findings(app("created_at: Mapped[tz]", head), "FAPI204") == []
    created, updated = findings(app("created_at: Mapped[plain]\nupdated_at: Mapped[plain]", head), "FAPI204")
    assert created.message == "`Item.created_at` has no time zone (no fix: its `Annotated` alias says so)"
    assert updated.message.startswith("`Item.updated_at` has no time zone and has no `onupdate`")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("sa_column=Column(DateTime(timezone=True), server_default=func.now(), onupdate=func.now())", ""),
        ("sa_type=DateTime(timezone=True), sa_column_kwargs={'onupdate': func.now()}", ""),
        ("sa_type=DateTime(timezone=True), sa_column_kwargs={'default': func.now()}", "no `onupdate`"),
        ("sa_column_kwargs={'onupdate': func.now()}", "no time zone"),
        ("sa_type=DateTime(timezone=True), sa_column_kwargs=shared()", ""),
    ],
)
def test_a_sqlmodel_describes_its_column_in_several_ways(field: str, wrong: str) -> None:
    text = f"""
        from datetime import datetime
        from sqlalchemy import Column, DateTime, func
        from sqlmodel import Field, SQLModel

        class Item(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            updated_at: datetime | None = Field(default=None, {field})
    """
    versions = Versions(sqlmodel=parse_constraint("<0.0.45"))
    found = findings({"app/models/item.py": text}, "FAPI204", versions=versions)
    assert [wrong in one.message for one in found] == [True] * bool(wrong)
    newer = findings({"app/models/item.py": text}, "FAPI204")
    assert newer == [one for one in found if "no time zone" not in one.message]


def test_a_mixin_is_reported_once_and_names_are_settings() -> None:
    mixin = "\n\nclass Stamped:\n    inserted = Column(DateTime)\n"
    text = (
        HEAD
        + mixin
        + "\n\nclass A(Stamped, Base):\n    __tablename__ = 'a'\n\n\nclass B(Stamped, Base):\n    __tablename__ = 'b'\n"
    )
    assert findings({"app/models/item.py": text}, "FAPI204") == []
    named = Settings(conventions=Conventions(created_at="inserted"))
    assert len(findings({"app/models/item.py": text}, "FAPI204", settings=named)) == 1


SERVICE = """\
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from app.models.item import Item

maker = async_sessionmaker(create_async_engine("sqlite+aiosqlite://"), expire_on_commit=False)


async def rename(db: AsyncSession, key: int, name: str) -> str:
    item = await db.get_one(Item, key)
    item.name = name
    await db.commit()
    return item.updated_at.isoformat()
"""
REFRESHED = SERVICE.replace("db.commit()\n", 'db.commit()\n    await db.refresh(item, ["updated_at"])\n')


@pytest.mark.parametrize(
    ("column", "service"),
    [
        ("DateTime(True), server_default=func.now()", REFRESHED),
        ("DateTime(True), server_default=func.now(), onupdate=datetime.utcnow", SERVICE),  # as it was
        ("DateTime, server_default=func.now(), onupdate=datetime.utcnow", REFRESHED),
        ("DateTime, server_default=func.now(), onupdate=func.now()", SERVICE),  # as stale as before
        ("DateTime, default=func.now(), onupdate=made", SERVICE),
    ],
)
def test_what_the_database_computes_is_loaded_anew(column: str, service: str) -> None:
    files = {
        **app(f"name: Mapped[str]\nupdated_at: Mapped[datetime] = mapped_column({column})"),
        "app/work.py": SERVICE,
    }
    assert fixed(files, "FAPI204", unsafe=True)["app/work.py"] == service


def test_no_fix_where_it_cannot_be_loaded_anew() -> None:
    service = SERVICE.replace("item = await", "held = {}\n    held[0] = await").replace(" item.", " held[0].")
    column = "updated_at: Mapped[datetime] = mapped_column(DateTime(True), server_default=func.now())"
    (found,) = findings({**app(f"name: Mapped[str]\n{column}"), "app/work.py": service}, "FAPI204")
    assert found.fix is None
    assert "(no fix: it is read after an UPDATE, and no name holds the object there)" in found.message


@pytest.mark.parametrize("is_naive", [True, False])
def test_the_title_says_that_values_get_a_time_zone(is_naive: bool) -> None:
    type_ = "DateTime" if is_naive else "DateTime(timezone=True)"
    model = f"""
        from datetime import datetime
        from sqlalchemy import DateTime
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class Post(Base):
            __tablename__ = "posts"

            id: Mapped[int] = mapped_column(primary_key=True)
            created_at: Mapped[datetime] = mapped_column({type_}, default=datetime.now)
        """
    (found,) = findings({"app/models.py": model}, "FAPI204")
    assert found.fix is not None
    assert ("values have a time zone" in found.fix.title) == is_naive
