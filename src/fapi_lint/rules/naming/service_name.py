from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability
from fapi_lint.fix.rename import rename
from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import External, Function
from fapi_lint.rules.rule import Finding, rule

_REGISTERS = frozenset(["command", "fixture", "group", "listens_for", "shared_task"])
"""Foreign decorators that hand a function to something that calls it by itself."""


@rule("FAPI108", "service-name", fix=Applicability.UNSAFE, preference="Naming")
def service_name(module: Module, project: Project) -> Iterator[Finding]:
    """A function of the services does not end in `_service`.

    Where handlers and services share a verb, the ending tells `create_user`, which answers a request, from
    `create_user_service`, which holds the business logic, and both can be imported side by side. Public functions
    at the top level of modules below a service folder are meant: no methods, no decorators, and nothing that a
    decorator registers elsewhere, such as routes, tasks and event listeners.

    Bad:
        ```python app/services/user.py
        async def create_user(email: str) -> str:
            return email.lower()
        ```
        ```python app/api/v1/endpoints/users.py
        from app.services.user import create_user


        async def register(email: str) -> str:
            return await create_user(email)
        ```

    Good:
        ```python app/services/user.py
        async def create_user_service(email: str) -> str:
            return email.lower()
        ```
        ```python app/api/v1/endpoints/users.py
        from app.services.user import create_user_service


        async def register(email: str) -> str:
            return await create_user_service(email)
        ```

    Fix safety:
        Unsafe: a public name changes. All references in the application follow: imports, re-exports, attributes of
        modules, `__all__`, strings such as `patch("app.services.user.create_user")`, and entry points in
        configuration, task and container files. No fix is offered where the new name is taken, or where the function
        is looked up by a name that is put together at run time.

    Options:
        `conventions.service-folders`, `conventions.service-suffix`, `exempt`.
    """
    conventions = project.settings.conventions
    purposes = project.purposes
    if not purposes.in_folder(module, conventions.service_folders) or not purposes.is_application(module):
        return
    seen = set()
    for function in module.scope.functions:
        name = function.name
        if name in seen or name == "main" or name.startswith("_") or name.endswith(conventions.service_suffix):
            continue
        seen.add(name)
        if _is_registered(function, project) or _decorates(function, project):
            continue
        renamed = rename(project, function, name.rstrip("_") + conventions.service_suffix)
        message = f"Service function `{name}` does not end in `{conventions.service_suffix}`"
        yield Finding.of(module.name_place(function.node), message, renamed, name)


def _is_registered(function: Function, project: Project) -> bool:
    """Whether a decorator is a method of an object (`@router.get(…)`, `@celery.task`), or known to register.

    One of the application may do so if nothing else refers to the function.
    """
    for decorator in function.node.decorators:
        symbol = project.resolver.resolve(function.enclosing, decorator.func)
        if isinstance(symbol, External) and symbol.name in _REGISTERS:
            return True
        if symbol is None and isinstance(decorator.func, o.Attribute):
            return True
        if isinstance(symbol, Function) and len(project.references.of(function).sites) <= 1:
            return True
    return False


def _decorates(function: Function, project: Project) -> bool:
    """Whether it is a decorator, or makes one."""
    for module in project.references.mentioning(function.name):
        if f"@{function.name}" not in module.text and f".{function.name}" not in module.text:
            continue
        for other in module.scope.all_functions():
            for decorator in other.node.decorators:
                if project.resolver.resolve(other.enclosing, decorator.func) is function:
                    return True
    return False
