from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Applicability, Fix, Refusal
from fapi_lint.fix.text import remove_statements, replace_argument_value
from fapi_lint.outline import nodes as o
from fapi_lint.project.project import Project
from fapi_lint.project.schema_bases import base_of, derivation_obstacle, repeated_fields, replaceable_base
from fapi_lint.project.schemas import Schema, SchemaField
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI107", "schema-base", fix=Applicability.UNSAFE, preference="Naming")
def schema_base(schema: Schema, project: Project) -> Iterator[Finding]:
    """A schema of a resource does not inherit the resource's Base schema, or repeats its fields.

    What the schemas of a resource share belongs in one class: a limit that is changed in `UserBase` and not in
    `UserCreate` lets in what cannot be stored. XCreate, XUpdate, XResponse and XInDB are compared with XBase where
    it exists. A field with another type, default or constraint is an override and no repetition.

    Bad:
        ```python app/schemas/tag.py
        import uuid

        from pydantic import BaseModel, ConfigDict, Field


        class TagBase(BaseModel):
            name: str = Field(max_length=50)


        class TagCreate(TagBase):
            name: str = Field(max_length=50)


        class TagResponse(BaseModel):
            id: uuid.UUID
            name: str = Field(max_length=50)

            model_config = ConfigDict(from_attributes=True)
        ```

    Good:
        ```python app/schemas/tag.py
        import uuid

        from pydantic import BaseModel, ConfigDict, Field


        class TagBase(BaseModel):
            name: str = Field(max_length=50)


        class TagCreate(TagBase):
            pass


        class TagResponse(TagBase):
            id: uuid.UUID

            model_config = ConfigDict(from_attributes=True)
        ```

    Fix safety:
        Unsafe: fields of the base come first, in JSON and in the OpenAPI document, and what changes in the base from
        now on changes here too. No fix is offered where the schema would gain fields, validators or settings,
        and where the base cannot be put in place of one of its bases.

    Options:
        `conventions.schema-suffixes`, `exempt`.
    """
    base = base_of(project, schema)
    if base is None or not project.purposes.is_application(schema.module):
        return
    repeated = repeated_fields(schema, base)
    inherits = base.class_ in schema.ancestors
    if inherits and not repeated:
        return
    names = ", ".join(f"`{field.name}`" for field in repeated)
    parts = [] if inherits else [f"does not inherit `{base.name}`"]
    parts += [f"repeats {names} of `{base.name}`" if inherits else f"repeats {names}"] if repeated else []
    message = f"`{schema.name}` {' and '.join(parts)}"
    reason = None if inherits else derivation_obstacle(project, schema, base)
    replaced = None if inherits else replaceable_base(project, schema, base)
    if reason is None and not inherits and replaced is None:
        reason = f"no base of it is one of `{base.name}`"
    fix = _fix(schema, base, replaced, repeated) if reason is None else Refusal(reason)
    yield Finding.of(schema.place, message, fix, schema.name)


def _fix(schema: Schema, base: Schema, replaced: o.Arg | None, repeated: list[SchemaField]) -> Fix:
    module = schema.module
    made, gone = FixBuilder(), [field.statement for field in repeated]
    made.add(*remove_statements(module, schema.class_.node, gone))
    for statement in gone:
        made.forget(module, statement)
    if replaced is not None:
        name = base.name
        if base.module is not module:
            name = made.spell(module, f"{base.module.name}.{base.name}", schema.class_.node.start)
        made.add(replace_argument_value(module, replaced, name))
        made.forget(module, replaced)
        title = f"Derive `{schema.name}` from `{base.name}`, whose fields then come first"
    else:
        title = f"Inherit the fields of `{base.name}` in `{schema.name}`, with whatever changes in them later"
    return made.fix(title)
