"""FAPI305: secrets in what the API answers with."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings

HEAD = "from typing import Optional\nfrom pydantic import BaseModel, Field, SecretStr\n"


def leaked(text: str) -> list[str]:
    return [found.message for found in findings({"app/schemas/user.py": HEAD + text}, "FAPI305")]


@pytest.mark.parametrize(
    "field",
    [
        "password: str",
        "hashed_password: Optional[str] = None",
        "password_hash: bytes",
        "secret: str",
        "client_secret: str | None",
        "private_key: str",
        "token: str",
        "reset_token: str = Field(description='x')",
    ],
)
def test_secrets(field: str) -> None:
    assert len(leaked(f"class UserResponse(BaseModel):\n    {field}\n")) == 1


@pytest.mark.parametrize(
    "field",
    [
        "password: SecretStr",
        "password: str = Field(exclude=True)",
        "has_password: bool",
        "password_changed_at: str",
        "password: bool",
        "secretary: str",
        "access_token: str",
        "refresh_token: str",
        "next_page_token: str",
        "token_type: str",
        "tokens: int",
    ],
)
def test_what_is_no_secret(field: str) -> None:
    assert leaked(f"class UserResponse(BaseModel):\n    {field}\n") == []


@pytest.mark.parametrize("name", ["UserCreate", "UserInDB", "User"])
def test_schemas_that_are_no_response(name: str) -> None:
    assert leaked(f"class {name}(BaseModel):\n    password: str\n") == []


@pytest.mark.parametrize("name", ["TokenResponse", "LoginResponse", "UserRegisterResponse"])
def test_schemas_that_hand_out_a_token(name: str) -> None:
    assert leaked(f"class {name}(BaseModel):\n    token: str\n") == []


def test_inherited_fields_are_reported_once() -> None:
    text = (
        "class UserBase(BaseModel):\n    password: str\n"
        "class UserResponse(UserBase): ...\nclass UserAdminResponse(UserResponse): ...\n"
    )
    (message,) = leaked(text)
    assert "inherits from `UserBase`" in message


def test_an_override_hides_the_field() -> None:
    text = "class UserBase(BaseModel):\n    password: str\nclass UserResponse(UserBase):\n    password: SecretStr\n"
    assert leaked(text) == []


def test_a_schema_that_routes_answer_with() -> None:
    text = (
        "from fastapi import APIRouter\nrouter = APIRouter()\nclass User(BaseModel):\n    password: str\n"
        "@router.get('/users', response_model=list[User])\ndef get_users(): ...\n"
    )
    (message,) = leaked(text)
    assert "GET /users" in message


@pytest.mark.parametrize(("field", "number"), [("pin", 1), ("card_pin", 1), ("pin_code", 0), ("spin", 0)])
def test_names_of_a_team(field: str, number: int) -> None:
    files = {"app/schemas/user.py": f"{HEAD}class UserResponse(BaseModel):\n    {field}: str\n"}
    settings = Settings(conventions=Conventions(secret_names=("pin",)))
    assert len(findings(files, "FAPI305", settings=settings)) == number
