from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, DropsImport, Fix, Refusal
from fapi_lint.fix.imports import spell
from fapi_lint.fix.text import replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.schemas import SchemaField
from fapi_lint.project.settings_classes import EnvironmentRead, SettingsInstance
from fapi_lint.project.symbols import External, Function, Variable
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI701", "environment-read", fix=Applicability.UNSAFE, preference="Configuration")
def environment_read(read: EnvironmentRead, project: Project) -> Iterator[Finding]:
    """An environment variable is read outside of the settings.

    What an application can be configured with should be seen in one class, where it has a type, a default and a
    check at start. Read settings from there instead of `os.environ` and `os.getenv`. Migrations, scripts and tests may
    read what they like; so may files that define settings, programs that nothing imports, what a tool runs
    (`gunicorn.conf.py`, `noxfile.py`), and what stands under `if __name__ == "__main__":`. Setting a variable, or
    handing the whole environment to a process, is not meant.

    Bad:
        ```python app/core/config.py
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Settings(BaseSettings):
            DATABASE_URL: str

            model_config = SettingsConfigDict(env_file=".env", case_sensitive=True)


        settings = Settings()
        ```
        ```python app/db/session.py
        import os

        from sqlalchemy.ext.asyncio import create_async_engine

        engine = create_async_engine(os.environ["DATABASE_URL"])
        ```

    Good:
        The other files stay as they are.

        ```python app/db/session.py
        from sqlalchemy.ext.asyncio import create_async_engine

        from app.core.config import settings

        engine = create_async_engine(settings.DATABASE_URL)
        ```

    Fix safety:
        Unsafe: the value is read once at start, from `.env` too, and a default is that of the settings. Offered where
        the settings have a field for the variable whose type is the one that is used here, `str`, or a number that the
        read is converted to.

    Options:
        `conventions.settings-file`, `conventions.script-folders`, `exempt`.
    """
    variable = read.variable or ""
    what = f"Environment variable `{variable}`" if variable else "The environment"
    message = f"{what} is read outside of the settings"
    yield Finding.of(read.place, message, _from_settings(read, project), variable)


def _from_settings(read: EnvironmentRead, project: Project) -> Fix | Refusal:
    if not read.variable or isinstance(read.sighting.node, o.Compare):
        return Refusal("it does not take the value of one variable")
    candidates = [
        (instance, field)
        for instance in project.settings_classes.instances
        if (field := instance.settings.field_of(read.variable)) is not None
    ]
    # The function that keeps the settings is another way to the same ones.
    candidates = [each for each in candidates if not each[0].is_function] or candidates
    if len(candidates) != 1:
        return Refusal(
            "several settings have a field for it" if candidates else "no settings are known to have a field for it"
        )
    instance, field = candidates[0]
    replaced = _replaced(read, field, project)
    if replaced is None:
        return Refusal("the field of the settings has another type")
    if instance.module in project.loading.loaders(read.module):
        return Refusal("the settings import this file")
    return _fix(read, instance, field, replaced, project)


def _fix(
    read: EnvironmentRead, instance: SettingsInstance, field: SchemaField, replaced: o.Node, project: Project
) -> Fix:
    module = read.module
    spellings = [spell(module, target, replaced.start) for target in _targets(instance, project)]
    spelling = next((each for each in spellings if not each.needs), spellings[0])
    settings = f"{spelling.text}()" if instance.is_function else spelling.text
    source = read.sighting.node.value if isinstance(read.sighting.node, o.Subscript) else read.sighting.node
    name = o.dotted(o.called(source)).partition(".")[0]
    return Fix(
        f"Take `{field.name}` from the settings: it is read once, and a default is that of the settings",
        Applicability.UNSAFE,
        (replace(module, replaced, f"{settings}.{field.name}"),),
        spelling.needs,
        (DropsImport(module.path, name),),
    )


def _targets(instance: SettingsInstance, project: Project) -> Iterator[str]:
    """The dotted names of settings: by the packages that pass them on, and by the module that makes them."""
    parts, name = instance.module.parts, instance.name
    for depth in range(1, len(parts)):
        package = project.resolver.find_module(".".join(parts[:depth]), instance.module)
        member = project.resolver.member(package, name) if isinstance(package, Module) else None
        if isinstance(member, (Variable, Function)) and (member.module, member.name) == (instance.module, name):
            yield ".".join([*parts[:depth], name])
    yield f"{instance.module.name}.{name}"


def _replaced(read: EnvironmentRead, field: SchemaField, project: Project) -> o.Node | None:
    """What the field takes the place of: the read, or the conversion around it to the field's type."""
    given = list(project.resolver.union_members(field.scope, field.annotation))
    members = [member for member in given if not is_none(member)]
    type_ = project.resolver.external(field.scope, members[0]) if len(members) == 1 else None
    if type_ == External("builtins.str"):
        return read.sighting.node
    parents = read.sighting.parents
    call = parents[-2] if len(parents) > 1 and isinstance(parents[-1], o.Arg) else None
    if type_ in (External("builtins.int"), External("builtins.float")) and isinstance(call, o.Call):
        converts = project.resolver.external(read.sighting.scope, call.func) == type_ and len(call.args) == 1
        return call if converts and len(members) == len(given) else None
    return None
