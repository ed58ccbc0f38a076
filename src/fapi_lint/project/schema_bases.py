"""The Base schema of a resource, and what the other schemas of the resource share with it."""

from __future__ import annotations

from itertools import pairwise

from fapi_lint.outline import nodes as o
from fapi_lint.project.project import Project
from fapi_lint.project.schemas import Schema, SchemaField
from fapi_lint.project.symbols import Class

_VALIDATORS = frozenset(["field_validator", "model_validator", "root_validator", "validator"])


def base_of(project: Project, schema: Schema) -> Schema | None:
    """`UserBase` for `UserCreate`: the one in the same file, or the only one there is in the application.

    One that has a `UserCreate` of its own beside it is that of another version.
    """
    named = project.resources.parse(schema.name)
    if named is None or not named.is_conventional or named.role == "base":
        return None
    name = named.resource + project.settings.conventions.schema_suffixes.base
    candidates = project.schemas.by_name.get(name, [])
    found = [base for base in candidates if base.module is schema.module]
    if not found:
        taken = {other.module for other in project.schemas.by_name[schema.name]}
        root = schema.module.import_root
        found = [each for each in candidates if each.module.import_root == root and each.module not in taken]
    if len(found) != 1 or found[0].is_generic or found[0].is_root or schema.is_generic or schema.is_root:
        return None
    return None if schema.class_ in found[0].ancestors else found[0]


def repeated_fields(schema: Schema, base: Schema) -> list[SchemaField]:
    """The schema's own fields that are, to the letter, what it inherits from the base or would inherit from it.

    A field with a docstring of its own says more than the one that it repeats.
    """
    above = [ancestor for ancestor in schema.ancestors[1:] if ancestor not in base.ancestors]
    between = {field.name for ancestor in above for field in schema.project.schemas.fields_of(ancestor)}
    documented = {one.start for one, other in pairwise(schema.class_.node.body) if isinstance(other, o.ExprStatement)}
    return [
        field
        for field in schema.own_fields
        if field.name in base.fields
        and field.name not in between
        and field.statement.start not in documented
        and _text(field) == _text(base.fields[field.name])
    ]


def _text(field: SchemaField) -> tuple[str, str]:
    """Annotation and default without white space."""
    parts = (field.annotation, field.default)
    annotation, default = ("" if part is None else "".join(field.module.slice(part).split()) for part in parts)
    return annotation, default


def derivation_obstacle(project: Project, schema: Schema, base: Schema) -> str | None:
    """Why the schema cannot be made to inherit the base without changing what it accepts or shows."""
    gained = [f"`{name}`" for name in base.fields if name not in schema.fields]
    if gained:
        return f"it would gain {', '.join(gained)}"
    new = [class_ for class_ in base.ancestors if class_ not in schema.ancestors]
    if any(_has_validator(project, class_) for class_ in new):
        return f"the validators of `{base.name}` would apply to it"
    differing = base.config.entries.keys() - schema.config.entries.keys() - {"from_attributes"}
    if differing or not base.config.is_complete:
        return f"the configuration of `{base.name}` would apply to it"
    if schema.class_.parent is not None or base.class_.parent is not None:
        return "one of them is nested"
    if base.module is schema.module:
        return None if base.class_.node.start < schema.class_.node.start else f"`{base.name}` is defined below it"
    if schema.module in project.imports.reachable([base.module]):
        return "the import would close a cycle"
    return None


def replaceable_base(project: Project, schema: Schema, base: Schema) -> o.Arg | None:
    """The argument of the class statement that the base can stand for, because the base inherits it."""
    above = project.resolver.mro(base.class_)[1:]
    found = [
        arg
        for arg in schema.class_.node.bases
        if not arg.keyword and not arg.star and project.resolver.resolve(schema.class_.enclosing, arg.value) in above
    ]
    return found[0] if len(found) == 1 else None


def _has_validator(project: Project, class_: Class) -> bool:
    decorators = (decorator for method in class_.methods for decorator in method.node.decorators)
    return any(project.resolver.foreign_name(class_.scope, each.func) in _VALIDATORS for each in decorators)
