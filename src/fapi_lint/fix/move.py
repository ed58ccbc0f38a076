"""Renaming a module of the application, with everything that refers to it, in Python and in the files around it."""

from __future__ import annotations

import keyword
import os
import re
import sys
from collections.abc import Iterator
from itertools import groupby

from fapi_lint.fix.edit import Applicability, Edit, Fix, Move, Refusal, count
from fapi_lint.project.mentions import dotted_mentions, path_mentions
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Namespace
from fapi_lint.project.text_files import TextFile
from fapi_lint.project.word_uses import Site


def rename_module(project: Project, module: Module, stem: str) -> Fix | Refusal:
    """The fix that calls a module or package `stem`, in the folder where it is.

    Imports, attributes of packages, dotted strings and paths follow, also those in configuration, task and container
    files. Where the new name is taken in a file, the import there keeps the old one with an `as`.
    """
    path = module.folder if module.is_package else module.path
    old = os.path.basename(path).removesuffix("" if module.is_package else ".py")
    to = os.path.join(os.path.dirname(path), stem if module.is_package else f"{stem}.py")
    reason = next(_obstacles(project, module, path, old, stem, to), None)
    if reason is not None:
        return Refusal(reason)
    edits = _python_edits(project, module, old, stem)
    if isinstance(edits, Refusal):
        return edits
    for text_file in project.text_files.all:
        starts = dotted_mentions(text_file, module)
        edits.update(Edit(text_file.path, start, start + len(old), stem) for start in starts)
    word = re.split(r"\W", old)[0]
    mentioning: list[Module | TextFile] = [*project.text_files.all, *project.references.mentioning(word)]
    for file in mentioning:
        starts = path_mentions(file, module, project.root)
        edits.update(Edit(file.path, start, start + len(old), stem) for start in starts)
    return Fix(_title(path, to, edits), Applicability.UNSAFE, tuple(sorted(edits)), moves=(Move(path, to),))


def _title(path: str, to: str, edits: set[Edit]) -> str:
    title = f"Rename `{os.path.basename(path)}` to `{os.path.basename(to)}`"
    if not edits:
        return title
    return f"{title}, and {count(len(edits), 'reference')} to it in {count(len({edit.path for edit in edits}), 'file')}"


def _obstacles(project: Project, module: Module, path: str, old: str, stem: str, to: str) -> Iterator[str]:
    """Why the module cannot have another name: clauses that go on from "not renamed: "."""
    if old.isidentifier() and (not stem.isidentifier() or keyword.iskeyword(stem)):
        yield f"`{stem}` could not be imported"
    if module.outline.failure is not None:
        yield "it does not parse"
    here = to.removesuffix(".py")
    if any(other.path == f"{here}.py" or other.path.startswith(here + os.sep) for other in project.modules):
        yield f"there is a `{os.path.basename(to)}` already"
    package = _package_of(project, module)
    if package is None:
        if stem in sys.stdlib_module_names or project.resolver.find_module(stem, module) is not None:
            yield f"`{stem}` would hide another module"
    elif isinstance(package, Module) and project.resolver.member(package, stem) is not None:
        yield f"`{stem}` means something else in `{package.name}`"
    yield from project.references.of_module(module).obstacles
    yield from _built_names(project, module, old)


def _package_of(project: Project, module: Module) -> Module | Namespace | None:
    """What the module is an attribute of."""
    name = module.name.rpartition(".")[0]
    found = project.resolver.find_module(name, module) if name else None
    return found if isinstance(found, (Module, Namespace)) else None


def _built_names(project: Project, module: Module, old: str) -> Iterator[str]:
    """Where the module may be imported by a name that is put together: `import_module(f"app.models.{name}")`."""
    package = module.name.rpartition(".")[0]
    below = rf"{re.escape(package)}\.(?=[{{%\"'])|" if package else ""
    built = re.compile(rf"[\"'](?:{below}{re.escape(module.name)}[.:][\w.:]*[{{%])")
    for other in project.imports.by_name:
        found = built.search(other.text)
        if found is None and not old.isidentifier():
            found = re.search(rf"(?<![\w.]){re.escape(module.name)}(?!\w)", other.text)
        if found is not None:
            yield f"it may be imported by a name that is put together ({other.where(found.start())})"


def _python_edits(project: Project, module: Module, old: str, stem: str) -> set[Edit] | Refusal:
    """What changes in the code that refers to the module."""
    edits: set[Edit] = set()
    sites = project.references.of_module(module).sites if old.isidentifier() else []
    sites = sorted(sites, key=lambda site: (site.module.path, site.start))
    for file, group in groupby(sites, lambda site: site.module):
        here = list(group)
        bare = [site.start for site in here if site.bare]
        keeps = bool(bare) and project.references.is_taken(file, bare, stem)
        if keeps and any(site.binds for site in here) and _passes_on(project, file, module):
            return Refusal(f"`{stem}` means something else in `{file.name}`, which others import it from")
        for site in here:
            end = site.start + len(old)
            if not (keeps and site.local):
                edits.add(Edit(file.path, site.start, end, stem))
            elif site.binds:
                edits.add(Edit(file.path, site.start, end, f"{stem} as {old}"))
            elif file.text.startswith(".", end) and _is_import(file, site):
                return Refusal(f"`{stem}` means something else in `{file.name}`")
    return edits


def _passes_on(project: Project, file: Module, module: Module) -> bool:
    """Whether others may take the module from this file, which is not its package."""
    return file.is_package and file is not _package_of(project, module)


def _is_import(file: Module, site: Site) -> bool:
    """Whether a name stands in an import statement of its own: `import users.api`."""
    line = file.text[file.text.rfind("\n", 0, site.start) + 1 : site.start]
    return re.match(r"\s*import\b", line) is not None
