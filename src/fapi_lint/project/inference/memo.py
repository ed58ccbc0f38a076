"""What inference remembers: nothing is inferred twice, and what leads back to itself ends."""

from __future__ import annotations

from collections.abc import Callable

from fapi_lint.project.descent import Descent
from fapi_lint.project.inference.type import Type


class Memo:
    """The types that were inferred, by what they are types of."""

    def __init__(self, descent: Descent) -> None:
        self._descent = descent
        self.known: dict[object, Type | None] = {}
        self._active: set[object] = set()
        """What is being inferred."""
        self.circles = 0
        """How often something led back to itself."""

    @property
    def is_inferring(self) -> bool:
        return bool(self._active)

    def is_active(self, key: object) -> bool:
        """Whether this is being inferred already: in a circle."""
        if key not in self._active and not self._descent.is_broken_off((self, key)):
            return False
        self.circles += 1
        return True

    def infer(self, key: object, find: Callable[[], Type | None], *, is_final: bool = False) -> Type | None:
        """`find()`; None in a circle.

        It is kept if it is final, and else if it is whole: found without a circle, or for nothing else.
        """
        if key in self.known:
            return self.known[key]
        if self.is_active(key):
            return None
        return self._descent.step((self, key), lambda: self._infer(key, find, is_final))

    def _infer(self, key: object, find: Callable[[], Type | None], is_final: bool) -> Type | None:
        is_final, circles = is_final or not self._active, self.circles
        self._active.add(key)
        try:
            found = find()
        finally:
            self._active.discard(key)
        if is_final or circles == self.circles:
            self.known[key] = found
        return found
