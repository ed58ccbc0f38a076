"""Suppression comments: which findings they hide, and which of them hide nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from fapi_lint.engine.check import Violation
from fapi_lint.engine.recall import Remark
from fapi_lint.engine.registry import all_rules
from fapi_lint.project.grouping import grouped
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.rules.engine.unused_suppression import UnusedSuppression
from fapi_lint.rules.rule import Rule
from fapi_lint.source.misspelt import misspelt
from fapi_lint.source.suppressions import Suppression, parse
from fapi_lint.source.walk import twins

_UNUSED = "FAPI001"
_CODE = re.compile(r"[A-Z]{2,}[0-9]{3}")
"""What the codes of all rules look like, those of plugins too."""


def unsuppressed(
    project: Project,
    violations: Iterable[Violation],
    rules: Iterable[Rule],
    ignored: Callable[[str], frozenset[str]] = lambda path: frozenset(),
    known: Mapping[str, Rule] | None = None,
) -> list[Violation]:
    """The violations in judged files that no comment or per-file ignore hides, and those that unused suppressions are.

    `rules` are the rules of this run: codes of others are not unused. `ignored` gives the codes not to report
    in a file, by its absolute path; `known` are all rules, without it ours.
    """
    known = all_rules() if known is None else known
    by_path = grouped((violation.finding.at.path, violation) for violation in violations)
    active = {rule.code: rule for rule in rules}
    left: list[Violation] = []
    for module in project.judged:
        found = by_path.get(module.path, ())
        if not found and not module.outline.suppressions:
            continue
        hidden = ignored(module.origin)
        comments = _Comments(module)
        left.extend(v for v in found if v.rule.code not in hidden and not comments.suppress(v))
        if _UNUSED in active and _UNUSED not in hidden:
            rule = active[_UNUSED]
            for unused in comments.unused(active.keys() - hidden, known):
                left.extend(Violation(rule, finding) for finding in rule.check(unused, project))
    return sorted(left, key=lambda violation: violation.order)


def misspelt_suppressions(project: Project, known: Mapping[str, Rule]) -> Iterator[Remark]:
    """The comments in judged files that are meant to suppress findings of some `known` rules, and do not."""
    codes = {rule.name: code for code, rule in known.items()}
    for module in project.judged:
        if module.outline.suppressions:
            for found in misspelt(module.text, module.outline.suppressions, codes):
                yield Remark(module.origin, found.row, found.message)


def without_unwritable(project: Project, violations: list[Violation]) -> list[Violation]:
    """The violations without fixes that change a file which cannot be written.

    One of two names would get two contents; and some encodings do not give back the bytes that stay.
    """
    shared = twins(module.path for module in project.modules)
    odd = frozenset(module.path for module in project.modules if not module.source.is_rewritable)
    for paths, reason in (
        (shared, "a file that it would change has another name, too"),
        (odd, "a file that it would change is in an encoding that would change other bytes"),
    ):
        if paths:
            violations = [unfixed(each, reason) if _touches(each, paths) else each for each in violations]
    return violations


def _touches(violation: Violation, paths: frozenset[str]) -> bool:
    fix = violation.finding.fix
    return fix is not None and not paths.isdisjoint([*(e.path for e in fix.edits), *(need.path for need in fix.needs)])


def unfixed(violation: Violation, reason: str) -> Violation:
    """The violation without its fix, and why it has none."""
    message = f"{violation.finding.message} (no fix: {reason})"
    return replace(violation, finding=replace(violation.finding, message=message, fix=None))


def noqa_row(module: Module, offset: int) -> int:
    """The row (from 1) for a suppression of a finding: its own, or the last of the string in which that ends."""
    lines = module.source.lines
    row = lines.position(offset)[0]
    for start, end in sorted([span for span in module.outline.strings if span[1] > offset]):
        line_end = lines.offset(row, 1) + len(lines.line(row))
        if start > line_end:
            break
        if line_end < end:
            row = lines.position(end)[0]
    return row


def suppressible_rows(module: Module, offset: int) -> set[int]:
    """The rows (from 1) on which a comment suppresses a finding at `offset`."""
    lines = module.source.lines
    rows = {lines.position(offset)[0], noqa_row(module, offset)}
    rows.update(lines.position(start)[0] for start, end in module.outline.multiline if start <= offset <= end)
    return rows


class _Comments(Struct, eq=False, dict=True):
    """A module's suppressions and what they were good for."""

    module: Module

    @cached_property
    def all(self) -> tuple[Suppression, ...]:
        if not self.module.outline.suppressions:
            return ()
        return parse(self.module.text, self.module.outline.suppressions)

    @cached_property
    def used(self) -> set[tuple[int, str]]:
        """The start of each suppression that hid something, with the code that it hid."""
        return set()

    def suppress(self, violation: Violation) -> bool:
        """Whether a comment hides the violation; every one that does counts as used."""
        if not self.all:
            return False
        code, offset = violation.rule.code, violation.finding.at.start
        near = [s for row in (0, *suppressible_rows(self.module, offset)) for s in self._by_row.get(row, ())]
        hiding = [suppression for suppression in near if suppression.covers(code)]
        self.used.update((suppression.start, code) for suppression in hiding)
        return bool(hiding)

    @cached_property
    def _by_row(self) -> dict[int, list[Suppression]]:
        """The suppressions by the row that they are for; in row 0 those for the whole file."""
        return grouped((0 if suppression.kind == "file" else suppression.row, suppression) for suppression in self.all)

    def unused(self, active: Iterable[str], known: Mapping[str, Rule]) -> Iterator[UnusedSuppression]:
        """The suppressions, or codes of them, that hid nothing though their rules ran, or that are no rules."""
        judged = set(active)
        defaults = {rule.code for rule in known.values() if rule.default}
        prefixes = {_prefix(code) for code in known}
        called = {rule.name.upper(): code for code, rule in known.items()}
        codes_used: dict[int, set[str]] = {}
        for start, code in self.used:
            codes_used.setdefault(start, set()).add(code)
        for suppression in self.all:
            used = codes_used.get(suppression.start, set())
            if not suppression.codes:
                if suppression.style == "ignore" and not used and defaults <= judged:
                    yield UnusedSuppression(self.module, suppression, ())
                continue
            codes = tuple(
                own.code
                for own in suppression.codes
                if own.code not in used
                and (
                    own.code in judged
                    or (_prefix(own.code) in prefixes and own.code not in known)
                    or (suppression.style == "ignore" and _CODE.fullmatch(own.code) is None)
                )
            )
            if codes:
                named = {code: called[code] for code in codes if code in called}
                unknown = tuple(code for code in codes if code not in known)
                yield UnusedSuppression(self.module, suppression, codes, named, unknown)


def _prefix(code: str) -> str:
    """What the codes of a plugin have in common, and no other tool's: FAPI of FAPI205."""
    return code.rstrip("0123456789")
