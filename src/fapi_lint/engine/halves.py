"""The rules of a large application in two processes.

What is dear to know about an application (who holds its keys, who shares its sessions) serves the rules of a few
families. So the families are dealt out, and hardly anything is computed twice. The second process is a fork, which
has the linked project already; where there is no fork, or other threads run, one process does everything.
"""

from __future__ import annotations

import gc
import os
import pickle
import threading
from collections.abc import Sequence
from typing import BinaryIO

from fapi_lint.engine.check import RuleError, Violation, check
from fapi_lint.engine.outlines import CROWDED
from fapi_lint.engine.timing import Clock
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Rule

_PAYS_FROM = 150
"""Files from which a second process is cheaper than doing without."""
_DATA = ("models", "schemas", "endpoints")
"""The families about what is stored, shown and asked for: about as much work as all others."""


def check_in_halves(
    project: Project,
    rules: Sequence[Rule],
    jobs: int,
    clock: Clock,
    errors: list[RuleError],
) -> list[Violation]:
    """What `check` finds, with two `jobs` in about half the time. Violations do not share fixes between the halves."""
    theirs = [rule for rule in rules if _family(rule) in _DATA]
    ours = [rule for rule in rules if _family(rule) not in _DATA]
    alone = jobs < 2 or not hasattr(os, "fork") or threading.active_count() > 1
    if alone or not theirs or not ours or not _pays(project):
        return check(project, rules, clock, errors)
    end, start = os.pipe()
    process = os.fork()
    if not process:
        os.close(end)
        _answer(start, project, theirs, clock)
    os.close(start)
    try:
        found = check(project, ours, clock, errors)
    finally:
        if len(project.modules) >= CROWDED:
            project.forget()
            gc.collect()  # What they derived makes room for what the others found.
        with os.fdopen(end, "rb") as stream:
            other = _read(stream, theirs, clock)
        os.waitpid(process, 0)
    if other is None:
        other = check(project, theirs, clock, errors)
    return sorted(found + other, key=lambda violation: violation.order)


def _pays(project: Project) -> bool:
    """Whether there is much to do: of a few files, only route handlers make the rules ask the whole application."""
    if len(project.modules) < _PAYS_FROM:
        return False
    return len(project.judged) >= _PAYS_FROM or any(project.is_judged(route.module) for route in project.routes.all)


def _family(rule: Rule) -> str:
    return rule.check.__module__.removeprefix("fapi_lint.rules.").partition(".")[0]


def _answer(start: int, project: Project, rules: Sequence[Rule], clock: Clock) -> None:
    """Write what the rules find, or nothing if one of them fails, and end this process."""
    status = 1
    try:
        gc.disable()  # Looking for garbage would copy every page of the other process.
        clock.rules.clear()
        found = check(project, rules, clock, None)
        answer = [(violation.rule.code, violation.finding) for violation in found]
        with os.fdopen(start, "wb") as stream:
            pickle.dump((answer, dict(clock.rules)), stream, pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(status)  # Nothing of the other process is flushed, closed or reported twice.


def _read(answer: BinaryIO, rules: Sequence[Rule], clock: Clock) -> list[Violation] | None:
    """What the other process writes; None if it failed, and the failure has to be seen here."""
    try:
        found, seconds = pickle.load(answer)
    except (EOFError, pickle.UnpicklingError):
        return None
    for name, took in seconds.items():
        clock.rules[name] += took
    by_code = {rule.code: rule for rule in rules}
    return [Violation(by_code[code], finding) for code, finding in found]
