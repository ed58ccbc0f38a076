"""FAPI404: sessions that handlers open themselves."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

DB = """\
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

engine = create_engine("postgresql+psycopg://db/app")
SessionLocal = sessionmaker(engine)


def get_db():
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()
"""
HEAD = """\
from fastapi import APIRouter, Depends
from sqlalchemy.orm import Session
from app.db import SessionLocal, engine, get_db

router = APIRouter()


def get_user(db: Session = Depends(get_db)):
    return 1


"""
FIXED_HEAD = HEAD.replace("SessionLocal, engine, ", "engine, ")


def routes(handler: str, db: str = DB) -> dict[str, str]:
    return {"app/db.py": db, "app/routes.py": HEAD + '@router.get("/", response_model=int)\n' + handler}


def injected(handler: str) -> str:
    after = fixed(routes(handler), "FAPI404", unsafe=True)["app/routes.py"]
    assert after.startswith(FIXED_HEAD)
    return after.removeprefix(FIXED_HEAD + '@router.get("/", response_model=int)\n')


def refusal(handler: str, db: str = DB) -> str:
    (found,) = findings(routes(handler, db), "FAPI404")
    assert found.fix is None
    return found.message.partition(" (no fix: ")[2].removesuffix(")")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "def get():\n    with SessionLocal() as db:\n        return db.get(1)\n",
            "def get(db: Session = Depends(get_db)):\n    return db.get(1)\n",
        ),
        (
            "def get(id: int, page: int = 1):\n    page += 1\n    with SessionLocal() as db:\n\n        # All.\n"
            "        for user in db:\n            print(user)\n    return page\n",
            "def get(id: int, page: int = 1, db: Session = Depends(get_db)):\n    page += 1\n\n    # All.\n"
            "    for user in db:\n        print(user)\n    return page\n",
        ),
        (
            "def get(\n    id: int,\n):\n    session = SessionLocal()\n    try:\n        session.commit()\n"
            "        return id\n    finally:\n        session.close()\n",
            "def get(\n    id: int,\n    session: Session = Depends(get_db),\n):\n"
            "    session.commit()\n    return id\n",
        ),
        (
            'def get():\n    with SessionLocal() as db:\n        db.execute("""\n        select\n  1""")\n',
            'def get(db: Session = Depends(get_db)):\n    db.execute("""\n        select\n  1""")\n',
        ),
    ],
)
def test_injected(before: str, after: str) -> None:
    assert injected(before) == after


def test_the_alias_of_the_application_is_used() -> None:
    files = routes("def get(id: int, page: int = 1):\n    with SessionLocal() as db:\n        return db.get(1)\n")
    files["app/deps.py"] = (
        "from typing import Annotated\n\nfrom fastapi import Depends\nfrom sqlalchemy.orm import Session\n\n"
        "from app.db import get_db\n\nSessionDep = Annotated[Session, Depends(get_db)]\n"
    )
    after = fixed(files, "FAPI404", unsafe=True)["app/routes.py"]
    assert "from app.deps import SessionDep\n" in after
    assert "def get(id: int, db: SessionDep, page: int = 1):\n    return db.get(1)\n" in after


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        ("def get():\n    with Session(engine) as db:\n        pass\n", "no dependency is known"),
        ("def get():\n    db = SessionLocal()\n    return db.get(1)\n", "it is not the `with` block of the handler"),
        ("def get():\n    if 1:\n        with SessionLocal() as db:\n            pass\n", "it is not the `with` block"),
        (
            "def get(db: int):\n    with SessionLocal() as db:\n        pass\n",
            "the handler cannot take a parameter",
        ),
        (
            "def get():\n    with SessionLocal() as db:\n        pass\n\n\nx = get()\n",
            "`get` is called elsewhere too",
        ),
        (
            "def get(db: Session = Depends(get_db)):\n    with SessionLocal() as other:\n        pass\n",
            "the handler has another session, and would be given the same one",
        ),
        ("def get():\n    for db in get_db():\n        return db.get(1)\n", "it is not the `with` block"),
        ("def get():\n    return next(get_db())\n", "it is not the `with` block"),
        (
            "def get():\n    db = SessionLocal()\n    try:\n        pass\n    except ValueError:\n        pass\n"
            "    finally:\n        db.close()\n",
            "it is not the `with` block of the handler, nor closed by its `finally`",
        ),
    ],
)
def test_refused(handler: str, reason: str) -> None:
    assert reason in refusal(handler)


@pytest.mark.parametrize(
    ("line", "is_fixed"),
    [
        ('monkeypatch.setattr(routes, "SessionLocal", fake)', False),
        ('patch("app.routes.SessionLocal")', False),
        ("routes.SessionLocal = fake", False),
        ("assert db.SessionLocal", True),
    ],
)
def test_what_tests_replace_stays(line: str, is_fixed: bool) -> None:
    files = routes("def get():\n    with SessionLocal() as db:\n        return db.get(1)\n")
    (found,) = findings({**files, "tests/test_routes.py": f"def test_get(monkeypatch):\n    {line}\n"}, "FAPI404")
    assert (found.fix is not None) is is_fixed
    assert (
        "a test puts something in place of `SessionLocal` (tests/test_routes.py:2)" in found.message
    ) is not is_fixed


def test_two_sessions_stay_apart() -> None:
    handler = (
        "def get():\n    with SessionLocal() as one:\n        pass\n    with SessionLocal() as two:\n        pass\n"
    )
    found = findings(routes(handler), "FAPI404")
    assert [(each.row, each.fix) for each in found] == [(14, None), (16, None)]


def test_a_dependency_that_does_more_is_none() -> None:
    db = DB.replace("        yield db\n", "        yield db\n        db.commit()\n")
    handler = "def get():\n    with SessionLocal() as db:\n        return 1\n"
    assert refusal(handler, db).startswith("no dependency is known that does nothing but give a session")


@pytest.mark.parametrize(
    "code",
    [
        "def work():\n    with SessionLocal() as db:\n        return db\n",
        "def get(db: Session = Depends(get_db)):\n    return db\n",
        "def get():\n    return requests.Session()\n",
    ],
)
def test_look_alikes(code: str) -> None:
    decorator = "" if code.startswith("def work") else '@router.get("/")\n'
    files = {"app/db.py": DB, "app/routes.py": "import requests\n" + HEAD + decorator + code}
    assert findings(files, "FAPI404") == []


@pytest.mark.parametrize(
    "opening",
    [
        "SessionLocal.begin()",
        "session_scope()",
        "scopes.session_scope()",
        "scopes.database.session()",
        "scopes.database.own()",
        "scopes.new_session()",
    ],
)
def test_other_ways_to_open_one(opening: str) -> None:
    scopes = """\
