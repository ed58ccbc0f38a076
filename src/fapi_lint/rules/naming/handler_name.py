from __future__ import annotations

import re
from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Fix, Refusal
from fapi_lint.fix.rename import rename
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Function
from fapi_lint.project.word_uses import Site
from fapi_lint.rules.rule import Finding, rule

_URL_FOR = re.compile(r"\burl(?:_path)?_for\(\s*(?:name\s*=\s*)?[\"']$")
"""What stands before the name of a route that is looked up."""
_LOOK_BACK = 40


@rule("FAPI104", "handler-name", fix=Applicability.UNSAFE, preference="Naming")
def handler_name(module: Module, project: Project) -> Iterator[Finding]:
    """The handler of a CRUD route does not say by its name what it does with which resource.

    With `get_user`, `get_users`, `create_user`, `update_user` and `delete_user` a handler is found by name in every
    file. Looked at are routes that are CRUD by method and path, such as `GET /users` and `DELETE /users/{user_id}`,
    where a model or schemas are called like the path, or the items below it are read or changed. Other spellings of
    the same verbs are meant (`read_user`, `list_users`, `remove_user`, `users`); what begins with any other word
    (`search_users`) is an action and left alone, and any noun behind the right verb will do. Where one path has PUT
    and PATCH, the second may be `patch_user`.

    Bad:
        ```python app/api/v1/endpoints/users.py
        from uuid import UUID

        from fastapi import APIRouter

        from app.schemas.user import UserResponse
        from app.services.user_service import get_user_service, get_users_service

        router = APIRouter()


        @router.get("/users/{user_id}", response_model=UserResponse)
        async def read_user(user_id: UUID) -> UserResponse:
            return UserResponse.model_validate(await get_user_service(user_id))


        @router.get("/users", response_model=list[UserResponse])
        async def list_users() -> list[UserResponse]:
            return [UserResponse.model_validate(user) for user in await get_users_service()]
        ```

    Good:
        ```python app/api/v1/endpoints/users.py
        from uuid import UUID

        from fastapi import APIRouter

        from app.schemas.user import UserResponse
        from app.services.user_service import get_user_service, get_users_service

        router = APIRouter()


        @router.get("/users/{user_id}", response_model=UserResponse)
        async def get_user(user_id: UUID) -> UserResponse:
            return UserResponse.model_validate(await get_user_service(user_id))


        @router.get("/users", response_model=list[UserResponse])
        async def get_users() -> list[UserResponse]:
            return [UserResponse.model_validate(user) for user in await get_users_service()]
        ```

    Fix safety:
        Unsafe: the operation id, from which clients are generated, derives from the name unless the route has one of
        its own, or a `name=`. All references in the application follow, those in `url_for("…")` and `url_path_for("…")`
        too; in templates they do not. No fix is offered where the new name is taken, as by a service that is imported
        under it (FAPI108 renames those), or where two handlers would get the same name.

    Options:
        `conventions.handler-verbs`, `exempt`.
    """
    if not project.purposes.is_application(module):
        return
    for handler in project.handlers.of(module):
        expected = project.handlers.expected_name(handler)
        if expected is None:
            continue
        message = f"Handler `{handler.name}` of {project.handlers.operations[handler].route.label} is not `{expected}`"
        fix = _rename(handler, expected, project)
        yield Finding.of(module.name_place(handler.node), message, fix, handler.name)


def _rename(handler: Function, name: str, project: Project) -> Fix | Refusal:
    rivals = project.handlers.rivals(handler)
    if rivals:
        return Refusal(f"`{rivals[0].name}` should be `{name}` too")
    routes = project.routes.by_handler[handler]
    named = all(route.argument("operation_id") or route.argument("name") for route in routes)
    changes = [] if named else ["its operation id changes"]
    if project.handlers.have_templates and not any(route.argument("name") for route in routes):
        changes.append("templates that look it up do not follow")
    return rename(project, handler, name, changes="; ".join(changes), also=_looked_up(handler, project))


def _looked_up(handler: Function, project: Project) -> list[Site]:
    """The strings that `url_for` and `url_path_for` find the route by."""
    if any(route.argument("name") for route in project.routes.by_handler[handler]):
        return []
    if project.routes.handler_names[handler.name] > 1:
        return []
    strings = project.references.of(handler).strings
    return [site for site in strings if _URL_FOR.search(site.module.text[: site.start][-_LOOK_BACK:])]
