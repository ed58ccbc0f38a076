"""FAPI209: what a `Column` becomes, checked by executing models before and after."""

from __future__ import annotations

import itertools
import sys
from types import ModuleType
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import SQLAlchemyError

from fapi_lint.config.versions import Bounds, Versions
from fapi_lint.testing import findings, fixed

HEAD = """\
import datetime as dt
import decimal
import enum
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import (
    ARRAY, JSON, UUID, Boolean, CheckConstraint, Column, Date, DateTime, Enum, Float, ForeignKey, Identity,
    Index, Integer, Interval, LargeBinary, Numeric, PrimaryKeyConstraint, Sequence, String, Table, Text, TypeDecorator,
    func,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import (
    DeclarativeBase, Mapped, MappedAsDataclass, column_property, declared_attr, deferred, mapped_column, relationship
)

ShortText = String(20)


class Color(enum.Enum):
    RED = "red"


class Trimmed(TypeDecorator):
    impl = String
    cache_ok = True


class Parsed(TypeDecorator):
    impl = String
    cache_ok = True

    def process_result_value(self, value, dialect):
        return value and int(value)


def made(length=40):
    return Column(String(length))


class Base(DeclarativeBase):
    pass


class Parent(Base):
    __tablename__ = "parent"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(10), unique=True)
    own: Mapped[uuid.UUID] = mapped_column(unique=True)


"""
MODEL = """\
class Item(Base):
    __tablename__ = "item"

    key: Mapped[int] = mapped_column(primary_key=True)
"""


def source(*lines: str) -> str:
    return HEAD + MODEL + "".join(f"    {part}\n" for line in lines for part in line.split("\n"))


def annotation(line: str, **arguments: Any) -> str:
    """What the annotation of `line`'s attribute becomes, with the name of its maker; the line itself without a fix."""
    after = fixed({"app/models/item.py": source(line)}, "FAPI209", **arguments)["app/models/item.py"]
    return after[after.index(MODEL) + len(MODEL) :].strip()


_COUNTER = itertools.count()


def execute(text: str) -> dict[str, Any]:
    """The tables that a module makes, in everything that goes into a schema."""
    name = f"executed_{next(_COUNTER)}"
    module = ModuleType(name)
    sys.modules[name] = module
    try:
        exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)
        module.Base.registry.configure()
        tables = {table.name: [_described(c) for c in table.columns] for table in module.Base.metadata.tables.values()}
        extra = {
            table.name + " has": sorted(
                str((type(c).__name__, c.name, [column.name for column in getattr(c, "columns", ())]))
                for c in (*table.constraints, *table.indexes)
            )
            for table in module.Base.metadata.tables.values()
        }
        return tables | extra
    finally:
        del sys.modules[name]


def _described(column: Any) -> tuple[Any, ...]:
    default = getattr(column.default, "arg", None)
    return (
        column.name,
        column.key,
        repr(column.type),
        column.nullable,
        column.primary_key,
        column.unique,
        column.index,
        sorted(key.target_fullname for key in column.foreign_keys),
        default.__name__ if callable(default) else str(default),
        getattr(column.onupdate, "is_callable", None),
        str(getattr(column.server_default, "arg", None)),
        column.comment,
    )


def loading(text: str) -> tuple[bool, str | None, bool]:
    """How an attribute `x` is loaded."""
    name = f"executed_{next(_COUNTER)}"
    module = ModuleType(name)
    sys.modules[name] = module
    try:
        exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)
        x = module.Item.__mapper__.column_attrs["x"]
        return x.deferred, x.group, bool(x.raiseload)
    finally:
        del sys.modules[name]


