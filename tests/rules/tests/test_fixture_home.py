from __future__ import annotations

import pytest

from fapi_lint.testing import findings

HELPERS = "import pytest\n\n@pytest.fixture\ndef token(): ...\n\n@pytest.fixture(name='user')\ndef make_user(): ...\n"
USE = "from tests.helpers import token, make_user\n\ndef test_it(token, user): ...\n"


def found(files: dict[str, str]) -> list[tuple[str, int]]:
    return [f.at for f in findings(files, "FAPI804")]


def test_used_by_two_files() -> None:
    files = {"tests/helpers.py": HELPERS, "tests/test_a.py": USE, "tests/test_b.py": USE}
    assert found(files) == [("tests/helpers.py", 4), ("tests/helpers.py", 7)]


def test_the_file_that_defines_it_counts_if_it_has_tests() -> None:
    own = "import pytest\n\n@pytest.fixture\nasync def token(): ...\n\ndef test_own(token): ...\n"
    files = {
        "tests/test_a.py": own,
        "tests/test_b.py": "from tests.test_a import token\n\nclass TestB:\n    def test_b(self, token): ...\n",
    }
    assert found(files) == [("tests/test_a.py", 4)]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"tests/test_b.py": "from tests.helpers import token\n"},
        {"tests/test_b.py": "def test_it(token): ...\n"},
        {"tests/test_b.py": USE, "tests/conftest.py": "from tests.helpers import make_user, token\n"},
        {"tests/test_b.py": USE, "tests/conftest.py": "from tests.helpers import *\n"},
        {"tests/test_b.py": USE, "tests/conftest.py": 'pytest_plugins = ["tests.helpers"]\n'},
        {"tests/test_b.py": USE, "tests/conftest.py": "pytest_plugins = ('tests.helpers',)\n"},
    ],
)
def test_one_user_or_provided_by_conftest(more: dict[str, str]) -> None:
    assert found({"tests/helpers.py": HELPERS, "tests/test_a.py": USE, **more}) == []


def test_fixtures_of_conftest_and_functions_that_are_none() -> None:
    conftest = {"tests/conftest.py": HELPERS, "tests/test_a.py": USE.replace("helpers", "conftest")}
    assert found({**conftest, "tests/test_b.py": USE.replace("helpers", "conftest")}) == []
    plain = {"tests/helpers.py": HELPERS.replace("@pytest.fixture", "@cache"), "tests/test_a.py": USE}
    assert found({**plain, "tests/test_b.py": USE}) == []


def test_star_imports_and_usefixtures() -> None:
    star = 'import pytest\nfrom tests.helpers import *\n\n@pytest.mark.usefixtures("token")\ndef test_it(): ...\n'
    files = {"tests/helpers.py": HELPERS, "tests/test_a.py": star, "tests/test_b.py": star}
    assert found(files) == [("tests/helpers.py", 4)]
    star = star.replace('("token")', "('db', 'token')")
    assert found({**files, "tests/test_b.py": star}) == [("tests/helpers.py", 4)]
    star = "from tests.helpers import *\n\ndef test_it(request):\n    request.getfixturevalue('token')\n"
    assert found({**files, "tests/test_b.py": star}) == [("tests/helpers.py", 4)]
