"""Renaming a class or function of the application, with everything that refers to it."""

from __future__ import annotations

import keyword
from collections.abc import Collection

from fapi_lint.fix.edit import Applicability, Edit, Fix, Refusal, count
from fapi_lint.project.mentions import member_mentions
from fapi_lint.project.project import Project
from fapi_lint.project.references import Definition
from fapi_lint.project.word_uses import Site


def rename(
    project: Project, definition: Definition, name: str, *, changes: str = "", also: Collection[Site] = ()
) -> Fix | Refusal:
    """The fix that calls a class or function of a module `name`, in the whole application.

    `changes` says in the title what else than the name changes for others. Strings that spell the old name without
    being known to mean it stay as they are, and the title counts them; `also` are those of them
    (`project.references.of(definition).strings`) that the caller knows to mean it.
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
    places = {(site.module.path, site.start) for site in [*references.sites, *also]}
    homes = {definition.module, *(site.module for site in references.sites if site.module.is_package)}
    for file in project.text_files.all:
        places.update((file.path, start) for home in homes for start in member_mentions(file, home, old))
    edits = tuple(Edit(path, start, start + len(old), name) for path, start in sorted(places))
    title = f"Rename `{old}` to `{name}` in {count(len({edit.path for edit in edits}), 'file')}"
    if changes:
        title += f"; {changes}"
    left = len(references.strings) - len(also)
    if left:
        stay = "stays as it is" if left == 1 else "stay as they are"
        title += f"; {count(left, 'string')} spelling it {stay}"
    return Fix(title, Applicability.UNSAFE, edits)
