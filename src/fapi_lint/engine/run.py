"""A whole run: which applications the paths belong to, their findings, their fixes."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fapi_lint import __version__
from fapi_lint.config.tooling import read_tooling
from fapi_lint.config.versions import read_versions
from fapi_lint.engine.applications import Application, Options, application_in, applications, configured_inside
from fapi_lint.engine.cache import Cache
from fapi_lint.engine.reading import Memory, Read, read_files
from fapi_lint.engine.recall import Answer, Remark, digest, recall, remember, remember_rules, state_of
from fapi_lint.report.model import Diagnostic, Report
from fapi_lint.source.text_files import find_text_files, read_text_files, stamps
from fapi_lint.source.walk import DEFAULT_EXCLUDE, discover
from fapi_lint.source.write import is_taken

# The model of an application, rules and fixes take longer to load than a run that remembers its findings does to end:
# the methods that need them import them.
if TYPE_CHECKING:
    from fapi_lint.config.tooling import Tooling
    from fapi_lint.config.versions import Versions
    from fapi_lint.engine.changes import Change
    from fapi_lint.engine.check import Violation
    from fapi_lint.engine.outlines import Outlines
    from fapi_lint.fix.edit import Fix
    from fapi_lint.project.project import Project


class Content(Struct, frozen=True):
    """What was read of an application: its Python files, and what the files beside them say."""

    files: list[Read]
    versions: Versions
    tooling: Tooling
    texts: list[str]
    """The paths of the text files, which are read when they are asked for."""

    @property
    def paths(self) -> list[str]:
        return [read.source.path for read in self.files]


class Result(Struct):
    """A report, and the changes that fixes made in memory."""

    report: Report
    changes: list[Change] = field(default_factory=list)
    failed: bool = False
    """Whether a path was missing or unreadable: an exit code of 1 even without findings."""


class Suppressed(Struct):
    """What suppressions changed in memory, how many lines got one, and which findings got none, and why."""

    changes: list[Change] = field(default_factory=list)
    count: int = 0
    skipped: list[str] = field(default_factory=list)


class Run:
    """Check or fix the applications that the options name."""

    def __init__(self, options: Options, memory: Memory | None = None) -> None:
        """Finds the files. Raises ConfigError. With a `memory`, only what has changed since it was used is read."""
        self.options = options
        self.memory = memory or Memory()
        self.applications = applications(options)
        self.buffers = {os.path.abspath(path): raw for path, raw in options.buffers.items()}
        self.problems: list[str] = []
        self.remarks: list[Remark] = []
        self.failed = False
        with options.clock.stage("discover"):
            for application in list(self.applications):
                self._find(application, application.paths)
        if not self.failed and not any(application.files for application in self.applications):
            self.problems.append("there are no Python files to check in the given paths")

    def _find(self, application: Application, paths: Iterable[str]) -> None:
        """Add the files in the paths to the application, or to the one inside of it that they belong to."""
        files = self._discover(application, paths)
        inside = self._inside(application, files)
        application.files = sorted({*application.files, *files} - inside.keys())
        for folder in sorted(set(inside.values())):
            nested = next((each for each in self.applications if each.root == folder), None)
            if nested is None:
                nested = application_in(folder, self.options)
                self.applications.append(nested)
            if folder not in nested.paths:
                nested.paths.append(folder)
                self._find(nested, [folder])

    def _inside(self, application: Application, files: Iterable[str]) -> dict[str, str]:
        """The files with a configuration of their own inside of the application, with its folder."""
        if self.options.config is not None or self.options.isolated:
            return {}
        is_told = application.config is not None  # Where a configuration is, it alone says what the root is.
        return configured_inside(files, application.root, "" if is_told else application.settings.baseline)

    def _discover(self, application: Application, paths: Iterable[str], *, strict: bool = True) -> list[str]:
        settings, options = application.settings, self.options
        exclude = settings.exclude
        if options.exclude is not None:
            exclude = tuple(_from_root(pattern, application.root) for pattern in options.exclude)
        extend_exclude = (
            *settings.extend_exclude,
            *(_from_root(pattern, application.root) for pattern in options.extend_exclude),
        )
        discovery = discover(
            (path for path in paths if path not in self.buffers),
            exclude=DEFAULT_EXCLUDE if exclude is None else [_plain(pattern) for pattern in exclude],
            extend_exclude=[_plain(pattern) for pattern in extend_exclude],
            root=application.root,
            respect_gitignore=settings.respect_gitignore,
            unsaved=self.buffers,
        )
        if strict:
            self.failed = self.failed or bool(discovery.problems)
            found = (f"{_shown(problem.path)}: {problem.message}" for problem in discovery.problems)
            self.problems = list(dict.fromkeys([*self.problems, *found]))
        files = {*discovery.files, *(path for path in paths if path in self.buffers)}
        if strict and options.force_exclude:
            below = set(self._discover(application, [application.root], strict=False))
            files = {path for path in files if path in below or not path.endswith(".py")}
        return sorted(files)

    def check_selectors(self) -> None:
        """Raise ConfigError where a selector names no rule, which is otherwise seen when rules are asked for."""
        for application in self.applications:
            application.known  # noqa: B018

    def everything(self, application: Application) -> list[str]:
        """The files of the application, not only those to report on."""
        with self.options.clock.stage("discover"):
            found = set(application.files)
            if application.root not in application.paths:
                below = self._discover(application, [application.root], strict=False)
                found.update(set(below) - self._inside(application, below).keys())
            return sorted(found)

    def read(self, application: Application) -> Content:
        """Every file of the application, read, and what stands beside them."""
        root = Path(application.root)
        everything = self.everything(application)
        with self.options.clock.stage("read"):
            return Content(
                read_files(everything, self.buffers, self.memory),
                read_versions(root),
                read_tooling(root, everything),
                find_text_files(application.root, everything),
            )

    @contextmanager
    def cache(self, application: Application) -> Iterator[Cache]:
        """The application's cache, closed at the end."""
        cache = Cache(application.cache_folder)
        try:
            yield cache
        finally:
            cache.close()

    def outlines(self, application: Application, content: Content, cache: Cache) -> Outlines:
        """The outlines of the application's files, those that are not known being built from now on."""
        from fapi_lint.engine.outlines import Outlines

        kept = self.memory.kept(application.root, content.files)
        with self.options.clock.stage("outline"):
            return Outlines(content.files, cache, self.options.jobs, kept)

    def project(
        self, application: Application, content: Content, outlines: Outlines, focus: Collection[str] | None = None
    ) -> Project:
        """The model of the application; with `focus`, to judge these files only."""
        from fapi_lint.project.project import Project
        from fapi_lint.project.text_files import TextFile, TextFiles

        clock = self.options.clock
        with clock.stage("outline"):
            modules = outlines.modules(self.options.progress)
        with clock.stage("link"):
            self.memory.modules[application.root] = {module.path: module for module in modules}
            return Project(
                modules,
                root=application.root,
                settings=application.settings,
                versions=content.versions,
                tooling=content.tooling,
                text_files=TextFiles(lambda: [TextFile(source) for source in read_text_files(content.texts)]),
                focus=focus,
                seen_from=os.getcwd(),
                timed=clock.rule,
            )

    def whole(self, application: Application) -> Project:
        """The model of the application, read anew, to judge all of it."""
        with self.cache(application) as cache:
            content = self.read(application)
            return self.project(application, content, self.outlines(application, content, cache))

    def check(self) -> Result:
        """What the rules find."""
        diagnostics: list[Diagnostic] = []
        defects: list[str] = []
        for application in self.applications:
            if not application.files:
                continue
            files = frozenset(application.files)
            # What is gone from a baseline is known only where everything is.
            found = self.findings(application, defects, None if application.baseline else files)
            diagnostics.extend(f for f in self._without_known(application, found) if f.filename in files)
        return Result(self._report(diagnostics, defects=defects), failed=self.failed)

    def findings(
        self, application: Application, defects: list[str], only: frozenset[str] | None = None
    ) -> list[Diagnostic]:
        """Every finding of an application, remembered from the last run if nothing has changed.

        With `only`, findings outside of these files may be missing. Rules that failed are added to `defects`, and
        then nothing is remembered.
        """
        options = self.options
        with self.cache(application) as cache:
            content = self.read(application)
            # Nothing is known of a new application, and while it is parsed, the rules can be imported.
            outlines = self.outlines(application, content, cache) if cache.is_empty else None
            state = state_of(content.files)
            question = digest(
                application.root,
                application.settings,
                content.versions,
                content.tooling,
                [info.code for info in application.infos],
                application.known.state,
                sorted(options.per_file_ignores.items()),
                os.getcwd(),
                stamps(content.texts),
                options.with_edits,
            )
            found = recall(cache, question, state)
            if only is not None and only.issuperset(content.paths):
                only = None
            if found is None and only is not None:
                question = digest(question, sorted(only))
                found = recall(cache, question, state)
            if found is None:
                outlines = outlines or self.outlines(application, content, cache)
                found, errors = self._judge(application, self.project(application, content, outlines, only))
                defects.extend(errors)
                if not errors:
                    remember(cache, question, state, found)
                    if not application.known.state:
                        remember_rules(cache, application.known.infos.values())
        self._warn(application, found.remarks)
        return found.diagnostics

    def _warn(self, application: Application, remarks: Iterable[Remark]) -> None:
        """Tell what there is to know of the files to report on."""
        told = [remark for remark in remarks if remark.path in application.files]
        self.remarks += told
        self.problems += [f"{_shown(each.path)}:{each.row}: {each.message}" for each in told]

    def _judge(self, application: Application, project: Project) -> tuple[Answer, list[str]]:
        """What there is to say of the judged files, and what became of rules that failed."""
        from fapi_lint.engine.check import RuleError
        from fapi_lint.engine.diagnose import diagnose
        from fapi_lint.engine.halves import check_in_halves
        from fapi_lint.engine.suppress import misspelt_suppressions, unsuppressed, without_unwritable

        clock, rules = self.options.clock, application.rules
        errors: list[RuleError] = []
        with clock.stage("rules"):
            violations = check_in_halves(project, rules, self.options.jobs, clock, errors)
            left = unsuppressed(project, violations, rules, application.ignored, application.known.rules)
            left = without_unwritable(project, left)
        with clock.stage("report"):
            found = diagnose(project, left, with_edits=self.options.with_edits)
        remarks = list(misspelt_suppressions(project, application.known.rules))
        return Answer(found, remarks), [error.report for error in errors]

    def fix(self) -> Result:
        """Apply fixes in memory; `write` makes them real."""
        from fapi_lint.engine.changes import changes_of
        from fapi_lint.engine.diagnose import diagnose
        from fapi_lint.engine.fixing import fix_until_stable
        from fapi_lint.engine.suppress import misspelt_suppressions
        from fapi_lint.fix.edit import Applicability

        allowed = {Applicability.SAFE, Applicability.UNSAFE} if self.options.unsafe_fixes else {Applicability.SAFE}
        diagnostics: list[Diagnostic] = []
        applied: list[Diagnostic] = []
        defects: list[str] = []
        changes: list[Change] = []
        for application in self.applications:
            if not application.files:
                continue
            project = self.whole(application)
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
                    jobs=self.options.jobs,
                    clock=self.options.clock,
                )
            defects.extend(outcome.problems)
            changes.extend(changes_of(project, outcome))
            with self.options.clock.stage("report"):
                left = map(self._as_left, outcome.left)
                diagnostics.extend(diagnose(outcome.project, left, with_edits=self.options.with_edits))
            applied.extend(outcome.applied)
            self._warn(application, misspelt_suppressions(outcome.project, application.known.rules))
        return Result(self._report(diagnostics, applied, defects), changes, self.failed)

    def suppress(self, reason: str = "", row: int | None = None) -> Suppressed:
        """Suppress every finding in its file, or those that begin in one row, in memory; `write` makes it real.

        Raises `engine.check.RuleError` if a rule fails.
        """
        from fapi_lint.engine.changes import Change
        from fapi_lint.engine.check import check
        from fapi_lint.engine.noqa import add_noqa
        from fapi_lint.engine.suppress import misspelt_suppressions

        suppressed = Suppressed()
        for application in self.applications:
            if not application.files:
                continue
            project = self.whole(application)
            self._warn(application, misspelt_suppressions(project, application.known.rules))
            left = self._reported(application, project, check(project, application.rules, self.options.clock))
            if row is not None:
                left = [each for each in left if _row(project, each) == row]
            texts, added, problems = add_noqa(project, left, reason)
            for path, text in texts.items():
                source = project.by_path[path].source
                suppressed.changes.append(Change(path, path, source.text, text, source.raw, source.encode(text)))
            suppressed.count += added
            suppressed.skipped += problems
        return suppressed

    def _reported(self, application: Application, project: Project, found: list[Violation]) -> list[Violation]:
        from fapi_lint.engine.diagnose import diagnose
        from fapi_lint.engine.suppress import unsuppressed, without_unwritable

        files = set(application.files)
        left = unsuppressed(project, found, application.rules, application.ignored, application.known.rules)
        left = without_unwritable(project, left)
        if application.baseline:
            shown = diagnose(project, left, with_edits=False)
            unknown = set(map(id, self._without_known(application, shown)))
            left = [violation for violation, diagnostic in zip(left, shown, strict=True) if id(diagnostic) in unknown]
        return [violation for violation in left if project.by_path[violation.finding.at.path].origin in files]

    def _without_known(self, application: Application, found: list[Diagnostic]) -> list[Diagnostic]:
        """The findings that are not in the application's baseline."""
        if not application.baseline:
            return found
        left, application.gone = application.baseline.split(found, application.root, application.codes)
        application.baselined = len(found) - len(left)
        return left

    def _may_touch(self, fix: Fix) -> bool:
        """Not where another file is already; where buffers are fixed, which are not on the disk, no other file."""
        if self.buffers:
            touched = {edit.path for edit in fix.edits} | {need.path for need in fix.needs}
            return not fix.moves and touched <= {os.path.abspath(path) for path in self.options.paths}
        return not any(is_taken(move.path, move.to) for move in fix.moves)

    def _as_left(self, violation: Violation) -> Violation:
        """A finding that is left, without a fix that can never be applied to standard input."""
        fix = violation.finding.fix
        if not self.buffers or fix is None or self._may_touch(fix):
            return violation
        from fapi_lint.engine.suppress import unfixed

        return unfixed(violation, "it changes other files, too, which standard input leaves alone")

    def _report(
        self, diagnostics: Iterable[Diagnostic], applied: Iterable[Diagnostic] = (), defects: Iterable[str] = ()
    ) -> Report:
        fixed: dict[str, dict[str, int]] = {}
        for diagnostic in applied:
            codes = fixed.setdefault(diagnostic.filename, {})
            codes[diagnostic.code] = codes.get(diagnostic.code, 0) + 1
        active = {info.code: info for application in self.applications for info in application.infos}
        return Report(
            diagnostics=tuple(sorted(diagnostics, key=lambda d: (d.filename, d.location, d.end_location, d.code))),
            root=os.getcwd(),
            rules=tuple(active.values()),
            fixed=fixed,
            applied=tuple(applied),
            problems=tuple(self.problems),
            defects=tuple(defects),
            files=sum(len(application.files) for application in self.applications),
            unsafe_fixes=self.options.unsafe_fixes,
            unfixable=frozenset(active) - frozenset[str]().union(*(each.fixable for each in self.applications)),
            baselined=sum(application.baselined for application in self.applications),
            gone=sum(len(application.gone) for application in self.applications),
            version=__version__,
        )


def _row(project: Project, violation: Violation) -> int:
    at = violation.finding.at
    return project.by_path[at.path].source.lines.position(at.start)[0]


def _from_root(pattern: str, root: str) -> str:
    """A pattern that is relative to the working folder as one that is relative to `root`."""
    if "/" not in pattern.rstrip("/") or pattern.startswith(("**/", "!")):
        return pattern
    path = pattern if pattern.startswith(os.path.join(root, "")) else pattern.lstrip("/")
    relative = os.path.relpath(path, root).replace(os.sep, "/")
    return f"/{relative}/" if pattern.endswith("/") else f"/{relative}"


def _plain(pattern: str) -> str:
    """A pattern with `./` before it, which matches nothing in a .gitignore, as one that begins at the root."""
    return pattern.removeprefix(".") if pattern.startswith("./") else pattern


def _shown(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
