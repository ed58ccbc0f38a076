from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability
from fapi_lint.fix.uuid_keys import uuid_fix
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.project import Project
from fapi_lint.project.schemas import SchemaField
from fapi_lint.project.symbols import External
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI306", "schema-id-type", fix=Applicability.UNSAFE, preference="Pydantic Schemas")
def schema_id_type(field: SchemaField, project: Project) -> Iterator[Finding]:
    """A field of a schema holds identifiers as integers where the model has UUIDs.

    Validation then refuses every real identifier: a response fails, and a request cannot name a row. Which model a
    field is about is known from what it is filled with and compared to, or from its name: `id` in a schema of
    the model, `device_id` where there is a model Device.

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
        ```python app/schemas/tag.py
        from pydantic import BaseModel, ConfigDict


        class TagResponse(BaseModel):
            id: int

            model_config = ConfigDict(from_attributes=True)
        ```

    Good:
        The other files stay as they are.

        ```python app/schemas/tag.py
        from uuid import UUID

        from pydantic import BaseModel, ConfigDict


        class TagResponse(BaseModel):
            id: UUID

            model_config = ConfigDict(from_attributes=True)
        ```

    Fix safety:
        Unsafe: the API takes and documents another type. Everything that holds the same identifiers becomes a UUID
        with the field: other fields, parameters of routes and services, return annotations. Where something is done
        with them that a UUID does not go with, nothing changes, and the finding says what it is.

    Options:
        `conventions.schema-suffixes`, `exempt`
    """
    if not project.purposes.is_application(field.module) or not _is_integer(field, project):
        return
    held = project.identifiers.uuids_of_slot(field.owner, field.name)
    if held is None:
        return
    is_container = held.cell is not project.identifiers.flow.slot(field.owner, field.name)
    what = "holds integers" if is_container else "is an integer"
    message = f"`{field.name}` {what}, but `{held.identity.name}` is a UUID"
    yield Finding.of(field.place, message, uuid_fix(project, held), field.name)


def _is_integer(field: SchemaField, project: Project) -> bool:
    annotation = parse_annotation(field.annotation)
    return any(
        isinstance(node, o.Name) and project.resolver.resolve(field.scope, node) == External("builtins.int")
        for node in o.walk(annotation)
    )