@pytest.mark.parametrize("options", ["", ", group='texts'", ", raiseload=True", ", group='texts', raiseload=True"])
def test_what_is_loaded_later_is_loaded_so(options: str) -> None:
    before = source(f"x = deferred(Column(Text){options})")
    after = fixed({"app/models/item.py": before}, "FAPI209")["app/models/item.py"]
    assert "deferred(" not in after
    assert loading(after) == loading(before)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("String(20)", "str | None"),
        ("String(20), nullable=True", "str | None"),
        ("String(20), nullable=False", "str"),
        ("Integer, primary_key=True", "int"),
        ("Integer, Identity(start=7)", "int"),
        ("Integer, Identity(), nullable=True", "int | None"),
        ('"label", Text()', "str | None"),
        ("type_=Boolean, nullable=False", "bool"),
        ("ShortText, nullable=False", "str"),
        ("DateTime(timezone=True), nullable=False", "dt.datetime"),
        ("Date, nullable=False", "dt.date"),
        ("Interval, nullable=False", "dt.timedelta"),
        ("Numeric(10, 2), nullable=False", "decimal.Decimal"),
        ("Numeric(10, 2, asdecimal=False), nullable=False", "float"),
        ("Float, nullable=False", "float"),
        ("LargeBinary, nullable=False", "bytes"),
        ("UUID, nullable=False", "uuid.UUID"),
        ("UUID(as_uuid=False), nullable=False", "str"),
        ("postgresql.UUID(as_uuid=True), nullable=False", "uuid.UUID"),
        ("JSON, nullable=False", "Any"),
        ("MutableDict.as_mutable(JSON)", "Any | None"),
        ("JSON().with_variant(postgresql.JSONB(), 'postgresql'), nullable=False", "Any"),
        ("Enum(Color), nullable=False", "Color"),
        ("Enum('a', 'b', name='letters'), nullable=False", "str"),
        ("ARRAY(Integer), nullable=False", "list[int]"),
        ("ARRAY(Enum(Color))", "list[Color] | None"),
        ("Trimmed(20), nullable=False", "str"),
        ("ForeignKey('parent.id'), nullable=False", "int"),
        ("ForeignKey(Parent.own)", "uuid.UUID | None"),
        ("String(10), ForeignKey('parent.code')", "str | None"),
    ],
)
def test_the_type_follows_from_the_column(call: str, expected: str) -> None:
    assert annotation(f"x = Column({call})") == f"x: Mapped[{expected}] = mapped_column({call})"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("x = Column(Parsed)", "the Python type"),
        ("x = Column(ARRAY(Integer, dimensions=2))", "the Python type"),
        ("x = Column(UUID(as_uuid=bool(1)))", "the Python type"),
        ("x = Column(Enum(*['a']))", "the Python type"),
        ("x = Column(String, nullable=bool(1))", "NULL"),
        ("x = Column(String, **made.__dict__)", "NULL"),
        ("x = y = Column(String)", "several names"),
        ("(x) = Column(String)", "parentheses"),
        ("x = column_property(Column(String))", "wrapped"),
        ("x = deferred(Column(String), other=1)", "wrapped"),
        ("x = Column(String)\ny = x", "as a `Column`"),
        ("x = Column(String)\ny = x.type", "as a `Column`"),
        ("x = Column(String)\nmade(x)", "as a `Column`"),
        ("x: str = Column(String)", "plain `Mapped"),
        ("x: Mapped[str] = Column(String)", "differ on NULL"),
        ("str = Column(String)", "means something else"),
        ("Color = Column(Enum(Color))", "the Python type"),
    ],
)
def test_no_fix_where_it_is_not_certain(line: str, reason: str) -> None:
    found = findings({"app/models/item.py": source(line)}, "FAPI209")
    assert found
    assert all(one.fix is None and reason in one.message for one in found)


