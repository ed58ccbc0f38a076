from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Fix
from fapi_lint.fix.imports import spell
from fapi_lint.fix.text import remove_argument, replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.search import other_names, search
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI805", "removed-app-argument", fix=Applicability.SAFE, preference="Testing")
def removed_app_argument(module: Module, project: Project) -> Iterator[Finding]:
    """`AsyncClient(app=…)` no longer exists: httpx 0.28 removed the argument.

    The application goes into a transport. Silent where the project allows no httpx from 0.27 on.

    Bad:
        ```python tests/conftest.py
        from collections.abc import AsyncIterator

        import pytest_asyncio
        from httpx import AsyncClient

        from app.main import app


        @pytest_asyncio.fixture
        async def client() -> AsyncIterator[AsyncClient]:
            async with AsyncClient(app=app, base_url="http://test") as client:
                yield client
        ```
        ```python app/main.py
        from fastapi import FastAPI

        app = FastAPI()
        ```

    Good:
        The other files stay as they are.

        ```python tests/conftest.py
        from collections.abc import AsyncIterator

        import pytest_asyncio
        from httpx import ASGITransport, AsyncClient

        from app.main import app


        @pytest_asyncio.fixture
        async def client() -> AsyncIterator[AsyncClient]:
            async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
                yield client
        ```

    Fix safety:
        Safe: this is what the argument did, and the transport is there in every version that warns of it.
    """
    if "httpx" not in module.text or project.versions.httpx.is_below(0, 27):
        return
    for sighting in search(module, "AsyncClient", *other_names([module]).get("AsyncClient", ())):
        call = sighting.node
        if not isinstance(call, o.Call) or (argument := call.argument("app")) is None:
            continue
        client = project.resolver.external(sighting.scope, call.func)
        if client is not None and client.is_from("httpx", "AsyncClient"):
            yield Finding(
                at=module.place(argument),
                message="`AsyncClient` no longer takes `app`: pass `transport=ASGITransport(app=…)`",
                fix=_fix(module, call, argument),
            )


def _fix(module: Module, call: o.Call, argument: o.Arg) -> Fix:
    title = "Pass the application in an `ASGITransport`"
    if call.argument("transport") is not None:
        return Fix(
            "Remove `app`, which a transport replaces", Applicability.SAFE, (remove_argument(module, call, argument),)
        )
    transport = spell(module, "httpx.ASGITransport", call.start)
    edit = replace(module, argument, f"transport={transport.text}({module.slice(argument)})")
    return Fix(title, Applicability.SAFE, (edit,), transport.needs)
