"""`fapi-lint baseline`: today's findings become known ones."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from fapi_lint.config.load import ConfigError
from fapi_lint.engine.applications import Application
from fapi_lint.engine.baseline import Baseline, Entry
from fapi_lint.engine.run import Run
from fapi_lint.report.model import Diagnostic

NEVER = frozenset({"FAPI000"})
"""A file that cannot be read may hide anything."""


class Recorded(Struct, frozen=True):
    """What an application's baseline is, or would be."""

    path: str
    baseline: Baseline
    total: int
    """How many findings the baseline knows now."""
    new: list[Entry]
    gone: list[Entry]
    left_out: list[Diagnostic]
    """Findings that no baseline takes."""


def record(run: Run, defects: list[str], *, add: bool = True) -> Iterator[Recorded]:
    """The baseline of each application: what is known and still there, and with `add` what is new in the run's paths.

    The run must not use baselines itself. Rules that failed are added to `defects`.
    """
    for application in run.applications:
        path = baseline_file(application)
        known = Baseline.read(path)
        everything = run.findings(application, defects)
        found = [diagnostic for diagnostic in everything if diagnostic.code not in NEVER]
        new, gone = known.split(everything, application.root, application.codes)
        files = set(application.files)
        added = [Entry.of(d, application.root) for d in new if add and d.code not in NEVER and d.filename in files]
        entries = Counter(known.entries)
        entries.subtract(gone)
        entries.update(added)
        yield Recorded(
            path=path,
            baseline=_as_found(Baseline(+entries), found, application),
            total=(+entries).total(),
            new=added,
            gone=gone,
            left_out=[diagnostic for diagnostic in everything if diagnostic.code in NEVER],
        )


def baseline_file(application: Application) -> str:
    """Where the baseline of an application is. Raises ConfigError if the configuration wants none."""
    if not application.settings.baseline:
        raise ConfigError('baseline = "" turns the baseline off', application.config)
    return os.path.join(application.root, application.settings.baseline)


def _as_found(baseline: Baseline, found: list[Diagnostic], application: Application) -> Baseline:
    """The same baseline with every entry in the words of the finding that it stands for today."""
    entries = [Entry.of(diagnostic, application.root) for diagnostic in found]
    pairs, left = baseline.match(entries)
    return Baseline(Counter(entries[index] for index in pairs) + left)
