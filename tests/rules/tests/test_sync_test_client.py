from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


def test_the_host_stays_where_it_counts() -> None:
    text = "def test_a():\n    client = TestClient(app)\n    assert client.get('/').url == 'http://testserver/'\n"
    assert 'base_url="http://testserver")' in fixed(files(text), "FAPI803", unsafe=True)["tests/test_root.py"]


def test_a_client_under_another_name() -> None:
    text = files("def test_root():\n    client = Client(app)\n    client.get('/')\n")
    text["tests/test_root.py"] = text["tests/test_root.py"].replace("import TestClient", "import TestClient as Client")
    after = fixed(text, "FAPI803", unsafe=True)["tests/test_root.py"]
    assert "client = AsyncClient(transport=" in after
    assert "TestClient" not in after


FIXTURE = "import pytest\n\n\n@pytest.fixture\ndef client():\n    return TestClient(app)\n\n\n"
LIFESPAN = APP.replace("FastAPI()", "FastAPI(lifespan=run)")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def test_a():\n    client = TestClient(app)\n    login(client)\n", "passed on"),
        ("def test_a():\n    client = TestClient(app)\n    other = client\n", "passed on"),
        ("def test_a():\n    client = TestClient(app)\n    client.stream('GET', '/')\n", "not the same"),
        ("def test_a():\n    client = TestClient(app)\n    f = lambda: client.get('/')\n", "function of its own"),
        ("def test_a():\n    client = TestClient(app)\n    client.get('/', allow_redirects=False)\n", "not take"),
        ("def test_a():\n    client = TestClient(app, backend='trio')\n", "arguments"),
        ("def test_a():\n    client = TestClient(app)\n    client = 1\n", "more than once"),
        ("def test_a():\n    TestClient(app).get('/')\n", "not assigned"),
        ("class TestA:\n    client = TestClient(app)\n", "attribute of a class"),
        ("import asyncio\n\n\ndef test_a():\n    client = TestClient(app)\n    asyncio.run(x())\n", "event loop"),
        ("client = TestClient(app)\nclient.get('/')\n", "at module level"),
        ("def make():\n    return TestClient(app)\n\n\nmakers = [make]\n", "without being called"),
        (FIXTURE + "@pytest.fixture\ndef get(client):\n    return lambda: client.get('/')\n", "function of its own"),
        (
            FIXTURE + "class Base:\n    def login(self, client):\n        pass\n\n\ndef test_a(client):\n"
            "    Base().login(client)\n",
            "passed on",
        ),
        (FIXTURE + "def test_a(request):\n    request.getfixturevalue('client')\n", "getfixturevalue"),
        (FIXTURE + "@decorated\ndef test_a(client):\n    client.get('/')\n", "decorated"),
        (FIXTURE.replace("fixture\n", "fixture(scope=SCOPE)\n"), "how long"),
        (
            FIXTURE + "def login(client):\n    return client.get('/')\n\n\ndef test_a(client, other):\n"
            "    login(client)\n    login(other)\n",
            "another client (tests/test_root.py:20)",
        ),
    ],
)
def test_what_is_reported_only(text: str, reason: str) -> None:
    (finding,) = found(text)
    assert finding.fix is None
    assert reason in finding.message


SOCKET = "    with client.websocket_connect('/ws') as socket:\n        socket.send_text('x')\n"


@pytest.mark.parametrize(
    ("text", "more", "number"),
    [
        (f"def test_a():\n    client = TestClient(app)\n{SOCKET}", "", 0),
        ("def test_a():\n    with TestClient(app).websocket_connect('/ws') as socket:\n        pass\n", "", 0),
        (f"{FIXTURE}def test_a(client):\n{SOCKET}", "", 0),
        (f"{FIXTURE}def test_a(client):\n{SOCKET}", f"def test_b(client):\n{SOCKET}", 0),
        (f"{FIXTURE}def test_a(client):\n{SOCKET}", "def test_b(client):\n    client.get('/')\n", 1),
        (FIXTURE, "", 1),
        (f"def test_a():\n    client = TestClient(app)\n    client.get('/')\n\n\ndef test_b(client):\n{SOCKET}", "", 1),
    ],
)
def test_websockets_need_it(text: str, more: str, number: int) -> None:
    given = files("") | {"tests/conftest.py": HEAD + text, "tests/test_more.py": more}
    if "@pytest.fixture" not in text:
        given = files(text)
    assert len(findings(given, "FAPI803")) == number


ENTERS = "def test_a():\n    with TestClient(app) as client:\n        client.get('/')\n"


def test_a_lifespan_is_run() -> None:
    known = "async def run(app):\n    yield{}\n\n\n" + LIFESPAN
    known = "from contextlib import asynccontextmanager\n\n\n@asynccontextmanager\n" + known
    entered = """\
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client,
    ):
        await client.get('/')
"""
    assert entered in fixed(files(ENTERS, known.format("")), "FAPI803", unsafe=True)["tests/test_root.py"]
    for given, reason in (
        (known.format(" {}"), "it runs a lifespan that yields a state for the requests (app/main.py:5)"),
        (LIFESPAN, "it may run what the application does at its start (app/main.py:3)"),
    ):
        (finding,) = found(ENTERS, given)
        assert finding.fix is None
        assert reason in finding.message
    (finding,) = found(FIXTURE, LIFESPAN)  # without `with`, it never ran
    assert finding.fix is not None


