from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability
from fapi_lint.fix.injection import inject_session
from fapi_lint.project.asynchrony.opened_sessions import OpenedSession
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI404", "session-injection", fix=Applicability.UNSAFE, preference="API Endpoints")
def session_injection(opened: OpenedSession, project: Project) -> Iterator[Finding]:
    """A route handler opens a session of its own instead of taking one as a dependency.

    FastAPI shares a dependency among everything that serves one request, and tests put another in its place
    (`app.dependency_overrides`). A session that the handler makes is neither shared nor replaced.

    Bad:
        ```python app/api/v1/endpoints/users.py
        from fastapi import APIRouter, Depends
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.db.session import async_session_maker, get_db

        router = APIRouter()


        @router.get("/users/count", response_model=int)
        async def get_user_count(db: AsyncSession = Depends(get_db)) -> int:
            return len((await db.execute(select(1))).all())


        @router.get("/users/total", response_model=int)
        async def get_user_total() -> int:
            async with async_session_maker() as db:
                # One for each of them.
                result = await db.execute(select(1))
                return len(result.all())
        ```
        ```python app/db/session.py
        from collections.abc import AsyncIterator

        from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

        from app.core.config import settings

        engine = create_async_engine(settings.DATABASE_URL)
        async_session_maker = async_sessionmaker(engine, expire_on_commit=False)


        async def get_db() -> AsyncIterator[AsyncSession]:
            async with async_session_maker() as session:
                yield session
        ```

    Good:
        The other files stay as they are.

        ```python app/api/v1/endpoints/users.py
        from fastapi import APIRouter, Depends
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.db.session import get_db

        router = APIRouter()


        @router.get("/users/count", response_model=int)
        async def get_user_count(db: AsyncSession = Depends(get_db)) -> int:
            return len((await db.execute(select(1))).all())


        @router.get("/users/total", response_model=int)
        async def get_user_total(db: AsyncSession = Depends(get_db)) -> int:
            # One for each of them.
            result = await db.execute(select(1))
            return len(result.all())
        ```

    Fix safety:
        Unsafe: the session is closed after the response rather than at the end of the block, and shared with the
        dependencies of the same request. Offered where one dependency does nothing but open a session of the same
        maker, yield and close it; it is written in the application's own style, with its alias if there is one.

    Options:
        `exempt`
    """
    func = " ".join(opened.module.slice(opened.call.func).split())
    message = f"`{opened.handler.name}` opens a session with `{func}()` instead of taking one by `Depends()`"
    yield Finding.of(opened.place, message, inject_session(project, opened), opened.handler.name)
