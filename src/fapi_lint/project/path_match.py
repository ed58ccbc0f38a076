"""Which paths of routes may match the same URL: the first route that matches answers.

https://www.starlette.io/routing/#path-parameters has the converters.
"""

from __future__ import annotations

import re

from fapi_lint.project.values import UNKNOWN_TEXT

_PARAMETER = re.compile(r"\{\w+(?::(\w+))?\}")
_MATCHES = {
    "": re.compile(r"[^/]+"),
    "str": re.compile(r"[^/]+"),
    "int": re.compile(r"[0-9]+"),
    "float": re.compile(r"[0-9]+(?:\.[0-9]+)?"),
    "uuid": re.compile(r"[0-9a-fA-F-]{32,36}"),
}


def may_meet(one: str, other: str) -> bool:
    """Whether some URL matches both paths; True where a part of them is not known."""
    if UNKNOWN_TEXT in one + other or ":path}" in one + other:
        return True
    parts, others = one.split("/"), other.split("/")
    return len(parts) == len(others) and all(map(_part_may_meet, parts, others))


def _part_may_meet(one: str, other: str) -> bool:
    if "{" not in one:
        one, other = other, one
    if "{" not in one:
        return one == other
    parameter = _PARAMETER.fullmatch(one)
    if parameter is None or "{" in other:
        return bool(other)
    matches = _MATCHES.get(parameter[1] or "")
    return matches is None or matches.fullmatch(other) is not None
