"""Rules over a project: what they find, in a fixed order."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from fapi_lint.engine.failures import origin
from fapi_lint.engine.timing import Clock
from fapi_lint.fix.edit import Applicability, DropsImport, Edit, NeedsImport
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, Rule
from fapi_lint.source.place import Place

_RECURSION_LIMIT = 4_000
"""Names made of names, hundreds of times: more than Python would go along, and less than its stack can take."""


class Violation(Struct, frozen=True):
    """A finding and the rule that made it."""

    rule: Rule
    finding: Finding

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        at = self.finding.at
        return at.path, at.start, at.end, self.rule.code, self.finding.message


def blame(rule: Rule) -> str:
    """Whose fault it is that a rule fails."""
    if rule.plugin:
        return f"This is a defect of the plugin {rule.plugin}."
    return "This is a defect of fapi-lint: please report it."


def _named(subject: object) -> str:
    """What a subject is, what it is called and where it is: `Column id in /app/models/user.py`."""
    module = subject if isinstance(subject, Module) else getattr(subject, "module", None)
    name = getattr(subject, "name", "") or getattr(subject, "label", "")
    where = f"in {module.path}" if module is not None else ""
    return " ".join(filter(None, (type(subject).__name__, str(name), where)))


class RuleError(Exception):
    """A rule raised an exception: a defect of ours, or of its plugin. `__cause__` is what it raised."""

    def __init__(self, rule: Rule, subject: object) -> None:
        self.rule = rule
        super().__init__(f"{rule.code} ({rule.name}) failed on {_named(subject)}")

    @property
    def report(self) -> str:
        """What to tell people: the rule, where it failed, and what was raised."""
        cause = self.__cause__ or self
        if isinstance(cause, _AnswerError):
            return f"{self}: {cause}. {blame(self.rule)}"
        what = f"{type(cause).__name__}: {' '.join(str(cause).split())}".removesuffix(": ")
        return f"{self}: {what}, in {origin(cause)}. {blame(self.rule)}"


class _AnswerError(Exception):
    """A rule gave something else than findings in the application."""


def check(
    project: Project,
    rules: Iterable[Rule],
    clock: Clock | None = None,
    errors: list[RuleError] | None = None,
) -> list[Violation]:
    """Everything that the rules find, sorted by file, position and code. Suppressions are not applied.

    Where the project judges some files only, findings in others may be among them, or not.

    A rule that raises an exception adds a RuleError to `errors` and the others go on; without a list for them,
    the first RuleError is raised.
    """
    clock = clock or Clock()
    found: list[Violation] = []
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        _check(project, rules, clock, errors, found)
    finally:
        sys.setrecursionlimit(limit)
    return sorted(found, key=lambda violation: violation.order)


def _check(
    project: Project, rules: Iterable[Rule], clock: Clock, errors: list[RuleError] | None, found: list[Violation]
) -> None:
    for rule in rules:
        if not project.has_subject(rule.subject):
            continue  # Unused suppressions are known only once everything else is.
        with clock.rule(rule.code):
            for subject in _judged(project, project.subjects(rule.subject)):
                try:
                    found.extend([Violation(rule, finding) for finding in _answer(rule, subject, project)])
                except (Exception, SystemExit) as cause:
                    error = RuleError(rule, subject)
                    if errors is None:
                        raise error from cause
                    error.__cause__ = cause
                    errors.append(error)


def _answer(rule: Rule, subject: Any, project: Project) -> Iterator[Finding]:
    """What a rule says of a subject, but of names that are exempt; nothing else than findings, for a plugin may give
    anything."""
    answer: Any = rule.check(subject, project)
    if not isinstance(answer, Iterable):
        raise _AnswerError(f"it returns {type(answer).__name__}, and does not yield findings")
    for finding in answer:
        if not isinstance(finding, Finding):
            raise _AnswerError(f"it yields {type(finding).__name__}, which is no Finding")
        if not _is_in(finding.at, project):
            raise _AnswerError(f"it yields a finding that is at no Place in the application: {finding.at!r}")
        if not isinstance(finding.message, str):
            raise _AnswerError(f"the message of its finding is no text: {finding.message!r}")
        if finding.fix is not None and not isinstance(getattr(finding.fix, "applicability", None), Applicability):
            raise _AnswerError(f"the fix of its finding is no Fix, or has no Applicability: {finding.fix!r}")
        if finding.fix is not None:
            parts = (*finding.fix.edits, *finding.fix.needs, *finding.fix.drops)
            if not parts and not finding.fix.moves:
                raise _AnswerError("its fix changes nothing")
            for part in parts:
                if not _is_part(part, project):
                    raise _AnswerError(f"its fix changes no place in the application: {part!r}")
        if finding.name is None or not project.settings.is_exempt(rule.code, finding.name):
            yield finding


def _is_in(at: Any, project: Project) -> bool:
    module = project.by_path.get(at.path) if isinstance(at, Place) else None
    return module is not None and 0 <= at.start <= at.end <= len(module.text)


def _is_part(part: Any, project: Project) -> bool:
    if not isinstance(part, Edit):
        return isinstance(part, NeedsImport | DropsImport) and part.path in project.by_path
    file = project.by_path.get(part.path) or project.text_files.by_path.get(part.path)
    return file is not None and 0 <= part.start <= part.end <= len(file.text) and isinstance(part.text, str)


def _judged(project: Project, subjects: Iterable[Any]) -> Iterator[Any]:
    """The subjects whose findings may be asked for: those in the file of their own `module`, if they have one."""
    if project.focus is None:
        yield from subjects
        return
    for subject in subjects:
        module = subject if isinstance(subject, Module) else getattr(subject, "module", None)
        if module is None or project.is_judged(module):
            yield subject
