from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.search import search
from fapi_lint.project.symbols import Class, Scope, Symbol, Variable
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI603", "http-exception-in-service", preference="Error Handling")
def http_exception_in_service(module: Module, project: Project) -> Iterator[Finding]:
    """A service raises `HTTPException`.

    What the answer to a request looks like is up to the endpoints and the exception handlers; a service that knows
    status codes cannot be used by a task or a script. It raises an exception of the application instead. Services
    are the modules below a service folder and those called `service`, `services` or `…_service`. Dependencies of
    FastAPI, which belong to a request, may raise `HTTPException` wherever they are defined.

    Bad:
        ```python app/services/user.py
        from fastapi import HTTPException, status


        async def get_user_service(name: str) -> str:
            raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail=f"User {name} not found")
        ```

    Good:
        ```python app/services/user.py
        from app.core.exceptions import NotFoundException


        async def get_user_service(name: str) -> str:
            raise NotFoundException(f"User {name} not found")
        ```
        ```python app/core/exceptions.py
        class NotFoundException(Exception):
            pass
        ```

    Options:
        `conventions.service-folders`, `conventions.service-suffix`.
    """
    if "raise" not in module.text or not project.purposes.is_service(module):
        return
    for sighting in search(module, "raise"):
        if not isinstance(sighting.node, o.Raise) or sighting.node.exc is None:
            continue
        raised = _http(project, sighting.scope, sighting.node.exc)
        if raised is not None and not project.dependencies.encloses(sighting.scope):
            what = (
                f"`{raised.name}`, an `HTTPException`" if isinstance(raised, (Class, Variable)) else "`HTTPException`"
            )
            message = f"A service raises {what}: raise an exception of the application, which a handler answers"
            yield Finding(at=module.place(sighting.node), message=message)


def _http(project: Project, scope: Scope, exc: o.Expr) -> Symbol | None:
    """The `HTTPException` that is raised: by its name, by what makes it, or in one of two cases."""
    if isinstance(exc, o.IfExp):
        return _http(project, scope, exc.body) or _http(project, scope, exc.orelse)
    raised = project.resolver.resolve(scope, o.called(exc))
    if project.exceptions.is_http(raised):
        return raised
    made = project.types.of(scope, exc)
    return made.symbol if made is not None and project.exceptions.is_http(made.symbol) else None
