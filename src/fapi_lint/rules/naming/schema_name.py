from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Fix, Refusal
from fapi_lint.fix.rename import rename
from fapi_lint.project.project import Project
from fapi_lint.project.schemas import NEUTRAL, Schema
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI106", "schema-name", fix=Applicability.UNSAFE, preference="Naming")
def schema_name(schema: Schema, project: Project) -> Iterator[Finding]:
    """A schema of a resource is not called XBase, XCreate, XUpdate, XResponse or XInDB.

    One word per role lets a reader tell from the name whether a class describes what clients send, what they
    get or what is stored. Synonyms (XRead, XOut, XPublic, XIn, XPatch, XSchema, CreateX) are reported when X is a
    resource: a model is called X, CRUD routes answer with it, or other schemas of X are named by role. Other names
    are reported only where CRUD routes of X answer with them.

    Bad:
        ```python app/schemas/user.py
        from pydantic import BaseModel, ConfigDict, Field


        class UserBase(BaseModel):
            email: str = Field(max_length=255)


        class CreateUser(UserBase):
            password: str = Field(min_length=8, max_length=128)


        class UserRead(UserBase):
            id: int

            model_config = ConfigDict(from_attributes=True)
        ```
        ```python app/services/user.py
        from app.schemas.user import CreateUser, UserRead


        async def create_user_service(user: CreateUser) -> "UserRead": ...
        ```

    Good:
        ```python app/schemas/user.py
        from pydantic import BaseModel, ConfigDict, Field


        class UserBase(BaseModel):
            email: str = Field(max_length=255)


        class UserCreate(UserBase):
            password: str = Field(min_length=8, max_length=128)


        class UserResponse(UserBase):
            id: int

            model_config = ConfigDict(from_attributes=True)
        ```
        ```python app/services/user.py
        from app.schemas.user import UserCreate, UserResponse


        async def create_user_service(user: UserCreate) -> "UserResponse": ...
        ```

    Fix safety:
        Unsafe: the component in the OpenAPI document is renamed too, and with it the types of generated clients.
        All references in the application follow, quoted annotations, re-exports and `__all__` included. No fix is
        offered where the new name exists, or where two schemas should bear it.

    Options:
        `conventions.schema-suffixes`, `conventions.schema-synonyms`, `conventions.schema-prefixes`, `exempt`.
    """
    expected = project.resources.expected_name(schema)
    if expected is None or not project.purposes.is_application(schema.module):
        return
    renamed = _renamed(schema, expected, project)
    message = f"Schema `{schema.name}` should be called `{expected}`"
    yield Finding.of(schema.place, message, renamed, schema.name)


def _renamed(schema: Schema, expected: str, project: Project) -> Fix | Refusal:
    resources = project.resources
    rivals = resources.rivals(schema)
    if rivals:
        return Refusal(f"`{rivals[0].name}` should be called so too")
    if expected in resources.taken:
        return Refusal(f"`{expected}` exists")
    if schema.name.endswith(NEUTRAL) and schema.class_ in resources.sent and schema.class_ in resources.answers:
        return Refusal("handlers take it as well, so that it is not only a response")
    return rename(project, schema.class_, expected, changes="the component in OpenAPI and client types change too")
