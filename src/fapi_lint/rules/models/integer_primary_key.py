from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Refusal
from fapi_lint.fix.uuid_keys import uuid_fix
from fapi_lint.project.identity.integer_keys import IntegerKey
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI201", "integer-primary-key", fix=Applicability.UNSAFE, preference="Database Models")
def integer_primary_key(key: IntegerKey, project: Project) -> Iterator[Finding]:
    """A primary key is an integer where a UUID is the convention.

    Integers that count up tell outsiders how many rows there are and which come next, collide when databases
    are merged, and exist only once the database has seen the row. The type may be written, inferred from
    `Mapped[int]`, or come from an `Annotated` alias or a base class: such a key is reported once, where it is defined.

    Keys that are foreign keys follow what they point at, an integer that is part of a composite key is
    natural, and views have no keys of their own: none of them is reported.

    Bad:
        ```python app/models/user.py
        from datetime import datetime

        from sqlalchemy import DateTime, func
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class User(Base):
            __tablename__ = "user"

            id: Mapped[int] = mapped_column(primary_key=True)
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

    Good:
        The other files stay as they are.

        ```python app/models/user.py
        import uuid
        from datetime import datetime

        from sqlalchemy import UUID, DateTime, func
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class User(Base):
            __tablename__ = "user"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )
        ```

    Fix safety:
        Unsafe: new tables get other columns, the API other identifiers, and rows that exist need a data migration,
        which Alembic cannot generate: revisions stay as they are. The fix changes everything that holds the key's
        values at once, in all files: foreign keys, association tables, schemas, parameters, return annotations,
        parsing by `int()`, bounds like `ge=1`, and in tests what is sent or expected as JSON. Where something is done
        with them that a UUID does not go with (a number in the code, a calculation, a format, JSON), or that cannot be
        followed, nothing changes, and the finding says what it is.

    Options:
        `exempt`
    """
    message = f"Primary key `{key.name}` is an integer, not a UUID"
    held = None if key.column is None else project.identifiers.of(key.column)
    fix = None if held is None else uuid_fix(project, held)
    if key.column is None:
        fix = Refusal("no model says what holds its values")
    yield Finding.of(key.place, message, fix, key.name)
