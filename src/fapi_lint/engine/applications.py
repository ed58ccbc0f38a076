"""The applications that the paths of a command line belong to, each with the configuration that holds for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fapi_lint.config.load import Loaded, fixable_set, load, per_file_ignores, rule_set, validate_codes
from fapi_lint.config.settings import Settings
from fapi_lint.engine.baseline import Baseline, Entry
from fapi_lint.engine.plugins import Known, known_rules
from fapi_lint.engine.timing import Clock
from fapi_lint.report.model import RuleInfo
from fapi_lint.source.walk import find_root

if TYPE_CHECKING:
    from fapi_lint.rules.rule import Rule

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Options:
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
    stdin: bytes | None = None
    """What stands in for the content of the one path."""
    progress: Progress = lambda done, total: None
    clock: Clock = field(default_factory=Clock)


@dataclass
class Application:
    """One application that paths belong to, with the configuration that holds for it."""

    root: str
    settings: Settings
    config: Path | None
    known: Known
    paths: list[str]
    files: list[str] = field(default_factory=list)
    """The files to report on, absolute."""
    infos: list[RuleInfo] = field(default_factory=list)
    """What the rules to run say about themselves."""
    cache_folder: str | None = None
    fixable: frozenset[str] = frozenset()
    ignored: Callable[[str], frozenset[str]] = lambda path: frozenset()
    baseline: Baseline = field(default_factory=Baseline)
    baselined: int = 0
    """How many findings the baseline has kept from being reported."""
    gone: list[Entry] = field(default_factory=list)
    """The entries of the baseline that no finding was left of."""

    @property
    def codes(self) -> frozenset[str]:
        """The codes of the rules to run."""
        return frozenset(info.code for info in self.infos)

    @property
    def rules(self) -> list[Rule]:
        """The rules to run."""
        return [self.known.rules[info.code] for info in self.infos]


def applications(options: Options) -> list[Application]:
    """The applications that the paths belong to, one for each configuration and root, rules chosen.

    Raises ConfigError.
    """
    found: dict[str, Application] = {}
    for path in options.paths or (".",):
        absolute = os.path.abspath(path)
        start = absolute if os.path.isdir(absolute) else os.path.dirname(absolute)
        loaded = load(Path(start), options.config, options.isolated)
        root = str(loaded.root) if loaded.root is not None else find_root(absolute)
        if root not in found:
            found[root] = _application(root, loaded, options)
        found[root].paths.append(absolute)
    return list(found.values())


def _application(root: str, loaded: Loaded, options: Options) -> Application:
    settings = loaded.settings
    cache_folder = os.path.join(root, options.cache_dir or settings.cache_dir) if options.use_cache else None
    everything = known_rules(loaded, cache_folder)
    known = {code: info.default for code, info in everything.infos.items()}
    names = {info.name: code for code, info in everything.infos.items()}
    validate_codes(settings, known, loaded.path, names=names)
    given = Settings(
        select=options.select,
        extend_select=options.extend_select,
        ignore=options.ignore,
        fixable=options.fixable or (),
        unfixable=options.unfixable,
        per_file_ignores=options.per_file_ignores,
    )
    validate_codes(given, known, prefix="--", names=names)
    active = rule_set(
        settings, known, select=options.select, extend_select=options.extend_select, ignore=options.ignore
    )
    ignores = (given, Path.cwd()) if given.per_file_ignores else (settings, Path(root))
    return Application(
        root=root,
        settings=settings,
        config=loaded.path,
        known=everything,
        paths=[],
        infos=[info for code, info in everything.infos.items() if code in active],
        cache_folder=cache_folder,
        fixable=fixable_set(settings, known, fixable=options.fixable, unfixable=options.unfixable),
        ignored=per_file_ignores(ignores[0], known, ignores[1]),
        baseline=Baseline.read(os.path.join(root, settings.baseline) if options.use_baseline else ""),
    )
