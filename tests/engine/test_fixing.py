"""The fix loop: atomic, stable, and honest about fixes that go wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from fapi_lint.engine.fixing import Outcome, fix_until_stable
from fapi_lint.fix.edit import Applicability, Edit, Fix, Move
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, Rule, rule
from fapi_lint.source.place import Place
from fapi_lint.testing import application
from fapi_lint.testing.harness import ROOT

MakeFix = Callable[[Module, Project], Fix | None]


def rule_that(make: MakeFix, code: str = "FAPI999") -> Rule:
    """A rule that finds every module, with the fix that `make` gives."""

    @rule(code, f"test-{code.lower()}", fix=Applicability.SAFE, preference="Test")
    def check(module: Module, project: Project) -> Iterator[Finding]:
        """A rule for tests."""
        fix = make(module, project)
        if fix is not None:
            yield Finding(Place(module.path, 0, 0), "found", fix)

    return check.rule  # type: ignore[attr-defined,no-any-return]


def replacing(old: str, new: str) -> MakeFix:
    def make(module: Module, project: Project) -> Fix | None:
        start = module.text.find(old)
        if start < 0:
            return None
        return Fix("Replace", Applicability.SAFE, (Edit(module.path, start, start + len(old), new),))

    return make


def run(files: dict[str, str], *rules: Rule) -> Outcome:
    return fix_until_stable(application(files), rules, {Applicability.SAFE})


def texts(outcome: Outcome) -> dict[str, str]:
    return {path.removeprefix(ROOT + "/"): text for path, text in outcome.texts.items()}


def test_fixes_are_applied_until_none_is_left() -> None:
    outcome = run({"a.py": "x = 1 + 1 + 1\n", "b.py": "y = 2\n"}, rule_that(replacing("1", "2")))
    assert texts(outcome) == {"a.py": "x = 2 + 2 + 2\n"}
    assert [d.code for d in outcome.applied] == ["FAPI999"] * 3
    assert outcome.left == []
    assert outcome.problems == []


def test_a_fix_that_breaks_a_file_is_dropped_and_reported_and_others_stay() -> None:
    outcome = run(
        {"a.py": "x = 1\ny = 2\n"},
        rule_that(replacing("1", "("), "FAPI998"),
        rule_that(replacing("2", "3"), "FAPI999"),
    )
    assert texts(outcome) == {"a.py": "x = 1\ny = 3\n"}
    (problem,) = outcome.problems
    assert "FAPI998" in problem
    assert "This is a defect of" in problem


def test_a_fix_that_python_refuses_is_dropped() -> None:
    files = {"a.py": "def f():\n    g()\n", "b.py": "return 1\ng()\n"}
    outcome = run(files, rule_that(replacing("g()", "await x")))
    assert texts(outcome) == {"b.py": "return 1\nawait x\n"}, "what it refused before may stay so"
    (problem,) = outcome.problems
    assert "Python would refuse the file ('await' outside async function, line 2)" in problem


def test_a_broken_fix_is_dropped_in_every_file() -> None:
    def make(module: Module, project: Project) -> Fix | None:
        if not module.path.endswith("a.py") or "1" not in module.text:
            return None
        other = project.by_path[f"{ROOT}/b.py"]
        return Fix("Both", Applicability.SAFE, (Edit(module.path, 4, 5, "2"), Edit(other.path, 4, 5, "(")))

    outcome = run({"a.py": "x = 1\n", "b.py": "y = 1\n"}, rule_that(make))
    assert texts(outcome) == {}
    assert len(outcome.problems) == 1


def test_fixes_that_never_end_are_an_error_that_names_the_rules() -> None:
    outcome = run(
        {"a.py": "x = 1\n"},
        rule_that(replacing("1", "2"), "FAPI997"),
        rule_that(replacing("2", "1"), "FAPI998"),
    )
    assert texts(outcome) == {}
    assert outcome.applied == []
    (problem,) = outcome.problems
    assert "FAPI997" in problem or "FAPI998" in problem


def test_a_character_the_encoding_lacks_drops_the_fix() -> None:
    outcome = run({"a.py": "# coding: latin-1\nx = 1\n"}, rule_that(replacing("1", "'\u20ac'")))
    assert texts(outcome) == {}
    assert len(outcome.problems) == 1


def test_unsafe_fixes_wait_to_be_asked_for() -> None:
    def make(module: Module, project: Project) -> Fix | None:
        return Fix("Replace", Applicability.UNSAFE, (Edit(module.path, 4, 5, "2"),)) if "1" in module.text else None

    project = application({"a.py": "x = 1\n"})
    rules = [rule_that(make)]
    assert texts(fix_until_stable(project, rules, {Applicability.SAFE})) == {}
    allowed = {Applicability.SAFE, Applicability.UNSAFE}
    assert texts(fix_until_stable(project, rules, allowed)) == {"a.py": "x = 2\n"}


def test_overlapping_fixes_wait_for_the_next_pass() -> None:
    outcome = run(
        {"a.py": "x = 11\n"},
        rule_that(replacing("11", "22"), "FAPI997"),
        rule_that(replacing("1", "3"), "FAPI998"),
    )
    assert texts(outcome) == {"a.py": "x = 22\n"}
    assert [d.code for d in outcome.applied] == ["FAPI997"]


def test_a_rule_that_fails_is_reported_and_the_others_go_on() -> None:
    def fail(module: Module, project: Project) -> Fix | None:
        raise LookupError("no such thing")

    outcome = run({"a.py": "x = 1\n"}, rule_that(fail, "FAPI997"), rule_that(replacing("1", "2"), "FAPI998"))
    assert texts(outcome) == {"a.py": "x = 2\n"}
    (problem,) = outcome.problems
    assert "FAPI997" in problem
    assert "LookupError: no such thing" in problem


def test_what_one_fix_writes_another_does_not_rename_away() -> None:
    def annotate(module: Module, project: Project) -> Fix | None:
        """Write the name of the class behind the call."""
        name = "Old" if "class Old" in module.text else "New"
        if f"model={name}" in module.text:
            return None
        start = module.text.index("()\n") + 1
        return Fix("Annotate", Applicability.SAFE, (Edit(module.path, start, start, f"model={name}"),))

    outcome = run(
        {"a.py": "class Old: ...\nget()\n"},
        rule_that(annotate, "FAPI997"),
        rule_that(replacing("Old", "New"), "FAPI998"),
    )
    assert texts(outcome) == {"a.py": "class New: ...\nget(model=New)\n"}


# --- moves -----------------------------------------------------------------------------------------


def moving(old: str, new: str) -> MakeFix:
    def make(module: Module, project: Project) -> Fix | None:
        if not module.path.endswith(f"/{old}"):
            return None
        to = module.path.removesuffix(old) + new
        return Fix("Move", Applicability.SAFE, (), moves=(Move(module.path, to),))

    return make


def paths(outcome: Outcome) -> dict[str, str]:
    """The files afterwards, with their paths before."""
    return {m.path.removeprefix(ROOT + "/"): m.origin.removeprefix(ROOT + "/") for m in outcome.project.modules}


def test_a_moved_module_goes_on_under_its_new_path() -> None:
    outcome = run(
        {"a.py": "x = 1\n"},
        rule_that(moving("a.py", "b.py"), "FAPI997"),
        rule_that(moving("b.py", "c.py"), "FAPI998"),
        rule_that(replacing("1", "2")),
    )
    assert paths(outcome) == {"c.py": "a.py"}
    assert texts(outcome) == {"a.py": "x = 2\n"}
    assert [(move.path, move.to) for move in outcome.moves] == [
        (f"{ROOT}/a.py", f"{ROOT}/b.py"),
        (f"{ROOT}/b.py", f"{ROOT}/c.py"),
    ]
    assert {d.code for d in outcome.applied} == {"FAPI997", "FAPI998", "FAPI999"}


def test_a_folder_moves_with_its_text_files() -> None:
    files = {"app/Old/__init__.py": "", "app/Old/a.py": "x = 1\n", "app/Old/setup.cfg": "[a]\n", "app/m.py": ""}
    project = application(files)
    assert project.text_files.all
    outcome = fix_until_stable(project, [rule_that(moving("Old/__init__.py", "x"))], {Applicability.SAFE})
    assert "app/x" in paths(outcome)

    def folder(module: Module, project: Project) -> Fix | None:
        if not module.is_package or "Old" not in module.path:
            return None
        move = Move(module.folder, module.folder.replace("Old", "new"))
        return Fix("Move", Applicability.SAFE, (), moves=(move,))

    outcome = fix_until_stable(project, [rule_that(folder)], {Applicability.SAFE})
    assert paths(outcome) == {
        "app/m.py": "app/m.py",
        "app/new/__init__.py": "app/Old/__init__.py",
        "app/new/a.py": "app/Old/a.py",
    }
    (text_file,) = outcome.project.text_files.all
    assert (text_file.path, text_file.origin) == (f"{ROOT}/app/new/setup.cfg", f"{ROOT}/app/Old/setup.cfg")


def test_moves_that_never_end_are_given_up() -> None:
    def make(module: Module, project: Project) -> Fix:
        return Fix("Move", Applicability.SAFE, (), moves=(Move(module.path, module.path.replace(".py", "x.py")),))

    outcome = run({"a.py": ""}, rule_that(make))
    assert len(outcome.problems) == 1
    assert outcome.moves == []


def test_text_files_are_edited_like_modules() -> None:
    def make(module: Module, project: Project) -> Fix | None:
        (file,) = project.text_files.named("req*.txt")
        if "[asyncio]" in file.text:
            return None
        return Fix("Require", Applicability.SAFE, (Edit(file.path, 10, 10, "[asyncio]"),))

    outcome = run({"a.py": "", "requirements.txt": "sqlalchemy>=2\n", "Dockerfile": ""}, rule_that(make))
    assert texts(outcome) == {"requirements.txt": "sqlalchemy[asyncio]>=2\n"}
