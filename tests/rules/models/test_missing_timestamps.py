from __future__ import annotations

import re

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.config.versions import Bounds, Versions
from fapi_lint.testing import findings, fixed

BASE = "from sqlalchemy.orm import DeclarativeBase\n\nclass Base(DeclarativeBase):\n    pass\n"
HEAD = """from datetime import datetime

from sqlalchemy import Column, DateTime, ForeignKey, Integer, func
from sqlalchemy.orm import Mapped, mapped_column, relationship, synonym

from app.db import Base


"""
STAMPS = "    created_at = Column(DateTime, server_default=func.now())\n    updated_at = Column(DateTime)\n"
MIXIN = f"from sqlalchemy import Column, DateTime, func\n\n\nclass TimestampMixin:\n{STAMPS}"
USER = 'class User(Base):\n    __tablename__ = "user"\n    id = Column(Integer, primary_key=True)\n'


def files(text: str, **others: str) -> dict[str, str]:
    more = {f"app/{name}.py": other for name, other in others.items()}
    return {"app/db.py": BASE, **more, "app/models.py": HEAD + text}


def missing(text: str, **others: str) -> list[str]:
    return [f.message.partition(" has no ")[2].partition(" (")[0] for f in findings(files(text, **others), "FAPI203")]


BOTH = "`created_at` and no `updated_at`"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (USER, [BOTH]),
        (USER + STAMPS, []),
        (USER + "    created_at: Mapped[datetime]\n", ["`updated_at`"]),
        (USER + '    made = Column("created_at", DateTime)\n    updated_at: Mapped[datetime]\n', []),
        (USER + '    at = Column(DateTime)\n    created_at = synonym("at")\n    updated_at: Mapped[datetime]\n', []),
        (USER + "\n\nclass Admin(User):\n    pass\n", [BOTH]),  # once, where the table begins
        (USER + STAMPS + '\n\nclass Admin(User):\n    __tablename__ = "admin"\n', []),
        (USER.replace("(Base)", "(Unknown, Base)"), []),
        ("from fastapi_users.db import Table\n" + USER.replace("(Base)", "(Table, Base)"), []),
        ("class Abstract(Base):\n    __abstract__ = True\n", []),
        ("class Plain:\n    id = 1\n", []),
        (USER + '    __table_args__ = {"info": {"is_view": True}}\n', []),
        (USER + '    __table_args__ = {"autoload_with": engine}\n', []),
        ("from sqlalchemy.ext.automap import automap_base\nA = automap_base()\n" + USER.replace("(Base", "(A", 1), []),
        (
            "from sqlalchemy.ext.declarative import DeferredReflection\n"
            + USER.replace("(", "(DeferredReflection, ", 1),
            [],
        ),
        ("class User(Base):\n    __table__ = reflected\n    __tablename__ = 'a'\n", []),
        ("def made():\n    " + USER.replace("\n", "\n    ") + "\n", []),
    ],
)
def test_what_is_missing(text: str, expected: list[str]) -> None:
    assert missing(text) == expected


def test_timestamps_of_bases_count() -> None:
    text = "from app.mixins import TimestampMixin\n" + USER.replace("(Base)", "(TimestampMixin, Base)")
    assert missing(text, mixins=MIXIN) == []
    assert (
        findings({**files(USER), "app/db.py": HEAD.replace("from app.db import Base", "") + BASE + STAMPS}, "FAPI203")
        == []
    )


def test_names_are_configuration() -> None:
    settings = Settings(conventions=Conventions(created_at="created", updated_at="updated"))
    text = USER + "    created = Column(DateTime)\n    updated = Column(DateTime)\n"
    assert findings(files(text), "FAPI203", settings=settings) == []
    assert [f.row for f in findings(files(USER + STAMPS), "FAPI203", settings=settings)] == [9]


def after(text: str, versions: Versions | None = None, **others: str) -> str:
    result = fixed(files(text, **others), "FAPI203", unsafe=True, versions=versions)
    return result["app/models.py"].partition("class User")[2]


def test_columns_go_before_relationships() -> None:
    text = after(USER + '    pets = relationship("Pet")\n\n    def name(self): ...\n')
    lines = [line.strip().partition(":")[0] for line in text.splitlines()]
    assert lines.index("created_at") < lines.index("updated_at") < lines.index('pets = relationship("Pet")')
    assert "server_default=func.now(), onupdate=func.now()" in text


def test_only_what_is_missing_is_added() -> None:
    text = after(USER + "    created_at: Mapped[datetime] = mapped_column(DateTime)\n", mixins=MIXIN)
    assert text.count("created_at") == 1
    assert text.count("updated_at") == 1


@pytest.mark.parametrize(
    ("name", "is_said"), [("created", True), ("created_time", True), ("update_at", True), ("published", False)]
)
def test_nothing_is_added_beside_a_column_that_says_the_same(name: str, is_said: bool) -> None:
    (found,) = findings(files(f"{USER}    {name} = Column(DateTime)\n"), "FAPI203")
    assert (f"(no fix: `{name}` seems to say that under another name)" in found.message) is is_said
    assert (found.fix is None) is is_said


