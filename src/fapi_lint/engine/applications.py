"""The applications that the paths of a command line belong to, each with the configuration that holds for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fapi_lint.config.load import Loaded, is_configured, load
from fapi_lint.config.selectors import fixable_set, per_file_ignores, rule_set, validate_codes
from fapi_lint.config.settings import Settings
from fapi_lint.engine.baseline import Baseline, Entry
from fapi_lint.engine.plugins import Known, known_rules
from fapi_lint.engine.timing import Clock
from fapi_lint.report.model import RuleInfo
from fapi_lint.source.walk import find_root

if TYPE_CHECKING:
    from fapi_lint.rules.rule import Rule

Progress = Callable[[int, int], None]


class Options(Struct, frozen=True):
    """What a run is asked for. Paths may be relative; None or empty means that the configuration decides."""

    paths: tuple[str, ...] = ()
    config: Path | None = None
    isolated: bool = False
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fixable: tuple[str, ...] | None = None
    unfixable: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """In place of the configuration's; relative to the working folder."""
    exclude: tuple[str, ...] | None = None
    """In place of the configuration's; relative to the working folder."""
    extend_exclude: tuple[str, ...] = ()
    """Besides the configuration's; relative to the working folder."""
    force_exclude: bool = False
    """Whether what is excluded stays so when it is named itself."""
    unsafe_fixes: bool = False
    with_edits: bool = True
    """Whether the report needs the edits of fixes, and not only their titles."""
    use_baseline: bool = True
    """Whether to leave out the findings of the baseline."""
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    use_cache: bool = True
    cache_dir: str | None = None
    buffers: Mapping[str, bytes] = field(default_factory=dict)
    """What stands in for the content of files, by path: standard input, or what an editor has not saved."""
    progress: Progress = lambda done, total: None
    clock: Clock = field(default_factory=Clock)


class Application(Struct, dict=True):
    """One application that paths belong to, with the configuration that holds for it.

    Rules are known when they are first asked for, since importing them takes as long as parsing a hundred files. What
    asks for them raises ConfigError where a plugin cannot be used or a selector names no rule.
    """

    root: str
    loaded: Loaded
    options: Options
    baseline: Baseline
    paths: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    """The files to report on, absolute."""
    baselined: int = 0
    """How many findings the baseline has kept from being reported."""
    gone: list[Entry] = field(default_factory=list)
    """The entries of the baseline that no finding was left of."""

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def config(self) -> Path | None:
        return self.loaded.path

    @property
    def cache_folder(self) -> str | None:
        """Where the cache is; None if there is to be none."""
        name = self.options.cache_dir or self.settings.cache_dir
        return os.path.join(self.root, name) if name and self.options.use_cache else None

    @cached_property
    def known(self) -> Known:
        """All rules there are, the selectors of the configuration and the command line checked against them."""
        known = known_rules(self.loaded, self.cache_folder)
        names = {info.name: code for code, info in known.infos.items()}
        without_names = [
            code for code, info in known.infos.items() if code.startswith("FAPI") and "`exempt`" not in info.explanation
        ]
        validate_codes(self.settings, known.defaults, self.config, names=names, without_names=without_names)
        validate_codes(self._given, known.defaults, prefix="--", names=names)
        return known

    @cached_property
    def _given(self) -> Settings:
        """What the command line says about rules, as settings."""
        return Settings(
            select=self.options.select,
            extend_select=self.options.extend_select,
            ignore=self.options.ignore,
            fixable=self.options.fixable or (),
            unfixable=self.options.unfixable,
            per_file_ignores=self.options.per_file_ignores,
        )

    @cached_property
    def infos(self) -> list[RuleInfo]:
        """What the rules to run say about themselves."""
        active = rule_set(
            self.settings,
            self.known.defaults,
            select=self.options.select,
            extend_select=self.options.extend_select,
            ignore=self.options.ignore,
        )
        return [info for code, info in self.known.infos.items() if code in active]

    @cached_property
    def fixable(self) -> frozenset[str]:
        """The codes of the rules whose fixes may be applied."""
        options = self.options
        return fixable_set(self.settings, self.known.defaults, fixable=options.fixable, unfixable=options.unfixable)

    @cached_property
    def ignored(self) -> Callable[[str], frozenset[str]]:
        """The codes of the rules whose findings in a file are not reported, by its path."""
        where = (self._given, Path.cwd()) if self._given.per_file_ignores else (self.settings, Path(self.root))
        return per_file_ignores(where[0], self.known.defaults, where[1])

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the rules to run."""
        return frozenset(info.code for info in self.infos)

    @property
    def rules(self) -> list[Rule]:
        """The rules to run."""
        return [self.known.rules[info.code] for info in self.infos]


def applications(options: Options) -> list[Application]:
    """The applications that the paths belong to, one for each configuration and root.

    Raises ConfigError.
    """
    found: dict[str, Application] = {}
    for path in options.paths or (".",):
        absolute = os.path.abspath(path)
        start = absolute if os.path.isdir(absolute) else os.path.dirname(absolute)
        loaded = load(Path(start), options.config, options.isolated)
        root = str(loaded.root) if loaded.root is not None else find_root(absolute, loaded.settings.baseline)
        if root not in found:
            found[root] = _application(root, loaded, options)
        found[root].paths.append(absolute)
    return list(found.values())


def application_in(folder: str, options: Options) -> Application:
    """The application of a folder with a configuration or a baseline. Raises ConfigError."""
    return _application(folder, load(Path(folder)), options)


def configured_inside(files: Iterable[str], root: str, baseline: str) -> dict[str, str]:
    """Which files below a root have a configuration, or a baseline of this name, nearer than the root; and its folder.

    Without a name, only configurations count.
    """

    @cache
    def nearest(folder: str) -> str:
        if not folder.startswith(os.path.join(root, "")):
            return ""
        is_root = is_configured(folder) or (baseline and os.path.isfile(os.path.join(folder, baseline)))
        return folder if is_root else nearest(os.path.dirname(folder))

    return {file: folder for file in files if (folder := nearest(os.path.dirname(file)))}


def _application(root: str, loaded: Loaded, options: Options) -> Application:
    baseline = os.path.join(root, loaded.settings.baseline) if options.use_baseline else ""
    return Application(root, loaded, options, Baseline.read(baseline))
