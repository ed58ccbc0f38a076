from __future__ import annotations

import textwrap

import pytest

from fapi_lint.config.tooling import Tooling
from fapi_lint.testing import findings, fixed
from fapi_lint.testing.harness import ROOT

TEST = "async def test_a(client):\n    await client.get('/')\n"
METHOD = textwrap.indent(TEST, "    ")
NESTED = textwrap.indent(METHOD, "    ")


def rows(text: str, *, path: str = "tests/test_a.py", **files: str) -> list[int]:
    more = {name.replace("__", "/") + ".py": content for name, content in files.items()}
    return [f.row for f in findings({path: text, **more}, "FAPI802") if f.path == path]


@pytest.mark.parametrize("path", ["tests/test_a.py", "tests/api/a_test.py", "app/tests/test_a.py", "test_a.py"])
def test_unmarked(path: str) -> None:
    assert rows(TEST, path=path) == [1]


def test_unmarked_with_more_blanks() -> None:
    assert rows(TEST.replace("async def", "async  def")) == [1]


@pytest.mark.parametrize(
    "text",
    [
        f"import pytest\n\n@pytest.mark.asyncio\n{TEST}",
        f"import pytest\n\n@pytest.mark.asyncio(loop_scope='session')\n{TEST}",
        f"import pytest\n\n@pytest.mark.anyio\n{TEST}",
        f"from pytest import mark\n\n@mark.trio\n{TEST}",
        f"import pytest\n\nrun = pytest.mark.asyncio\n\n@run\n{TEST}",
        f"import pytest\n\npytestmark = pytest.mark.asyncio\n\n{TEST}",
        f"import pytest\n\npytestmark = [pytest.mark.slow, pytest.mark.anyio]\n\n{TEST}",
        f"import pytest\n\npytestmark = pytest.mark.usefixtures('anyio_backend')\n\n{TEST}",
        f"from tests.marks import pytestmark\n\n{TEST}",
        f"import pytest\n\n@pytest.mark.asyncio\nclass TestA:\n{METHOD}",
        f"import pytest\n\nclass TestA:\n    pytestmark = pytest.mark.asyncio\n{METHOD}",
        f"import pytest\n\nclass Base:\n    pytestmark = [pytest.mark.anyio]\n\nclass TestA(Base):\n{METHOD}",
        f"import pytest\n\nclass TestA:\n    pytestmark = pytest.mark.asyncio\n    class TestB:\n{NESTED}",
        f"import pytest\n\n@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.asyncio)])\n{TEST}",
        f"from unittest import IsolatedAsyncioTestCase\n\nclass TestA(IsolatedAsyncioTestCase):\n{METHOD}",
        f"from unittest import TestCase\n\nclass TestA(TestCase, unknown.Case):\n{METHOD}",
        f"from unittest import TestCase\nfrom other import Loop\n\nclass TestA(TestCase, Loop):\n{METHOD}",
        f"class TestA(unknown.Case):\n{METHOD}",
        f"from tests.helpers import run_async\n\n@run_async\n{TEST}",
        f"@unknown\n{TEST}",
        "async def test_a(client, anyio_backend): ...\n",
        f"import pytest_asyncio\n\n@pytest_asyncio.fixture\n{TEST}",
        "import pytest\n\n@pytest.fixture\nasync def test_user(): ...\n",
        "def test_a():\n    async def test_inner(): ...\n",
        f"class Helper:\n{METHOD}",
        f"class TestA:\n    def __init__(self): ...\n{METHOD}",
        "async def prepare(): ...\n",
        "def test_a(): ...\n",
    ],
)
def test_what_runs_or_is_none(text: str) -> None:
    assert rows(text) == []


@pytest.mark.parametrize(
    "head",
    [
        "import pytest\n\n@pytest.mark.parametrize('x', [1])\n",
        "import pytest\n\n@pytest.mark.skip(reason='asks too much')\n",
        "import pytest\n\npytestmark = pytest.mark.slow\n\n",
        "from unittest.mock import patch\n\n@patch('a.b')\n",
        "import pytest\n\n@pytest.mark.usefixtures('database')\n",
    ],
)
def test_other_decorators_run_nothing(head: str) -> None:
    assert len(rows(head + TEST)) == 1


