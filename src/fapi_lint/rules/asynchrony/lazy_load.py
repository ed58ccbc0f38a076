from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.eager import eager_edits
from fapi_lint.fix.edit import Applicability, Refusal
from fapi_lint.project.objects.lazy_loads import Unloaded
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI506", "lazy-load", fix=Applicability.UNSAFE, preference="Async/Await", default=False)
def lazy_load(unloaded: Unloaded, project: Project) -> Iterator[Finding]:
    """A relationship is read in asynchronous code that nothing has loaded.

    A lazy relationship is loaded by a query of its own when it is first read, as a deferred column is. With an
    AsyncSession that query cannot be awaited, and SQLAlchemy raises `MissingGreenlet`. Read is what the code reads,
    what properties of the model read, and what the response schema names, at any depth.

    Objects are followed from the query through variables, functions and dependencies to where they are read or
    answered. Where something unknown may have loaded the relationship, nothing is reported.

    Bad:
        ```python app/services/post_service.py
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.post import Post


        async def get_author_names_service(db: AsyncSession) -> list[str]:
            posts = await db.scalars(select(Post).order_by(Post.title))
            return [post.author.name for post in posts]
        ```

        ```python app/models/post.py
        import uuid
        from datetime import datetime

        from sqlalchemy import DateTime, ForeignKey, String, func
        from sqlalchemy.dialects.postgresql import UUID
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


        class Base(DeclarativeBase):
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )


        class User(Base):
            __tablename__ = "users"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            name: Mapped[str] = mapped_column(String(100))


        class Post(Base):
            __tablename__ = "posts"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            title: Mapped[str] = mapped_column(String(100))
            author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
            author: Mapped["User"] = relationship("User")
        ```

    Good:
        The other files stay as they are.

        ```python app/services/post_service.py
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession
        from sqlalchemy.orm import selectinload

        from app.models.post import Post


        async def get_author_names_service(db: AsyncSession) -> list[str]:
            posts = await db.scalars(select(Post).order_by(Post.title).options(selectinload(Post.author)))
            return [post.author.name for post in posts]
        ```

    Fix safety:
        Unsafe: another statement is sent for each relationship whenever the query runs, for all who use its objects.
        An object that was just made is loaded anew behind the flush, commit or refresh that dropped what it had.
        Where a schema contains itself, all levels are loaded (`recursion_depth=-1`). No fix is offered where such a
        schema contains more than itself, where a model cannot be imported without a cycle, or where no name holds the
        object.
    """
    names = ", ".join(f"`{load.name}`" for load in unloaded.loads)
    where = "after this" if unloaded.origin.kind == "refresh" else "of these objects"
    message = f"{names} {'is' if len(unloaded.loads) == 1 else 'are'} read {where} without having been loaded"
    made = eager_edits(project, unloaded.loads)
    title = f"Load {names} in `{unloaded.origin.function.name}`, with one more statement each time"
    yield Finding.of(unloaded.place, message, made if isinstance(made, Refusal) else made.fix(title))
