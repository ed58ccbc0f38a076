from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.project.layout import Misplaced
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI103", "misplaced-definition", preference="Project Structure")
def misplaced_definition(misplaced: Misplaced, project: Project) -> Iterator[Finding]:
    """A model, schema, router or service is not defined in the folder for its kind.

    One kind of thing per folder (`models/`, `schemas/`, `api/`, `services/`) tells where to look and where to add,
    and keeps the layers apart: endpoints that define their own schemas are where import cycles begin. An
    application that is divided by features keeps them in files of these names (`user/models.py`,
    `user/service.py`); `fapi-lint init` sees where other names are in use (`user/views.py`). Schemas are those that
    requests and responses are made of, unless they have coroutines of their own; services the functions that are
    called so and take a session.

    Bad:
        ```python app/api/v1/endpoints/auth.py
        from fastapi import APIRouter
        from pydantic import BaseModel, Field

        router = APIRouter()


        class LoginRequest(BaseModel):
            email: str = Field(max_length=255)


        @router.post("/login", response_model=None)
        async def login(body: LoginRequest) -> None: ...
        ```

    Good:
        ```python app/schemas/auth.py
        from pydantic import BaseModel, Field


        class LoginRequest(BaseModel):
            email: str = Field(max_length=255)
        ```
        ```python app/api/v1/endpoints/auth.py
        from fastapi import APIRouter

        from app.schemas.auth import LoginRequest

        router = APIRouter()


        @router.post("/login", response_model=None)
        async def login(body: LoginRequest) -> None: ...
        ```

    Options:
        `conventions.model-folders`, `conventions.schema-folders`, `conventions.api-folders`,
        `conventions.service-folders`, `exempt`.
    """
    message = f"{misplaced.kind} `{misplaced.name}` is defined outside of `{misplaced.folders[0]}/`"
    yield Finding(misplaced.place, message, name=misplaced.name)
