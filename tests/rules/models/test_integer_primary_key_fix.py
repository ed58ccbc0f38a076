"""FAPI201's fix: an integer key becomes a UUID with everything that holds its values, or stays with the reason."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Settings
from fapi_lint.testing import findings, fixed

BASE = """\
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
"""
USER = """\
from sqlalchemy import Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.base import Base


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str]
"""
KEY = "id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)"


def convert(files: dict[str, str]) -> dict[str, str]:
    return fixed({"app/base.py": BASE, **files}, "FAPI201", unsafe=True)


def reason(service: str, **others: str) -> str:
    """Why the key of User stays an integer with this service."""
    head = "import json\n\nfrom sqlalchemy import func, select\n\nfrom app.user import User\n\n\n"
    files = {"app/base.py": BASE, "app/user.py": USER, "app/service.py": head + service, **others}
    (found,) = findings(files, "FAPI201")
    assert found.fix is None
    start = "Primary key `User.id` is an integer, not a UUID (no fix: its values go where a UUID may not fit: "
    assert found.message.startswith(start)
    return found.message.removeprefix(start).removesuffix(")")


def in_model(lines: str) -> str:
    """The body of User after the fix, where it has these lines before it."""
    alias = "import sqlalchemy as sa\n" if "sa." in lines else ""
    imports = (
        f"from typing import Annotated, Optional\n\n{alias}"
        "from sqlalchemy import Column, Identity, Integer, Sequence\n"
        "from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column\n\nfrom app.base import Base\n"
    )
    text = f'{imports}\n\nclass User(Base):\n    __tablename__ = "users"\n{lines}\n'
    return convert({"app/user.py": text})["app/user.py"].split('"users"\n')[1].rstrip("\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "id = Column(Integer, primary_key=True)",
            "id = Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)",
        ),
        (
            "id = sa.Column(sa.Integer, primary_key=True, autoincrement=True)",
            "id = sa.Column(sa.UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)",
        ),
        (
            'id = Column("id", Integer, Identity(), primary_key=True)',
            'id = Column("id", UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)',
        ),
        (
            'id = Column(Integer, Sequence("s"), primary_key=True)',
            "id = Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)",
        ),
        ("id: Mapped[int] = mapped_column(primary_key=True)", KEY),
        ("id: Mapped[int] = mapped_column(Identity(), primary_key=True)", KEY),
        (
            'id: Mapped["int"] = mapped_column(primary_key=True)',
            'id: Mapped["uuid.UUID"] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)',
        ),
        (
            "id: Mapped[Annotated[int, mapped_column(primary_key=True)]]",
            "id: Mapped[Annotated[uuid.UUID, mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)]]",
        ),
        (
            "id: Mapped[int] = mapped_column(\n        Integer,  # grows\n        primary_key=True,\n    )",
            "id: Mapped[uuid.UUID] = mapped_column(\n        UUID(as_uuid=True),  # grows\n"
            "        primary_key=True,\n        default=uuid.uuid4,\n    )",
        ),
    ],
)
def test_forms_of_the_key(before: str, after: str) -> None:
    assert in_model(f"    {before}") == f"    {after}"


@pytest.mark.parametrize(
    ("arguments", "after"),
    [
        (
            "primary_key=True, init=False",
            "UUID(as_uuid=True), primary_key=True, default_factory=uuid.uuid4, init=False",
        ),
        ("primary_key=True", "UUID(as_uuid=True), primary_key=True, insert_default=uuid.uuid4"),
    ],
)
def test_dataclasses(arguments: str, after: str) -> None:
    model = USER.replace("class User(Base)", "class User(MappedAsDataclass, Base)").replace(
        "Integer, primary_key=True", arguments
    )
    text = convert({"app/user.py": model.replace("Mapped, ", "Mapped, MappedAsDataclass, ")})["app/user.py"]
    assert f"id: Mapped[uuid.UUID] = mapped_column({after})\n" in text


def test_imports_come_and_go_in_the_style_of_the_file() -> None:
    assert convert({"app/user.py": USER})["app/user.py"].startswith(
        "import uuid\n\nfrom sqlalchemy import UUID\nfrom sqlalchemy.orm import Mapped, mapped_column\n"
    )


def test_foreign_keys_and_association_tables_follow() -> None:
    files = {
        "app/user.py": USER,
        "app/post.py": """
            from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Integer, Table
            from sqlalchemy.orm import Mapped, mapped_column

            from app.base import Base
            from app.user import User

            readers = Table("readers", Base.metadata, Column("user_id", Integer, ForeignKey("users.id")))


            class Post(Base):
                __tablename__ = "posts"
                __table_args__ = (ForeignKeyConstraint(["reviewer"], ["users.id"]),)

                author_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
                editor_id: Mapped[int | None] = mapped_column(ForeignKey(User.id))
                owner_id = Column(Integer, ForeignKey("users.id"))
                other_id = Column(ForeignKey("users.id"))
                reviewer: Mapped[int]
                words: Mapped[int]
            """,
    }
    after = convert(files)["app/post.py"]
    for line in (
        'Column("user_id", UUID(as_uuid=True), ForeignKey("users.id"))',
        'author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)',
        "editor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(User.id))",
        'owner_id = Column(UUID(as_uuid=True), ForeignKey("users.id"))',
        'other_id = Column(ForeignKey("users.id"))',
        "reviewer: Mapped[uuid.UUID]",
        "words: Mapped[int]",
        "from sqlalchemy import UUID, Column, ForeignKey, ForeignKeyConstraint, Table",
    ):
        assert line in after


def test_a_shared_key_is_one_fix() -> None:
    alias = "from typing import Annotated\n\nfrom sqlalchemy.orm import mapped_column\n\n"
    files = {
        "app/types.py": alias + "intpk = Annotated[int, mapped_column(primary_key=True)]\n",
        "app/models.py": """
            from sqlalchemy.orm import Mapped

            from app.base import Base
            from app.types import intpk


            class User(Base):
                __tablename__ = "users"

                id: Mapped[intpk]


            class Post(Base):
                __tablename__ = "posts"

                id: Mapped[intpk]
            """,
    }
    (found,) = findings({"app/base.py": BASE, **files}, "FAPI201")
    assert found.fix is not None
    assert found.fix.title == "Make `User.id`, `Post.id` UUIDs in 1 file; existing rows need a data migration"
    assert convert(files)["app/types.py"].endswith(
        "intpk = Annotated[uuid.UUID, mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)]\n"
    )


def test_sqlmodel() -> None:
    model = """
        from sqlmodel import Field, SQLModel


        class User(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)


        class Item(SQLModel, table=True):
            id: str = Field(primary_key=True)
            owner_id: int = Field(foreign_key="user.id")
        """
    after = convert({"app/models.py": model})["app/models.py"]
    assert "    id: uuid.UUID | None = Field(default_factory=uuid.uuid4, primary_key=True)\n" in after
    assert '    owner_id: uuid.UUID = Field(foreign_key="user.id")\n' in after
    assert after.strip().startswith("import uuid\n\nfrom sqlmodel")


API = {
    "app/user.py": USER,
    "app/schemas.py": """\
        from pydantic import BaseModel, Field


        class UserResponse(BaseModel):
            id: int
            name: str
            friends: int


        class Invitation(BaseModel):
            user_ids: list[int]
            scores: dict[int, int]
            inviter_id: int = Field(gt=0, lt=2147483647)
        """,
    "app/api.py": """\
        from typing import Annotated

        from fastapi import APIRouter, Depends, Path
        from sqlalchemy import select
        from sqlalchemy.orm import Session

        from app.schemas import Invitation, UserResponse
        from app.user import User

        router = APIRouter()
        UserId = Annotated[int, Path(ge=1, title="whose")]


        def get_db() -> Session: ...


        def valid_user(user_id: int, db: Session = Depends(get_db)) -> int:
            return user_id


        @router.get("/users/{user_id}", response_model=UserResponse)
        def get_user(user_id: UserId, db: Session = Depends(get_db)):
            return db.get(User, user_id)


        @router.delete("/users/{user_id}")
        def delete_user(user: int = Depends(valid_user), db: Session = Depends(get_db)) -> dict[str, int]:
            db.delete(db.get(User, user))
            return {"deleted": 1}


        @router.post("/invitations")
        def invite(data: Invitation, ids: str, limit: int, db: Session = Depends(get_db)):
            found = {user.id: user.name for user in db.scalars(select(User).where(User.id.in_(data.user_ids)))}
            for key, score in data.scores.items():
                print(found[key], score + 1)
            chosen = [int(part) for part in ids.split(",")]
            print(select(User).where(User.id.in_(chosen), User.id == data.inviter_id).limit(limit))
        """,
}


def test_what_holds_the_values_follows() -> None:
    after = convert(API)
    schemas, api = after["app/schemas.py"], after["app/api.py"]
    for line in (
        "    id: UUID\n    name: str\n    friends: int\n",
        "    user_ids: list[UUID]\n    scores: dict[UUID, int]\n    inviter_id: UUID = Field()\n",
    ):
        assert line in schemas
    for line in (
        'UserId = Annotated[UUID, Path(title="whose")]',
        "def valid_user(user_id: UUID, db: Session = Depends(get_db)) -> UUID:",
        "def get_user(user_id: UserId, db: Session = Depends(get_db)):",
        "def delete_user(user: UUID = Depends(valid_user), db: Session = Depends(get_db)) -> dict[str, int]:",
        "def invite(data: Invitation, ids: str, limit: int, db: Session = Depends(get_db)):",
        'chosen = [UUID(part) for part in ids.split(",")]',
    ):
        assert line in api


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ("def first(db):\n    return db.get(User, 1)\n", "the number `1` at app/service.py:9"),
        ("def guest(user: User):\n    return user.id == 0\n", "the number `0` at app/service.py:9"),
        (
            "def get(user_id: int, db):\n    if user_id > 5:\n        return db.get(User, user_id)\n",
            "the number `5` at",
        ),
        ("def following(user: User):\n    return user.id + 1\n", "a calculation at app/service.py:9"),
        ('def code(user: User):\n    return f"{user.id:05d}"\n', "a format that is for numbers or text at"),
        ('def code(user: User):\n    return "%d" % user.id\n', "a format that is for numbers at"),
        (
            'def token(user: User):\n    payload = {"sub": user.id}\n    return json.dumps(payload)\n',
            "`dumps`, which does not know UUIDs, at app/service.py:10",
        ),
        ("def newest(db):\n    return db.scalar(select(func.max(User.id)))\n", "`max()` in SQL at app/service.py:9"),
        ("def number(user: User):\n    return int(user.id)\n", "`int(user.id)` at app/service.py:9"),
        ("def named(user: User, client):\n    client.push(user.id)\n", "`push`, of which nothing is known, at"),
        ("def get(db, user_id: str):\n    return db.get(User, user_id)\n", "the annotation `str` at app/service.py:8"),
        ("def each(db):\n    for n in range(9):\n        db.get(User, n)\n", "a range at app/service.py:9"),
        (
            "def by_number(db, number: int):\n    return db.get(User, number)\n\n\n"
            "def root(db):\n    return by_number(db, 7)\n",
            "the number `7` at app/service.py:13",
        ),
        (
            "def create(db, data):\n    user = User(**data)\n    db.add(user)\n    return user.id\n\n\n"
            "HANDLERS = {dict: [create]}\n",
            "`create`, which is kept to be called from elsewhere, at app/service.py:14",
        ),
        (
            "def drop(db, user_id: int):\n    db.delete(db.get(User, user_id))\n\n\nACTIONS = {'drop': drop}\n",
            "`drop`, which is kept to be called from elsewhere, at app/service.py:12",
        ),
    ],
)
def test_what_a_uuid_does_not_go_with(service: str, expected: str) -> None:
    assert reason(service).startswith(expected)


def test_obstacles_in_models_and_paths() -> None:
    check = USER.replace('"users"\n', '"users"\n    __table_args__ = (CheckConstraint("id > 0"),)\n')
    assert reason("", **{"app/user.py": "from sqlalchemy import CheckConstraint\n" + check}).startswith(
        "a check constraint"
    )
    imported = "from sqlalchemy import Index, func, select\nfrom sqlalchemy.orm import column_property\n"
    for line in (
        "__table_args__ = (Index('first', postgresql_where=(id == 1)),)",
        "first = column_property(select(func.count()).where(id == 1).scalar_subquery())",
    ):
        inside = imported + USER + f"    {line}\n"
        assert reason("", **{"app/user.py": inside}).startswith("the number `1` at app/user.py")
    joined = "    self = relationship('User', primaryjoin='and_(User.id == User.id, User.id != 1)', viewonly=True)\n"
    inside = "from sqlalchemy.orm import relationship\n" + USER + joined
    assert reason("", **{"app/user.py": inside}).startswith("a number in a `primaryjoin`")
    default = USER.replace("primary_key=True", 'primary_key=True, server_default="1"')
    assert reason("", **{"app/user.py": default}).startswith("the default of `User.id`")
    path = {
        "app/api.py": """
            from fastapi import FastAPI

            from app.user import User

            app = FastAPI()


            @app.get("/users/{user_id:int}")
            def get_user(user_id: int, db):
                return db.get(User, user_id)
            """
    }
    assert reason("", **path).startswith("a path with `:int` at app/api.py:9")


def test_what_goes_with_a_uuid() -> None:
    service = """
        import logging

        from sqlalchemy import func, select

        from app.user import User


        def show(user: User, others: list[User], db) -> str:
            logging.info("user %s", user.id)
            known = {other.id for other in others}
            count = db.scalar(select(func.count(User.id)))
            if user.id in known and count > 3:
                return f"{user.id}"
            return str(user.id)
        """
    assert KEY in convert({"app/user.py": USER, "app/service.py": service})["app/user.py"]


def test_plain_columns_filled_with_identifiers_follow() -> None:
    log = """
        from sqlalchemy.orm import Mapped, mapped_column

        from app.base import Base
        from app.user import User


        class Entry(Base):
            __tablename__ = "entries"

            code: Mapped[str] = mapped_column(primary_key=True)
            entity_id: Mapped[int | None]
            amount: Mapped[int]


        def record(user: User) -> Entry:
            return Entry(code="a", entity_id=user.id, amount=3)
        """
    after = convert({"app/user.py": USER, "app/log.py": log})["app/log.py"]
    assert "    entity_id: Mapped[uuid.UUID | None]\n    amount: Mapped[int]\n" in after


def test_tests_that_ask_for_nobody() -> None:
    test = """\
        from app.service import get_user


        def test_nobody(db, client):
            assert get_user(db, 999999) is None
            assert client.get("/users/999999").status_code == 404
        """
    service = """
        from fastapi import APIRouter

        from app.user import User

        router = APIRouter()


        @router.get("/users/{user_id}")
        def get_user(db, user_id: int):
            return db.get(User, user_id)
        """
    files = {"app/user.py": USER, "app/service.py": service, "tests/test_user.py": test}
    after = convert(files)["tests/test_user.py"]
    assert "    assert get_user(db, UUID(int=999999)) is None\n" in after
    assert '    assert client.get("/users/00000000-0000-0000-0000-0000000f423f").status_code == 404\n' in after
    literal = {**files, "tests/test_user.py": test.replace("999999", "1")}
    (found,) = findings({"app/base.py": BASE, **literal}, "FAPI201")
    assert found.message.endswith(
        "(no fix: its values go where a UUID may not fit: the number `1` at tests/test_user.py:5)"
    )


@pytest.mark.parametrize(("number", "is_fixed"), [("4", False), ("999999", True)])
def test_paths_of_routes_that_nobody_can_see(number: str, is_fixed: bool) -> None:
    service = """\
        from app.own import endpoint
        from app.user import User


        class UserView:
            @endpoint("/users/{user_id}", methods=["GET"])
            def get_user(self, user_id: int):
                return self.db.get(User, user_id)
        """
    test = f'def test_user(client):\n    assert client.get("/api/users/{number}").status_code == 404\n'
    files = {"app/user.py": USER, "app/service.py": service, "tests/test_user.py": test}
    (found,) = findings({"app/base.py": BASE, **files}, "FAPI201")
    if is_fixed:
        assert '"/api/users/00000000-0000-0000-0000-0000000f423f"' in convert(files)["tests/test_user.py"]
    else:
        assert found.message.endswith("a UUID may not fit: the path `/users/4` at tests/test_user.py:2)")


def test_the_title_says_what_is_lost() -> None:
    service = (
        "from sqlalchemy import select\n\nfrom app.user import User\n\n\n"
        "def newest(db):\n    return db.scalars(select(User).order_by(User.id.desc()))\n"
    )
    (found,) = findings({"app/base.py": BASE, "app/user.py": USER, "app/service.py": service}, "FAPI201")
    assert found.fix is not None
    assert found.fix.title == (
        "Make `User.id` a UUID in 1 file; existing rows need a data migration; "
        "ordering by the key no longer follows creation"
    )


@pytest.mark.parametrize(
    ("test", "after"),
    [
        ("assert client.get('/').json()['id'] == user.id", "== str(user.id)"),
        ("data = client.get('/').json()\n    assert user.id != data[0]['id']", "assert str(user.id) != data"),
        (
            "assert client.get('/').json() == [{'id': user.id, 'name': user.name}]",
            "{'id': str(user.id), 'name': user.name}",
        ),
        ("key = user.id\n    client.post('/', json={'user_id': key})", "json={'user_id': str(key)}"),
        ("body = {'user_id': user.id}\n    client.post('/', json=body)", "body = {'user_id': str(user.id)}"),
        (
            "new = {'n': 1}\n    client.put('/', json=new)\n    new['id'] = user.id\n    new.pop('n')\n"
            "    assert client.get('/').json() == new",
            "new['id'] = str(user.id)",
        ),
        (
            "new = client.get('/').json()\n    client.put('/', json={'a': [new['id']], 'b': user.id})",
            "{'a': [new['id']], 'b': str(user.id)}",
        ),
        ("client.get('/', params={'user_id': user.id})", "params={'user_id': user.id}"),
        ("assert client['id'] == user.id", "== user.id"),
    ],
)
def test_keys_become_text_where_tests_have_json(test: str, after: str) -> None:
    code = f"from app.user import User\n\n\ndef test_it(client, user: User):\n    {test}\n"
    files = {"app/base.py": BASE, "app/user.py": USER, "tests/test_user.py": code}
    out = fixed(files, "FAPI201", unsafe=True)
    assert "Mapped[uuid.UUID]" in out["app/user.py"]
    assert after in out["tests/test_user.py"]


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("assert client.get('/').json() == sorted([user.id])", "comparisons with JSON need `str(…)` (tests/"),
        ("assert client.get('/').json()['id'] == 1", "JSON in tests has numbers where UUIDs will be (tests/"),
        ("client.post('/', json={'id': 1})", "JSON in tests has numbers where UUIDs will be (tests/"),
        ("assert client.get('/').json()['name'] == user.name", ""),
    ],
)
def test_the_title_says_what_tests_have_in_json(test: str, said: str) -> None:
    code = f"from app.user import User\n\n\ndef test_it(client, user: User):\n    {test}\n"
    (found,) = findings({"app/base.py": BASE, "app/user.py": USER, "tests/test_user.py": code}, "FAPI201")
    assert found.fix is not None
    assert said in found.fix.title
    assert ("JSON" in found.fix.title) == bool(said)


def test_revisions_and_exempt_keys_stay() -> None:
    revision = "from app.user import User\n\n\ndef upgrade(op):\n    op.get_bind().get(User, 1)\n"
    files = {"app/base.py": BASE, "app/user.py": USER, "alembic/versions/1_x.py": revision}
    after = fixed(files, "FAPI201", unsafe=True)
    assert after["alembic/versions/1_x.py"] == revision
    assert after["app/user.py"] != USER
    assert findings(files, "FAPI201", settings=Settings(exempt={"FAPI201": ("User.id",)})) == []


BULK = {
    "app/user.py": USER,
    "app/work.py": """\
        from sqlalchemy import insert, update
        from sqlalchemy.orm import Session

        from app.user import User


        class Users:
            def __init__(self, db: Session) -> None:
                self.db = db

            def rename(self, names: dict[int, str]) -> None:
                self.db.bulk_update_mappings(User, [{"id": key, "name": name} for key, name in names.items()])


        def handed(names: dict[int, str], db: Session) -> None:
            Users(db).rename(names)


        def core(key: int, other: int, third: int, db: Session) -> None:
            rows = [{"id": key, "name": "x"}]
            db.execute(insert(User), rows)
            db.execute(update(User), [{"id": other, "name": "y"}])
            db.execute(insert(User).values([{"id": third}]))
        """,
}


def test_records_of_bulk_statements() -> None:
    work = convert(BULK)["app/work.py"]
    assert "def rename(self, names: dict[UUID, str]) -> None:" in work
    assert "def handed(names: dict[UUID, str], db: Session) -> None:" in work
    assert "def core(key: UUID, other: UUID, third: UUID, db: Session) -> None:" in work


def test_the_objects_of_a_dict_are_not_its_keys() -> None:
    service = """