def test_an_application_of_a_test_has_no_lifespan_of_another() -> None:
    test = ENTERS.replace(":\n", ":\n    app = FastAPI()\n\n    @app.get('/')\n    async def root(): ...\n\n", 1)
    head = HEAD.replace("from app.main import app", "from fastapi import FastAPI")
    files = {"app/main.py": LIFESPAN, "tests/test_root.py": head + test}
    (finding,) = findings(files, "FAPI803")
    assert finding.fix is not None
    (finding,) = findings(files | {"tests/test_root.py": f"{head}{test}    app.include_router(x)\n"}, "FAPI803")
    assert "it may run what the application does at its start" in finding.message


MADE = 'AsyncClient(transport=ASGITransport(app=app), base_url="http://test")'
ENTERED = f"    async with {MADE} as client:\n        yield client\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def client():\n    return TestClient(app)\n", f"async def client():\n{ENTERED}"),
        (
            "def client() -> TestClient:\n    return TestClient(app)\n",
            f"async def client() -> AsyncIterator[AsyncClient]:\n{ENTERED}",
        ),
        (
            "def client(db):\n    app.dependency_overrides[db] = db\n    yield TestClient(app)\n"
            "    app.dependency_overrides.clear()\n",
            f"async def client(db):\n    app.dependency_overrides[db] = db\n{ENTERED}"
            "    app.dependency_overrides.clear()\n",
        ),
        (
            "def client() -> Iterator[TestClient]:\n    with TestClient(app) as c:\n        yield c\n",
            f"async def client() -> AsyncIterator[AsyncClient]:\n    async with {MADE} as c:\n        yield c\n",
        ),
        (
            "def client():\n    client = TestClient(app, base_url='http://x', raise_server_exceptions=False)\n"
            "    client.headers['a'] = 'b'\n    client.post('/login')\n    return client\n",
            "async def client():\n"
            "    client = AsyncClient(transport=ASGITransport(app=app, raise_app_exceptions=False), base_url='http://x')\n"
            "    client.headers['a'] = 'b'\n    await client.post('/login')\n    return client\n",
        ),
    ],
)
def test_a_fixture_and_everything_that_uses_it(before: str, after: str) -> None:
    head = "from collections.abc import Iterator\n\nimport pytest\n"
    files = {
        "app/main.py": APP,
        "tests/conftest.py": f"{head}{HEAD}@pytest.fixture\n{before}\n\n"
        "@pytest.fixture(scope='module')\ndef token(client: TestClient):\n    return login(client)\n\n\n"
        "def login(client):\n    return client.post('/').json()\n",
        "tests/test_a.py": "def test_a(client, token):\n    assert client.get('/').json() == token\n\n\n"
        "class TestB:\n    def test_b(self, client):\n        assert [client.get(x) for x in 'ab']\n\n\n"
        "def test_c(token):\n    assert token\n",
        "tests/other/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef client():\n    return {}\n",
        "tests/other/test_d.py": "def test_d(client):\n    client.get('/')\n",
    }
    result = fixed(files, "FAPI803", unsafe=True)
    assert f"@pytest_asyncio.fixture\n{after}\n\n@pytest_asyncio.fixture" in result["tests/conftest.py"]
    assert "async def login(client):\n    return (await client.post('/')).json()\n" in result["tests/conftest.py"]
    assert "    return await login(client)\n" in result["tests/conftest.py"]
    assert "TestClient" not in result["tests/conftest.py"]
    assert result["tests/test_a.py"] == (
        "import pytest\n\n\n@pytest.mark.asyncio\nasync def test_a(client, token):\n"
        "    assert (await client.get('/')).json() == token\n\n\n"
        "class TestB:\n    @pytest.mark.asyncio\n    async def test_b(self, client):\n"
        "        assert [await client.get(x) for x in 'ab']\n\n\n"
        "def test_c(token):\n    assert token\n"
    )
    assert "tests/other/test_d.py" not in result or result["tests/other/test_d.py"] == files["tests/other/test_d.py"]


def test_a_client_of_a_module_that_others_import() -> None:
    files = {
        "app/main.py": APP,
        "tests/clients.py": HEAD + "client = TestClient(app)\n",
        "tests/test_a.py": "from tests.clients import client\n\n\ndef test_a():\n    client.get('/')\n",
    }
    result = fixed(files, "FAPI803", unsafe=True)
    assert f"client = {MADE}\n" in result["tests/clients.py"]
    assert "async def test_a():\n    await client.get('/')\n" in result["tests/test_a.py"]


