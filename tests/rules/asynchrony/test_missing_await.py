"""FAPI504: coroutines that nobody awaits, and the many that somebody does."""

from __future__ import annotations

import ast
import re
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fapi_lint.testing import findings, fixed

HEAD = """\
import asyncio
from contextlib import asynccontextmanager

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

engine = create_async_engine("sqlite+aiosqlite://")
maker = async_sessionmaker(engine)


async def load(name: str) -> dict[str, str]:
    return {"name": name}


"""


def found(body: str, **others: str) -> list[tuple[str, bool]]:
    """What is reported in a module: the source line, and whether a fix is offered."""
    text = HEAD + textwrap.dedent(body)
    lines = text.splitlines()
    files = {"app/work.py": text, **{f"app/{name}.py": textwrap.dedent(other) for name, other in others.items()}}
    return [
        (lines[f.row - 1].strip(), f.fix is not None) for f in findings(files, "FAPI504") if f.path == "app/work.py"
    ]


MISSED = [
    "session.commit()",
    "session.execute(select(1)).scalars()",
    "rows = session.execute(select(1)).scalars().all()",
    "rows = session.execute(select(1))[0]",
    "if session.scalar(select(1)):\n        pass",
    "while not load('x'):\n        pass",
    "assert session.scalar(select(1)) == 1",
    "total = session.scalar(select(1)) + 1",
    "for row in session.execute(select(1)):\n        pass",
    "async for row in session.stream(select(1)):\n        pass",
    "names = [row.name for row in session.execute(select(1))]",
    "names = dict(load('x'))",
    "print(f'{load(1)}')",
    "first, second = load('x')",
    "print(**load('x'))",
    "total = 1 if load('x') else 2",
    "x = load('x')\n    print(x['name'])",
    "x = load('x')\n    if x:\n        print(x.items())",
    "x = load('x')",
    "x = await load('x')\n    print(x)\n    x = load('y')\n    print(x.items())\n    print(x)",
    "x: dict[str, str] = load('x')\n    print(x['name'])",
    "(await load('x')) and session.get(dict, 1) and await load('y')",
    "engine.dispose()",
    "async with maker() as other:\n        other.flush()",
    "async with maker.begin() as other:\n        other.execute(select(1))",
    "async with engine.begin() as connection:\n        connection.run_sync(print)",
    "async with load('x') as y:\n        pass",
]


@pytest.mark.parametrize("statement", MISSED)
def test_missed(statement: str) -> None:
    reported = found(f"async def work(session: AsyncSession):\n    {statement}\n")
    assert len(reported) == 1
    assert reported[0][1]


LEFT_ALONE = [
    "await session.commit()",
    "(await session.execute(select(1))).scalars()",
    "await asyncio.gather(load('x'), session.execute(select(1)))",
    "await asyncio.gather(*[load(x) for x in 'abc'])",
    "task = asyncio.create_task(load('x'))\n    await task",
    "asyncio.ensure_future(load('x'))",
    "x = load('x')\n    await x",
    "x = load('x')\n    await asyncio.wait_for(x, 1)",
    "x = load('x')\n    print(x)",
    "x = load('x')\n    return x",
    "x = load('x')\n    def later():\n        return x",
    "x = load('x')\n    later = lambda: x",
    "x = load('x')\n    x.close()",
    "x = load('x')\n    if asyncio.iscoroutine(x):\n        x = await x\n    print(x['name'])",
    "pending = [load('x')]",
    "pending = {'x': load('x')}",
    "pending = (load('x') for _ in 'abc')",
    "self.pending = load('x')",
    "yield load('x')",
    "return load('x')",
    "later = lambda: session.commit()",
    "sorted('abc', key=lambda session: session.commit())",
    "await (load('x') if session else load('y'))",
    "await (session.get(dict, 1) or load('x'))",
    "session.add(1)\n    session.add_all([])\n    session.expunge(1)\n    session.expire_all()",
    "async with session.begin():\n        pass",
    "async with engine.connect() as connection:\n        await connection.execute(select(1))",
    "session = object()\n    session.commit()",
    "[session.commit() for session in 'abc']",
    "session.sync_session.commit()",
    "await session.run_sync(lambda session: session.commit())",
]


