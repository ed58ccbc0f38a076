from __future__ import annotations

import keyword
from collections.abc import Iterator

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Applicability, Fix, Refusal
from fapi_lint.fix.text import replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.exceptions import catches
from fapi_lint.project.nouns import is_plural, singular
from fapi_lint.project.objects.orm_returns import OrmReturn, Response, unready
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class
from fapi_lint.project.traversal import own_nodes
from fapi_lint.rules.rule import Finding, rule

_ERRORS = ("ResponseValidationError", "ValidationException", "ValidationError", "ValueError")
"""FastAPI's error for a response that does not fit, Pydantic's, and their bases."""


@rule("FAPI406", "orm-returned", fix=Applicability.SAFE, preference="Response Pattern")
def orm_returned(returned: OrmReturn, project: Project) -> Iterator[Finding]:
    """A handler returns a mapped object where the response schema should be made of it.

    What is sent is then decided outside of the function: it is typed as one thing and answers with another, and what
    goes wrong while the object is read goes wrong after the handler is done. `UserResponse.model_validate(user)` says
    it where it happens.

    Reported is what surely is an object of a model, or a list of some: from a query, a constructor, a service or a
    dependency. `response_model=None` is a decision of its own, and Pydantic 1 is left alone.

    Bad:
        ```python app/api/v1/endpoints/users.py
        from uuid import UUID

        from fastapi import APIRouter

        from app.schemas.user import UserResponse
        from app.services.user_service import get_user_service

        router = APIRouter()


        @router.get("/users/{user_id}", response_model=UserResponse)
        async def get_user(user_id: UUID) -> UserResponse:
            user = await get_user_service(user_id)
            return user
        ```

        ```python app/services/user_service.py
        from uuid import UUID

        from app.models.user import User


        async def get_user_service(user_id: UUID) -> User:
            return User(id=user_id)
        ```

        ```python app/schemas/user.py
        from uuid import UUID

        from pydantic import BaseModel, ConfigDict


        class UserResponse(BaseModel):
            id: UUID

            model_config = ConfigDict(from_attributes=True)
        ```

        ```python app/models/user.py
        import uuid
        from datetime import datetime

        from sqlalchemy import DateTime, func
        from sqlalchemy.dialects.postgresql import UUID
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )


        class User(Base):
            __tablename__ = "users"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
        ```

    Good:
        The other files stay as they are.

        ```python app/api/v1/endpoints/users.py
        from uuid import UUID

        from fastapi import APIRouter

        from app.schemas.user import UserResponse
        from app.services.user_service import get_user_service

        router = APIRouter()


        @router.get("/users/{user_id}", response_model=UserResponse)
        async def get_user(user_id: UUID) -> UserResponse:
            user = await get_user_service(user_id)
            return UserResponse.model_validate(user)
        ```

    Fix safety:
        Safe: FastAPI validates the object with the very same schema, and reads the same attributes. A return annotation
        that names the model names the schema then. Unsafe where the application has an answer of its own to what does
        not fit the schema, by a handler or an `except`, because Pydantic's error is raised in place of FastAPI's. No
        fix is offered where the response model is anything but that
        schema or a list of it, where a schema does not read attributes, with `response_model_exclude_unset`, under
        other decorators, or where other code calls the handler.
    """
    module, obstacle = returned.function.module, _obstacle(returned, project)
    response = returned.response
    fix = Refusal(obstacle) if obstacle else None if response is None else _fix(returned, response, project)
    name = "a schema" if response is None else o.dotted(response.node) or response.schema.name
    for value, model, is_list in returned.values:
        what = f"a list of `{model.name}`" if is_list else f"an object of `{model.name}`"
        message = f"`{returned.function.name}` returns {what}, not `{name}.model_validate(…)`"
        if returned.response is None:
            message = f"`{returned.function.name}` returns {what}, not a schema made of it"
        yield Finding.of(module.place(value), message, fix)


