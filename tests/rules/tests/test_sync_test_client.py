from __future__ import annotations

import pytest

from fapi_lint.config.tooling import Tooling
from fapi_lint.testing import Found, findings, fixed

APP = """from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def root(): ...
"""
HEAD = "from fastapi.testclient import TestClient\n\nfrom app.main import app\n\n\n"


def files(text: str, app: str = APP) -> dict[str, str]:
    return {"app/main.py": app, "tests/test_root.py": HEAD + text}


def found(text: str, app: str = APP) -> list[Found]:
    return findings(files(text, app), "FAPI803")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('assert client.get("/").json() == {}', 'assert (await client.get("/")).json() == {}'),
        ('r = client.post("/", json={})', 'r = await client.post("/", json={})'),
        ('client.headers["a"] = "b"', 'client.headers["a"] = "b"'),
        (
            'for x in client.get("/").json():\n        print(x)',
            'for x in (await client.get("/")).json():\n        print(x)',
        ),
    ],
)
def test_a_client_of_one_test(before: str, after: str) -> None:
    text = f"def test_root():\n    client = TestClient(app)\n    {before}\n"
    result = fixed(files(text), "FAPI803", unsafe=True)["tests/test_root.py"]
    imports, _, test = result.partition("\n\n\n")
    assert {"import pytest", "from httpx import ASGITransport, AsyncClient"} <= set(imports.splitlines())
    assert "TestClient" not in imports
    assert test == (
        "@pytest.mark.asyncio\nasync def test_root():\n"
        '    client = AsyncClient(transport=ASGITransport(app=app), base_url="http://test")\n'
        f"    {after}\n"
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("client = TestClient(app)\n", "others use it"),
        ("import pytest\n\n\n@pytest.fixture\ndef client():\n    return TestClient(app)\n", "others use it"),
        ("def test_a():\n    with TestClient(app) as client:\n        client.get('/')\n", "lifespan"),
        ("def test_a():\n    client = TestClient(app)\n    login(client)\n", "passed on"),
        ("def test_a():\n    client = TestClient(app)\n    other = client\n", "passed on"),
        ("def test_a():\n    client = TestClient(app)\n    client.websocket_connect('/')\n", "not the same"),
        ("def test_a():\n    client = TestClient(app)\n    f = lambda: client.get('/')\n", "function of its own"),
        ("def test_a():\n    client = TestClient(app, cookies={})\n", "arguments"),
        ("def test_a():\n    client = TestClient(app)\n    client = 1\n", "more than once"),
        ("def test_a():\n    TestClient(app).get('/')\n", "not assigned"),
        ("import asyncio\n\n\ndef test_a():\n    client = TestClient(app)\n    asyncio.run(x())\n", "event loop"),
    ],
)
def test_what_is_reported_only(text: str, reason: str) -> None:
    (finding,) = found(text)
    assert finding.fix is None
    assert reason in finding.message


@pytest.mark.parametrize("marker", ["", "import pytest\n\npytestmark = pytest.mark.anyio\n\n\n"])
def test_tests_that_run_already_are_not_marked(marker: str) -> None:
    text = marker + "@pytest.mark.anyio\n" * (not marker) + "def test_a():\n    client = TestClient(app)\n"
    result = fixed(files("import pytest\n\n\n" * (not marker) + text), "FAPI803", unsafe=True)["tests/test_root.py"]
    assert "async def test_a" in result
    assert "mark.asyncio" not in result


def test_synchronous_applications_and_other_files_are_left_alone() -> None:
    text = "def test_a():\n    client = TestClient(app)\n"
    assert found(text, APP.replace("async def", "def")) == []
    assert findings({"app/main.py": APP, "app/smoke.py": HEAD + text}, "FAPI803") == []


def test_the_mode_of_pytest_is_respected() -> None:
    text = "def test_a():\n    client = TestClient(app)\n"
    tooling = Tooling(runs_all_async_tests=frozenset(["/application"]))
    (finding,) = findings(files(text), "FAPI803", tooling=tooling)
    assert finding.fix is not None
    assert not any("mark" in edit.text for edit in finding.fix.edits)
