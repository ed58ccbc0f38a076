from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.class_call import config_to_call, dict_to_call
from fapi_lint.fix.edit import Applicability, Edit, Fix, Refusal
from fapi_lint.fix.text import insert_into_class_body, remove_class_keywords, replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.config_class import ConfigClass, ObstacleError
from fapi_lint.project.project import Project
from fapi_lint.project.settings_classes import SettingsClass
from fapi_lint.project.symbols import Class
from fapi_lint.project.values import dict_items
from fapi_lint.rules.rule import Finding, rule

_DEFAULTS = {"env_file": "None", "case_sensitive": "False"}
_KEYS = frozenset(
    """alias_generator allow_inf_nan arbitrary_types_allowed cache_strings case_sensitive cli_avoid_json
    cli_enforce_required cli_exit_on_error cli_flag_prefix_char cli_hide_none_type cli_ignore_unknown_args
    cli_implicit_flags cli_kebab_case cli_parse_args cli_parse_none_str cli_prefix cli_prog_name
    cli_use_class_docs_for_groups coerce_numbers_to_str defer_build enable_decoding env_file env_file_encoding
    env_ignore_empty env_nested_delimiter env_nested_max_split env_parse_enums env_parse_none_str env_prefix extra
    from_attributes frozen hide_input_in_errors ignored_types json_encoders json_file json_file_encoding
    json_schema_extra loc_by_alias nested_model_default_partial_update populate_by_name protected_namespaces
    pyproject_toml_depth pyproject_toml_table_header regex_engine revalidate_instances secrets_dir
    secrets_dir_missing secrets_nested_delimiter ser_json_bytes ser_json_inf_nan ser_json_timedelta
    serialize_by_alias str_max_length str_min_length str_strip_whitespace str_to_lower str_to_upper strict title
    toml_file use_attribute_docstrings use_enum_values val_json_bytes validate_assignment validate_by_alias
    validate_by_name validate_default validate_return validation_error_cause yaml_config_section yaml_file
    yaml_file_encoding""".split()  # noqa: SIM905
)
"""What `SettingsConfigDict` has under the same name and with the same meaning as a `Config` class."""


@rule("FAPI703", "settings-config", fix=Applicability.SAFE, preference="Configuration")
def settings_config(settings: SettingsClass, project: Project) -> Iterator[Finding]:
    """A settings class has no `model_config = SettingsConfigDict(…)`.

    Where settings come from belongs to the class: the file, the prefix, whether case matters. `SettingsConfigDict`
    knows these keys, so that type checkers find those that are wrong; a nested `class Config` is Pydantic 1's way and
    deprecated, and `ConfigDict` or a plain dict say nothing about settings. A class that inherits its configuration
    needs none, nor does one that only lends its fields to other settings. Projects on Pydantic 1 are left alone.

    Bad:
        ```python app/core/config.py
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            DATABASE_URL: str

            class Config:
                env_file = ".env"
                case_sensitive = True


        settings = Settings()
        ```

    Good:
        ```python app/core/config.py
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Settings(BaseSettings):
            DATABASE_URL: str

            model_config = SettingsConfigDict(env_file=".env", case_sensitive=True)


        settings = Settings()
        ```

    Fix safety:
        Safe: the same configuration is written in another way, keywords of the class too, and one that is missing is
        spelled out with the values that hold by default. No fix is offered for keys that Pydantic 2 ignores or no
        longer has, and as long as something else refers to a `class Config`; `class Config(Parent.Config)` goes before
        the class of the parent does.

    Options:
        `exempt`.
    """
    if not project.purposes.is_application(settings.module):
        return
    if settings.pydantic == 1 or (settings.base.package == "pydantic" and settings.pydantic is None):
        return
    statement = settings.config_statement
    value = None if isinstance(statement, o.ClassDef) or statement is None else statement.value
    if statement is None and (settings.inherits_config or settings.is_part):
        return
    if value is not None and not (isinstance(value, o.Dict) or _is_config_dict(settings, value, project)):
        return
    message = f"Settings `{settings.name}` have no `model_config = SettingsConfigDict(…)`"
    try:
        fix: Fix | Refusal = _fix(settings, statement)
    except ObstacleError as obstacle:
        fix = Refusal(str(obstacle))
    yield Finding.of(settings.place, message, fix, settings.name)


def _is_config_dict(settings: SettingsClass, value: o.Expr, project: Project) -> bool:
    symbol = project.resolver.external(settings.class_.scope, value.func) if isinstance(value, o.Call) else None
    return symbol is not None and symbol.name == "ConfigDict"


def _fix(settings: SettingsClass, statement: o.Assign | o.AnnAssign | o.ClassDef | None) -> Fix:
    module, class_def = settings.module, settings.class_.node
    made = FixBuilder()
    callee = made.spell(module, "pydantic_settings.SettingsConfigDict", class_def.start)
    if isinstance(statement, o.ClassDef):
        made.add(_from_class(settings, callee))
    elif statement is not None and isinstance(statement.value, o.Dict):
        _check_keys(settings, statement.value)
        made.add(*dict_to_call(module, statement.value, callee))
    elif statement is not None and isinstance(statement.value, o.Call):
        made.add(replace(module, statement.value.func, callee))
        made.forget(module, statement.value.func)
    else:
        fields = [field.statement for field in settings.own_fields]
        keywords = [base for base in class_def.bases if base.keyword in _KEYS and _means_the_same(settings, base)]
        elsewhere = {base.keyword for base in class_def.bases}
        defaults = {key: value for key, value in _DEFAULTS.items() if key not in elsewhere}
        entries = {base.keyword: module.slice(base.value) for base in keywords} or defaults
        line = f"model_config = {callee}({', '.join(f'{key}={value}' for key, value in entries.items())})"
        after = fields[-1] if fields and fields[-1] in class_def.body else None
        made.add(insert_into_class_body(module, class_def, ["", line] if after else [line], after=after))
        made.add(*(remove_class_keywords(module, class_def, keywords) if keywords else ()))
    return made.fix(f"Configure `{settings.name}` with `SettingsConfigDict`", Applicability.SAFE)


def _check_keys(settings: SettingsClass, entries: o.Dict) -> None:
    """A dict may name a key again, arguments may not. Raises ObstacleError."""
    names: list[str] = []
    for key, value in zip(entries.keys, entries.values, strict=True):
        more = dict_items(settings.project, settings.class_.scope, value) if key is None else {}
        if more is None and len(entries.keys) > 1:
            raise ObstacleError(f"`{settings.module.slice(value)}` may have one of its keys, too")
        names += more or ([key.value] if isinstance(key, o.String) and key.value else [])
    if len(set(names)) < len(names):
        raise ObstacleError("it has one of its keys twice")


def _means_the_same(settings: SettingsClass, keyword: o.Arg) -> bool:
    """Whether a keyword of the class has the same value in its body: nothing there is called like what it names."""
    names = {node.id for node in o.walk(keyword.value) if isinstance(node, o.Name)}
    return names.isdisjoint(settings.class_.scope.bindings)


def _from_class(settings: SettingsClass, callee: str) -> Edit:
    """`class Config` as a call. Raises ObstacleError."""
    nested = settings.class_.scope.bindings["Config"][-1].definition
    assert isinstance(nested, Class)
    config = ConfigClass(settings, nested)
    said = config.settings()
    if unknown := [setting.key for setting in said if setting.key not in _KEYS]:
        raise ObstacleError(f"`{unknown[0]}` has no counterpart of the same name")
    if config.ignored:
        raise ObstacleError(f"Pydantic 2 ignores `{config.ignored[0]}`")
    return config_to_call(config, said, callee)
