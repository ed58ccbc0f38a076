"""FAPI801: files with tests are called `test_*.py` and are below `tests/`."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings, fixed

TEST = "def test_one():\n    assert 1\n"


def places(files: dict[str, str], settings: Settings | None = None) -> list[tuple[str, int]]:
    return [found.at for found in findings(files, "FAPI801", settings=settings)]


@pytest.mark.parametrize(
    ("path", "better"),
    [
        ("tests/user_checks.py", "tests/test_user_checks.py"),
        ("tests/user_test.py", "tests/test_user.py"),
        ("tests/api/users.py", "tests/api/test_users.py"),
        ("tests/TestUsers.py", "tests/test_users.py"),
        ("tests/users/tests.py", "tests/users/test_users.py"),
        ("app/user_test.py", "app/test_user.py"),
        ("app/user/tests.py", "app/user/test_user.py"),
        ("my-app/tests.py", "my-app/test_my_app.py"),
    ],
)
def test_other_names_are_mended(path: str, better: str) -> None:
    files = {path: TEST}
    assert places(files) == [(path, 1)]
    assert fixed(files, "FAPI801", unsafe=True) == {better: TEST}


@pytest.mark.parametrize(
    "text",
    [
        TEST,
        "async def test_one(): ...\n",
        "class TestUsers:\n    def test_one(self): ...\n",
        "import unittest\n\n\nclass Users(unittest.TestCase):\n    def test_one(self): ...\n",
        "import pytest\n\n\n@pytest.mark.slow\ndef test_one(): ...\n",
    ],
)
def test_all_kinds_of_tests_count(text: str) -> None:
    assert places({"tests/users.py": text}) == [("tests/users.py", 1)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/test_users.py", TEST),
        ("tests/api/test_users.py", TEST),
        ("tests/conftest.py", TEST),
        ("tests/__init__.py", TEST),
        ("tests/helpers.py", "def make(): ...\n"),
        ("tests/helpers.py", "import pytest\n\n\n@pytest.fixture\ndef test_user(): ...\n"),
        ("tests/helpers.py", "class UserTests:\n    def test_one(self): ...\n"),
        ("tests/helpers.py", "class TestClient:\n    def get(self): ...\n"),
        ("tests/helpers.py", "class TestCase:\n    __test__ = False\n    def test_one(self): ...\n"),
        ("tests/helpers.py", "router = make()\n\n\n@router.get('/')\ndef test_email(): ...\n"),
        ("tests/flows.py", "from prefect import flow\n\n\n@flow\ndef test_flow(): ...\n"),
        ("tests/flows.py", "def flow(f): ...\n\n\n@flow\ndef test_flow(): ...\n"),
        ("app/email.py", "def test_connection(): ...\n"),
        ("app/connection_test.py", "def run(): ...\n"),
        ("alembic/versions/user_test.py", ""),
    ],
)
def test_right_names_and_look_alikes_are_silent(path: str, text: str) -> None:
    assert places({path: text}) == []


def test_what_does_not_parse_is_silent() -> None:
    assert [f.code for f in findings({"tests/broken.py": "def test_one(:\n"}, ["FAPI000", "FAPI801"])] == ["FAPI000"]


def test_functions_that_others_use_are_no_tests() -> None:
    files = {
        "tests/helpers.py": "def test_user():\n    return {}\n",
        "tests/base.py": "class TestBase:\n    def test_one(self): ...\n",
        "tests/test_users.py": "from tests.base import TestBase\nfrom tests.helpers import test_user\n",
    }
    assert places(files) == []


def test_tests_in_the_application_are_not_moved() -> None:
    (found,) = findings({"app/test_users.py": TEST}, "FAPI801")
    assert found.message == "File with tests is not below `tests/`"
    assert found.fix is None
    assert places({"app/test_users.py": "def run(): ...\n"}) == []


def test_names_that_are_configured_are_not_changed() -> None:
    files = {"tests/user_check.py": TEST, "pytest.ini": "[pytest]\npython_files = *_check.py\n"}
    (found,) = findings(files, "FAPI801")
    assert found.fix is None
    assert "`python_files`" in found.message
    files["pytest.ini"] = "[pytest]\npython_files = test_*.py *_check.py\n"
    assert fixed(files, "FAPI801", unsafe=True).keys() == {"tests/test_user_check.py", "pytest.ini"}


def test_a_taken_name_is_told() -> None:
    (found,) = findings({"tests/user_test.py": TEST, "tests/test_user.py": TEST}, "FAPI801")
    assert found.message.endswith("(no fix: there is a `test_user.py` already)")


def test_settings() -> None:
    settings = Settings(conventions=Conventions(test_folders=("spec",)))
    assert places({"spec/test_users.py": TEST, "tests/test_users.py": TEST}, settings) == [("tests/test_users.py", 1)]
    assert places({"tests/user_test.py": TEST}, Settings(exempt={"FAPI801": ("user_*",)})) == []


def test_folders_that_are_called_like_tests() -> None:
    files = {"test/test_a.py": TEST, "test/users.py": TEST, "app/test/users.py": TEST}
    assert places(files) == [("test/test_a.py", 1), ("test/users.py", 1)]
    helper = {"integration_tests/conftest.py": "", "integration_tests/helpers.py": "def make(a): ...\n"}
    assert findings(helper, "FAPI110") == []
