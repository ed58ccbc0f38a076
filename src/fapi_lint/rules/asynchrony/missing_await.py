from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.awaiting import insert_await
from fapi_lint.fix.edit import Applicability, Fix, Refusal
from fapi_lint.project.asynchrony.fate import Fate
from fapi_lint.project.asynchrony.session_uses import DroppedCoroutine
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI504", "missing-await", fix=Applicability.SAFE, preference="Async/Await")
def missing_await(dropped: DroppedCoroutine, project: Project) -> Iterator[Finding]:
    """A coroutine is made and never awaited: the call does nothing.

    Calling `session.commit()` of an `AsyncSession`, or an `async def` of the application, runs no statement of
    it; awaiting the result does. Python warns of that at run time, in the log. Reported is a call whose value is
    surely no coroutine to anybody: dropped, read an attribute of, iterated, compared, tested. A coroutine that is
    passed on, stored or returned may be awaited elsewhere and is left alone, as is a receiver of unknown type.

    Bad:
        ```python app/services/user_service.py
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.user import User


        async def rename_users_service(session: AsyncSession, name: str) -> None:
            for user in session.execute(select(User)).scalars():
                user.name = name
            session.commit()
        ```

    Good:
        ```python app/services/user_service.py
        from sqlalchemy import select
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.user import User


        async def rename_users_service(session: AsyncSession, name: str) -> None:
            for user in (await session.execute(select(User))).scalars():
                user.name = name
            await session.commit()
        ```

    Fix safety:
        Safe: it makes the call happen, which the code says it does. A plain `def` cannot await, and an `await`
        within a generator expression would make that asynchronous: there the finding has no fix.
    """
    name = " ".join(dropped.module.slice(dropped.call.func).split())
    message = f"`{name}()` is {_USED[dropped.fate]}"
    edits = insert_await(dropped.module, dropped.call, dropped.parent)
    fix = _refusal(dropped) or Fix(f"Await `{name}()`", Applicability.SAFE, edits)
    yield Finding.of(dropped.place, message, fix)


_USED = {
    Fate.DROPPED: "a coroutine that is never awaited",
    Fate.MISUSED: "a coroutine, used as if it had been awaited",
    Fate.RETURNED: "a coroutine, returned where its result is promised",
}


def _refusal(dropped: DroppedCoroutine) -> Refusal | None:
    if dropped.function is None:
        return Refusal("nothing can be awaited outside of functions")
    if not dropped.function.node.is_async:
        return Refusal(f"`{dropped.function.name}` is a plain `def`, which cannot await it")
    if dropped.inside_generator:
        return Refusal("an `await` would make the generator expression asynchronous")
    return None
