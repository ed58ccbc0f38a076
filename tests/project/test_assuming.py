"""Types that are inferred again once a parameter is known to be given something."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.project.inference.assuming import AssumingTypes
from fapi_lint.project.inference.type import Type
from fapi_lint.project.search import other_names
from fapi_lint.project.symbols import External
from fapi_lint.testing import application

_SESSION = Type(External("sqlalchemy.Session"))


def test_what_was_inferred_without_knowing_is_inferred_anew() -> None:
    project = application({"app/db.py": "def same(db):\n    return db\n\n\ndef other(db):\n    return same(db)\n"})
    same, other = project.functions
    types = AssumingTypes(project)
    assert types.returned(other) is None
    types.assume(same, "db", _SESSION)
    assert types.returned(same) == _SESSION
    assert types.returned(other) == _SESSION


def test_what_a_fixture_gives_is_inferred_anew() -> None:
    project = application({"app/db.py": "def same(db=None):\n    yield db\n"})
    (same,) = project.functions
    types = AssumingTypes(project)
    assert types.undecorated(same) == Type(External("typing.Iterator"), (None,))
    types.assume(same, "db", _SESSION)
    assert types.undecorated(same) == Type(External("typing.Iterator"), (_SESSION,))


@given(st.lists(st.sampled_from(["as", "pandas", "pd", "x", " ", "  ", "\n", ",", "("])))
def test_other_names_are_those_around_as(words: list[str]) -> None:
    text = "import first as one\n" + "".join(words)
    module: Any = SimpleNamespace(text=text)
    expected: dict[str, set[str]] = {}
    parts = text.replace(",", " , ").replace("(", " ( ").split()
    index = 0
    while index + 2 < len(parts):
        name, word, other = parts[index : index + 3]
        if word == "as" and name not in ",(" and other not in ",(":
            if name != other:
                expected.setdefault(name, set()).add(other)
            index += 3
        else:
            index += 1
    assert other_names([module]) == expected
