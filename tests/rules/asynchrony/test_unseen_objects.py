"""FAPI502's closure where objects are hard to follow: what they need is loaded, or the closure stays as it is."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

MODELS = """\
from typing import List

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    items: Mapped[List["Item"]] = relationship(back_populates="owner")

    def summary(self) -> str:
        return f"{self.email}: {len(self.items)}"


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    owner: Mapped["User"] = relationship(back_populates="items")
    notes: Mapped[List["Note"]] = relationship()


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
"""
SESSION = """\
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

engine = create_engine("postgresql+psycopg://localhost/x")
SessionLocal = sessionmaker(engine)


def get_db():
    with SessionLocal() as db:
        yield db
"""
HEAD = """\
from functools import partial
from typing import Any, Optional, Union

from fastapi import BackgroundTasks, Depends, FastAPI, Request
from pydantic import BaseModel, ConfigDict, model_validator
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app.models import Item, Note, User
from app.session import get_db

app = FastAPI()


class NoteOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class ItemOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    notes: list[NoteOut]


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    items: list[ItemOut]


"""
HANDLER = '@app.post("/x", response_model=%s)\ndef handle(request: Request, db: Session = Depends(get_db)):\n'


def files(helpers: str, body: str, response: str = "None") -> dict[str, str]:
    handler = HANDLER % response + "".join(f"    {line}\n" for line in body.splitlines())
    return {
        "app/models.py": MODELS,
        "app/session.py": SESSION,
        "app/main.py": HEAD + helpers + handler,
        "requirements.txt": "fastapi\nsqlalchemy[asyncio]\npsycopg\npydantic>=2\n",
    }


def converted(helpers: str, body: str, response: str = "None") -> str:
    return fixed(files(helpers, body, response), "FAPI502", unsafe=True)["app/main.py"]


def refused(helpers: str, body: str, response: str = "None") -> str:
    """The one reason that all findings give."""
    found = findings(files(helpers, body, response), "FAPI502")
    assert found
    assert all(finding.fix is None for finding in found)
    (reason,) = {finding.message.partition(" (no fix: ")[2].removesuffix(")") for finding in found}
    return reason


CREATE = """\
def create(session: Session, **kw):
    row = User(**kw)
    session.add(row)
    session.commit()
    return row


"""
ONE = """\
def one(db: Session, model, id: int):
    return db.scalars(select(model).where(model.id == id)).first()


"""


@pytest.mark.parametrize("given", ["email='x'", "email='x', items=[]", "**request.query_params"])
def test_what_is_made_of_keywords_is_loaded_behind_the_commit(given: str) -> None:
    out = converted(CREATE, f"user = create(db, {given})\nreturn len(user.items)")
    assert '    await session.commit()\n    await session.refresh(row, ["items"])\n    return row\n' in out


def test_what_a_dict_is_made_of_is_answered() -> None:
    out = converted(
        "class Page(BaseModel):\n    rows: list[UserOut]\n\n\n", "return dict(rows=[db.get(User, 1)])", "Page"
    )
    assert "selectinload(User.items)" in out


def test_what_is_made_of_a_dict_is_loaded_behind_the_commit() -> None:
    helper = CREATE.replace("**kw):", "data: dict):").replace("**kw", "**data")
    assert 'await session.refresh(row, ["items"])' in converted(helper, "return len(create(db, {}).items)")


@pytest.mark.parametrize("body", ["one(db, User, 1)", "one(db, id=1, model=User)"])
def test_what_a_function_gives_that_is_given_the_model(body: str) -> None:
    code = files(ONE, f"user = {body}\nreturn len(user.items)")
    loaded = f'user = await {body}\n    if user is not None:\n        await db.refresh(user, ["items"])\n'
    assert loaded in fixed(code, "FAPI502", unsafe=True)["app/main.py"]


def test_a_function_that_is_given_the_model_is_followed_through_another() -> None:
    helper = ONE + "def first(db: Session, cls):\n    return one(db, cls, 1)\n\n\n"
    assert "reads `User.items`: it comes from `one()`" in refused(helper, "return len(first(db, User).items)")


def test_what_is_not_read_needs_no_load() -> None:
    assert "user = await one(db, User, 1)" in converted(ONE, "user = one(db, User, 1)\nreturn user.email")


@pytest.mark.parametrize(
    "body",
    [
        "by_id = {user.id: user for user in db.scalars(select(User))}\nreturn [len(by_id[key].items) for key in by_id]",
        "by_id = {user.id: user for user in db.scalars(select(User))}\nreturn [len(u.items) for u in by_id.values()]",
        "found = {}\nfor user in db.scalars(select(User)):\n    found[user.id] = user\nreturn len(found[1].items)",
        "users = db.scalars(select(User)).all()\nreturn sorted(users, key=lambda user: len(user.items))[0].id",
        "users = db.scalars(select(User)).all()\nreturn [*map(count, users)]",
        "user = db.scalars(select(User)).first()\nreturn partial(count, user)()",
        "row = db.execute(select(User, func.now())).first()\nreturn len(row.User.items)",
    ],
)
def test_objects_are_followed(body: str) -> None:
    out = converted("def count(user):\n    return len(user.items)\n\n\n", body)
    assert "selectinload(User.items)" in out


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("return len(request.state.user.items)", "that `request.state.user.items` is read of"),
        ("return request.state.user.summary()", "that `request.state.user.summary` is read of"),
        ("user = db.merge(User(id=1))\nreturn len(user.items)", "that `user.items` is read of"),
        ("user = request.state.user\nreturn count(user)", "`count` reads `items` of `user`"),
        ("user = db.get(User, 1)\nreturn len(getattr(user, request.method))", "may read any attribute"),
        ("user = db.get(User, 1)\nreturn apply(count, user)", "nobody can tell what `count` is called with"),
        ("def f(a, user): return user.items\nreturn list(map(partial(f, 1), db.scalars(select(User))))", "what `f` is"),
        ("user = db.get(User, 1)\nreturn templates.TemplateResponse('x', {'user': user})", "may read `items`"),
        ("user = db.get(User, 1)\nreturn Template('').render(user=user)", "may read `items`"),
        ("return UserOut.model_validate(request.state.user)", "`UserOut` may read relationships"),
        ("user = find(db, selectinload(User.items))\nreturn [item.notes for item in user.items]", "the options of its"),
    ],
)
def test_what_cannot_be_followed_is_refused(body: str, reason: str) -> None:
    helpers = """\
