from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.project.exceptions import ExceptionClass
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI602", "unhandled-exception", preference="Error Handling")
def unhandled_exception(exception: ExceptionClass, project: Project) -> Iterator[Finding]:
    """A custom exception is raised, and nothing catches it or answers it.

    Without a handler for it or for a base of it, clients get a bare 500. A handler may be registered with
    `@app.exception_handler(…)`, `add_exception_handler(…)` or `FastAPI(exception_handlers=…)`; the application may
    also catch the exception itself, or everything in a middleware. `HTTPException` and what inherits it have a
    handler, and what is only raised while the application starts, in tasks or in commands needs none.

    Bad:
        ```python app/core/exceptions.py
        class NotFoundException(Exception):
            pass
        ```
        ```python app/services/user_service.py
        from app.core.exceptions import NotFoundException


        async def get_user_service(name: str) -> str:
            raise NotFoundException(f"User {name} not found")
        ```
        ```python app/main.py
        from fastapi import FastAPI

        app = FastAPI()
        ```

    Good:
        The other files stay as they are.

        ```python app/main.py
        from fastapi import FastAPI, Request, status
        from fastapi.responses import JSONResponse

        from app.core.exceptions import NotFoundException

        app = FastAPI()


        @app.exception_handler(NotFoundException)
        async def not_found_handler(request: Request, exc: NotFoundException) -> JSONResponse:
            return JSONResponse(status_code=status.HTTP_404_NOT_FOUND, content={"detail": str(exc)})
        ```

    Options:
        `exempt`.
    """
    exceptions, name = project.exceptions, exception.name
    if exception.is_answered_by_framework or exception.raises_another or not exceptions.reach_clients:
        return
    if exceptions.catches_all:
        return
    raised = exceptions.raised(exception.class_)
    if raised and not exceptions.is_treated(exception.class_) and not all(map(exceptions.is_early, raised)):
        where = raised[0].scope.module.name
        yield Finding(
            at=exception.place,
            message=f"Exception `{name}` is raised in `{where}` and has no handler, and nothing catches it by name",
            name=name,
        )
