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
        "X = [" + "a.b(1.5 + 2), " * 900 + "]\n",
        "a.b(1 + 2); " * 900 + "\n",
        "X = {\n" + "    -1: a.b,\n" * 900 + "}\n",
        "X = " + " | ".join(["a.b.c(1)"] * 300) + "\n",
    ],
    ids=["bytes", "string", "comment", "one long line", "deep but fine", "items", "statements", "lines", "operands"],
)
def test_not_too_deep(text: str) -> None:
    assert outline(text).failure is None


def test_too_deep_names_the_row() -> None:
    failure = outline("x = 1\n'(((('\ny = " + "(" * 5000 + "1" + ")" * 5000 + "\n").failure
    assert failure is not None
    assert "nested too deeply" in failure.message
    assert failure.row == 3


@pytest.mark.parametrize("text", ["x = (" + "'a'\n" * 9000 + ")\n", "if x:\n    \\\n  y = 1\n"])
def test_what_only_the_parser_does_not_read_is_not_called_invalid(text: str) -> None:
    compile(text, "<text>", "exec")
    failure = outline(text).failure
    assert failure is not None
    assert failure.message == "valid Python, but the parser of LibCST does not read it"


def test_comments_before_a_long_string_and_in_it() -> None:
    text = '# a\r# b\r\nx = f"{y!r:# c}" "# d"  # e\n' * 3
    assert outline(text).failure is None


@pytest.mark.parametrize(
    "text",
    [
        "x = a" + ".b()" * 9000,
        "x = 0" + " + 1" * 9000,
        "x = (a" + "\n    .b()" * 9000 + ")",
        "x = (" + "1 +\n" * 9000 + "1)",
    ],
    ids=["calls", "operators", "lines that begin with one", "lines that end with one"],
)
def test_chains_that_the_parser_would_not_survive(text: str) -> None:
    failure = outline(f"y = 1\n{text}\n").failure
    assert failure is not None
    assert "nested too deeply" in failure.message
    assert failure.row >= 2
