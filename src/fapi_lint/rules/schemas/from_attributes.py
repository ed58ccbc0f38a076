from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Applicability, Edit, Fix, Refusal
from fapi_lint.fix.text import insert_argument, insert_entry, insert_into_class_body, quote, replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.schemas import Schema
from fapi_lint.project.symbols import Class
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI301", "from-attributes", fix=Applicability.SAFE, preference="Pydantic Schemas")
def from_attributes(schema: Schema, project: Project) -> Iterator[Finding]:
    """A response schema does not read the attributes of objects.

    Without `from_attributes=True`, `UserResponse.model_validate(user)` fails on anything but a dict. A schema is a
    response schema by its name (`UserResponse`, or another ending that stands for the role), by its use in a
    `response_model` or a return annotation that serves as one, or because it is part of another one. Generic wrappers
    like `Page[UserResponse]` count: they are validated from objects too. A `RootModel` has no attributes to read, and
    what a base class or a class keyword sets is set.

    Pydantic 1 has `orm_mode` instead: projects on it are left alone.

    Bad:
        ```python app/schemas/user.py
        from uuid import UUID

        from pydantic import BaseModel, EmailStr


        class UserResponse(BaseModel):
            id: UUID
            email: EmailStr
        ```

    Good:
        ```python app/schemas/user.py
        from uuid import UUID

        from pydantic import BaseModel, ConfigDict, EmailStr


        class UserResponse(BaseModel):
            id: UUID
            email: EmailStr

            model_config = ConfigDict(from_attributes=True)
        ```

    Fix safety: safe, what was accepted before still is; unsafe for one of several schemas that a field may be
    (`Cat | Dog`), since an object that was read into the other may be read into it then. The setting joins the
    configuration that is there (`ConfigDict(…)`, a dict, `class Config`); else `model_config` goes behind the fields.
    If a response schema inherits another one without the setting, it is added to that one, once. No fix is offered
    where `False` is written, or where the present configuration cannot be seen.

    Options:
        `conventions.schema-suffixes`, `conventions.schema-synonyms`, `exempt`
    """
    if not _fires(schema, project):
        return
    family = _family(schema, project)
    origin = next((base for base in reversed(family) if _fires(base, project) or _has_orm_mode(base)), schema)
    message = f"`{schema.name}` is {project.schemas.use_of(schema)} and lacks `from_attributes=True`"
    yield Finding.of(schema.place, message, _fix(origin))


def _fix(schema: Schema) -> Fix | Refusal:
    if schema.config_statement is not None and "from_attributes" in schema.config.entries:
        return Refusal("`from_attributes=False` is written there")
    made = FixBuilder()
    edit = _edit(made, schema)
    if edit is None:
        return Refusal("its configuration cannot be seen")
    made.add(edit)
    title, alternatives = f"Set `from_attributes=True` in {schema.name}", schema.project.schemas.alternatives
    if any(schema.class_ in schema.project.resolver.mro(class_) for class_ in alternatives):
        return made.fix(f"{title}: in a union, what another schema reads now may be read into it")
    return made.fix(title, Applicability.SAFE)


def _fires(schema: Schema, project: Project) -> bool:
    if schema.from_attributes is not False or schema.is_root or schema not in project.schemas.responses:
        return False
    if schema.pydantic == 1 or (schema.pydantic is None and project.schemas.uses_orm_mode):
        return False
    return project.purposes.is_application(schema.module) and not project.settings.is_exempt("FAPI301", schema.name)


def _has_orm_mode(schema: Schema) -> bool:
    """Whether it meant to read attributes: it says so in the terms of Pydantic 1."""
    bindings = schema.class_.scope.bindings.get("Config", ())
    config = bindings[-1].definition if bindings else None
    return isinstance(config, Class) and "orm_mode" in config.scope.bindings


def _family(schema: Schema, project: Project) -> list[Schema]:
    """The schema and those that it inherits, nearest first."""
    by_class = project.schemas.by_class
    return [by_class[class_] for class_ in schema.ancestors if class_ in by_class]


def _edit(made: FixBuilder, schema: Schema) -> Edit | None:
    module, statement = schema.module, schema.config_statement
    if isinstance(statement, o.ClassDef):
        return _in_config_class(module, statement)
    if statement is None:
        config = made.spell(module, "pydantic.ConfigDict", schema.class_.node.body_start)
        line = f"model_config = {config}(from_attributes=True)"
        if fields := schema.own_fields:
            return insert_into_class_body(module, schema.class_.node, ["", line], after=fields[-1].statement)
        return insert_into_class_body(module, schema.class_.node, [line], first=True)
    match statement.value:
        case o.Call() as call:
            return insert_argument(module, call, "from_attributes=True")
        case o.Dict() as mapping:
            return insert_entry(module, mapping, f"{quote(module, 'from_attributes')}: True")
        case o.Name() | o.Attribute() as shared:
            config = made.spell(module, "pydantic.ConfigDict", shared.start)
            return replace(module, shared, f"{config}(**{module.slice(shared)}, from_attributes=True)")
    return None


def _in_config_class(module: Module, config: o.ClassDef) -> Edit:
    """The setting in `class Config`; its Pydantic 1 name is replaced, which Pydantic 2 does not read."""
    for statement in config.body:
        if isinstance(statement, o.Assign) and o.dotted(statement.targets[0]) == "orm_mode":
            return replace(module, statement, "from_attributes = True")
    return insert_into_class_body(module, config, ["from_attributes = True"])
