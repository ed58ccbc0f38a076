"""Schemas, their fields and configuration."""

from __future__ import annotations

import pytest

from fapi_lint.config.versions import Versions, parse_constraint
from fapi_lint.project.schemas import Schema
from fapi_lint.testing import application

HEAD = "from pydantic import BaseModel, ConfigDict, Field\n"


def schema(text: str, name: str = "User", versions: Versions | None = None) -> Schema:
    project = application({"app/schemas.py": HEAD + text}, versions=versions)
    return project.schemas.by_name[name][0]


def test_what_is_a_schema() -> None:
    project = application(
        {
            "app/base.py": "from pydantic import BaseModel as PydanticModel\nclass Base(PydanticModel): ...",
            "app/all.py": """
                from typing import Generic, TypeVar
                from pydantic import BaseModel, RootModel
                from pydantic_settings import BaseSettings
                from sqlalchemy.orm import DeclarativeBase
                from sqlmodel import Field, SQLModel
                from app.base import Base
                T = TypeVar("T")
                class User(Base): ...
                class Page(BaseModel, Generic[T]): ...
                class UserPage(Page[User]): ...
                class Names(RootModel[list[str]]): ...
                class HeroBase(SQLModel): ...
                class Hero(HeroBase, table=True):
                    id: int = Field(primary_key=True)
                class Settings(BaseSettings): ...
                class Mapped(DeclarativeBase): ...
                class Plain: ...
                """,
        }
    )
    assert {s.name for s in project.schemas.all} == {"Base", "User", "Page", "UserPage", "Names", "HeroBase"}
    assert project.schemas.by_name["Page"][0].is_generic
    assert project.schemas.by_name["Names"][0].is_root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class User(BaseModel): ...", False),
        ("class User(BaseModel):\n    model_config = ConfigDict(from_attributes=True)", True),
        ('class User(BaseModel):\n    model_config = {"from_attributes": True}', True),
        ("class User(BaseModel):\n    model_config = dict(from_attributes=True)", True),
        ("class User(BaseModel):\n    model_config: ClassVar = ConfigDict(from_attributes=True)", True),
        ("shared = ConfigDict(from_attributes=True)\nclass User(BaseModel):\n    model_config = shared", True),
        ("class User(BaseModel):\n    model_config = make()", None),
        ("class User(BaseModel):\n    model_config = ConfigDict(**make())", None),
        ("class User(BaseModel, from_attributes=True): ...", True),
        ("class User(BaseModel):\n    class Config:\n        from_attributes = True", True),
        ("class User(BaseModel):\n    class Config:\n        orm_mode = True", False),
        ("class A(BaseModel):\n    model_config = ConfigDict(from_attributes=True)\nclass User(A): ...", True),
        (
            "class A(BaseModel):\n    model_config = ConfigDict(from_attributes=True)\n"
            "class User(A):\n    model_config = ConfigDict(extra='forbid')",
            True,
        ),
        (
            "class A(BaseModel):\n    model_config = ConfigDict(from_attributes=True)\n"
            "class User(A):\n    model_config = ConfigDict(from_attributes=False)",
            False,
        ),
        (
            "class A(BaseModel):\n    model_config = ConfigDict(from_attributes=True)\n"
            "class User(BaseModel):\n    model_config = ConfigDict(**A.model_config, extra='forbid')",
            True,
        ),
        (
            "class A(BaseModel):\n    class Config:\n        from_attributes = True\n"
            "class User(BaseModel):\n    class Config(A.Config):\n        extra = 'forbid'",
            True,
        ),
        ("from elsewhere import Base\nclass User(Base, BaseModel): ...", None),
    ],
)
def test_from_attributes(text: str, expected: bool | None) -> None:
    assert schema(text).from_attributes is expected


def test_orm_mode_counts_in_pydantic_1() -> None:
    text = "class User(BaseModel):\n    class Config:\n        orm_mode = True"
    assert schema(text, versions=Versions(pydantic=parse_constraint("^1.10"))).from_attributes is True


def test_fields() -> None:
    user = schema(
        """
LENGTH = 50
Name = Annotated[str, Field(max_length=20)]
class Base(BaseModel):
    name: Name | None = None
    email: str = Field(..., max_length=LENGTH)
class User(Base):
    model_config = ConfigDict()
    kind: ClassVar[str] = "user"
    _private: int = 0
    nick: constr(max_length=5)
    plain: str
""".replace("LENGTH = 50", "from typing import Annotated, ClassVar\nfrom pydantic import constr\nLENGTH = 50")
    )
    assert [f.name for f in user.own_fields] == ["nick", "plain"]
    assert {name: f.limit("max_length") for name, f in user.fields.items()} == {
        "nick": 5,
        "plain": None,
        "name": 20,
        "email": 50,
    }


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("UserResponse", "response"),
        ("UserOut", "response"),
        ("UserAdminOut", "response"),
        ("UserInDB", "in-db"),
        ("UserIn", "create"),
        ("CreateUser", "create"),
        ("CreateUserResponse", "response"),
        ("UserCreateSchema", None),
        ("UserSchema", "response"),
        ("Created", None),
        ("Admin", None),
        ("Response", None),
    ],
)
def test_roles(name: str, role: str | None) -> None:
    assert application({}).schemas.role_of(name) == role


def test_responses_by_use_and_nesting() -> None:
    project = application(
        {
            "app/main.py": HEAD
            + """
from fastapi import FastAPI
from typing import Annotated, Generic, Literal, Optional, TypeVar
app = FastAPI()
T = TypeVar("T")
class Tag(BaseModel): ...
class Author(BaseModel): ...
class Input(BaseModel): ...
class Meta(BaseModel): ...
class Post(BaseModel):
    tags: dict[str, "Tag"]
    author: Annotated[Optional[Author], Field()]
class Page(BaseModel, Generic[T]):
    items: list[T]
Posts = Page[Post]
@app.get("/posts", response_model=Posts)
def get_posts(): ...
@app.post("/posts")
def create_post(post: Input) -> "Meta | None": ...
"""
        }
    )
    assert {s.name for s in project.schemas.responses} == {"Post", "Page", "Tag", "Author", "Meta"}
