"""FAPI503: `session.query(…)`."""

from __future__ import annotations

import textwrap

import pytest

from fapi_lint.testing import findings

MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
HEAD = """\
from sqlalchemy import func
from sqlalchemy.orm import Session, aliased, scoped_session, sessionmaker
from app import models
from app.models import User
SessionLocal = sessionmaker()
registry = scoped_session(SessionLocal)
"""


def rows(body: str) -> list[int]:
    """Rows below the head."""
    files = {"app/models.py": MODELS, "app/work.py": HEAD + textwrap.dedent(body)}
    return [f.row - HEAD.count("\n") for f in findings(files, "FAPI503")]


@pytest.mark.parametrize(
    "body",
    [
        "def work(db: Session):\n    return db.query(User).all()",
        "def work(db: Session, cls):\n    return db.query(cls).all()",
        "def work(db):\n    return db.query(User).filter(User.id == 1).first()",
        "def work(db):\n    return db.query(User.id)",
        "def work(db):\n    return db.query(models.User)",
        "def work(db):\n    return db.query(func.count(User.id)).scalar()",
        "def work(db):\n    return db.query(aliased(User))",
        "def work(self):\n    return self.db.query(User)",
        "def work():\n    return SessionLocal().query(1)",
        "def work():\n    return registry.query(1)",
        "def work():\n    with SessionLocal() as db:\n        return [x for x in db.query(1)]".replace(
            "\n        ", " "
        ),
    ],
)
def test_reported(body: str) -> None:
    assert rows(body) == [2]


@pytest.mark.parametrize(
    "body",
    [
        "def work(db, cls):\n    return db.query(cls)",
        "def work(client):\n    return client.query('select 1')",
        "class Client:\n    def query(self, *args): ...\ndef work(client: Client):\n    return client.query(User)",
        "import bigquery\ndef work(client: bigquery.Client):\n    return client.query(User)",
        "import bigquery\ndef work():\n    return bigquery.query(User)",
        "async def work(client):\n    return await client.query(User)",
        "def work(request):\n    return request.query['x'], request.query.get(User)",
        "def query(x): ...\ndef work():\n    return query(User)",
    ],
)
def test_look_alikes(body: str) -> None:
    assert not rows(body)


def test_one_finding_per_call() -> None:
    body = """\
    def taken(db: Session) -> bool:
        return db.query(
            db.query(User).filter_by(id=1).exists()
        ).scalar()
    """
    assert rows(body) == [2, 3]


def test_tests_and_revisions_are_not_the_application() -> None:
    text = HEAD + "def work(db: Session):\n    return db.query(User)\n"
    files = {"app/models.py": MODELS, "tests/test_user.py": text, "alembic/versions/1.py": text}
    assert not findings(files, "FAPI503")
