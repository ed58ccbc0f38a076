"""Writing files: each of them whole or not at all, and all of them or none."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import ClassVar

from msgspec import Struct, field


class WriteError(Exception):
    """A file that could not be written, and the reason, for people. Nothing was changed unless it says so."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class _Write(Struct):
    """The new content in a file beside the target; `before` is the old one, None if there is none."""

    path: str
    target: str
    temporary: str
    before: bytes | None
    verb: ClassVar[str] = "replaced"

    def do(self) -> None:
        os.replace(self.temporary, self.target)

    def undo(self) -> None:
        if self.before is None:
            os.unlink(self.target)
        else:
            mode = stat.S_IMODE(os.stat(self.target).st_mode)
            os.replace(_write_temporary(self.target, self.before, mode), self.target)


class _Move(Struct):
    """A new path for a file, in folders that are made where they are missing."""

    path: str
    to: str
    made: list[str] = field(default_factory=list)
    verb: ClassVar[str] = "moved"

    def do(self) -> None:
        try:
            self._make_folder(os.path.dirname(self.to))
            if is_taken(self.path, self.to):  # `rename` would replace it without a word.
                raise FileExistsError(errno.EEXIST, f"{self.to} exists")
            os.rename(self.path, self.to)
        except BaseException:
            self._remove_folders()
            raise

    def undo(self) -> None:
        os.rename(self.to, self.path)
        self._remove_folders()

    def _make_folder(self, folder: str) -> None:
        if not os.path.isdir(folder):
            self._make_folder(os.path.dirname(folder))
            os.mkdir(folder)
            self.made.append(folder)

    def _remove_folders(self) -> None:
        while self.made:
            os.rmdir(self.made.pop())


def write_all(
    changes: Mapping[str, bytes], moves: Mapping[str, str] | None = None, was: Mapping[str, bytes] | None = None
) -> None:
    """Write the new content of files, given by path, then move files, all or none; a file that does not exist is made.

    At no moment does a path hold half of a content: it goes to a temporary file in the same folder, to the
    disk and then into place. The mode is kept, and a link stays a link to a file with the new content. `moves`
    are old path to new path; nothing is overwritten, and a folder that they leave empty goes. If one of the steps
    fails, those that were already done are taken back. WriteError names the file and the reason. `was` is what the
    changes were made from: where a file holds something else by now, somebody has saved it, and nothing is written.
    """
    prepared: list[_Write] = []
    try:
        # Nearly all that can fail (no folder, no permission, no space) fails here, where nothing has changed.
        moving = _in_order(moves or {})
        targets: dict[str, str] = {}
        for path, content in changes.items():
            target = os.path.realpath(path)
            first = targets.setdefault(target, path)
            if first == path:
                prepared.append(_prepare(path, target, content))
                if was is not None and prepared[-1].before != was[path]:
                    raise WriteError(path, "has been changed by somebody else in the meantime")
            elif changes[first] != content:
                raise WriteError(path, f"is the same file as {first}, but is to have another content")
        _do_all([*prepared, *moving])
    finally:
        for write in prepared:
            with suppress(FileNotFoundError):
                os.unlink(write.temporary)
    _remove_left({os.path.dirname(move.path) for move in moving})


def _in_order(moves: Mapping[str, str]) -> list[_Move]:
    """The moves, each after the one that makes room for it."""
    found: list[_Move] = []
    waiting = dict(moves)
    while waiting:
        path = next((path for path, to in waiting.items() if to not in waiting or to == path), None)
        if path is None:
            raise WriteError(next(iter(waiting)), "cannot be moved: its place and that of another file are exchanged")
        to = waiting.pop(path)
        if not os.path.lexists(path):
            raise WriteError(path, "cannot be moved: it does not exist")
        if is_taken(path, to) and to not in moves:
            raise WriteError(path, f"cannot be moved: {to} exists")
        if not os.access(os.path.dirname(path), os.W_OK):
            raise WriteError(path, "cannot be moved: its folder is read-only")
        found.append(_Move(path, to))
    return found


def is_taken(path: str, to: str) -> bool:
    """Whether something else is at a new path; on some disks `A.py` and `a.py` are one file."""
    return os.path.lexists(to) and not (os.path.lexists(path) and os.path.samestat(os.lstat(path), os.lstat(to)))


def _remove_left(folders: Iterable[str]) -> None:
    """Remove folders with nothing in them but compiled modules, and those above that this leaves empty."""
    for folder in sorted(folders, key=len, reverse=True):
        with suppress(OSError):
            while set(os.listdir(folder)) <= {"__pycache__"}:
                shutil.rmtree(os.path.join(folder, "__pycache__"), ignore_errors=True)
                os.rmdir(folder)
                folder = os.path.dirname(folder)


def _prepare(path: str, target: str, content: bytes) -> _Write:
    try:
        before: bytes | None = None
        mode = None
        if os.path.lexists(target):
            # Replacing a file needs no permission to write to it, but to have none is a wish to be respected.
            if not os.access(target, os.W_OK):
                raise WriteError(path, "is read-only")
            mode = stat.S_IMODE(os.stat(target).st_mode)
            with open(target, "rb") as stream:
                before = stream.read()
        return _Write(path, target, _write_temporary(target, content, mode), before)
    except OSError as error:
        raise WriteError(path, f"cannot be written: {error.strerror or error}") from error


def _write_temporary(target: str, content: bytes, mode: int | None) -> str:
    """A new file beside the target, safe on the disk; its name does not look like that of a source file."""
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:100]}.{os.urandom(6).hex()}.tmp")
    # Not `tempfile.mkstemp`, which makes private files: a new file has the mode that the user's mask gives.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            if mode is not None:
                os.chmod(temporary, mode)
            os.fsync(descriptor)
    except BaseException:
        os.unlink(temporary)
        raise
    return temporary


def _do_all(steps: Sequence[_Write | _Move]) -> None:
    done: list[_Write | _Move] = []
    try:
        for step in steps:
            step.do()
            done.append(step)
    except BaseException as error:  # An interrupt in the middle must not leave half of a fix behind either.
        lost = [step.path for step in reversed(done) if not _take_back(step)]
        if not isinstance(error, OSError):
            raise
        failed = steps[len(done)]
        reason = f"cannot be {failed.verb}: {error.strerror or error}"
        if lost:
            reason += f"; changed already, and not to be put back: {', '.join(lost)}"
        raise WriteError(failed.path, reason) from error


def _take_back(step: _Write | _Move) -> bool:
    try:
        step.undo()
    except OSError:
        return False
    return True
