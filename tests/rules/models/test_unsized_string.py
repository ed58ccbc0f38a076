"""FAPI207: which strings have no length, and how they get one."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings, fixed

HEAD = """\
import enum
from typing import Annotated, Literal, NewType, Optional, Union

import sqlalchemy as sa
from sqlalchemy import ARRAY, VARCHAR, Column, Enum, ForeignKey, ForeignKeyConstraint, String, Table, Text, Unicode
from sqlalchemy.orm import (
    DeclarativeBase, Mapped, MappedAsDataclass, column_property, declared_attr, deferred, mapped_column, registry
)
from sqlalchemy.types import TypeDecorator

LENGTH = 80
ShortText = String(20)
LongText = String()
short = Annotated[str, mapped_column(String(50))]
unique = Annotated[str, mapped_column(unique=True)]
wide = Annotated[str, mapped_column(String)]
Slug = NewType("Slug", str)


class Color(enum.Enum):
    RED = "red"


class Encrypted(TypeDecorator):
    impl = String


def sized(length=40):
    return mapped_column(String(length))


class Base(DeclarativeBase):
    pass


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
"""


def in_class(line: str) -> dict[str, str]:
    return {"app/models/tag.py": HEAD + "".join(f"    {part}\n" for part in line.split("\n"))}


SIZED = [
    "name: Mapped[str] = mapped_column(String(50))",
    "name = Column(String(length=LENGTH))",
    "name = Column(ShortText)",
    "name = Column(sa.String(LENGTH), nullable=False)",
    "name: Mapped[short]",
    "name: Mapped[Optional[short]]",
    "name: Mapped[short | None] = mapped_column(index=True)",
    "name: Mapped[str] = mapped_column(Text)",
    "name: Mapped[str] = mapped_column(Enum(Color))",
    "name: Mapped[list[str]] = mapped_column(ARRAY(String))",
    "name: Mapped[Color]",
    'name: Mapped[Literal["a", "b"]]',
    'tag_name: Mapped[str] = mapped_column(ForeignKey("other.name"))',
    'tag_name: Mapped[str] = mapped_column()\n__table_args__ = (ForeignKeyConstraint(["tag_name"], ["other.name"]),)',
    "name: Mapped[str] = sized()",
    "name: Mapped[str] = mapped_column(Encrypted)",
    "name: Mapped[str] = column_property(sa.func.lower(id))",
    'name: Mapped[str] = mapped_column(String(50).with_variant(String, "sqlite"))',
    'name: Mapped[str] = mapped_column(Text().with_variant(String, "mysql"))',
    "name: Mapped[str] = mapped_column(String if LENGTH else Text)",
    "name: Mapped[str] = mapped_column(*options)",
    "name: Mapped[str] = mapped_column(String(**options))",
    "if TYPE_CHECKING:\n    name: Mapped[str]",
    "name: str",
    "count: Mapped[int]",
]


@pytest.mark.parametrize("line", SIZED)
def test_look_alikes_are_silent(line: str) -> None:
    assert findings(in_class(line), "FAPI207") == []


UNSIZED = {
    "name = Column(String)": "name = Column(String(255))",
    "name = Column(VARCHAR)": "name = Column(VARCHAR(255))",
    "name = Column(Unicode())": "name = Column(Unicode(255))",
    "name = Column(String(length=None))": "name = Column(String(length=255))",
    "name = Column(String(None))": "name = Column(String(255))",
    'name = Column(String(collation="C"))': 'name = Column(String(255, collation="C"))',
    'name = Column("the_name", String(), nullable=False)': 'name = Column("the_name", String(255), nullable=False)',
    "name = Column(type_=sa.String)": "name = Column(type_=sa.String(255))",
    "name: Mapped[str]": "name: Mapped[str] = mapped_column(String(255))",
    "name: Mapped[str]  # shown": "name: Mapped[str] = mapped_column(String(255))  # shown",
    'name: Mapped["str | None"]': 'name: Mapped["str | None"] = mapped_column(String(255))',
    "name: Mapped[Union[str, None]]": "name: Mapped[Union[str, None]] = mapped_column(String(255))",
    "name: Mapped[unique]": "name: Mapped[unique] = mapped_column(String(255))",
    "name: Mapped[Slug]": "name: Mapped[Slug] = mapped_column(String(255))",
    "name: Mapped[str] = mapped_column()": "name: Mapped[str] = mapped_column(String(255))",
    'name: Mapped[str] = mapped_column("n", index=True)': (
        'name: Mapped[str] = mapped_column("n", String(255), index=True)'
    ),
    "name: Mapped[str] = deferred(mapped_column(String))": "name: Mapped[str] = deferred(mapped_column(String(255)))",
    'name = Column(String().with_variant(Text, "sqlite"))': 'name = Column(String(255).with_variant(Text, "sqlite"))',
}


@pytest.mark.parametrize("line", UNSIZED)
def test_unsized_strings_get_a_length(line: str) -> None:
    files = in_class(line)
    (found,) = findings(files, "FAPI207")
    assert found.at == ("app/models/tag.py", HEAD.count("\n") + 1)
    assert found.fix is not None
    assert "migration" in found.fix.title
    assert fixed(files, "FAPI207", unsafe=True) == in_class(UNSIZED[line])


def test_a_type_annotation_map_counts_for_the_name_that_is_written() -> None:
    head = HEAD.replace("    pass\n", "    type_annotation_map = {dict[str, int]: Text, short50: String(50)}\n")
    files = in_class("name: Mapped[Optional[short50]]\nnick: Mapped[Optional[str]]")
    files = {
        path: "from typing import Annotated\nshort50 = Annotated[str, 50]\n" + head + text.removeprefix(HEAD)
        for path, text in files.items()
    }
    assert [found.message.split("`")[1] for found in findings(files, "FAPI207")] == ["Tag.nick"]


@pytest.mark.parametrize("name", ["LongText", "wide"])
def test_a_type_that_an_alias_defines_is_reported_once_there(name: str) -> None:
    line = f"a: Mapped[{name}]\nb: Mapped[{name}]" if name == "wide" else f"a = Column({name})\nb = Column({name})"
    (found,) = findings(in_class(line), "FAPI207")
    assert found.row == HEAD[: HEAD.index(f"\n{name} =") + 1].count("\n") + 1


def test_the_type_is_where_the_finding_is() -> None:
    (found,) = findings(in_class("name: Mapped[str] = mapped_column(\n    String,\n)"), "FAPI207")
    assert found.row == HEAD.count("\n") + 2


@pytest.mark.parametrize(
    ("base", "silent"),
    [
        ("class Base(DeclarativeBase):\n    type_annotation_map = {str: String(99)}", True),
        ("class Base(DeclarativeBase):\n    type_annotation_map = {int: sa.BigInteger}", False),
        ("class Base(DeclarativeBase):\n    type_annotation_map = make_map()", True),
        ("class Base(DeclarativeBase):\n    registry = registry(type_annotation_map={str: Text})", True),
        ("class Base(DeclarativeBase):\n    registry = registry(type_annotation_map={int: sa.BigInteger})", False),
        ("reg = registry(type_annotation_map={str: String(9)})\nBase = reg.generate_base()", True),
        ("from sqlalchemy.orm import declarative_base\nBase = declarative_base(type_annotation_map={str: Text})", True),
        ("from company.models import Base", True),
        ("def make_base():\n    return reg.generate_base()\n\nBase = make_base()", True),
    ],
)
def test_a_type_annotation_map_may_give_the_length(base: str, silent: bool) -> None:
    files = in_class("name: Mapped[str]")
    text = files["app/models/tag.py"].replace("class Base(DeclarativeBase):\n    pass", base)
    assert (findings({"app/models/tag.py": text}, "FAPI207") == []) is silent


def test_columns_of_tables_views_and_imperative_classes() -> None:
    files = {
        "app/models/tables.py": HEAD
        + """
