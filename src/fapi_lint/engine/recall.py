"""Findings of the last run, for as long as nothing that they depend on has changed; and what our rules are.

One entry for each way of asking (rules, settings); it holds the state it was made from, and a new state
replaces it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b

import msgspec

from fapi_lint.engine.cache import Cache
from fapi_lint.engine.reading import Read
from fapi_lint.report.model import Diagnostic, RuleInfo


class Remark(msgspec.Struct, frozen=True):
    """What a person has to know of a file besides its findings; `path` is absolute, `row` counts from 1."""

    path: str
    row: int
    message: str


class Answer(msgspec.Struct, frozen=True):
    """What a run has to say of an application."""

    diagnostics: list[Diagnostic]
    remarks: list[Remark]


class _Entry(msgspec.Struct, array_like=True):
    state: str
    answer: msgspec.Raw
    """Encoded: most entries that are looked at are of another state."""


_ENTRY: msgspec.msgpack.Decoder[_Entry] = msgspec.msgpack.Decoder(_Entry)
_ANSWER: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)
_RULES: msgspec.msgpack.Decoder[list[RuleInfo]] = msgspec.msgpack.Decoder(list[RuleInfo])
_RULES_KEY = "rules"


def digest(*parts: object) -> str:
    """A short digest of things by their `repr`."""
    return blake2b("\0".join(map(repr, parts)).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def state_of(files: Iterable[Read]) -> str:
    """What the findings of an application depend on besides how they were asked for: every file's path and content."""
    return digest([(read.source.path, read.source.digest, read.error and str(read.error)) for read in files])


def recall(cache: Cache, question: str, state: str) -> Answer | None:
    """What was the answer to the same question in the same state."""
    data = cache.get([question]).get(question)
    if data is None:
        return None
    try:
        entry = _ENTRY.decode(data)
        return _ANSWER.decode(entry.answer) if entry.state == state else None
    except msgspec.DecodeError:
        return None


def remember(cache: Cache, question: str, state: str, answer: Answer) -> None:
    """Keep the answer to a question for the next run."""
    with suppress(UnicodeEncodeError):  # A path that is not UTF-8 has no MessagePack.
        encoded = msgspec.Raw(msgspec.msgpack.encode(answer))
        cache.put({question: msgspec.msgpack.encode(_Entry(state, encoded))})


def recall_rules(cache: Cache) -> list[RuleInfo]:
    """What our rules are, without importing them and all that they are made of; empty if that is not remembered."""
    data = cache.get([_RULES_KEY]).get(_RULES_KEY)
    if data is None:
        return []
    try:
        return _RULES.decode(data)
    except msgspec.DecodeError:
        return []


def remember_rules(cache: Cache, infos: Iterable[RuleInfo]) -> None:
    """Keep what our rules are for the next run."""
    cache.put({_RULES_KEY: msgspec.msgpack.encode(list(infos))})
