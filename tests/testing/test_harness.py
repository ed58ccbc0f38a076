"""What the harness says to an author who made a slip."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from fapi_lint.config.tooling import Tooling
from fapi_lint.engine.registry import all_rules
from fapi_lint.fix.edit import Applicability
from fapi_lint.project.mapped import Column
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


@pytest.mark.parametrize(
    ("code", "declared", "told"),
    [
        ("FAPI704", None, "FAPI704 declares no fix and offers a fix that is safe"),
        ("FAPI704", Applicability.UNSAFE, "FAPI704 declares a fix that is unsafe and offers a fix that is safe"),
        ("FAPI207", Applicability.SAFE, "FAPI207 declares a fix that is safe and offers a fix that is unsafe"),
        ("FAPI207", Applicability.DISPLAY, "FAPI207 declares a fix that is display and offers a fix that is unsafe"),
    ],
)
def test_a_fix_is_the_one_that_is_declared(code: str, declared: Applicability | None, told: str) -> None:
    with pytest.raises(AssertionError, match=f"^{told}"):
        check_examples(replace(all_rules()[code], fix=declared))


def test_a_fix_that_is_only_shown_need_not_lead_to_the_good_example() -> None:
    ours = all_rules()["FAPI207"]

    def check(column: Column, project: Project) -> Iterable[Finding]:
        for found in ours.check(column, project):
            assert found.fix is not None
            yield replace(found, fix=replace(found.fix, applicability=Applicability.DISPLAY))

    check.__doc__ = ours.docstring
    check_examples(replace(ours, check=check, fix=Applicability.DISPLAY))
