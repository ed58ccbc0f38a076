"""Text put around nodes, where several of them begin or end at one place."""

from __future__ import annotations

from fapi_lint.fix.edit import Edit
from fapi_lint.fix.names import File


class Insertions:
    """Insertions into any number of files; those around an outer node stand outside of those around an inner one."""

    def __init__(self) -> None:
        self._openings: dict[tuple[str, int], dict[tuple[str, int], tuple[int, int]]] = {}
        """By the text, and by the end of its span where that is closed as well."""
        self._closings: dict[tuple[str, int], list[tuple[int, str]]] = {}
        self._done: set[tuple[str, int, int, str, str]] = set()

    def around(self, file: File, start: int, end: int, before: str, after: str = "", rank: int = 0) -> None:
        """Put text around a span, once; of those that open the same span, the higher rank stands outside."""
        key = (file.path, start, end, before, after)
        if key in self._done:
            return
        self._done.add(key)
        if before:
            opening = self._openings.setdefault((file.path, start), {})
            text = before, end if after else 0
            opening[text] = max((end, rank), opening.get(text, (0, 0)))
        if after:
            self._closings.setdefault((file.path, end), []).append((start, after))

    def edits(self) -> list[Edit]:
        """One insertion for each place."""
        places = sorted({*self._openings, *self._closings})
        found = []
        for path, offset in places:
            closings = sorted(self._closings.get((path, offset), ()), reverse=True)
            openings = self._openings.get((path, offset), {})
            ordered = sorted(openings, key=lambda text: openings[text], reverse=True)
            texts = [*(text for _, text in closings), *(text for text, _ in ordered)]
            found.append(Edit(path, offset, offset, "".join(texts)))
        return found