from contextlib import contextmanager
from app.db import SessionLocal


@contextmanager
def session_scope():
    with SessionLocal() as session:
        yield session


class Database:
    def __init__(self):
        self._make = SessionLocal

    @contextmanager
    def session(self):
        with SessionLocal() as session:
            yield session

    @contextmanager
    def own(self):
        with self._make() as session:
            yield session


database = Database()


def new_session():
    session = SessionLocal()
    return session


def count():
    with SessionLocal() as session:
        return session.scalar("x")


@contextmanager
def locked():
    with SessionLocal() as session:
        yield session.scalar("x")
"""
    handler = f"def get():\n    with locked(), {opening} as db:\n        return db.get(scopes.count())\n"
    head = HEAD + "from app import scopes\nfrom app.scopes import locked, session_scope\n\n\n"
    files = {"app/db.py": DB, "app/scopes.py": scopes, "app/routes.py": f'{head}@router.get("/")\n{handler}'}
    (found,) = findings(files, "FAPI404")
    assert f"opens a session with `{opening}`" in found.message


def test_comments_stay_with_their_parameters() -> None:
    body = "    with SessionLocal() as db:\n        return db.get(id)\n"
    after = injected(f"def get(\n    id: int  # The key.\n):\n{body}")
    head = "def get(\n    id: int,  # The key.\n    db: Session = Depends(get_db),\n):\n"
    assert after == f"{head}    return db.get(id)\n"
    assert injected(f"def get(\n    id: int,  # The key.\n):\n{body}") == after


@pytest.mark.parametrize("comment", ["", "  # The key."])
def test_lines_end_as_in_the_file(comment: str) -> None:
    handler = f"def get(\n    id: int,{comment}\n):\n    with SessionLocal() as db:\n        return db.get(id)\n"
    files = {path: text.replace("\n", "\r\n") for path, text in routes(handler).items()}
    after = fixed(files, "FAPI404", unsafe=True)["app/routes.py"]
    assert "db: Session = Depends(get_db)" in after
    assert "\n" not in after.replace("\r\n", "")
