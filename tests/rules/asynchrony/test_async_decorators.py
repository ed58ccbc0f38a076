"""Decorators of the application on functions that become asynchronous."""

from __future__ import annotations

import textwrap

import pytest

from fapi_lint.testing import findings, fixed

CODES = ["FAPI501", "FAPI502", "FAPI505"]
DB = """\
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

engine = create_engine("postgresql+psycopg://db/app")
SessionLocal = sessionmaker(engine)
"""
HEAD = """\
from sqlalchemy import text
from sqlalchemy.orm import Session
from app.decorators import deco
"""
TIMER = """
import functools
import logging
import time

log = logging.getLogger(__name__)


def fullname(o):
    return f"{o.__module__}.{o.__qualname__}"


def deco(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        start = time.perf_counter()
        result = function(*args, **kwargs)
        log.debug(f"{fullname(function)} {function.__name__} {time.perf_counter() - start}")
        return result

    return wrapper
"""
PING = """
@deco
def ping(db: Session) -> None:
    db.execute(text("SELECT 1"))
"""


def app(decorator: str, code: str) -> dict[str, str]:
    return {"app/db.py": DB, "app/decorators.py": textwrap.dedent(decorator), "app/work.py": HEAD + code}


def converted(decorator: str, code: str = PING) -> tuple[str, str]:
    """What becomes of the module of the decorator, and of the one where it is used."""
    after = fixed(app(decorator, code), CODES, unsafe=True)
    assert "create_async_engine(" in after["app/db.py"]
    return after["app/decorators.py"], after["app/work.py"].partition("import deco\n")[2]


def refusal(decorator: str, code: str = PING) -> str:
    files = app(decorator, code)
    assert fixed(files, CODES, unsafe=True) == files
    (reason,) = {
        f.message.partition(" (no fix: ")[2].removesuffix(")") for f in findings(files, CODES) if f.path == "app/db.py"
    }
    return reason


def test_the_wrapper_awaits() -> None:
    decorator, code = converted(TIMER, PING + "\n\ndef work(db: Session) -> None:\n    ping(db)\n")
    before = ("    def wrapper", "= function(")
    after = ("    async def wrapper", "= await function(")
    assert decorator == TIMER.replace(before[0], after[0]).replace(before[1], after[1])
    assert code == (
        "\n@deco\nasync def ping(db: AsyncSession) -> None:\n    await db.execute(text("
        '"SELECT 1"))\n\n\nasync def work(db: AsyncSession) -> None:\n    await ping(db)\n'
    )


def test_a_factory_of_decorators() -> None:
    decorator = """
    def deco(times=3):
        def decorate(f):
            def inner(*args, **kwargs):
                for _ in range(times):
                    try:
                        return f(*args, **kwargs)
                    except ValueError:
                        pass

            return inner

        return decorate
    """
    after, _ = converted(decorator, PING.replace("@deco", "@deco(times=4)"))
    expected = textwrap.dedent(decorator).replace("def inner", "async def inner").replace("return f", "return await f")
    assert after == expected


def test_asynchronous_functions_may_be_decorated_too() -> None:
    code = PING + "\n\n@deco\nasync def other() -> None: ...\n"
    decorator, after = converted(TIMER, code)
    assert "result = await function(" in decorator
    assert after.endswith("@deco\nasync def other() -> None: ...\n")


def test_a_wrapper_that_is_asynchronous_already() -> None:
    decorator = """
    def deco(function):
        async def wrapper(*args):
            return function(*args)

        return wrapper
    """
    after, _ = converted(decorator)
    assert after == textwrap.dedent(decorator).replace("return function", "return await function")


OPENING = """
from functools import wraps

from app.db import SessionLocal


def deco(func):
    @wraps(func)
    def wrapper(*args, **kwargs):
        owned = False
        db = kwargs.get("db_session")
        if not db:
            if not kwargs.get("slug"):
                raise ValueError
            db = SessionLocal()
            owned = True
            kwargs["db_session"] = db
        try:
            return func(*args, **kwargs)
        except Exception as e:
            if owned:
                db.rollback()
            raise
        finally:
            if owned:
                db.close()

    return wrapper
"""
WORK = """from fastapi import APIRouter, BackgroundTasks

router = APIRouter()


@deco
def work(id: int, *, db_session: Session = None) -> None:
    db_session.commit()


@deco
def add(thing: object, db_session: Session) -> None:
    db_session.add(thing)


@deco
def untyped(slug, db_session=None):
    db_session.commit()


@router.post("/x")
def post(tasks: BackgroundTasks) -> None:
    tasks.add_task(work, 1)
    add(object())
"""


