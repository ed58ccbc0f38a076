"""Comments that are meant as suppressions: what is said of them, and of comments that only look so."""

from __future__ import annotations

import pytest

from fapi_lint.source.misspelt import misspelt
from fapi_lint.source.suppressions import find_candidates

RULES = {"backref": "FAPI205", "unsized-string": "FAPI207", "float-money": "OUR001"}


def said(line: str) -> list[tuple[int, str]]:
    text = f"x = 1\n{line}\n"
    return [(each.row, each.message) for each in misspelt(text, find_candidates(text), RULES)]


@pytest.mark.parametrize(
    ("comment", "written"),
    [
        ("# fapi-lint: ignroe[FAPI205]", "# fapi-lint: ignore[FAPI205]"),
        ("# fapi-lint: ignroe", "# fapi-lint: ignore"),
        ("# fapi-lint ignore[FAPI205]", "# fapi-lint: ignore[FAPI205]"),
        ("# fapi-lint ignore", "# fapi-lint: ignore"),
        ("# fapi_lint: ignore[FAPI205, fapi207] for now", "# fapi-lint: ignore[FAPI205, FAPI207]"),
        ("#fapilint:ignore[OUR001]", "# fapi-lint: ignore[OUR001]"),
        ("# fapi-lint: ignore[]", "# fapi-lint: ignore[CODE]"),
        ("# fapi-lint: ignore[FAPI205", "# fapi-lint: ignore[FAPI205]"),
        ("# fapi-lint: ignore(FAPI205)", "# fapi-lint: ignore[FAPI205]"),
        ("# fapi-lint: ignore: FAPI205", "# fapi-lint: ignore[FAPI205]"),
        ("# fapi-lint: disable=FAPI205", "# fapi-lint: ignore[FAPI205]"),
        ("# fapi-lint: ignore-next-line[FAPI205]", "# fapi-lint: ignore[FAPI205]"),
        ("# fapi-lint: ignore-flie[FAPI205]", "# fapi-lint: ignore-file[FAPI205]"),
        ("# fapi-lint: ignore-files", "# fapi-lint: ignore-file"),
        ("# fapi-lint: noqa: FAPI205", "# fapi-lint: ignore[FAPI205]"),
        ("# fapi-lint: FAPI205", "# fapi-lint: ignore[FAPI205]"),
        ("# noqa: fapi205", "# noqa: FAPI205"),
        ("# noqa: FAPI-205, FAPI_207", "# noqa: FAPI205, FAPI207"),
        ("# noqa: FAPI205FAPI207", "# noqa: FAPI205, FAPI207"),
        ("# noqa: FAPI205x", "# noqa: FAPI205"),
        ("# noqa: FAPI", "# noqa: CODE"),
        ("# noqa(FAPI205)", "# noqa: FAPI205"),
        ("# noqa[FAPI205]", "# noqa: FAPI205"),
        ("# noqa: backref", "# noqa: FAPI205"),
        ("# noqa, because", "# noqa"),
        ("# noqa.", "# noqa"),
        ("# nqoa: FAPI205", "# noqa: FAPI205"),
        ("# no-qa: FAPI205", "# noqa: FAPI205"),
    ],
)
def test_what_suppresses_nothing_says_what_to_write(comment: str, written: str) -> None:
    told = [(2, f"`{comment}` suppresses nothing: write `{written}`")]
    assert said(f"y = 1  {comment}") == told
    assert said(f"y = 1  # type: ignore  {comment}  ") == told
    again = f"x = 1\ny = 1  {written.replace('CODE', 'FAPI205')}\n"
    assert list(misspelt(again, find_candidates(again), RULES)) == []


@pytest.mark.parametrize(
    ("comment", "suppressed", "written"),
    [
        ("# fapi-lint: ignore FAPI205", "every rule", "# fapi-lint: ignore[FAPI205]"),
        ("# noqa FAPI205", "every rule", "# noqa: FAPI205"),
        ("# noqa: E501, fapi205", "E501 only", "# noqa: E501, FAPI205"),
        ("# noqa: FAPI207, fapi205", "FAPI207 only", "# noqa: FAPI207, FAPI205"),
    ],
)
def test_what_suppresses_something_else_than_it_says(comment: str, suppressed: str, written: str) -> None:
    assert said(f"y = 1  {comment}") == [(2, f"`{comment}` suppresses {suppressed}: write `{written}`")]


@pytest.mark.parametrize(
    "comment",
    [
        "# fapi-lint: ignore",
        "# fapi-lint : ignore[FAPI205] because of FAPI207",
        "# fapi-lint: ignore for FAPI205 is wrong here",
        "# fapi-lint: ignore-file[FAPI205]",
        "# fapi-lint: the linter of this repository",
        "# fapi-lint ignores views",
        "# fapi-lint: see #12",
        "# see fapi-lint: ignroe",
        "# the FAPI205 of fapi-lint",
        "# noqa",
        "# noqa: FAPI205, E501 not FAPI207",
        "# noqa  see FAPI205",
        "# noqa: because of FAPI205",
        "# noqa: e501",
        "# noqa(E501)",
        "# noqa; E501",
        "# noqa, pylint: disable=unused-import",
        "# noqa: relationship",
        "# note: FAPI205 was here",
        "# nova, because",
        "# FAPI205",
    ],
)
def test_what_is_right_meant_for_others_or_prose_is_silent(comment: str) -> None:
    assert said(f"y = 1  {comment}") == []
