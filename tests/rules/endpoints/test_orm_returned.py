"""FAPI406: handlers that return mapped objects, and those that only seem to."""

from __future__ import annotations

import textwrap

import pytest

from fapi_lint.config.versions import Bounds, Versions
from fapi_lint.testing import findings, fixed

MODELS = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, DynamicMapped, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    friends: Mapped[list["User"]] = relationship()
    posts: DynamicMapped["User"] = relationship()
"""
SCHEMAS = """\
from pydantic import BaseModel, ConfigDict


class UserRead(BaseModel):
    id: int
    model_config = ConfigDict(from_attributes=True)


class Plain(BaseModel):
    id: int


class Outer(BaseModel):
    user: Plain
    model_config = ConfigDict(from_attributes=True)
"""
HEAD = """\
from typing import Annotated, Any, List
from fastapi import APIRouter, Depends, Response
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import User
from app.schemas import Outer, Plain, UserRead
from app.services import Users, any_users, current_user, find_user, find_users, untyped

router = APIRouter()


"""
SERVICES = """\
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from app.models import User


async def find_user(db: AsyncSession, key: int):
    result = await db.execute(select(User).where(User.id == key))
    return result.scalar_one_or_none()


async def find_users(db: AsyncSession) -> list[User]:
    return list((await db.scalars(select(User))).all())


async def any_users(db: AsyncSession) -> Iterable[User]:
    return await db.scalars(select(User))


async def current_user(db: AsyncSession):
    user = await find_user(db, 1)
    if user is None:
        raise KeyError
    return user


def untyped(db, key):
    return db.find(key)


class Users:
    def __init__(self, db: AsyncSession):
        self.db = db

    def old(self, key: int):
        query = self.db.query(User)
        if key:
            query = query.filter(User.id == key)
        return query.all()
