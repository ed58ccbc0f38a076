from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed


def unused(line: str) -> list[int]:
    return [found.column for found in findings({"app/main.py": line + "\n"}, "FAPI001")]


@pytest.mark.parametrize(
    "line",
    [
        "x = 1",
        "x = 1  # noqa",
        "x = 1  # noqa: F401",
        "x = '# noqa: FAPI001'",
        "x = '''\n# fapi-lint: ignore[FAPI001]\n'''",
        "x = 1  # noqa: FAPI205",  # A rule that does not run here.
        "x = 1  # fapi-lint: ignore",  # Not every rule runs here.
        "x = 1  # fapi-lint: ignore[OUR001]",  # Of a plugin that is not there.
    ],
)
def test_silent(line: str) -> None:
    assert unused(line) == []


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("x = 1  # noqa: FAPI000", "x = 1"),
        ("x = 1  # noqa: F401, FAPI000", "x = 1  # noqa: F401"),
        ("x = 1  # noqa: FAPI999", "x = 1"),
        ("x = 1  # fapi-lint: ignore[FAPI000] legacy", "x = 1"),
        ("x = '#'  # noqa: FAPI000", "x = '#'"),
        ("x = 1  # fapi-lint: ignore[E501, FAPI2O7]", "x = 1"),
        ("x = 1  # fapi-lint: ignore[relationship]", "x = 1"),
        ("x = 1  # fapi-lint: ignore[backref] old", "x = 1  # fapi-lint: ignore[FAPI205] old"),
        ("x = 1  # type: ignore  # noqa: FAPI000", "x = 1  # type: ignore"),
    ],
)
def test_found_and_removed(line: str, after: str) -> None:
    files = {"app/main.py": line + "\n"}
    assert fixed(files, {"FAPI000", "FAPI001"}) == {"app/main.py": after + "\n"}


def test_a_comment_that_is_needed_stays() -> None:
    # The suppression of the unused suppression of FAPI000 would be of use only to itself.
    files = {"app/main.py": "# fapi-lint: ignore-file[FAPI000]\ndef broken(:\n    pass\n"}
    assert [found.code for found in findings(files, {"FAPI000", "FAPI001"})] == ["FAPI000"]
