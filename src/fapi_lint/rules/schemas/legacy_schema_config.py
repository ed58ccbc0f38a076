from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.class_call import config_to_call
from fapi_lint.fix.edit import Applicability, DropsImport, Fix, Refusal
from fapi_lint.fix.imports import spell
from fapi_lint.outline import nodes as o
from fapi_lint.project.config_class import ConfigClass, ObstacleError
from fapi_lint.project.project import Project
from fapi_lint.project.schemas import Schema
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI302", "legacy-schema-config", fix=Applicability.SAFE, preference="Pydantic Schemas")
def legacy_schema_config(schema: Schema, project: Project) -> Iterator[Finding]:
    """A schema is configured by `class Config`, in a project on Pydantic 2.

    Pydantic 2 deprecates it in favour of `model_config`, and ignores the settings that have new names: with
    `orm_mode = True` a schema does not read the attributes of objects any more, without any error until then.
    Settings classes are left to FAPI703.

    Bad:
        ```python app/schemas/filter.py
        from pydantic import BaseModel, Field, field_validator


        class PostFilter(BaseModel):
            author_name: str = Field(alias="authorName", max_length=255)

            class Config:
                # Python code uses the names of the fields.
                allow_population_by_field_name = True
                extra = "forbid"

            @field_validator("author_name")
            @classmethod
            def strip(cls, value: str) -> str:
                return value.strip()


        class PostOrder(BaseModel):
            column: str

            class Config:
                use_enum_values = True
        ```

    Good:
        ```python app/schemas/filter.py
        from pydantic import BaseModel, ConfigDict, Field, field_validator


        class PostFilter(BaseModel):
            author_name: str = Field(alias="authorName", max_length=255)

            model_config = ConfigDict(
                # Python code uses the names of the fields.
                populate_by_name=True,
                extra="forbid",
            )

            @field_validator("author_name")
            @classmethod
            def strip(cls, value: str) -> str:
                return value.strip()


        class PostOrder(BaseModel):
            column: str

            model_config = ConfigDict(use_enum_values=True)
        ```

    Fix safety:
        Safe: Pydantic makes the same `model_config` of the class. Settings get their new names and take effect again,
        which is what they were written for; where this may refuse or change values that are accepted today
        (`allow_mutation`, `max_anystr_length`, `validate_all`, …), the fix is unsafe. No fix is offered for settings
        that Pydantic 2 has nothing in place of, for methods in the class, and as long as something else
        refers to it; `class Config(Parent.Config)` goes before the class of the parent does.

    Options:
        `exempt`
    """
    config = ConfigClass.of(schema)
    if config is None or not project.purposes.is_application(schema.module):
        return
    try:
        fix: Fix | Refusal = _as_dict(config)
    except ObstacleError as obstacle:
        fix = Refusal(str(obstacle))
    ignored = f"; it ignores `{'`, `'.join(config.ignored)}`" if config.ignored else ""
    message = f"`{schema.name}` is configured by `class Config`, which Pydantic 2 deprecates"
    yield Finding.of(config.place, f"{message}{ignored}", fix, schema.name)


def _as_dict(config: ConfigClass) -> Fix:
    module, node = config.schema.module, config.class_.node
    maker = spell(module, "pydantic.ConfigDict", node.start)
    edit = config_to_call(config, config.settings(), maker.text)
    title = f"Replace `class Config` of `{config.schema.name}` by `model_config`"
    names = ["Extra", *(base.value.id for base in node.bases if isinstance(base.value, o.Name))]
    drops = tuple(DropsImport(module.path, name) for name in names)
    if not config.revived:
        return Fix(title, Applicability.SAFE, (edit,), maker.needs, drops)
    revived = ", ".join(f"`{name}`" for name in config.revived)
    title += f": {revived} will be enforced, which Pydantic 2 ignored under the old name"
    return Fix(title, Applicability.UNSAFE, (edit,), maker.needs, drops)
