"""Code that goes on and on: no rule takes twice as long for one more call, name or loop of the same."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from types import FrameType

import pytest

from fapi_lint.engine.registry import all_rules
from fapi_lint.testing import findings

MODELS = """
from typing import Annotated, Optional, Self, Union

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy import ForeignKey, Table, create_engine, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

SessionLocal = sessionmaker(create_engine("sqlite://"))
router = APIRouter()


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    parent: Mapped["User"] = relationship(back_populates="children", remote_side=[id])
    children: Mapped[list["User"]] = relationship(back_populates="parent")


class Builder:
    def made(self, number: int) -> Self: ...


def get_db():
    with SessionLocal() as db:
        yield db
"""
TIMES = range(1, 40)
LAST = TIMES[-1]
SECONDS = 60
"""Far more than any of these takes, and far less than what would double forty times."""


def times(text: str, numbers: range = TIMES) -> str:
    """The text as often, with `{n}` and the number before it `{m}` put in."""
    return "".join(text.replace("{n}", str(n)).replace("{m}", str(n - 1)) for n in numbers)


def nested(line: str, depth: int = len(TIMES)) -> str:
    return "".join(f"{'    ' * (n + 1)}{line.replace('{n}', str(n))}\n" for n in range(depth))


CODE = {
    "calls of queries": f"    return db.query(User){times('.filter(User.id != {n})')}.all()\n",
    "calls of builders": f"    return Builder(){times('.made({n})')}\n",
    "calls of what is unknown": f"    return unknown(user_id){times('.get(user_id)')}\n",
    "calls within calls": f"    return {'User(' * len(TIMES)}user_id{')' * len(TIMES)}\n",
    "attributes": f"    return db.get(User, user_id){'.parent' * len(TIMES)}\n",
    "names of objects": "    v0 = db.get(User, user_id)\n"
    + times("    v{n} = v{m} or v{m}\n")
    + f"    return v{LAST}\n",
    "names of annotated objects": "    v0: User = load()\n"
    + times("    v{n} = v{m} if v{m} else v{m}\n")
    + f"    return v{LAST}\n",
    "names of queries": "    v0 = db.query(User)\n"
    + times("    v{n} = v{m}.limit(1) if user_id else v{m}.limit(2)\n")
    + f"    return v{LAST}\n",
    "names of statements": "    v0 = select(User)\n"
    + times("    v{n} = v{m}.limit(1) if user_id else v{m}.limit(2)\n")
    + f"    return v{LAST}\n",
    "loops": nested("for user{n} in db.query(User).all():") + nested("    print(user0.id)").splitlines()[-1] + "\n",
    "aliases": "    A0 = User\n" + times("    A{n} = Union[A{m}, A{m}]\n") + f"    v: A{LAST} = load()\n    return v\n",
}

MODULES = {
    "constants": "A0 = 'a'\n" + times("A{n} = A{m} + A{m}\n") + f"@router.get(A{LAST})\ndef show(): ...\n",
    "formatted constants": "A0 = 'a'\n" + times("A{n} = f'{A{m}}{A{m}}'\n") + f"create_engine(A{LAST})\n",
    "types that contain themselves": "J = Union[" + "list['J'], dict[str, 'J'], " * 4 + "str]\n"
    "K = Optional[" + "Optional['K'] | " * 8 + "int]\n"
    "class Item(Base):\n    __tablename__ = 'item'\n"
    "    id: Mapped[K] = mapped_column(primary_key=True)\n    name: Mapped[J]\n"
    "class ItemCreate(BaseModel):\n    id: K\n    name: J\n"
    "@router.get('/items/{id}', response_model=J)\ndef show(id: K, name: J) -> J: ...\n",
    "wide aliases": "A0 = str\nB0 = int\n"
    + times("A{n} = Annotated[Union[" + "A{m}, " * 8 + "], Field(max_length=3)]\nB{n} = Union[" + "B{m}, " * 8 + "]\n")
    + f"class ItemCreate(BaseModel):\n    id: B{LAST}\n    name: A{LAST}\n"
    + f"@router.get('/items/{{id}}', response_model=A{LAST})\ndef show(id: B{LAST}): ...\n",
    "settings in settings": "K0 = {'title': 'a'}\n"
    + times("K{n} = {" + "**K{m}, " * 8 + "}\n")
    + f"class ItemRead(BaseModel):\n    model_config = K{LAST}\n",
    "dependencies of dependencies": "def d0(db: Session = Depends(get_db)): return db\n"
    + times("def d{n}(" + "".join(f"a{i}=Depends(d{{m}}), " for i in range(8)) + "): return a0\n")
    + f"@router.get('/items')\ndef show(db: Session = Depends(d{LAST})): return db.query(User).all()\n",
    "classes of one line": "class A0(Base):\n    __abstract__ = True\n"
    + times("class A{n}(A{m}):\n    __abstract__ = True\n    c{n}: Mapped[str]\n", range(1, 300)),
    "models of one line": "class A0(User): ...\n" + times("class A{n}(A{m}):\n    c{n}: Mapped[str]\n", range(1, 200)),
}


@pytest.fixture(autouse=True)
def limit() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"this takes longer than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("code", CODE.values(), ids=CODE)
@pytest.mark.parametrize("header", ["", '@router.get("/users/{user_id}")\n'], ids=["in a function", "in a handler"])
def test_what_is_long_takes_no_power_of_its_length(code: str, header: str) -> None:
    function = f"{header}def show(user_id: int, db: Session = Depends(get_db)):\n{code}"
    found = findings({"app/main.py": MODELS + function}, list(all_rules()))
    assert found
    assert "FAPI000" not in {each.code for each in found}


@pytest.mark.parametrize("code", MODULES.values(), ids=MODULES)
def test_what_is_made_of_itself_or_of_more_of_the_same_comes_to_an_end(code: str) -> None:
    found = findings({"app/main.py": MODELS + code}, list(all_rules()))
    assert found
    assert "FAPI000" not in {each.code for each in found}


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        (lambda n: range(16), "`N0Read` contains itself, so that there is no end to what is read"),
        (lambda n: [n + 1] * 4 if n < 15 else [], "reads more than 500 attributes of what it contains"),
    ],
    ids=["crosswise", "in levels"],
)
def test_schemas_that_contain_others_are_read_as_far_as_anybody_can_count(
    targets: Callable[[int], Sequence[int]], reason: str
) -> None:
    code = "pairs = Table('pairs', Base.metadata)\n"
    for n in range(16):
        code += (
            f"class N{n}(Base):\n    __tablename__ = 'n{n}'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        )
        for index, target in enumerate(targets(n)):
            code += f"    r{index}: Mapped[list['N{target}']] = relationship(secondary=pairs)\n"
        code += f"class N{n}Read(BaseModel):\n    id: int\n"
        for index, target in enumerate(targets(n)):
            code += f"    r{index}: list['N{target}Read']\n"
    code += "@router.get('/')\nasync def show(db: AsyncSession) -> N0Read:\n    return await db.get(N0, 1)\n"
    (found,) = findings({"app/main.py": MODELS + code}, ["FAPI506"])
    assert "`N0.r0`" in found.message
    assert found.message.endswith(f"{reason})")


@pytest.mark.parametrize(
    ("decorator", "more", "parentheses"), [("@property", "", ""), ("", ", other", "(self)")], ids=["property", "method"]
)
def test_what_reads_itself_over_and_over_takes_no_power_of_the_depth(
    decorator: str, more: str, parentheses: str
) -> None:
    step = f"    {decorator}\n    def p{{n}}(self{more}): return self{f'.p{{m}}{parentheses}' * 3}\n"
    node = (
        "class Node(Base):\n    __tablename__ = 'node'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
        "    up_id: Mapped[int] = mapped_column(ForeignKey('node.id'))\n"
        "    up: Mapped['Node'] = relationship(remote_side=[id])\n"
        f"    {decorator}\n    def p0(self{more}): return self.up\n{times(step)}"
    )
    last = f"p{LAST}{parentheses.replace('self', 'node')}"
    show = f"async def show(db: AsyncSession):\n    node = await db.get(Node, 1)\n    return node.{last}\n"
    (found,) = findings({"app/main.py": MODELS + node + show}, ["FAPI506"])
    assert "`Node.up`" in found.message


def test_related_objects_take_no_power_of_their_number() -> None:
    steps = times("    v{n} = v{m}.parent or v{m}.children[0]\n")
    function = f"async def show(db: AsyncSession):\n    v0 = await db.get(User, 1)\n{steps}    return v{LAST}\n"
    found = findings({"app/main.py": MODELS + function}, ["FAPI506"])
    assert "`User.parent`" in found[0].message


@pytest.mark.parametrize("value", ["user_id", "db", "db.get(User, user_id)", "db.query(User)"])
def test_a_thousand_names_that_are_assigned_from_each_other(value: str) -> None:
    numbers = range(1, 1000)
    forwards = f"    a0 = {value}\n" + times("    a{n} = a{m} or a0\n", numbers)
    backwards = "".join(reversed(times("    b{n} = b{m}\n", numbers).splitlines(keepends=True))) + "    b0 = a0\n"
    attributes = "        self.c0 = a0\n" + times("        self.c{n} = self.c{m}\n", numbers)
    code = (
        '@router.get("/users/{user_id}")\n'
        f"def show(user_id: int, db: Session = Depends(get_db)):\n{forwards}{backwards}"
        "    return Held(a999, b999).c999\n"
        f"class Held:\n    def __init__(self, a0, b0):\n{attributes}"
        "    def first(self): return self.c999.query(User).first()\n"
    )
    assert findings({"app/main.py": MODELS + code}, list(all_rules()))


def test_a_thousand_functions_that_call_each_other() -> None:
    numbers = range(1, 1000)
    raising = "def raise0(): raise LostError()\n" + times("def raise{n}(): raise{m}()\n", numbers)
    reading = "def read0(user): return user.parent\n" + times("def read{n}(user): return read{m}(user)\n", numbers)
    code = (
        "from fastapi import FastAPI\napp = FastAPI()\napp.include_router(router)\nclass LostError(Exception): ...\n"
        f"{raising}@router.post('/items')\ndef create_item(): raise999()\n"
        f"{reading}async def show(db: AsyncSession):\n    return read999(await db.get(User, 1)).parent\n"
    )
    found = findings({"app/main.py": MODELS + code}, list(all_rules()))
    assert {"FAPI506", "FAPI602"} <= {each.code for each in found}
