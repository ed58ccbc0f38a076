"""What the sides of inference have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fapi_lint.project.inference.types import Types


class Aspect:
    """One side of what can be told of types; it asks `types` for the others."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.resolver = types.resolver