@pytest.mark.parametrize("statement", LEFT_ALONE)
def test_left_alone(statement: str) -> None:
    assert not found(f"async def work(self, session: AsyncSession):\n    {statement}\n")


@pytest.mark.parametrize(
    "parameter",
    [
        "session: AsyncSession",
        "session: 'AsyncSession'",
        "session: AsyncSession | None = None",
        "session: Optional[AsyncSession]",
        "session: Annotated[AsyncSession, Depends(get_db)]",
        "session: SessionDep",
        "session: 'SessionDep'",
        "session=Depends(get_db)",
        "session=Depends(get_plain)",
        "session: Scoped",
        "session: Own",
        "*, session: AsyncSession = Depends(get_db)",
    ],
)
def test_typed_parameters(parameter: str) -> None:
    body = f"""
    from typing import Annotated, Optional

    from fastapi import Depends
    from sqlalchemy.ext.asyncio import async_scoped_session as Scoped


    class Own(AsyncSession):
        pass


    async def get_db():
        async with maker() as session:
            yield session


    async def get_plain() -> AsyncSession:
        return maker()


    SessionDep = Annotated[AsyncSession, Depends(get_db)]


    async def work({parameter}):
        session.commit()
    """
    assert found(body) == [("session.commit()", True)]


@pytest.mark.parametrize(
    "parameter",
    [
        "session",
        "session: Session",
        "session: Session | AsyncSession",
        "session: requests.Session",
        "session: aiohttp.ClientSession",
        "session: Mine",
        "session: Any",
        "*session: AsyncSession",
        "session=Depends(unknown)",
    ],
)
def test_other_parameters(parameter: str) -> None:
    body = f"""
    from typing import Any

    import aiohttp
    import requests
    from fastapi import Depends
    from sqlalchemy.orm import Session


    class Mine:
        def commit(self):
            pass


    async def work({parameter}):
        session.commit()
    """
    assert not found(body)


def test_attributes_and_methods() -> None:
    body = """
    class Repository:
        def __init__(self, session: AsyncSession) -> None:
            self.session = session
            self.other = None

        @property
        def again(self) -> AsyncSession:
            return self.session

        async def save(self, item) -> None:
            self.session.add(item)
            self.session.flush()
            self.again.commit()

        async def both(self) -> None:
            self.save(1)
            self.unknown(1)

        def start(self) -> None:
            self.other = make()
            self.other.commit()


    async def work(repository: Repository) -> None:
        repository.save(1)
        Repository(maker()).save(2)
        repository.session.commit()
    """
    assert [line for line, _ in found(body)] == [
        "self.session.flush()",
        "self.again.commit()",
        "self.save(1)",
        "repository.save(1)",
        "Repository(maker()).save(2)",
        "repository.session.commit()",
    ]


def test_conflicting_assignments_are_unknown() -> None:
    body = """
    from sqlalchemy.orm import Session


    class Both:
        def __init__(self, flag) -> None:
            self.session = maker()
            if flag:
                self.session = Session()

        async def work(self) -> None:
            self.session.commit()


    async def work(flag) -> None:
        session = maker()
        if flag:
            session = Session()
        session.commit()


    async def fine(flag) -> None:
        session = None
        if flag:
            session = maker()
        session.commit()
    """
    assert len(found(body)) == 1


