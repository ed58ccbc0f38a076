"""Rules that are not ours: of modules that the configuration names, and of entry points of installed packages.

A plugin is a Python module, or a package with all its modules, whose rules are made with the same decorator as ours.
One that cannot be used is an error that names it: a rule that silently does not run would be worse.
"""

from __future__ import annotations

import os
import pkgutil
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from msgspec import Struct

import fapi_lint
from fapi_lint.config.load import ConfigError, Loaded
from fapi_lint.engine.cache import Cache
from fapi_lint.engine.importing import import_all, search, state_of
from fapi_lint.engine.recall import recall_rules
from fapi_lint.report.model import RuleInfo

if TYPE_CHECKING:
    from fapi_lint.rules.rule import Rule

GROUP = "fapi_lint.rules"
"""The group of the entry points, each of which names a module."""

_CODE = re.compile(r"(?!FAPI)[A-Z]{2,}[0-9]{3}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_OWN = os.path.dirname(fapi_lint.__file__) + os.sep


class Known(Struct, frozen=True, dict=True):
    """The rules that a configuration knows, ours first; `state` tells one version of the plugins from another.

    The rules themselves are imported when they are asked for: a run that remembers its findings never does.
    """

    infos: Mapping[str, RuleInfo]
    load: Callable[[], Mapping[str, Rule]]
    state: str = ""

    @cached_property
    def defaults(self) -> Mapping[str, bool]:
        """Whether each rule is on by default, by its code."""
        return {code: info.default for code, info in self.infos.items()}

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        return self.load()


class _FaultError(Exception):
    """What is wrong with a plugin, to be said after its name."""


def known_rules(loaded: Loaded, cache_folder: str | None = None) -> Known:
    """Our rules, those of the configuration's plugins and those of installed packages. Raises ConfigError."""
    names = loaded.settings.plugins
    installed = _entry_points()
    if not names and not installed:
        with closing(Cache(cache_folder, create=False)) as cache:
            infos = recall_rules(cache)
        return Known({info.code: info for info in infos or _infos(_ours())}, _ours)
    folder = str(loaded.path.parent) if names and loaded.path is not None else ""
    search(folder)
    known = dict(_ours())
    modules: list[ModuleType] = []
    for name in dict.fromkeys(names):
        with _blaming(f'plugins: "{name}"', loaded.path, name, folder):
            if not all(part.isidentifier() for part in name.split(".")):
                raise _FaultError(" is not how a module is imported: our_rules, or our_package.rules")
            modules += _add(known, import_all(name, folder))
    for package, name in installed:
        if name not in names:
            with _blaming(f'the plugin "{name}" of the package {package}', None, name):
                modules += _add(known, import_all(name, folder))
    return Known({info.code: info for info in _infos(known)}, lambda: known, state_of(modules))


def _ours() -> Mapping[str, Rule]:
    from fapi_lint.engine.registry import all_rules  # Loads the model of applications.

    return all_rules()


def _infos(rules: Mapping[str, Rule]) -> list[RuleInfo]:
    from fapi_lint.engine.registry import rule_info

    return [rule_info(rule) for rule in rules.values()]


def _add(known: dict[str, Rule], modules: list[ModuleType]) -> list[ModuleType]:
    """Add the rules of a plugin to those known; its modules."""
    from fapi_lint.rules.rule import rules_in

    rules = [rule for module in modules for rule in rules_in(module)]
    if not rules:
        raise _FaultError(" has no rules: a rule is a function with the decorator @rule of fapi_lint.rules.rule")
    for rule in sorted(rules, key=lambda rule: rule.code):
        by_name = {other.name: other for other in known.values()}
        if other := known.get(rule.code) or by_name.get(rule.name):
            raise _FaultError(f": {_label(rule)}: there is a rule {_label(other)} already")
        if fault := _fault(rule):
            raise _FaultError(f": {_label(rule)}: {fault}")
        known[rule.code] = rule
    return modules


def _label(rule: Rule) -> str:
    return f"{rule.code} ({rule.name})"


def _fault(rule: Rule) -> str:
    """What keeps a rule from being one; empty if nothing does."""
    from fapi_lint.fix.edit import Applicability
    from fapi_lint.project.project import Project

    if not _CODE.fullmatch(rule.code):
        return "a code is two or more capitals, not FAPI to begin with, and three digits, as in OUR001"
    if not _NAME.fullmatch(rule.name):
        return "a name is words in lower case with hyphens between them"
    if not Project.has_subject(rule.subject):
        subjects = ", ".join(sorted(kind.__name__ for kind in Project.subject_kinds()))
        return f"{getattr(rule.subject, '__name__', rule.subject)} is no subject of rules; these are: {subjects}"
    if rule.fix is not None and not isinstance(rule.fix, Applicability):
        return f"its `fix` is no Applicability: {rule.fix!r}"
    if not rule.summary:
        return "its function has no docstring, which is its documentation"
    missing = [section for section in ("Bad", "Good") if not rule.examples(section)]
    return f"its docstring has no example under `{missing[0]}:`" if missing else ""


# --- failures --------------------------------------------------------------------------------------


@contextmanager
def _blaming(plugin: str, config: Path | None, name: str, folder: str = "") -> Iterator[None]:
    """Whatever goes wrong inside is an error that names the plugin."""
    try:
        yield
    except _FaultError as fault:
        raise ConfigError(f"{plugin}{fault}", config) from fault
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")
        is_missing = isinstance(error, ModuleNotFoundError) and error.name == name
        more = _similar(name, folder) if is_missing else _where(error)
        raise ConfigError(f"{plugin} cannot be imported: {what}{more}", config) from error


def _similar(name: str, folder: str) -> str:
    names = [module.name for module in pkgutil.iter_modules([folder])] if folder else []
    close = get_close_matches(name, names, 1, 0.75)
    return f'; did you mean "{close[0]}"?' if close else ""


def _where(error: BaseException) -> str:
    """The last line of code that ran and is not ours or Python's own."""
    foreign = ("<", _OWN, os.path.dirname(os.__file__) + os.sep + "importlib")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(foreign)]
    if not frames or "contextlib" in frames[-1].filename:
        return ""
    return f" ({frames[-1].filename}:{frames[-1].lineno})"


# --- installed packages ------------------------------------------------------------------------------


def _entry_points() -> list[tuple[str, str]]:
    """The package and the module of every entry point of the group, sorted."""
    if not any(map(_offers_rules, dict.fromkeys(sys.path))):
        return []  # Nearly always, and importlib.metadata takes a tenth of a second.
    from importlib.metadata import entry_points

    found = {(point.dist.name if point.dist else "", point.module) for point in entry_points(group=GROUP)}
    return sorted(found)


def _offers_rules(folder: str) -> bool:
    try:
        with os.scandir(folder or ".") as entries:
            return any(map(_mentions_group, entries))
    except OSError:
        return False


def _mentions_group(entry: os.DirEntry[str]) -> bool:
    if not entry.name.endswith((".dist-info", ".egg-info")):
        return False
    try:
        with open(os.path.join(entry.path, "entry_points.txt"), "rb") as stream:
            return GROUP.encode() in stream.read()
    except OSError:
        return False