from jinja2 import Template

templates = object()


def count(user):
    return len(user.items)


def apply(function, value):
    return function(value)


def find(db: Session, *options):
    return db.scalars(select(User).options(*options)).first()


"""
    assert reason in refused(helpers, body)


def test_what_a_dependency_gives_that_cannot_be_followed_is_refused() -> None:
    helpers = "def current(request: Request):\n    return request.state.user\n\n\n"
    helpers += '@app.get("/me")\ndef me(user: User = Depends(current)):\n    return len(user.items)\n\n\n'
    assert "`me` reads `items` of `user: User = Depends(current)`" in refused(helpers, "return db.get(User, 1).email")


@pytest.mark.parametrize(
    "body",
    [
        "db.commit()\nreturn request.state.user",
        "db.commit()\nreturn [key for key, value in request.items()]",
        "found = db.scalars(select(User.id).join(User.items)).all()\nreturn found",
        "part = select(Item).subquery()\nreturn db.scalars(select(part.c.notes)).all()",
    ],
)
def test_what_is_no_lazy_read_is_no_doubt(body: str) -> None:
    assert "async def handle" in converted("", body)


def test_what_python_calls_by_itself_is_refused() -> None:
    given = files("", "return str(db.get(User, 1))")
    given["app/models.py"] = MODELS.replace("def summary", "def __repr__")
    assert all(
        "nobody can tell where `__repr__` is called" in finding.message for finding in findings(given, "FAPI502")
    )


@pytest.mark.parametrize(
    ("body", "load"),
    [
        (
            "user = db.get(User, 1)\nitem = Item(owner=user)\ndb.add(item)\ndb.commit()\nreturn len(item.owner.items)",
            'refresh(user, ["items"])',
        ),
        (
            "item = db.scalars(select(Item)).first()\nitem.owner = db.scalars(select(User)).one()\n"
            "db.commit()\nreturn len(item.owner.items)",
            "select(User).options(selectinload(User.items))",
        ),
        (
            "user = db.get(User, 1)\ndb.add(Item(owner_id=1))\ndb.commit()\nreturn len(user.items)",
            'refresh(user, ["items"])',
        ),
        (
            "user = db.get(User, 1)\nfor item in user.items:\n    db.delete(item)\ndb.commit()\nreturn len(user.items)",
            'refresh(user, ["items"])',
        ),
    ],
)
def test_what_is_assigned_or_written_is_read_further(body: str, load: str) -> None:
    assert load in converted("", body)


def test_what_is_appended_has_its_own_links() -> None:
    body = "user = db.get(User, 1)\nuser.items.append(Item())\ndb.commit()\nreturn user"
    assert "reads `Item.notes`: no name holds the object there" in refused("", body, "UserOut")


@pytest.mark.parametrize("response", ["Union[UserOut, NoteOut]", "UserOut | ItemOut", "dict[str, UserOut]", "Prepared"])
def test_every_schema_that_may_read_is_served(response: str) -> None:
    helpers = """\
