"""FAPI304: constrained types that calls make accept the same as what replaces them."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fapi_lint.config.versions import Bounds, Versions
from fapi_lint.testing import findings, fixed

PATH = "app/schemas/user.py"
TWO = Versions(pydantic=Bounds(lowest=(2, 7)))
IMPORTS = (
    "from typing import Dict, List, Optional, Union\n\nfrom pydantic import BaseModel, Field, conbytes, condate, "
    "condecimal, confloat, conint, conlist, conset, constr\n\n\n"
)


def schema(field: str) -> str:
    return f"{IMPORTS}class User(BaseModel):\n    {field}\n"


def after(field: str) -> str:
    result = fixed({PATH: schema(field)}, "FAPI304", versions=TWO)[PATH]
    return result.partition("class User(BaseModel):\n    ")[2].removesuffix("\n")


def json_schema(text: str) -> Any:
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, PATH, "exec", dont_inherit=True), names)
    return names["User"].model_json_schema()


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("a: constr(max_length=5)", "a: str = Field(max_length=5)"),
        ("a: constr(max_length=5) = 'x'", "a: str = Field(default='x', max_length=5)"),
        ("a: constr(max_length=5) = Field(alias='b')", "a: str = Field(alias='b', max_length=5)"),
        ("a: Optional[constr(max_length=5)] = None", "a: Optional[str] = Field(default=None, max_length=5)"),
        ("a: conint(gt=1, le=(9))", "a: int = Field(gt=1, le=(9))"),
        ("a: confloat(multiple_of=0.5, allow_inf_nan=False)", "a: float = Field(multiple_of=0.5, allow_inf_nan=False)"),
        ("a: conlist(int, min_length=1)", "a: list[int] = Field(min_length=1)"),
        ("a: conlist(item_type=int, max_length=2) = []", "a: list[int] = Field(default=[], max_length=2)"),
        ("a: conset(str, min_length=1)", "a: set[str] = Field(min_length=1)"),
        ("a: conbytes(max_length=2)", "a: bytes = Field(max_length=2)"),
        ("a: constr(strict=True)", "a: str = Field(strict=True)"),
        ("a: constr()", "a: str"),
        ("a: conlist(constr(max_length=1))", "a: list[Annotated[str, Field(max_length=1)]]"),
        ("a: List[constr(max_length=1)]", "a: List[Annotated[str, Field(max_length=1)]]"),
        ("a: Dict[constr(max_length=1), conint(ge=1)]", None),
        ("a: constr(max_length=5) | int", "a: Annotated[str, Field(max_length=5)] | int"),
        ("a: Union[constr(max_length=5), int]", "a: Union[Annotated[str, Field(max_length=5)], int]"),
        ("a: constr(to_lower=True)", "a: Annotated[str, StringConstraints(to_lower=True)]"),
        ("a: condecimal(max_digits=3, decimal_places=1)", "a: Decimal = Field(max_digits=3, decimal_places=1)"),
    ],
)
def test_the_same_values_are_accepted(before: str, expected: str | None) -> None:
    result = after(before)
    assert expected is None or result == expected
    text = fixed({PATH: schema(before)}, "FAPI304", versions=TWO)[PATH]
    assert json_schema(text) == json_schema(schema(before))
    assert findings({PATH: text}, "FAPI304", versions=TWO) == []


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("a: constr(regex='^a$')", "a: str = Field(pattern='^a$')"),
        ("a: conlist(int, min_items=1, max_items=2)", "a: list[int] = Field(min_length=1, max_length=2)"),
        ("a: condate(gt=TODAY)", "a: date = Field(gt=TODAY)"),
    ],
)
def test_arguments_of_pydantic_1(before: str, expected: str) -> None:
    assert after(before) == expected


def test_parameters() -> None:
    text = IMPORTS + "def find(page: conint(ge=1) = 1, name: Optional[constr(max_length=5)] = None): ...\n"
    assert [f.message for f in findings({PATH: text}, "FAPI304", versions=TWO)] == [
        "`conint()` makes the type of the parameter `page`, where `Field` serves",
        "`constr()` makes the type of the parameter `name`, where `Field` serves",
    ]
    line = "def find(page: Annotated[int, Field(ge=1)] = 1, name: Optional[Annotated[str, Field(max_length=5)]] = None)"
    assert line in fixed({PATH: text}, "FAPI304", versions=TWO)[PATH]


def test_aliases_of_a_module() -> None:
    text = f"{IMPORTS}Name = constr(max_length=5)\n\n\nclass User(BaseModel):\n    name: Name\n"
    result = fixed({PATH: text}, "FAPI304", versions=TWO)[PATH]
    assert "Name = Annotated[str, Field(max_length=5)]" in result
    assert json_schema(result) == json_schema(text)


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("a: conlist(int, unique_items=True)", "nothing in place of `unique_items`"),
        ("a: constr(max_length=5) = Field('', max_length=3)", "its field says `max_length` once more"),
        ("a: constr(curtail_length=3)", "nothing in place of `curtail_length`"),
        ("a: constr(**LIMITS)", "cannot be seen"),
        ("a: constr(\n        max_length=5,  # as the column\n    )", "comment"),
        ("str = 1\n    a: constr(max_length=5)", "means something else"),
    ],
)
def test_what_cannot_be_replaced_says_why(field: str, reason: str) -> None:
    (found,) = findings({PATH: schema(field)}, "FAPI304", versions=TWO)
    assert found.fix is None
    assert reason in found.message


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        (schema("a: constr(max_length=5)"), Versions()),
        (schema("a: constr(max_length=5)"), Versions(pydantic=Bounds((1, 10), (2,)))),
        (schema("a: constr(max_length=5)").replace("from pydantic", "from pydantic.v1"), TWO),
        (
            "from pydantic import BaseModel\nfrom app.types import constr\nclass A(BaseModel):\n    a: constr(x=5)\n",
            TWO,
        ),
        (schema("a: int"), TWO),
    ],
)
def test_look_alikes(text: str, versions: Versions) -> None:
    assert findings({PATH: text}, "FAPI304", versions=versions) == []


def test_imports_follow() -> None:
    text = "import pydantic as p\n\n\nclass User(p.BaseModel):\n    a: p.constr(max_length=5)\n"
    result = fixed({PATH: text}, "FAPI304", versions=TWO)[PATH]
    assert result == text.replace("p.constr(max_length=5)", "str = p.Field(max_length=5)")


TYPES = st.sampled_from(["constr(%smin_length=1%s)", "conlist(%sint,%smin_length=1)", "conint(%sge=1,%sle=5%s)"])


@settings(max_examples=40, deadline=None)
@given(
    TYPES,
    st.sampled_from(["", " ", "\n        "]),
    st.sampled_from(["%s", "Optional[%s]", "%s | None", "Optional[ %s ]", "List[%s]"]),
    st.sampled_from(["", " = None", " = Field(None)", " = Field(\n        None,\n        title='A',\n    )"]),
    st.sampled_from(["  # why", "  # type: ignore"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_layout(call: str, space: str, around: str, default: str, comment: str, newline: str) -> None:
    field = "a: " + around % call.replace("%s", space) + default + comment
    text = schema(field).replace("\n", newline)
    result = fixed({PATH: text}, "FAPI304", versions=TWO)[PATH]
    assert "con" + "str(" not in result
    assert result.count(comment) == text.count(comment)
    assert json_schema(result) == json_schema(text)
