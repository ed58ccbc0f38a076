"""The fix loop: plan, apply in memory, link anew, until nothing applies."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeAlias

from msgspec import Struct, field

from fapi_lint.engine.check import RuleError, Violation, blame
from fapi_lint.engine.diagnose import diagnose
from fapi_lint.engine.halves import check_in_halves
from fapi_lint.engine.pool import build_outlines
from fapi_lint.engine.timing import Clock
from fapi_lint.fix.edit import Applicability, Fix, Move
from fapi_lint.fix.planner import apply, edits_of, plan
from fapi_lint.outline import nodes
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.text_files import TextFile
from fapi_lint.report.model import Diagnostic
from fapi_lint.rules.rule import Rule
from fapi_lint.source.file import SourceError, SourceFile

MAX_PASSES = 10

Select = Callable[[Project, list[Violation]], list[Violation]]
File: TypeAlias = Module | TextFile


class Outcome(Struct):
    """What the fixes made of an application.

    `texts` holds the new text of every changed file by its absolute path before all fixes, `moves` what got another
    path, in the order of doing, `applied` the findings whose fixes are in it (as they were when they were fixed),
    `left` the violations of the last pass, `project` the application afterwards, `problems` what went wrong (a
    defect of ours each).
    """

    project: Project
    texts: dict[str, str] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    applied: list[Diagnostic] = field(default_factory=list)
    left: list[Violation] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def fix_until_stable(
    project: Project,
    rules: Collection[Rule],
    allowed: Collection[Applicability],
    *,
    select: Select = lambda project, violations: violations,
    may_fix: Callable[[Violation, Fix], bool] = lambda violation, fix: True,
    jobs: int = 1,
    clock: Clock | None = None,
) -> Outcome:
    """Apply fixes until none is left, in memory.

    `select` filters the violations of a pass (suppressions, paths); `may_fix` refuses single fixes; `jobs` is how many
    processes check and parse.
    """
    clock = clock or Clock()
    outcome = Outcome(project)
    dropped: set[tuple[str, str, str]] = set()
    for _ in range(MAX_PASSES):
        errors: list[RuleError] = []
        with clock.stage("rules"):
            outcome.left = select(outcome.project, check_in_halves(outcome.project, list(rules), jobs, clock, errors))
        outcome.problems.extend({error.report: None for error in errors if error.report not in outcome.problems})
        candidates = [
            (violation, fix)
            for violation in outcome.left
            if (fix := violation.finding.fix) is not None
            and fix.applicability in allowed
            and _key(violation) not in dropped
            and may_fix(violation, fix)
        ]
        applied = _apply(outcome, candidates, dropped, jobs) if candidates else []
        if not applied:
            return outcome
    codes = ", ".join(sorted({violation.rule.code for violation in applied}))
    culprits = [violation.rule for violation in applied]
    foreign = next((rule for rule in culprits if rule.plugin), culprits[0])
    outcome.problems.append(
        f"the fixes of {codes} still change something after {MAX_PASSES} passes; nothing was written. {blame(foreign)}"
    )
    outcome.texts.clear()
    outcome.moves.clear()
    outcome.applied.clear()
    return outcome


def _key(violation: Violation) -> tuple[str, str, str]:
    """What a violation is, whatever line it has moved to."""
    return violation.rule.code, violation.finding.at.path, violation.finding.message


def _apply(
    outcome: Outcome, candidates: list[tuple[Violation, Fix]], dropped: set[tuple[str, str, str]], jobs: int
) -> list[Violation]:
    """Apply as many of the fixes as go together; a file that would no longer parse drops its fixes."""
    files = outcome.project.file
    while True:
        planned = plan([fix for _, fix in candidates], files)
        applied = [candidates[index][0] for index in planned.applied]
        texts = {path: apply(files(path).text, edits) for path, edits in planned.edits.items() if edits}
        changed = _reread({files(path): text for path, text in texts.items() if text != files(path).text}, jobs)
        broken = {path: result for path, result in changed.items() if isinstance(result, str)}
        if not broken:
            break
        for violation, fix, path in _culprits(files, [candidates[index] for index in planned.applied], broken):
            dropped.add(_key(violation))
            outcome.problems.append(
                f"{path}: the fix of {violation.rule.code} ({fix.title}) was dropped, {broken[path]}. "
                f"{blame(violation.rule)}"
            )
        candidates = [(violation, fix) for violation, fix in candidates if _key(violation) not in dropped]
    if not changed and not planned.moves:
        return []
    outcome.applied.extend(diagnose(outcome.project, applied, with_edits=False, with_files=True))
    rewritten = {path: file for path, file in changed.items() if not isinstance(file, str)}
    outcome.texts.update((file.origin, file.text) for file in rewritten.values())
    outcome.moves.extend(planned.moves)
    outcome.project = _linked_anew(outcome.project, rewritten, planned.moves)
    return applied


def _linked_anew(project: Project, rewritten: Mapping[str, File], moves: Iterable[Move]) -> Project:
    """The application after a pass: files with a new text, by their path, and files with a new path."""

    def source_of(file: File) -> SourceFile:
        source = rewritten.get(file.path, file).source
        path = source.path
        for move in moves:
            path = move.of(path)
        return source if path == source.path else replace(source, path=path)

    return project.with_modules(
        [
            Module(source_of(module), rewritten.get(module.path, module).outline, module.origin)
            for module in project.modules
        ],
        project.text_files.replaced(lambda file: TextFile(source_of(file), file.origin)),
    )


def _culprits(
    files: Callable[[str], File], applied: list[tuple[Violation, Fix]], broken: Mapping[str, str]
) -> list[tuple[Violation, Fix, str]]:
    """The fixes that break a file by themselves, with that file; all that touch it if only their sum does."""
    found = []
    for path in broken:
        touching = [(violation, fix, path) for violation, fix in applied if path in {edit.path for edit in fix.edits}]
        alone = []
        for violation, fix, _ in touching:
            edits = [edit for edit in edits_of(fix, files) if edit.path == path]
            if isinstance(_reread({files(path): apply(files(path).text, edits)}, jobs=1)[path], str):
                alone.append((violation, fix, path))
        found.extend(alone or touching)
    return found


def _reread(texts: Mapping[File, str], jobs: int) -> dict[str, File | str]:
    """Files with other texts, or why that cannot be: they do not parse, or their encoding cannot hold it. By path."""
    found: dict[str, File | str] = {}
    modules: list[tuple[Module, SourceFile]] = []
    for file, text in texts.items():
        try:
            source = SourceFile.from_bytes(file.path, file.source.encode(text))
        except SourceError as error:
            found[file.path] = f"because the file could not be written ({error.message})"
            continue
        if isinstance(file, TextFile):
            found[file.path] = TextFile(source, file.origin)
        else:
            modules.append((file, source))
    for index, data in build_outlines([source.text for _, source in modules], jobs):
        module, source = modules[index]
        outline = nodes.decode(data)
        failure = outline.failure
        if failure is not None and module.outline.failure is None:
            found[module.path] = f"because the file would not parse ({failure.message}, line {failure.row})"
        elif (reason := _refusal(source.text)) and not _refusal(module.text):
            found[module.path] = f"because Python would refuse the file ({reason})"
        else:
            found[module.path] = Module(source, outline, module.origin)
    return {file.path: found[file.path] for file in texts}


def _refusal(text: str) -> str:
    """Why Python refuses a text that parses, such as for an `await` outside of an `async def`; empty if it does not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "", "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"{error.msg}, line {error.lineno}"
    except (MemoryError, RecursionError, ValueError):
        pass
    return ""
