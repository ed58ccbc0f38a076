from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability
from fapi_lint.fix.uuid_keys import uuid_fix
from fapi_lint.project.column_types import python_type
from fapi_lint.project.identity.identifiers import name_in_path
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import External
from fapi_lint.rules.rule import Finding, rule
from fapi_lint.source.place import Place

_OTHERS = {External("builtins.int"): "an `int`", External("builtins.str"): "a `str`"}


@rule("FAPI405", "path-id-type", fix=Applicability.UNSAFE, preference="API Endpoints")
def path_id_type(project: Project, _: Project) -> Iterator[Finding]:
    """A path parameter names a row by its key, which is a UUID, and is declared as `int` or `str`.

    As an integer it refuses every real key. As text it lets anything through to the database, which answers
    nonsense with an error of its own instead of a 422. Which model a parameter is about is known from where its
    value goes, or from its name: `device_id` where there is a model Device.

    Bad:
        ```python app/models/tag.py
        import uuid
        from datetime import datetime

        from sqlalchemy import UUID, DateTime, func
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class Tag(Base):
            __tablename__ = "tag"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )
        ```
        ```python app/db/base_class.py
        from sqlalchemy.orm import DeclarativeBase


        class Base(DeclarativeBase):
            pass
        ```
        ```python app/api/v1/endpoints/tags.py
        from fastapi import APIRouter, Depends, status
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.db.session import get_db
        from app.services.tag_service import delete_tag_service

        router = APIRouter(prefix="/tags")


        @router.delete("/{tag_id}", status_code=status.HTTP_204_NO_CONTENT)
        async def delete_tag(tag_id: str, db: AsyncSession = Depends(get_db)) -> None:
            await delete_tag_service(db, tag_id)
        ```
        ```python app/services/tag_service.py
        from sqlalchemy import delete
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.tag import Tag


        async def delete_tag_service(db: AsyncSession, tag_id: str) -> None:
            await db.execute(delete(Tag).where(Tag.id == tag_id))
            await db.commit()
        ```

    Good:
        The other files stay as they are.

        ```python app/api/v1/endpoints/tags.py
        from uuid import UUID

        from fastapi import APIRouter, Depends, status
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.db.session import get_db
        from app.services.tag_service import delete_tag_service

        router = APIRouter(prefix="/tags")


        @router.delete("/{tag_id}", status_code=status.HTTP_204_NO_CONTENT)
        async def delete_tag(tag_id: UUID, db: AsyncSession = Depends(get_db)) -> None:
            await delete_tag_service(db, tag_id)
        ```
        ```python app/services/tag_service.py
        from uuid import UUID

        from sqlalchemy import delete
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.tag import Tag


        async def delete_tag_service(db: AsyncSession, tag_id: UUID) -> None:
            await db.execute(delete(Tag).where(Tag.id == tag_id))
            await db.commit()
        ```

    Fix safety:
        Unsafe: requests with anything but a UUID are refused, and the documentation of the API changes. Everything
        that the parameter is passed to becomes a UUID with it, and `UUID(tag_id)` becomes `tag_id`. Where something
        is done with the value that a UUID does not go with, nothing changes, and the finding says what it is.
    """
    for function, names in project.identifiers.path_parameters.items():
        if not project.is_judged(function.module) or not project.purposes.is_application(function.module):
            continue
        for param in function.node.params:
            is_in_path = name_in_path(param) in names
            type_ = python_type(project, function.enclosing, param.annotation) if is_in_path else None
            if not isinstance(type_, External) or type_ not in _OTHERS:
                continue
            held = project.identifiers.uuids_of_slot(function, param.name)
            if held is None:
                continue
            place = Place(function.module.path, param.start, param.start + len(param.name))
            message = f"Path parameter `{param.name}` is {_OTHERS[type_]}, but `{held.identity.name}` is a UUID"
            yield Finding.of(place, message, uuid_fix(project, held))
