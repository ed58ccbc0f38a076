"""The baseline: findings that are known, recognised by their content and not by their line.

A file of it is JSON with one finding in each row, sorted, so that two branches that change it merge like code.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fapi_lint.config.load import ConfigError
from fapi_lint.report.model import Diagnostic
from fapi_lint.source.place import relative_path

VERSION = 1
_UNREAD = "FAPI000"


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """What a finding is, wherever its line has moved to."""

    path: str
    """Relative to the root of the application, with forward slashes."""
    code: str
    symbol: str
    """The definition that it is in, as in `User.name`; empty for one that is in none."""
    line: str
    """The first line of the code that it is about; empty if it is about the whole file."""

    @classmethod
    def of(cls, diagnostic: Diagnostic, root: str) -> Entry:
        path = relative_path(diagnostic.filename, root)
        return cls(path, diagnostic.code, diagnostic.symbol, diagnostic.line)

    def __str__(self) -> str:
        where = f" in {self.symbol}" if self.symbol else ""
        return f"{self.path}: {self.code}{where}{': ' if self.line else ''}{self.line}"


_ROUNDS: tuple[Callable[[Entry], object], ...] = (
    lambda entry: entry,
    lambda entry: (entry.path, entry.code, entry.line),  # What it is in has another name.
    # It is in another file; one that is about a whole file, in another folder.
    lambda entry: (entry.code, entry.symbol, entry.line or entry.symbol or os.path.basename(entry.path)),
    lambda entry: entry.symbol and (entry.path, entry.code, entry.symbol),  # Its line was edited.
)
"""What makes a finding the same as one of the baseline; an entry that fits better is taken first."""


@dataclass(frozen=True)
class Baseline:
    """Known findings, each as often as it is known."""

    entries: Counter[Entry] = field(default_factory=Counter)

    @classmethod
    def read(cls, path: str) -> Baseline:
        """The baseline in a file; empty if there is no such file. Raises ConfigError."""
        if not path or not os.path.isfile(path):
            return cls()
        try:
            content = json.loads(Path(path).read_bytes())
            version = content["version"]
            entries: Counter[Entry] = Counter()
            for found in content["findings"]:
                entry = Entry(found["path"], found["code"], found.get("symbol", ""), found.get("line", ""))
                entries[entry] += int(found.get("count", 1))
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror or error}", Path(path)) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            where = f" (line {error.lineno}: a conflict of a merge?)" if isinstance(error, json.JSONDecodeError) else ""
            what = f"is no baseline{where}: mend it, or delete it, and `fapi-lint baseline` writes a new one"
            raise ConfigError(what, Path(path)) from error
        if version != VERSION:
            raise ConfigError(
                f"is of version {version}, and this fapi-lint knows version {VERSION}: update fapi-lint", Path(path)
            )
        return cls(entries)

    def text(self) -> str:
        """The content of its file."""
        rows = [json.dumps(_row(entry, number)) for entry, number in sorted(self.entries.items()) if number > 0]
        listed = ",\n    ".join(rows)
        findings = f"[\n    {listed}\n  ]" if rows else "[]"
        return f'{{\n  "version": {VERSION},\n  "findings": {findings}\n}}\n'

    def __bool__(self) -> bool:
        return bool(self.entries)

    def split(
        self, found: Sequence[Diagnostic], root: str, codes: Collection[str]
    ) -> tuple[list[Diagnostic], list[Entry]]:
        """The findings that are not known, and the entries that no finding is left of.

        Only entries of the rules that ran, `codes`, and of files that could be read can be known to be gone.
        """
        known, left = self.match([Entry.of(diagnostic, root) for diagnostic in found])
        unread = {Entry.of(diagnostic, root).path for diagnostic in found if diagnostic.code == _UNREAD}
        gone = [entry for entry in sorted(left.elements()) if entry.code in codes and entry.path not in unread]
        return [diagnostic for index, diagnostic in enumerate(found) if index not in known], gone

    def match(self, found: Sequence[Entry]) -> tuple[set[int], Counter[Entry]]:
        """The indexes of the findings that entries stand for, and the entries that stand for none."""
        left = Counter(self.entries)
        known: set[int] = set()
        for key in _ROUNDS:
            pool: dict[object, list[Entry]] = {}
            for entry in sorted(left.elements(), reverse=True):
                pool.setdefault(key(entry), []).append(entry)
            for index, entry in enumerate(found):
                if index not in known and (same := key(entry)) and pool.get(same):
                    left[pool[same].pop()] -= 1
                    known.add(index)
            left = +left
        return known, left


def _row(entry: Entry, number: int) -> dict[str, object]:
    row: dict[str, object] = {key: value for key, value in asdict(entry).items() if value}
    return row | {"count": number} if number > 1 else row
