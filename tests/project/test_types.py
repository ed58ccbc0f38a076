"""What the values of expressions are, and what remains unknown."""

from __future__ import annotations

import textwrap

import pytest

from fapi_lint.outline import nodes as o
from fapi_lint.testing import application

HEAD = """\
import functools
import other
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Optional, Self

from fastapi import Depends
from sqlalchemy.ext.asyncio import (
    AsyncEngine, AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine
)
from sqlalchemy.orm import Session, scoped_session, sessionmaker
from sqlmodel.ext.asyncio.session import AsyncSession as ModelSession

engine = create_async_engine("x")
maker = async_sessionmaker(engine)
old_maker = sessionmaker(engine, class_=AsyncSession)
model_maker = async_sessionmaker(engine, class_=ModelSession)
sync_maker = sessionmaker()
registry = scoped_session(sync_maker)
"""


def type_of(body: str) -> str | None:
    """The name of the type of `value`, the last local variable of the function `work`; the package where it matters."""
    project = application({"app/work.py": HEAD + textwrap.dedent(body)})
    module = project.by_path["/application/app/work.py"]
    function = next(function for function in project.functions if function.name == "work")
    found = project.types.of(function.scope, o.Name(0, 0, "value"))
    assert module.scope is function.enclosing
    return None if found is None else found.symbol.dotted if hasattr(found.symbol, "dotted") else found.name


ASYNC, SYNC, MODEL = "sqlalchemy.AsyncSession", "sqlalchemy.Session", "sqlmodel.AsyncSession"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("value = maker()", ASYNC),
        ("value = old_maker()", ASYNC),
        ("value = model_maker()", MODEL),
        ("value = sync_maker()", SYNC),
        ("value = registry", "sqlalchemy.scoped_session"),
        ("value = registry()", SYNC),
        ("value = AsyncSession(engine)", ASYNC),
        ("value = Session()", SYNC),
        ("value = engine", "sqlalchemy.AsyncEngine"),
        ("value = other = maker()", ASYNC),
        ("value: AsyncSession = make()", ASYNC),
        ("value: 'AsyncSession | None' = None", ASYNC),
        ("value = None\nvalue = maker()", ASYNC),
        ("value = maker()\nvalue = sync_maker()", None),
        ("value = maker()\nvalue = unknown()", None),
        ("value = value", None),
        ("if (value := maker()): ...", ASYNC),
        ("with sync_maker() as other, use(value := maker()): ...", ASYNC),
        ("if (value := maker()):\n    value = sync_maker()", None),
        ("value, other = maker()", None),
        ("value = maker() if flag else AsyncSession()", ASYNC),
        ("value = maker() if flag else Session()", None),
        ("value = flag or maker()", None),
        ("value = None or maker()", ASYNC),
        ("value = maker().sync_session", SYNC),
        ("value = maker", "sqlalchemy.async_sessionmaker"),
        ("with sync_maker() as value: ...", SYNC),
        ("with sync_maker.begin() as value: ...", SYNC),
        ("async with maker() as value: ...", ASYNC),
        ("async with maker.begin() as value: ...", ASYNC),
        ("async with engine.begin() as value: ...", "sqlalchemy.AsyncConnection"),
        ("async with engine.connect() as value: ...", "sqlalchemy.AsyncConnection"),
        ("value = await engine.connect()", "sqlalchemy.AsyncConnection"),
        ("value = await maker().connection()", "sqlalchemy.AsyncConnection"),
        ("async with maker() as (value, other): ...", None),
        ("value = maker().execute(1)", "typing.Coroutine"),
        ("for value in [maker()]: ...", None),
    ],
)
def test_assignments(statement: str, expected: str | None) -> None:
    assert type_of("async def work(flag):\n" + textwrap.indent(statement, "    ")) == expected


@pytest.mark.parametrize(
    ("definition", "use", "expected"),
    [
        ("def get() -> AsyncSession: ...", "value = get()", ASYNC),
        ("def get(): return maker()", "value = get()", ASYNC),
        ("async def get() -> AsyncSession: ...", "value = await get()", ASYNC),
        ("async def get() -> AsyncSession: ...", "value = get()", "typing.Coroutine"),
        ("@functools.cache\ndef get() -> Session: ...", "value = get()", SYNC),
        ("@functools.lru_cache(maxsize=None)\ndef get() -> Session: ...", "value = get()", SYNC),
        ("@other.cache(60)\ndef get() -> Session: ...", "value = get()", None),
        ("@unknown\nasync def get() -> AsyncSession: ...", "value = await get()", None),
        ("async def get() -> AsyncIterator[AsyncSession]:\n    yield 1", "async for value in get(): ...", ASYNC),
        ("async def get():\n    yield maker()", "async for value in get(): ...", ASYNC),
        ("async def get() -> AsyncGenerator[AsyncSession, None]:\n    yield 1", "value = await anext(get())", ASYNC),
        ("def get() -> Iterator[Session]:\n    yield 1", "value = next(get())", SYNC),
        ("def get() -> Iterator:\n    yield sync_maker()", "value = next(get())", SYNC),
        ("def get() -> Iterator[Session]:\n    yield 1", "for value in get(): ...", SYNC),
        ("@asynccontextmanager\nasync def get():\n    yield maker()", "async with get() as value: ...", ASYNC),
        ("@contextmanager\ndef get() -> Iterator[Session]:\n    yield 1", "with get() as value: ...", SYNC),
        ("class Own(AsyncSession): ...", "value = Own()", "Own"),
        ("class Own(AsyncSession): ...", "async with Own() as value: ...", "Own"),
        (
            "class Unit:\n    async def __aenter__(self) -> AsyncSession: ...",
            "async with Unit() as value: ...",
            ASYNC,
        ),
        ("class Unit:\n    async def __aenter__(self) -> Self: ...", "async with Unit() as value: ...", "Unit"),
        ("class Common:\n    session: AsyncSession", "value = Common().session", ASYNC),
        ("class Common:\n    def __init__(self):\n        self.s = maker()", "value = Common().s", ASYNC),
        ("class Base:\n    s: AsyncSession\nclass Common(Base): ...", "value = Common().s", ASYNC),
        ("class Common:\n    @property\n    def s(self) -> Session: ...", "value = Common().s", SYNC),
        ("class Maker:\n    def __call__(self) -> Session: ...\nmake = Maker()", "value = make()", SYNC),
        ("class Job:\n    async def __call__(self) -> Session: ...\njob = Job()", "value = await job()", SYNC),
        ("Alias = Annotated[AsyncSession, 1]", "value: Alias = 1", ASYNC),
        ("from dishka.integrations.fastapi import FromDishka", "value: FromDishka[AsyncSession] = 1", ASYNC),
        ("def get(): return get()", "value = get()", None),
        ("shared = maker()\ndef change():\n    global shared\n    shared = 1", "value = shared", None),
    ],
)
def test_definitions_of_the_application(definition: str, use: str, expected: str | None) -> None:
    assert type_of(f"{definition}\n\nasync def work():\n    {use}") == expected


