"""Where something is: a span of a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A span of a file: absolute path and character offsets into its text, end exclusive."""

    path: str
    start: int
    end: int