def test_an_annotation_of_another_file_at_the_same_offset() -> None:
    fixture = HEAD + "import pytest\n\n\n@pytest.fixture\ndef client() -> TestClient:\n    return TestClient(app)\n"
    head = "from fastapi.testclient import TestClient\n\n"
    test = "def test_a(client: TestClient):\n    client.get('/')\n"
    padding = fixture.index("TestClient:") - len(head) - test.index("TestClient")
    files = {
        "app/main.py": APP,
        "tests/conftest.py": fixture,
        "tests/test_a.py": f"{head}#{'.' * (padding - 2)}\n{test}",
    }
    result = fixed(files, "FAPI803", unsafe=True)
    assert "-> AsyncIterator[AsyncClient]:" in result["tests/conftest.py"]
    assert "def test_a(client: AsyncClient):" in result["tests/test_a.py"]


def test_fixtures_that_outlive_a_test() -> None:
    text = (
        "import pytest\n\n\n@pytest.fixture(scope='module')\ndef client():\n    return TestClient(app)\n\n\n"
        "@pytest.fixture(scope='session', name='me')\ndef who(client):\n    return client.get('/')\n\n\n"
        "@pytest.fixture(scope='module', autouse=True)\ndef prepared(me):\n    return me\n"
    )
    (finding,) = found(text)
    assert finding.fix is not None
    assert "made anew for each test" in finding.fix.title
    result = fixed(files(text), "FAPI803", unsafe=True)["tests/test_root.py"]
    assert "@pytest_asyncio.fixture\nasync def client():" in result
    assert "@pytest_asyncio.fixture(name='me')\nasync def who(client):" in result
    assert "@pytest.fixture(autouse=True)\ndef prepared(me):" in result
    (finding,) = found(text, APP + "engine = create_async_engine('')\n")
    assert finding.fix is None
    assert "outlives the event loop" in finding.message


def test_tests_of_anyio_are_all_asynchronous() -> None:
    text = FIXTURE + "@pytest.mark.anyio\nasync def test_a(): ...\n\n\ndef test_b(client): ...\n"
    result = fixed(files(text), "FAPI803", unsafe=True)["tests/test_root.py"]
    assert "@pytest.fixture\nasync def client():" in result
    assert "@pytest.mark.anyio\nasync def test_b(client): ..." in result


def test_the_tests_run_as_before(tmp_path: Path) -> None:
    app = APP.replace('"/"', '"/{a}"').replace("root(): ...", "read(a: str) -> str:\n    return a")
    made = {
        "app/main.py": app,
        "tests/conftest.py": f"import pytest\n{HEAD}@pytest.fixture(scope='module')\ndef client():\n"
        "    with TestClient(app) as client:\n        yield client\n\n\n"
        "@pytest.fixture\ndef name(client):\n    return read(client, 'x')\n\n\n"
        "def read(client, path):\n    return client.get(f'/{path}').json()\n",
        "tests/test_a.py": f"{HEAD}from tests.conftest import read\n\nown = TestClient(app)\n\n\n"
        "def test_a(client, name):\n    assert read(client, 'y') + name == 'yx'\n\n\n"
        "def test_b(name):\n    assert name == 'x'\n\n\n"
        "class TestC:\n    def test_c(self):\n        assert [own.get(f'/{n}').json() for n in 'ab'] == ['a', 'b']\n",
    }
    for name, files in (("before", made), ("after", fixed(made, "FAPI803", unsafe=True))):
        for path, text in files.items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", "."]
        done = subprocess.run(
            command,
            cwd=tmp_path / name,
            env={**os.environ, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "3 passed" in done.stdout, (text, done.stdout)


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


@pytest.mark.parametrize(("route", "rows"), [("def", []), ("async def", [17])])
def test_an_application_that_a_test_makes(route: str, rows: list[int]) -> None:
    text = f"""from fastapi import APIRouter, FastAPI


def test_a():
    router = APIRouter()
    app = FastAPI()

    @router.get("/")
    {route} root(): ...

    app.include_router(router)
    client = TestClient(app)
"""
    assert [each.row for each in found(text)] == rows


@pytest.mark.parametrize(
    ("mounting", "rows"),
    [("", []), ('    app.mount("/api", api)\n', [7]), ('    app.mount("/", StaticFiles(directory="web"))\n', [])],
)
def test_one_of_several_applications(mounting: str, rows: list[int]) -> None:
    ui = """from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from app.main import app as api


def create_ui() -> FastAPI:
    app = FastAPI()

    @app.get("/settings")
    def get_settings(): ...

    @app.middleware("http")
    async def redirect(request, call_next):
        return await call_next(request)

"""
    test = HEAD.replace("app.main import app", "app.ui import create_ui")
    test += "def test_a():\n    client = TestClient(create_ui())\n"
    files = {"app/main.py": APP, "app/ui.py": f"{ui}{mounting}    return app\n", "tests/test_ui.py": test}
    assert [each.row for each in findings(files, "FAPI803")] == rows


def test_the_mode_of_pytest_is_respected() -> None:
    text = "def test_a():\n    client = TestClient(app)\n"
    tooling = Tooling(runs_all_async_tests=frozenset(["/application"]))
    (finding,) = findings(files(text), "FAPI803", tooling=tooling)
    assert finding.fix is not None
    assert not any("mark" in edit.text for edit in finding.fix.edits)