def test_functions_whose_call_gives_something_else() -> None:
    body = """
    import functools

    import celery


    @asynccontextmanager
    async def opened():
        yield 1


    async def numbers():
        yield 1


    @celery.shared_task
    async def task():
        pass


    def runs(function):
        @functools.wraps(function)
        def wrapper(*args):
            return asyncio.run(function(*args))

        return wrapper


    def retried(function):
        @functools.wraps(function)
        async def wrapper(*args):
            return await function(*args)

        return wrapper


    @runs
    async def main():
        pass


    @retried
    async def fetch():
        pass


    if engine:

        async def either():
            pass
    else:

        def either():
            pass


    class Base:
        async def close(self):
            pass


    class Child(Base):
        def close(self):
            pass


    async def work(base: Base):
        opened()
        numbers()
        task()
        main()
        either()
        base.close()
        fetch()
    """
    assert found(body) == [("fetch()", True)]


def test_where_nothing_can_be_awaited() -> None:
    body = """
    def plain(session: AsyncSession) -> None:
        session.commit()


    async def work(session: AsyncSession) -> None:
        total = sum(1 for x in "abc" if load(x))
        any(row for row in session.execute(select(1)))


    def handed_on(session: AsyncSession):
        return session.commit()


    load("x")
    """
    assert found(body) == [
        ("session.commit()", False),
        ('total = sum(1 for x in "abc" if load(x))', False),
        ("any(row for row in session.execute(select(1)))", True),
        ('load("x")', False),
    ]


def test_returned_where_a_value_is_promised() -> None:
    body = """
    from collections.abc import Coroutine
    from typing import Any


    class User:
        pass


    async def promised(session: AsyncSession) -> User | None:
        return session.get(User, 1)


    async def named(session: AsyncSession) -> None:
        return session.commit()


    async def unclear(session: AsyncSession):
        return session.get(User, 1)


    async def anything(session: AsyncSession) -> Any:
        return session.get(User, 1)


    async def later(session: AsyncSession) -> Coroutine[Any, Any, User]:
        return session.get(User, 1)
    """
    assert [line for line, _ in found(body)] == ["return session.get(User, 1)", "return session.commit()"]


def test_across_files() -> None:
    work = """
    from app import crud
    from app.crud import Users, remove as erase


    async def work(users: Users):
        crud.remove(1)
        erase(2)
        users.find(3)
        Users.build()
        crud.plain()
    """
    crud = """
    class Users:
        async def find(self, key): ...

        @classmethod
        async def build(cls): ...


    async def remove(key): ...


    def plain(): ...
    """
    assert [line for line, _ in found(work, crud=crud)] == [
        "crud.remove(1)",
        "erase(2)",
        "users.find(3)",
        "Users.build()",
    ]


def test_nested_functions() -> None:
    body = """
    async def work():
        async def inner(): ...

        async def other():
            inner()
            await inner()

        await load("x")
        inner()
        asyncio.gather(inner(), other())
    """
    assert found(body) == [("inner()", True), ("inner()", True)]


def test_tests_are_not_the_application() -> None:
    text = HEAD + "async def test_work(session: AsyncSession):\n    session.commit()\n"
    assert not findings({"tests/test_work.py": text}, "FAPI504")


def test_comments_and_lines_stay() -> None:
    before = (
        HEAD
        + """\
async def work(session: AsyncSession) -> None:
    rows = (
        session.execute(  # every one
            select(1)
        )
        .scalars()
        .all()
    )
    first = (session.execute(select(rows))).first()
    session.commit()  # now
"""
    )
    after = fixed({"app/work.py": before}, "FAPI504")["app/work.py"]
    assert (
        after
        == HEAD
        + """\
async def work(session: AsyncSession) -> None:
    rows = (
        (await session.execute(  # every one
            select(1)
        ))
        .scalars()
        .all()
    )
    first = (await session.execute(select(rows))).first()
    await session.commit()  # now
"""
    )


