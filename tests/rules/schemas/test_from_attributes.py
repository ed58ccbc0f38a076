"""FAPI301: response schemas read the attributes of objects."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Settings
from fapi_lint.config.versions import Versions, parse_constraint
from fapi_lint.fix.edit import Applicability
from fapi_lint.testing import findings, fixed

CODE = "FAPI301"
HEAD = "from pydantic import BaseModel, ConfigDict\n"


def names(text: str, head: str = HEAD, **options: object) -> list[str]:
    found = findings({"app/main.py": head + text}, CODE, **options)  # type: ignore[arg-type]
    return [finding.message.split("`")[1] for finding in found]


def after(text: str, head: str = HEAD) -> str:
    return fixed({"app/schemas/user.py": head + text}, CODE)["app/schemas/user.py"].removeprefix(head)


@pytest.mark.parametrize(
    "text",
    [
        "class UserCreate(BaseModel): ...",
        "class User(BaseModel): ...",
        "class UserResponse: ...",
        "class UserOut(BaseModel): ...",  # no schema folder, no model
        "class UserResponse(BaseModel):\n    model_config = make()",
        "class UserResponse(BaseModel, from_attributes=True): ...",
        "from pydantic_settings import BaseSettings\nclass UserResponse(BaseSettings): ...",
        "from pydantic import RootModel\nclass NamesResponse(RootModel[list[str]]): ...",
        "from sqlmodel import SQLModel\nclass UserResponse(SQLModel): ...",
        "from elsewhere import Base\nclass UserResponse(Base, BaseModel): ...",
        "class Base(BaseModel):\n    model_config = ConfigDict(from_attributes=True)\nclass UserResponse(Base): ...",
    ],
)
def test_look_alikes(text: str) -> None:
    assert names(text) == []


def test_by_use_and_nesting() -> None:
    text = """
from fastapi import FastAPI
app = FastAPI()
class Tag(BaseModel): ...
class Post(BaseModel):
    tags: list[Tag]
class Token(BaseModel): ...
class Body(BaseModel): ...
@app.get("/", response_model=list[Post])
def f(body: Body): ...
@app.post("/")
def g() -> Token: ...
"""
    assert names(text) == ["Tag", "Post", "Token"]


def test_the_arguments_of_a_generic_base_are_parts() -> None:
    text = """
from typing import Generic, TypeVar
from pydantic import RootModel
T = TypeVar("T")
class Page(BaseModel, Generic[T]):
    items: list[T]
class Brief(BaseModel): ...
class Created(BaseModel): ...
class Deleted(BaseModel): ...
class Briefs(Page[Brief]): ...
class EventResponse(RootModel[Created | Deleted]): ...
class BriefsResponse(BaseModel):
    page: Briefs
"""
    assert names(text) == ["Brief", "Created", "Deleted", "Briefs", "BriefsResponse"]


def test_other_endings_where_schemas_are() -> None:
    out = {"app/schemas/user.py": HEAD + "class UserOut(BaseModel): ...\nclass UserIn(BaseModel): ..."}
    assert [found.row for found in findings(out, CODE)] == [2]


def test_schema_alone_says_nothing() -> None:
    text = (
        HEAD
        + "class BaseSchema(BaseModel): ...\nclass TimestampSchema(BaseSchema): ...\nclass UserSchema(BaseSchema): ..."
    )
    model = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): ...\n"
    model += "class User(Base):\n    __tablename__ = 'user'\n"
    assert [f.row for f in findings({"app/schemas/user.py": text, "app/models.py": model}, CODE)] == [4]


def test_a_schema_that_requests_have_as_their_body_is_no_response_by_name() -> None:
    text = """
from fastapi import FastAPI
from sqlalchemy.orm import DeclarativeBase
class Base(DeclarativeBase): ...
class User(Base):
    __tablename__ = "users"
