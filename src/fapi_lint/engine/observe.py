"""The conventions that an application has, where they are not the default ones.

A convention is chosen where most of the code follows it, and where the setting makes it the one to follow. What is
mixed stays at the default: then the rules say which part is the odd one.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from fapi_lint.config.settings import Conventions, HandlerVerbs, Role
from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.timestamps import CREATED, UPDATED
from fapi_lint.source.place import relative_path

_DEFAULTS = Conventions()
_LEAST = 3
"""So many cases make a convention."""


class Choice(Struct, frozen=True):
    """A setting, in TOML's names with dots, that suits the application better than its default; and why."""

    key: str
    value: Any
    reason: str


def observe(project: Project) -> list[Choice]:
    """What to set, in the order of the settings."""
    return [choice for look in _LOOKS for choice in look(project)]


# --- names -----------------------------------------------------------------------------------------


def _response_model(project: Project) -> Iterator[Choice]:
    by_keyword = by_annotation = 0
    for route in project.routes.all:
        if project.purposes.is_application(route.module):
            by_keyword += route.argument("response_model") is not None
            by_annotation += (
                route.argument("response_model") is None
                and route.handler is not None
                and route.handler.node.returns is not None
            )
    if by_annotation > by_keyword and by_annotation >= _LEAST:
        others = f"{by_keyword or 'none'} by response_model="
        reason = f"{by_annotation} routes say what they answer by a return annotation, {others}"
        yield Choice("response-model", "keyword-or-annotation", reason)


def _schema_suffixes(project: Project) -> Iterator[Choice]:
    """Where there are but two, routes must show what both are for, and nothing else may be in use for it."""
    words: dict[Role, Counter[str]] = {}
    in_routes: Counter[Role] = Counter()
    answers, bodies = project.resources.answers, project.resources.bodies
    for schema in project.schemas.all:
        named = project.resources.parse(schema.name)
        if named is not None and schema.name.endswith(named.word) and named.word != "Schema":
            words.setdefault(named.role, Counter())[named.word] += 1
            in_routes[named.role] += schema.class_ in (answers if named.role == "response" else bodies)
    for role, default in _DEFAULTS.schema_suffixes.by_role().items():
        found = words.get(role, Counter())
        word, number = _most_common(found, default)
        suffice = number >= _LEAST or number == found.total() == in_routes[role] == 2
        if word != default and suffice:
            reason = f"{number} schemas end in {word}, {found[default] or 'none'} in {default}"
            yield Choice(f"conventions.schema-suffixes.{role}", word, reason)


def _service_suffix(project: Project) -> Iterator[Choice]:
    folders = tuple(
        folder for choice in _folders(project) if choice.key.endswith("service-folders") for folder in choice.value
    )
    functions = [
        function
        for module in project.modules
        if project.purposes.in_folder(module, (*_DEFAULTS.service_folders, *folders))
        if project.purposes.is_application(module)
        for function in module.scope.functions
        if not function.name.startswith("_")
    ]
    suffixed = sum(function.name.endswith(_DEFAULTS.service_suffix) for function in functions)
    if len(functions) >= _LEAST and suffixed * 2 < len(functions):
        reason = f"{suffixed or 'none'} of {len(functions)} functions of the services end in {_DEFAULTS.service_suffix}"
        yield Choice("conventions.service-suffix", "", reason)


def _handler_verbs(project: Project) -> Iterator[Choice]:
    """What stands before handlers of more than two kinds is no verb: the `api_` of all of them, say."""
    verbs: dict[str, Counter[str]] = {}
    for handler, operation in project.handlers.operations.items():
        verbs.setdefault(operation.kind, Counter())[handler.name.partition("_")[0]] += 1
    defaults = HandlerVerbs()
    usual = {kind: _most_common(found, getattr(defaults, kind)) for kind, found in verbs.items()}
    kinds = Counter(verb for verb, _ in usual.values())
    for kind, (verb, number) in sorted(usual.items()):
        total = verbs[kind].total()
        if verb != getattr(defaults, kind) and number >= _LEAST and number * 2 > total and kinds[verb] <= 2:
            reason = f"{number} of {total} handlers of {_ASKED[kind]} begin with {verb}_"
            yield Choice(f"conventions.handler-verbs.{kind}", verb, reason)


_ASKED = {
    "one": "GET of one",
    "many": "GET of several",
    "create": "POST",
    "update": "PUT or PATCH",
    "patch": "PATCH",
    "delete": "DELETE",
}
"""What the kinds of handlers answer."""


