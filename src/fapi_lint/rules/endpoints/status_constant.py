from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus

from fapi_lint.fix.edit import Applicability, Fix
from fapi_lint.fix.imports import Spelling, spell
from fapi_lint.fix.text import replace
from fapi_lint.project.http import StatusCode
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import External
from fapi_lint.rules.rule import Finding, rule

_MODULES = ("fastapi.status", "starlette.status")
_RENAMED = {
    413: ("HTTP_413_REQUEST_ENTITY_TOO_LARGE", "HTTP_413_CONTENT_TOO_LARGE"),
    414: ("HTTP_414_REQUEST_URI_TOO_LONG", "HTTP_414_URI_TOO_LONG"),
    416: ("HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE", "HTTP_416_RANGE_NOT_SATISFIABLE"),
    422: ("HTTP_422_UNPROCESSABLE_ENTITY", "HTTP_422_UNPROCESSABLE_CONTENT"),
}
"""Old and new names: Starlette 0.48 has the new ones and warns of the old. FastAPI 0.116.2 is the first to allow it."""


@rule("FAPI403", "status-constant", fix=Applicability.SAFE, preference="API Endpoints")
def status_constant(code: StatusCode, project: Project) -> Iterator[Finding]:
    """A status code is written as a bare integer.

    `status.HTTP_409_CONFLICT` says what 409 means where it is answered. Looked at are the `status_code` of
    routes, of `HTTPException` and of responses, by keyword or position, also in the application's own subclasses of
    them, and `response.status_code = …` on a response. Tests, comparisons, the keys of `responses={…}`, other
    libraries' responses and codes without a name (499) are left alone.

    Bad:
        ```python app/api/v1/endpoints/users.py
        from uuid import UUID

        from fastapi import APIRouter, HTTPException

        from app.services.user_service import delete_user_service

        router = APIRouter()


        @router.delete("/users/{user_id}", status_code=204)
        async def delete_user(user_id: UUID) -> None:
            if not await delete_user_service(user_id):
                raise HTTPException(status_code=404, detail="User not found")
        ```

    Good:
        ```python app/api/v1/endpoints/users.py
        from uuid import UUID

        from fastapi import APIRouter, HTTPException, status

        from app.services.user_service import delete_user_service

        router = APIRouter()


        @router.delete("/users/{user_id}", status_code=status.HTTP_204_NO_CONTENT)
        async def delete_user(user_id: UUID) -> None:
            if not await delete_user_service(user_id):
                raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail="User not found")
        ```

    Fix safety: safe, the constants are the same integers. Names follow the lowest FastAPI version that the
    project allows: `HTTP_422_UNPROCESSABLE_CONTENT` from 0.116.2 on, `HTTP_422_UNPROCESSABLE_ENTITY` where older ones
    are allowed. A file that imports single constants gets another one; a local called `status` is not disturbed.
    """
    module, number = code.module, code.number
    name = _constant(number.value, project)
    if name is None or not project.purposes.is_application(module):
        return
    constant = _spelled(module, name, number.start, project)
    yield Finding(
        at=module.place(number),
        message=f"Status code {module.slice(number)} is a bare integer: use `status.{name}`",
        fix=Fix(
            f"Replace with `{constant.text}`",
            Applicability.SAFE,
            (replace(module, number, constant.text),),
            constant.needs,
        ),
    )


def _constant(value: int | None, project: Project) -> str | None:
    if value in _RENAMED:
        old, new = _RENAMED[value]
        return new if project.versions.fastapi.at_least(0, 116, 2) else old
    return next((f"HTTP_{value}_{known.name}" for known in HTTPStatus if known == value), None)


def _spelled(module: Module, name: str, at: int, project: Project) -> Spelling:
    """The constant in the import style of the file: through `status`, or by itself where its siblings are imported."""
    for known in _constants_of(module):
        symbol = project.resolver.member(module, known)
        if isinstance(symbol, External) and symbol.dotted.rpartition(".")[0] in _MODULES:
            return spell(module, f"{symbol.dotted.rpartition('.')[0]}.{name}", at)
    status = spell(module, "fastapi.status", at)
    return Spelling(f"{status.text}.{name}", status.needs)


@lru_cache(maxsize=64)
def _constants_of(module: Module) -> tuple[str, ...]:
    return tuple(name for name in module.scope.bindings if name.startswith("HTTP_"))
