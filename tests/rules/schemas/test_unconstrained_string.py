"""FAPI303: strings of any length in the bodies of requests."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

PATH = "app/schemas/user.py"
HEAD = (
    "import re\nfrom enum import Enum\nfrom typing import Annotated, Literal, Optional, Union\n"
    "from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints\n"
    "from pydantic import constr, field_validator, validator\n"
)
ALIASES = (
    "Shown = Annotated[str, Field(description='x')]\nShort = Annotated[str, Field(max_length=3)]\n"
    "Endless = Annotated[Endless, 'x']\n"
)
MODEL = """\
from sqlalchemy import String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

LENGTH = 80

class Base(DeclarativeBase): ...

class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    nick: Mapped[str | None] = mapped_column(String(length=LENGTH))
    bio: Mapped[str] = mapped_column(Text)
"""


def names(body: str) -> list[str]:
    return [f.message.split("`")[1] for f in findings({PATH: HEAD + body}, "FAPI303")]


def one(field: str, owner: str = "UserCreate(BaseModel)") -> list[str]:
    return names(f"{ALIASES}class {owner}:\n    {field}\n")


@pytest.mark.parametrize(
    "field",
    [
        "name: str",
        "name: 'str'",
        "name: str | None = None",
        "name: Optional[str] = None",
        "name: Union[str, None]",
        "name: str = 'x'",
        "name: str = Field(..., description='who', alias='n')",
        "name: Annotated[str, Field(description='who')]",
        "name: Annotated[str | None, Field(description='who')] = None",
        "name: Shown | None",
    ],
)
@pytest.mark.parametrize(
    "owner",
    ["UserCreate", "UserUpdate", "CreateUser", "UserCreateSchema", "FAQCreate"],
)
def test_plain_strings(field: str, owner: str) -> None:
    assert one(field, f"{owner}(BaseModel)") == [f"{owner}.name"]


@pytest.mark.parametrize(
    "field",
    [
        "name: EmailStr",
        "name: EmailStr | None = None",
        "name: Literal['a', 'b']",
        "name: constr(max_length=5)",
        "name: Optional[constr(max_length=5)]",
        "name: Annotated[str, StringConstraints(max_length=5)]",
        "name: Annotated[str, Field(pattern='a')] | None",
        "name: Annotated[str, check]",
        "name: str = Field(min_length=1)",
        "name: str = Field(**common)",
        "name: str = limited()",
        "name: int",
        "name: str | int",
        "name: list[str]",
        "name: Unknown",
        "name: Short",
        "name: Endless",
        "name: Annotated[str, Field(description='x')] = Field(max_length=3)",
    ],
)
def test_what_is_constrained_or_no_string(field: str) -> None:
    assert one(field) == []


@pytest.mark.parametrize("owner", ["UserResponse", "UserBase", "UserIn", "UserFilter", "Create", "Recreate"])
def test_other_schemas(owner: str) -> None:
    assert one("name: str", f"{owner}(BaseModel)") == []


@pytest.mark.parametrize(
    "more",
    [
        "@field_validator('name')\n    def check(cls, v): return v",
        "@field_validator('*', mode='before')\n    def check(cls, v): return v",
        "@validator('other', 'name')\n    def check(cls, v): return v",
        "check = validator('name', allow_reuse=True)(strip)",
        "model_config = ConfigDict(str_max_length=10)",
    ],
)
def test_the_class_constrains_it(more: str) -> None:
    assert one(f"name: str\n    {more}") == []


def test_a_validator_of_another_field_does_not() -> None:
    assert one("name: str\n    @field_validator('other')\n    def check(cls, v): return v") == ["UserCreate.name"]


def test_inherited_fields_are_reported_once_where_they_are_written() -> None:
    text = (
        "class UserBase(BaseModel):\n    name: str\n    nick: str\n    bio: str\n"
        "class UserCreate(UserBase):\n    nick: str = Field(max_length=3)\n"
        "class UserUpdate(UserBase):\n    bio: Optional[str] = None\n"
    )
    found = findings({PATH: HEAD + text}, "FAPI303")
    assert [(f.row - 5, f.message.split(" takes")[0]) for f in found] == [
        (2, "`UserBase.name`, which `UserCreate` inherits,"),
        (3, "`UserBase.nick`, which `UserUpdate` inherits,"),
        (4, "`UserBase.bio`, which `UserCreate` inherits,"),
        (8, "`UserUpdate.bio`"),
    ]


def test_what_a_route_answers_with_is_no_body() -> None:
    text = """
from fastapi import APIRouter
router = APIRouter()
class TokenCreateSchema(BaseModel):
    raw: str
@router.post("/tokens", response_model=TokenCreateSchema)
def create_token(): ...
"""
    assert names(text) == []


def test_settings_that_a_schema_inherits() -> None:
    text = """
from pydantic_settings import BaseSettings
class Editable(BaseModel):
    url: str
