"""Writing files: each of them whole or not at all, and all of them or none."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass


class WriteError(Exception):
    """A file that could not be written, and the reason, for people. Nothing was changed unless it says so."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True)
class _Write:
    """A change under way: the new content in a file beside the target; the old one, None if there is none."""

    path: str
    target: str
    temporary: str
    before: bytes | None


def write_all(changes: Mapping[str, bytes]) -> None:
    """Write the new content of files, given by path, all or none; a file that does not exist is made.

    At no moment does a path hold half of a content: it goes to a temporary file in the same folder, to the
    disk and then into place. The mode is kept, and a link stays a link to a file with the new content. If one
    of the files cannot be replaced, those that were already are put back. WriteError names the file and the
    reason.
    """
    prepared: list[_Write] = []
    try:
        # Nearly all that can fail (no folder, no permission, no space) fails here, where nothing has changed.
        targets: dict[str, str] = {}
        for path, content in changes.items():
            target = os.path.realpath(path)
            first = targets.setdefault(target, path)
            if first == path:
                prepared.append(_prepare(path, target, content))
            elif changes[first] != content:
                raise WriteError(path, f"is the same file as {first}, but is to have another content")
        _replace_all(prepared)
    finally:
        for write in prepared:
            with suppress(FileNotFoundError):
                os.unlink(write.temporary)


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


def _replace_all(writes: list[_Write]) -> None:
    done: list[_Write] = []
    try:
        for write in writes:
            os.replace(write.temporary, write.target)
            done.append(write)
    except BaseException as error:  # An interrupt in the middle must not leave half of a fix behind either.
        lost = [write.path for write in reversed(done) if not _put_back(write)]
        if not isinstance(error, OSError):
            raise
        reason = f"cannot be replaced: {error.strerror or error}"
        if lost:
            reason += f"; changed already, and not to be put back: {', '.join(lost)}"
        raise WriteError(writes[len(done)].path, reason) from error


def _put_back(write: _Write) -> bool:
    try:
        if write.before is None:
            os.unlink(write.target)
        else:
            mode = stat.S_IMODE(os.stat(write.target).st_mode)
            os.replace(_write_temporary(write.target, write.before, mode), write.target)
    except OSError:
        return False
    return True
