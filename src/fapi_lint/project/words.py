"""Whether a function's body mentions a word, without decoding it.

A body is decoded in microseconds, but walking it in Python takes far longer: this says which bodies to skip.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from fapi_lint.outline import nodes as o

_SEPARATORS = bytes(byte if byte < 128 and (chr(byte).isalnum() or byte == 0x5F) else 0x20 for byte in range(256))
"""A translation table that leaves ASCII identifiers and turns everything else into spaces."""
_SHORT = 32
"""MessagePack puts a length byte that may be a letter before strings from this length on."""


def words_of(function: o.FunctionDef) -> list[bytes]:
    """Every identifier of the body, and some that are none: what is not here is not in the body."""
    return bytes(function.raw).translate(_SEPARATORS).split()


def mentions(function: o.FunctionDef, words: frozenset[bytes]) -> bool:
    """Whether the body mentions one of the ASCII identifiers; nested functions count."""
    return not _with_length(words).isdisjoint(words_of(function))


def needles(words: Iterable[str]) -> frozenset[bytes]:
    """Identifiers in the form that `mentions` takes; those that are not ASCII are lost."""
    return frozenset(word.encode() for word in words)


@lru_cache(maxsize=256)
def _with_length(words: frozenset[bytes]) -> frozenset[bytes]:
    return words | {bytes([len(word)]) + word for word in words if _SHORT <= len(word) < 128}
