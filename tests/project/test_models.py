"""Which classes are mapped."""

from __future__ import annotations

import pytest

from fapi_lint.testing import application

HEAD = """\
from abc import ABC
from lib.orm import AuditBase
from lib.orm import AuditBase as Renamed
from pydantic import BaseModel
from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

Base = AuditBase


"""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('class User(AuditBase):\n    __tablename__ = "users"\n    name: Mapped[str]\n', ["User"]),
        ('class User(Base):\n    __tablename__ = "users"\n    name = mapped_column(String)\n', ["User"]),
        ('class User(Renamed):\n    __tablename__ = "users"\n    name = Column(String)\n\n\nclass Admin(User): ...\n',
         ["Admin", "User"]),
        ('class User(AuditBase):\n    __tablename__ = "users"\n', []),  # of whatever it may be
        ("class User(AuditBase):\n    name: Mapped[str]\n", []),
        ('class User(AuditBase):\n    __abstract__ = True\n    __tablename__ = "u"\n    name: Mapped[str]\n', []),
        ('class UserMixin(ABC):\n    __tablename__ = "users"\n    name: Mapped[str]\n', []),
        ('class User(BaseModel):\n    __tablename__ = "users"\n    name: Mapped[str]\n', []),
        ('class UserMixin:\n    __tablename__ = "users"\n    name = Column(String)\n', []),
    ],
)  # fmt: skip
def test_bases_of_libraries(code: str, expected: list[str]) -> None:
    project = application({"app/models.py": HEAD + code})
    assert sorted(model.name for model in project.models.all) == expected
