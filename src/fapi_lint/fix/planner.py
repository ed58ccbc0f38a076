"""Which fixes of a pass go together, and the edits they make."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TypeAlias

from msgspec import Struct, field

from fapi_lint.fix.comments import LostComment, keep_comments
from fapi_lint.fix.edit import DropsImport, Edit, Fix, Move, NeedsImport
from fapi_lint.fix.names import File
from fapi_lint.fix.placing import ImportConflict, check, place
from fapi_lint.fix.sorted_names import keep_sorted
from fapi_lint.fix.splice import Draft, apply
from fapi_lint.outline.nodes import Failure
from fapi_lint.project.grouping import grouped

__all__ = ["Files", "LostComment", "Plan", "apply", "check_fix", "edits_of", "plan", "verify"]

_NAME = re.compile(r"[^\W\d]\w*")

Files: TypeAlias = Callable[[str], File]


class Plan(Struct):
    """The edits of every file, in source order, the moves, and what became of every fix, by its index.

    `applied` are in the edits, `deferred` met one of those and wait for the next pass, `refused` can never be applied
    to these files, and why.
    """

    edits: dict[str, tuple[Edit, ...]] = field(default_factory=dict)
    moves: tuple[Move, ...] = ()
    applied: list[int] = field(default_factory=list)
    deferred: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)


def edits_of(fix: Fix, files: Files) -> tuple[Edit, ...]:
    """The edits of one fix alone, sorted by file and offset, imports placed. Raises ImportConflict and LostComment."""
    keep_comments(fix, files)
    parts = sorted(_by_path([fix]).items())
    return tuple(edit for path, part in parts for edit in part.place(files(path)))


def check_fix(fix: Fix, files: Files) -> None:
    """Raise what `edits_of` would raise, without placing anything."""
    keep_comments(fix, files)
    for path, part in _by_path([fix]).items():
        if part.needs:
            check(files(path), part.edits, part.needs, part.drops)


def plan(fixes: Sequence[Fix], files: Files) -> Plan:
    """Choose fixes, earlier ones first, so that no two of them overlap; a fix is chosen whole or not at all.

    Fixes share edits that are identical. Two insertions at one offset overlap unless both are stackable, and so
    does an insertion at an edge of what another fix replaces. A fix that writes a name does not go together with
    one that renames it. Nothing moves twice, and no two things move to one place. What many findings share is one
    object, and is decided on once.
    """
    sharing = grouped((id(fix), index) for index, fix in enumerate(fixes))
    given = list(sharing.values())
    result = _plan([fixes[indices[0]] for indices in given], files)
    result.applied = sorted(index for own in result.applied for index in given[own])
    result.deferred = sorted(index for own in result.deferred for index in given[own])
    result.refused = {index: why for own, why in result.refused.items() for index in given[own]}
    return result


def _plan(fixes: Sequence[Fix], files: Files) -> Plan:
    """The plan for fixes that are all different objects."""
    result = Plan()
    pending = [_Candidate(index, fix, _by_path([fix]), _Names.of(fix, files)) for index, fix in enumerate(fixes)]
    for candidate in pending:
        try:
            keep_comments(candidate.fix, files)
        except LostComment as conflict:
            result.refused[candidate.index] = str(conflict)
    while True:
        chosen = _choose(pending, files, result)
        waiting = set()
        for path, part in sorted(_by_path(candidate.fix for candidate in chosen).items()):
            try:
                result.edits[path] = part.place(files(path))
            except ImportConflict:
                # Two of the fixes are in each other's way after all: the later one waits, and all is chosen anew.
                later = _in_the_way(chosen, path, files(path))
                waiting.add(later.index)
                _put_off(later, files, result)
        if not waiting:
            result.applied = [candidate.index for candidate in chosen]
            result.moves = tuple(sorted({move for candidate in chosen for move in candidate.fix.moves}))
            done = {*result.applied, *result.refused}
            result.deferred = [index for index in range(len(fixes)) if index not in done]
            return result
        pending = [candidate for candidate in pending if candidate.index not in waiting]
        result.edits.clear()


def _choose(pending: Iterable[_Candidate], files: Files, result: Plan) -> list[_Candidate]:
    """The fixes that go together, as far as edits and the names of imports tell."""
    chosen: dict[str, _Chosen] = {}
    names = _Names()
    moves: set[Move] = set()
    applied = []
    for candidate in pending:
        if candidate.index in result.refused:
            continue
        parts = candidate.parts
        if candidate.names.meets(names):
            continue
        if any(path in chosen and chosen[path].meets(part.edits) for path, part in parts.items()):
            continue
        if any(_collide(move, other) for move in candidate.fix.moves for other in moves):
            continue
        try:
            for path, part in parts.items():
                before = chosen.get(path) or _Chosen()
                if part.needs.keys() - before.needs.keys():  # More edits are never in the way of the same imports.
                    trial = before.with_(part)
                    check(files(path), trial.edits, trial.needs, trial.drops)
        except ImportConflict:
            _put_off(candidate, files, result)
        else:
            for path, part in parts.items():
                chosen.setdefault(path, _Chosen()).add(part)
            names.add(candidate.names)
            moves.update(candidate.fix.moves)
            applied.append(candidate)
    return applied


def _in_the_way(chosen: Iterable[_Candidate], path: str, file: File) -> _Candidate:
    """The first fix whose imports cannot be placed in a file together with those of the fixes before it."""
    touching = [candidate for candidate in chosen if path in candidate.parts]

    def conflicts(index: int) -> bool:
        together = _by_path(candidate.fix for candidate in touching[: index + 1])
        try:
            together[path].place(file)
        except ImportConflict:
            return True
        return False

    return touching[bisect_left(range(len(touching) - 1), True, key=conflicts)]


def _put_off(candidate: _Candidate, files: Files, result: Plan) -> None:
    """Refuse a fix that cannot be applied alone either."""
    try:
        edits_of(candidate.fix, files)
    except ImportConflict as conflict:
        result.refused[candidate.index] = str(conflict)


def verify(before: str, after: str) -> Failure | None:
    """Why the text after a fix does not parse; None if it does, or if the text before did not either."""
    failure = Draft.parse("", after).outline.failure
    if failure is None or Draft.parse("", before).outline.failure is not None:
        return None
    return failure


class _Names(Struct):
    """The names that fixes rename, and those that they write: what one fix writes, another must not rename away."""

    renamed: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, fix: Fix, files: Files) -> _Names:
        names = cls(written={name for need in fix.needs for name in (need.name, *need.module.split("."))})
        for move in fix.moves:
            # What the name of a module is made of.
            names.renamed.update(set(_NAME.findall(move.path)) - set(_NAME.findall(move.to)))
        for edit in fix.edits:
            old = files(edit.path).text[edit.start : edit.end]
            if old.isidentifier() and edit.text.isidentifier():
                names.renamed.add(old)
            names.written.update(_NAME.findall(edit.text))
        return names

    def meets(self, other: _Names) -> bool:
        return not (self.renamed.isdisjoint(other.written) and self.written.isdisjoint(other.renamed))

    def add(self, other: _Names) -> None:
        self.renamed |= other.renamed
        self.written |= other.written


class _Chosen(Struct):
    """What the chosen fixes do to one file."""

    edits: dict[Edit, None] = field(default_factory=dict)
    needs: dict[NeedsImport, None] = field(default_factory=dict)
    drops: dict[DropsImport, None] = field(default_factory=dict)

    sorted: list[Edit] = field(default_factory=list)
    """The edits by their places."""

    def with_(self, other: _Chosen) -> _Chosen:
        return _Chosen(self.edits | other.edits, self.needs | other.needs, self.drops | other.drops)

    def add(self, other: _Chosen) -> None:
        for edit in other.edits:
            if edit not in self.edits:
                insort(self.sorted, edit)
        self.edits |= other.edits
        self.needs |= other.needs
        self.drops |= other.drops

    def meets(self, edits: Iterable[Edit]) -> bool:
        """Whether one of the edits overlaps one that is there and is not the same."""
        return any(edit not in self.edits and any(_touch(edit, other) for other in self._near(edit)) for edit in edits)

    def _near(self, edit: Edit) -> Iterator[Edit]:
        """The edits that are there at the place of another: they do not overlap, so that they end as they start."""
        for index in range(bisect_right(self.sorted, edit.end, key=attrgetter("start")) - 1, -1, -1):
            if self.sorted[index].end < edit.start:
                break
            yield self.sorted[index]

    def place(self, file: File) -> tuple[Edit, ...]:
        imports = place(file, self.edits, self.needs, self.drops)
        # Imports come first where an edit inserts at the same offset.
        return tuple(keep_sorted(file, sorted([*imports, *self.edits], key=lambda edit: (edit.start, edit.end))))


class _Candidate(Struct, frozen=True):
    """A fix that may be chosen, and what it does to each file."""

    index: int
    fix: Fix
    parts: dict[str, _Chosen]
    names: _Names


def _collide(one: Move, other: Move) -> bool:
    """Whether two moves of different fixes cannot be made together."""
    if one == other:
        return False
    crossed = any(a.touches(path) for a, b in ((one, other), (other, one)) for path in (b.path, b.to))
    return crossed or one.to == other.to


def _by_path(fixes: Iterable[Fix]) -> dict[str, _Chosen]:
    found: dict[str, _Chosen] = {}
    for fix in fixes:
        for edit in fix.edits:
            found.setdefault(edit.path, _Chosen()).edits[edit] = None
        for need in fix.needs:
            found.setdefault(need.path, _Chosen()).needs[need] = None
        for drop in fix.drops:
            found.setdefault(drop.path, _Chosen()).drops[drop] = None
    return found


def _touch(one: Edit, other: Edit) -> bool:
    """Whether two edits of different fixes cannot be made together."""
    if one.stackable and other.stackable:
        return False
    if one.start == one.end or other.start == other.end:
        return one.start <= other.end and other.start <= one.end
    return one.start < other.end and other.start < one.end
