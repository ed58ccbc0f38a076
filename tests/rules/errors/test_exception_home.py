from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings


def test_one_finding_for_both_violations() -> None:
    files = {"app/services/quota.py": "class QuotaExceeded(Exception):\n    pass\n"}
    assert [f.at for f in findings(files, "FAPI601")] == [("app/services/quota.py", 1)]


def test_names_count_in_the_right_file_too() -> None:
    files = {"app/core/exceptions.py": "class EmailTaken(Exception): ...\nclass EmailTakenException(EmailTaken): ...\n"}
    assert [f.row for f in findings(files, "FAPI601")] == [1]


def test_a_package_of_that_name_is_the_place() -> None:
    files = {"src/app/core/exceptions/http.py": "class ConflictException(Exception): ...\n"}
    assert findings(files, "FAPI601") == []


@pytest.mark.parametrize(
    "text",
    [
        "class Problem: ...\n",
        "class OldWarning(UserWarning): ...\n",
        "class _StopHere(Exception): ...\n",
        "class Stop(BaseException): ...\n",
        "def f():\n    class Local(Exception): ...\n",
    ],
)
def test_what_is_no_exception_of_the_application(text: str) -> None:
    assert findings({"app/a.py": text}, "FAPI601") == []


def test_inherited_through_the_application_and_from_libraries() -> None:
    files = {
        "app/core/exceptions.py": "class AppException(Exception): ...\n",
        "app/a.py": """
            from fastapi import HTTPException
            from httpx import HTTPStatusError
            from app.core.exceptions import AppException

            class AException(AppException): ...
            class BException(HTTPException): ...
            class CException(HTTPStatusError): ...
        """,
    }
    assert [f.row for f in findings(files, "FAPI601")] == [6, 7, 8]


@pytest.mark.parametrize("path", ["tests/helpers.py", "scripts/load.py", "app/tests/test_a.py"])
def test_only_in_the_application(path: str) -> None:
    assert findings({path: "class Failed(Exception): ...\n"}, "FAPI601") == []


def test_options() -> None:
    files = {"app/errors.py": "class MissingException(Exception): ...\nclass LegacyError(Exception): ...\n"}
    settings = Settings(conventions=Conventions(exceptions_file="errors.py"), exempt={"FAPI601": ("Legacy*",)})
    assert findings(files, "FAPI601", settings=settings) == []


def test_another_ending() -> None:
    files = {"app/core/exceptions.py": "class MissingError(Exception): ...\nclass MissingException(Exception): ...\n"}

    def found(suffix: str) -> list[str]:
        settings = Settings(conventions=Conventions(exception_suffix=suffix))
        return [f.message for f in findings(files, "FAPI601", settings=settings)]

    assert found("Error") == ["Exception `MissingException` is not called `…Error`"]
    assert found("") == [], "any"


def test_several_homes() -> None:
    error = "class MissingException(Exception): ...\n"
    files = {"app/core/exceptions.py": error, "app/errors/shop.py": error, "app/main.py": error}

    def found(*homes: str) -> list[tuple[str, str]]:
        settings = Settings(conventions=Conventions(exceptions_file=homes))
        return [(f.path, f.message) for f in findings(files, "FAPI601", settings=settings)]

    message = "Exception `MissingException` is defined outside of `core/exceptions.py` and `errors.py`"
    assert found("core/exceptions.py", "errors.py") == [("app/main.py", message)]
    assert found() == [], "nowhere in particular"
