"""Whether a function's body mentions a word, without decoding it.

A body is decoded in microseconds, but walking it in Python takes far longer: this says which bodies to skip.
"""

from __future__ import annotations

from collections.abc import Iterable

from fapi_lint.outline import nodes as o

_SEPARATORS = bytes(byte if byte < 128 and (chr(byte).isalnum() or byte == 0x5F) else 0x20 for byte in range(256))
"""A translation table that leaves ASCII identifiers and turns everything else into spaces."""
_SHORT = 32
"""MessagePack puts a length byte that may be a letter before strings from this length on."""


def needles(words: Iterable[str]) -> frozenset[bytes]:
    """Identifiers in the form that `mentions` takes. Those that are not ASCII are lost."""
    found = {word.encode() for word in words if word.isascii()}
    return frozenset(found | {bytes([len(word)]) + word for word in found if _SHORT <= len(word) < 128})


def mentions(function: o.FunctionDef, *wanted: frozenset[bytes]) -> bool:
    """Whether the body, nested functions included, mentions a word of one of these sets. A yes may be wrong."""
    words = _words(function)
    return not all(some.isdisjoint(words) for some in wanted)


def mentioned(function: o.FunctionDef, wanted: frozenset[bytes]) -> frozenset[bytes]:
    """Those of the words that the body mentions, nested functions included. Some may be wrong."""
    return wanted.intersection(_words(function))


def _words(function: o.FunctionDef) -> list[bytes]:
    return bytes(function.raw).translate(_SEPARATORS).split()
