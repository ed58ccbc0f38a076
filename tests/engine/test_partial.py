"""A few files are reported on as they would be among all files of the application."""

from __future__ import annotations

from pathlib import Path

from fapi_lint.engine.check import Violation, check
from fapi_lint.engine.registry import all_rules
from fapi_lint.project.project import Project
from fapi_lint.testing import application

LEGACY = Path(__file__).parents[2] / "fixtures" / "legacy_app"


def test_a_file_alone_has_the_findings_that_it_has_among_all() -> None:
    project = application({str(p.relative_to(LEGACY)): p.read_text(encoding="utf-8") for p in LEGACY.rglob("*.py")})
    rules = all_rules().values()
    everything = check(project, rules)
    assert len(everything) > 500
    for module in project.modules:
        focused = Project(project.modules, root=project.root, settings=project.settings, focus={module.path})
        alone = check(focused, rules)
        assert _in(module.path, alone) == _in(module.path, everything)


def _in(path: str, violations: list[Violation]) -> list[tuple[str, int, str]]:
    return [(v.rule.code, v.finding.at.start, v.finding.message) for v in violations if v.finding.at.path == path]
