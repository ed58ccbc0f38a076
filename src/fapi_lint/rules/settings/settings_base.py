from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.bindings import import_statements
from fapi_lint.fix.edit import Applicability, DropsImport, Fix, NeedsImport
from fapi_lint.fix.imports import spell
from fapi_lint.fix.text import remove_statement, replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.search import search
from fapi_lint.project.symbols import External
from fapi_lint.rules.rule import Finding, rule

_MOVED = "BaseSettings"
_OLD = External(f"pydantic.{_MOVED}")
_TITLE = f"Import `{_MOVED}` from `pydantic_settings`"


@rule("FAPI704", "settings-base", fix=Applicability.SAFE, preference="Configuration")
def settings_base(module: Module, project: Project) -> Iterator[Finding]:
    """`BaseSettings` is imported from `pydantic`, where Pydantic 2 no longer has it.

    It lives in a package of its own, `pydantic-settings`. Importing it from `pydantic` raises at start; as a fallback
    in `except ImportError:` it never works. Projects on Pydantic 1 are left alone.

    Bad:
        ```python app/core/config.py
        from pydantic import BaseSettings
        from pydantic_settings import SettingsConfigDict


        class Settings(BaseSettings):
            SECRET_KEY: str

            model_config = SettingsConfigDict(env_file=".env")
        ```

    Good:
        ```python app/core/config.py
        from pydantic_settings import BaseSettings, SettingsConfigDict


        class Settings(BaseSettings):
            SECRET_KEY: str

            model_config = SettingsConfigDict(env_file=".env")
        ```

    Fix safety:
        Safe: with Pydantic 2 the old import raises. `pydantic-settings` must be installed.
    """
    if _MOVED not in module.text or project.schemas.pydantic == 1:
        return
    for statement, guard in import_statements(module.outline.body):
        if not isinstance(statement, o.ImportFrom) or statement.level or statement.module != "pydantic":
            continue
        alias = next((alias for alias in statement.names if alias.name == _MOVED), None)
        if alias is None or (guard and project.schemas.pydantic is None):
            continue
        yield Finding(
            at=module.place(statement),
            message="`BaseSettings` is imported from `pydantic` instead of `pydantic_settings`",
            fix=_fix(module, statement, alias, guarded=bool(guard)),
        )
    for sighting in search(module, _MOVED):
        node = sighting.node
        if isinstance(node, o.Attribute) and project.resolver.external(sighting.scope, node) == _OLD:
            new = spell(module, f"pydantic_settings.{_MOVED}", node.start)
            drops = (DropsImport(module.path, o.dotted(node).partition(".")[0]),)
            edit = replace(module, node, new.text)
            yield Finding(
                at=module.place(node),
                message="`BaseSettings` is taken from `pydantic` instead of `pydantic_settings`",
                fix=Fix(_TITLE, Applicability.SAFE, (edit,), new.needs, drops),
            )


def _fix(module: Module, statement: o.ImportFrom, alias: o.Alias, *, guarded: bool) -> Fix | None:
    if guarded:
        outer = _fallback(module, statement)
        if outer is None:
            return None
        # Removed and imported anew, so that what else needs the package joins that import.
        kept = tuple(NeedsImport(module.path, "pydantic_settings", a.name, a.asname) for a in statement.names)
        return Fix(_TITLE, Applicability.SAFE, (remove_statement(module, outer),), kept)
    needs = NeedsImport(module.path, "pydantic_settings", _MOVED, alias.asname)
    return Fix(_TITLE, Applicability.SAFE, (), (needs,), (DropsImport(module.path, alias.asname or alias.name),))


def _fallback(module: Module, statement: o.ImportFrom) -> o.Try | None:
    """`try: from pydantic_settings import … except ImportError: from pydantic import …`, which only needs the first."""
    for outer in module.outline.body:
        if not isinstance(outer, o.Try) or not outer.start <= statement.start < outer.end:
            continue
        (first, *more), handlers = outer.body, outer.handlers
        if more or len(handlers) != 1 or len(handlers[0].body) != 1 or outer.orelse or outer.final:
            return None
        if not isinstance(first, o.ImportFrom) or first.module != "pydantic_settings":
            return None
        if {(a.name, a.asname) for a in first.names} != {(a.name, a.asname) for a in statement.names}:
            return None
        return outer
    return None
