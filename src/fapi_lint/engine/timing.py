"""Where the seconds of a run go: a clock that is handed through, for `--verbose`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Seconds(defaultdict[str, float]):
    """Seconds by what they went into, each without what is inside of it."""

    def __init__(self, first: str | None = None) -> None:
        super().__init__(float)
        self._current, self._since = first, perf_counter()

    @contextmanager
    def inside(self, name: str) -> Iterator[None]:
        """What happens inside belongs to this."""
        outer = self._current
        self._switch(name)
        try:
            yield
        finally:
            self._switch(outer)

    def _switch(self, name: str | None) -> None:
        now = perf_counter()
        if self._current is not None:
            self[self._current] += now - self._since
        self._current, self._since = name, now


class Clock:
    """The seconds of a run by stage, and those of the rules by rule.

    What takes long to know of an application, and several rules ask for, stands beside the rules: else the first of
    them would pay for all.
    """

    def __init__(self) -> None:
        self.stages = Seconds("start")
        self.rules = Seconds()
        self.stage, self.rule = self.stages.inside, self.rules.inside
