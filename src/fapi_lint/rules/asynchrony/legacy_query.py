from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.project.project import Project
from fapi_lint.project.sessions import QueryCall
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI503", "legacy-query", preference="Async/Await")
def legacy_query(query: QueryCall, project: Project) -> Iterator[Finding]:
    """`session.query(...)` in place of `select(...)`.

    `Query` is the legacy interface of SQLAlchemy: an `AsyncSession` does not have it. A statement made with `select()`
    is executed by either kind of session. Reported is each call of `query` on a session, and on a receiver of unknown
    type where the arguments are mapped classes or their columns.

    Bad:
        ```python app/services/user_service.py
        from app.models.user import User


        async def get_users_service(session) -> list[User]:
            return session.query(User).order_by(User.email).all()
        ```
        ```python app/models/user.py
        import uuid

        from sqlalchemy import String
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            pass


        class User(Base):
            __tablename__ = "users"

            id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
            email: Mapped[str] = mapped_column(String(255), unique=True)
        ```

    Good:
        ```python app/services/user_service.py
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.user import User


        async def get_users_service(session: AsyncSession) -> list[User]:
            return list(await session.scalars(select(User).order_by(User.email)))
        ```

    Together with: FAPI110, FAPI203, FAPI211
    """
    receiver = " ".join(query.module.slice(query.call.func).split())
    yield Finding(at=query.place, message=f"`{receiver}()` is the legacy interface: use `select()`")