def get(key: int, db, unknown):
    found = {user.id: user for user in db.scalars(select(User))}
    unknown.show(found[key])
"""
    head = "from sqlalchemy import select\n\nfrom app.user import User\n\n\n"
    after = convert({"app/user.py": USER, "app/service.py": head + service})
    assert "def get(key: UUID, db, unknown):" in after["app/service.py"]
    assert reason(service.replace("found[key]", "found")).startswith("`show`, of which nothing is known,")


@pytest.mark.parametrize(
    ("service", "after"),
    [
        (
            "def counts(db) -> dict[int, int]:\n"
            "    return dict(db.execute(select(User.id, func.count(User.name)).group_by(User.id)).all())\n",
            "dict[UUID, int]",
        ),
        (
            "def pairs(db) -> list[tuple[int, int]]:\n"
            "    return [(key, n) for key, n in db.execute(select(User.id, func.count(User.name)))]\n\n\n"
            "def counts(db) -> dict[int, int]:\n    return dict(pairs(db))\n",
            "dict[UUID, int]",
        ),
        (
            "def ids(users: list[User]) -> dict[str, int]:\n    return dict((u.name, u.id) for u in users)\n",
            "dict[str, UUID]",
        ),
        (
            "def names(users: list[User]) -> dict[int, str]:\n"
            "    found = {user.id: user.name for user in users}\n    return dict(found)\n",
            "dict[UUID, str]",
        ),
        (
            "def sizes(users: list[User]) -> dict[str, int]:\n    return dict((u.name, len(u.name)) for u in users)\n",
            "dict[str, int]",
        ),
    ],
)
def test_dicts_made_of_pairs(service: str, after: str) -> None:
    head = "from sqlalchemy import func, select\n\nfrom app.user import User\n\n\n"
    assert f") -> {after}:" in convert({"app/user.py": USER, "app/service.py": head + service})["app/service.py"]


def test_a_class_that_is_mapped_imperatively_is_no_unknown_one() -> None:
    service = """\
        from dataclasses import dataclass

        from sqlalchemy import Column, Integer, Table
        from sqlalchemy.orm import Session, registry

        from app.user import User


        @dataclass
        class Region:
            id: int


        mapper_registry = registry()
        table = Table("region", mapper_registry.metadata, Column("id", Integer, primary_key=True))
        mapper_registry.map_imperatively(Region, table)


        def get_region(db: Session, region_id: int) -> Region | None:
            return db.get(Region, region_id)


        def get_user(db: Session, user_id: int) -> User | None:
            return db.get(User, user_id)
        """
    after = convert({"app/user.py": USER, "app/service.py": service})["app/service.py"]
    assert "def get_user(db: Session, user_id: uuid.UUID)" in after
    assert "def get_region(db: Session, region_id: int)" in after


def test_objects_that_an_attribute_holds() -> None:
    service = """\
        from dataclasses import dataclass

        from app.user import User


        @dataclass
        class Visit:
            visitor: int


        class Visits:
            def __init__(self) -> None:
                self.made: list[Visit] = []

            def visitor(self, visit: Visit, db) -> User:
                self.made.append(visit)
                return db.get(User, visit.visitor)

            def of(self, one: int | None = None) -> list[Visit]:
                return [visit for visit in self.made if one in (None, visit.visitor)]
        """
    after = convert({"app/user.py": USER, "app/service.py": service})["app/service.py"]
    assert "    visitor: UUID\n" in after
    assert "def of(self, one: UUID | None = None)" in after


def test_what_a_route_answers_with() -> None:
    api = """\
        from fastapi import APIRouter
        from pydantic import BaseModel, RootModel
        from sqlalchemy import select
        from sqlalchemy.orm import Session

        from app.user import User

        router = APIRouter()


        class Whole(RootModel):
            root: list[int]


        class Short(RootModel[list[int]]): ...


        class Named(BaseModel):
            leader: int
            count: int


        @router.get("/a", response_model=list[int])
        def a(db: Session):
            return [user.id for user in db.scalars(select(User))]


        @router.get("/b", response_model=dict[int, int])
        def b(db: Session):
            return {user.id: len(user.name) for user in db.scalars(select(User))}


        @router.get("/c", response_model=Whole)
        def c(db: Session):
            return [user.id for user in db.scalars(select(User))]


        @router.get("/d", response_model=Short)
        def d(db: Session):
            return [user.id for user in db.scalars(select(User))]


        @router.get("/e", response_model=list[Named])
        def e(db: Session):
            return [{"leader": user.id, "count": 1} for user in db.scalars(select(User))]


        @router.get("/f", response_model=int)
        def f(db: Session):
            return len(db.scalars(select(User)).all())
        """
    after = convert({"app/user.py": USER, "app/api.py": api})["app/api.py"]
    assert '"/a", response_model=list[UUID])' in after
    assert '"/b", response_model=dict[UUID, int])' in after
    assert "root: list[UUID]\n" in after
    assert "class Short(RootModel[list[UUID]]): ..." in after
    assert "leader: UUID\n    count: int\n" in after
    assert '"/f", response_model=int)' in after


SCHEMA = """\
from pydantic import BaseModel


