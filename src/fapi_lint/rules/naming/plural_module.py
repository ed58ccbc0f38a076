from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability
from fapi_lint.fix.move import rename_module
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule
from fapi_lint.source.place import Place


@rule("FAPI102", "plural-module", fix=Applicability.UNSAFE, preference="Naming")
def plural_module(module: Module, project: Project) -> Iterator[Finding]:
    """A file of models, schemas or services is named after its noun in plural.

    The class in `models/user.py` is `User`, and so are the names of its schemas and services: one noun in one form
    leads from each to the others. Files of endpoints are named after the collection that they serve (`users.py`).
    Files without a noun of the domain (`utils`, `types`, `exceptions`) are exempt, and so is a plural that names one
    thing (`class UserPreferences`) or is none (`news`, `status`, `address`).

    Bad:
        ```python app/services/users.py
        def greet_service(name: str) -> str:
            return f"Hello {name}"
        ```
        ```python app/main.py
        from app.services.users import greet_service

        greeting = greet_service("Ada")
        ```

    Good:
        ```python app/services/user.py
        def greet_service(name: str) -> str:
            return f"Hello {name}"
        ```
        ```python app/main.py
        from app.services.user import greet_service

        greeting = greet_service("Ada")
        ```

    Fix safety:
        Unsafe: what others import by the old name is gone. The file moves, and all that refers to it follows: imports,
        attributes of packages, dotted strings and paths in Python, and those in configuration, task and container
        files (`pyproject.toml`, `*.ini`, `Dockerfile`, `*.yml`, `Makefile`, `*.sh`). Where a file uses the new name
        for something else, the module keeps its old one there (`import user as users`). No fix is offered where the
        new name is taken or cannot be imported, or where modules of the package are imported by a name that is put
        together at run time.

    Options:
        `conventions.model-folders`, `conventions.schema-folders`, `conventions.service-folders`,
        `conventions.api-folders`, `conventions.uncountable-nouns`, `exempt`.
    """
    conventions = project.settings.conventions
    singular_folders = {*conventions.model_folders, *conventions.schema_folders, *conventions.service_folders}
    if module.is_package or not project.purposes.is_application(module):
        return
    layer = project.purposes.nearest_folder(module, singular_folders | set(conventions.api_folders))
    if layer not in singular_folders:
        return
    found = project.module_names.noun(module)
    if found is None:
        return
    plural, stem = found
    message = f"Module of {layer} is named after the plural `{plural}`"
    yield Finding.of(Place(module.path, 0, 0), message, rename_module(project, module, stem), plural)
