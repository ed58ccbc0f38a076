"""Finding, reading and validating the configuration, and what it says about rules."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .settings import Settings, kebab

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

FILE = "fapi-lint.toml"
TABLE = "[tool.fapi-lint]"


class ConfigError(Exception):
    """A configuration that cannot be used: a message for people for each fault, and the file to blame."""

    def __init__(self, messages: str | Sequence[str], path: Path | None = None) -> None:
        self.messages = (messages,) if isinstance(messages, str) else tuple(messages)
        self.path = path
        super().__init__(self.messages, path)

    def __str__(self) -> str:
        prefix = f"{self.path}: " if self.path else ""
        return "\n".join(prefix + message for message in self.messages)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and where they are from.

    `path` is None if no file was read. `root` is the folder that their patterns are relative to, None if the
    configuration does not tell (there is none, or it was named explicitly): then ask `source.find_root`.
    """

    settings: Settings
    path: Path | None = None
    root: Path | None = None


def load(start: Path, explicit: Path | None = None, isolated: bool = False) -> Loaded:
    """The settings that hold for a file or folder.

    They are in the nearest `fapi-lint.toml`, or `pyproject.toml` with a table `[tool.fapi-lint]`, from
    `start` upwards (the former wins in the same folder), or in the file `explicit`, or are the defaults if
    `isolated`. ConfigError if the file cannot be read, is no TOML, or holds unknown keys or wrong values;
    codes are left to `validate_codes`.
    """
    if isolated:
        return Loaded(Settings())
    if explicit is not None:
        path = explicit.absolute()
        table = read_table(path)
        if table is None:
            raise ConfigError(f"has no table {TABLE}", path)
        return Loaded(_validate(table, path), path)
    start = start.absolute()
    for folder in (start, *start.parents):
        if found := _table_in(folder):
            path, table = found
            return Loaded(_validate(table, path), path, folder)
    return Loaded(Settings())


def is_configured(folder: str) -> bool:
    """Whether a configuration stands in this very folder. ConfigError if what stands there cannot be read."""
    return _table_in(Path(folder)) is not None


def _table_in(folder: Path) -> tuple[Path, Any] | None:
    """The file of the configuration in a folder, and what is in it."""
    for path in (folder / FILE, folder / "pyproject.toml"):
        if os.path.isfile(path) and (table := read_table(path)) is not None:
            return path, table
    return None


def read_table(path: Path) -> Any:
    """Our table of a TOML file, None if it has none."""
    try:
        raw = path.read_bytes()
        if path.name == "pyproject.toml" and b"fapi-lint" not in raw:
            return None  # Not worth parsing, and if it is broken, not our business.
        text = raw.decode()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or error}", path) from error
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"is not UTF-8 (at line {row})", path) from error

    import tomllib

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not TOML: {error}", path) from error
    if path.name == "pyproject.toml":
        tool = content.get("tool")
        return tool.get("fapi-lint") if isinstance(tool, dict) else None
    return content


def _adapter() -> TypeAdapter[Settings]:
    from pydantic import TypeAdapter  # 0.1 s, and most runs have nothing to validate.

    return TypeAdapter(Settings)


def _validate(table: object, path: Path) -> Settings:
    if table == {}:
        return Settings()

    from pydantic import ValidationError

    try:
        # By way of JSON, because there a list may become a tuple and yet "255" is no number.
        return _adapter().validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as error:
        raise ConfigError([_message(fault) for fault in error.errors()], path) from error


_EXPECTED = {
    "string_type": "a string",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list of strings",
    "mapping_type": "a table",
    "dict_type": "a table",
    "dataclass_type": "a table",
}


def _message(fault: ErrorDetails) -> str:
    key = ".".join(str(part) for part in fault["loc"])
    kind = fault["type"]
    if fault["loc"] == ("tool",):
        return 'unknown key "tool": [tool.fapi-lint] is for pyproject.toml, here its keys stand at the top'
    if kind == "unexpected_keyword_argument":
        return f'unknown key "{key}"' + _suggestion(str(fault["loc"][-1]), _keys(fault["loc"][:-1]))
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    given = json.dumps(fault["input"], ensure_ascii=False)
    expected = fault.get("ctx", {}).get("expected") if kind == "literal_error" else _EXPECTED.get(kind)
    return f"{key} must be {expected}, not {given}" if expected else f"{key}: {fault['msg']}"


def _keys(location: Iterable[int | str]) -> list[str]:
    """The keys of the table at a place in the configuration."""
    table: object = Settings()
    for part in location:
        table = getattr(table, str(part).replace("-", "_"))
    return [kebab(own.name) for own in fields(table)] if is_dataclass(table) else []


def _suggestion(word: str, possible: Iterable[str]) -> str:
    # Above the usual 0.6, at which FAPI9 is taken for FAPI401.
    close = get_close_matches(word, possible, 1, cutoff=0.75)
    return f'; did you mean "{close[0]}"?' if close else ""


