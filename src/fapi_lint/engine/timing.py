"""Where the seconds of a run go: a clock that is handed through, for `--verbose`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Clock:
    """Seconds by stage, each without the stages inside it, and by rule."""

    def __init__(self) -> None:
        self.stages: defaultdict[str, float] = defaultdict(float)
        self.rules: defaultdict[str, float] = defaultdict(float)
        self._stage = "start"
        self._since = perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What happens inside belongs to this stage."""
        outer = self._stage
        self._switch(name)
        try:
            yield
        finally:
            self._switch(outer)

    @contextmanager
    def rule(self, code: str) -> Iterator[None]:
        """What happens inside is the work of this rule; the first to ask for something pays for computing it."""
        started = perf_counter()
        try:
            yield
        finally:
            self.rules[code] += perf_counter() - started

    def _switch(self, stage: str) -> None:
        now = perf_counter()
        self.stages[self._stage] += now - self._since
        self._stage, self._since = stage, now
