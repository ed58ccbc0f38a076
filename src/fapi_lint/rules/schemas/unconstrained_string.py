from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Applicability, Refusal
from fapi_lint.fix.field import constrain
from fapi_lint.project.project import Project
from fapi_lint.project.schemas import SchemaField
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI303", "unconstrained-string", fix=Applicability.UNSAFE, preference="Pydantic Schemas")
def unconstrained_string(field: SchemaField, project: Project) -> Iterator[Finding]:
    """A Create or Update schema takes a string of any length.

    What is longer than the column is then refused by the database, as an error of the server, and not by the
    API with an answer that names the field. Reported are `str` and `str | None`, also in a base class that such
    a schema inherits. `EmailStr`, `Literal`, enumerations, constrained and validated types, `min_length`,
    `max_length`, `pattern`, a validator of the field and limits in `model_config` are constraints.

    Bad:
        ```python app/schemas/tag.py
        from pydantic import BaseModel


        class TagCreate(BaseModel):
            name: str
            color: str | None = None
        ```
        ```python app/models/tag.py
        import uuid
        from datetime import datetime

        from sqlalchemy import UUID, DateTime, String, func
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class Tag(Base):
            __tablename__ = "tag"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            name: Mapped[str] = mapped_column(String(50))
            color: Mapped[str | None] = mapped_column(String(7))
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )
        ```
        ```python app/db/base.py
        from app.models.tag import Tag

        __all__ = ["Tag"]
        ```

    Good:
        The other files stay as they are.

        ```python app/schemas/tag.py
        from pydantic import BaseModel, Field


        class TagCreate(BaseModel):
            name: str = Field(max_length=50)
            color: str | None = Field(default=None, max_length=7)
        ```

    Fix safety:
        Unsafe: longer strings are refused with 422, and the OpenAPI document states the limit. The limit is the length
        of the column of the same name in the model that the schema is named after; without one there is no fix.

    Options:
        `conventions.schema-suffixes`, `conventions.schema-prefixes`, `exempt`.
    """
    name = f"{field.owner.name}.{field.name}"
    schemas = project.string_fields.unconstrained_in(field) if project.purposes.is_application(field.module) else ()
    if not schemas:
        return
    inherited = "" if schemas[0].class_ is field.owner else f", which `{schemas[0].name}` inherits,"
    message = f"`{name}`{inherited} takes strings of any length"
    lengths = project.string_fields.column_lengths(field)
    if len(lengths) != 1:
        reason = "there are columns of different lengths" if lengths else "there is no column with a length to take"
        yield Finding.of(field.place, message, Refusal(reason), name)
        return
    (length,) = lengths
    made = FixBuilder()
    constrain(made, field, [f"max_length={length}"])
    title = f"Limit `{name}` to the {length} characters of its column: longer strings are refused with 422"
    yield Finding(field.place, message, made.fix(title), name)
