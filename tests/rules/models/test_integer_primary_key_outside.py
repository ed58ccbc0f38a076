"""FAPI201's fix: identifiers that come from JSON, the environment, command lines, requests, or text taken apart."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

MODELS = """\
from sqlalchemy import Column, ForeignKey, Integer, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    parent_id: Mapped[int]


links = Table("links", Base.metadata, Column("user_id", Integer, ForeignKey("users.id")))
"""
HEAD = """\
import argparse
import base64
import json
import os
import re
from contextvars import ContextVar
from enum import Enum
from typing import Annotated, NewType, Union

import click
import jwt
from fastapi import Depends, FastAPI, Request, WebSocket
from pydantic import BaseModel
from sqlalchemy import insert, text
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from app.models import User, links

app = FastAPI()


"""


def files(code: str) -> dict[str, str]:
    return {"app/models.py": MODELS, "app/main.py": HEAD + code}


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("async def run(request: Request, db: Session):\n    body = await request.json()\n"
         "    db.get(User, body['id'])\n", "JSON, in which a UUID is text,"),
        ("def run(db: Session, raw: str):\n    db.get(User, json.loads(raw)['user']['id'])\n", "JSON, in which a UUID"),
        ("def run(db: Session, token: str):\n    user_id: int = jwt.decode(token, 'k')['sub']\n"
         "    db.get(User, user_id)\n", "JSON, in which a UUID"),
        ("@app.websocket('/ws')\nasync def run(ws: WebSocket, db: Session):\n"
         "    db.get(User, (await ws.receive_json())['id'])\n", "JSON, in which a UUID"),
        ("@app.post('/users')\ndef run(body: dict, db: Session):\n    db.get(User, body['id'])\n", "JSON, in which"),
        ("def run(db: Session, raw: str):\n    for row in json.loads(raw):\n        db.add(User(**row))\n", "JSON, in"),
        ("def run(db: Session):\n    db.get(User, int(os.environ['ADMIN_ID']))\n", "an environment variable"),
        ("ADMIN_ID = int(os.getenv('ADMIN_ID', '1'))\n\n\ndef run(db: Session):\n    db.get(User, ADMIN_ID)\n",
         "`int(os.getenv('ADMIN_ID', '1'))`"),
        ("def run(db: Session, slug: str):\n    db.get(User, int(slug.rsplit('-', 1)[-1]))\n", "a split at `-`"),
        ("def run(db: Session, text: str):\n    for each in re.findall(r'@(\\d+)', text):\n"
         "        db.get(User, int(each))\n", "a pattern for digits"),
        ("def run(db: Session, token: str):\n    db.get(User, int(base64.b64decode(token)))\n", "bytes, of which"),
        ("def run(db: Session, cache):\n    for each in cache.smembers('online'):\n        db.get(User, int(each))\n",
         "bytes, of which"),
        ("from redis import Redis\n\n\ndef run(db: Session, cache: Redis):\n"
         "    db.get(User, int(cache.get('user')))\n", "bytes, of which"),
        ("def run(db: Session, key: bytes):\n    db.get(User, int(key.split(b':')[1]))\n", "bytes, of which"),
        ("def run(db: Session):\n    db.execute(text('SELECT name FROM users WHERE id IN (1)'))\n", "a number in SQL"),
        ("class Known(Enum):\n    ROOT = 1\n\n\ndef run(db: Session):\n    db.get(User, Known.ROOT.value)\n",
         "the number `1`"),
        ("def run(db: Session):\n    db.execute(insert(links), [{'user_id': 1}])\n", "the number `1`"),
        ("@app.get('/users/{user_id}')\ndef run(user_id: int):\n    return User.parent_id == user_id\n\n\n"
         "ROOTS = User.parent_id == 0\n", "the number `0`"),
        ("def run(user: User):\n    return json.dumps(user.__dict__)\n", "`dumps`"),
        ("@click.command()\n@click.argument('user_id', type=click.INT)\ndef run(user_id: int):\n"
         "    Session().get(User, user_id)\n", "the type `click.INT`"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way(code: str, why: str) -> None:
    (found,) = findings(files(code), "FAPI201")
    assert found.fix is None
    assert f"may not fit: {why}" in found.message


@pytest.mark.parametrize(
    ("code", "after"),
    [
        ("def run(db: Session, token: str):\n    db.get(User, int(jwt.decode(token, 'k')['sub']))\n",
         "UUID(jwt.decode(token, 'k')['sub'])"),
        ("from redis import Redis\n\ncache = Redis(decode_responses=True)\n\n\ndef run(db: Session):\n"
         "    db.get(User, int(cache.get('user')))\n", "UUID(cache.get('user'))"),
        ("parser = argparse.ArgumentParser()\nparser.add_argument('--user-id', type=int)\nargs = parser.parse_args()\n"
         "Session().get(User, args.user_id)\n", "parser.add_argument('--user-id', type=UUID)"),
        ("@click.command()\n@click.argument('user_id', type=int)\ndef run(user_id: int):\n"
         "    Session().get(User, user_id)\n", "'user_id', type=UUID)\ndef run(user_id: UUID)"),
        ("@app.websocket('/users/{user_id}')\nasync def run(user_id: int, ws: WebSocket):\n    await ws.accept()\n",
         "run(user_id: UUID, ws"),
        ("UserId = NewType('UserId', int)\n\n\ndef run(db: Session, user_id: int):\n"
         "    db.get(User, UserId(user_id))\n", "NewType('UserId', UUID)"),
        ("def who(request: Request) -> int:\n    return int(request.headers['x'])\n\n\n"
         "@app.get('/me')\ndef run(db: Session, me: Annotated[int, Depends(who)]):\n    db.get(User, me)\n",
         "def who(request: Request) -> UUID:\n    return UUID(request"),
        ("def sign(request: Request, raw: str):\n    request.state.who = int(raw)\n\n\n"
         "def run(db: Session, request: Request):\n    db.get(User, request.state.who)\n", "who = UUID(raw)"),
        ("user_id: ContextVar[int] = ContextVar('user_id')\n\n\ndef sign(raw: str):\n    user_id.set(int(raw))\n\n\n"
         "def run(db: Session):\n    db.get(User, user_id.get())\n", "user_id.set(UUID(raw))"),
        ("class Out(BaseModel):\n    key: int\n\n\ndef run(users: dict[str, list[User]]):\n"
         "    for _, each in users.items():\n        yield [Out(key=user.id) for user in each]\n", "key: UUID"),
        ("class Out(BaseModel):\n    key: int\n\n\ndef run(db: Session):\n"
         "    users = {user.name: user for user in db.query(User)}\n    return Out(key=users['a'].id)\n", "key: UUID"),
        ("class Out(BaseModel):\n    key: int\n\n\ndef run(db: Session):\n"
         "    one, other = db.get(User, None), 3\n    return Out(key=one.id)\n", "key: UUID"),
        ("class A(BaseModel):\n    key: int\n\n\nclass B(BaseModel):\n    key: int\n\n\n"
         "def run(db: Session, given: Union[A, B]):\n    db.get(User, given.key)\n",
         "class B(BaseModel):\n    key: UUID"),
        ("def run(db: Session, given: int):\n    db.execute(pg_insert(links).values(user_id=given))\n", "given: UUID"),
        ("def run(writer, user: User, key: int):\n    writer.writerow([user.id, user.name])\n    user.id = key\n",
         "key: UUID"),
    ],
)  # fmt: skip
def test_what_follows(code: str, after: str) -> None:
    assert after in fixed(files(code), "FAPI201", unsafe=True)["app/main.py"]


def test_a_dict_of_others_is_read_by_its_keys() -> None:
    code = (
        "def run(users: dict[str, User], name: str, db: Session):\n    users.get(name)\n    name.upper()\n"
        "    return users.values()\n"
    )
    (found,) = findings(files(code), "FAPI201")
    assert found.fix is not None


@pytest.mark.parametrize("check", ["isinstance(data['id'], int)", "data['id'] > 0"])
def test_numbers_in_answers_are_announced(check: str) -> None:
    test = f"def test_it(client):\n    data = client.post('/users').json()\n    assert {check}\n"
    (found,) = findings({**files(""), "tests/test_it.py": test}, "FAPI201")
    assert found.fix is not None
    assert "JSON in tests has numbers where UUIDs will be (tests/test_it.py:3)" in found.fix.title


def test_what_tests_load_of_answers_is_text() -> None:
    test = (
        "import json\n\nfrom app.models import User\n\n\ndef test_it(client, user: User):\n"
        "    data = json.loads(client.get('/me').content)\n    assert data['id'] == user.id\n"
    )
    made = fixed({**files(""), "tests/test_it.py": test}, "FAPI201", unsafe=True)
    assert "data['id'] == str(user.id)" in made["tests/test_it.py"]


@pytest.mark.parametrize(
    ("number", "why"), [("-1", "the path `/users/-1`"), ("1", "the path `/users/1`"), ("0", ""), ("999", "")]
)
def test_numbers_of_no_row_in_paths(number: str, why: str) -> None:
    code = "@app.get('/users/{user_id}')\ndef run(user_id: int, db: Session):\n    return db.get(User, user_id)\n"
    test = f"def test_it(client):\n    assert client.get('/users/{number}').status_code == 404\n"
    (found,) = findings({**files(code), "tests/test_it.py": test}, "FAPI201")
    assert why in found.message
    assert bool(why) == (found.fix is None)


def test_attributes_of_something_unknown_in_fields_stand_in_the_way() -> None:
    code = "class Out(BaseModel):\n    id: int\n\n\ndef show(thing):\n    return Out(id=thing.id)\n"
    (found,) = findings(files(code), "FAPI201")
    assert "may not fit: `id` of something unknown, in a field that is an integer at app/main.py:28" in found.message
    (found,) = findings(files(code.replace("thing)", "thing: User)")), "FAPI201")
    assert found.fix is not None