class User(BaseModel):
    id: int


class Post(BaseModel):
    user_id: int
"""


@pytest.mark.parametrize(
    ("schema", "model", "other"),
    [
        ("apps/crm/crm/schemas.py", "apps/crm/crm/models.py", "apps/shop/shop/models.py"),
        ("app/v1/schemas.py", "app/v1/models.py", "app/v2/models.py"),
        ("app/schemas.py", "app/v1/models.py", "app/v2/models.py"),
    ],
)
def test_a_model_of_the_same_name_elsewhere(schema: str, model: str, other: str) -> None:
    text = USER.replace("from app.base import Base", "from base import Base")
    uuids = text.replace("Mapped[int] = mapped_column(Integer,", "Mapped[uuid.UUID] = mapped_column(").replace(
        "from sqlalchemy import Integer", "import uuid"
    )
    files = {schema: SCHEMA, model: text, other: uuids, "base.py": BASE}
    after = fixed(files, "FAPI201", unsafe=True)
    assert KEY in after[model]
    assert after[schema].count("id: UUID") == 2


@pytest.mark.parametrize(
    "code",
    [
        "def rank():\n    return func.row_number().over(partition_by=User.id, order_by=User.name)\n",
        "def change(user: User, data: Change):\n    user.sqlmodel_update(data.model_dump(), update={'id': data.id})\n",
    ],
)
def test_what_is_known_of_libraries(code: str) -> None:
    head = (
        "from pydantic import BaseModel\nfrom sqlalchemy import func\n\nfrom app.user import User\n\n\n"
        "class Change(BaseModel):\n    id: int\n\n\n"
    )
    after = convert({"app/user.py": USER, "app/service.py": head + code})
    assert KEY in after["app/user.py"]
    assert ("id: UUID" in after["app/service.py"]) == ("Change)" in code)


@pytest.mark.parametrize("found", ["db.get(User, user_id)", "db.scalars(select(User).where(User.id == user_id)).one()"])
def test_an_object_of_which_an_attribute_is_read_at_once(found: str) -> None:
    service = f"""\
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.user import User


def get_name_service(db: Session, user_id: int) -> str:
    return {found}.name
"""
    text = convert({"app/user.py": USER, "app/service.py": service})["app/service.py"]
    assert "def get_name_service(db: Session, user_id: UUID) -> str:" in text
