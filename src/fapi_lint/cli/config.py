"""`fapi-lint config`: the settings that hold, and what may be set."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from fapi_lint.cli.terminal import emit
from fapi_lint.config.load import Loaded, json_schema, load
from fapi_lint.config.settings import Settings
from fapi_lint.config.toml import to_dict, to_toml, toml_lines, toml_value
from fapi_lint.engine.plugins import known_rules
from fapi_lint.source.walk import DEFAULT_EXCLUDE


@click.command("config", short_help="Print the settings that hold, or their JSON Schema.")
@click.argument("key", required=False)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the configuration instead.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration to read.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
def command(key: str | None, schema: bool, config: Path | None, isolated: bool) -> None:
    """Print the settings that hold in the working folder, or the setting KEY and what it means."""
    if schema:
        emit(json.dumps(json_schema(), indent=2) + "\n")
        return
    loaded = load(Path.cwd(), config, isolated)
    emit(effective(loaded) if key is None else _one(key, loaded.settings))


def effective(loaded: Loaded) -> str:
    """The settings as TOML, with those that are not set as what that means."""
    source = f"From {loaded.path}." if loaded.path else "No configuration file: these are the defaults."
    return f"# {source}\n{_select(loaded)}{to_toml(_with_defaults(loaded.settings))}"


def _select(loaded: Loaded) -> str:
    if loaded.settings.select is not None:
        return ""
    count = sum(rule.default for rule in known_rules(loaded).infos.values())
    return f"# select is not set: the {count} rules that are on by default run.\n"


def _with_defaults(settings: Settings) -> Settings:
    return settings if settings.exclude is not None else replace(settings, exclude=DEFAULT_EXCLUDE)


def _one(key: str, settings: Settings) -> str:
    descriptions = dict(_descriptions())
    if key not in descriptions:
        by_last = {name.rpartition(".")[2]: name for name in descriptions} | {name: name for name in descriptions}
        close = get_close_matches(key, by_last, 1)
        hint = f' Did you mean "{by_last[close[0]]}"?' if close else ""
        raise click.ClickException(f'There is no setting "{key}".{hint}')
    value: Any = to_dict(_with_defaults(settings))
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    lines = [descriptions[key], ""] if descriptions[key] else []
    if isinstance(value, dict):
        lines += [f"[{key}]", *toml_lines(value, key)]
    else:
        lines.append("not set" if value is None else f"{key.rpartition('.')[2]} = {toml_value(value)}")
    return "\n".join(lines) + "\n"


def _descriptions() -> Iterator[tuple[str, str]]:
    """Every key of the configuration, dotted, with its description."""
    schema = json_schema()

    def walk(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
        for name, entry in table.get("properties", {}).items():
            yield prefix + name, entry.get("description", "")
            if "$ref" in entry:
                yield from walk(schema["$defs"][entry["$ref"].rpartition("/")[2]], f"{prefix}{name}.")

    return walk(schema, "")
