from __future__ import annotations

import os
from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Refusal
from fapi_lint.fix.move import rename_module
from fapi_lint.project.module import Module
from fapi_lint.project.module_names import is_snake_case, snake_case
from fapi_lint.project.project import Project
from fapi_lint.project.purpose import is_for_tool
from fapi_lint.rules.rule import Finding, rule
from fapi_lint.source.place import Place

_NAMESPACE = "without `__init__.py`, other folders may be parts of the same package"


@rule("FAPI101", "module-name", fix=Applicability.UNSAFE, preference="Naming")
def module_name(module: Module, project: Project) -> Iterator[Finding]:
    """The name of a Python file or package is not in snake_case.

    One spelling for all modules (PEP 8) lets imports be written without looking them up, works on disks that do not
    tell upper from lower case, and a name with a hyphen cannot be imported at all. A package is reported once, at
    its `__init__.py`. Revisions of Alembic are exempt, and files that a tool finds by their name (`gunicorn.conf.py`).

    Bad:
        ```python app/utils/dateHelpers.py
        from datetime import datetime, timezone


        def now() -> datetime:
            return datetime.now(timezone.utc)
        ```
        ```python app/main.py
        from app.utils import dateHelpers

        started_at = dateHelpers.now()
        ```

    Good:
        ```python app/utils/date_helpers.py
        from datetime import datetime, timezone


        def now() -> datetime:
            return datetime.now(timezone.utc)
        ```
        ```python app/main.py
        from app.utils import date_helpers

        started_at = date_helpers.now()
        ```

    Fix safety:
        Unsafe: what others import by the old name is gone. The file or folder moves, and all that refers to it
        follows: imports, attributes of packages, dotted strings and paths in Python, and those in configuration, task
        and container files (`pyproject.toml`, `*.ini`, `Dockerfile`, `*.yml`, `Makefile`, `*.sh`). No fix is offered
        where the new name is taken or cannot be imported, or where modules of the package are imported by a name
        that is put together at run time. A folder without `__init__.py` is reported only: other folders, also of other
        distributions, may be parts of the same package, and would have to be renamed with it.

    Options:
        `exempt`.
    """
    if not module.path.endswith(".py") or project.purposes.of(module) == "migration" or is_for_tool(module):
        return  # A file of another name can be run, but is no module.
    name, is_folder = _name(module, project)
    if not name or is_snake_case(name) or "{" in name:
        return
    message = f"{'Package' if is_folder else 'Module'} `{name}` is not in snake_case"
    is_namespace = is_folder and not module.is_package
    renamed = Refusal(_NAMESPACE) if is_namespace else rename_module(project, module, snake_case(name))
    yield Finding.of(Place(module.path, 0, 0), message, renamed, name)


def _name(module: Module, project: Project) -> tuple[str, bool]:
    """The name that is judged at a file, and whether it is the name of its folder."""
    if module.is_package:
        return ("", True) if module.folder == project.root else (os.path.basename(module.folder), True)
    name = os.path.basename(module.path).removesuffix(".py")
    if is_snake_case(name) and _is_first_of_namespace(module, project):
        return os.path.basename(module.folder), True
    return name, False


def _is_first_of_namespace(module: Module, project: Project) -> bool:
    """Whether this is the first file of a folder that has no `__init__.py` itself and is imported as a package."""
    folder = module.folder
    name = os.path.basename(folder)
    if is_snake_case(name) or os.path.join(folder, "__init__.py") in project.by_path:
        return False
    below_package = os.path.join(os.path.dirname(folder), "__init__.py") in project.by_path
    importers = project.imports.leading_to(module) if name.isidentifier() else ()
    if not below_package and all(importer.folder == folder for importer in importers):
        return False
    return module is next(other for other in project.modules if other.folder == folder)