@pytest.mark.parametrize(
    "line",
    [
        "x: Mapped[str] = mapped_column(String)",
        "x = made()",
        "@declared_attr\ndef x(cls):\n    return Column(String)",
        "other = Table('other', Base.metadata, Column('id', Integer))",
    ],
)
def test_look_alikes_are_silent(line: str) -> None:
    assert findings({"app/models/item.py": source(line)}, "FAPI209") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x: Mapped[str] = Column(String, nullable=False)", "x: Mapped[str] = mapped_column(String, nullable=False)"),
        ("x: 'Mapped[int | None]' = sa.Column(Integer)", "x: 'Mapped[int | None]' = mapped_column(Integer)"),
        ("x = deferred(Column(Text))", "x: Mapped[str | None] = mapped_column(Text, deferred=True)"),
        (
            "x = deferred(Column(Text, nullable=False), group='texts', raiseload=True)",
            "x: Mapped[str] = mapped_column(Text, nullable=False, deferred=True, deferred_group='texts', "
            "deferred_raiseload=True)",
        ),
        ("date = Column(Date)", "date: Mapped[dt.date | None] = mapped_column(Date)"),
        (
            "x = Column(  # why\n    String(20),  # how\n    nullable = False,\n)",
            "x: Mapped[str] = mapped_column(  # why\n        String(20),  # how\n        nullable = False,\n    )",
        ),
        (
            "a = Column(ForeignKey('parent.id'))\nb = relationship('Parent', foreign_keys=[a])",
            "a: Mapped[int | None] = mapped_column(ForeignKey('parent.id'))\n"
            "    b = relationship('Parent', foreign_keys=[a])",
        ),
    ],
)
def test_only_the_maker_and_the_annotation_change(before: str, after: str) -> None:
    assert annotation(before) == after


def test_optional_for_old_pythons_and_by_habit() -> None:
    old = Versions(sqlalchemy=Bounds((2,)), python=Bounds((3, 9)))
    assert annotation("x = Column(Integer)", versions=old) == "x: Mapped[Optional[int]] = mapped_column(Integer)"
    text = source("x = Column(Integer)").replace("import Any", "import Any, Optional")
    assert "x: Mapped[Optional[int]]" in fixed({"app/models/item.py": text}, "FAPI209")["app/models/item.py"]


def test_sqlalchemy_1_is_left_alone() -> None:
    text = source("x = Column(Integer)")
    old = Versions(sqlalchemy=Bounds((1, 4), (2,)))
    assert findings({"app/models/item.py": text}, "FAPI209", versions=old) == []
    plain = """\
        from sqlalchemy import Column, Integer
        from sqlalchemy.orm import declarative_base

        Base = declarative_base()


        class Item(Base):
            __tablename__ = "item"

            id = Column(Integer, primary_key=True)
    """
    both = Versions(sqlalchemy=Bounds((1, 4)))
    assert findings({"app/models/item.py": plain}, "FAPI209", versions=both) == []
    assert len(findings({"app/models/item.py": plain}, "FAPI209")) == 1
    older = plain.replace("sqlalchemy.orm import", "sqlalchemy.ext.declarative import")
    assert findings({"app/models/item.py": older}, "FAPI209") == []


def test_a_mixin_counts_where_a_model_inherits_it() -> None:
    mixin = "\n\nclass Mixin:\n    note = Column(Text)\n    day = Column(Date, default=dt.date.today)\n"
    assert findings({"app/models/item.py": source() + mixin}, "FAPI209") == []
    used = (
        source()
        + mixin
        + "\n\nclass Other(Mixin, Base):\n    __tablename__ = 'other'\n    id = Column(sa.Uuid, primary_key=True)\n"
    )
    after = fixed({"app/models/item.py": used}, "FAPI209")["app/models/item.py"]
    assert execute(after) == execute(used)
    assert after.count("Column(") == HEAD.count("Column(")
    kept = used.replace("class Other(Mixin, Base)", "class Other(Mixin, MappedAsDataclass, Base)")
    assert {found.fix for found in findings({"app/models/item.py": kept}, "FAPI209")} == {None}


def test_revisions_and_tests_are_left_alone() -> None:
    text = source("x = Column(Integer)")
    for path in ("alembic/versions/1_item.py", "tests/test_item.py"):
        assert findings({path: text}, "FAPI209") == []


