"""Integer keys that become UUIDs, beside what other fixes do to the same columns."""

from __future__ import annotations

import pytest

from fapi_lint.testing import fixed

MODEL = """\
from sqlalchemy import Column, ForeignKey, Integer, PrimaryKeyConstraint, SmallInteger
from sqlalchemy.orm import DeclarativeBase, relationship


class Base(DeclarativeBase):
    pass


class Tag(Base):
    __tablename__ = "tags"

    id = Column({key})


class Alias(Base):
    __tablename__ = "aliases"
    __table_args__ = (PrimaryKeyConstraint("number"),)

    number = Column(Integer)
    tag_id = Column(ForeignKey("tags.id"), nullable=False)
    tag = relationship("Tag")
"""


@pytest.mark.parametrize("key", ["Integer, primary_key=True", "SmallInteger, primary_key=True"])
def test_annotations_that_another_fix_adds_are_those_of_the_new_type(key: str) -> None:
    files = {"app/models/tag.py": MODEL.format(key=key)}
    text = fixed(files, ["FAPI201", "FAPI209", "FAPI210"], unsafe=True)["app/models/tag.py"]
    assert "Mapped[int]" not in text
    assert text.count("Mapped[uuid.UUID] = mapped_column(") == 3
