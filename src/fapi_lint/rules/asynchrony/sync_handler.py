from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.closures import make_async
from fapi_lint.fix.edit import Applicability, Edit, Fix, Refusal
from fapi_lint.project.asynchrony.blocking import Blocking
from fapi_lint.project.project import Project
from fapi_lint.project.routes import Route
from fapi_lint.project.symbols import Function
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI501", "sync-handler", fix=Applicability.UNSAFE, preference="Async/Await")
def sync_handler(route: Route, project: Project) -> Iterator[Finding]:
    """A route is handled by a plain `def`.

    FastAPI runs such a handler in a thread, of which there are forty by default: the next request waits for one to be
    free, and nothing in the handler can be awaited. Websocket handlers and handlers that a decorator turns into
    coroutines are not reported.

    Bad:
        ```python app/main.py
        from fastapi import FastAPI

        app = FastAPI()


        @app.get("/ping", response_model=dict[str, str])
        def get_ping() -> dict[str, str]:
            return {"ping": "pong"}
        ```

    Good:
        ```python app/main.py
        from fastapi import FastAPI

        app = FastAPI()


        @app.get("/ping", response_model=dict[str, str])
        async def get_ping() -> dict[str, str]:
            return {"ping": "pong"}
        ```

    Fix safety:
        Unsafe: a handler that works with a session becomes asynchronous together with it, see FAPI502. One that surely
        waits for nothing becomes `async def` by itself; any other may block, and stays in its thread.

    Options:
        `exempt`
    """
    handler = route.handler
    if handler is None or handler.node.is_async or project.routes.by_handler[handler][0] is not route:
        return
    if not project.purposes.is_application(handler.module):
        return
    if any(project.types.decoration.turns_into_coroutine(handler.enclosing, d) for d in handler.node.decorators):
        return
    at = handler.module.header_place(handler.node)
    message = f"Route handler `{handler.name}` is not `async def`"
    closure = project.async_closures.of(handler)
    fix = _alone(handler, project) if closure is None else make_async(project, closure)
    if isinstance(fix, Fix) and closure is not None and handler not in closure.functions:
        fix = Refusal("first its session must become asynchronous (FAPI502)")
    yield Finding.of(at, message, fix, handler.name)


def _alone(handler: Function, project: Project) -> Fix | Refusal:
    """`async` for a handler without a session, unless it may block."""
    reason = Blocking(project).hindrance(handler)
    if reason is not None:
        return Refusal(reason)
    edit = Edit(handler.module.path, handler.node.start, handler.node.start, "async ")
    return Fix(f"Make `{handler.name}` asynchronous", Applicability.UNSAFE, (edit,))