APPLICATION = (
    HEAD
    + '''\
class Users:
    """A repository."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def by_name(self, name: str) -> dict[str, str]:
        rows = (await self.session.execute(select(1).where(name == "x"))).scalars()
        for row in await self.session.scalars(select(2)):
            await self.session.refresh(row)
        await self.session.flush()
        return await load(rows.one())

    async def rename(self, name: str) -> str:
        user = await self.by_name(name)
        if await self.session.scalar(select(3)):
            user["name"] = (await load(name))["name"]
        await self.session.commit()
        return user["name"] if await self.session.get(dict, 1) else f"{await load(name)}"


async def main() -> None:
    async with maker() as session, engine.begin() as connection:
        await connection.execute(select(1))
        users = Users(session)
        await users.rename("x")
        names = [row async for row in await session.stream(select(1))]
        longest, shortest = await users.by_name(names[0])
        assert await session.scalar(select(longest)) is not None
        result = await session.execute(select(shortest))
        print(result.all())
    await engine.dispose()
'''
)
AWAITS = [match.span() for match in re.finditer(r"await ", APPLICATION)]


def test_the_application_is_silent() -> None:
    assert not findings({"app/work.py": APPLICATION}, "FAPI504")


@pytest.mark.parametrize("span", AWAITS)
def test_every_await_is_missed_and_put_back(span: tuple[int, int]) -> None:
    start, end = span
    text = APPLICATION[:start] + APPLICATION[end:]
    reported = findings({"app/work.py": text}, "FAPI504")
    assert [(f.row, f.fix is not None) for f in reported] == [(APPLICATION.count("\n", 0, start) + 1, True)]
    assert ast.dump(ast.parse(fixed({"app/work.py": text}, "FAPI504")["app/work.py"])) == ast.dump(
        ast.parse(APPLICATION)
    )


CONTEXTS = [
    "{}",
    "x = {}.scalars()",
    "x = {}[0]",
    "x = {}()",
    "x = {}.a[1](2).b",
    "x = not {}",
    "x = -{}",
    "x = {} ** 2",
    "x = 2 ** {}",
    "x = {} + 1",
    "x = 1 < {} < 3",
    "x = {} and 2",
    "x = [y for y in {}]",
    "x = {{y: 1 for z in (1, 2) if {}}}",
    "x = f'{{{}}}'",
    "x = f'{{{}!r:>{{1}}}}'",
    "x = (1, *[z for z in {}.w])",
    "x = print(*{})",
    "x = print(1, a={}.b)",
    "if {}: pass",
    "for y in {}: pass",
    "with {} as y: pass",
    "x, y = {}",
    "x += {}",
    "x = (lambda: 1)() if {}.a else 2",
    "return {}.one()",
    "del x; {}; x = 1",
]
CALLS = [
    "session.commit()",
    "load(\n        'x',\n    )",
    "(load)('x')",
    "maker().get(dict, 1)",
    "Users(session).rename('x')",
]
WRAPS = ["{}", "({})", "(( {} ))", "(  # why\n        {}\n    )"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CONTEXTS), st.sampled_from(CALLS), st.sampled_from(WRAPS))
def test_await_stands_around_exactly_the_call(context: str, call: str, wrap: str) -> None:
    if "f'" in context:
        call, wrap = "session.commit()", "{}"
    text = HEAD + (
        "class Users:\n    def __init__(self, session): ...\n    async def rename(self, name): ...\n\n\n"
        "async def work(session: AsyncSession, x=None):\n    " + context.format(wrap.format(call)) + "\n"
    )
    after = fixed({"app/work.py": text}, "FAPI504")["app/work.py"]
    awaits = [node for node in ast.walk(ast.parse(after)) if isinstance(node, ast.Await)]
    assert len(awaits) == 1
    assert ast.dump(awaits[0].value) == ast.dump(ast.parse(call.strip(), mode="eval").body)

    # Without the await the tree is the old one: nothing else has changed.
    class Remove(ast.NodeTransformer):
        def visit_Await(self, node: ast.Await) -> ast.expr:
            return node.value

    assert ast.dump(Remove().visit(ast.parse(after))) == ast.dump(ast.parse(text))
