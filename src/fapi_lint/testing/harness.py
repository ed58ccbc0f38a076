"""The same checks and fixes as the command line's, over files that exist only in memory."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping
from difflib import unified_diff
from itertools import chain
from typing import TypeAlias, TypedDict, Unpack

from msgspec import Struct

from fapi_lint.config.settings import Settings
from fapi_lint.config.tooling import Tooling
from fapi_lint.config.versions import Versions
from fapi_lint.engine.check import Violation, check
from fapi_lint.engine.fixing import fix_until_stable
from fapi_lint.engine.registry import all_rules
from fapi_lint.engine.suppress import unsuppressed
from fapi_lint.fix.edit import Applicability, Fix
from fapi_lint.outline import build, nodes
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.text_files import TextFile, TextFiles
from fapi_lint.rules.rule import Check, Rule
from fapi_lint.source.file import SourceFile
from fapi_lint.source.suppressions import find_candidates

ROOT = "/application"

Codes: TypeAlias = str | Rule | Check | Collection[str | Rule | Check] | None
"""One rule or several, None for all of ours that are on by default: codes of ours, or rules of a plugin themselves."""


class Found(Struct, frozen=True):
    """A finding as tests like it: path below the root, rows and columns from 1."""

    code: str
    path: str
    row: int
    column: int
    message: str
    fix: Fix | None

    @property
    def at(self) -> tuple[str, int]:
        return self.path, self.row


class Given(TypedDict, total=False):
    """How the application is configured, what it may use, and what the files of its tools say."""

    settings: Settings
    versions: Versions
    tooling: Tooling


def application(files: Mapping[str, str], **given: Unpack[Given]) -> Project:
    """The model of an application given as path below the root → text. Texts are dedented."""
    texts = {f"{ROOT}/{path}": textwrap.dedent(text) for path, text in files.items()}
    others = [TextFile(SourceFile.from_text(path, text)) for path, text in texts.items() if not path.endswith(".py")]
    return Project(
        [module(path, text) for path, text in texts.items() if path.endswith(".py")],
        root=ROOT,
        text_files=TextFiles(lambda: others),
        **given,
    )


def module(path: str, text: str) -> Module:
    """One file's module, read the way the engine reads it."""
    return Module(SourceFile.from_text(path, text), nodes.decode(build.build(text, find_candidates(text))))


def findings(files: Mapping[str, str], codes: Codes = None, **given: Unpack[Given]) -> list[Found]:
    """What the rules say: one code, several, or None for all that are on by default. Sorted by place.

    Asserts that the files parse, unless FAPI000 is among the rules: a slip in them would make every rule silent.
    """
    project = application(files, **given)
    result = []
    rules = _rules(codes)
    _assert_read(project, rules)
    for violation in _unsuppressed(project, check(project, rules), rules):
        at = violation.finding.at
        source = project.by_path[at.path].source
        row, column = source.lines.position(at.start)
        path = at.path.removeprefix(ROOT + "/")
        result.append(Found(violation.rule.code, path, row, column, violation.finding.message, violation.finding.fix))
    return result


def fixed(
    files: Mapping[str, str],
    codes: Codes = None,
    *,
    unsafe: bool = False,
    fixable: Collection[str] | None = None,
    **given: Unpack[Given],
) -> dict[str, str]:
    """The files after all fixes, or those of the `fixable` codes.

    Asserts that every pass parses and that a second run changes nothing.
    """
    texts = {path: textwrap.dedent(text) for path, text in files.items()}
    after = _fix_once(texts, codes, unsafe, fixable, **given)
    again = _fix_once(after, codes, unsafe, fixable, **given)
    assert again == after, "a second run changes the result of the first"
    return after