def _timestamps(project: Project) -> Iterator[Choice]:
    names: Counter[str] = Counter()
    for model in project.models.all:
        names.update(model.columns.keys())
    for key, default, known in (("created-at", "created_at", CREATED), ("updated-at", "updated_at", UPDATED)):
        found = Counter({name: names[name] for name in known if names[name]})
        name, number = _most_common(found, default)
        if name != default and number >= 2:
            reason = f"{number} models have {name}, {found[default] or 'none'} {default}"
            yield Choice(f"conventions.{key}", name, reason)


def _string_length(project: Project) -> Iterator[Choice]:
    lengths: Counter[int] = Counter()
    for column in project.models.columns:
        written = column.type_arg.expr if column.type_arg is not None else None
        if isinstance(written, o.Call) and o.dotted(written.func).rpartition(".")[2] == "String":
            length = written.argument("length", 0)
            if length is not None and isinstance(length.value, o.Number) and isinstance(length.value.value, int):
                lengths[length.value.value] += 1
    length, number = _most_common(lengths, _DEFAULTS.string_length)
    if length != _DEFAULTS.string_length and number >= _LEAST and number * 2 > lengths.total():
        yield Choice("conventions.string-length", length, f"{number} of {lengths.total()} sized strings have it")


# --- places ----------------------------------------------------------------------------------------


def _folders(project: Project) -> Iterator[Choice]:
    conventions = project.settings.conventions
    what, services = "files with services", [each for each in project.modules if project.purposes.is_service(each)]
    if not services:
        what, services = "functions that are given a session", _given_sessions(project)
    kinds: list[tuple[str, str, tuple[str, ...], Iterable[Module]]] = [
        ("model-folders", "models", conventions.model_folders, [model.module for model in project.models.all]),
        ("schema-folders", "schemas", conventions.schema_folders, [schema.module for schema in project.schemas.all]),
        ("service-folders", what, conventions.service_folders, services),
        ("api-folders", "routes", conventions.api_folders, [route.module for route in project.routes.all]),
    ]
    for key, name, default, modules in kinds:
        places = [module for module in modules if project.purposes.is_application(module)]
        usual = sum(project.layout.is_home(module, default) for module in places)
        if len(places) < _LEAST or usual * 2 >= len(places):
            continue
        by_folder = _shares(project, [os.path.basename(module.folder) for module in places])
        by_name = _shares(project, _recurring_names(places))
        names = max(by_folder, by_name, key=lambda found: (sum(found.values()), -len(found)))
        covered = sum(names.values())
        if covered * 2 > len(places):
            reason = f"{covered} of {len(places)} {name} are there, {usual or 'none'} in {' or '.join(default)}"
            yield Choice(f"conventions.{key}", sorted(names), reason)


def _given_sessions(project: Project) -> list[Module]:
    """The file of every function that is given a session: no handlers, no dependencies, no mere access to data."""
    handlers = project.routes.by_handler
    return [
        module
        for module in project.modules
        if project.purposes.is_application(module) and not project.layout.is_home(module, _DEFAULTS.api_folders)
        if not any(word in os.path.basename(module.folder) for word in _DATA)
        for function in module.scope.functions
        if not function.name.startswith("_") and function not in handlers
        if project.sessions.takes_one(function) and not project.dependencies.encloses(function.scope)
    ]


_DATA = ("crud", "dao", "data", "db", "model", "quer", "repo", "stor", "core", "common", "util", "help", "lib", "auth")
"""What is in the names of folders that read and write for others, or serve everything."""


def _shares(project: Project, names: list[str]) -> dict[str, int]:
    """Those of the names of places that hold a good part of what there is, and how much."""
    return {
        name: number for name, number in Counter(names).items() if number * 4 >= len(names) and _is_kind(project, name)
    }


def _recurring_names(places: list[Module]) -> list[str]:
    """The names of files that occur in several folders, as those of features do: `users/views.py`, `posts/views.py`."""
    paths = {module.path: os.path.basename(module.path).removesuffix(".py") for module in places}
    recurring = {name for name, number in Counter(paths.values()).items() if number > 1 and name != "__init__"}
    return [name if (name := paths[module.path]) in recurring else "" for module in places]


def _is_kind(project: Project, name: str) -> bool:
    """Whether a folder is one of a kind of file, not one that holds the whole application."""
    holders = {module.parts[0] for module in project.modules} | {os.path.basename(project.root), "src"}
    return bool(name) and name not in holders


