"""Calls by names that many objects have, on objects of which nothing is known: they may need an `await`."""

from __future__ import annotations

import textwrap

import pytest

from fapi_lint.testing import findings, fixed

CODES = ["FAPI501", "FAPI502", "FAPI505"]
DB = """
from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

engine = create_engine("postgresql+psycopg://db/app")
SessionLocal = sessionmaker(engine)


def get_db() -> Iterator[Session]:
    with SessionLocal() as db:
        yield db
"""
SERVICE = """
import json
import os
from copy import copy
from typing import Any, cast

import httpx
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.db import SessionLocal


class Service:
    def __init__(self, db: Session) -> None:
        self.db = db

    def count(self) -> int:
        return self.db.scalar(text("SELECT 1"))

    @staticmethod
    def find(name: str) -> int:
        with SessionLocal() as db:
            return db.scalar(text("SELECT 1"))

    def get(self, id: int) -> int:
        return self.db.scalar(text("SELECT 1"))


class Box:
    pass


"""


def app(code: str, **others: str) -> dict[str, str]:
    more = {f"app/{name}.py": textwrap.dedent(text) for name, text in others.items()}
    return {"app/db.py": DB, "app/service.py": SERVICE + textwrap.dedent(code), **more}


def work(body: str) -> str:
    return "def work(db: Session, payload, body: dict[str, str]):\n" + textwrap.indent(body, "    ") + "\n"


@pytest.mark.parametrize(
    "body",
    [
        "return [each.count() for each in [Service(db)]]",
        "for each in [Service(db)]:\n    return each.count()",
        "services = [Service(db)]\nreturn services[0].count()",
        "services = {'a': Service(db)}\nreturn services['a'].count()",
        "services = {'a': Service(db)}\nreturn services.get('a').count()",
        "services = {}\nservices['a'] = Service(db)\nreturn services['a'].count()",
        "services: dict = {}\nservices['a'] = Service(db)\nreturn services['a'].count()",
        "services = {'a': Service(db)}\nreturn [each.count() for each in services.values()]",
        "one, *rest = Service(db), 1\nreturn one.count() + len(rest)",
        "def run(each):\n    return each.count()\nreturn run(Service(db))",
        "run = lambda each: each.count()\nreturn run(Service(db))",
        "return next(iter([Service(db)])).count()",
        "return max([Service(db)], key=id).count()",
        "return [each.count() for each, _ in zip([Service(db)], [1])]",
        "return copy(Service(db)).count()",
        "return cast(Any, Service(db)).count()",
        "each: Any = Service(db)\nreturn each.count()",
        "box = Box()\nbox.service = Service(db)\nreturn box.service.count()",
        "match Service(db):\n    case each:\n        return each.count()",
        "return payload.get(1)",
        "return payload.find('name')",
    ],
)
def test_a_receiver_that_may_be_of_the_class(body: str) -> None:
    files = app(work(body))
    reasons = {f.message.partition("(no fix: ")[2] for f in findings(files, CODES) if f.path == "app/db.py"}
    assert len(reasons) == 1
    assert reasons.pop().startswith("nobody can tell whether `")
    assert fixed(files, CODES, unsafe=True)["app/db.py"] == DB


@pytest.mark.parametrize(
    "body",
    [
        "return Service(db).count()",
        "return Service(db).get(1), payload.get('name')",  # A text is no `id: int`.
        "return Service(db).get(1), payload.get(1, None)",
        "return Service(db).get(1), body.get('name')",
        "return Service(db).get(1), json.loads(payload).get(1)",
        "return Service(db).get(1), httpx.get(payload).json().get(1)",
        "answer = httpx.get(payload)\nreturn Service(db).get(1), answer.json()['items'][0].get(1)",
        "return Service(db).get(1), os.environ.get(1)",
        "return Service(db).count(), [each.count() for each in ['a', 'b']]",
        "return Service(db).count(), 'text'.count()",
        "one, number = Service(db), 1\nreturn Service(db).count(), one.count() + number",
        "return Service(db).count(), [number.count() for number in (1, 2)]",
    ],
)
def test_a_receiver_that_is_something_else(body: str) -> None:
    after = fixed(app(work(body)), CODES, unsafe=True)
    assert "async def work(" in after["app/service.py"]
    assert "await Service(db)." in after["app/service.py"]


def test_a_dict_is_no_object_of_the_class() -> None:
    fake = "class Fake:\n    def __init__(self) -> None:\n        self.services = {}\n\n"
    fake += "    def get(self, id: int):\n        return self.services.get(id)\n\n\n"
    after = fixed(app(fake + work("return Service(db).get(1)")), CODES, unsafe=True)
    assert "await Service(db).get(1)" in after["app/service.py"]


def test_files_that_have_nothing_to_do_with_the_class() -> None:
    code = work("return Service(db).count()")
    after = fixed(app(code, other="def total(things):\n    return things.count()\n"), CODES, unsafe=True)
    assert "async def work(" in after["app/service.py"]
    after = fixed(app(code, other="def total(my_service):\n    return my_service.count()\n"), CODES, unsafe=True)
    assert "async def work(" not in after["app/service.py"]
