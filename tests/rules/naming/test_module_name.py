"""FAPI101: files and packages in snake_case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.config.settings import Settings
from fapi_lint.project.module_names import is_snake_case, snake_case
from fapi_lint.testing import findings, fixed


def places(files: dict[str, str], settings: Settings | None = None) -> list[tuple[str, int]]:
    return [found.at for found in findings(files, "FAPI101", settings=settings)]


@pytest.mark.parametrize(
    ("path", "better"),
    [
        ("app/dateHelpers.py", "app/date_helpers.py"),
        ("app/DateHelpers.py", "app/date_helpers.py"),
        ("app/HTTPClient.py", "app/http_client.py"),
        ("app/date-helpers.py", "app/date_helpers.py"),
        ("app/Config.py", "app/config.py"),
        ("app/_privateParts.py", "app/_private_parts.py"),
        ("app/api.v1.py", "app/api_v1.py"),
        ("scripts/load-data.py", "scripts/load_data.py"),
        ("app/oauth2Client.py", "app/oauth2_client.py"),
    ],
)
def test_other_spellings_are_renamed(path: str, better: str) -> None:
    files = {path: "x = 1\n"}
    assert places(files) == [(path, 1)]
    assert fixed(files, "FAPI101", unsafe=True) == {better: "x = 1\n"}


@pytest.mark.parametrize(
    "path",
    [
        "app/date_helpers.py",
        "app/__init__.py",
        "app/__main__.py",
        "app/_private.py",
        "app/s3.py",
        "app/2fa.py",
        "conftest.py",
        "setup.py",
        "gunicorn.conf.py",
        "alembic/versions/2024-01-01_addUsers.py",
        "alembic/env.py",
        "migrations/versions/1a2B-x.py",
        "{{cookiecutter.slug}}/__init__.py",
        "my-service/app/main.py",
    ],
)
def test_right_names_and_revisions_are_silent(path: str) -> None:
    assert places({path: ""}) == []


def test_a_package_is_reported_once_and_moves_whole() -> None:
    files = {
        "app/__init__.py": "",
        "app/apiV1/__init__.py": "",
        "app/apiV1/users.py": "x = 1\n",
        "app/main.py": "from app.apiV1.users import x\n",
    }
    assert places(files) == [("app/apiV1/__init__.py", 1)]
    assert fixed(files, "FAPI101", unsafe=True) == {
        "app/__init__.py": "",
        "app/api_v1/__init__.py": "",
        "app/api_v1/users.py": "x = 1\n",
        "app/main.py": "from app.api_v1.users import x\n",
    }


def test_a_folder_without_init_is_reported_at_its_first_file() -> None:
    files = {"app/__init__.py": "", "app/apiV1/b.py": "", "app/apiV1/a.py": ""}
    (found,) = findings(files, "FAPI101")
    assert found.at == ("app/apiV1/a.py", 1)
    assert found.message.endswith("(no fix: without `__init__.py`, other folders may be parts of the same package)")
    assert found.fix is None


def test_a_folder_is_a_package_if_it_is_imported_as_one() -> None:
    files = {"app/apiV1/users.py": "x = 1\n", "app/main.py": "from app.apiV1.users import x\n"}
    assert places(files) == [("app/apiV1/users.py", 1)]
    assert places({**files, "app/main.py": ""}) == []


def test_a_bad_file_in_a_bad_package_takes_two_passes() -> None:
    files = {"app/__init__.py": "", "app/apiV1/__init__.py": "", "app/apiV1/userList.py": "", "app/m.py": ""}
    files["app/m.py"] = "import app.apiV1.userList\n"
    assert fixed(files, "FAPI101", unsafe=True) == {
        "app/__init__.py": "",
        "app/api_v1/__init__.py": "",
        "app/api_v1/user_list.py": "",
        "app/m.py": "import app.api_v1.user_list\n",
    }


def test_two_that_would_get_one_name() -> None:
    files = {"app/userList.py": "", "app/UserList.py": ""}
    after = fixed(files, "FAPI101", unsafe=True)
    assert sorted(after) == ["app/userList.py", "app/user_list.py"]
    (left,) = findings(after, "FAPI101")
    assert "there is a `user_list.py` already" in left.message


def test_exemptions() -> None:
    assert places({"app/urlConf.py": ""}, Settings(exempt={"FAPI101": ("url*",)})) == []


def test_a_comment_on_the_first_line_suppresses() -> None:
    assert places({"app/urlConf.py": "# noqa: FAPI101\n"}) == []


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,12}", fullmatch=True))
def test_any_name_gets_into_snake_case_and_stays(name: str) -> None:
    better = snake_case(name)
    assert is_snake_case(better) or not better.strip("_")
    assert snake_case(better) == better


def test_a_script_without_the_ending_is_no_module() -> None:
    assert places({"bin/import-users": "print('done')\n"}) == []
