"""FAPI501: routes handled by a plain `def`."""

from __future__ import annotations

import textwrap

from fapi_lint.testing import findings

HEAD = """\
import functools
from fastapi import APIRouter, FastAPI
router = APIRouter()
"""


def names(body: str, path: str = "app/api/users.py") -> list[str]:
    found = findings({path: HEAD + textwrap.dedent(body)}, "FAPI501")
    return [f.message.split("`")[1] for f in found]


def test_handlers() -> None:
    body = """
    @router.get("/a")
    def a(): ...

    @router.get("/b")
    async def b(): ...

    @router.get("/c")
    @router.post("/c")
    def twice(): ...

    def added(): ...
    router.add_api_route("/d", added)

    def called(): ...
    router.post("/e")(called)

    def make() -> APIRouter:
        inner = APIRouter()

        @inner.get("/f")
        def nested(): ...

        return inner

    @router.websocket("/g")
    def socket(): ...

    def no_route(): ...
    """
    assert names(body) == ["a", "twice", "added", "called", "nested"]


def test_decorators_that_make_a_coroutine() -> None:
    body = """
    def threaded(function):
        @functools.wraps(function)
        async def wrapper(*args):
            return function(*args)
        return wrapper

    def limited(times):
        def decorator(function):
            async def wrapper(*args):
                return function(*args)
            return wrapper
        return decorator

    def logged(function):
        def wrapper(*args):
            return function(*args)
        return wrapper

    @router.get("/a")
    @threaded
    def a(): ...

    @router.get("/b")
    @limited(3)
    def b(): ...

    @router.get("/c")
    @logged
    def c(): ...
    """
    assert names(body) == ["c"]


def test_the_row_is_the_definition() -> None:
    text = HEAD + '@router.get(\n    "/a",\n)\ndef a(): ...\n'
    assert [f.row for f in findings({"app/api/users.py": text}, "FAPI501")] == [7]


def test_tests_are_not_the_application() -> None:
    assert names('@router.get("/a")\ndef a(): ...\n', "tests/test_users.py") == []


def test_what_dependencies_are_given_by_fastapi_is_no_session() -> None:
    body = """
    from fastapi import Depends
    from fastapi.security import HTTPBearer

    bearer = HTTPBearer()

    class Known:
        def __call__(self): ...

    unknown = [Known()][0]

    def token(credentials=Depends(bearer)):
        return credentials.credentials

    @router.get("/a")
    def a(token=Depends(token)):
        return {"token": token.lower()}

    @router.get("/b")
    def b(anything=Depends(unknown)):
        return anything

    @router.get("/c")
    def c(nothing=Depends(Known())):
        return {}
    """
    found = findings({"app/api/users.py": HEAD + textwrap.dedent(body)}, "FAPI501")
    assert [(f.message.split("`")[1], f.fix is not None) for f in found] == [("a", True), ("b", False), ("c", True)]
    assert found[1].message.endswith(" (no fix: `anything` may load more when it is read)")


def test_classes_that_hold_a_session() -> None:
    text = """\
    from typing import Annotated
    from fastapi import APIRouter, Depends
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session, sessionmaker

    router = APIRouter()
    make = sessionmaker(create_engine("sqlite://"))

    def get_db():
        with make() as db:
            yield db

    class Page:
        def __init__(self, size: int = 10):
            self.size = size

    class Current:
        def __init__(self, page: Annotated[Page, Depends()], db: Session = Depends(get_db)):
            self.user = db.get(User, page.size)

    @router.get("/a")
    def a(page: Page = Depends()): return page.size

    @router.get("/b")
    def b(page: Annotated[Page, Depends(Page)]): return page.size

    @router.get("/c")
    def c(current: Current = Depends()): return current.user.name

    @router.get("/d")
    def d(current: Annotated[Current, Depends()]): return current.user.name

    @router.get("/e")
    def e(current=Depends(Current)): return current.user.name
    """
    found = findings({"app/api.py": textwrap.dedent(text)}, "FAPI501")
    assert [each.fix is not None for each in found] == [True, True, False, False, False]


def test_what_may_block_is_named() -> None:
    text = HEAD + "import time\n\n@router.get('/')\ndef a():\n    time.sleep(1)\n"
    (found,) = findings({"app/api.py": text}, "FAPI501")
    assert found.message == "Route handler `a` is not `async def` (no fix: `time.sleep()` may block)"


def test_objects_of_a_session_that_the_dependency_does_not_name() -> None:
    db = """\
    from sqlalchemy import ForeignKey, create_engine
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, scoped_session, sessionmaker

    session = scoped_session(sessionmaker(create_engine("sqlite://")))

    class Base(DeclarativeBase): ...

    class Post(Base):
        __tablename__ = "posts"
        id: Mapped[int] = mapped_column(primary_key=True)
        parent_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
        children: Mapped[list["Post"]] = relationship()
    """
    work = """\
    from fastapi import APIRouter, Depends
    from app.db import Post, session

    router = APIRouter()

    class Settings: ...

    def get(key: int):
        return session.get(Post, key)

    def current(key: int) -> Post:
        return get(key)

    def unannotated(key: int):
        return get(key)

    async def loaded() -> Post: ...

    def checked(post: Post = Depends(loaded)) -> Post:
        return post

    def settings() -> Settings:
        return Settings()

    @router.get("/a")
    def a(post: Post = Depends(current)): return post

    @router.get("/b")
    def b(post=Depends(unannotated)): return post

    @router.get("/c")
    def c(settings: Settings = Depends(settings)): return {}

    @router.get("/d")
    def d(post: Post = Depends(checked)): return post
    """
    found = findings({"app/db.py": textwrap.dedent(db), "app/work.py": textwrap.dedent(work)}, "FAPI501")
    assert [each.fix is None for each in found] == [True, True, False, False]


def test_generic_classes_are_made_at_once() -> None:
    body = "class Page[T](BaseModel):\n    items: list[T]\n\n\n"
    body += '@router.get("/a")\ndef a() -> Page[int]:\n    return Page[int](items=[1])\n'
    (found,) = findings({"app/api.py": HEAD + "from pydantic import BaseModel\n\n\n" + body}, "FAPI501")
    assert found.fix is not None


def test_a_dependency_that_only_calls_blocks_nothing_over_asynchronous_sessions() -> None:
    body = """
    from fastapi import Depends
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)

    async def current(db: AsyncSession) -> User:
        return await db.get(User, 1)

    def active(user: User = Depends(current)) -> User:
        if not checks.is_active(user):
            raise ValueError
        return user

    @router.get("/a")
    def a(user: User = Depends(active)):
        return user
    """
    (found,) = findings({"app/api/users.py": HEAD + textwrap.dedent(body)}, "FAPI501")
    assert found.fix is not None
