"""Where something failed that should not, in words for people."""

from __future__ import annotations

import os

import fapi_lint

_OWN = os.path.join(os.path.dirname(fapi_lint.__file__), "")


def origin(error: BaseException) -> str:
    """The function that raised it, its file and line; a file of ours by its path in the package."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "an unknown place"
    frame = frames[-1]
    return f"{frame.name} ({frame.filename.removeprefix(_OWN)}:{frame.lineno})"
