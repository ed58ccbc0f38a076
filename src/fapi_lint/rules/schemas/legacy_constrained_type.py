from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Applicability, Fix, Refusal
from fapi_lint.fix.field import constrain, keywords_of, takes_constraints
from fapi_lint.fix.text import replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.constrained_types import REMOVED, RENAMED, STRINGS_ONLY, TYPES, ConstrainedType
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import External
from fapi_lint.rules.rule import Finding, rule

_COLLECTIONS = ("conlist", "conset", "confrozenset")


@rule("FAPI304", "legacy-constrained-type", fix=Applicability.SAFE, preference="Pydantic Schemas")
def legacy_constrained_type(constrained: ConstrainedType, project: Project) -> Iterator[Finding]:
    """A type is made by `constr()`, `conint()`, `conlist()` or one of their kin, where `Field` serves.

    A call is no type to a type checker, so these come with `# type: ignore` or go unchecked. Pydantic 2 keeps
    them for old code only: `Field` constrains any type, in the assignment or inside `Annotated`.

    Bad:
        ```python app/schemas/user.py
        from pydantic import BaseModel, ConfigDict, conint, conlist, constr


        class UserFilter(BaseModel):
            name: constr(min_length=1, max_length=255)
            nickname: constr(max_length=50) | None = None
            ages: conlist(conint(ge=0), max_length=10)
            code: constr(strip_whitespace=True, max_length=8)

            model_config = ConfigDict(extra="forbid")
        ```

    Good:
        ```python app/schemas/user.py
        from typing import Annotated

        from pydantic import BaseModel, ConfigDict, Field, StringConstraints


        class UserFilter(BaseModel):
            name: str = Field(min_length=1, max_length=255)
            nickname: str | None = Field(default=None, max_length=50)
            ages: list[Annotated[int, Field(ge=0)]] = Field(max_length=10)
            code: Annotated[str, StringConstraints(strip_whitespace=True, max_length=8)]

            model_config = ConfigDict(extra="forbid")
        ```

    Fix safety:
        Safe: the same values are accepted, and the JSON Schema is the same. Arguments of Pydantic 1 get their new
        names. No fix is offered for what Pydantic 2 does not have (`unique_items`), for arguments that cannot be
        seen, and where a comment stands between the arguments.

    Options:
        `exempt`
    """
    if not project.purposes.is_application(constrained.module):
        return
    field = constrained.field
    name = None if field is None else f"{field.owner.name}.{field.name}"
    message = f"`{constrained.name}()` makes the type of {constrained.label}, where `Field` serves"
    yield Finding.of(constrained.module.place(constrained.call), message, _fix(constrained, project), name)


def _fix(constrained: ConstrainedType, project: Project) -> Fix | Refusal:
    module, call, field = constrained.module, constrained.call, constrained.field
    if field is not None and project.models.is_sqlmodel(field.owner):
        return Refusal("SQLModel reads constraints from its own `Field`")
    if "#" in module.slice(call):
        return Refusal("a comment may stand between its arguments")
    said = keywords_of(field) if field is not None and constrained.is_whole else set()
    item, arguments = constrained.item if constrained.name in _COLLECTIONS else None, []
    for arg in call.args:
        if arg is item:
            continue
        if arg.star or not arg.keyword:
            return Refusal("its arguments cannot be seen")
        if arg.keyword in REMOVED:
            return Refusal(f"Pydantic 2 has nothing in place of `{arg.keyword}`")
        if RENAMED.get(arg.keyword, arg.keyword) in said:
            return Refusal(f"its field says `{arg.keyword}` once more")
        value = module.text[arg.start : arg.end].partition("=")[2].strip()
        arguments.append(f"{RENAMED.get(arg.keyword, arg.keyword)}={value}")

    base, made = TYPES[constrained.name], FixBuilder()
    if "." in base:
        text = made.spell(module, base, call.start)
    elif project.resolver.resolve(constrained.scope, o.Name(0, 0, base)) == External(f"builtins.{base}"):
        text = base
    else:
        return Refusal(f"`{base}` means something else there")
    if item is not None:
        text += f"[{module.slice(item.value)}]"
    if arguments and constrained.is_whole and field is not None and takes_constraints(field, arguments):
        constrain(made, field, arguments)
    elif arguments:
        strings = any(argument.partition("=")[0] in STRINGS_ONLY for argument in arguments)
        wrapper = made.spell(module, "typing.Annotated", call.start)
        holder = made.spell(module, f"pydantic.{'StringConstraints' if strings else 'Field'}", call.start)
        text = f"{wrapper}[{text}, {holder}({', '.join(arguments)})]"
    made.add(replace(module, call, text))
    if isinstance(call.func, o.Name):
        made.forget(module, call.func)
    return made.fix(f"Replace `{constrained.name}()` by `Field`", Applicability.SAFE)
