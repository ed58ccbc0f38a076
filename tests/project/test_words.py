"""Which bodies mention a word: never a no where it does."""

from __future__ import annotations

import keyword

from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.outline import build, nodes
from fapi_lint.project.words import mentions, needles

IDENTIFIERS = st.from_regex(r"[A-Za-z_][A-Za-z_0-9]{0,80}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name) and not keyword.issoftkeyword(name)
)


def function(text: str) -> nodes.FunctionDef:
    definition = nodes.decode(build.build(text)).body[-1]
    assert isinstance(definition, nodes.FunctionDef)
    return definition


@given(
    IDENTIFIERS, st.integers(0, 300), st.sampled_from(["{}", "x.{}()", "{}(1)", "def f():\n        {}.y", "await {}"])
)
def test_what_stands_in_the_body_is_mentioned(name: str, lines: int, use: str) -> None:
    body = function("\n" * lines + f"async def work():\n    {use.format(name)}\n")
    assert mentions(body, needles([name]))
    assert mentions(body, needles(["unrelated_word"]), needles([name, "another_word"]))


def test_parts_of_words_are_not_mentioned() -> None:
    body = function("def work(session):\n    db.query_all('select query_x')\n")
    assert not mentions(body, needles(["query", "work", "session"]), needles(["db_query"]))
