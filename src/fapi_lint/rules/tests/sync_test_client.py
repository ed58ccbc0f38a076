from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.async_client import asynchronous_client
from fapi_lint.fix.edit import Applicability
from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.test_clients import is_test_client, opens_websockets
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.search import Sighting, other_names, search
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI803", "sync-test-client", fix=Applicability.UNSAFE, preference="Testing")
def sync_test_client(module: Module, project: Project) -> Iterator[Finding]:
    """A test of async routes uses the synchronous `TestClient`.

    `TestClient` runs the application in an event loop of its own: what the test opened in another loop, such as a
    database session shared with the handlers, cannot be used there. Reported is each `TestClient(…)` in the tests of
    an application that has an `async def` handler, unless the routes of the one that it is given are known, and none of
    them has one. Clients that open websockets, which `AsyncClient` cannot, are left alone.

    Bad:
        ```python tests/test_health.py
        from fastapi import FastAPI, status
        from fastapi.testclient import TestClient

        app = FastAPI()


        @app.get("/health", response_model=str)
        async def get_health() -> str:
            return "well"


        def test_health() -> None:
            client = TestClient(app)
            assert client.get("/health").status_code == status.HTTP_200_OK
        ```

    Good:
        ```python tests/test_health.py
        import pytest
        from fastapi import FastAPI, status
        from httpx import ASGITransport, AsyncClient

        app = FastAPI()


        @app.get("/health", response_model=str)
        async def get_health() -> str:
            return "well"


        @pytest.mark.asyncio
        async def test_health() -> None:
            client = AsyncClient(transport=ASGITransport(app=app), base_url="http://test")
            assert (await client.get("/health")).status_code == status.HTTP_200_OK
        ```

    Fix safety:
        Unsafe: the tests run in another event loop, and redirects are not followed. The client is replaced together
        with everything that uses it, or not at all: the fixtures that hand it on, the functions that are given it, and
        the tests become async and await its requests. A fixture that served more than one test is made anew for each.
        Where `with TestClient(app)` runs the lifespan of the application, `app.router.lifespan_context(app)` is entered
        with the new client. A client is reported only, and the message says where and why, if that lifespan is not
        found or gives the requests a state, or if the client streams or goes where nothing can be awaited.

    Options:
        `conventions.test-folders`.
    """
    if "TestClient" not in module.text or project.purposes.of(module) != "test" or not _has_async_routes(project):
        return
    for sighting in search(module, "TestClient", *other_names([module]).get("TestClient", ())):
        if not isinstance(sighting.node, o.Call):
            continue
        if not is_test_client(project.resolver.resolve(sighting.scope, sighting.node.func)):
            continue
        if opens_websockets(project, sighting.scope) or _has_sync_routes(sighting, sighting.node, project):
            continue
        message = "`TestClient` is synchronous and the routes are not: use httpx's `AsyncClient`"
        fix = asynchronous_client(project, sighting, sighting.node)
        yield Finding.of(module.place(sighting.node), message, fix)


def _has_async_routes(project: Project) -> bool:
    return any(handler.node.is_async for handler in project.routes.by_handler)


def _has_sync_routes(sighting: Sighting, call: o.Call, project: Project) -> bool:
    """Whether a client is for an application all of whose routes are synchronous."""
    app = project.routers.of(sighting.scope, call.given("app", 0))
    if app is None or app.call is None:
        return False
    apps = project.routers.mounted_in(app)
    handlers = [route.handler for route in project.routes.all if any(map(route.router.is_served_by, apps))]
    return bool(handlers) and not any(handler is None or handler.node.is_async for handler in handlers)
