"""The settings, with the written preferences as their defaults.

Plain dataclasses, so that a run without a configuration file needs nothing else. The docstrings below the
fields are the descriptions in the JSON Schema; in TOML the names are in kebab-case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Literal

Role = Literal["base", "create", "update", "response", "in-db"]
"""What a schema of a resource is for."""


def kebab(name: str) -> str:
    """The name of a field as it is written in TOML."""
    return name.replace("_", "-")


_NAME = (r"[^\W\d]\w*", "a name")
_END_OF_NAME = (r"\w*", "the end of a name")
_PARTS_OF_NAMES = (r"\w+", "about parts of names")
_FOLDERS = (r"[^/\\]+", "names of folders")
_END_OF_PATH = (r"(([^/\\.][^/\\]*/)*[^/\\.]+(\.py|/)?)?", "the end of a path, as in core/config.py")
_FILE = (r"(([^/\\.][^/\\]*/)*[^/\\.]+\.py)?", "the end of a path to a file, as in db/base.py")


def _require(table: object, form: tuple[str, str], *keys: str) -> None:
    """ValueError if a text is not of the form that its key is for: it would match nothing, or be no Python in a fix."""
    pattern, what = form
    for key in keys:
        value = getattr(table, key)
        for text in (value,) if isinstance(value, str) else value:
            if not re.fullmatch(pattern, text):
                raise ValueError(f'{kebab(key)} must be {what}, not "{text}"')


# Read by pydantic, when something is wrong.
_PYDANTIC_CONFIG: dict[str, Any] = {
    "extra": "forbid",
    "alias_generator": kebab,
}


@dataclass(frozen=True, slots=True)
class SchemaSuffixes:
    """How the schemas of a resource end, by what they are for."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _PYDANTIC_CONFIG

    base: str = "Base"
    """Attributes that the others share."""
    create: str = "Create"
    """Bodies of POST requests."""
    update: str = "Update"
    """Bodies of PUT and PATCH requests."""
    response: str = "Response"
    """What the API answers."""
    in_db: str = "InDB"
    """What the database holds."""

    def __post_init__(self) -> None:
        _require(self, _END_OF_NAME, *self.__slots__)

    def by_role(self) -> dict[Role, str]:
        """Role to suffix."""
        return {
            "base": self.base,
            "create": self.create,
            "update": self.update,
            "response": self.response,
            "in-db": self.in_db,
        }