class Prepared(UserOut):
    @model_validator(mode="before")
    @classmethod
    def prepare(cls, data: Any) -> Any:
        return data


"""
    value = "{'a': db.get(User, 1)}" if "dict" in response else "db.get(User, 1)"
    assert "selectinload(User.items).selectinload(Item.notes)" in converted(helpers, f"return {value}", response)


@pytest.mark.parametrize("key", ["1", "1 if request else 2"])
def test_get_becomes_a_query_that_loads_for_objects_of_the_session_too(key: str) -> None:
    written = key if key.isdigit() else f"({key})"
    out = converted("", f"user = db.get(User, {key})\nreturn len(user.items)")
    assert f"db.scalar(select(User).where(User.id == {written}).options(selectinload(User.items)))" in out


def test_what_a_new_object_in_a_collection_lacks_is_loaded_too() -> None:
    body = "user = db.get(User, 1)\ndb.add(Item(owner_id=1))\ndb.commit()\nreturn user"
    out = converted("", body, "UserOut")
    assert "options(selectinload(User.items).selectinload(Item.notes))" in out
    assert '    await db.refresh(user, ["items"])\n' in out


def test_several_objects_are_loaded_anew_behind_one_commit() -> None:
    body = "user = db.get(User, 1)\nitem = Item(owner=user)\ndb.add(item)\ndb.commit()\nreturn item.notes, user.items"
    loads = '    await db.refresh(item, ["notes"])\n    await db.refresh(user, ["items"])\n'
    assert loads in converted("", body)


SUBCLASSES = """

class Admin(User):
    __tablename__ = "admins"
    id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    level: Mapped[int]
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    team: Mapped["Team"] = relationship()


class Team(Base):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
SCHEMAS = """
class AdminOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    level: int


class TeamOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


class Member(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    team: TeamOut


class Plain(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int


"""


@pytest.mark.parametrize(
    ("model", "body", "reason"),
    [
        ("AdminOut", "return db.scalars(select(User)).first()", "`level` is read, which a query for `User`"),
        ("Union[Plain, AdminOut]", "return db.get(User, 1)", "`level` is read, which a query for `User`"),
        ("Union[Plain, Member]", "return db.get(User, 1)", "`team` is read, which a query for `User`"),
        ("int", "return db.get(User, 1).level", "`level` is read, which a query for `User`"),
        ("AdminOut", "return db.get(Admin, 1)", ""),
        ("Member", "return db.get(Admin, 1)", ""),
        ("Plain", "return db.get(User, 1)", ""),
    ],
)
def test_what_only_subclasses_have(model: str, body: str, reason: str) -> None:
    head = HEAD.replace("import Item", "import Admin, Item")
    app = {
        "app/models.py": MODELS + SUBCLASSES,
        "app/session.py": SESSION,
        "app/main.py": head + SCHEMAS + HANDLER % model + f"    {body}\n",
    }
    messages = [each.message for each in findings(app, "FAPI502") if each.fix is None]
    assert bool(messages) == bool(reason)
    assert all(reason in message for message in messages)


def test_a_mapping_that_loads_its_subclasses() -> None:
    models = MODELS.replace("items: Map", '__mapper_args__ = {"with_polymorphic": "*"}\n    items: Map', 1)
    work = HEAD + SCHEMAS + HANDLER % "AdminOut" + "    return db.get(User, 1)\n"
    app = {"app/models.py": models + SUBCLASSES, "app/session.py": SESSION, "app/main.py": work}
    assert all(each.fix is not None for each in findings(app, "FAPI502"))
    work = work.replace("response_model=AdminOut", "response_model=Member")
    assert all("`team` is read" in each.message for each in findings({**app, "app/main.py": work}, "FAPI502"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("user.id = User.id + 1\ndb.commit()\nreturn user.id", "`id` is read, which the database has computed"),
        ("user.id = User.id + 1\ndb.flush()\ndb.refresh(user)\nreturn user.id", ""),
        ("user.id = User.id + 1\nreturn user.email", ""),
        ("user.id = user.id + 1\ndb.commit()\nreturn user.id", ""),
        (
            "try:\n    db.commit()\nexcept ValueError:\n    db.rollback()\n    return user.email",
            "`email` is read after all",
        ),
        ("try:\n    db.commit()\nexcept ValueError:\n    db.rollback()\n    raise\nreturn user.email", ""),
        ("db.expire(user)\nreturn user.email", "`email` is read after all that was loaded has expired"),
        ("user = User(email='x')\ndb.add(user)\ndb.rollback()\nreturn user.email", ""),
    ],
)
def test_columns_that_are_loaded_anew(body: str, reason: str) -> None:
    body = f"user = db.get(User, 1)\n{body}"
    if reason:
        assert reason in refused("", body)
    else:
        assert "await db." in converted("", body)


