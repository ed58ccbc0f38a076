from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Fix, Refusal, fix_or_refusal
from fapi_lint.fix.type_checking import guard_import
from fapi_lint.project.cycles import Cycle
from fapi_lint.project.imports import Import
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI109", "circular-import", fix=Applicability.SAFE, preference="What to AVOID")
def circular_import(cycle: Cycle, project: Project) -> Iterator[Finding]:
    """Modules import each other in a circle when they are loaded.

    Which of them works depends on which is imported first: the other one sees a module that is only half there.
    Counted are imports that run when a module is loaded; not those under `TYPE_CHECKING` or in functions, nor those
    whose `ImportError` is caught. Importing a module runs the packages around it first. A module that takes a name from
    the package that it lies in needs that package, whose `__init__.py` must not import the module before it binds the
    name; `from package import module` does not. Modules that all import each other are one finding, shown as one of
    the shortest circles, at the import that can go or the one that closes it.

    Bad:
        ```python app/services/user_service.py
        from app.services.mail_service import send_mail_service


        class Account:
            email = ""


        async def register_service(account: Account) -> None:
            await send_mail_service(account)
        ```
        ```python app/services/mail_service.py
        import logging

        from app.services.user_service import Account


        async def send_mail_service(account: Account) -> None:
            logging.info(account.email)
        ```
        ```python app/main.py
        from app.services.user_service import register_service

        __all__ = ["register_service"]
        ```

    Good:
        The other files stay as they are.

        ```python app/services/mail_service.py
        import logging
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from app.services.user_service import Account


        async def send_mail_service(account: "Account") -> None:
            logging.info(account.email)
        ```

    Fix safety:
        Safe: an import moves under `if TYPE_CHECKING:` where its names serve only annotations of plain functions, which
        are put into quotes, or quoted annotations of models, and where something else is sure to load the module.
        FastAPI, Pydantic and decorators evaluate annotations, so those of routes, dependencies, schemas and decorated
        functions keep their imports. A class that `relationship` is given becomes a string first (FAPI208).

    Options:
        `exempt`, by the name of the module that imports.
    """
    closing, fix = _choose(cycle, project)
    more = len(cycle.modules) - len(cycle.links)
    others = "1 more module takes part" if more == 1 else f"{more} more modules take part"
    shown = f"{cycle.path}; {others}" if more else cycle.path
    importer = closing.importer
    yield Finding.of(importer.place(closing.statement), f"Import cycle: {shown}", fix, importer.name)


def _choose(cycle: Cycle, project: Project) -> tuple[Import, Fix | Refusal]:
    """The import to report: the first from the end of the circle that can go, else the one that closes it."""
    found = [(link, fix_or_refusal(guard_import, link, project)) for link in reversed(cycle.links)]
    return next((each for each in found if isinstance(each[1], Fix)), found[0])
