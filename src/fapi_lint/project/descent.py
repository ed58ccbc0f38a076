"""Recursion along code, as deep as the code goes: a thousand functions may each return what the next one returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

K = TypeVar("K")
V = TypeVar("V")
_Step: TypeAlias = "tuple[object, Callable[[], object]]"

_DEEPEST = 30
"""Steps within each other; ten to thirty calls of Python's stack, which has a thousand, are one step."""


class Descent:
    """Steps of a recursion whose results are kept.

    A step is known by a key that no other has. One that would be too deep breaks off all steps around it, is taken
    by itself, and they are taken again.
    """

    def __init__(self) -> None:
        self._depth = 0
        self._broken_off: set[object] = set()

    def is_broken_off(self, key: object) -> bool:
        """Whether a step waits for a deeper one that is being taken, which came back to it: in a circle."""
        return key in self._broken_off

    def step(self, key: object, find: Callable[[], V]) -> V | None:
        """`find()`, which must keep its result, and may take steps itself. None in a circle."""
        if key in self._broken_off:
            return None
        if self._depth == _DEEPEST:
            raise _TooDeepError(key, find)
        if self._depth:
            return self._take(find)
        while True:
            try:
                return self._take(find)
            except _TooDeepError as error:
                deeper = error.step
            try:
                self._take_first(key, deeper)
            finally:
                self._broken_off = set()

    def once(self, known: dict[K, V], key: K, find: Callable[[], V], meanwhile: V) -> V:
        """`find()`, kept in `known`. `meanwhile` is what it is while it is being found: in a circle."""
        if key not in known:
            self.step((id(known), key), lambda: self._keep(known, key, find, meanwhile))
        return known.get(key, meanwhile)

    def _keep(self, known: dict[K, V], key: K, find: Callable[[], V], meanwhile: V) -> None:
        known[key] = meanwhile
        try:
            known[key] = find()
        except BaseException:
            del known[key]
            raise

    def _take_first(self, outer: object, deeper: _Step) -> None:
        """Take the step for which `outer` was broken off, and before it those for which it is broken off itself."""
        steps: list[_Step] = [(outer, lambda: None), deeper]
        while len(steps) > 1:
            self._broken_off = {key for key, _ in steps[:-1]}
            try:
                self._take(steps[-1][1])
            except _TooDeepError as error:
                steps.append(error.step)
            else:
                steps.pop()

    def _take(self, find: Callable[[], V]) -> V:
        self._depth += 1
        try:
            return find()
        finally:
            self._depth -= 1


class _TooDeepError(Exception):
    def __init__(self, key: object, find: Callable[[], object]) -> None:
        super().__init__(key)
        self.step = key, find
