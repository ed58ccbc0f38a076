"""Which obstacle a finding names: the nearest one, and only what values of that very key may meet."""

from __future__ import annotations

import pytest

from fapi_lint.config.versions import Versions, parse_constraint
from fapi_lint.testing import findings

MODELS = """
from typing import Annotated

from pydantic import BaseModel
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Key = Annotated[int, "a key"]


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Post(Base):
    __tablename__ = "post"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


class UserRead(BaseModel):
    id: int


class PostRead(BaseModel):
    id: int
"""
HEAD = "from sqlalchemy.orm import Session\n\nfrom app.models import Key, Post, PostRead, User, UserRead\n\n\n"


def reasons(code: str, models: str = MODELS) -> dict[str, str]:
    """What the findings say after `no fix`, by the key; empty for what has one."""
    files = {"app/models.py": models, "app/work.py": HEAD + code}
    found = findings(files, "FAPI201")
    return {each.message.split("`")[1]: each.message.partition("(no fix: ")[2].rstrip(")") for each in found}


@pytest.mark.parametrize(
    "kind",
    ["str", "str | None", "float", "bool", "User", "UserRead", "Optional[str]"],
)
def test_what_passes_through_the_same_annotated_parameter_stays_apart(kind: str) -> None:
    code = (
        "from typing import Optional\n\n\n"
        f"def show(value: {kind}):\n    return value\n\n\n"
        "def run(user: User, post: Post):\n    show(user.id)\n    show(post.title)\n    use(post.title)\n\n\n"
        "def use(text):\n    return text + 1\n"
    )
    found = reasons(code)
    assert "the annotation" in found["User.id"] or not found["User.id"]
    assert found["Post.id"] == ""


def test_a_parameter_without_an_annotation_joins() -> None:
    code = (
        "def show(value):\n    return value\n\n\n"
        "def run(user: User, post: Post):\n    print(show(user.id) + 1)\n    show(post.id)\n"
    )
    found = reasons(code)
    assert (
        found["User.id"]
        == found["Post.id"]
        == "its values go where a UUID may not fit: a calculation at app/work.py:11"
    )


def test_each_key_has_the_nearest_reason() -> None:
    code = (
        "def show(value):\n    return value\n\n\n"
        "def run(user: User, post: Post):\n    show(user.id)\n    show(post.id)\n\n\n"
        "def early(post: Post):\n    return post.id * 2\n\n\n"
        "def late(user: User):\n    return user.id * 2\n"
    )
    found = reasons(code)
    assert found["Post.id"].endswith("a calculation at app/work.py:16")
    assert found["User.id"].endswith("a calculation at app/work.py:20")


def test_an_alias_that_others_share_is_named() -> None:
    models = MODELS.replace(
        "class UserRead(BaseModel):\n    id: int", "class UserRead(BaseModel):\n    id: Key"
    ).replace("class PostRead(BaseModel):\n    id: int", "class PostRead(BaseModel):\n    id: Key")
    code = (
        "def one(user: User):\n    return UserRead(id=user.id)\n\n\n"
        "def other(post: Post):\n    return PostRead(id=post.id)\n\n\n"
        "def late(user: User):\n    return user.id * 2\n"
    )
    found = reasons(code, models)
    assert found["User.id"] == "its values go where a UUID may not fit: a calculation at app/work.py:15"
    assert found["Post.id"] == (
        "its type `Key` is also that of values that go where a UUID may not fit: a calculation at app/work.py:15"
    )


def test_a_row_of_names_and_keys_stays_a_row() -> None:
    code = (
        "def run(users: list[User], posts: list[Post]):\n"
        "    print([[user.name, user.id] for user in users])\n    print([[post.title, post.id] for post in posts])\n"
        "    print([[post.id, post.title] for post in posts][0])\n"
    )
    assert reasons(code) == {"User.id": "", "Post.id": ""}


def test_a_keyword_that_the_function_does_not_take() -> None:
    code = "def get(id: int):\n    return id\n\n\ndef run(user: User):\n    return get(user_id=user.id)\n"
    assert reasons(code)["User.id"].endswith("`user_id=`, which `get` does not take, at app/work.py:11")
    code = code.replace("id: int", "id: int, **rest").replace("return id", "return id, rest")
    assert reasons(code)["User.id"].endswith("`**` of `get` at app/work.py:11")


def test_an_unknown_method_of_an_object_gives_no_object() -> None:
    code = (
        "def run(user: User):\n"
        "    made = user.make()\n    made.get('name')\n    made.update({'id': 'text', 'name': made['id']})\n"
    )
    assert reasons(code)["User.id"] == ""


def test_an_attribute_of_a_class_is_no_value() -> None:
    code = (
        "from collections.abc import Sequence\n\nfrom sqlalchemy import select\nfrom sqlalchemy.orm import load_only\n"
        "from sqlalchemy.orm.attributes import QueryableAttribute\n\n\n"
        "def run(db: Session, only: Sequence[QueryableAttribute]):\n"
        "    return db.scalars(select(User).options(load_only(*only))).all()\n\n\n"
        "def all(db: Session):\n    return run(db, [User.id])\n"
    )
    assert reasons(code)["User.id"] == ""


@pytest.mark.parametrize(("version", "reason"), [("==1.4", True), (">=2.0", False)])
def test_sqlite_takes_no_uuid_of_the_old_sqlalchemy(version: str, reason: bool) -> None:
    code = (
        "from sqlalchemy import Column, Integer, create_engine\nfrom sqlalchemy.orm import declarative_base\n\n"
        'engine = create_engine("sqlite:///app.db")\nBase = declarative_base()\n\n\n'
        'class User(Base):\n    __tablename__ = "user"\n    id = Column(Integer, primary_key=True)\n'
    )
    versions = Versions(sqlalchemy=parse_constraint(version))
    (found,) = findings({"app/models.py": code}, "FAPI201", versions=versions)
    assert ("SQLite, which has no UUIDs before SQLAlchemy 2.0, at app/models.py:4" in found.message) is reason
    assert (found.fix is None) is reason


def test_arguments_of_dataclasses_are_for_the_fields_of_their_constructor() -> None:
    models = (
        "from sqlalchemy import ForeignKey\n"
        "from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column\n\n\n"
        "class Base(MappedAsDataclass, DeclarativeBase):\n    pass\n\n\n"
        "class Numbered(MappedAsDataclass):\n"
        "    id: Mapped[int] = mapped_column(primary_key=True, init=False)\n    author: Mapped[str]\n\n\n"
        'class Post(Numbered, Base):\n    __tablename__ = "post"\n'
        '    parent_id: Mapped[int | None] = mapped_column(ForeignKey("post.id"))\n    title: Mapped[str]\n'
    )
    code = "from app.models import Post\n\n\ndef reply(to: Post, author: str) -> Post:\n    return Post({}, 'Re')\n"
    for given, is_fixed in (("author, to.id", True), ("to.id, None", False)):
        (found,) = findings({"app/models.py": models, "app/work.py": code.format(given)}, "FAPI201")
        assert (found.fix is not None) is is_fixed, found.message