things = Table("things", Base.metadata, Column("code", String), Column("label", String(9)))
totals = Table("totals", Base.metadata, Column("code", String), info={"is_view": True})


class Report(Base):
    __tablename__ = "report"
    __table_args__ = {"info": {"is_view": True}}

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class Summary(Base):
    __tablename__ = "summary"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class Thing(Base):
    __table__ = things

    code: Mapped[str]
""",
        "alembic/versions/1_view.py": 'from alembic import op\nop.execute("CREATE VIEW summary AS SELECT 1")\n',
    }
    (found,) = findings(files, "FAPI207")
    assert found.message == "String column `things.code` has no length"


def test_revisions_and_tests_are_left_alone() -> None:
    text = in_class("name: Mapped[str]")["app/models/tag.py"]
    files = {"alembic/versions/1_tag.py": text, "tests/models.py": text, "migrations/x.py": text}
    assert findings(files, "FAPI207") == []


def test_a_mixin_is_reported_once_and_only_where_it_counts() -> None:
    mixin = "class Named:\n    name: Mapped[str]\n    title: Mapped[str]\n\n\n"
    text = HEAD.replace("class Tag(Base):", mixin + "class Tag(Named, Base):")
    text += "    title: Mapped[str] = mapped_column(Text)\n\n\nclass Label(Named, Tag):\n    pass\n"
    assert [f.message for f in findings({"app/models/tag.py": text}, "FAPI207")] == [
        "String column `Named.name` has no length"
    ]


SQLMODEL = """\
from typing import Annotated, Optional