def test_columns_of_older_versions() -> None:
    text = after(USER, Versions(sqlalchemy=Bounds((1, 4), (2,))))
    column = "created_at = Column(DateTime(timezone=True), server_default=func.now(), nullable=False)"
    assert column in re.sub(r"\n\s+(?=DateTime)|\n\s+(?=\))", "", text)


def test_the_mixin_of_the_project_is_used() -> None:
    other = "from app.mixins import TimestampMixin\nfrom app.db import Base\n\n\nclass Pet(TimestampMixin, Base):\n"
    other += '    __tablename__ = "pet"\n'
    result = fixed(files(USER, mixins=MIXIN, pets=other), "FAPI203", unsafe=True)["app/models.py"]
    assert "from app.mixins import TimestampMixin\n" in result
    assert "class User(TimestampMixin, Base):\n" in result
    assert "created_at" not in result


def test_a_mixin_whose_types_another_base_says_is_not_used() -> None:
    mixin = """\
from datetime import datetime

from sqlalchemy import DateTime, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Zoned(DeclarativeBase):
    type_annotation_map = {datetime: DateTime(timezone=True)}


class TimestampMixin:
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Team(TimestampMixin, Zoned):
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)


class Club(Zoned):
    __tablename__ = "club"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
    after = fixed(files(USER, mixin=mixin), "FAPI203", unsafe=True)
    assert "class User(Base):" in after["app/models.py"]
    assert after["app/models.py"].count("DateTime(timezone=True)") == 2
    assert "class Club(TimestampMixin, Zoned):" in after["app/mixin.py"]


def test_a_mixin_whose_module_needs_the_model_is_not_used() -> None:
    mixin = "from app import models\n" + MIXIN
    other = "from app.mixins import TimestampMixin\nfrom app.db import Base\n\n\nclass Pet(TimestampMixin, Base):\n"
    other += '    __tablename__ = "pet"\n'
    assert "created_at: Mapped[datetime]" in after(USER, mixins=mixin, pets=other)


def test_columns_of_dataclasses_are_no_arguments() -> None:
    text = "from sqlalchemy.orm import MappedAsDataclass\n" + USER.replace("(Base)", "(MappedAsDataclass, Base)")
    text = text.replace("id = Column(Integer, primary_key=True)", "id: Mapped[int] = mapped_column(primary_key=True)")
    text = fixed(files(text, mixins=MIXIN), "FAPI203", unsafe=True)["app/models.py"]
    assert text.count("init=False") == 2
    names: dict[str, type] = {}
    exec(compile(text.replace("from app.db import Base", BASE), "models.py", "exec", dont_inherit=True), names)
    assert names["User"](id=1).id == 1


DATACLASS_MIXIN = """from datetime import datetime

from sqlalchemy import DateTime, func
from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column


class TimestampMixin(MappedAsDataclass):
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), init=False, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), init=False, server_default=func.now())
"""


@pytest.mark.parametrize(
    ("mixin", "is_used"), [(DATACLASS_MIXIN, True), (DATACLASS_MIXIN.replace(", init=False", ""), False)]
)
def test_a_mixin_for_dataclasses(mixin: str, is_used: bool) -> None:
    head = "from sqlalchemy.orm import MappedAsDataclass\n"
    assert ("(TimestampMixin, MappedAsDataclass, Base)" in _after(head, "MappedAsDataclass, Base", mixin)) is is_used
    assert "(TimestampMixin" not in _after(head, "Base", mixin)


SQLMODEL_MIXIN = """from datetime import datetime
from sqlmodel import Field, SQLModel


class TimestampMixin(SQLModel):
    created_at: datetime = Field(default_factory=datetime.utcnow)
    updated_at: datetime | None = Field(default=None)
"""


@pytest.mark.parametrize(
    ("mixin", "is_used"), [(SQLMODEL_MIXIN, True), (SQLMODEL_MIXIN.replace("default=None", ""), False), (MIXIN, False)]
)
def test_a_mixin_for_sqlmodels(mixin: str, is_used: bool) -> None:
    head = "from sqlmodel import SQLModel\n"
    assert ("(TimestampMixin, SQLModel, table" in _after(head, "SQLModel, table=True", mixin)) is is_used


def _after(head: str, bases: str, mixin: str) -> str:
    text = f"{head}\n\nclass User({bases}):\n    __tablename__ = 'user'\n    id: Mapped[int] = mapped_column()\n"
    head += "from app.mixins import TimestampMixin\n"
    pets = f"{HEAD}{head}\n\nclass Pet(TimestampMixin, {bases}):\n    __tablename__ = 'pet'\n"
    return fixed(files(text, mixins=mixin, pets=pets), "FAPI203", unsafe=True)["app/models.py"]


def test_sqlmodels_are_reported_only() -> None:
    text = "from sqlmodel import SQLModel\n\n\nclass User(SQLModel, table=True):\n    id: int\n"
    (found,) = findings(files(text), "FAPI203")
    assert found.fix is None
    assert "no fix" in found.message


def test_migrations_and_exemptions() -> None:
    assert findings({"alembic/versions/a.py": HEAD + USER, "app/db.py": BASE}, "FAPI203") == []
    assert findings(files(USER), "FAPI203", settings=Settings(exempt={"FAPI203": ("User",)})) == []
