"""A program on PostgreSQL with integers as keys: with UUIDs, it prints what it printed before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from applications import environment, run

from fapi_lint.testing import fixed

CODES = ["FAPI201", "FAPI202", "FAPI209", "FAPI306", "FAPI405"]
MODELS = """\
from sqlalchemy import ARRAY, Column, ForeignKey, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    children: Mapped[list["User"]] = relationship()


class Group(Base):
    __tablename__ = "groups"
    id = Column(Integer, primary_key=True)
    user_ids = Column(ARRAY(Integer), nullable=False)
"""
WORK = """\
import os

from sqlalchemy import create_engine, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.models import Base, Group, User

engine = create_engine(os.environ["DATABASE_URL"])


def keep(db: Session, name: str, parent_id: int | None = None) -> int:
    statement = insert(User).values(name=name, parent_id=parent_id)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"name": name})
    return db.scalars(statement.returning(User.id)).one()


Base.metadata.create_all(engine)
with Session(engine) as db:
    ann = keep(db, "ann")
    bob = keep(db, "bob", ann)
    print(keep(db, "ann") == ann, [child.name for child in db.get(User, ann).children])
    print(db.execute(text("SELECT name FROM users WHERE parent_id = :id"), {"id": ann}).all())
    db.add(Group(user_ids=[row.id for row in db.execute(text("SELECT id FROM users"))]))
    db.commit()
    ids = db.scalars(select(Group)).one().user_ids
    print(sorted(db.scalars(select(User.name).where(User.id.in_(ids)))))
"""


def test_the_program_prints_the_same(tmp_path: Path, new_database: Callable[[str], str]) -> None:
    before = {"app/models.py": MODELS, "app/work.py": WORK}
    after = fixed(before, CODES, unsafe=True)
    assert "ARRAY(UUID(as_uuid=True))" in after["app/models.py"]
    assert "parent_id: UUID | None = None) -> UUID:" in after["app/work.py"]
    printed = []
    for files in (before, after):
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(text)
        printed.append(run("-m", "app.work", cwd=tmp_path, env=environment(new_database("ids"))).stdout)
    assert printed[0] == printed[1] == "True ['bob']\n[('bob',)]\n['ann', 'bob']\n"