@pytest.mark.parametrize("path", ["tests/helpers.py", "app/services/testing.py", "tests/conftest.py"])
def test_files_that_pytest_does_not_collect(path: str) -> None:
    assert rows(TEST, path=path) == []


@pytest.mark.parametrize(
    "hook",
    [
        "def pytest_collection_modifyitems(items):\n    for i in items:\n        i.add_marker(pytest.mark.asyncio)\n",
        "def pytest_pyfunc_call(pyfuncitem): ...\n",
        "def pytest_configure(config):\n    config.option.asyncio_mode = 'auto'\n",
        "from tests.plugin import pytest_pycollect_makeitem\n",
        "import pytest\n\n@pytest.fixture(autouse=True)\ndef anyio_backend(): return 'asyncio'\n",
        "import pytest\n\n@pytest.fixture(autouse=True)\nasync def prepare(anyio_backend): ...\n",
    ],
)
def test_hooks(hook: str) -> None:
    assert rows(TEST, tests__conftest=hook) == []
    assert rows(TEST, conftest=hook) == []
    assert rows(TEST, tests__api__conftest=hook) == [1]


def test_the_backend_of_anyio_among_the_fixtures() -> None:
    backend = "import pytest\n\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'\n\n"
    other = "@pytest.fixture(autouse=True)\ndef clean(): ...\n"
    assert rows(TEST, tests__conftest=backend + other) == [1]
    client = "@pytest.fixture\nasync def client(engine): ...\n\n@pytest.fixture\nasync def engine(anyio_backend): ...\n"
    assert rows("async def test_a(client): ...\n", tests__conftest=backend + client) == []
    assert rows("async def test_a(other): ...\n", tests__conftest=backend + client) == [1]


def test_hooks_about_other_things() -> None:
    assert rows(TEST, tests__conftest="def pytest_collection_modifyitems(items): ...\n") == [1]
    assert rows(TEST, tests__plugins__a="def pytest_collection_modifyitems(items):\n    pytest.mark.anyio\n") == []


def test_configuration_of_the_folder() -> None:
    files = {"backend/tests/test_a.py": TEST, "tools/tests/test_b.py": TEST}
    tooling = Tooling(frozenset([f"{ROOT}/backend"]))
    assert [f.path for f in findings(files, "FAPI802", tooling=tooling)] == ["tools/tests/test_b.py"]


def test_a_test_case_awaits_nothing() -> None:
    text = f"from unittest import TestCase\n\n\nclass Users(TestCase):\n{METHOD}"
    (found,) = findings({"tests/test_a.py": text}, "FAPI802")
    assert found.message == "Async test `test_a` is not run: `unittest.TestCase` does not await it"
    assert fixed({"tests/test_a.py": text}, "FAPI802")["tests/test_a.py"] == text.replace(
        "TestCase", "IsolatedAsyncioTestCase"
    )
    text = f"import unittest\n\n\nclass Base(unittest.TestCase): ...\n\n\nclass Users(Base):\n{METHOD}"
    (found,) = findings({"tests/test_a.py": text}, "FAPI802", tooling=Tooling(frozenset([ROOT])))
    assert found.fix is None


def test_fix_before_decorators_and_inside_of_classes() -> None:
    text = """
        import pytest


        class TestA:
            # about
            @pytest.mark.slow  # really
            async def test_a(self): ...

            async def test_b(self): ...
    """
    assert (
        fixed({"tests/test_a.py": text}, "FAPI802")["tests/test_a.py"]
        == """
import pytest


class TestA:
    # about
    @pytest.mark.asyncio
    @pytest.mark.slow  # really
    async def test_a(self): ...

    @pytest.mark.asyncio
    async def test_b(self): ...
"""
    )


def test_fix_uses_the_marker_of_the_application() -> None:
    other = "from pytest import mark\n\n@mark.anyio\nasync def test_b(): ...\n"
    after = fixed({"tests/test_a.py": TEST, "tests/test_b.py": other}, "FAPI802")
    assert after["tests/test_a.py"] == f"import pytest\n\n\n@pytest.mark.anyio\n{TEST}"
    files = {"tests/test_a.py": f"from pytest import mark\n\n{TEST}"}
    assert "@mark.asyncio\n" in fixed(files, "FAPI802")["tests/test_a.py"]