FOUND = "def found(db: Session) -> User:\n    return db.scalars(select(User)).first()\n\n\n"
ALL = "def refresh_all(db: Session, *objects):\n    for each in objects:\n        db.refresh(each)\n\n\n"
NEW = "user = User(email='x')\ndb.add(user)\ndb.commit()\n"
EXPIRED = "is read after all that was loaded has expired"
REFRESHED = "`items` is read after a function has refreshed all that it is given"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("user = found(db)\ndb.rollback()\nreturn user.email", f"`email` {EXPIRED}"),
        ("user = found(db)\ndb.expire_all()\nreturn len(user.items)", f"`items` {EXPIRED}"),
        (f"{NEW}db.expire_all()\nreturn user.email", f"`email` {EXPIRED}"),
        (f"{NEW}db.rollback()\ndb.refresh(user)\nreturn user.email", ""),
        (f"{NEW}refresh_all(db, user)\nreturn len(user.items)", REFRESHED),
        (f"{NEW}refresh_all(db, *[user])\nreturn user.items", REFRESHED),
        (f"{NEW}refresh_all(db, user)\nreturn user.email", ""),
        (f"{NEW}refresh_all(db, user)\ndb.refresh(user)\nreturn len(user.items)", ""),
    ],
)
def test_what_has_expired_elsewhere(body: str, reason: str) -> None:
    if reason:
        assert reason in refused(FOUND + ALL, body)
    else:
        assert "await db.commit()" in converted(FOUND + ALL, body)


def test_a_parameter_whose_columns_have_expired() -> None:
    helper = "def tell(db: Session, user: User):\n    db.rollback()\n    return user.email\n\n\n"
    assert f"`email` {EXPIRED}" in refused(helper, "return tell(db, db.get(User, 1))")


def test_a_schema_that_reads_what_the_database_computes() -> None:
    body = "user = db.get(User, 1)\nuser.id = User.id + 1\ndb.commit()\nreturn user"
    plain = "class Plain(BaseModel):\n    model_config = ConfigDict(from_attributes=True)\n    {}: int\n\n\n"
    assert "`id` is read, which the database has computed" in refused(plain.format("id"), body, "Plain")
    assert "await db.commit()" in converted(plain.format("email"), body, "Plain")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("user = db.scalars(select(User).options(load_only(User.id))).first()\nreturn user.email", "`email` is read"),
        ("user = db.scalars(select(User).options(load_only(User.email))).first()\nreturn user.email", ""),
        ("user = db.scalars(select(User).options(defer(User.email))).first()\nreturn user.email", "`email` is read"),
        ("user = db.get(User, 1)\ndb.expire(user, ['email'])\nreturn user.email", "`email` is read"),
        ("user = db.get(User, 1)\ndb.expire(user, ['email'])\ndb.refresh(user, ['email'])\nreturn user.email", ""),
        ("user = db.scalars(select(User).options(lazyload(User.items))).first()\nreturn user.items", "the options of"),
        ("return relations(db.get(User, 1))", "may read any attribute"),
        ("with stack:\n    raise ValueError\nreturn len(db.merge(User()).items)", "`items` is read of"),
        ("match db.merge(User()).items:\n    case []:\n        return 1", "`items` is read of"),
    ],
)
def test_what_a_query_leaves_out(body: str, reason: str) -> None:
    helpers = """\
from contextlib import ExitStack

from sqlalchemy.orm import defer, lazyload, load_only

stack = ExitStack()


"""
    if "relations" in body:
        helpers += "def relations(row):\n    return [getattr(row, x.key) for x in row.__mapper__.relationships]\n\n\n"
    if reason:
        assert reason in refused(helpers, body)
    else:
        assert "async def handle(" in converted(helpers, body)
