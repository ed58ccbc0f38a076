"""Queries of tests: no rule reports them, and the conversion of their session takes them along."""

from __future__ import annotations

import textwrap

from test_async_closure import ASYNC_DB, DB, MODELS

from fapi_lint.testing import findings, fixed

CODES = ["FAPI501", "FAPI502", "FAPI503", "FAPI505"]
HEAD = "from app.db import SessionLocal\nfrom app.models import User\n"


def converted(path: str, text: str) -> str:
    files = {"app/db.py": DB, "app/models.py": MODELS, path: HEAD + textwrap.dedent(text)}
    after = fixed(files, CODES, unsafe=True)
    assert after["app/db.py"] == ASYNC_DB
    return after[path]


def test_test_with_session_of_its_own() -> None:
    text = """\


        def test_count():
            db = SessionLocal()
            assert db.query(User).count() == 1
            db.close()


        def test_first():
            with SessionLocal() as db:
                assert db.query(User).filter(User.id == 1).first() is not None
        """
    after = """\
        import pytest
        from sqlalchemy import func, select

        from app.db import SessionLocal
        from app.models import User


        @pytest.mark.asyncio
        async def test_count():
            db = SessionLocal()
            assert await db.scalar(select(func.count()).select_from(User)) == 1
            await db.close()


        @pytest.mark.asyncio
        async def test_first():
            async with SessionLocal() as db:
                assert (await db.scalars(select(User).where(User.id == 1).limit(1))).first() is not None
        """
    assert converted("tests/test_user.py", text) == textwrap.dedent(after)


def test_queries_of_the_application_are_rewritten_by_their_own_rule() -> None:
    service = "from sqlalchemy.orm import Session\nfrom app.models import User\n\n\ndef users(db: Session):\n"
    files = {
        "app/db.py": DB,
        "app/models.py": MODELS,
        "app/services/users.py": service + "    return db.query(User).all()\n",
        "tests/test_user.py": HEAD + "from app.services.users import users\n\n\ndef test_all():\n"
        "    db = SessionLocal()\n    assert users(db) == db.query(User).all()\n",
    }
    first = {found.message for found in findings(files, CODES) if found.code == "FAPI502"}
    assert all("first `db.query()` must become `select()` (FAPI503) (app/services/users.py" in m for m in first)
    after = fixed(files, CODES, unsafe=True)
    assert "assert await users(db) == (await db.scalars(select(User))).all()" in after["tests/test_user.py"]


def test_what_cannot_be_rewritten_is_for_people() -> None:
    text = "\n\ndef test_all(how):\n    db = SessionLocal()\n    assert getattr(db.query(User), how)() == 1\n"
    files = {"app/db.py": DB, "app/models.py": MODELS, "tests/test_user.py": HEAD + text}
    found = [found for found in findings(files, CODES) if found.code == "FAPI502"]
    assert found
    assert not any(f.fix for f in found)
    assert all("first `db.query()` must become `select()` by hand (tests/test_user.py:7)" in f.message for f in found)
    assert not [f for f in findings(files, CODES) if f.code == "FAPI503"]


def test_database_of_the_tests_alone_stays() -> None:
    text = """\
        from sqlalchemy import create_engine
        from sqlalchemy.orm import Session

        def test_count():
            with Session(create_engine("sqlite://")) as own:
                assert own.query(User).count() == 1
        """
    assert "own.query(User).count()" in converted("tests/test_user.py", text)


def test_script_stays() -> None:
    text = "\n\ndef main():\n    with SessionLocal() as db:\n        db.query(User).delete()\n"
    found = findings({"app/db.py": DB, "app/models.py": MODELS, "scripts/clean.py": HEAD + text}, "FAPI502")
    assert all("is part of a script, which stays synchronous (scripts/clean.py:" in f.message for f in found)


def test_setup_by_name_is_not_awaited() -> None:
    text = """\

        class TestUsers:
            def setup_method(self):
                with SessionLocal() as db:
                    db.query(User).delete()
                    db.commit()

            def test_none(self):
                with SessionLocal() as db:
                    assert db.query(User).count() == 0
        """
    found = findings(
        {"app/db.py": DB, "app/models.py": MODELS, "tests/test_user.py": HEAD + textwrap.dedent(text)}, "FAPI502"
    )
    assert found
    assert all("`setup_method` is called by pytest, which does not await it" in f.message for f in found)