def _files(project: Project) -> Iterator[Choice]:
    settings = [settings.module for settings in project.settings_classes.all]
    exceptions = [exception.module for exception in project.exceptions.all]
    for key, what, default, modules, words in (
        ("settings-file", "settings", _DEFAULTS.settings_file, settings, ("conf", "env", "setting")),
        ("exceptions-file", "exceptions", _DEFAULTS.exceptions_file, exceptions, ("error", "exception")),
    ):
        places = [module for module in modules if project.purposes.is_application(module)]
        if not places or any(project.purposes.is_file(module, default) for module in places):
            continue
        module, number = Counter(places).most_common(1)[0]
        tail = _tail(project, module)
        has_more = number < len(module.scope.classes) or bool(module.scope.functions)
        if number * 2 <= len(places) or (has_more and not any(word in tail for word in words)):
            tail, number = _common_file(project, places, words)
        if number * 2 > len(places):
            counted = f"{number} of {len(places)} classes of {what} are there"
            yield Choice(f"conventions.{key}", tail, f"{counted}, none in {default}")


def _exception_suffix(project: Project) -> Iterator[Choice]:
    default = _DEFAULTS.exception_suffix
    names = [each.name for each in project.exceptions.all if project.purposes.is_application(each.module)]
    errors, others = (sum(name.endswith(suffix) for name in names) for suffix in ("Error", default))
    if errors >= _LEAST and errors * 2 > len(names):
        reason = f"{errors} of {len(names)} exceptions end in Error, {others or 'none'} in {default}"
        yield Choice("conventions.exception-suffix", "Error", reason)


def _common_file(project: Project, places: list[Module], words: tuple[str, ...]) -> tuple[str, int]:
    """The name with one of the words that most of these files or packages bear, as those of features do; how many."""
    stems = {os.path.basename(module.path).removesuffix(".py") for module in places}
    stems |= {os.path.basename(module.folder) for module in places}
    tails = [f"{stem}.py" for stem in sorted(stems) if any(word in stem for word in words)]
    counted = [(sum(project.purposes.is_file(module, tail) for module in places), tail) for tail in tails]
    number, tail = max(counted, key=lambda found: found[0], default=(0, ""))
    folders = {module.folder for module in places if project.purposes.is_file(module, tail)}
    folder = folders.pop() if len(folders) == 1 else ""
    if folder and os.path.basename(folder) == tail.removesuffix(".py"):
        tail = "/".join(relative_path(folder, project.root).split("/")[-2:]) + "/"
    return tail, number


def _model_registry(project: Project) -> Iterator[Choice]:
    default = _DEFAULTS.model_registry
    if any(project.purposes.is_file(module, default) for module in project.modules):
        return
    homes = {model.module for model in project.models.all if project.purposes.is_application(model.module)}
    for module in project.modules:
        imported = {link.target for link in project.imports.of(module)} & homes
        # What has functions of its own imports models to work with them.
        is_hub = (module not in homes or len(imported) > 1) and not module.scope.functions
        if len(homes) > 1 and is_hub and imported == homes - {module} and project.purposes.is_application(module):
            reason = f"it imports all {len(imported)} files with models; there is no {default}"
            yield Choice("conventions.model-registry", _tail(project, module), reason)
            return


def _test_folders(project: Project) -> Iterator[Choice]:
    tests = [module for module in project.modules if os.path.basename(module.path).startswith("test_")]
    outside = [module for module in tests if not project.purposes.in_folder(module, _DEFAULTS.test_folders)]
    names = Counter(relative_path(module.path, project.root).split("/")[0] for module in outside)
    name, number = _most_common(names, "")
    if len(outside) * 2 > len(tests) and number >= _LEAST and "test" in name:
        yield Choice("conventions.test-folders", [name], f"{number} of {len(tests)} files of tests are there")


def _tail(project: Project, module: Module) -> str:
    """The end of a path by which a file is known: the file and the folder it is in."""
    return "/".join(relative_path(module.path, project.root).split("/")[-2:])


def _most_common(found: Counter[Any], default: Any) -> tuple[Any, int]:
    """What occurs most often; of those that occur as often, the default, else the first in order."""
    if not found:
        return default, 0
    return min(found.items(), key=lambda item: (-item[1], item[0] != default, item[0]))


_LOOKS: tuple[Callable[[Project], Iterator[Choice]], ...] = (
    _response_model,
    _service_suffix,
    _folders,
    _test_folders,
    _model_registry,
    _files,
    _exception_suffix,
    _string_length,
    _timestamps,
    _schema_suffixes,
    _handler_verbs,
)
"""Those of whole tables last: in TOML nothing of the table around them may follow."""
