from __future__ import annotations

import pytest

from fapi_lint.config.versions import Bounds, Versions
from fapi_lint.testing import findings, fixed

HEAD = """from http import HTTPStatus

import fastapi
from fastapi import HTTPException, status
from starlette.exceptions import HTTPException as StarletteException


"""


def application(call: str) -> dict[str, str]:
    return {"app/api/deps.py": f"{HEAD}def deny(code, options):\n    raise {call}\n"}


def after(call: str, **versions: Bounds) -> str:
    text = fixed(application(call), "FAPI407", versions=Versions(**versions))["app/api/deps.py"]
    return text.removeprefix(HEAD).partition("raise ")[2].rstrip("\n")


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('HTTPException(404, "No user")', 'HTTPException(status_code=404, detail="No user")'),
        ('HTTPException(404, detail="No user")', 'HTTPException(status_code=404, detail="No user")'),
        ('HTTPException(404, "a", {"x": "y"})', 'HTTPException(status_code=404, detail="a", headers={"x": "y"})'),
        ('HTTPException((404), ("No " "user"))', 'HTTPException(status_code=(404), detail=("No " "user"))'),
        ('HTTPException(code, "x")', 'HTTPException(status_code=code, detail="x")'),
        ('HTTPException(404, "x", **options)', 'HTTPException(status_code=404, detail="x", **options)'),
        ("HTTPException(404, **options)", "HTTPException(status_code=404, **options)"),
        ("HTTPException(404)", 'HTTPException(status_code=404, detail="Not Found")'),
        (
            "HTTPException(status.HTTP_403_FORBIDDEN)",
            'HTTPException(status_code=status.HTTP_403_FORBIDDEN, detail="Forbidden")',
        ),
        (
            'HTTPException(status_code=HTTPStatus.CONFLICT, headers={"a": "b"})',
            'HTTPException(status_code=HTTPStatus.CONFLICT, detail="Conflict", headers={"a": "b"})',
        ),
        (
            "fastapi.HTTPException(status_code=HTTPStatus.GONE.value)",
            'fastapi.HTTPException(status_code=HTTPStatus.GONE.value, detail="Gone")',
        ),
        ('StarletteException(404, "x")', 'StarletteException(status_code=404, detail="x")'),
        (
            'HTTPException(\n        404,  # as the others\n        "x",\n    )',
            'HTTPException(\n        status_code=404,  # as the others\n        detail="x",\n    )',
        ),
        (
            "HTTPException(\n        status_code=404,  # as the others\n    )",
            'HTTPException(\n        status_code=404,  # as the others\n        detail="Not Found",\n    )',
        ),
        ("HTTPException(code)", "HTTPException(status_code=code)"),  # nobody knows the phrase
    ],
)
def test_arguments_are_named(call: str, expected: str) -> None:
    assert after(call) == expected


@pytest.mark.parametrize(
    "call",
    [
        'HTTPException(status_code=404, detail="x")',
        "HTTPException(status_code=404, detail=None)",
        "HTTPException(**options)",
        "HTTPException(*options)",
        "HTTPException(status_code=404, **options)",
        "HTTPException",
        "ValueError(404)",
    ],
)
def test_look_alikes_are_silent(call: str) -> None:
    assert findings(application(call), "FAPI407") == []


@pytest.mark.parametrize(
    ("call", "lacking"),
    [
        ("HTTPException()", "`status_code=` and `detail=`"),
        ('HTTPException(detail="x")', "`status_code=`"),
        ("HTTPException(status_code=499)", "`detail=`"),
    ],
)
def test_what_nobody_knows_is_not_added(call: str, lacking: str) -> None:
    (found,) = findings(application(call), "FAPI407")
    assert found.fix is None
    assert f": pass {lacking} (no fix: " in found.message


@pytest.mark.parametrize(
    ("call", "unnamed"),
    [
        ('HTTPException(404, detail="x")', "`status_code=`"),
        ('HTTPException(404, "x")', "`status_code=` and `detail=`"),
        ('HTTPException(404, "x", {})', "`status_code=` and `detail=` and `headers=`"),
    ],
)
def test_what_is_named_already_is_not_asked_for(call: str, unnamed: str) -> None:
    (found,) = findings(application(call), "FAPI407")
    assert found.message.endswith(f": name {unnamed}")


def test_what_is_named_and_what_is_not_added() -> None:
    (found,) = findings(application("HTTPException(499)"), "FAPI407")
    assert found.fix is not None
    assert ": name `status_code=` and `detail=` (not added: " in found.message


def test_a_subclass_is_called_by_its_name() -> None:
    text = "from fastapi import HTTPException\n\n\nclass Gone(HTTPException): ...\n\n\nraise Gone(410)\n"
    (found,) = findings({"app/main.py": text}, "FAPI407")
    assert found.message.startswith("`Gone` with positional arguments")


def test_a_status_that_is_assigned_twice_is_not_known() -> None:
    files = {
        "app/a.py": """
            from fastapi import HTTPException, status

            def deny(known):
                code = status.HTTP_401_UNAUTHORIZED
                if known:
                    code = status.HTTP_403_FORBIDDEN
                raise HTTPException(status_code=code)
        """
    }
    (found,) = findings(files, "FAPI407")
    assert found.fix is None


def test_phrases_follow_the_version_of_python() -> None:
    call = "HTTPException(422)"
    assert after(call) == "HTTPException(status_code=422)"
    assert "Unprocessable Entity" in after(call, python=Bounds((3, 11), (3, 13)))
    assert "Unprocessable Content" in after(call, python=Bounds((3, 13), None))


def test_subclasses() -> None:
    files = {
        "app/exceptions.py": """
            from fastapi import HTTPException

            class Plain(HTTPException):
                pass

            class Own(HTTPException):
                def __init__(self, name):
                    super().__init__(404, f"No {name}")

            def deny():
                raise Plain(404, "x")

            def miss():
                raise Own("user")
        """
    }
    assert [f.row for f in findings(files, "FAPI407")] == [12]


def test_tests_are_left_alone() -> None:
    assert findings({"tests/test_a.py": HEAD + 'error = HTTPException(404, "x")\n'}, "FAPI407") == []


def test_goes_together_with_status_constants() -> None:
    after = fixed(application("HTTPException(404)"), ["FAPI403", "FAPI407"])["app/api/deps.py"]
    assert 'HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail="Not Found")' in after


@pytest.mark.parametrize(
    ("call", "title"),
    [
        ("HTTPException(404)", "Name the arguments"),
        ("HTTPException(status_code=404)", "Write the `detail` that is sent anyway"),
    ],
)
def test_the_title_says_what_is_done(call: str, title: str) -> None:
    (found,) = findings(application(call), "FAPI407")
    assert found.fix is not None
    assert found.fix.title == title
