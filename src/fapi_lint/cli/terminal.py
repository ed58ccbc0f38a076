"""What goes to the two output streams, and how they look."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING, Literal, TextIO

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Color = Literal["auto", "always", "never"]


def open_streams() -> None:
    """Give a process that was started without them its standard streams: they lead nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def use_color(choice: Color, stream: TextIO) -> bool:
    """Whether a stream gets colours: the option decides, then NO_COLOR, FORCE_COLOR and the terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_capable(stream)


def is_capable(stream: TextIO) -> bool:
    """Whether a stream is a terminal that can do more than print."""
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def width() -> int:
    """The cells of a line of the terminal; 80 if there is none."""
    return shutil.get_terminal_size((80, 24)).columns


def emit(output: str | bytes, stream: TextIO | None = None, encoding: str = "") -> None:
    """Write text, line ends as they are, or bytes. A reader that has gone away is no error; a full disk is one.

    Without `encoding` it is that of the stream, and what the stream cannot say is escaped.
    """
    stream = stream or sys.stdout
    if isinstance(output, str):
        output = output.encode(encoding or stream.encoding or "utf-8", "backslashreplace")
    try:
        stream.flush()
        stream.buffer.write(output)
        stream.flush()
    except OSError as error:
        abandon(stream)
        if stream is sys.stdout and not isinstance(error, BrokenPipeError):
            raise click.ClickException(f"The output cannot be written: {error.strerror or error}") from error


def abandon(stream: TextIO) -> None:
    """Send whatever is still to come to nowhere, so that the interpreter's own last flush is quiet."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def note(message: str) -> None:
    """A line for people, beside the report."""
    emit(f"{message}\n", sys.stderr)


def warn(problems: Iterable[str]) -> None:
    """Notes on what a person has to know."""
    for problem in problems:
        note(f"warning: {problem}")


class ProgressBar:
    """A bar on standard error: only on a terminal, only when reading takes long, and gone afterwards."""

    PATIENCE = 0.5

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._started = monotonic()
        self._lock = Lock()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._stop()

    def __call__(self, done: int, total: int) -> None:
        """So many files of so many are read; called from several threads."""
        with self._lock:
            if not self._enabled:
                return
            if done >= total:
                self._stop()
            elif self._bar is not None and self._task is not None:
                self._bar.update(self._task, completed=done, total=total)
            elif monotonic() - self._started > self.PATIENCE:
                self._start(done, total)

    def _start(self, done: int, total: int) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._bar = Progress(console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("Reading", completed=done, total=total)
        self._bar.start()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
        self._bar = self._task = None