_TYPES = st.sampled_from(
    [
        "String(20)", "sa.String", "Text()", "Integer", "sa.BigInteger()", "Boolean", "DateTime(timezone=True)", "Date",
        "Interval", "Numeric(10, 2)", "Float", "LargeBinary", "UUID(as_uuid=True)", "JSON", "Enum(Color)",
        "Enum('a', 'b', name='letters')", "ARRAY(String)", "Trimmed", "Parsed", "ShortText", "postgresql.JSONB",
        "MutableDict.as_mutable(JSON)", "postgresql.TSVECTOR",
    ]
)  # fmt: skip
_KEYS = st.sampled_from(["ForeignKey('parent.id')", "ForeignKey(Parent.own)", "ForeignKey('parent.code')"])
_OPTIONS = st.lists(
    st.sampled_from(
        [
            "nullable=True", "nullable=False", "index=True", "unique=True", "default=None", "default=uuid.uuid4",
            "server_default=func.now()", "onupdate=func.now()", "comment='why'", "primary_key=True", "key='other'",
            "info={'a': 1}", "server_default='x'", "system=False",
        ]
    ),
    max_size=4,
    unique_by=lambda option: option.partition("=")[0],
)  # fmt: skip
_SEPARATORS = st.sampled_from([", ", ",", ",  # why\n        ", "\n        ,"])
_USES = [
    "link = relationship('Parent', foreign_keys=[refers])",
    "__table_args__ = (Index('ix', refers), CheckConstraint(refers > 3))",
    "__mapper_args__ = {'polymorphic_on': refers}",
    "refers._creation_order = 99",
    "both = column_property(refers + 1)",
    "rest = column_property(func.coalesce(refers, 0).label('rest'))",
    "__table_args__ = (PrimaryKeyConstraint('key', 'refers'),)",
    "__mapper_args__ = {'primary_key': [refers], 'version_id_col': refers}",
]


@st.composite
def _columns(draw: st.DrawFn) -> list[str]:
    lines = []
    for index in range(draw(st.integers(1, 4))):
        arguments = [draw(st.one_of(_TYPES, _KEYS))]
        if draw(st.booleans()):
            arguments.insert(0, f"'name_{index}'")
        arguments += draw(_OPTIONS)
        if "primary_key=True" in arguments and "nullable=True" in arguments:
            arguments.remove("nullable=True")
        arguments = [a.replace("'other'", f"'other_{index}'") for a in arguments]
        maker = draw(st.sampled_from(["Column", "sa.Column", "Column", "mapped_column"]))
        lines.append(f"x{index} = {maker}({draw(_SEPARATORS).join(arguments)}\n    )")
    if draw(st.booleans()):
        lines.insert(draw(st.integers(0, len(lines))), "between: Mapped[str | None]")
    if draw(st.booleans()):
        lines += ["refers = Column(Integer, ForeignKey('parent.id'))", draw(st.sampled_from(_USES))]
    return lines


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=40, deadline=None)
@given(_columns())
def test_the_tables_stay_as_they_are(lines: list[str]) -> None:
    text = source(*lines)
    try:
        before = execute(text)
    except SQLAlchemyError:
        assume(False)
    after = fixed({"app/models/item.py": text}, "FAPI209")["app/models/item.py"]
    assert execute(after) == before
    postponed = "from __future__ import annotations\n" + text
    assert execute(fixed({"app/models/item.py": postponed}, "FAPI209")["app/models/item.py"]) == before


@pytest.mark.filterwarnings("ignore")
def test_every_use_in_a_class_body_works() -> None:
    for use in _USES:  # none is refused
        text = source("refers = Column(Integer, ForeignKey('parent.id'))", use)
        after = fixed({"app/models/item.py": text}, "FAPI209")["app/models/item.py"]
        assert "refers: Mapped[int" in after, use
        assert execute(after) == execute(text)


def test_no_fix_where_columns_would_change_places() -> None:
    text = source("x = Column(Text)", "bare: Mapped[str | None]", "y = Column(Text)")
    found = findings({"app/models/item.py": text}, "FAPI209")
    assert [one.fix for one in found] == [None, None]
    assert all("order" in one.message for one in found)
    sorted_out = source("bare: Mapped[str | None]", "x = Column(Text)")
    after = fixed({"app/models/item.py": sorted_out}, "FAPI209")["app/models/item.py"]
    assert "x: Mapped" in after
    assert execute(after) == execute(sorted_out)
