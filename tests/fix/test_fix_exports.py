"""Entries that join `__all__`."""

from __future__ import annotations

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from fapi_lint.fix.exports import export, exported, keeps_unused_imports
from fapi_lint.fix.splice import Draft, apply

NAMES = st.lists(st.sampled_from(["Base", "Item", "Post", "Tag", "User"]), unique=True)


@given(NAMES, NAMES, st.sampled_from(["[]", "()"]), st.sampled_from([" ", "\n    ", "  # kept\n    "]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_entries_join_and_nothing_else_changes(
    before: list[str], fresh: list[str], brackets: str, gap: str, comma: bool
) -> None:
    opens = gap if "\n" in gap else ""
    inner = ("," + gap).join(f'"{name}"' for name in before)
    end = "," if before and (comma or len(before) == 1) else ""
    text = f"__all__ = {brackets[0]}{opens}{inner}{end}{gap if opens else ''}{brackets[1]}\nx = 1\n"
    file = Draft.parse("/app/base.py", text)
    collection = exported(file)
    if collection is None:
        assert not before
        return
    after = apply(text, export(file, collection, fresh))
    (assign, _) = ast.parse(after).body
    assert isinstance(assign, ast.Assign)
    names = ast.literal_eval(assign.value)
    assert type(names) is (list if brackets == "[]" else tuple)
    assert [name for name in names if name in before] == before
    assert sorted(names) == sorted({*before, *fresh})
    if before == sorted(before):
        assert list(names) == sorted(names)
    assert after.count("# kept") == text.count("# kept")


def test_what_keeps_unused_imports() -> None:
    for text, kept in {
        "# ruff: noqa: F401\n": True,
        "# ruff: noqa\n": True,
        "# flake8: noqa: E501, F401\n": True,
        "# ruff: noqa: E501\n": False,
        "import a  # noqa: F401\n": False,
    }.items():
        assert keeps_unused_imports(Draft.parse("/app/base.py", text)) is kept