def test_a_wrapper_that_opens_a_session() -> None:
    decorator, code = converted(OPENING, WORK)
    expected = OPENING.replace("    def wrapper", "    async def wrapper").replace("return func(", "return await func(")
    assert decorator == expected.replace("db.rollback", "await db.rollback").replace("db.close", "await db.close")
    for name in ("work", "add", "untyped", "post"):
        assert f"\nasync def {name}(" in code
    assert "    db_session.add(thing)\n" in code
    assert code.count("    await db_session.commit()\n") == 2
    assert code.endswith("    tasks.add_task(work, 1)\n    await add(object())\n")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("\n\n@deco\ndef other() -> None: ...\n", "`@deco` is put on `other` too, which stays synchronous"),
        ("\n\n@deco\nasync def other():\n    yield 1\n", "`@deco` is put on `other` too, which yields"),
        ("\n\nprint(deco(len))\n", "`deco` is put around what nobody knows"),
        ("\n\n@print(deco)\nclass A: ...\n", "`deco` is put around what nobody knows"),
        (
            "\n\n@deco\ndef other(db: Session) -> None:\n    db.commit()\n\n\nprint(other())\n",
            "`other()` is called at module level, where nothing can be awaited",
        ),
    ],
)
def test_what_the_decorator_is_put_on(code: str, reason: str) -> None:
    assert reason in refusal(TIMER, PING + code)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (
            "= function(*args, **kwargs)",
            "= (lambda: function())()",
            "`@deco` calls what it decorates inside of a lambda",
        ),
        (
            "    def wrapper",
            "    def nothing():\n        function()\n\n    def wrapper",
            "`@deco` calls what it decorates outside of its wrapper",
        ),
        (
            "time.perf_counter()\n",
            "asyncio.iscoroutinefunction(function)\n",
            "whether what it decorates is a coroutine",
        ),
        ("= function(*args, **kwargs)", "= pool.submit(function)", "does more with what it decorates than calling it"),
        ("= function(*args, **kwargs)", "= submit(run=function)", "does more with what it decorates than calling it"),
        ("    return wrapper", "    return function or wrapper", "nobody can tell what `@deco` puts in place"),
        ("    return wrapper", "    return function", "nobody can tell who calls what `@deco` marks"),
        (
            "    return wrapper",
            "    register(wrapper)\n    return wrapper",
            "nobody can tell what `@deco` puts in place",
        ),
        ("        return result", "        yield result", "the wrapper of `@deco` is a generator"),
        ("deco(function)", "deco(function, more)", "nobody can tell what `@deco` takes"),
        ("    @functools.wraps(function)", "    @functools.cache", "nobody can tell what `@functools.cache` does"),
        (
            "        result = function(*args, **kwargs)",
            "        with _lock:\n            result = function(*args, **kwargs)",
            "`@deco` calls what it decorates under a lock that belongs to threads",
        ),
    ],
)
def test_what_the_decorator_does(before: str, after: str, reason: str) -> None:
    assert before in TIMER
    assert reason in refusal(TIMER.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("owned = False", "log(**kwargs)", "`kwargs`, with a session in it, is handed to something else"),
        ('kwargs["db_session"] = db', "kwargs[NAME] = db", "`db` is put into `kwargs[NAME]`"),
        ('kwargs["db_session"] = db', 'kwargs["session"] = db', "has no `session`"),
    ],
)
def test_what_is_done_with_the_keywords(before: str, after: str, reason: str) -> None:
    assert before in OPENING
    assert reason in refusal(OPENING.replace(before, after), WORK)


def test_a_keyword_that_is_something_else() -> None:
    code = WORK.replace("untyped(slug, db_session=None)", "untyped(slug, db_session: str)")
    assert refusal(OPENING, code) != ""


TRANSACTION = """
def deco(method):
    def wrapper(self, *args):
        try:
            return method(self, *args)
        finally:
            self.db.commit()

    return wrapper
"""
SERVICES = """
class Users:
    def __init__(self, db: Session) -> None:
        self.db = db

    @deco
    def ping(self) -> None:
        self.db.execute(text("SELECT 1"))


class Posts:
    def __init__(self, db: Session) -> None:
        self.db = db

    @deco
    def rename(self, post) -> None:
        post.title = "x"


def work(posts: Posts) -> None:
    posts.rename(1)
"""


def test_a_wrapper_around_methods_works_with_what_their_instances_hold() -> None:
    decorator, code = converted(TRANSACTION, SERVICES)
    assert (
        "    async def wrapper(self, *args):\n        try:\n            return await method(self, *args)" in decorator
    )
    assert "await self.db.commit()" in decorator
    assert "    async def rename(self, post) -> None:\n" in code
    assert "async def work(posts: Posts) -> None:\n    await posts.rename(1)\n" in code


def test_instances_that_hold_different_things() -> None:
    code = SERVICES.replace(
        "class Posts:\n    def __init__(self, db: Session)", "class Posts:\n    def __init__(self, db)"
    )
    assert "nobody can tell whether `self.db` is a session" in refusal(TRANSACTION, code)


def test_a_session_that_a_wrapper_passes_by_keyword() -> None:
    decorator = """
        from app.db import SessionLocal

        def deco(function):
            def wrapper(*args, **kwargs):
                with SessionLocal() as db:
                    return function(*args, db=db, **kwargs)

            return wrapper
        """
    code = "\n\n@deco\ndef ping(x, *, db: Session) -> None:\n    db.commit()\n\n\ndef work() -> None:\n    ping(1)\n"
    after, work = converted(decorator, code)
    assert "async with SessionLocal() as db:\n            return await function(*args, db=db, **kwargs)" in after
    assert "async def work() -> None:\n    await ping(1)\n" in work
    assert "has no `db`" in refusal(decorator, code.replace("x, *, db", "x, *, session").replace("db.c", "session.c"))


COMMITTING = """
def deco(function):
    def wrapper(db, *args):
        result = function(db, *args)
        db.commit()
        return result

    return wrapper
"""


@pytest.mark.parametrize(("before", "after"), [("db, *args):", "db, *args):"), ("db, *args):", "db: Session, *args):")])
def test_a_session_that_a_wrapper_passes_on(before: str, after: str) -> None:
    head = "from sqlalchemy.orm import Session\n"
    decorator, code = converted(head + COMMITTING.replace(before, after, 1))
    assert "result = await function(db, *args)\n        await db.commit()\n" in decorator
    assert "@deco\nasync def ping(" in code


@pytest.mark.parametrize("session", ["args[0]", "next(each for each in args if hasattr(each, 'commit'))"])
def test_a_session_that_a_wrapper_finds(session: str) -> None:
    decorator = COMMITTING.replace("db, *args", "*args").replace("db.commit()", f"db = {session}\n        db.commit()")
    assert "nobody can tell whether `db` is a session" in refusal(decorator)
