from __future__ import annotations

import io
import re
import tokenize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.source.suppressions import Suppression, find_candidates, parse, removal


def parsed(text: str) -> tuple[Suppression, ...]:
    """The suppressions in the candidates of a text without any `#` in a string."""
    return parse(text, find_candidates(text))


def remove(text: str, *codes: str) -> str:
    """The text without some codes of its first suppression."""
    start, end, replacement = removal(text, parsed(text)[0], codes)
    return text[:start] + replacement + text[end:]


@pytest.mark.parametrize(
    ("comment", "style", "kind", "codes"),
    [
        ("# noqa", "noqa", "line", []),
        ("#noqa", "noqa", "line", []),
        ("# NoQA  because", "noqa", "line", []),
        ("# noqa: FAPI205", "noqa", "line", ["FAPI205"]),
        ("# noqa:FAPI205,FAPI207", "noqa", "line", ["FAPI205", "FAPI207"]),
        ("# noqa : FAPI205 FAPI207 , F401 reason F1", "noqa", "line", ["FAPI205", "FAPI207", "F401"]),
        ("# type: ignore  # noqa: FAPI205", "noqa", "line", ["FAPI205"]),
        ("# fapi-lint: ignore", "ignore", "line", []),
        ("#fapi-lint:ignore not ours", "ignore", "line", []),
        ("# fapi-lint: ignore[FAPI205, fapi207] reason", "ignore", "line", ["FAPI205", "FAPI207"]),
        ("# fapi-lint: ignore-file", "ignore", "file", []),
        ("# Fapi-Lint: Ignore-File[FAPI205]", "ignore", "file", ["FAPI205"]),
    ],
)
def test_syntax(comment: str, style: str, kind: str, codes: list[str]) -> None:
    text = f"x = 1\ny = 2  {comment}\nz = 3\n"
    (found,) = parsed(text)
    assert (found.style, found.kind, [code.code for code in found.codes]) == (style, kind, codes)
    assert [text[code.start : code.end].upper() for code in found.codes] == codes
    assert (found.row, text[: found.comment_end].endswith(comment)) == (2, True)
    # The directive ends with its last code, its bracket, or its name.
    assert (
        text[found.start : found.end].rstrip("]").upper().endswith(codes[-1] if codes else ("NOQA", "IGNORE", "FILE"))
    )


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa:",
        "# noqa: because",
        "# noqa: F401F841",
        "# noqax",
        "# ruff: noqa",
        "# no noqa here",
        "# fapi-lint: ignored",
        "# fapi-lint: ignore[]",
        "# fapi-lint: ignore[FAPI205",
        "# fapi-lint: ignore-files",
        "# fapi-lint ignore",
    ],
)
def test_what_is_no_suppression(comment: str) -> None:
    assert parsed(f"x = 1  {comment}\n") == ()


def test_several_in_one_comment() -> None:
    text = "x = 1  # noqa: F401 # fapi-lint: ignore[FAPI205]\n"
    first, second = parsed(text)
    assert (text[first.start : first.end], text[second.start : second.end]) == (
        "# noqa: F401",
        "# fapi-lint: ignore[FAPI205]",
    )
    assert first.comment_end == second.comment_end


def test_codes_cover_themselves_and_no_codes_cover_all() -> None:
    (some,) = parsed("# noqa: FAPI205, F401")
    (every,) = parsed("# noqa")
    assert [some.covers(code) for code in ("FAPI205", "F401", "FAPI20")] == [True, True, False]
    assert every.covers("FAPI205")


pieces = st.sampled_from([*"x'\"#\n\f:", " ", "# noqa", "# fapi-lint: ignore", '"""'])


@given(st.lists(pieces, max_size=25).map("".join))
def test_every_comment_that_tokenize_sees_is_within_a_candidate_of_the_same_end(text: str) -> None:
    candidates = list(find_candidates(text))
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, IndentationError):
        return
    for token in tokens:
        if token.type == tokenize.COMMENT:
            start = starts[token.start[0] - 1] + token.start[1]
            end = start + len(token.string)
            suppressions = parse(text, [(start, end)])
            assert not suppressions or any(left <= start and right == end for left, right in candidates)


def test_a_long_line_of_hashes_takes_no_time() -> None:
    text = "x = '" + "#" * 1_000_000 + "'  # noqa\n"
    assert list(find_candidates(text)) == [(5, len(text) - 1)]


@pytest.mark.parametrize(
    ("before", "codes", "after"),
    [
        ("x = 1  # noqa: A1\ny\n", ["A1"], "x = 1\ny\n"),
        ("x = 1  # noqa: A1 reason #12\r\ny\n", ["A1"], "x = 1\r\ny\n"),
        ("x = 1 \t# noqa: A1, B2,C3 reason\n", ["B2"], "x = 1 \t# noqa: A1, C3 reason\n"),
        ("x = 1  # noqa:A1,B2,C3\n", ["A1", "B2"], "x = 1  # noqa:C3\n"),
        ("x = 1  # fapi-lint: ignore[A1, B2] why\n", ["A1"], "x = 1  # fapi-lint: ignore[B2] why\n"),
        ("x = 1  # fapi-lint: ignore[A1, B2] why\n", ["A1", "B2"], "x = 1\n"),
        ("x = 1  # fapi-lint: ignore\n", [], "x = 1\n"),
        ("x = 1  # type: ignore  # noqa: A1\n", ["A1"], "x = 1  # type: ignore\n"),
        ("x = 1  # noqa: A1 why  # type: ignore\n", ["A1"], "x = 1  # type: ignore\n"),
        ("x = 1  # noqa: A1# type: ignore\n", ["A1"], "x = 1  # type: ignore\n"),
        ("x = 1  # a  # noqa: A1  # b\n", ["A1"], "x = 1  # a  # b\n"),
        ("x\n    # noqa: A1\ny\n", ["A1"], "x\ny\n"),
        ("x\r\n    # noqa: A1\r\ny\r\n", ["A1"], "x\r\ny\r\n"),
        ("x\r# noqa: A1\ry\r", ["A1"], "x\ry\r"),
        ("# fapi-lint: ignore-file[A1]\nx\n", ["A1"], "x\n"),
        ("x\n# noqa: A1", ["A1"], "x\n"),
        ("x  # noqa: A1", ["A1"], "x"),
        ("# noqa: A1", ["A1"], ""),
    ],
)
def test_removal(before: str, codes: list[str], after: str) -> None:
    assert remove(before, *codes) == after


codes = st.lists(st.sampled_from(["FAPI205", "FAPI207", "F401", "E501"]), min_size=1, unique=True)
layouts = st.sampled_from(
    ["{code}  {comment}\n", "{comment}\n{code}\n", "{code}  # type: ignore  {comment}", "  {comment}"]
)
forms = st.sampled_from(["# noqa: {}", "# fapi-lint: ignore[{}]"])


@given(codes, codes, layouts, forms, st.sampled_from(["", " why"]))
def test_removal_leaves_the_other_codes_and_the_code(
    listed: list[str], dropped: list[str], layout: str, form: str, reason: str
) -> None:
    text = layout.format(code="x = 1", comment=form.format(", ".join(listed)) + reason)
    result = remove(text, *dropped)
    kept = [code for code in listed if code not in dropped]
    assert [[code.code for code in found.codes] for found in parsed(result)] == ([kept] if kept else [])
    assert ("x = 1" in result, "# type: ignore" in result) == ("x = 1" in text, "# type: ignore" in text)
    assert reason == "" or (reason in result) == bool(kept)
    assert not any(line.endswith(" ") for line in result.splitlines())
