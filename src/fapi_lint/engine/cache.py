"""The cache: outlines by the content of their file. Safe to delete, to corrupt, and to share between processes.

One SQLite file per version of what is stored, in a folder that may hold other things as well: only what is known to be
ours is ever deleted. Whatever goes wrong with it only means that the cache has nothing.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

import fapi_lint

_SCHEMA = "CREATE TABLE IF NOT EXISTS entry (key BLOB PRIMARY KEY, checksum BLOB, data BLOB) WITHOUT ROWID"
_OWN = re.compile(r"[0-9a-f]{16}\.sqlite(-journal|-wal|-shm)?")
"""The files of all versions, and what SQLite puts beside them."""
_MARKS = {
    ".gitignore": "*\n",
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n",  # https://bford.info/cachedir/
}
"""The files, with their content, that say of a folder that all of it is a cache."""
_OTHERS = 2
"""So many databases of other versions stay: a hook and an editor may each bring a fapi-lint of their own."""
_KEEP = 4
"""Entries are pruned when there are this many times as many as the application has files."""


@cache
def _format() -> str:
    """What entries depend on besides the content: the code of fapi-lint, and the versions of LibCST and Python."""
    digest = blake2b(_libcst_version(), digest_size=8)
    for line in (str(sys.version_info[:2]), *(_recorded() or _stamped())):
        digest.update(line.encode())
    return digest.hexdigest()


def _recorded() -> list[str]:
    """The code as the installer has recorded it, file by file: the same wherever the same wheel is installed."""
    folder, package = os.path.split(fapi_lint.__path__[0])
    record = Path(folder, f"{package}-{fapi_lint.__version__}.dist-info", "RECORD")
    try:
        lines = record.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return sorted(line for line in lines if line.startswith(f"{package}/") and ".py," in line)


def _stamped() -> Iterator[str]:
    """The code by sizes and times, where it changes without a new version: in an editable installation."""
    for folder, folders, names in os.walk(fapi_lint.__path__[0]):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                status = os.stat(os.path.join(folder, name))
                yield f"{name} {status.st_size} {status.st_mtime_ns}"


def _libcst_version() -> bytes:
    """What tells one release of LibCST from another, read without importing it or `importlib.metadata`."""
    spec = find_spec("libcst")
    folders = spec.submodule_search_locations if spec is not None else None
    return Path(folders[0], "_version.py").read_bytes() if folders else b""


class Cache:
    """A store from keys to bytes in a folder; `Cache(None)` stores nothing.

    Without `create`, it is not made where there is none yet, and has nothing.
    """

    def __init__(self, folder: str | None, *, create: bool = True) -> None:
        self._connection: sqlite3.Connection | None = None
        self._file = os.path.join(folder, f"{_format()}.sqlite") if folder is not None else ""
        if self._file and (create or os.path.exists(self._file)):
            self._open()

    def _open(self) -> None:
        with contextlib.suppress(OSError, sqlite3.Error):
            self._connection = _open(os.path.dirname(self._file), self._file)

    def get(self, keys: Iterable[str]) -> dict[str, bytes]:
        """The entries that are there and intact."""
        found: dict[str, bytes] = {}
        if self._connection is None:
            return found
        try:
            for key in keys:
                row = self._connection.execute(
                    "SELECT checksum, data FROM entry WHERE key = ?", (key.encode(),)
                ).fetchone()
                if row is not None and _checksum(row[1]) == row[0]:
                    found[key] = row[1]
        except (sqlite3.Error, TypeError) as error:
            self._give_up(error)
        return found

    @property
    def is_empty(self) -> bool:
        """Whether it has nothing at all."""
        try:
            return self._connection is None or self._connection.execute("SELECT 1 FROM entry").fetchone() is None
        except sqlite3.Error as error:
            self._give_up(error)
            return True

    def put(self, entries: Mapping[str, bytes], in_use: Iterable[str] = ()) -> None:
        """Add entries. Where they have become many, those that are not `in_use` go."""
        if self._connection is None or not entries:
            return
        rows = [(key.encode(), _checksum(data), data) for key, data in entries.items()]
        try:
            with self._connection as transaction:
                transaction.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?)", rows)
                (count,) = transaction.execute("SELECT count(*) FROM entry").fetchone()
                kept = {key.encode() for key in in_use}
                if kept and count > _KEEP * len(kept) + 100:
                    stale = [key for (key,) in transaction.execute("SELECT key FROM entry") if key not in kept]
                    transaction.executemany("DELETE FROM entry WHERE key = ?", [(key,) for key in stale])
        except sqlite3.Error as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Stop using the cache. A damaged one is deleted, and a new one takes its place."""
        self.close()
        if not isinstance(error, sqlite3.OperationalError):  # Locked, or no room: that passes.
            with contextlib.suppress(OSError):
                os.unlink(self._file)
                self._open()

    def close(self) -> None:
        """Stop using the cache."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _open(folder: str, path: str) -> sqlite3.Connection:
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(path):
        if not os.listdir(folder):
            for name, content in _MARKS.items():
                Path(folder, name).write_text(content, encoding="utf-8")
        _delete_databases(folder, keep=_OTHERS)
    try:
        return _connect(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        os.unlink(path)
        return _connect(path)


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=2)
    try:
        # A lost entry is no loss, so nothing waits for the disk.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _checksum(data: bytes) -> bytes:
    return blake2b(data, digest_size=8).digest()


def clean(folder: str) -> bool:
    """Delete a cache, and its folder if that holds nothing else. False if there is none."""
    if not os.path.isdir(folder) or not _delete_databases(folder):
        return False
    if set(os.listdir(folder)) <= _MARKS.keys():
        for name in _MARKS:
            Path(folder, name).unlink(missing_ok=True)
        if not os.path.islink(folder):
            os.rmdir(folder)
    return True


def _delete_databases(folder: str, keep: int = 0) -> bool:
    """Delete the databases of all versions but the `keep` written last; whether there were any."""
    written = {file: file.stat().st_mtime_ns for file in Path(folder).iterdir() if _OWN.fullmatch(file.name)}
    versions = dict.fromkeys(file.name[:16] for file in sorted(written, key=written.__getitem__, reverse=True))
    kept = set(list(versions)[:keep])
    for file in written:
        if file.name[:16] not in kept:
            file.unlink(missing_ok=True)
    return bool(written)
