"""Names that are renamed go to their places in sorted import lists."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.fix.edit import Applicability, Edit, Fix
from fapi_lint.fix.planner import apply, plan
from fapi_lint.fix.splice import Draft
from fapi_lint.fix.statement import by_type

NAMES = st.lists(st.from_regex(r"[A-Za-z]{1,4}", fullmatch=True), min_size=1, max_size=6, unique=True)


def renamed(text: str, *names: tuple[str, str]) -> str:
    """The text after one fix for each pair of names, which renames where the old one stands."""
    fixes = []
    for old, new in names:
        start = next(re.finditer(rf"\b{old}\b", text)).start()
        fixes.append(Fix("", Applicability.SAFE, (Edit("a.py", start, start + len(old), new),)))
    made = plan(fixes, lambda path: Draft.parse(path, text))
    assert len(made.applied) == len(names)
    return apply(text, made.edits["a.py"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from x import create, delete\n", "from x import delete, make\n"),
        ("from x import create\n", "from x import make\n"),
        ("from x import create, zip\n", "from x import make, zip\n"),
        ("from x import delete, create\n", "from x import delete, make\n"),
        ("from x import zip, create, delete\n", "from x import zip, make, delete\n"),
        ("from x import A, create, delete\n", "from x import A, delete, make\n"),
        ("from x import create as c, delete\n", "from x import delete, make as c\n"),
        ("from x import (\n    create,\n    delete\n)\n", "from x import (\n    delete,\n    make\n)\n"),
        (
            "from x import (\n    create,  # noqa\n    delete,\n)\n",
            "from x import (\n    make,  # noqa\n    delete,\n)\n",
        ),
        ("if True:\n    from x import create, delete\n", "if True:\n    from x import delete, make\n"),
        ("import create, delete\n", "import make, delete\n"),
        ("from x import create, delete\ny = 1\n", "from x import delete, make\ny = 1\n"),
        ("from x import b, d\nfrom y import create, c\n", "from x import b, d\nfrom y import make, c\n"),
    ],
)
def test_one_name(before: str, after: str) -> None:
    assert renamed(before, ("create", "make")) == after


def test_several_fixes_of_one_statement() -> None:
    text = "from x import create, delete, update\n\ncall(create)\n"
    names = [("create", "z"), ("update", "a"), ("call", "do")]
    assert renamed(text, *names) == "from x import a, delete, z\n\ndo(create)\n"


@given(NAMES, st.from_regex(r"[A-Za-z]{5}", fullmatch=True), st.data())
def test_what_was_sorted_is_sorted(names: list[str], new: str, data: st.DataObject) -> None:
    names.sort(key=by_type)
    old = data.draw(st.sampled_from(names))
    text = "from q import " + ", ".join(f"{name}_0" for name in names) + "\n"
    after = renamed(text, (f"{old}_0", f"{new}_0")).removeprefix("from q import ").strip().split(", ")
    assert set(after) == {f"{name}_0" for name in [*names, new]} - {f"{old}_0"}
    if [f"{name}_0" for name in names] == sorted((f"{name}_0" for name in names), key=by_type):
        assert any(after == sorted(after, key=key) for key in (by_type, str.lower, str))