"""


def files(code: str) -> dict[str, str]:
    return {
        "app/models.py": MODELS,
        "app/schemas.py": SCHEMAS,
        "app/services.py": SERVICES,
        "app/api.py": HEAD + textwrap.dedent(code),
    }


def handler(body: str, *, model: str = "response_model=UserRead", returns: str = "", params: str = "") -> str:
    return (
        f'@router.get("/x", {model})\nasync def get_x(key: int, db: AsyncSession{params}){returns}:\n'
        + textwrap.indent(textwrap.dedent(body), "    ")
        + "\n"
    )


def fix(code: str) -> str:
    return fixed(files(code), "FAPI406")["app/api.py"].removeprefix(HEAD)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return await find_user(db, key)", "return UserRead.model_validate(await find_user(db, key))"),
        ("return await db.get(User, key)", "return UserRead.model_validate(await db.get(User, key))"),
        ("user = User(id=1)\nreturn user  # new", "user = User(id=1)\nreturn UserRead.model_validate(user)  # new"),
        ("return await db.merge(User(id=key))", "return UserRead.model_validate(await db.merge(User(id=key)))"),
        ("return await db.scalar(insert(User).returning(User))",
         "return UserRead.model_validate(await db.scalar(insert(User).returning(User)))"),
        ("return (await find_users(db))[0]", "return UserRead.model_validate((await find_users(db))[0])"),
        ("for user in await find_users(db):\n    return user",
         "for user in await find_users(db):\n    return UserRead.model_validate(user)"),
        ("if key:\n    return await current_user(db)\nreturn await db.scalar(select(User))",
         "if key:\n    return UserRead.model_validate(await current_user(db))\n"
         "return UserRead.model_validate(await db.scalar(select(User)))"),
    ],
)  # fmt: skip
def test_objects(before: str, after: str) -> None:
    assert fix(handler(before)) == handler(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return await find_users(db)", "return [UserRead.model_validate(item) for item in await find_users(db)]"),
        ("users = await find_users(db)\nreturn users",
         "users = await find_users(db)\nreturn [UserRead.model_validate(user) for user in users]"),
        ("heroes = await find_users(db)\nreturn heroes",
         "heroes = await find_users(db)\nreturn [UserRead.model_validate(hero) for hero in heroes]"),
        ("classes = await find_users(db)\nreturn classes",
         "classes = await find_users(db)\nreturn [UserRead.model_validate(item) for item in classes]"),
        ("return Users(db).old(key)", "return [UserRead.model_validate(item) for item in Users(db).old(key)]"),
        ("return (await find_users(db))[:9]",
         "return [UserRead.model_validate(item) for item in (await find_users(db))[:9]]"),
        ("return [u for u in await db.scalars(select(User)) if u.id > key]",
         "return [UserRead.model_validate(u) for u in await db.scalars(select(User)) if u.id > key]"),
        ("found = []\nfor user in await find_users(db):\n    if user.id:\n        found.append(user)\nreturn found",
         "found = []\nfor user in await find_users(db):\n    if user.id:\n        found.append(user)\n"
         "return [UserRead.model_validate(item) for item in found]"),
        ("found = []\nfound.extend(await any_users(db))\nreturn found",
         "found = []\nfound.extend(await any_users(db))\nreturn [UserRead.model_validate(item) for item in found]"),
        ("user = await find_user(db, key)\nreturn user.friends",
         "user = await find_user(db, key)\nreturn [UserRead.model_validate(item) for item in user.friends]"),
        ("user = await find_user(db, key)\nreturn user.friends if user else []",
         "user = await find_user(db, key)\n"
         "return [UserRead.model_validate(item) for item in (user.friends if user else [])]"),
        ("return await find_users(db) or []",
         "return [UserRead.model_validate(item) for item in await find_users(db) or []]"),
    ],
)  # fmt: skip
def test_lists(before: str, after: str) -> None:
    model = "response_model=List[UserRead]"
    assert fix(handler(before, model=model)) == handler(after, model=model)


@pytest.mark.parametrize(
    ("before", "after"),
    [(" -> User", " -> UserRead"), (" -> User | None", " -> UserRead | None"), (" -> Any", " -> Any")],
)
def test_annotations_that_name_the_model(before: str, after: str) -> None:
    old, new = "return await db.get(User, key)", "return UserRead.model_validate(await db.get(User, key))"
    assert fix(handler(old, returns=before)) == handler(new, returns=after)


CATCHING = """\
try:
    return await db.get(User, key)
except {}:
    await db.rollback()
    raise{}
"""


@pytest.mark.parametrize(
    ("code", "is_safe"),
    [
        (handler(CATCHING.format("KeyError", " IndexError")), True),
        (handler(CATCHING.format("Exception", "")), True),
        (handler(CATCHING.format("Exception", " KeyError")), False),
        (handler(CATCHING.format("(KeyError, ValueError)", " IndexError")), False),
        (handler(CATCHING.format("ValidationError as error", " KeyError from error")), False),
        (handler(CATCHING.format("ValidationError as error", " error")), True),
        (handler(CATCHING.format("Exception", " KeyError").replace("return ", "user = ") + "return user"), True),
        (handler("return await db.get(User, key)"), True),
        (handler("return await db.get(User, key)") + "app.add_exception_handler(ResponseValidationError, fail)", False),
        (handler("return await db.get(User, key)") + "@app.exception_handler(ValueError)\ndef fail(): ...", False),
        (handler("return await db.get(User, key)") + "app.add_exception_handler(KeyError, fail)", True),
    ],
)
def test_an_error_of_validation_that_the_application_answers(code: str, is_safe: bool) -> None:
    (fix,) = [f.fix for f in findings(files(code), "FAPI406")]
    assert fix is not None
    assert fix.applicability == ("safe" if is_safe else "unsafe")
    assert ("what does not fit raises `ValidationError`" in fix.title) == (not is_safe)


GENERIC = """\
from typing import Any, Generic, Sequence, TypeVar
from sqlalchemy.ext.asyncio import AsyncSession
from app.models import User

