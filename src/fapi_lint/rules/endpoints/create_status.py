from __future__ import annotations

import re
from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Fix
from fapi_lint.fix.imports import spell
from fapi_lint.fix.text import insert_keyword
from fapi_lint.outline import nodes as o
from fapi_lint.project.nouns import is_plural, snake_words
from fapi_lint.project.project import Project
from fapi_lint.project.routes import Route
from fapi_lint.project.symbols import Class, Function
from fapi_lint.rules.rule import Finding, rule

_SEVERAL = frozenset(["batch", "bulk", "many", "multiple"])
_NO_CREATION = _SEVERAL | {
    *("authenticate", "check", "connect", "count", "delete", "export", "filter", "find", "get", "import", "install"),
    *("list", "login", "logout", "preview", "query", "read", "refresh", "remove", "search", "set", "sync", "test"),
    *("token", "update", "upsert", "validate", "verify"),
}
"""Words of handlers and paths whose POST creates nothing, or not one thing."""
_SETS_STATUS = re.compile(r"\.status_code\s*=[^=]")


@rule("FAPI402", "create-status", fix=Applicability.UNSAFE, preference="API Endpoints")
def create_status(route: Route, project: Project) -> Iterator[Finding]:
    """A POST that creates something answers 200 because no status code is set.

    201 tells clients and the generated documentation that there is something new. A POST creates if its handler is
    called `create_…`, or should be (FAPI104), or if its path is that of a collection: `/users` where there is
    `/users/{user_id}`, or where it is given a `UserCreate`. Log-ins, searches, counts, bulk operations and the like
    create nothing.

    Any explicit status code will do, also `response.status_code = …` in the handler or in what it passes the response
    to, and a response that the handler makes itself.

    Bad:
        ```python app/api/v1/endpoints/users.py
        from fastapi import APIRouter

        from app.schemas.user import UserCreate, UserResponse
        from app.services.user_service import create_user_service

        router = APIRouter()


        @router.post("/users", response_model=UserResponse)
        async def create_user(user_create: UserCreate) -> UserResponse:
            return UserResponse.model_validate(await create_user_service(user_create))
        ```

    Good:
        ```python app/api/v1/endpoints/users.py
        from fastapi import APIRouter, status

        from app.schemas.user import UserCreate, UserResponse
        from app.services.user_service import create_user_service

        router = APIRouter()


        @router.post("/users", response_model=UserResponse, status_code=status.HTTP_201_CREATED)
        async def create_user(user_create: UserCreate) -> UserResponse:
            return UserResponse.model_validate(await create_user_service(user_create))
        ```

    Fix safety: unsafe, clients get 201 in place of 200. No fix is offered where the route is declared through a
    function that passes no keywords on.
    """
    if route.methods != ("POST",) or not project.purposes.is_application(route.module):
        return
    if route.argument("status_code") is not None or route.has_unknown_arguments or route.has_other_response:
        return
    if not _creates(route, project) or _decides_itself(route):
        return
    yield Finding(
        at=route.place,
        message=f"{route.label} creates something and does not answer 201 Created",
        fix=_fix(route) if route.accepts("status_code") else None,
    )


def _creates(route: Route, project: Project) -> bool:
    if route.handler is None:
        return False
    name = project.handlers.expected_name(route.handler) or route.handler.name
    words = snake_words(name)
    words = words[1:] if words[0] == "api" and len(words) > 1 else words
    last = route.full_paths[0].rstrip("/").rpartition("/")[2]
    if words[0] != "create" or len(words) == 1:
        is_collection = project.routes.is_collection(route) or _takes_what_it_creates(route.handler, project)
        return is_collection and _NO_CREATION.isdisjoint(words)
    # `create_access_token` is a log-in, `create_api_token` at a collection of them is none.
    is_token = words[-1] == "token" and not project.routes.is_collection(route)
    is_one = _SEVERAL.isdisjoint(words) and "or" not in words  # not `create_or_update_user`
    return is_one and last not in _NO_CREATION and not is_token


def _takes_what_it_creates(handler: Function, project: Project) -> bool:
    """`POST /orders` that is given an `OrderCreate`, whatever its name."""
    operation = project.handlers.operations.get(handler)
    if operation is None or operation.kind != "create" or not is_plural(operation.written):
        return False
    for param in handler.node.params:
        type_ = project.types.of_annotation(handler.enclosing, param.annotation)
        named = project.resources.parse(type_.name) if type_ is not None and isinstance(type_.symbol, Class) else None
        if named is not None and named.role == "create" and snake_words(named.resource) == operation.one:
            return True
    return False


def _decides_itself(route: Route) -> bool:
    """The handler sets a status code, or makes the response."""
    handler, returns = route.handler, route.returns
    assert handler is not None
    assert returns is not None
    return bool(
        any(
            _SETS_STATUS.search(f.module.text, f.node.start, f.node.end)
            for f in (handler, *_given_response(handler, route))
        )
        or route.project.http.annotates_response(handler.enclosing, handler.node.returns)
        or returns.has_response
    )


def _given_response(handler: Function, route: Route) -> Iterator[Function]:
    """The functions that the handler passes its `response: Response` to."""
    http, resolver = route.project.http, route.project.resolver
    params = handler.node.params
    names = {param.name for param in params if http.annotates_response(handler.enclosing, param.annotation)}
    for node in o.walk(handler.node) if names else ():
        if isinstance(node, o.Call) and any(isinstance(a.value, o.Name) and a.value.id in names for a in node.args):
            callee = resolver.resolve(handler.scope, node.func)
            if isinstance(callee, Function):
                yield callee


def _fix(route: Route) -> Fix:
    status = spell(route.module, "fastapi.status", route.call.start)
    argument = f"status_code={status.text}.HTTP_201_CREATED"
    return Fix(
        "Answer 201 Created, which clients see in place of 200",
        Applicability.UNSAFE,
        (insert_keyword(route.module, route.call, argument, after=("path", "response_model")),),
        status.needs,
    )
