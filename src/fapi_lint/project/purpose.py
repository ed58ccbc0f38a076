"""What a file is there for: the application, its tests, migrations or scripts, or code that is not its own."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, Literal, TypeAlias

from fapi_lint.outline import nodes as o
from fapi_lint.project.imports import runtime_statements
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.nouns import singular
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import External
from fapi_lint.source.place import folders_above

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

Purpose: TypeAlias = Literal["application", "test", "migration", "script", "foreign"]

_FOR_TOOLS = re.compile(
    r"(?:gunicorn|hypercorn)(?:[._]conf(?:ig)?)?\.py|(?:dodo|fabfile|hatch_build|locustfile|noxfile|setup)\.py",
    re.IGNORECASE,
)
"""Files that a tool finds by their name."""
_TASKS = re.compile(r"^(?:from|import) (?:fabric|invoke|nox)\b", re.MULTILINE)
_VENDORED = frozenset(("_vendor", "_vendored", "vendored"))
"""Folders of copies of libraries; `vendor` may be a noun of the domain."""
_GENERATED = ("_pb2.py", "_pb2_grpc.py")
"""How files end that the compiler of protocol buffers writes."""
_TEST_FILE = re.compile(r"(?:conftest|test_\w+|\w+_test)\.py$")
_FIXTURE = re.compile(r"^@(?:pytest(?:_asyncio)?\.)?fixture\b", re.MULTILINE)
_TEST_FOLDER = re.compile(r"(?:^|[_-])tests?$")
_OF_PROGRAMS = ("sys.argv", "sys.exit", "parse_args")
_MAKES_APPLICATION = re.compile(r"=\s*(?:fastapi\.)?FastAPI\(")
_OF_APPLICATIONS = ("FastAPI(", "APIRouter(", "Starlette(", "Celery(")


class Purposes(Part):
    """Tells files apart: by where they stand, by alembic's `env.py`, and by what loading them does."""

    @kept
    def of(self, module: Module) -> Purpose:
        """What a file is for."""
        purpose = self._purpose(module.folder)
        name = os.path.basename(module.path)
        if purpose == "application" and (name == "conftest.py" or name.startswith("test_") or _has_fixtures(module)):
            return "test"
        if purpose == "application" and name.endswith(_GENERATED):
            return "foreign"
        if purpose == "application" and (is_for_tool(module) or _is_program(module)) and self._is_unused(module):
            return "script"
        return purpose

    def _is_unused(self, module: Module) -> bool:
        """Whether nothing imports a file but tests."""
        leading = self.project.imports.leading_to(module) - {module}
        return all(self._purpose(other.folder) == "test" for other in leading)

    def is_application(self, module: Module) -> bool:
        return self.of(module) == "application"

    def in_folder(self, module: Module, names: tuple[str, ...]) -> bool:
        """Whether a folder above the file, within the project, bears one of these names."""
        return self.nearest_folder(module, names) is not None

    def nearest_folder(self, module: Module, names: Collection[str]) -> str | None:
        """The innermost folder above the file, within the project, that bears one of these names."""
        root = self.project.root.rstrip(os.sep)
        for folder in takewhile(lambda folder: folder != root, folders_above(module.folder)):
            name = os.path.basename(folder)
            if name in names and not (name in self._layers and folder in self._above_applications):
                return name
        return None

    @cached_property
    def _layers(self) -> frozenset[str]:
        conventions = self.project.settings.conventions
        return frozenset([*conventions.model_folders, *conventions.schema_folders, *conventions.service_folders])

    @cached_property
    def _above_applications(self) -> frozenset[str]:
        """The folders above applications: `services/users/app/main.py` is no business logic."""
        return frozenset(
            folder
            for module in self.project.modules
            if _MAKES_APPLICATION.search(module.text) and self.is_application(module)
            for folder in folders_above(os.path.dirname(module.folder))
        )

    def is_file(self, module: Module, tails: str | tuple[str, ...]) -> bool:
        """Whether a file is one that a convention names by the end of its path, or in a package of that name."""
        path = module.path.replace(os.sep, "/")
        stems = [
            f"/{tail.removesuffix('/').removesuffix('.py')}" for tail in ((tails,) if isinstance(tails, str) else tails)
        ]
        return any(path.endswith(f"{stem}.py") or f"{stem}/" in path[len(self.project.root) :] for stem in stems)

    def is_service(self, module: Module) -> bool:
        """Whether a file holds business logic: by its folder, or by a name like `services.py`, `user_service.py`."""
        folders = self.project.settings.conventions.service_folders
        name = os.path.basename(module.path).removesuffix(".py")
        named = name in folders or f"_{name}".endswith(tuple(f"_{singular(folder)}" for folder in folders))
        if not (named or self.in_folder(module, folders)) or not self.is_application(module):
            return False
        return "Router(" not in module.text  # A file with routes is none, whatever it is called.

    @cached_property
    def environments(self) -> list[Module]:
        """Alembic's `env.py` files, wherever the folder of migrations is and whatever it is called."""
        return [module for module in self.project.modules if _is_environment(self.project, module)]

    def _folders(self, folder: str) -> set[str]:
        root = self.project.root.rstrip(os.sep)
        inside = root and (folder + os.sep).startswith(root + os.sep)
        return set((folder[len(root) :] if inside else folder).split(os.sep))

    @kept
    def _purpose(self, folder: str) -> Purpose:
        conventions = self.project.settings.conventions
        parts = self._folders(folder)
        if parts & set(conventions.test_folders) or self._is_below_tests(folder):
            return "test"
        if parts & set(conventions.migration_folders) or self._is_below_environment(folder):
            return "migration"
        if parts & _VENDORED:
            return "foreign"
        is_hidden = any(part.startswith(".") for part in parts)  # `.github`: for the repository, not the application
        return "script" if is_hidden or parts & set(conventions.script_folders) else "application"

    def _is_below_tests(self, folder: str) -> bool:
        """Whether a folder above is called like one of tests, `integration_tests` or `test`, and holds some."""
        return any((folder + os.sep).startswith(tests + os.sep) for tests in self._folders_of_tests)

    @cached_property
    def _folders_of_tests(self) -> frozenset[str]:
        inside = self.project.root.rstrip(os.sep) + os.sep
        return frozenset(
            folder
            for module in self.project.modules
            if _TEST_FILE.match(os.path.basename(module.path))
            for folder in folders_above(module.folder)
            if folder.startswith(inside) and _TEST_FOLDER.search(os.path.basename(folder))
        )

    def _is_below_environment(self, folder: str) -> bool:
        return any((folder + os.sep).startswith(module.folder + os.sep) for module in self.environments)


