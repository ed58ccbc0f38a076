"""A whole run: which applications the paths belong to, their findings, their fixes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fapi_lint import __version__
from fapi_lint.config.load import Loaded, fixable_set, load, per_file_ignores, rule_set, validate_codes
from fapi_lint.config.settings import Settings
from fapi_lint.config.tooling import read_tooling
from fapi_lint.config.versions import read_versions
from fapi_lint.engine import load as loading
from fapi_lint.engine.cache import Cache
from fapi_lint.engine.check import RuleError, Violation, check
from fapi_lint.engine.diagnose import diagnose, rule_info
from fapi_lint.engine.plugins import Known, known_rules
from fapi_lint.engine.recall import digest, recall, remember, state_of
from fapi_lint.engine.suppress import unsuppressed
from fapi_lint.engine.timing import Clock
from fapi_lint.fix.edit import Applicability, Fix
from fapi_lint.project.project import Project
from fapi_lint.report.model import Diagnostic, Report
from fapi_lint.rules.rule import Rule
from fapi_lint.source.walk import DEFAULT_EXCLUDE, discover, find_root
from fapi_lint.source.write import write_all

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
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    use_cache: bool = True
    cache_dir: str | None = None
    stdin: bytes | None = None
    """What stands in for the content of the one path."""
    progress: Progress = lambda done, total: None
    clock: Clock = field(default_factory=Clock)


@dataclass(frozen=True, slots=True)
class Change:
    """A file that fixes changed: its absolute path, its text and its bytes before and after."""

    path: str
    before: str
    after: str
    raw_before: bytes
    raw: bytes


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
    rules: list[Rule] = field(default_factory=list)
    fixable: frozenset[str] = frozenset()
    ignored: Callable[[str], frozenset[str]] = lambda path: frozenset()


@dataclass
class Result:
    """A report, and the changes that fixes made in memory."""

    report: Report
    changes: list[Change] = field(default_factory=list)
    failed: bool = False
    """Whether a path was missing or unreadable: an exit code of 1 even without findings."""
    defects: list[str] = field(default_factory=list)
    """What went wrong through a fault of ours: an exit code of 2."""


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
    everything = known_rules(loaded)
    known = {code: rule.default for code, rule in everything.rules.items()}
    validate_codes(settings, known, loaded.path)
    given = Settings(
        select=options.select,
        extend_select=options.extend_select,
        ignore=options.ignore,
        fixable=options.fixable or (),
        unfixable=options.unfixable,
        per_file_ignores=options.per_file_ignores,
    )
    validate_codes(given, known, prefix="--")
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
        rules=[rule for code, rule in everything.rules.items() if code in active],
        fixable=fixable_set(settings, known, fixable=options.fixable, unfixable=options.unfixable),
        ignored=per_file_ignores(ignores[0], known, ignores[1]),
    )


class Run:
    """Check or fix the applications that the options name."""

    def __init__(self, options: Options) -> None:
        """Finds the files. Raises ConfigError."""
        self.options = options
        self.applications = applications(options)
        self.buffers: dict[str, bytes] = {}
        if options.stdin is not None:
            self.buffers = {os.path.abspath(path): options.stdin for path in options.paths}
        self.problems: list[str] = []
        self.failed = False
        with options.clock.stage("discover"):
            for application in self.applications:
                application.files = self._discover(application, application.paths)

    def _discover(self, application: Application, paths: Iterable[str], *, strict: bool = True) -> list[str]:
        settings, options = application.settings, self.options
        exclude = settings.exclude
        if options.exclude is not None:
            exclude = tuple(_from_root(pattern, application.root) for pattern in options.exclude)
        discovery = discover(
            (path for path in paths if path not in self.buffers),
            exclude=DEFAULT_EXCLUDE if exclude is None else exclude,
            extend_exclude=settings.extend_exclude,
            root=application.root,
            respect_gitignore=settings.respect_gitignore,
        )
        if strict:
            self.failed = self.failed or bool(discovery.problems)
            self.problems.extend(f"{_shown(problem.path)}: {problem.message}" for problem in discovery.problems)
        files = {*discovery.files, *(path for path in paths if path in self.buffers)}
        if strict and options.force_exclude:
            found = set(self._discover(application, [application.root], strict=False))
            files = {path for path in files if path in found or not path.endswith(".py")}
        return sorted(files)

    def read(self, application: Application) -> list[loading.Read]:
        """Every file of the application, not only those to report on."""
        with self.options.clock.stage("discover"):
            everything = {*self._discover(application, [application.root], strict=False), *application.files}
        with self.options.clock.stage("read"):
            return loading.read_files(sorted(everything), self.buffers)

    @contextmanager
    def cache(self, application: Application) -> Iterator[Cache]:
        """The application's cache, closed at the end."""
        folder = self.options.cache_dir or application.settings.cache_dir
        cache = Cache(os.path.join(application.root, folder) if self.options.use_cache else None)
        try:
            yield cache
        finally:
            cache.close()

    def project(self, application: Application, files: Sequence[loading.Read], cache: Cache) -> Project:
        """The model of the application."""
        return loading.load(
            files,
            root=application.root,
            settings=application.settings,
            versions=read_versions(Path(application.root)),
            tooling=read_tooling(Path(application.root), (read.source.path for read in files)),
            cache=cache,
            jobs=self.options.jobs,
            progress=self.options.progress,
            clock=self.options.clock,
        )

    def check(self) -> Result:
        """What the rules find."""
        diagnostics: list[Diagnostic] = []
        defects: list[str] = []
        for application in self.applications:
            if not application.files:
                continue
            files = set(application.files)
            diagnostics.extend(found for found in self._check(application, defects) if found.filename in files)
        return Result(self._report(diagnostics), failed=self.failed, defects=defects)

    def _check(self, application: Application, defects: list[str]) -> list[Diagnostic]:
        """Every finding of an application, remembered from the last run if nothing has changed.

        Rules that failed are added to `defects`, and then nothing is remembered.
        """
        options = self.options
        clock = options.clock
        with self.cache(application) as cache:
            files = self.read(application)
            state = state_of(files)
            question = digest(
                application.root,
                application.settings,
                read_versions(Path(application.root)),
                read_tooling(Path(application.root), (read.source.path for read in files)),
                [rule.code for rule in application.rules],
                application.known.state,
                (sorted(options.per_file_ignores.items()), os.getcwd()) if options.per_file_ignores else (),
                options.with_edits,
            )
            found = recall(cache, question, state)
            if found is None:
                project = self.project(application, files, cache)
                with clock.stage("rules"):
                    errors: list[RuleError] = []
                    violations = check(project, application.rules, clock, errors)
                    left = unsuppressed(
                        project, violations, application.rules, application.ignored, application.known.rules
                    )
                with clock.stage("report"):
                    found = diagnose(project, left, with_edits=options.with_edits)
                defects.extend(error.report for error in errors)
                if not errors:
                    remember(cache, question, state, found)
        return found

    def fix(self) -> Result:
        """Apply fixes in memory; `write` makes them real."""
        from fapi_lint.engine.fixing import fix_until_stable  # Loads LibCST.

        allowed = {Applicability.SAFE, Applicability.UNSAFE} if self.options.unsafe_fixes else {Applicability.SAFE}
        diagnostics: list[Diagnostic] = []
        applied: list[Diagnostic] = []
        result = Result(Report())
        for application in self.applications:
            if not application.files:
                continue
            with self.cache(application) as cache:
                project = self.project(application, self.read(application), cache)
            with self.options.clock.stage("fixes"):
                outcome = fix_until_stable(
                    project,
                    application.rules,
                    allowed,
                    select=lambda project, found, application=application: self._reported(  # type: ignore[misc]
                        application, project, found
                    ),
                    may_fix=lambda violation, fix, application=application: (  # type: ignore[misc]
                        violation.rule.code in application.fixable and self._may_touch(fix)
                    ),
                    clock=self.options.clock,
                )
            result.defects.extend(outcome.problems)
            for path, text in outcome.texts.items():
                source = project.by_path[path].source
                result.changes.append(Change(path, source.text, text, source.raw, source.encode(text)))
            with self.options.clock.stage("report"):
                diagnostics.extend(diagnose(outcome.project, outcome.left, with_edits=self.options.with_edits))
            applied.extend(outcome.applied)
        result.failed = self.failed
        result.report = self._report(diagnostics, applied)
        return result

    def add_noqa(self, reason: str = "") -> tuple[int, list[str]]:
        """Suppress every finding in its file: how many lines got a comment, and what got none, and why.

        Raises `source.write.WriteError`, and `engine.check.RuleError` if a rule fails.
        """
        from fapi_lint.engine.noqa import add_noqa

        raws: dict[str, bytes] = {}
        count, skipped = 0, []
        for application in self.applications:
            if not application.files:
                continue
            with self.cache(application) as cache:
                project = self.project(application, self.read(application), cache)
            left = self._reported(application, project, check(project, application.rules, self.options.clock))
            texts, added, problems = add_noqa(project, left, reason)
            raws.update((path, project.by_path[path].source.encode(text)) for path, text in texts.items())
            count += added
            skipped += problems
        write_all(raws)
        return count, skipped

    def _reported(self, application: Application, project: Project, found: list[Violation]) -> list[Violation]:
        files = set(application.files)
        left = unsuppressed(project, found, application.rules, application.ignored, application.known.rules)
        return [violation for violation in left if violation.finding.at.path in files]

    def _may_touch(self, fix: Fix) -> bool:
        """A fix of standard input goes to standard output, so it cannot change other files as well."""
        touched = {edit.path for edit in fix.edits} | {need.path for need in fix.needs}
        return not self.buffers or touched <= self.buffers.keys()

    def _report(self, diagnostics: Iterable[Diagnostic], applied: Iterable[Diagnostic] = ()) -> Report:
        fixed: dict[str, dict[str, int]] = {}
        for diagnostic in applied:
            codes = fixed.setdefault(diagnostic.filename, {})
            codes[diagnostic.code] = codes.get(diagnostic.code, 0) + 1
        active = {rule.code: rule for application in self.applications for rule in application.rules}
        return Report(
            diagnostics=tuple(sorted(diagnostics, key=lambda d: (d.filename, d.location, d.end_location, d.code))),
            root=os.getcwd(),
            rules=tuple(rule_info(rule) for rule in active.values()),
            fixed=fixed,
            applied=tuple(applied),
            problems=tuple(self.problems),
            files=sum(len(application.files) for application in self.applications),
            unsafe_fixes=self.options.unsafe_fixes,
            version=__version__,
        )


def write(changes: Iterable[Change]) -> None:
    """Write all changed files, or none. Raises `source.write.WriteError`."""
    write_all({change.path: change.raw for change in changes})


def _from_root(pattern: str, root: str) -> str:
    """A pattern that is relative to the working folder as one that is relative to `root`."""
    if "/" not in pattern.rstrip("/") or pattern.startswith(("**/", "!")):
        return pattern
    relative = os.path.relpath(pattern.lstrip("/"), root).replace(os.sep, "/")
    return f"{relative}/" if pattern.endswith("/") else relative


def _shown(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
