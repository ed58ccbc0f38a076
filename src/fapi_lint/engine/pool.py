"""Outlines of many texts, in as many processes as pay.

The workers are plain subprocesses that get this process's `sys.path` and nothing of its working folder: a
folder that holds a `types.py` or `logging.py` cannot harm them, and no start method matters.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import BinaryIO, TypeAlias

import msgspec

import fapi_lint
from fapi_lint.engine.worker import read_frame, write_frame
from fapi_lint.outline import nodes

_PAYS_FROM = 100_000
"""Characters from which starting processes is cheaper than parsing here."""
_CHUNK = 150_000
"""Characters that a worker gets at a time, at most, if a single file is not longer."""
_TURNS = 4
"""How often each worker gets something, at least: none should wait long for the last one."""
_START = (
    "import json, os, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from fapi_lint.engine.worker import main; main(); os._exit(0)"  # The other end waits for that.
)
_HOME = os.path.dirname(os.path.dirname(os.path.abspath(fapi_lint.__file__)))
"""The folder of this package, which may have been found through the working folder."""

Done: TypeAlias = "SimpleQueue[list[tuple[int, bytes]] | Exception]"


def build_outlines(texts: Sequence[str], jobs: int) -> Iterator[tuple[int, bytes]]:
    """The index and the encoded outline of every text, as they are done.

    Other processes, where they pay, begin at once. In this one, a text is parsed when its outline is asked for.
    """
    length = sum(map(len, texts))
    if jobs <= 1 or len(texts) <= 1 or length < _PAYS_FROM:
        return _build_here(texts)
    chunks: SimpleQueue[list[int]] = SimpleQueue()
    for chunk in _chunks(texts, min(_CHUNK, length // (jobs * _TURNS))):
        chunks.put(chunk)
    done: Done = SimpleQueue()
    threads = [
        threading.Thread(target=_serve, args=(texts, chunks, done), daemon=True)
        for _ in range(min(jobs, chunks.qsize()))
    ]
    for thread in threads:
        thread.start()
    return _arriving(done, len(texts), threads)


def _arriving(done: Done, count: int, threads: Sequence[threading.Thread]) -> Iterator[tuple[int, bytes]]:
    while count:
        chunk = done.get()
        if isinstance(chunk, Exception):
            raise chunk
        count -= len(chunk)
        yield from chunk
    for thread in threads:
        thread.join()


def _build_here(texts: Sequence[str]) -> Iterator[tuple[int, bytes]]:
    if not texts:
        return
    from fapi_lint.outline.build import build  # The parser is loaded where something is parsed.
    from fapi_lint.source.suppressions import find_candidates

    collecting = gc.isenabled()
    gc.disable()
    try:
        for index, text in enumerate(texts):
            yield index, build(text, find_candidates(text))
    finally:
        if collecting:
            gc.enable()


def _chunks(texts: Sequence[str], length: int) -> Iterable[list[int]]:
    """Indices of texts in groups of about so many characters, the longest texts first."""
    chunk: list[int] = []
    size = 0
    for index in sorted(range(len(texts)), key=lambda index: -len(texts[index])):
        chunk.append(index)
        size += len(texts[index])
        if size >= length:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _serve(texts: Sequence[str], chunks: SimpleQueue[list[int]], done: Done) -> None:
    """Feed one worker until nothing is left."""
    try:
        worker = _Worker()
        try:
            while True:
                chunk = chunks.get_nowait()
                outlines = worker.build([texts[index] for index in chunk])
                if outlines is None:
                    outlines = [_build_alone(texts[index]) for index in chunk]
                    worker.close()
                    worker = _Worker()
                done.put(list(zip(chunk, outlines, strict=True)))
        finally:
            worker.close()
    except Empty:
        return
    except Exception as error:  # For whoever waits for the outlines.
        done.put(error)


def _build_alone(text: str) -> bytes:
    """The outline of one text in a process of its own; a failure if even that process dies."""
    worker = _Worker()
    try:
        outlines = worker.build([text])
    finally:
        worker.close()
    if outlines is not None:
        return outlines[0]
    return msgspec.msgpack.encode(nodes.Outline(failure=nodes.Failure("the parser gave up on this file", 1, 1)))


class _Worker:
    def __init__(self) -> None:
        path = [entry for entry in sys.path if entry and os.path.isabs(entry)] + [_HOME]
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _START, json.dumps(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # Ctrl-C interrupts this process, and ends that one by its input.
        )

    @property
    def input(self) -> BinaryIO:
        assert self.process.stdin is not None
        return self.process.stdin  # type: ignore[return-value]

    @property
    def output(self) -> BinaryIO:
        assert self.process.stdout is not None
        return self.process.stdout  # type: ignore[return-value]

    def build(self, texts: list[str]) -> list[bytes] | None:
        """The outlines of the texts, None if the process died over them."""
        try:
            write_frame(self.input, msgspec.msgpack.encode(texts))
            frame = read_frame(self.output)
        except (OSError, EOFError):
            return None
        return None if frame is None else msgspec.msgpack.decode(frame, type=list[bytes])

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.input.close()
        self.output.close()
        self.process.wait()