class UserSchema(BaseModel): ...
class UserResponse(BaseModel): ...
app = FastAPI()
@app.post("/users", response_model=UserResponse)
def f(body: UserSchema): ...
"""
    assert names(text) == ["UserResponse"]
    both = text.replace("response_model=UserResponse", "response_model=UserSchema")
    assert names(both) == ["UserSchema", "UserResponse"]
    inside = text.replace("body: UserSchema", "body: Team") + "class Team(BaseModel):\n    users: list[UserSchema]\n"
    assert names(inside) == ["UserResponse"]


def test_pydantic_1_is_left_alone() -> None:
    text = "from pydantic import BaseModel\nclass UserResponse(BaseModel): ...\n"
    assert names(text, "", versions=Versions(pydantic=parse_constraint("^1.10"))) == []
    assert names(text, "", versions=Versions(fastapi=parse_constraint("==0.65.2"))) == []
    assert names(text.replace("pydantic", "pydantic.v1"), "") == []
    orm = "class Other(BaseModel):\n    class Config:\n        orm_mode = True\n"
    assert names(text + orm, "") == []


def test_tests_and_exempt_names_are_left_alone() -> None:
    text = HEAD + "class UserResponse(BaseModel): ...\n"
    assert not findings({"tests/schemas.py": text}, CODE)
    assert not findings({"app/main.py": text}, CODE, settings=Settings(exempt={CODE: ("User*",)}))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (
            "class UserResponse(BaseModel):\n    id: int  # key\n\n    @property\n    def x(self): ...\n",
            "class UserResponse(BaseModel):\n    id: int  # key\n\n"
            "    model_config = ConfigDict(from_attributes=True)\n\n    @property\n    def x(self): ...\n",
        ),
        (
            'class UserResponse(BaseModel):\n    """Doc."""\n',
            'class UserResponse(BaseModel):\n    """Doc."""\n\n    model_config = ConfigDict(from_attributes=True)\n',
        ),
        (
            "class UserResponse(BaseModel):\n    pass\n",
            "class UserResponse(BaseModel):\n    model_config = ConfigDict(from_attributes=True)\n",
        ),
        (
            'class UserResponse(BaseModel):\n    model_config = ConfigDict(extra="forbid")\n    id: int\n',
            'class UserResponse(BaseModel):\n    model_config = ConfigDict(extra="forbid", from_attributes=True)\n'
            "    id: int\n",
        ),
        (
            'class UserResponse(BaseModel):\n    model_config = {\n        "extra": "forbid",  # why\n    }\n',
            'class UserResponse(BaseModel):\n    model_config = {\n        "extra": "forbid",  # why\n'
            '        "from_attributes": True,\n    }\n',
        ),
        (
            "class UserResponse(BaseModel):\n    model_config = {}\n",
            'class UserResponse(BaseModel):\n    model_config = {"from_attributes": True}\n',
        ),
        (
            'shared = {"extra": "forbid"}\nclass UserResponse(BaseModel):\n    model_config = shared\n',
            'shared = {"extra": "forbid"}\nclass UserResponse(BaseModel):\n'
            "    model_config = ConfigDict(**shared, from_attributes=True)\n",
        ),
        (
            'class UserResponse(BaseModel):\n    id: int\n    class Config:\n        extra = "forbid"\n',
            'class UserResponse(BaseModel):\n    id: int\n    class Config:\n        extra = "forbid"\n'
            "        from_attributes = True\n",
        ),
        (
            "class UserResponse(BaseModel):\n    x: ConfigDict\n    class Config:\n        orm_mode = True\n",
            "class UserResponse(BaseModel):\n    x: ConfigDict\n    class Config:\n        from_attributes = True\n",
        ),
        (
            "class UserResponse(BaseModel):\n    id: int\n\n\nclass AdminResponse(UserResponse):\n    x: int\n",
            "class UserResponse(BaseModel):\n    id: int\n\n    model_config = ConfigDict(from_attributes=True)\n\n\n"
            "class AdminResponse(UserResponse):\n    x: int\n",
        ),
        (
            "class UserResponse(BaseModel):\n    if FLAG:\n        id: int\n",
            "class UserResponse(BaseModel):\n    if FLAG:\n        id: int\n\n"
            "    model_config = ConfigDict(from_attributes=True)\n",
        ),
    ],
)
def test_where_the_setting_goes(before: str, expected: str) -> None:
    assert after(before) == expected


def test_false_is_somebodys_decision() -> None:
    text = HEAD + "class UserResponse(BaseModel):\n    model_config = ConfigDict(from_attributes=False)\n"
    (found,) = findings({"app/main.py": text}, CODE)
    assert found.fix is None
    assert found.message.endswith(" (no fix: `from_attributes=False` is written there)")


def test_a_base_that_says_so_in_old_terms_gets_the_setting() -> None:
    base = "class UserInDBBase(BaseModel):\n    id: int\n    class Config:\n        {setting} = True\n"
    text = base + "class UserResponse(UserInDBBase): ...\n"
    assert after(text.format(setting="orm_mode")) == text.format(setting="from_attributes")


@pytest.mark.parametrize("shared", ["K = {'title': 'a'}\nK = {**K, 'frozen': True}\n", "K = K | {'title': 'a'}\n"])
def test_a_configuration_that_is_made_of_itself(shared: str) -> None:
    assert names(f"{shared}class UserResponse(BaseModel):\n    model_config = K\n") == []


@pytest.mark.parametrize(
    ("field", "applicability"),
    [
        ("Public | Secret", Applicability.UNSAFE),
        ("list[Union[Public, Secret, None]]", Applicability.UNSAFE),
        ("dict[str, Public | int]", Applicability.SAFE),
        ("Secret | None", Applicability.SAFE),
    ],
)
def test_of_several_that_a_field_may_be_another_may_be_read(field: str, applicability: Applicability) -> None:
    text = (
        "from typing import Union\n\n\nclass Public(BaseModel):\n    model_config = ConfigDict(from_attributes=True)\n"
        "\n\nclass SecretResponse(BaseModel):\n    key: str\n\n\nclass Secret(SecretResponse): ...\n"
        f"\n\nclass HolderResponse(BaseModel):\n    model_config = ConfigDict(from_attributes=True)\n    it: {field}\n"
    )
    found = findings({"app/schemas.py": HEAD + text}, "FAPI301")
    assert {each.fix and each.fix.applicability for each in found} == {applicability}
