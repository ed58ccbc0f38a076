"""What the harness says to an author who made a slip."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from fapi_lint.config.tooling import Tooling
from fapi_lint.engine.registry import all_rules
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding
from fapi_lint.testing import check_examples, findings, fixed
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


def test_a_fix_that_does_not_make_the_good_example_shows_the_difference() -> None:
    ours = all_rules()["FAPI704"]

    def check(module: Module, project: Project) -> Iterable[Finding]:
        return ours.check(module, project)

    check.__doc__ = ours.docstring.replace("import BaseSettings, S", "import S")
    with pytest.raises(AssertionError) as raised:
        check_examples(replace(ours, check=check))
    assert str(raised.value).splitlines()[:7] == [
        "FAPI704: the fixed Bad example is not the Good one:",
        "--- app/core/config.py: fixed",
        "+++ Good",
        "@@ -1,4 +1,4 @@",
        "-from pydantic_settings import BaseSettings, SettingsConfigDict",
        "+from pydantic_settings import SettingsConfigDict",
        " ",
    ]
