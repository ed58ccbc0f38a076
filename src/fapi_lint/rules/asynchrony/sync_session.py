from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.closures import make_async
from fapi_lint.fix.edit import Applicability
from fapi_lint.project.asynchrony.session_uses import SessionUse
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI502", "sync-session", fix=Applicability.UNSAFE, preference="Async/Await")
def sync_session(use: SessionUse, project: Project) -> Iterator[Finding]:
    """The application works with a synchronous engine, session maker or session.

    A query over a synchronous session blocks the thread it runs in: in an `async def` that is the event loop, with
    all other requests. Reported are the places that decide it: where engine, maker and session are made, and each
    annotation or alias that names the class. Uses of an alias and calls of a maker follow from these.
    Alembic's environment, callbacks of `run_sync` and listeners for events work with synchronous sessions by design,
    and a project on SQLAlchemy 1.3 has no others.

    Bad:
        ```python app/db/session.py
        from collections.abc import Iterator

        from sqlalchemy import create_engine
        from sqlalchemy.orm import Session, sessionmaker

        from app.core.config import settings

        engine = create_engine(settings.DATABASE_URL)
        SessionLocal = sessionmaker(engine)


        def get_db() -> Iterator[Session]:
            with SessionLocal() as session:
                yield session
        ```

    Good:
        ```python app/db/session.py
        from collections.abc import AsyncIterator

        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

        from app.core.config import settings

        engine = create_async_engine(settings.DATABASE_URL)
        SessionLocal = async_sessionmaker(engine, expire_on_commit=False)


        async def get_db() -> AsyncIterator[AsyncSession]:
            async with SessionLocal() as session:
                yield session
        ```

    Fix safety:
        Unsafe: it makes everything asynchronous that shares the session, with all that calls it: engine, session
        maker, dependency, services, handlers, background tasks and tests, in all files at once or not at all. The
        engine needs an asynchronous driver; the title says so where the URL does not tell. Sessions are made with
        `expire_on_commit=False`, because reading an expired attribute cannot be awaited, and relationships that
        would be loaded when they are first read are loaded with their query. What a module does with the database as
        it is loaded, like `Base.metadata.create_all(engine)`, is done when the application starts. Where a test shares
        its session with the application, its `TestClient` becomes an `AsyncClient` first. Where something cannot be
        awaited (a lambda, a property, a thread, a task queue, a script), nothing changes and the message says where
        and why.

    Options:
        `exempt`
    """
    if project.versions.sqlalchemy.is_below(1, 4):
        return  # SQLAlchemy 1.3 has no asynchronous sessions.
    message, closure = _MESSAGES[use.form].format(use.name), project.async_closures.of_use(use)
    fix = None if closure is None else make_async(project, closure)
    yield Finding.of(use.place, message, fix, use.name)


_MESSAGES = {
    "engine": "`{}()` makes a synchronous engine: use `create_async_engine()`",
    "maker": "`{}()` makes synchronous sessions: use `async_sessionmaker()`",
    "session": "`{}()` is a synchronous session: use `AsyncSession`",
    "annotation": "`{}` is a synchronous session: use `AsyncSession`",
    "alias": "`{}` is a synchronous session: use `AsyncSession`",
}
