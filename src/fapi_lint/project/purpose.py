"""What a file is there for: the application itself, its tests, its migrations or its scripts."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from fapi_lint.project.module import Module
from fapi_lint.project.symbols import External

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

Purpose: TypeAlias = Literal["application", "test", "migration", "script"]


@dataclass(eq=False)
class Purposes:
    """Tells the files of an application apart by where they stand and by alembic's `env.py`."""

    project: Project

    def __post_init__(self) -> None:
        self._of_folder: dict[str, Purpose] = {}

    def of(self, module: Module) -> Purpose:
        """What a file is for."""
        folder = module.folder
        if folder not in self._of_folder:
            self._of_folder[folder] = self._purpose(folder)
        purpose = self._of_folder[folder]
        name = os.path.basename(module.path)
        if purpose == "application" and (name == "conftest.py" or name.startswith("test_")):
            return "test"
        return purpose

    def is_application(self, module: Module) -> bool:
        return self.of(module) == "application"

    def in_folder(self, module: Module, names: tuple[str, ...]) -> bool:
        """Whether a folder above the file, within the project, bears one of these names."""
        return not self._folders(module.folder).isdisjoint(names)

    @cached_property
    def environments(self) -> list[Module]:
        """Alembic's `env.py` files, wherever the folder of migrations is and whatever it is called."""
        return [module for module in self.project.modules if _is_environment(self.project, module)]

    def _folders(self, folder: str) -> set[str]:
        root = self.project.root.rstrip(os.sep)
        inside = root and (folder + os.sep).startswith(root + os.sep)
        return set((folder[len(root) :] if inside else folder).split(os.sep))

    def _purpose(self, folder: str) -> Purpose:
        conventions = self.project.settings.conventions
        parts = self._folders(folder)
        if parts & set(conventions.test_folders):
            return "test"
        if parts & set(conventions.migration_folders) or self._is_below_environment(folder):
            return "migration"
        return "script" if parts & set(conventions.script_folders) else "application"

    def _is_below_environment(self, folder: str) -> bool:
        return any((folder + os.sep).startswith(module.folder + os.sep) for module in self.environments)


def _is_environment(project: Project, module: Module) -> bool:
    """A file called `env.py` that binds `alembic.context`."""
    if os.path.basename(module.path) != "env.py" or "alembic" not in module.text:
        return False
    members = (project.resolver.member(module, name) for name in module.scope.bindings)
    return any(member in (External("alembic.context"), External("alembic")) for member in members)