@pytest.mark.parametrize(
    ("dependency", "expected"),
    [
        ("async def get():\n    async with maker() as session:\n        yield session", ASYNC),
        ("def get():\n    session = sync_maker()\n    try:\n        yield session\n    finally: ...", SYNC),
        ("async def get() -> AsyncGenerator[AsyncSession]:\n    yield 1", ASYNC),
        ("def get(session: Session): return session", SYNC),
        ("class get: ...", "get"),
        ("get = maker", None),
    ],
)
def test_dependencies(dependency: str, expected: str | None) -> None:
    assert type_of(f"{dependency}\n\nasync def work(given=Depends(get)):\n    value = given") == expected


GENERIC = """
import typing
from typing import Any, Generic, List, TypeVar

T = TypeVar("T")
K = TypeVar("K")
S = TypeVar("S")
M = TypeVar("M", bound="Reader[int, User]")
class User: ...
class Reader(Generic[K, T]):
    def __init__(self, model: type[T], *, service: S = None): ...
    async def get(self, key: K) -> T | None: ...
    def all(self) -> list[T]: ...
    def both(self) -> dict[K, T]: ...
    @classmethod
    def make(cls) -> Self: ...
    def copies(self) -> "list[typing.Self] | None": ...
class Base(Reader[int, T]):
    def __init__(self, model: type[T]):
        self.model = model
class Users(Base["User"]): ...
class Service(Generic[S]):
    def __init__(self, repository: S):
        self.repository = repository
class UserService(Service[Users]): ...
class Bound(Generic[M]):
    def __init__(self, reader: M):
        self.reader = reader
class New[A: (int, User), B](Any):
    def get(self) -> B: ...
class NewUsers(New[int, User]): ...
"""


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        ("value = await Users(User).get(1)", "User"),
        ("value = Users(User).all()", "typing.list"),
        ("value = await Base[User](1).get(1)", "User"),
        ("value = await Base(User).get(1)", "User"),
        ("value = await Base(model=User).get(1)", "User"),
        ("value = await Base(unknown).get(1)", None),
        ("value = Users.make()", "Users"),
        ("value = Users(User).make()", "Users"),
        ("for value in Users(User).copies(): ...", "Users"),
        ("value = UserService(1).repository", "Users"),
        ("value = await UserService(1).repository.get(1)", "User"),
        ("value = Service(1).repository", None),
        ("value = NewUsers().get()", "User"),
        ("value = await Bound(1).reader.get(1)", "User"),
        ("value = Bound[Users](1).reader", "Users"),
        ("given: Reader[int, User] = 1\n    value = await given.get(1)", "User"),
    ],
)
def test_type_variables(use: str, expected: str | None) -> None:
    assert type_of(f"{GENERIC}\n\nasync def work():\n    {use}") == expected


@pytest.mark.parametrize("bound", ["'T'", "'Repository[T]'", "'K'", "'list[K] | None'"])
def test_type_variables_that_are_bound_to_themselves(bound: str) -> None:
    head = f"""
from typing import Generic, TypeVar

T = TypeVar("T", bound={bound})
K = TypeVar("K", bound="T")
class Repository(Generic[T]):
    def get(self) -> T: ...
"""
    assert type_of(f"{head}\n\nasync def work(given: Repository):\n    value = given.get().other") is None


SUPER = """
class Base(Generic[T]):
    def run(self) -> Session: ...
class Middle(Base[int], ABC): ...
"""


@pytest.mark.parametrize(
    ("class_", "expected"),
    [
        ("class Last(Middle):\n    def run(self):\n        return super().run()", SYNC),
        ("class Last(Middle):\n    def run(self):\n        return super(Last, self).run()", SYNC),
        ("class Last(Foreign, Base):\n    def run(self):\n        return super().run()", None),
    ],
)
def test_super_is_the_class_above(class_: str, expected: str | None) -> None:
    head = "from abc import ABC\nfrom typing import Generic\nfrom lib import Foreign, T\n"
    assert type_of(f"{head}{SUPER}{class_}\n\nasync def work():\n    value = Last().run()") == expected
