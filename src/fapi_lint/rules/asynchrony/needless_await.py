from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.awaiting import remove_await
from fapi_lint.fix.edit import Applicability, Fix
from fapi_lint.project.asynchrony.needless_awaits import NeedlessAwait
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI507", "needless-await", fix=Applicability.SAFE, preference="Async/Await", default=False)
def needless_await(needless: NeedlessAwait, project: Project) -> Iterator[Finding]:
    """A method of an AsyncSession is awaited that gives nothing to await.

    `add`, `add_all`, `expunge` and their like only note what the next flush has to do. They return None, and awaiting
    None raises `TypeError`, after the call has been made.

    Bad:
        ```python app/services/user_service.py
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.user import User


        async def create_user_service(db: AsyncSession, user: User) -> None:
            await db.add(user)
            await db.commit()
        ```

    Good:
        ```python app/services/user_service.py
        from sqlalchemy.ext.asyncio import AsyncSession

        from app.models.user import User


        async def create_user_service(db: AsyncSession, user: User) -> None:
            db.add(user)
            await db.commit()
        ```

    Fix safety:
        Safe: the call is made all the same, and the error that followed it is gone.
    """
    name = " ".join(needless.module.slice(needless.call.func).split())
    fix = Fix(f"Do not await `{name}()`", Applicability.SAFE, (remove_await(needless.module, needless.node),))
    yield Finding(at=needless.place, message=f"`{name}()` returns nothing to be awaited", fix=fix)
