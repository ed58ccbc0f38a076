"""What the harness says to an author who made a slip."""

from __future__ import annotations

import pytest

from fapi_lint.config.tooling import Tooling
from fapi_lint.testing import findings, fixed
from fapi_lint.testing.harness import ROOT

BROKEN = {"app/models/user.py": "\nclass User(:\n    pass\n"}


@pytest.mark.parametrize("look", [findings, fixed])
def test_files_that_do_not_parse_are_no_passed_test(look: object) -> None:
    assert callable(look)
    with pytest.raises(AssertionError, match=r"app/models/user\.py:2 does not parse"):
        look(BROKEN, "FAPI207")
    look(BROKEN, ["FAPI000", "FAPI207"])
    look(BROKEN)


def test_a_code_that_does_not_exist_is_told() -> None:
    with pytest.raises(AssertionError, match="there is no rule OUR001 among ours"):
        findings({"app/main.py": ""}, "OUR001")


def test_a_fix_may_depend_on_the_tools() -> None:
    files = {"tests/test_it.py": "async def test_it(): ...\n"}
    assert fixed(files, "FAPI802") != files
    assert fixed(files, "FAPI802", tooling=Tooling(frozenset({ROOT}))) == files
