"""The pages say what the code says, and what they show happens."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
from pathlib import Path
from types import ModuleType

import pytest
from pages import DOCS, play

from fapi_lint.engine.noqa import NEVER
from fapi_lint.engine.registry import all_rules


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", DOCS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_up_to_date(build: ModuleType) -> None:
    if outdated := [str(path.relative_to(DOCS.parent)) for path in build.outdated()]:
        pytest.fail(f"run `python docs/build.py`, which changes {', '.join(outdated)}")


def test_no_page_advises_a_comment_that_suppresses_nothing() -> None:
    for code, rule in all_rules().items():
        page = (DOCS / "rules" / f"{rule.name}.md").read_text(encoding="utf-8")
        assert (f"`# noqa: {code}`" in page) == (code not in NEVER)


def test_every_page_is_in_the_navigation() -> None:
    navigation = set(re.findall(r"[\w/-]+\.md", (DOCS / "mkdocs" / "mkdocs.yml").read_text()))
    assert {page.name for page in DOCS.glob("*.md")} == navigation - {"rules/index.md"}


def test_links_between_pages_lead_somewhere() -> None:
    for page in (DOCS.parent / "README.md", *DOCS.glob("*.md"), *DOCS.glob("rules/*.md")):
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
            goal = page.parent / target if target else page
            assert goal.exists(), f"{page.name} links to {target}"
            headings = re.findall(r"^#+ (.+)$", goal.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
            anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings} | {""}
            assert anchor in anchors, f"{page.name} links to {target}#{anchor}"


def test_every_variable_of_the_environment_that_is_read_is_on_its_page() -> None:
    rooms = (DOCS.parent / "src" / "fapi_lint" / room for room in ("cli", "config", "engine", "report", "lsp"))
    code = "\n".join(file.read_text(encoding="utf-8") for room in rooms for file in room.rglob("*.py"))
    read = set(re.findall(r'(?:environ\.get\(|environ\[|envvar=)"(\w+)"', code)) | {"COLUMNS", "_FAPI_LINT_COMPLETE"}
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| [^|]+ \|$", (DOCS / "configuration.md").read_text(), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"[A-Z_]{3,}", row)} == read


def test_an_author_imports_names_from_where_type_checkers_find_them() -> None:
    page = (DOCS / "writing-a-rule.md").read_text(encoding="utf-8")
    for module, names in re.findall(r"^from (fapi_lint\S*(?<!testing)) import (.+)$", page, re.MULTILINE):
        for name in set(names.split(", ")) - {"nodes as o"}:
            assert getattr(importlib.import_module(module), name).__module__ == module, name


@pytest.mark.parametrize("page", ["writing-a-rule.md", "other-conventions.md", "adopting.md", "map.md", "index.md"])
def test_what_a_page_shows_happens(page: str, tmp_path: Path) -> None:
    play(page, tmp_path)


def test_what_the_readme_shows_on_a_terminal_happens(tmp_path: Path) -> None:
    shutil.copytree(DOCS.parent / "fixtures" / "legacy_app", tmp_path / "fixtures" / "legacy_app")
    play("../README.md", tmp_path, "full")
