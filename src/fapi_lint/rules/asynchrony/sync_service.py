from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.closures import make_async
from fapi_lint.fix.edit import Applicability, Fix, Refusal
from fapi_lint.project.asynchrony.sessions import Service
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI505", "sync-service", fix=Applicability.UNSAFE, preference="Async/Await")
def sync_service(service: Service, project: Project) -> Iterator[Finding]:
    """A service that takes a session is not `async def`.

    What works with the database waits for it, and has to be `async def` to wait without blocking the event loop.
    Reported are the public functions of the folders of services that take a session, and the public methods that take
    one or use the one that their object holds. A `def` over an `AsyncSession` that calls nothing to be awaited, as one
    that only adds objects, is left alone; so are properties, and what `run_sync` calls.

    Bad:
        ```python app/services/user_service.py
        from sqlalchemy.orm import Session

        from app.models.user import User


        def create_user_service(session: Session, user: User) -> User:
            session.add(user)
            session.commit()
            return user
        ```

    Good:
        ```python app/services/user_service.py
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.user import User


        async def create_user_service(session: AsyncSession, user: User) -> User:
            session.add(user)
            await session.commit()
            return user
        ```

    Fix safety:
        Unsafe: the fix is that of FAPI502, which makes everything asynchronous that shares the session, or nothing.

    Options:
        `conventions.service-folders`, `exempt`

    Together with: FAPI502
    """
    function = service.function
    if function.node.is_async:
        return
    if service.kind == "async" and not project.sessions.has_coroutines(function):
        return
    at = function.module.header_place(function.node)
    message = f"`{function.name}` works with a session (`{service.holder}`) and is not `async def`"
    closure = project.async_closures.of(function) or project.async_closures.of_holder(function)
    fix = None if closure is None else make_async(project, closure)
    if isinstance(fix, Fix) and closure is not None and function not in closure.functions:
        fix = Refusal("nothing in it would be awaited")
    yield Finding.of(at, message, fix, function.name)
