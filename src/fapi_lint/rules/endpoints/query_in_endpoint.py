from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.outline import nodes as o
from fapi_lint.project.project import Project
from fapi_lint.project.routes import Route
from fapi_lint.project.symbols import Function
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI408", "query-in-endpoint", preference="Project Structure", default=False)
def query_in_endpoint(route: Route, project: Project) -> Iterator[Finding]:
    """A handler talks to the database session itself instead of a service.

    A query in a service can be tested without a request, and used by a task or another endpoint; a handler is left
    with what HTTP is about. Reported is each call of a method on a session that the handler or its class is given, of a
    known type; to pass the session on is what it is given for. Sessions that the handler opens itself are FAPI404's.

    Bad:
        ```python app/api/v1/endpoints/tags.py
        from uuid import UUID

        from fastapi import APIRouter, Depends
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.db.session import get_db
        from app.models.tag import Tag
        from app.schemas.tag import TagResponse

        router = APIRouter()


        @router.get("/tags/{tag_id}", response_model=TagResponse)
        async def get_tag(tag_id: UUID, db: AsyncSession = Depends(get_db)) -> TagResponse:
            return TagResponse.model_validate(await db.get_one(Tag, tag_id))
        ```

    Good:
        ```python app/api/v1/endpoints/tags.py
        from uuid import UUID

        from fastapi import APIRouter, Depends
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.db.session import get_db
        from app.schemas.tag import TagResponse
        from app.services.tag_service import get_tag_service

        router = APIRouter()


        @router.get("/tags/{tag_id}", response_model=TagResponse)
        async def get_tag(tag_id: UUID, db: AsyncSession = Depends(get_db)) -> TagResponse:
            return TagResponse.model_validate(await get_tag_service(db, tag_id))
        ```

    Options:
        `exempt`.
    """
    handler = route.handler
    if handler is None or project.routes.by_handler[handler][0] is not route:
        return
    if not project.purposes.is_application(handler.module):
        return
    for node in o.walk(*handler.scope.body) if _may_hold_session(handler) else ():
        method = node.func if isinstance(node, o.Call) else None
        if isinstance(method, o.Attribute) and _is_session(handler, method.value, project):
            yield Finding(
                at=handler.module.place(node),
                message=f"Handler `{handler.name}` calls `{o.dotted(method)}` itself instead of a service",
                name=handler.name,
            )


def _may_hold_session(handler: Function) -> bool:
    """Whether the body does something with a parameter. Bodies that do nothing with one stay encoded."""
    text = handler.module.text[handler.node.body_start : handler.node.end]
    return any(f"{param.name}." in text for param in handler.node.params)


def _is_session(handler: Function, expr: o.Expr, project: Project) -> bool:
    """Whether an expression is a session that the handler is given, or that something given holds."""
    given, _, attribute = o.dotted(expr).partition(".")
    if not given or "." in attribute or handler.node.param(given) is None:
        return False
    return project.sessions.kind(project.types.of(handler.scope, expr)) is not None
