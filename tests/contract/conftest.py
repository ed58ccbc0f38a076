"""One suite, three applications: every test that asks for `api` runs against each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from api import Api
from applications import CONVERTED, LEGACY, REFERENCE, copied, environment, lint, run, served


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A copy of an application by its name: `reference`, `legacy`, or `converted`, which is the legacy one after
    `fapi-lint --fix --unsafe-fixes`."""

    @cache
    def make(name: str) -> Path:
        converted = name == "converted"
        copy = copied("legacy_app" if converted else f"{name}_app", tmp_path_factory.mktemp(name))
        if converted:
            lint(copy, "--fix", "--unsafe-fixes")
        return copy

    return make


@pytest.fixture(scope="session", params=[REFERENCE, LEGACY, CONVERTED])
def server(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    folder: Callable[[str], Path],
    new_database: Callable[[str], str],
) -> Iterator[tuple[str, Path]]:
    """The address of an application under uvicorn, and its log."""
    database = new_database(request.param)
    application = folder(request.param)
    if request.param == "reference":
        run("-m", "alembic", "upgrade", "head", cwd=application, env=environment(database))
    log = tmp_path_factory.mktemp("log") / "server.log"
    with served(application, database, log) as address:
        yield address, log


@pytest.fixture(scope="session")
def client(server: tuple[str, Path]) -> Iterator[httpx.Client]:
    """Keeps connections open; the first request waits until the application has started."""
    address, log = server
    with httpx.Client(base_url=f"{address}/api/v1", timeout=60) as client:
        try:
            client.get("/tags", timeout=300)
        except httpx.TransportError as error:
            pytest.fail(f"the application does not start ({error}):\n{log.read_text()[-6000:]}", pytrace=False)
        yield client


@pytest.fixture
def api(client: httpx.Client, server: tuple[str, Path], request: pytest.FixtureRequest) -> Iterator[Api]:
    """The application as someone without an account sees it; what the server logs is reported with a failure."""
    log = server[1]
    before = log.stat().st_size
    yield Api(client)
    with log.open("rb") as stream:
        stream.seek(before)
        if written := stream.read().decode(errors="replace").strip():
            request.node.add_report_section("call", "log of the server", written[-6000:])