def _has_fixtures(module: Module) -> bool:
    """Whether a file is a plugin of pytest: `app/testing/fixtures.py`."""
    return "pytest" in module.text and _FIXTURE.search(module.text) is not None


def _is_program(module: Module) -> bool:
    """Whether a file reads the command line or exits as soon as it is loaded."""
    text = module.text
    if not any(name in text for name in _OF_PROGRAMS) or any(name in text for name in _OF_APPLICATIONS):
        return False
    at_once = (node for node in o.walk(*runtime_statements(module.outline.body)) if isinstance(node, o.Attribute))
    return any(o.dotted(node) in _OF_PROGRAMS or node.attr in _OF_PROGRAMS for node in at_once)


def is_for_tool(module: Module) -> bool:
    """Whether a file is the configuration of a server, or a list of tasks, that a tool runs."""
    return bool(_FOR_TOOLS.fullmatch(os.path.basename(module.path)) or _TASKS.search(module.text))


def _is_environment(project: Project, module: Module) -> bool:
    """A file called `env.py` that binds `alembic.context`."""
    if os.path.basename(module.path) != "env.py" or "alembic" not in module.text:
        return False
    members = (project.resolver.member(module, name) for name in module.scope.bindings)
    return any(member in (External("alembic.context"), External("alembic")) for member in members)