def validate_codes(
    settings: Settings,
    known_codes: Iterable[str],
    path: Path | None = None,
    *,
    prefix: str = "",
    names: Mapping[str, str] | None = None,
) -> None:
    """ConfigError if a setting names a rule that does not exist; `path` is the file to blame.

    `prefix` stands before the name of the setting, as it does on the command line; `names` are the names of rules with
    their codes, for those who write the one in place of the other.
    """
    known = [*known_codes, "ALL"]
    used: list[tuple[str, Iterable[str]]] = [
        ("select", settings.select or ()),
        ("extend-select", settings.extend_select),
        ("ignore", settings.ignore),
        ("fixable", settings.fixable),
        ("unfixable", settings.unfixable),
        *((f'per-file-ignores."{pattern}"', codes) for pattern, codes in settings.per_file_ignores.items()),
        ("exempt", settings.exempt),
    ]
    codes = names or {}
    messages = [
        f'{prefix}{key}: there is no rule "{selector}"'
        + (f'; the code of that is "{codes[selector]}"' if selector in codes else _suggestion(selector.upper(), known))
        for key, selectors in used
        for selector in selectors
        if not _matching(selector, known)
    ]
    if messages:
        raise ConfigError(messages, path)


_ALWAYS = frozenset({"FAPI000"})


def rule_set(
    settings: Settings,
    known: Mapping[str, bool],
    *,
    select: Iterable[str] | None = None,
    extend_select: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> frozenset[str]:
    """The codes of the rules to run, of those known (code to whether it is on by default).

    As in ruff, a more specific selector wins over a less specific one, and of two equal ones the ignoring
    one. The keyword arguments are those of the command line: they are applied to what the settings select,
    and so win over them. Also as in ruff, a file that does not parse is told of whatever is selected, unless that
    is ignored: nothing else was looked for in it.
    """
    default = frozenset(code for code, on in known.items() if on)
    chosen = _choose(default, known, settings.select, settings.extend_select, settings.ignore, always=_ALWAYS)
    return _choose(chosen, known, select, extend_select, ignore, always=_ALWAYS)


def fixable_set(
    settings: Settings,
    known: Iterable[str],
    *,
    fixable: Iterable[str] | None = None,
    unfixable: Iterable[str] = (),
) -> frozenset[str]:
    """The codes of the rules whose fixes may be applied; keyword arguments as for `rule_set`."""
    known = list(known)
    chosen = _choose(frozenset(), known, settings.fixable, (), settings.unfixable)
    return _choose(chosen, known, fixable, (), unfixable)


def per_file_ignores(settings: Settings, known: Iterable[str], root: Path) -> Callable[[str], frozenset[str]]:
    """A function from the absolute path of a file to the codes not to report there."""
    if not settings.per_file_ignores:
        return lambda path: frozenset()

    from pathspec import GitIgnoreSpec

    known = list(known)
    entries = [
        (
            GitIgnoreSpec.from_lines([pattern.removeprefix("!")]),
            not pattern.startswith("!"),
            frozenset(code for selector in selectors for code in _matching(selector, known)),
        )
        for pattern, selectors in settings.per_file_ignores.items()
    ]

    def ignored(path: str) -> frozenset[str]:
        try:
            relative = Path(path).relative_to(root).as_posix()
        except ValueError:  # Elsewhere; patterns without a slash can match.
            relative = Path(path).as_posix()
        return frozenset().union(*(codes for spec, expected, codes in entries if spec.match_file(relative) is expected))

    return ignored


def _choose(
    chosen: frozenset[str],
    known: Iterable[str],
    select: Iterable[str] | None,
    extend_select: Iterable[str],
    ignore: Iterable[str],
    *,
    always: frozenset[str] = frozenset(),
) -> frozenset[str]:
    selectors = [
        *((selector, True) for selector in (*(select or ()), *extend_select)),
        *((selector, False) for selector in ignore),
    ]
    # From the least specific to the most specific one, and the ignoring one last.
    selectors.sort(key=lambda item: (0 if item[0] == "ALL" else len(item[0]), not item[1]))
    verdicts = dict.fromkeys(chosen if select is None else chosen & always, True)
    for selector, verdict in selectors:
        verdicts.update(dict.fromkeys(_matching(selector, known), verdict))
    return frozenset(code for code, verdict in verdicts.items() if verdict)


def _matching(selector: str, known: Iterable[str]) -> list[str]:
    if selector == "ALL":
        return list(known)
    return [code for code in known if selector and code.startswith(selector)]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `fapi-lint.toml`, or of the table `[tool.fapi-lint]`."""
    schema = _adapter().json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def to_dict(settings: Settings) -> dict[str, Any]:
    """The settings as they would be written in TOML; what is None is left out."""
    return dict(_entries(settings))


def _entries(table: Any) -> Iterator[tuple[str, Any]]:
    for own in fields(table):
        value = getattr(table, own.name)
        if is_dataclass(value):
            value = dict(_entries(value))
        elif isinstance(value, Mapping):
            value = {key: list(entry) if isinstance(entry, tuple) else entry for key, entry in value.items()}
        elif isinstance(value, tuple):
            value = list(value)
        if value is not None:
            yield kebab(own.name), value


def to_toml(settings: Settings) -> str:
    """The settings as a `fapi-lint.toml`, which reads back as the same settings."""
    return "\n".join(toml_lines(to_dict(settings), "")) + "\n"


def toml_lines(table: dict[str, Any], name: str) -> Iterator[str]:
    """The lines below the header of the table of this dotted name; of the root, whose name is empty, all of them."""
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    for key, value in table.items():
        if key not in tables:
            yield f"{_toml_key(key)} = {toml_value(value)}"
    for key, value in tables.items():
        path = f"{name}.{_toml_key(key)}".removeprefix(".")
        yield from ("", f"[{path}]", *toml_lines(value, path))


def _toml_key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else toml_value(key)


def toml_value(value: Any) -> str:
    """A value as TOML writes it."""
    # Of what settings hold, JSON and TOML differ in this one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
