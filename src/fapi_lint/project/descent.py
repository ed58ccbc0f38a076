"""Recursion along code, as deep as the code goes: a thousand functions may each return what the next one returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

K = TypeVar("K")
V = TypeVar("V")
_Step: TypeAlias = "tuple[Callable[[Any], object], Any]"

_DEEPEST = 30
"""Steps within each other; ten to twenty calls of Python's stack, which has a thousand, are one step."""


class Descent:
    """Steps of a recursion whose results are kept.

    A step that would be too deep breaks off all steps around it, is taken by itself, and they are taken again.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._broken_off: dict[_Step, None] = {}

    def step(self, find: Callable[[K], V], key: K) -> V | None:
        """`find(key)`, which must keep its result, and may take steps itself. None in a circle."""
        if (find, key) in self._broken_off:
            return None
        if self._depth == _DEEPEST:
            raise _TooDeepError((find, key))
        if self._depth:
            return self._take(find, key)
        while True:
            try:
                return self._take(find, key)
            except _TooDeepError as error:
                deeper = error.step
            try:
                self._take_first((find, key), deeper)
            finally:
                self._broken_off.clear()

    def _take_first(self, outer: _Step, deeper: _Step) -> None:
        """Take the step for which `outer` was broken off, and before it those for which it is broken off itself."""
        steps = [outer, deeper]
        while len(steps) > 1:
            self._broken_off = dict.fromkeys(steps[:-1])
            try:
                self._take(*steps[-1])
            except _TooDeepError as error:
                steps.append(error.step)
            else:
                steps.pop()

    def _take(self, find: Callable[[K], V], key: K) -> V:
        self._depth += 1
        try:
            return find(key)
        finally:
            self._depth -= 1


class _TooDeepError(Exception):
    def __init__(self, step: _Step) -> None:
        super().__init__(step)
        self.step = step


def once(known: dict[K, V], key: K, find: Callable[[], V], meanwhile: V) -> V:
    """`find()`, kept in `known`. `meanwhile` is what it is while it is being found: in a circle."""
    if key not in known:
        known[key] = meanwhile
        try:
            known[key] = find()
        except BaseException:
            del known[key]
            raise
    return known[key]
