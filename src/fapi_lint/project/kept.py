"""Methods that keep what they find, as `cached_property` does it for what has no arguments."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property, partial
from typing import Concatenate, ParamSpec, TypeVar, cast

P = ParamSpec("P")
S = TypeVar("S")
V = TypeVar("V")


def kept(find: Callable[Concatenate[S, P], V]) -> cached_property[Callable[P, V]]:
    """A method that is called once for the same arguments, as long as its object lives."""
    return cached_property(lambda self: cast("Callable[P, V]", cache(partial(find, self))))
