"""A process that turns texts into outlines: frames of MessagePack on standard input, frames on standard output."""

from __future__ import annotations

import gc
import os
import signal
import sys
from typing import BinaryIO

import msgspec

_TEXTS: msgspec.msgpack.Decoder[list[str]] = msgspec.msgpack.Decoder(list[str])


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame, None at the end of the stream. Raises EOFError if it ends inside a frame."""
    header = stream.read(4)
    if not header:
        return None
    size = int.from_bytes(header, "big")
    data = stream.read(size)
    if len(header) < 4 or len(data) < size:
        raise EOFError
    return data


def write_frame(stream: BinaryIO, data: bytes) -> None:
    """Write a frame: four bytes of length, most significant first, and the data."""
    stream.write(len(data).to_bytes(4, "big"))
    stream.write(data)
    stream.flush()


def main() -> None:
    """Answer every frame (texts) by a frame (their encoded outlines), until the input ends."""
    from fapi_lint.outline.build import build  # The other end imports this module without the parser.
    from fapi_lint.source.suppressions import find_candidates

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the other end, which ends the input.
    gc.disable()  # Trees have no cycles, and collecting costs a fifth of the time.
    while True:
        try:
            frame = read_frame(sys.stdin.buffer)
            if frame is None:
                return
            outlines = [build(text, find_candidates(text)) for text in _TEXTS.decode(frame)]
            write_frame(sys.stdout.buffer, msgspec.msgpack.encode(outlines))
        except EOFError:
            return  # The other end was stopped while it wrote.
        except BrokenPipeError:
            # Nobody is left to read it, nor to be told when the interpreter flushes once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