@dataclass(frozen=True, slots=True)
class HandlerVerbs:
    """How the handlers of CRUD routes begin, by what they do with a resource."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _PYDANTIC_CONFIG

    one: str = "get"
    """GET of one: get_user."""
    many: str = "get"
    """GET of several: get_users."""
    create: str = "create"
    """POST: create_user."""
    update: str = "update"
    """PUT, and PATCH where there is no PUT: update_user."""
    patch: str = "patch"
    """PATCH beside PUT: patch_user."""
    delete: str = "delete"
    """DELETE: delete_user."""

    def __post_init__(self) -> None:
        _require(self, _NAME, *self.__slots__)


@dataclass(frozen=True, slots=True)
class Conventions:
    """Names, folders and lengths that the rules expect."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _PYDANTIC_CONFIG

    schema_suffixes: SchemaSuffixes = field(default_factory=SchemaSuffixes)
    """How the schemas of a resource end, by what they are for."""
    schema_synonyms: Mapping[str, Role] = field(
        default_factory=lambda: {
            "Read": "response",
            "Out": "response",
            "Public": "response",
            "Schema": "response",
            "In": "create",
            "Patch": "update",
        }
    )
    """Other endings, and the role they stand for (FAPI106)."""
    schema_prefixes: Mapping[str, Role] = field(default_factory=lambda: {"Create": "create", "Update": "update"})
    """Beginnings that stand for a role, as in CreateUser (FAPI106)."""
    service_suffix: str = "_service"
    """How service functions end (FAPI108)."""
    handler_verbs: HandlerVerbs = field(default_factory=HandlerVerbs)
    """How the handlers of CRUD routes begin, by what they do with a resource (FAPI104)."""

    model_folders: tuple[str, ...] = ("models",)
    """Folders of SQLAlchemy models (FAPI102, FAPI103)."""
    schema_folders: tuple[str, ...] = ("schemas",)
    """Folders of Pydantic schemas."""
    service_folders: tuple[str, ...] = ("services",)
    """Folders of business logic."""
    api_folders: tuple[str, ...] = ("api", "endpoints", "routers", "routes")
    """Folders of route handlers, whose files may have plural names (FAPI102, FAPI103)."""
    test_folders: tuple[str, ...] = ("tests",)
    """Folders of tests."""
    migration_folders: tuple[str, ...] = ("alembic", "migrations")
    """Folders of migrations."""
    script_folders: tuple[str, ...] = ("scripts",)
    """Folders of scripts that are no part of the application, and may read the environment."""
    model_registry: str = "db/base.py"
    """The file that imports all models, so that Alembic sees them (FAPI211). Ends of paths match."""
    settings_file: str = "core/config.py"
    """The file of the settings, which alone reads the environment (FAPI701). Ends of paths match, of packages too."""
    exceptions_file: str | tuple[str, ...] = "core/exceptions.py"
    """The file of the application's exceptions, or a list of files (FAPI601). Ends of paths match, of packages too."""
    exception_suffix: str = "Exception"
    """How exceptions end (FAPI601)."""

    uncountable_nouns: tuple[str, ...] = ()
    """Nouns with the look of a plural that are none, besides those that are known: news, status (FAPI102)."""

    unannotated_folders: tuple[str, ...] = ("tests", "alembic", "migrations", "scripts")
    """Folders where functions need no type hints (FAPI110)."""

    secret_names: tuple[str, ...] = ()
    """Further words at the end of the names of secrets, besides password, token, api_key: pin (FAPI305, FAPI702)."""

    string_length: int = 255
    """The length to give to a string column without one (FAPI207)."""
    created_at: str = "created_at"
    """The column that says when a row was made (FAPI203, FAPI204)."""
    updated_at: str = "updated_at"
    """The column that says when a row was last changed (FAPI203, FAPI204)."""

    def __post_init__(self) -> None:
        if self.string_length < 1:
            raise ValueError("string-length must be at least 1")
        _require(self, _PARTS_OF_NAMES, "schema_synonyms", "schema_prefixes")
        _require(self, _END_OF_NAME, "service_suffix", "exception_suffix")
        _require(self, _FOLDERS, *(key for key in self.__slots__ if key.endswith("_folders")))
        _require(self, _FILE, "model_registry")
        _require(self, _END_OF_PATH, "settings_file", "exceptions_file")
        _require(self, _NAME, "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Settings:
    """Configuration of fapi-lint."""

    __pydantic_config__: ClassVar[dict[str, Any]] = _PYDANTIC_CONFIG

    select: tuple[str, ...] | None = None
    """Codes, or beginnings of codes, or ALL: the rules to run. Without it, those that are on by default."""
    extend_select: tuple[str, ...] = ()
    """Rules to run besides `select`."""
    ignore: tuple[str, ...] = ()
    """Rules not to run. Of two selectors the more specific one wins, of two equal ones this one."""
    fixable: tuple[str, ...] = ("ALL",)
    """Rules whose fixes may be applied."""
    unfixable: tuple[str, ...] = ()
    """Rules whose fixes are never applied."""
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Patterns of paths, as in a .gitignore, and the rules not to report there; "!" before one inverts it."""
    exempt: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Rules, and patterns of the names that they leave alone: FAPI106 = ["Legacy*"]."""
    plugins: tuple[str, ...] = ()
    """Python modules with rules of your own; they may stand in the folder of this file."""
    baseline: str = ".fapi-lint-baseline.json"
    """The file of findings that are known and not reported, relative to the root of the project; "" for none."""

    exclude: tuple[str, ...] | None = None
    """Patterns, as in a .gitignore, of paths not to read, in place of the default ones."""
    extend_exclude: tuple[str, ...] = ()
    """Patterns of paths not to read, besides `exclude`."""
    respect_gitignore: bool = True
    """Whether not to read what git ignores."""
    cache_dir: str = ".fapi_lint_cache"
    """The folder of the cache, relative to the root of the project; "" for none."""

    response_model: Literal["keyword", "keyword-or-annotation"] = "keyword"
    """Whether a route needs `response_model=`, or a return annotation will do (FAPI401)."""
    conventions: Conventions = field(default_factory=Conventions)
    """Names, folders and lengths that the rules expect."""

    def is_exempt(self, code: str, name: str) -> bool:
        """Whether `exempt` says that the rule leaves this name alone."""
        return any(
            (selector == "ALL" or code.startswith(selector)) and fnmatchcase(name, pattern)
            for selector, patterns in self.exempt.items()
            for pattern in patterns
        )
