from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability
from fapi_lint.fix.select import to_select
from fapi_lint.project.asynchrony.session_uses import QueryCall
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI503", "legacy-query", fix=Applicability.UNSAFE, preference="Async/Await")
def legacy_query(query: QueryCall, project: Project) -> Iterator[Finding]:
    """`session.query(...)` in place of `select(...)`.

    `Query` is the legacy interface of SQLAlchemy: an `AsyncSession` does not have it. A statement made with `select()`
    is executed by either kind of session. Reported is each call of `query` on a session, and on a receiver of unknown
    type where the arguments are mapped classes or their columns; nothing in a project on SQLAlchemy 1.3.

    Bad:
        ```python app/db/users.py
        from sqlalchemy.ext.asyncio import AsyncSession
        from sqlalchemy.orm import Session

        from app.models.user import User


        def load_user(session: Session, email: str) -> User | None:
            return session.query(User).filter(User.email == email).first()


        async def find_user(session: AsyncSession, email: str) -> User | None:
            return await session.run_sync(load_user, email)
        ```
        ```python app/models/user.py
        import uuid
        from datetime import datetime

        from sqlalchemy import DateTime, String, func
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "users"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
            email: Mapped[str] = mapped_column(String(255), unique=True)
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )
        ```

    Good:
        The other files stay as they are.

        ```python app/db/users.py
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession
        from sqlalchemy.orm import Session

        from app.models.user import User


        def load_user(session: Session, email: str) -> User | None:
            return session.scalars(select(User).where(User.email == email).limit(1)).first()


        async def find_user(session: AsyncSession, email: str) -> User | None:
            return await session.run_sync(load_user, email)
        ```

    Fix safety: unsafe, what was a `Query` is a `Select`, which code outside of the application would notice. Rows,
    entities and exceptions are the same, `unique()` included where `Query` removed duplicates. A query that several
    functions build, return or are given is rewritten in all of them at once, or not at all: the message then names
    what stands in the way, and where.
    """
    if project.versions.sqlalchemy.is_below(1, 4):
        return  # There is no other interface.
    receiver = " ".join(query.module.slice(query.call.func).split())
    message = f"`{receiver}()` is the legacy interface: use `select()`"
    yield Finding.of(query.place, message, to_select(project, project.queries.chain(query)))