class Settings(Editable, BaseSettings): ...
class UpdateSettings(Editable): ...
"""
    assert names(text) == []


def test_columns_are_left_to_the_rule_for_columns() -> None:
    text = (
        "from sqlmodel import SQLModel\nclass ItemBase(SQLModel):\n    title: str\n"
        "class ItemCreate(ItemBase): ...\nclass Item(ItemBase, table=True): ...\n"
    )
    assert names(text) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: str", "name: str = Field(max_length=50)"),
        ("name: str  # who", "name: str = Field(max_length=50)  # who"),
        ("name: str | None = None", "name: str | None = Field(default=None, max_length=50)"),
        ("nick: str = Field(description='x')", "nick: str = Field(description='x', max_length=80)"),
        ("nick: Annotated[str, Field(alias='x')]", "nick: Annotated[str, Field(alias='x', max_length=80)]"),
        ("nick: Annotated[str, Field(alias='x')] = 'a'", "nick: Annotated[str, Field(alias='x', max_length=80)] = 'a'"),
    ],
)
def test_the_limit_is_that_of_the_column(before: str, after: str) -> None:
    head = HEAD + "class UserCreate(BaseModel):\n    "
    files = {PATH: f"{head}{before}\n", "app/models/user.py": MODEL}
    assert fixed(files, "FAPI303")[PATH] == files[PATH]
    assert fixed(files, "FAPI303", unsafe=True)[PATH] == f"{head}{after}\n"


def test_the_limit_of_what_a_base_is_named_after() -> None:
    schemas = "class UserSchemaBase(BaseModel):\n    name: str\n\nclass UpdateUserParam(UserSchemaBase):\n    pass\n"
    files = {PATH: HEAD + schemas, "app/models/user.py": MODEL}
    assert "    name: str = Field(max_length=50)\n" in fixed(files, "FAPI303", unsafe=True)[PATH]


@pytest.mark.parametrize("field", ["bio: str", "password: str"])
def test_without_a_length_there_is_no_fix(field: str) -> None:
    files = {PATH: f"{HEAD}class UserCreate(BaseModel):\n    {field}\n", "app/models/user.py": MODEL}
    (found,) = findings(files, "FAPI303")
    assert found.fix is None
    assert "no column with a length" in found.message


def test_a_sqlmodel_schema_gets_its_own_field() -> None:
    files = {PATH: "from sqlmodel import SQLModel\n\nclass UserCreate(SQLModel):\n    name: str\n", "app/m.py": MODEL}
    assert fixed(files, "FAPI303", unsafe=True)[PATH].startswith("from sqlmodel import Field, SQLModel\n")


def test_a_schema_of_pydantic_1_gets_the_field_of_that() -> None:
    base = "from pydantic.v1 import BaseModel\n\nclass Schema(BaseModel): ...\n"
    text = "from app.schemas.base import Schema\n\nclass UserCreate(Schema):\n    name: str\n"
    files = {PATH: text, "app/schemas/base.py": base, "app/m.py": MODEL}
    assert fixed(files, "FAPI303", unsafe=True)[PATH].startswith("from pydantic.v1 import Field\n")


@pytest.mark.parametrize("name", ["CreateUserRequest", "UserCreateDTO"])
@pytest.mark.parametrize("method", ["post", "get"])
def test_other_names_count_as_the_body_of_requests_that_write(name: str, method: str) -> None:
    route = f"""
from fastapi import APIRouter
router = APIRouter()
class {name}(BaseModel):
    name: str
@router.{method}("/users")
def users(user: {name}): ...
"""
    found = findings({PATH: HEAD + route, "app/models/user.py": MODEL}, "FAPI303")
    assert [one.message.split("`")[1] for one in found] == [f"{name}.name"] * (method == "post")


def test_the_length_may_come_from_the_registry() -> None:
    model = MODEL.replace("Base): ...", "Base):\n    type_annotation_map = {str: String(60)}").replace("String(50)", "")
    files = {PATH: HEAD + "class UserCreate(BaseModel):\n    name: str\n", "app/models/user.py": model}
    assert "name: str = Field(max_length=60)" in fixed(files, "FAPI303", unsafe=True)[PATH]


def test_the_length_of_an_alias_goes_before_that_of_its_class() -> None:
    model = MODEL.replace("Base): ...", "Base):\n    type_annotation_map = {str: String(60), short: String(30)}")
    model = model.replace("Mapped[str] = mapped_column(String(50))", "Mapped[short]")
    model = "from typing import Annotated\nshort = Annotated[str, 30]\n" + model
    files = {PATH: HEAD + "class UserCreate(BaseModel):\n    name: str\n", "app/models/user.py": model}
    assert "name: str = Field(max_length=30)" in fixed(files, "FAPI303", unsafe=True)[PATH]


def test_the_column_of_what_a_request_creates() -> None:
    route = "@router.put('/users')\ndef users(user: CreateUserRequest): ...\n"
    text = (
        HEAD
        + "from fastapi import APIRouter\nrouter = APIRouter()\nclass CreateUserRequest(BaseModel):\n    name: str\n"
    )
    files = {PATH: text + route, "app/models/user.py": MODEL}
    assert "name: str = Field(max_length=50)" in fixed(files, "FAPI303", unsafe=True)[PATH]


def test_schemas_of_fastapi_users() -> None:
    text = "from fastapi_users import schemas\nclass UserCreate(schemas.BaseUserCreate):\n    name: str\n"
    assert len(findings({PATH: text}, "FAPI303")) == 1