def _obstacle(returned: OrmReturn, project: Project) -> str:
    """Why there is no fix."""
    route, function, response = returned.route, returned.function, returned.response
    if response is None:
        return (
            "" if route.argument("response_model") is None else "the response model is not one schema or a list of it"
        )
    if any(is_list != response.is_list for _, _, is_list in returned.values):
        return "that is not what the response model says"
    missing = next(unready(response.schema), None)
    if missing is not None:
        return f"`{missing.name}` does not read attributes"
    if route.argument("response_model_exclude_unset") is not None or route.has_unknown_arguments:
        return "`response_model_exclude_unset` may leave out other fields then"
    if len(project.routes.by_handler[function]) > 1:
        return "several routes answer with it"
    if route.is_wrapped or len(function.node.decorators) > 1:
        return "another decorator takes what it returns"
    if not isinstance(response.node, (o.Name, o.Attribute)):
        return "the schema is named in quotes"
    if o.dotted(response.node).partition(".")[0] in function.scope.bindings:
        return f"`{o.dotted(response.node)}` means something else in the function"
    if not returned.is_whole and _models_in_annotation(returned, project):
        return "the annotation speaks of other values too"
    if _is_called(returned, project):
        return "other code calls the handler"
    return ""


def _is_called(returned: OrmReturn, project: Project) -> bool:
    """Whether anything but its definition refers to the handler."""
    name, module = returned.function.name, returned.function.module
    if project.references.mentioning(name) == [module] and module.text.count(name) == 1:
        return False
    return len(project.references.of(returned.function).sites) > 1


def _models_in_annotation(returned: OrmReturn, project: Project) -> list[o.Node]:
    models = {model.class_ for _, model, _ in returned.values}
    annotation = parse_annotation(returned.function.node.returns)
    return [
        node
        for node in o.walk(annotation)
        if isinstance(node, (o.Name, o.Attribute))
        and isinstance(symbol := project.resolver.resolve(returned.function.enclosing, node), Class)
        and symbol in models
    ]


def _fix(returned: OrmReturn, response: Response, project: Project) -> Fix:
    module = returned.function.module
    schema = module.slice(response.node)
    made = FixBuilder()
    for node in _models_in_annotation(returned, project):
        made.add(replace(module, node, schema))
        made.forget(module, node)
    for value, _, is_list in returned.values:
        if isinstance(value, o.Comprehension):
            value, is_list = value.items[0], False
        text = module.slice(value)
        if is_list:
            item, source = _item(returned, text), f"({text})" if isinstance(value, o.IfExp) else text
            made.add(replace(module, value, f"[{schema}.model_validate({item}) for {item} in {source}]"))
        else:
            made.add(replace(module, value, f"{schema}.model_validate({text})"))
    title, applicability = f"Return `{schema}.model_validate(…)`", Applicability.SAFE
    if _is_error_treated(returned, project):
        title, applicability = f"{title}: what does not fit raises `ValidationError` there", Applicability.UNSAFE
    return made.fix(title, applicability)


def _is_error_treated(returned: OrmReturn, project: Project) -> bool:
    """Whether an object that does not fit the schema, or is None, is answered otherwise when the handler reads it."""
    if project.exceptions.is_answered(*_ERRORS):
        return True
    blocks = [node for node in own_nodes(returned.function.scope.body) if isinstance(node, o.Try)]
    return any(
        block.body[0].start <= value.start < block.body[-1].end and catches(block, *_ERRORS)
        for block in blocks
        for value, _, _ in returned.values
    )


def _item(returned: OrmReturn, text: str) -> str:
    """A name for an item: `user` of `users`, where that is free."""
    name = singular(text) if text.isidentifier() and is_plural(text) else ""
    taken = returned.function.scope.lookup(name) if name else None
    return name if name.isidentifier() and not keyword.iskeyword(name) and taken is None else "item"
