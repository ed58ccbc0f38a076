"""What everything has in common that is known of an application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from fapi_lint.project.project import Project


class Part(Struct, eq=False, dict=True):
    """One thing or one side of an application; what it does not know itself, it asks the project for."""

    project: Project