T = TypeVar("T")


class Repository(Generic[T]):
    model: type[T]

    def __init__(self, db: AsyncSession) -> None:
        self.db = db

    async def get(self, key: Any) -> T | None:
        return await self.db.get(self.model, key)

    async def all(self) -> Sequence[T]:
        return await everything(self.db, self.model)


class Repo(Repository[User]):
    model = User


class GetUser:
    async def __call__(self, key: int) -> User: ...
"""


@pytest.mark.parametrize(
    ("before", "after", "model"),
    [
        ("if (user := await Repo(db).get(key)) is None:\n    raise KeyError\nreturn user",
         "if (user := await Repo(db).get(key)) is None:\n    raise KeyError\nreturn UserRead.model_validate(user)",
         "UserRead"),
        ("return await Repo(db).all()", "return [UserRead.model_validate(item) for item in await Repo(db).all()]",
         "list[UserRead]"),
        ("get = GetUser()\nreturn await get(key)", "get = GetUser()\nreturn UserRead.model_validate(await get(key))",
         "UserRead"),
    ],
)  # fmt: skip
def test_type_variables_and_instances_that_are_called(before: str, after: str, model: str) -> None:
    model = f"response_model={model}"
    given = files("from app.generic import GetUser, Repo\n" + handler(before, model=model))
    code = fixed(given | {"app/generic.py": GENERIC}, "FAPI406")["app/api.py"]
    assert code.endswith(handler(after, model=model))


def test_dependencies() -> None:
    params = ", user=Depends(current_user)"
    assert fix(handler("return user", params=params)) == handler("return UserRead.model_validate(user)", params=params)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (handler("return await db.get(User, key)", model="response_model=Plain"), "`Plain` does not read attributes"),
        (handler("return await db.get(User, key)", model="response_model=Outer"), "`Plain` does not read attributes"),
        (handler("return await db.get(User, key)", model="response_model=UserRead | None"), "not one schema"),
        (handler("return await find_users(db)"), "not what the response model says"),
        (handler("return await db.get(User, key)", model="response_model=UserRead, response_model_exclude_unset=True"),
         "exclude_unset"),
        (handler("return await db.get(User, key)") + "\n\nasync def other(db):\n    return (await get_x(1, db)).id\n",
         "other code calls"),
        (handler("return await db.get(User, key)").replace("async", "@cached\nasync"), "another decorator takes what"),
        (handler("return await db.get(User, key)").replace("async", "@router.get('/o')\nasync"),
         "several routes answer"),
        (handler("UserRead = 1\nreturn await db.get(User, key)"), "something else in the function"),
        (handler("if key:\n    return untyped(db, key)\nreturn await db.get(User, key)", returns=" -> User"),
         "speaks of other values"),
    ],
)  # fmt: skip
def test_without_fix(code: str, reason: str) -> None:
    found = [f for f in findings(files(code), "FAPI406") if f.path == "app/api.py"]
    assert [f.fix for f in found] == [None]
    assert reason in found[0].message


@pytest.mark.parametrize(
    "code",
    [
        handler("return UserRead.model_validate(await find_user(db, key))"),
        handler("return untyped(db, key)"),
        handler("return {'id': key}"),
        handler("user = await find_user(db, key)\nreturn {'id': user.id}"),
        handler("return await db.scalar(select(User.id))"),
        handler("return (await db.execute(select(User))).first()"),
        handler("user = untyped(db, key)\nif key:\n    user = await find_user(db, key)\nreturn user"),
        handler("return await find_user(db, key)", model="response_model=None"),
        handler("return select(User)"),
        handler("found = []\nreturn found"),
        handler("return await find_user(db, key) or []"),
        handler("found = []\nfound.append(UserRead.model_validate(await find_user(db, key)))\nreturn found"),
        handler("found = []\nfound.append(await find_user(db, key))\nfound.append({'id': 1})\nreturn found"),
        handler("found = []\nfound.append(await find_user(db, key))\nfill(found)\nreturn found"),
        handler("found = []\nfound.append(await find_user(db, key))\nfound.insert(0, 1)\nreturn found"),
        handler("user = await find_user(db, key)\nreturn user.posts"),
        handler("return [user.id for user in await find_users(db)]"),
        "async def get_x(db: AsyncSession):\n    return await find_user(db, 1)\n",
    ],
)
def test_silence(code: str) -> None:
    assert findings(files(code), "FAPI406") == []


def test_pydantic_1_is_left_alone() -> None:
    versions = Versions(pydantic=Bounds(lowest=(1, 10), below=(2,)))
    assert findings(files(handler("return await find_user(db, 1)")), "FAPI406", versions=versions) == []


def test_a_schema_of_pydantic_1_is_left_alone_too() -> None:
    code = files(handler("return await find_user(db, 1)"))
    code["app/schemas.py"] = SCHEMAS + (
        "\nfrom pydantic import v1\n\nclass UserRead(v1.BaseModel):\n    id: int\n"
        "    class Config:\n        orm_mode = True\n"
    )
    assert findings(code, "FAPI406") == []


def test_what_generic_repositories_give() -> None:
    services = """\
    from typing import Any, Generic, List, Optional, TypeVar
    from app.models import Base, User

    M = TypeVar("M", bound=Base)
    T = TypeVar("T")

    class Repository(Generic[M, T]):
        def get(self, key: int) -> Optional[M]: ...
        def all(self) -> List[M]: ...
        def other(self, value: T) -> T: ...
        def pages(self) -> dict[str, M]: ...

    class Users(Repository[User, int]): ...
    """
    routes = """\
    from fastapi import APIRouter, Depends
    from app.services import Repository, Users

    router = APIRouter()

    @router.get("/a")
    def a(users: Users = Depends()): return users.get(1)

    @router.get("/b")
    def b(users: Users = Depends()): return users.all()

    @router.get("/c")
    def c(users: Users = Depends()): return users.other(1)

    @router.get("/d")
    def d(users: Users = Depends()): return users.pages()

    @router.get("/e")
    def e(users: Repository = Depends()): return users.get(1)
    """
    files = {"app/models.py": MODELS, "app/services.py": services, "app/api.py": routes}
    found = findings({path: textwrap.dedent(text) for path, text in files.items()}, "FAPI406")
    assert [each.message for each in found] == [
        "`a` returns an object of `User`, not a schema made of it",
        "`b` returns a list of `User`, not a schema made of it",
    ]


@pytest.mark.parametrize("annotation", ["Any", "object"])
def test_a_service_that_says_nothing_of_what_it_gives(annotation: str) -> None:
    services = SERVICES.replace(
        "async def find_user(db: AsyncSession, key: int):",
        f"async def find_user(db: AsyncSession, key: int) -> {annotation}:",
    )
    route = (
        '@router.get("/{key}", response_model=UserRead)\n'
        "async def get_user(key: int, db: AsyncSession = Depends()):\n    return await find_user(db, key)\n"
    )
    files = {
        "app/models.py": MODELS,
        "app/schemas.py": SCHEMAS,
        "app/services.py": "from typing import Any\n" + services,
        "app/api.py": HEAD + route,
    }
    (found,) = findings(files, "FAPI406")
    assert found.fix is not None


def test_the_import_of_a_model_goes_with_its_annotation() -> None:
    code = handler("return await find_user(db, key)", returns=" -> User")
    assert "import User\n" not in fixed(files(code), "FAPI406")["app/api.py"]


def test_the_schema_is_called_as_the_route_calls_it() -> None:
    code = "from app import schemas\n\n\n" + handler(
        "return await db.get(User, key)", model="response_model=schemas.UserRead"
    )
    (found,) = findings(files(code), "FAPI406")
    assert "returns an object of `User`, not `schemas.UserRead.model_validate(…)`" in found.message
