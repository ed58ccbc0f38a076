"""Renaming a class or function of the application, with everything that refers to it."""

from __future__ import annotations

import keyword
from dataclasses import dataclass

from fapi_lint.fix.edit import Applicability, Edit, Fix
from fapi_lint.project.project import Project
from fapi_lint.project.references import Definition


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not renamed: a clause that goes on from "not renamed: "."""

    reason: str


def rename(project: Project, definition: Definition, name: str, *, changes: str = "") -> Fix | Refusal:
    """The fix that calls a class or function of a module `name`, in the whole application.

    `changes` says in the title what else than the name changes for others. Strings that spell the old name without
    being known to mean it stay as they are, and the title counts them.
    """
    if definition.parent is not None:
        return Refusal("it is not defined at module level")
    if not name.isidentifier() or keyword.iskeyword(name):
        return Refusal(f"`{name}` is no name")
    references = project.references.of(definition)
    if references.obstacles:
        return Refusal(references.obstacles[0])
    taken = project.references.collision(references, name)
    if taken is not None:
        return Refusal(f"`{name}` means something else in {taken.name}")
    old = definition.name
    edits = tuple(Edit(site.module.path, site.start, site.start + len(old), name) for site in references.sites)
    title = f"Rename `{old}` to `{name}` in {_count(len({edit.path for edit in edits}), 'file')}"
    if changes:
        title += f"; {changes}"
    if references.strings:
        stay = "stays as it is" if len(references.strings) == 1 else "stay as they are"
        title += f"; {_count(len(references.strings), 'string')} spelling it {stay}"
    return Fix(title, Applicability.UNSAFE, edits)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