def _fix_once(
    files: Mapping[str, str], codes: Codes, unsafe: bool, fixable: Collection[str] | None, **given: Unpack[Given]
) -> dict[str, str]:
    project = application(files, **given)
    allowed = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
    rules = _rules(codes)
    _assert_read(project, rules)
    outcome = fix_until_stable(
        project,
        rules,
        allowed,
        select=lambda project, found: _unsuppressed(project, found, rules),
        may_fix=lambda violation, fix: fixable is None or violation.rule.code in fixable,
    )
    assert not outcome.problems, outcome.problems
    fixed_files: list[Module | TextFile] = [*outcome.project.modules, *outcome.project.text_files.all]
    return {
        file.path.removeprefix(ROOT + "/"): outcome.texts.get(file.origin, files[file.origin.removeprefix(ROOT + "/")])
        for file in fixed_files
    }


def _assert_read(project: Project, rules: list[Rule]) -> None:
    if "FAPI000" not in {rule.code for rule in rules}:
        for module in project.modules:
            failure, path = module.outline.failure, module.path.removeprefix(ROOT + "/")
            assert failure is None, (
                f"{path}:{failure.row} does not parse ({failure.message}): if so meant, ask for FAPI000"
            )


def _unsuppressed(project: Project, found: list[Violation], rules: list[Rule]) -> list[Violation]:
    return unsuppressed(project, found, rules, known=all_rules() | {rule.code: rule for rule in rules})


def _rules(codes: Codes) -> list[Rule]:
    if codes is None:
        return [rule for rule in all_rules().values() if rule.default]
    given = codes if isinstance(codes, Collection) and not isinstance(codes, str) else [codes]
    return sorted(map(_rule, given), key=lambda rule: rule.code)


def _rule(given: str | Rule | Check) -> Rule:
    """A rule by its code, itself, or by the function that it was made of."""
    if isinstance(given, str):
        assert given in all_rules(), f"there is no rule {given} among ours; one of a plugin is given itself"
        return all_rules()[given]
    rule = getattr(given, "rule", given)
    assert isinstance(rule, Rule), f"{given!r} is no rule: it lacks the decorator @rule"
    return rule


def check_examples(rule: Rule | Check) -> None:
    """Assert what a rule's docstring promises.

    Bad: the rule fires, and no other does (but those that the docstring names under `Together with`); a fix
    is at best what the rule declares. Good: no rule is on. A fix that is more than shown makes Bad into Good.
    A rule of a plugin is judged alone: what its team wants of our rules, its examples need not know.
    """
    rule = _rule(rule)
    bad, good = rule.examples("Bad"), rule.examples("Good")
    assert bad, f"{rule.code} has no Bad example"
    assert good, f"{rule.code} has no Good example"
    ours = set() if rule.plugin else {other for other in all_rules().values() if other.default}
    rules = ours | {rule}
    found = findings(bad, rules)
    assert rule.code in {f.code for f in found}, f"{rule.code} is silent on its Bad example"
    others = [f for f in found if f.code != rule.code and f.code not in rule.together_with]
    assert not others, f"on the Bad example of {rule.code}: {others}"
    left = findings(good, rules)
    assert not left, f"on the Good example of {rule.code}: {left}"
    offered = {f.fix.applicability for f in found if f.code == rule.code and f.fix is not None}
    best = next((each for each in Applicability if each in offered), None)  # The safest comes first.
    assert best in (rule.fix, None), f"{rule.code} declares {_told(rule.fix)} and offers {_told(best)}"
    if best in (None, Applicability.DISPLAY):
        return
    after = fixed(bad, rules, unsafe=True, fixable={rule.code} | rule.together_with)
    assert after == good, f"{rule.code}: the fixed Bad example is not the Good one:\n{_difference(after, good)}"


def _told(fix: Applicability | None) -> str:
    return "no fix" if fix is None else f"a fix that is {fix.value}"


def _difference(one: Mapping[str, str], other: Mapping[str, str]) -> str:
    texts = [(path, one.get(path, ""), other.get(path, "")) for path in sorted({*one, *other})]
    lines = [
        unified_diff(a.splitlines(), b.splitlines(), f"{path}: fixed", "Good", lineterm="") for path, a, b in texts
    ]
    return "\n".join(chain.from_iterable(lines))
