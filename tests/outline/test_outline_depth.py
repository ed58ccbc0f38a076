"""What is nested too deeply, and what only looks like it."""

from __future__ import annotations

import pytest

from fapi_lint.outline.build import build
from fapi_lint.outline.nodes import Outline, decode


def outline(text: str) -> Outline:
    return decode(build(text))


@pytest.mark.parametrize(
    "text",
    [
        "DATA = b'" + "(" * 900 + "'\n",
        'DATA = """' + "([{" * 500 + '"""\n',
        "x = 1  # " + "(" * 900 + "\n",
        "TABLE = [" + "(1, 2), " * 900 + "]\n",
        "x = " + "(" * 150 + "1" + ")" * 150 + "\n",
    ],
    ids=["bytes", "string", "comment", "one long line", "deep but fine"],
)
def test_not_too_deep(text: str) -> None:
    assert outline(text).failure is None


def test_too_deep_names_the_row() -> None:
    failure = outline("x = 1\n'(((('\ny = " + "(" * 5000 + "1" + ")" * 5000 + "\n").failure
    assert failure is not None
    assert "nested too deeply" in failure.message
    assert failure.row == 3
