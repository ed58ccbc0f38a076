from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.awaiting import insert_await
from fapi_lint.fix.edit import Applicability, DropsImport, Edit, Fix
from fapi_lint.fix.imports import spell
from fapi_lint.fix.text import insert_before, replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.search import Sighting, search
from fapi_lint.project.symbols import Class, External, Function
from fapi_lint.rules.rule import Finding, rule

_REQUESTS = frozenset(["delete", "get", "head", "options", "patch", "post", "put", "request"])
_SAME = frozenset(["cookies", "headers"])
"""Attributes that both clients have, and that need no await."""
_LOOPS = ("asyncio.run(", "anyio.run(", "run_until_complete(")


class _Kept(Exception):  # noqa: N818
    """Why a client stays as it is: a clause."""


@rule("FAPI803", "sync-test-client", fix=Applicability.UNSAFE, preference="Testing")
def sync_test_client(module: Module, project: Project) -> Iterator[Finding]:
    """A test of async routes uses the synchronous `TestClient`.

    `TestClient` runs the application in an event loop of its own: what the test opened in another loop, such as a
    database session shared with the handlers, cannot be used there. Reported is each `TestClient(…)` in the tests of
    an application that has an `async def` handler.

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
        Unsafe: the test runs in another event loop, and redirects are not followed. A client that one test makes for
        itself is replaced, and the test becomes async. One that a fixture or a module makes for others, that is a
        context manager (which runs the lifespan of the application), or that opens websockets is reported only.

    Options:
        `conventions.test-folders`.
    """
    if "TestClient" not in module.text or project.purposes.of(module) != "test" or not _has_async_routes(project):
        return
    for sighting in search(module, "TestClient"):
        if not isinstance(sighting.node, o.Call):
            continue
        symbol = project.resolver.resolve(sighting.scope, sighting.node.func)
        if not (isinstance(symbol, External) and symbol.is_from(symbol.package, "TestClient")):
            continue
        if symbol.package not in ("fastapi", "starlette"):
            continue
        message = "`TestClient` is synchronous and the routes are not: use httpx's `AsyncClient`"
        try:
            yield Finding(module.place(sighting.node), message, _fix(sighting, sighting.node, project))
        except _Kept as reason:
            yield Finding(module.place(sighting.node), f"{message} (no fix: {reason})")


def _has_async_routes(project: Project) -> bool:
    return any(handler.node.is_async for handler in project.routes.by_handler)


def _fix(sighting: Sighting, call: o.Call, project: Project) -> Fix:
    """The client of one test made async, and the test with it."""
    module, test = sighting.scope.module, sighting.scope.owner
    assigned = sighting.parent
    if any(isinstance(parent, o.WithItem) for parent in sighting.parents):
        raise _Kept("as a context manager it runs the lifespan of the application")
    if not isinstance(test, Function) or not test.name.startswith("test") or project.tests.is_fixture(test):
        raise _Kept("others use it, and would have to await it")
    if isinstance(test.parent, Function) or (isinstance(test.parent, Class) and test.parent.node.bases):
        raise _Kept("nobody knows who runs the test")
    if not (isinstance(assigned, o.Assign) and len(assigned.targets) == 1 and isinstance(assigned.targets[0], o.Name)):
        raise _Kept("it is not assigned to a name")
    app = call.argument("app", 0)
    if app is None or len(call.args) != 1:
        raise _Kept("it takes arguments that the other does not have")
    client, transport = spell(module, "httpx.AsyncClient", call.start), spell(module, "httpx.ASGITransport", call.start)
    made = f'{client.text}(transport={transport.text}(app={module.slice(app.value)}), base_url="http://test")'
    needs = client.needs + transport.needs
    edits = [replace(module, call, made), *_awaited(sighting, assigned.targets[0], module)]
    node = test.node
    if any(word in module.text[node.body_start : node.end] for word in _LOOPS):
        raise _Kept("the test runs an event loop itself")
    if not node.is_async:
        is_run = project.tests.runs_all(module) or project.tests.is_marked(
            module.scope, project.resolver.member(module, "pytestmark")
        )
        if not is_run and not any(project.tests.marks(test.enclosing, d.value) for d in node.decorators):
            pytest = spell(module, "pytest", node.outer_start)
            edits.append(insert_before(module, node, [f"@{pytest.text}.mark.{project.tests.marker}"]))
            needs += pytest.needs
        edits.append(Edit(module.path, node.start, node.start + len("def"), "async def"))
    root = o.dotted(call.func).partition(".")[0]
    return Fix(
        "Use an `AsyncClient`: the test runs in the event loop, redirects are not followed",
        Applicability.UNSAFE,
        tuple(edits),
        needs,
        (DropsImport(module.path, root),),
    )


def _awaited(sighting: Sighting, target: o.Name, module: Module) -> Iterator[Edit]:
    """An `await` before each request of the client. Raises _Kept where it is used in another way."""
    name = target.id
    if len(sighting.scope.bindings.get(name, ())) != 1:
        raise _Kept(f"`{name}` is assigned more than once")
    stack: list[tuple[o.Node, tuple[o.Node, ...]]] = [(node, ()) for node in sighting.scope.body]
    while stack:
        node, parents = stack.pop()
        if isinstance(node, o.Name) and node.id == name and node.start != target.start:
            attribute = parents[-1]
            if not isinstance(attribute, o.Attribute) or attribute.value is not node:
                raise _Kept(f"`{name}` is passed on")
            if any(isinstance(p, (o.FunctionDef, o.ClassDef, o.Lambda, o.Comprehension)) for p in parents):
                raise _Kept(f"`{name}` is used in a function of its own")
            request = parents[-2] if len(parents) > 1 else None
            if attribute.attr in _REQUESTS and isinstance(request, o.Call) and request.func is attribute:
                yield from insert_await(module, request, parents[-3] if len(parents) > 2 else None)
            elif attribute.attr not in _SAME:
                raise _Kept(f"`{name}.{attribute.attr}` is not the same")
        stack.extend((child, (*parents, node)) for child in o.children(node))
