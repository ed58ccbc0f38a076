"""FAPI107: schemas that should share what the Base schema of their resource has."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fapi_lint.testing import findings, fixed

PATH = "app/schemas/user.py"
HEAD = (
    "from typing import Generic, Optional, TypeVar\n\n"
    "from pydantic import BaseModel, ConfigDict, EmailStr, field_validator\n"
)
BASE = "\n\nclass UserBase(BaseModel):\n    name: str\n    email: EmailStr\n"


def messages(text: str) -> list[str]:
    return [found.message for found in findings({PATH: HEAD + text}, "FAPI107")]


def after(text: str, base: str = BASE) -> str:
    return fixed({PATH: HEAD + base + text}, "FAPI107", unsafe=True)[PATH].partition(base)[2]


@pytest.mark.parametrize(
    "text",
    [
        BASE + "\n\nclass UserCreate(UserBase):\n    age: int\n",
        BASE + "\n\nclass UserUpdate(UserBase):\n    name: Optional[str] = None\n    email: EmailStr = 'a@b.de'\n",
        BASE + "\n\nclass Create(UserBase): ...\n\nclass UserResponse(Create):\n    age: int\n",
        BASE + "\n\nclass UserRead(BaseModel):\n    name: str\n",
        BASE + "\n\nclass PostCreate(BaseModel):\n    name: str\n",
        BASE + "\n\nclass UserCreate:\n    name: str\n",
        "\n\nclass UserCreate(BaseModel):\n    name: str\n\n\nclass UserBase(UserCreate): ...\n",
        "\n\nT = TypeVar('T')\n\n\nclass UserBase(BaseModel, Generic[T]):\n    name: T\n\n\n"
        "class UserResponse(BaseModel):\n    name: str\n",
        "\n\nclass UserCreate(BaseModel):\n    name: str\n",
        BASE + "\n\nclass UserCreate(UserBase):\n    name: str\n    '''Under which others see them.'''\n",
        BASE + "\n\nclass Named(UserBase):\n    name: int\n\n\nclass UserCreate(Named):\n    name: str\n",
    ],
)
def test_what_is_right_or_not_meant(text: str) -> None:
    assert messages(text) == []


def test_a_base_in_another_file_counts_if_there_is_one_only() -> None:
    create = HEAD + "class UserCreate(BaseModel):\n    name: str\n    email: EmailStr\n"
    files = {PATH: create, "app/schemas/base.py": HEAD + BASE}
    assert [found.at for found in findings(files, "FAPI107")] == [(PATH, 4)]
    result = fixed(files, "FAPI107", unsafe=True)[PATH]
    assert "from app.schemas.base import UserBase\n" in result
    assert result.endswith("class UserCreate(UserBase):\n    pass\n")
    assert "EmailStr" not in result
    assert findings({**files, "app/schemas/other.py": HEAD + BASE}, "FAPI107") == []


def test_a_base_of_another_application_or_version_is_none() -> None:
    create = "\n\nclass UserCreate(BaseModel):\n    name: str\n    email: EmailStr\n"
    one, other = HEAD + BASE, HEAD + create
    assert findings({"app/v1/schemas/user.py": one, "app/v2/schemas/user.py": other}, "FAPI107")
    complete = one + "\n\nclass UserCreate(UserBase): ...\n"
    assert not findings({"app/v1/schemas/user.py": complete, "app/v2/schemas/user.py": other}, "FAPI107")
    packages = {"apps/crm/src/crm/__init__.py": "", "apps/shop/src/shop/__init__.py": ""}
    files = {"apps/crm/src/crm/schemas.py": one, "apps/shop/src/shop/schemas.py": other}
    assert not findings({**files, **packages}, "FAPI107")


def test_nothing_is_imported_in_a_circle() -> None:
    create = HEAD + "class UserCreate(BaseModel):\n    name: str\n    email: EmailStr\n"
    files = {PATH: create, "app/schemas/base.py": "from app.schemas.user import UserCreate\n" + HEAD + BASE}
    (found,) = findings(files, "FAPI107")
    assert found.fix is None
    assert "close a cycle" in found.message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BASE + "\n\nclass UserResponse(BaseModel):\n    name: str\n", "it would gain `email`"),
        (
            BASE + "\n    @field_validator('name')\n    def check(cls, v): return v\n\n\n"
            "class UserCreate(BaseModel):\n    name: str\n    email: EmailStr\n",
            "the validators of `UserBase`",
        ),
        (
            BASE + "    model_config = ConfigDict(extra='forbid')\n\n\n"
            "class UserCreate(BaseModel):\n    name: str\n    email: EmailStr\n",
            "the configuration of `UserBase`",
        ),
        ("\n\nclass UserCreate(BaseModel):\n    name: str\n    email: EmailStr\n" + BASE, "defined below"),
        (
            BASE + "\n\nclass Person(BaseModel):\n    name: str\n\n\nclass UserCreate(Person):\n    email: EmailStr\n",
            "no base of it is one of `UserBase`",
        ),
    ],
)
def test_what_cannot_be_derived_says_why(text: str, reason: str) -> None:
    (found,) = findings({PATH: HEAD + text}, "FAPI107")
    assert found.fix is None
    assert reason in found.message


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("class UserCreate(UserBase):\n    name: str\n    age: int\n", "class UserCreate(UserBase):\n    age: int\n"),
        (
            "class UserCreate(UserBase):\n    name : str\n\n    email: EmailStr\n",
            "class UserCreate(UserBase):\n    pass\n",
        ),
        (
            "class UserCreate(UserBase):\n    name: str  # shown\n    age: int\n",
            "class UserCreate(UserBase):\n    # shown\n    age: int\n",
        ),
        ("class UserCreate(UserBase):\n    name: str  # shown\n", "class UserCreate(UserBase):\n    pass  # shown\n"),
        (
            'class UserCreate(UserBase):\n    """New."""\n\n    name: str\n    email: EmailStr\n\n    age: int\n',
            'class UserCreate(UserBase):\n    """New."""\n\n    age: int\n',
        ),
        (
            "class UserUpdate(BaseModel):\n    name: Optional[str] = None\n    email: EmailStr\n",
            "class UserUpdate(UserBase):\n    name: Optional[str] = None\n",
        ),
        (
            "class M: ...\n\n\nclass UserUpdate(M, BaseModel):\n    name: str\n    email: EmailStr\n    age: int\n",
            "class M: ...\n\n\nclass UserUpdate(M, UserBase):\n    age: int\n",
        ),
    ],
)
def test_fields_come_from_the_base(before: str, expected: str) -> None:
    assert after("\n\n" + before) == "\n\n" + expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("name: str; email: EmailStr\n    age: int", "age: int"),
        ("name: str; email: EmailStr;\n    age: int", "age: int"),
        ("age: int; name: str; email: EmailStr", "age: int"),
        ("age: int; name: str; email: EmailStr; x: int", "age: int; x: int"),
        ("name: str; email: EmailStr; x: int", "x: int"),
        ("name: str; age: int; email: EmailStr", "age: int"),
        ("name: str; email: EmailStr", "pass"),
    ],
)
def test_fields_that_share_a_line(body: str, expected: str) -> None:
    assert after(f"\n\nclass UserCreate(BaseModel):\n    {body}\n") == (
        f"\n\nclass UserCreate(UserBase):\n    {expected}\n"
    )
    if "\n" not in body:
        assert after(f"\n\nclass UserCreate(BaseModel): {body}\n") == f"\n\nclass UserCreate(UserBase): {expected}\n"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["name: str", "email: EmailStr", "age: int = 1", "name: Optional[str] = None", "x = 1"]),
            st.sampled_from(["", "  # comment", "\n", "\n    # own line"]),
        ),
        min_size=1,
        unique_by=lambda item: item[0].partition(":")[0],
    ),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_layout(body: list[tuple[str, str]], documented: bool, newline: str) -> None:
    lines = ['"""Documented."""\n'] if documented else []
    text = HEAD + BASE + "\n\nclass UserCreate(UserBase):\n"
    text += "".join(f"    {line}\n" for line in [*lines, *(field + comment for field, comment in body)])
    result = fixed({PATH: text.replace("\n", newline)}, "FAPI107", unsafe=True)[PATH]
    own = result.partition("class UserCreate(UserBase):")[2]
    assert own.count("#") == text.count("#")
    assert ("age" in own, "x = 1" in own) == ("age" in text, "x = 1" in text)
    assert "name: str" not in own
    assert "email" not in own
