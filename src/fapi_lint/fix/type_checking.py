"""An import that serves annotations only goes under `if TYPE_CHECKING:`, and the annotations into quotes."""

from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, DropsImport, Edit, Fix, RefusedError
from fapi_lint.fix.occurrences import occurrences
from fapi_lint.fix.text import replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.imports import Import
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class


def guard_import(link: Import, project: Project) -> Fix:
    """The fix that imports what a module needs of another for type checkers only.

    Raises RefusedError where a name serves anything but annotations that nothing evaluates.
    """
    module = link.importer
    names: list[str] = []
    statements = []
    for other in project.imports.of(module):
        if other.target is link.target and other.statement not in statements:
            statements.append(other.statement)
    for other in project.imports.of(module):
        if other.statement not in statements and link.target in project.imports.packages_above(other.target):
            raise RefusedError(f"the import of {other.target.name} loads {link.target.name}, too")
    for statement in statements:
        if not isinstance(statement, o.ImportFrom) or link.names_module:
            local = link.alias.asname or link.alias.name.partition(".")[0]
            used = any(use.start >= statement.end for use in occurrences(module, local))
            raise RefusedError(
                "the module itself is used" if used else "nothing uses it, but it may be there to be loaded"
            )
        for alias in statement.names:
            if alias.name == "*":
                raise RefusedError("everything is imported")
            names.append(alias.asname or alias.name)
    edits = dict.fromkeys(edit for name in names for edit in _quoted(link, name, project))
    aliases = (alias for statement in statements for alias in statement.names)
    if not all(project.loading.is_loaded_without(module, alias, link.target) for alias in aliases):
        raise RefusedError(f"nothing else is sure to load {link.target.name}")
    return Fix(
        f"Import {', '.join(f'`{name}`' for name in names)} for type checkers only",
        Applicability.SAFE,
        tuple(edits),
        drops=tuple(DropsImport(module.path, name, guard=True) for name in names),
    )


def _quoted(link: Import, name: str, project: Project) -> Iterator[Edit]:
    """The edits that put annotations with a name into quotes."""
    module = link.importer
    _check_exports(link, name, project)
    inert = list(_inert_annotations(link, project))
    models = [(m.class_.node.start, m.class_.node.end) for m in project.models.by_module.get(module, ())]
    statements = [node for node in module.outline.body if isinstance(node, (o.Import, o.ImportFrom))]
    uses = [use for use in occurrences(module, name) if not any(s.start <= use.start < s.end for s in statements)]
    if not any(use.kind in ("code", "annotation") for use in uses):
        raise RefusedError(f"`{name}` is imported for others")
    for use in uses:
        around = next((node for node in inert if node.start <= use.start < node.end), None)
        if use.kind == "other-string":
            continue
        if around is None:
            if use.kind == "annotation" and any(start <= use.start < end for start, end in models):
                continue
            raise RefusedError(f"`{name}` is used at run time")
        if use.kind == "code":
            text = module.slice(around)
            if '"' in text or "\n" in text or "\\" in text:
                raise RefusedError(f"an annotation with `{name}` holds a string or several lines")
            yield replace(module, around, f'"{text}"')


def _inert_annotations(link: Import, project: Project) -> Iterator[o.Expr]:
    """The annotations of plain functions: no decorator, route or dependency, whose annotations something evaluates."""
    for function in link.importer.scope.all_functions():
        if function.node.decorators or function in project.dependencies or function in project.routes.by_handler:
            continue
        parent = function.parent
        if isinstance(parent, Class) and (parent.node.decorators or parent in project.dependencies.named):
            continue
        for param in function.node.params:
            if param.annotation is not None:
                yield param.annotation
        if function.node.returns is not None:
            yield function.node.returns


def _check_exports(link: Import, name: str, project: Project) -> None:
    """Nobody takes the name from the importing module."""
    module = link.importer
    if module.is_package or name in module.listed:
        raise RefusedError(f"`{name}` is imported for others")
    for other in project.references.mentioning(name):
        if other is not module and any(found.target is module for found in project.imports.of(other)):
            for statement in {found.statement for found in project.imports.of(other) if found.target is module}:
                taken = {alias.name for alias in statement.names}
                dotted = f"{module.parts[-1]}.{name}" in other.text
                if name in taken or "*" in taken or dotted:
                    raise RefusedError(f"{other.name} takes `{name}` from it")
