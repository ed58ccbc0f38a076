from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Fix, RefusedError, fix_or_refusal
from fapi_lint.fix.reorder import reorder
from fapi_lint.project.handlers import Disorder
from fapi_lint.project.module import Module
from fapi_lint.project.path_match import may_meet
from fapi_lint.project.project import Project
from fapi_lint.project.routes import Route
from fapi_lint.project.symbols import Function
from fapi_lint.rules.rule import Finding, rule

_ORDER = "one, many, create, update, delete"


@rule("FAPI105", "handler-order", fix=Applicability.SAFE, preference="Naming")
def handler_order(module: Module, project: Project) -> Iterator[Finding]:
    """The handlers of a resource are not in the order one, many, create, update, delete.

    In a fixed order a handler is found, or seen to be missing, at a glance. Looked at are the handlers of CRUD routes
    (see FAPI104), whatever they are called, each resource of each router by itself; other handlers may stand anywhere.

    Bad:
        ```python app/api/v1/endpoints/tags.py
        from uuid import UUID

        from fastapi import APIRouter, status

        from app.schemas.tag import TagCreate, TagResponse
        from app.services.tag_service import create_tag_service, get_tag_service, get_tags_service

        router = APIRouter(prefix="/tags")


        # Everybody may see all of them.
        @router.get("", response_model=list[TagResponse])
        async def get_tags() -> list[TagResponse]:
            return [TagResponse.model_validate(tag) for tag in await get_tags_service()]


        @router.get("/{tag_id}", response_model=TagResponse)
        async def get_tag(tag_id: UUID) -> TagResponse:
            return TagResponse.model_validate(await get_tag_service(tag_id))


        @router.post("", response_model=TagResponse, status_code=status.HTTP_201_CREATED)
        async def create_tag(tag_create: TagCreate) -> TagResponse:
            return TagResponse.model_validate(await create_tag_service(tag_create))
        ```

    Good:
        ```python app/api/v1/endpoints/tags.py
        from uuid import UUID

        from fastapi import APIRouter, status

        from app.schemas.tag import TagCreate, TagResponse
        from app.services.tag_service import create_tag_service, get_tag_service, get_tags_service

        router = APIRouter(prefix="/tags")


        @router.get("/{tag_id}", response_model=TagResponse)
        async def get_tag(tag_id: UUID) -> TagResponse:
            return TagResponse.model_validate(await get_tag_service(tag_id))


        # Everybody may see all of them.
        @router.get("", response_model=list[TagResponse])
        async def get_tags() -> list[TagResponse]:
            return [TagResponse.model_validate(tag) for tag in await get_tags_service()]


        @router.post("", response_model=TagResponse, status_code=status.HTTP_201_CREATED)
        async def create_tag(tag_create: TagCreate) -> TagResponse:
            return TagResponse.model_validate(await create_tag_service(tag_create))
        ```

    Fix safety:
        Safe: the first route that matches answers, so no fix is offered where two routes that may match the same
        request would change places (`/users/{user_id}` and `/users/search`). The handlers take each other's
        places with their decorators and the comments right above them; what stands between them stays, and what is
        set off by a section comment is not moved.

    Options:
        `exempt`.
    """
    if not project.purposes.is_application(module):
        return
    for found in project.handlers.out_of_order(module):
        late, name = found.late, found.late.name
        kind, other = (project.handlers.operations[handler].kind for handler in (late, found.before))
        message = f"Handler `{name}` ({kind}) comes after `{found.before.name}` ({other}): {_ORDER} is the order"
        fix = fix_or_refusal(_fix, found, module, project)
        yield Finding.of(module.name_place(late.node), message, fix, name)


def _fix(found: Disorder, module: Module, project: Project) -> Fix:
    handlers = found.handlers
    order = sorted(handlers, key=project.handlers.rank)
    _check_routes(handlers, order, module, project)
    body = found.late.enclosing.body
    edits = reorder(module, body, [handler.node for handler in handlers], [handler.node for handler in order])
    return Fix("Put the handlers in order", Applicability.SAFE, tuple(edits))


def _check_routes(handlers: list[Function], order: list[Function], module: Module, project: Project) -> None:
    """No two routes that may match the same request change places."""
    low, high = handlers[0].node.outer_start, handlers[-1].node.end
    if any(f".{word}(" in module.text[low:high] for word in ("include_router", "mount")):
        raise RefusedError("a router is included between them")
    slots = dict(zip(order, (handler.node.start for handler in handlers), strict=True))
    declared = project.routes.by_module.get(module, [])
    start, end = (bisect_left(declared, offset, key=lambda route: route.place.start) for offset in (low, high))
    routes = declared[start:end]
    for index, first in enumerate(routes):
        for second in routes[index + 1 :]:
            if _slot(first, slots) > _slot(second, slots) and _may_meet(first, second):
                raise RefusedError(f"`{second.label}` and `{first.label}` may match the same request")


def _slot(route: Route, slots: dict[Function, int]) -> int:
    """Where a route is registered afterwards."""
    is_moved = route.decorator is not None and route.handler is not None and route.handler in slots
    return slots[route.handler] if is_moved and route.handler is not None else route.place.start


def _may_meet(one: Route, other: Route) -> bool:
    """Whether a request may match both, and which is declared first decides. Of two routers, the inclusions decide."""
    if one.router is not other.router and one.router.call is not None and other.router.call is not None:
        return False
    known = one.methods and other.methods
    return not (known and set(one.methods).isdisjoint(other.methods)) and may_meet(one.path, other.path)