from pydantic import EmailStr, StringConstraints
from sqlmodel import Column, Field, SQLModel, String, Text


class UserBase(SQLModel):
    {base}


class UserCreate(UserBase):
    password: str


class User(UserBase, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    {own}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: str", "name: str = Field(max_length=255)"),
        ('name: str = "x"', 'name: str = Field(default="x", max_length=255)'),
        ("name: str | None = None", "name: str | None = Field(default=None, max_length=255)"),
        ("name: EmailStr = Field(index=True)", "name: EmailStr = Field(index=True, max_length=255)"),
        ("name: str = Field(sa_column=Column(String))", "name: str = Field(sa_column=Column(String(255)))"),
        ("name: str = Field(sa_type=String)", "name: str = Field(sa_type=String(255))"),
    ],
)
@pytest.mark.parametrize("where", ["base", "own"])
def test_sqlmodel(where: str, before: str, after: str) -> None:
    def text(line: str) -> str:
        return SQLMODEL.format(**{"base": "pass", "own": "other: int", where: line})

    assert fixed({"app/models.py": text(before)}, "FAPI207", unsafe=True) == {"app/models.py": text(after)}


@pytest.mark.parametrize(
    "line",
    [
        "name: str = Field(max_length=9)",
        "name: str = Field(sa_type=Text)",
        "name: str = Field(sa_column=Column(Text))",
        "name: Annotated[str, StringConstraints(max_length=9)]",
        "name: Annotated[str, Field(max_length=9)]",
        'name: str = Field(foreign_key="team.name")',
    ],
)
def test_sized_sqlmodel(line: str) -> None:
    assert findings({"app/models.py": SQLMODEL.format(base=line, own="other: int")}, "FAPI207") == []


def test_the_length_comes_from_schema_default_and_setting() -> None:
    files = in_class("name = Column(String)\ncode = Column(String)\nnote = Column(String, default='" + "x" * 300 + "')")
    files["app/schemas/tag.py"] = (
        "from pydantic import BaseModel, Field\n\n\nclass TagBase(BaseModel):\n    name: str = Field(max_length=60)\n"
    )
    settings_ = Settings(conventions=Conventions(string_length=100))
    after = fixed(files, "FAPI207", unsafe=True, settings=settings_)["app/models/tag.py"]
    assert "name = Column(String(60))" in after
    assert "code = Column(String(100))" in after
    assert "note = Column(String(300)," in after


ARGUMENTS = st.lists(st.sampled_from(["index=True", "unique=True", 'default="x"', "nullable=False"]), unique=True)
TYPES = st.sampled_from(["", "String", "sa.String", "String()", "Unicode( )", "String(length = None)", "VARCHAR"])
BREAKS = st.sampled_from(["", " ", "\n        ", "  # why, really\n        "])


@given(TYPES, ARGUMENTS, BREAKS, BREAKS, st.booleans(), st.booleans())
@settings(max_examples=80, deadline=None)
def test_the_fix_holds_for_any_formatting(
    type_: str, arguments: list[str], before: str, between: str, named: bool, comma: bool
) -> None:
    parts = ['"label"'] * named + [type_] * bool(type_) + arguments
    inner = ("," + (between or " ")).join(parts) + ("," if comma and parts else "")
    files = in_class(f"name: Mapped[str] = mapped_column({before}{inner}{between if before.strip() == '' else ''})")
    files = {path: text.replace("\n            ", "\n        ") for path, text in files.items()}
    assert len(findings(files, "FAPI207")) == 1
    after = fixed(files, "FAPI207", unsafe=True)["app/models/tag.py"]
    assert findings({"app/models/tag.py": after}, "FAPI207") == []
    assert after.count("# why") == files["app/models/tag.py"].count("# why")
    call = next(
        node.value
        for node in ast.walk(ast.parse(after))
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "name"
    )
    assert isinstance(call, ast.Call)
    sized_type = call.args[int(named)]
    assert isinstance(sized_type, ast.Call)
    assert [value.value for value in [*sized_type.args, *(k.value for k in sized_type.keywords)]] == [255]
    assert [ast.unparse(keyword).replace("'", '"') for keyword in call.keywords] == arguments
