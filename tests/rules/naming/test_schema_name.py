"""FAPI106: schemas of a resource are named by role."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, SchemaSuffixes, Settings
from fapi_lint.testing import findings, fixed
from fapi_lint.testing.harness import Found

MODEL = """
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

    class Base(DeclarativeBase): ...

    class User(Base):
        __tablename__ = "user"
        id: Mapped[int] = mapped_column(primary_key=True)
"""
IMPORT = "from pydantic import BaseModel\n"
ROUTES = "from fastapi import APIRouter\nfrom app.schemas.tag import *\nrouter = APIRouter(prefix='/tags')\n"


def reported(*classes: str, model: str = MODEL, routes: str = "", settings: Settings | None = None) -> list[Found]:
    text = IMPORT + "".join(f"class {class_}:\n    value: str\n" for class_ in classes)
    files = {"app/schemas/user.py": text, "app/models/user.py": model, "app/api/users.py": routes}
    return findings(files, "FAPI106", settings=settings)


def expected(*classes: str, **options: str) -> dict[str, str]:
    """Name to better name, of those that are reported."""
    messages = [found.message.split("`") for found in reported(*classes, **options)]  # type: ignore[arg-type]
    return {message[1]: message[3] for message in messages}


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("UserRead", "UserResponse"),
        ("UserOut", "UserResponse"),
        ("UserPublic", "UserResponse"),
        ("UserSchema", "UserResponse"),
        ("UserIn", "UserCreate"),
        ("UserPatch", "UserUpdate"),
        ("CreateUser", "UserCreate"),
        ("UpdateUser", "UserUpdate"),
        ("UserCreateSchema", "UserCreate"),
        ("CreateUserSchema", "UserCreate"),
        ("UserReadSchema", "UserResponse"),
    ],
)
def test_synonyms(name: str, better: str) -> None:
    assert expected(f"{name}(BaseModel)") == {name: better}


def test_an_ending_that_says_how_it_arrives_is_no_part_of_the_resource() -> None:
    assert expected("CreateUserRequest(BaseModel)", "UpdateUserRequest(BaseModel)", "UserCreateDTO(BaseModel)") == {}
    model = MODEL.replace("class User(", "class UserData(")
    assert expected("CreateUserData(BaseModel)", model=model) == {"CreateUserData": "UserDataCreate"}


@pytest.mark.parametrize(
    "name",
    [
        "UserBase",
        "UserCreate",
        "UserUpdate",
        "UserResponse",
        "UserInDB",
        "User",
        "UserDetail",
        "UserFilter",
        "UserCreateOut",
        "UserUpdateIn",
        "CreateUserResponse",
        "UserAdminOut",
        "UsersPublic",
        "Token",
        "TokenOut",
        "LoginIn",
        "AddressSchema",
        "UpdatePassword",
        "Schema",
        "UUIDSchema",
        "Createuser",
    ],
)
def test_other_names_are_silent(name: str) -> None:
    assert expected(f"{name}(BaseModel)") == {}


def test_no_schemas_are_silent() -> None:
    settings = "from pydantic_settings import BaseSettings\nclass UserRead(BaseSettings): ...\nclass UserOut: ...\n"
    generic = (
        f"{IMPORT}from typing import Generic, TypeVar\nT = TypeVar('T')\nclass UserOut(BaseModel, Generic[T]): ...\n"
    )
    files = {
        "app/models/user.py": MODEL,
        "app/a.py": settings,
        "app/b.py": generic,
        "tests/c.py": f"{IMPORT}class UserIn(BaseModel): ...",
    }
    assert findings(files, "FAPI106") == []


def test_a_family_of_schemas_is_a_resource() -> None:
    assert expected("TagCreate(BaseModel)", "TagOut(BaseModel)") == {"TagOut": "TagResponse"}
    assert expected("CreateTag(BaseModel)", "UpdateTag(BaseModel)") == {
        "CreateTag": "TagCreate",
        "UpdateTag": "TagUpdate",
    }
    assert expected("TagIn(BaseModel)", "TagPatch(BaseModel)", "TagOut(BaseModel)").keys() == {
        "TagIn",
        "TagPatch",
        "TagOut",
    }


def test_what_goes_in_and_comes_out_is_no_family() -> None:
    assert expected("ScoreIn(BaseModel)", "ScoreOut(BaseModel)") == {}
    assert expected("TagOut(BaseModel)", "TagRead(BaseModel)") == {}


def test_two_for_one_name() -> None:
    first, second = reported("UserRead(BaseModel)", "UserSchema(BaseModel)")
    assert first.fix is None
    assert second.fix is None
    assert (
        first.message
        == "Schema `UserRead` should be called `UserResponse` (no fix: `UserSchema` should be called so too)"
    )


@pytest.mark.parametrize("first", ["TagOut", "Tag"])
def test_a_name_for_the_one_with_more_claim_to_it(first: str) -> None:
    schemas = f"class {first}(BaseModel):\n    id: int\nclass TagDetail({first}): ...\n"
    routes = (
        f"@router.get('', response_model=list[{first}])\nasync def many(): ...\n"
        "@router.get('/{tag_id}', response_model=TagDetail)\nasync def one(): ...\n"
    )
    found = findings({"app/schemas/tag.py": IMPORT + schemas, "app/api/tags.py": ROUTES + routes}, "FAPI106")
    assert [each.fix is not None for each in found] == [True, False]
    assert found[1].message.endswith(f"(no fix: `{first}` should be called so too)")


def test_a_resource_that_is_called_like_a_role() -> None:
    files = {
        "app/schemas/answer.py": IMPORT + "class Response(BaseModel):\n    id: int\n",
        "app/api/responses.py": "from fastapi import APIRouter\nfrom app.schemas.answer import Response\n"
        "router = APIRouter(prefix='/responses')\n"
        "@router.get('/{response_id}', response_model=Response)\nasync def one(): ...\n",
    }
    assert findings(files, "FAPI106") == []


def test_a_name_that_exists() -> None:
    (found,) = reported("UserRead(BaseModel)", "UserResponse(BaseModel)")
    assert found.fix is None
    assert found.message.endswith("(no fix: `UserResponse` exists)")


def test_the_title_speaks_of_openapi() -> None:
    (found,) = reported("UserRead(BaseModel)")
    assert found.fix is not None
    assert found.fix.title == (
        "Rename `UserRead` to `UserResponse` in 1 file; the component in OpenAPI and client types change too"
    )


def of_routes(schemas: str, routes: str) -> dict[str, str]:
    found = findings({"app/schemas/tag.py": IMPORT + schemas, "app/api/tags.py": ROUTES + routes}, "FAPI106")
    return {each.message.split("`")[1]: each.message.split("`")[3] for each in found}


@pytest.mark.parametrize("model", ["{}", "list[{}]", "{} | None"])
@pytest.mark.parametrize("name", ["Tag", "TagStored", "TagDetail"])
@pytest.mark.parametrize("path", ["", "/{tag_id}"])
def test_response_models_of_crud_routes(model: str, name: str, path: str) -> None:
    schemas = f"class {name}(BaseModel):\n    id: int\n"
    for route in (
        "@router.get('{0}', response_model={1})\nasync def f(): ...\n",
        "@router.get('{0}')\nasync def f() -> {1}: ...\n",
    ):
        assert of_routes(schemas, route.format(path, model.format(name))) == {name: "TagResponse"}


def test_what_contains_parts_of_the_resource() -> None:
    schemas = "class TagOut(BaseModel):\n    id: int\n    lines: list['TagLineOut']\n"
    schemas += "class TagLineOut(BaseModel):\n    id: int\n"
    routes = "@router.get('', response_model=TagOut)\nasync def f(): ...\n"
    assert of_routes(schemas, routes) == {"TagOut": "TagResponse"}


@pytest.mark.parametrize(
    ("schemas", "routes"),
    [
        ("class Tag(BaseModel):\n    id: int\n", "@router.get('')\nasync def f(): ...\n"),
        ("class Tag(BaseModel):\n    id: int\n", "@router.get('', response_model=Page[Tag])\nasync def f(): ...\n"),
        ("class Tag(BaseModel):\n    id: int\n", "@router.get('/popular', response_model=Tag)\nasync def f(): ...\n"),
        ("class Token(BaseModel):\n    id: int\n", "@router.get('', response_model=Token)\nasync def f(): ...\n"),
        ("class TagMerge(BaseModel):\n    x: int\n", "@router.post('', response_model=TagMerge)\nasync def f(): ...\n"),
        (
            "class TagPage(BaseModel):\n    id: int\n    items: 'list[TagInDB]'\n"
            "class TagInDB(BaseModel):\n    id: int\n",
            "@router.get('', response_model=TagPage)\nasync def f(): ...\n",
        ),
        (
            "class TagShareTokenSummary(BaseModel):\n    id: int\n",
            "@router.get('', response_model=TagShareTokenSummary)\nasync def f(): ...\n",
        ),
    ],
)
def test_other_response_models_are_silent(schemas: str, routes: str) -> None:
    assert of_routes(schemas, routes) == {}


def test_what_creating_answers_with_is_no_body() -> None:
    schemas = "class TagBase(BaseModel):\n    id: int\nclass TagUpdate(TagBase): ...\nclass CreateTag(TagBase): ...\n"
    assert of_routes(schemas, "@router.post('', response_model=CreateTag)\nasync def f(): ...\n") == {}
    assert of_routes(schemas, "@router.post('')\nasync def f(tag: CreateTag): ...\n") == {"CreateTag": "TagCreate"}


def test_what_an_answer_contains_is_no_body() -> None:
    schemas = (
        "class TagIn(BaseModel):\n    url: str\nclass TagUpdate(BaseModel): ...\n"
        "class TagBase(BaseModel):\n    id: int\n"
        "class Post(BaseModel):\n    tags: list[TagIn]\n"
    )
    assert of_routes(schemas, "@router.get('/x', response_model=Post)\nasync def f(): ...\n") == {}
    create = schemas.replace("TagIn", "CreateTag")
    assert of_routes(create, "@router.get('/x', response_model=Post)\nasync def f(): ...\n") == {
        "CreateTag": "TagCreate"
    }
    assert of_routes(schemas, "@router.post('/x')\nasync def f(post: Post): ...\n") == {"TagIn": "TagCreate"}


def test_a_schema_that_handlers_take_only() -> None:
    schemas = "class TagBase(BaseModel):\n    id: int\nclass TagUpdate(TagBase): ...\nclass TagSchema(TagBase): ...\n"
    assert of_routes(schemas, "@router.post('')\nasync def f(tag: TagSchema): ...\n") == {"TagSchema": "TagCreate"}
    assert of_routes(schemas, "@router.post('/x')\n@router.put('/y')\nasync def f(tag: TagSchema): ...\n") == {}


@pytest.mark.parametrize("tags", ["list[TagSchema]", "'TagSchema | None'", "list['Label']"])
def test_a_schema_in_what_handlers_take_is_not_only_a_response(tags: str) -> None:
    schemas = (
        "class TagBase(BaseModel):\n    id: int\nclass TagUpdate(TagBase): ...\nclass TagSchema(TagBase): ...\n"
        f"class Label(BaseModel):\n    tag: TagSchema\nclass Post(BaseModel):\n    tags: {tags}\n"
    )
    answers = "@router.get('/x', response_model=Post)\nasync def f(): ...\n"
    takes = "@router.post('/x')\nasync def g(post: Post): ...\n"
    assert of_routes(schemas, answers) == {"TagSchema": "TagResponse"}
    assert of_routes(schemas, answers + takes) == {}
    one = "@router.get('/y', response_model=TagSchema)\nasync def h(): ...\n"
    files = {"app/schemas/tag.py": IMPORT + schemas, "app/api/tags.py": ROUTES + takes + one}
    (found,) = findings(files, "FAPI106")
    assert found.message.endswith("(no fix: handlers take it as well, so that it is not only a response)")


def test_a_schema_that_is_a_base_of_others_is_left_alone() -> None:
    schemas = (
        "class TagSchema(BaseModel):\n    id: int\nclass TagUpdate(TagSchema): ...\nclass TagCreate(TagSchema): ...\n"
    )
    assert of_routes(schemas, "") == {}


def test_references_follow() -> None:
    files = {
        "app/models/user.py": MODEL,
        "app/schemas/user.py": f"{IMPORT}\n\nclass UserOut(BaseModel):\n    friends: 'list[UserOut]'\n",
        "app/schemas/__init__.py": "from .user import UserOut as UserOut\n\n__all__ = ('UserOut',)\n",
        "app/api/users.py": (
            "from app import schemas\n\n\nasync def f(users: 'list[schemas.UserOut]') -> schemas.UserOut:\n"
            "    return schemas.UserOut.model_validate(users[0])\n"
        ),
    }
    after = fixed(files, "FAPI106", unsafe=True)
    for path in list(files)[1:]:
        assert after[path] == files[path].replace("UserOut", "UserResponse")


def test_conventions_and_exemptions() -> None:
    conventions = Conventions(schema_suffixes=SchemaSuffixes(response="Read"), schema_synonyms={"Response": "response"})
    (found,) = reported("UserRead(BaseModel)", "UserResponse(BaseModel)", settings=Settings(conventions=conventions))
    assert "`UserRead`" in found.message
    assert reported("UserOut(BaseModel)", settings=Settings(exempt={"FAPI106": ("User*",)})) == []
