"""`fapi-lint check`: exit codes, options, output."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from command_line import FILES, ROOT, SCRIPT, SOURCE, Run, write
from msgspec.structs import replace

from fapi_lint.cli.terminal import ProgressBar
from fapi_lint.config.load import ConfigError
from fapi_lint.engine.check import RuleError
from fapi_lint.engine.registry import all_rules
from fapi_lint.engine.run import Run as EngineRun
from fapi_lint.report.formats import FORMATS

POSITION = {
    "type": "object",
    "required": ["row", "column"],
    "additionalProperties": False,
    "properties": {"row": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
EDIT = {
    "type": "object",
    "required": ["filename", "content", "location", "end_location"],
    "additionalProperties": False,
    "properties": {
        "filename": {"type": "string", "pattern": "^/"},
        "content": {"type": "string"},
        "location": POSITION,
        "end_location": POSITION,
    },
}
FINDING = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string", "pattern": "^FAPI[0-9]{3}$"},
        "name": {"type": "string"},
        "message": {"type": "string"},
        "filename": {"type": "string", "pattern": "^/"},
        "location": POSITION,
        "end_location": POSITION,
        "noqa_row": {"type": "integer", "minimum": 1},
        "url": {"type": "string"},
        "preference": {"type": "string"},
        "fix": {
            "type": ["object", "null"],
            "required": ["applicability", "message", "edits"],
            "additionalProperties": False,
            "properties": {
                "applicability": {"enum": ["safe", "unsafe", "display"]},
                "message": {"type": "string"},
                "edits": {"type": "array", "items": EDIT, "minItems": 1},
            },
        },
    },
}
FINDING["required"] = list(FINDING["properties"])  # type: ignore[call-overload]


def test_findings_exit_with_1(app: Path, run: Run) -> None:
    ran = run()
    assert ran.code == 1
    assert "app/limits.py:1:13: FAPI001 [*]" in ran.out
    assert "app/models/user.py:11:39: FAPI207" in ran.out
    assert "Found 2 findings in 2 files." in ran.out
    assert ran.err == ""


def test_no_findings_exit_with_0(app: Path, run: Run) -> None:
    ran = run("app/models/base.py")
    assert (ran.code, ran.out, ran.err) == (0, "All checks passed!\n", "")


@pytest.mark.parametrize("command", [[], ["check"]])
def test_check_is_the_default_command(app: Path, run: Run, command: list[str]) -> None:
    assert run(*command, "--output-format", "json", "app").codes() == ["FAPI001", "FAPI207"]
    assert run(*command, "app/limits.py").code == 1


def test_flags_may_come_before_the_command(app: Path, run: Run) -> None:
    assert run("--quiet", "check", "app").out == run("check", "app", "--quiet").out


def test_a_folder_called_like_a_command(app: Path, run: Run) -> None:
    write(app, {"check/bad.py": "X = 1  # noqa: FAPI205\n"})
    assert run("./check", "--output-format", "json").codes() == ["FAPI001"]
    assert run("check", "check", "--output-format", "json").codes() == ["FAPI001"]


def test_a_mistyped_option(app: Path, run: Run) -> None:
    ran = run("--fxi")
    assert (ran.code, ran.out) == (2, "")
    told, hint = ran.err.splitlines()
    assert told.startswith("error: ")
    assert "--fxi" in told
    assert "--fix" in told
    assert hint == "help: `fapi-lint check --help` lists what can be asked for"


def test_a_mistyped_command_is_a_path_that_does_not_exist(app: Path, run: Run) -> None:
    ran = run("chekc")
    assert ran.code == 1
    assert "chekc: does not exist" in ran.out
    assert "did you mean `check`?" in ran.err
    assert "help: `fapi-lint rule FAPI205` explains a rule" in run("explain", "FAPI205").err
    assert "stands before all options: `fapi-lint baseline`\n" in run("--select", "FAPI2", "baseline").err
    assert run("-n", "version").err.endswith("`fapi-lint version --help` lists what can be asked for\n"), (
        "it has no cache"
    )
    assert "`fapi-lint --help` lists the commands" in run("help").err


def test_a_mistyped_path_names_its_neighbour(app: Path, run: Run) -> None:
    ran = run("app/modls")
    assert (ran.code, ran.out) == (1, "warning: app/modls: does not exist; did you mean models?\n\nNo findings.\n")
    assert "app/models/usr.py: does not exist; did you mean user.py?" in run("app/models/usr.py").out
    assert run("nowhere/at/all.py").out.startswith("warning: nowhere/at/all.py: does not exist\n")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--select", "FAPI20X"), ["--select", "FAPI20X", "did you mean", "FAPI20"]),
        (("--ignore", "FAPI2O7"), ["--ignore", "FAPI2O7", "FAPI207"]),
        (("--extend-select", "NOPE"), ["--extend-select", "NOPE"]),
        (("--per-file-ignores", "a.py:FAPI999"), ["--per-file-ignores", "FAPI999"]),
        (("--per-file-ignores", "FAPI207"), ["PATH:CODE"]),
        (("--output-format", "jsno"), ["jsno", "json"]),
        (("--select", " ,"), ["--select", "names no rule"]),
        (("--jobs", "0"), ["--jobs"]),
        (("--jobs", "many"), ["--jobs"]),
        (("--config", "nope.toml"), ["nope.toml", "cannot be read"]),
        (("--statistics", "--output-format", "github"), ["--statistics"]),
        (("--add-noqa", "--fix"), ["--add-noqa"]),
        (("-", "app"), ["Standard input"]),
        (("--output-file", "no/such/folder.txt"), ["folder.txt"]),
    ],
)
def test_what_cannot_be_done_exits_with_2(app: Path, run: Run, args: tuple[str, ...], words: list[str]) -> None:
    ran = run(*args)
    assert ran.code == 2
    assert all(word in ran.err for word in words), ran.err
    assert "Traceback" not in ran.err


def test_configuration_errors_name_file_key_and_the_nearest_spelling(app: Path, run: Run) -> None:
    write(app, {"fapi-lint.toml": 'selekt = ["FAPI207"]\n[conventions]\nstring-length = "long"\n'})
    ran = run()
    assert ran.code == 2
    assert str(app / "fapi-lint.toml") in ran.err
    assert 'unknown key "selekt"; did you mean "select"?' in ran.err
    assert "string-length must be a whole number" in ran.err
    write(app, {"fapi-lint.toml": 'select = ["FAPI2077"]\n'})
    assert 'did you mean "FAPI207"?' in run().err
    write(app, {"fapi-lint.toml": "select = [\n"})
    assert "is not TOML" in run().err


def test_missing_paths_are_told_and_the_others_checked(app: Path, run: Run) -> None:
    ran = run("nope", "app/limits.py", "--output-format", "json")
    assert ran.code == 1
    assert ran.codes() == ["FAPI001"]
    assert "nope: does not exist" in ran.err
    assert run("nope", "app/models/base.py").code == 1
    assert run("nope", "--diff").code == 1
    assert run("nope", "--exit-zero").code == 0
    assert "warning: nope: does not exist\n" in run("nope", "--statistics").out
    too_long = f"{'x' * 300}/y.py"
    assert f"{too_long}: does not exist" in run(too_long).out


def test_an_unreadable_path_is_a_finding_and_not_a_wrong_option(
    app: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *args, **keywords: False)
    assert run("app/limits.py", "--output-format", "json").codes() == ["FAPI001"]


def test_a_failing_rule_is_reported_and_no_traceback_shown(
    app: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: EngineRun) -> None:
        try:
            raise ValueError("what went\nwrong")
        except ValueError as error:
            raise RuleError(all_rules()["FAPI001"], "a subject") from error

    monkeypatch.setattr(EngineRun, "check", fail)
    ran = run()
    assert ran.code == 2
    assert ran.out == ""
    for words in ("FAPI001 (unused-suppression) failed on str:", "ValueError: what went wrong", "report"):
        assert words in ran.err
    assert "Python 3" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in run("--verbose").err


def test_a_rule_that_fails_everywhere_is_not_told_everywhere(
    app: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(subject: object, project: object) -> list[object]:
        raise ValueError("wrong")

    monkeypatch.setitem(all_rules(), "FAPI000", replace(all_rules()["FAPI000"], check=fail))
    ran = run("--no-cache", "--exit-zero")
    assert ran.code == 2
    assert "app/limits.py:1:13: FAPI001" in ran.out, "the other rules go on"
    assert run("--select", "FAPI000").out == "No findings.\n", "which is not to say that all is well"
    assert ran.err.count("FAPI000 (syntax-error) failed on") == 3
    assert "2 more like these" in ran.err
    assert "Python 3" in ran.err
    assert "more like these" not in run("--no-cache", "--verbose").err


def test_other_failures_are_reported_too(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EngineRun, "check", lambda self: 1 // 0)
    ran = run()
    assert ran.code == 2
    assert "ZeroDivisionError" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (ConfigError("x"), 2)])
def test_interrupts_and_errors(
    app: Path, run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
) -> None:
    def fail(self: EngineRun) -> None:
        raise error

    monkeypatch.setattr(EngineRun, "check", fail)
    ran = run()
    assert ran.code == code
    assert ran.out == ""
    assert code != 130 or ran.err.strip() == ""


def test_exit_zero(app: Path, run: Run) -> None:
    assert run("--exit-zero").code == 0
    assert run("-e", "--diff").code == 0
    assert run("-e", "--select", "NOPE").code == 2


# Rules.


def test_what_is_no_python_is_told_whatever_is_selected(app: Path, run: Run) -> None:
    write(app, {"app/broken.py": "def f(:\n"})
    ran = run("--select", "FAPI205")
    assert (ran.code, ran.out.splitlines()[0]) == (
        1,
        "app/broken.py:1:7: FAPI000 Cannot be read as Python: invalid syntax",
    )
    assert run("--select", "FAPI205", "--ignore", "FAPI000").code == 0


def test_select_ignore_and_extend(app: Path, run: Run) -> None:
    def codes(*args: str) -> list[str]:
        return run("--output-format", "json", *args).codes()

    assert codes("--select", "FAPI207") == ["FAPI207"]
    assert codes("--select", "FAPI207,FAPI001,FAPI205") == ["FAPI001", "FAPI207"]
    assert codes("--select", "FAPI207", "--select", "FAPI001,FAPI205") == ["FAPI001", "FAPI207"]
    assert codes("--select=FAPI0") == [], "the suppressed rule did not run, so its suppression is not judged"
    assert codes("--ignore", "FAPI001") == ["FAPI207"]
    assert codes("--select", "ALL", "--ignore", "ALL") == []
    assert codes("--select", "FAPI000", "--extend-select", "FAPI207") == ["FAPI207"]


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("app/models/*.py:FAPI207", ["FAPI001"]),
        ("user.py:FAPI001,FAPI207", ["FAPI001"]),
        ("user.py:FAPI207,limits.py:FAPI001", []),
        ("!limits.py:FAPI2", ["FAPI001"]),
    ],
)
def test_per_file_ignores(app: Path, run: Run, value: str, left: list[str]) -> None:
    assert run("--output-format", "json", "--per-file-ignores", value).codes() == left


def test_per_file_ignores_are_relative_to_the_working_folder_and_replace_those_of_the_configuration(
    app: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(app, {"fapi-lint.toml": 'select = ["FAPI207"]\n[per-file-ignores]\n"app/**" = ["FAPI207"]\n'})
    assert run("--output-format", "json").codes() == []
    monkeypatch.chdir(app / "app")
    assert run("--output-format", "json", "--per-file-ignores", "other.py:FAPI207").codes() == ["FAPI207"]
    assert run("--output-format", "json", "--per-file-ignores", "models/user.py:FAPI207").codes() == []


def test_fixable_and_unfixable(app: Path, run: Run) -> None:
    assert run("--diff", "--unfixable", "FAPI001").out == ""
    assert run("--diff", "--fixable", "FAPI207").out == ""
    ran = run("--diff", "--unsafe-fixes", "--fixable", "FAPI207")
    assert "String(255)" in ran.out
    assert "limits.py" not in ran.out


# Files.


def test_a_file_that_is_not_on_the_disk_yet_is_not_excluded_for_that(app: Path, run: Run) -> None:
    text = FILES["app/models/user.py"].replace("User", "Post").encode()
    args = ("-", "--force-exclude", "--output-format", "json", "--stdin-filename")
    assert run(*args, "app/models/post.py", stdin=text).codes() == ["FAPI207"]
    assert run(*args, "app/models/post.py", "--extend-exclude", "post.py", stdin=text).codes() == []


def test_exclude_and_force_exclude(app: Path, run: Run) -> None:
    def codes(*args: str) -> list[str]:
        return run("--output-format", "json", *args).codes()

    assert codes("--exclude", "limits.py,models") == []
    assert codes("--exclude", "limits.py", "--exclude", "nothing") == ["FAPI207"]
    assert codes("--exclude", "./app/limits.py") == codes("--exclude", f"{app}/app/limits.py") == ["FAPI207"]
    assert codes("--exclude", "limits.py", "--extend-exclude", "models/") == []
    assert codes("--exclude", "limits.py", "app/limits.py") == ["FAPI001"]
    assert codes("--exclude", "limits.py", "--force-exclude", "app/limits.py", "app/models/user.py") == ["FAPI207"]


def test_exclude_is_relative_to_the_working_folder(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def codes(*args: str) -> list[str]:
        return run("--output-format", "json", *args).codes()

    assert codes("--exclude", "app/models/user.py") == ["FAPI001"]
    assert codes("--exclude", "app/models/") == ["FAPI001"]
    monkeypatch.chdir(app / "app")
    assert codes("--exclude", "models/user.py") == ["FAPI001"]
    monkeypatch.chdir(app.parent)
    assert codes(app.name, "--exclude", f"{app.name}/app/models/user.py") == ["FAPI001"]
    assert codes(app.name, "--exclude", "**/models/*.py") == ["FAPI001"]


def test_extend_exclude_leaves_the_rest_excluded(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write(app, {"build/limits.py": FILES["app/limits.py"]})
    monkeypatch.chdir(app / "app")
    ran = run("--output-format", "json", "--extend-exclude", "/limits.py", "--exit-zero", "..")
    assert ran.codes() == ["FAPI207"]


def test_patterns_of_the_configuration_may_begin_with_a_dot(app: Path, run: Run) -> None:
    write(app, {"fapi-lint.toml": FILES["fapi-lint.toml"] + 'extend-exclude = ["./app/limits.py"]\n'})
    assert run("--output-format", "json").codes() == ["FAPI207"]
    table = '[per-file-ignores]\n"./app/limits.py" = ["FAPI"]\n"!./app/" = ["FAPI"]\n'
    write(app, {"fapi-lint.toml": FILES["fapi-lint.toml"] + table})
    assert run("--output-format", "json").codes() == ["FAPI207"]
    assert run("--per-file-ignores", "./app/models/*.py:FAPI207", "--output-format", "json").codes() == ["FAPI001"]


def test_show_files(app: Path, run: Run) -> None:
    ran = run("--show-files", "app/models")
    assert ran.code == 0
    assert ran.out.splitlines() == [str(app / "app/models" / name) for name in ("__init__.py", "base.py", "user.py")]


def test_show_files_tells_what_is_missing(app: Path, run: Run) -> None:
    assert "FAPI9999" in run("--show-files", "--select", "FAPI9999").err
    ran = run("--show-files", "nope", "app/limits.py")
    assert (ran.code, ran.out) == (1, f"{app / 'app/limits.py'}\n")
    assert ran.err == "warning: nope: does not exist\n"


def test_show_settings(app: Path, run: Run) -> None:
    ran = run("--show-settings", "--ignore", "FAPI205")
    assert ran.code == 0
    assert f"# Root: {app}" in ran.out
    assert "# Rules of this run: FAPI000 FAPI001 FAPI207\n" in ran.out
    assert f"# From {app / 'fapi-lint.toml'}." in ran.out


def test_config_and_isolated(app: Path, run: Run) -> None:
    write(app, {"other.toml": 'select = ["FAPI001", "FAPI205"]\n'})
    assert run("--config", "other.toml", "--output-format", "json").codes() == ["FAPI001"]
    assert "FAPI201" in run("--isolated", "--output-format", "json").codes()


UNUSED = "LIMIT = 10  # noqa: FAPI205\n"


@pytest.mark.parametrize("paths", [(), ("inner", "."), ("inner/deep/x.py", "inner/x.py", "app"), ("app", "inner")])
def test_a_configuration_inside_of_an_application_makes_one_of_its_own(
    app: Path, run: Run, paths: tuple[str, ...]
) -> None:
    write(
        app,
        {
            "inner/pyproject.toml": '[tool.fapi-lint]\nselect = ["FAPI110"]\n',
            "inner/x.py": f"{UNUSED}\n\ndef f(x): ...\n",
            "inner/deep/fapi-lint.toml": 'select = ["FAPI001", "FAPI205"]\nextend-exclude = ["skipped"]\n',
            "inner/deep/x.py": f"{UNUSED}\n\ndef f(x): ...\n",
            "inner/deep/skipped/x.py": UNUSED,
            "app/plain/pyproject.toml": '[project]\nname = "plain"\n',
            "app/plain/x.py": UNUSED,
        },
    )
    found = [(each["filename"], each["code"]) for each in run(*paths, "--output-format", "json").json]
    assert found == [
        (str(app / "app/limits.py"), "FAPI001"),
        (str(app / "app/models/user.py"), "FAPI207"),
        (str(app / "app/plain/x.py"), "FAPI001"),
        (str(app / "inner/deep/x.py"), "FAPI001"),
        (str(app / "inner/x.py"), "FAPI110"),
    ]
    run("clean")
    assert not list(app.rglob("*.sqlite"))


def test_places_in_messages_are_seen_from_the_working_folder(
    app: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "from sqlalchemy.orm import Mapped, mapped_column\n\nfrom app.models.base import Base\n\n\n"
    key += 'class Tag(Base):\n    __tablename__ = "tags"\n    id: Mapped[int] = mapped_column(primary_key=True)\n'
    use = "from app.models.tag import Tag\n\n\ndef first(tag: Tag) -> bool:\n    return tag.id == 1\n"
    write(app, {"app/models/tag.py": key, "app/first.py": use})

    def told(folder: Path) -> str:
        monkeypatch.chdir(folder)
        path = str(app / "app/models/tag.py")
        (found,) = run("--output-format", "json", "--select", "FAPI201", path).json
        return str(found["message"])

    for folder, place in ((app, "app/first.py"), (app / "app", "first.py"), (app.parent, f"{app.name}/app/first.py")):
        assert told(folder).endswith(f"the number `1` at {place}:5)")
    assert told(app / "app/models").endswith(f"the number `1` at {app}/app/first.py:5)"), "as of all other files"


def test_with_one_configuration_for_all_those_inside_do_not_count(app: Path, run: Run) -> None:
    write(app, {"app/fapi-lint.toml": "select = []\n"})
    assert run().out == "All checks passed!\n"
    assert run("--config", "fapi-lint.toml", "--output-format", "json").codes() == ["FAPI001", "FAPI207"]
    assert "FAPI207" in run("--isolated", "--output-format", "json").codes()


def test_cache_folders(app: Path, run: Run) -> None:
    run("--no-cache")
    assert not (app / ".fapi_lint_cache").exists()
    run("--cache-dir", "elsewhere")
    assert (app / "elsewhere" / "CACHEDIR.TAG").exists()
    run()
    assert (app / ".fapi_lint_cache" / "CACHEDIR.TAG").exists()


def test_no_python_files(app: Path, run: Run) -> None:
    (app / "empty").mkdir()
    warning = "warning: there are no Python files to check in the given paths\n"
    ran = run("empty")
    assert (ran.code, ran.out) == (0, f"{warning}\nNo findings.\n")
    assert run("empty", "--quiet").out == warning
    assert run("empty", "--output-format", "json").err == warning
    assert run("baseline", "empty").err == warning
    write(app, {"empty/pyproject.toml": "[tool.fapi-lint]\n"})
    ran = run("map", "empty")
    assert (ran.out, ran.err) == ("0 resources, none of them incomplete.\n", warning)


# Output.


def test_gitlab_is_told_of_paths_in_the_repository(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def paths() -> set[str]:
        return {issue["location"]["path"] for issue in run("--output-format", "gitlab").json}

    monkeypatch.chdir(app / "app")
    assert paths() == {"limits.py", "models/user.py"}
    monkeypatch.setenv("CI_PROJECT_DIR", str(app))
    assert paths() == {"app/limits.py", "app/models/user.py"}


def test_sarif_tells_of_paths_in_the_repository(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def places() -> set[tuple[str, str]]:
        (found,) = run("--output-format", "sarif").json["runs"]
        base = found["originalUriBaseIds"]["%SRCROOT%"]["uri"]
        files = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in found["results"]]
        return {(base, file["uri"]) for file in files}

    monkeypatch.chdir(app / "app")
    below = (app / "app").as_uri() + "/"
    assert places() == {(below, "limits.py"), (below, "models/user.py")}
    (app / ".git").mkdir()
    assert places() == {(app.as_uri() + "/", "app/limits.py"), (app.as_uri() + "/", "app/models/user.py")}


def test_the_json_contract(app: Path, run: Run) -> None:
    write(app, {"app/broken.py": "def (:\n"})
    ran = run("--output-format", "json")
    jsonschema.validate(ran.json, {"type": "array", "items": FINDING})
    assert ran.codes() == ["FAPI000", "FAPI001", "FAPI207"]
    unused = ran.json[1]
    assert unused["filename"] == str(app / "app" / "limits.py")
    assert unused["location"] == {"row": 1, "column": 13}
    assert unused["end_location"] == {"row": 1, "column": 28}
    assert unused["noqa_row"] == 1
    assert unused["fix"]["applicability"] == "safe"
    assert ran.json[2]["fix"]["applicability"] == "unsafe"
    assert ran.json[2]["preference"]
    assert ran.json[0]["fix"] is None


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_output_format(app: Path, run: Run, name: str) -> None:
    ran = run("--output-format", name)
    assert ran.code == 1
    assert "FAPI207" in ran.out
    assert ran.err == ""
    if name in {"json", "gitlab", "sarif", "rdjson"}:
        json.loads(ran.out)
    elif name == "json-lines":
        assert len([json.loads(line) for line in ran.out.splitlines()]) == 2
    elif name == "junit":
        ElementTree.fromstring(ran.out)


def test_the_default_is_full_on_a_terminal_and_concise_in_a_pipe(app: Path, run: Run) -> None:
    assert " --> app/limits.py:1:13" in run("--color", "never", terminal=True).out
    assert run().out == run("--output-format", "concise").out


def test_color(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_colored(*args: str, terminal: bool = False) -> bool:
        return "\x1b[" in run(*args, terminal=terminal).out

    monkeypatch.setenv("TERM", "xterm")
    assert not is_colored()
    assert is_colored(terminal=True)
    assert is_colored("--color", "always")
    assert not is_colored("--color", "never", terminal=True)
    monkeypatch.setenv("TERM", "dumb")
    assert not is_colored(terminal=True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert is_colored()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not is_colored()
    assert not is_colored(terminal=True)
    assert is_colored("--color", "always")
    assert not is_colored("--color", "always", "--output-format", "json")


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_full_output_fits_the_terminal(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    write(app, {"app/long.py": f"X = '{'x' * 300}'  # noqa: FAPI205\n"})
    monkeypatch.setenv("COLUMNS", columns)
    ran = run("--output-format", "full", "app/long.py")
    source = [line for line in ran.out.splitlines() if line.startswith(("1 |", "  |"))]
    assert source
    assert all(len(line) <= int(columns) for line in source)


def test_output_that_the_terminal_cannot_say_is_escaped(app: Path, run: Run) -> None:
    write(app, {"app/long.py": "X = 'ünï'  # noqa: FAPI205\n"})
    ran = run("--output-format", "full", "app/long.py", encoding="ascii")
    assert ran.code == 1
    assert "X = '\\xfcn\\xef'" in ran.out


def test_output_file(app: Path, run: Run) -> None:
    ran = run("--output-file", "report.txt", "--color", "always")
    assert (ran.code, ran.out) == (1, "")
    assert (app / "report.txt").read_text() == run().out


def test_statistics(app: Path, run: Run) -> None:
    assert "1  FAPI001  [*] unused-suppression\n1  FAPI207  [ ] unsized-string\n" in run("--statistics").out
    assert "[*] unsized-string" in run("--statistics", "--unsafe-fixes").out
    assert [entry["count"] for entry in run("--statistics", "--output-format", "json").json] == [1, 1]


def test_a_format_of_the_environment_is_no_reason_to_refuse_statistics(
    app: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = run("--statistics").out
    monkeypatch.setenv("FAPI_LINT_OUTPUT_FORMAT", "github")
    assert run("--statistics").out == text
    monkeypatch.setenv("FAPI_LINT_OUTPUT_FORMAT", "json")
    assert [entry["count"] for entry in run("--statistics").json] == [1, 1]


def test_quiet_prints_findings_only(app: Path, run: Run) -> None:
    ran = run("--quiet")
    assert len(ran.out.splitlines()) == 2
    assert run("-q", "app/models/base.py").out == ""


def test_verbose_tells_the_seconds_of_every_stage_and_the_slowest_rules(app: Path, run: Run) -> None:
    ran = run("--verbose", "--no-cache")
    for word in ("discover", "read", "outline", "link", "rules", "report", "Slowest rules", str(app), "4 rules"):
        assert word in ran.err
    assert "fixes" in run("--verbose", "--diff").err


def test_what_several_rules_ask_for_is_timed_beside_them(app: Path, run: Run) -> None:
    ran = run("--verbose", "--no-cache", "--select", "FAPI201,FAPI205")
    names = re.findall(r"(\w+) \d+\.\d{3} s", ran.err)
    assert {"FAPI201", "FAPI205", "identifiers"} <= set(names)


def test_the_progress_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ProgressBar, "PATIENCE", -1)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with ProgressBar(enabled=False) as bar:
        bar(1, 10)
    with ProgressBar(enabled=True) as bar:
        bar(10, 10)
    assert capsys.readouterr().err == ""
    with ProgressBar(enabled=True) as bar:
        bar(1, 10)
        bar(2, 10)
    shown = capsys.readouterr().err
    assert "Reading" in shown
    assert shown.rstrip().endswith("\x1b[2K"), "it is erased in the end"


def test_the_report_goes_to_a_closed_pipe(app: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            SCRIPT, stdout=writer, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(SOURCE)}, check=False
        )
    finally:
        os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 1


def test_a_few_files_of_an_application_get_the_findings_that_the_whole_has_for_them(run: Run) -> None:
    legacy = ROOT / "fixtures" / "legacy_app"
    some = [str(legacy / "app" / "models" / name) for name in ("comment.py", "users.py")]
    args = ("--output-format", "json", "--no-cache", "--select", "FAPI0,FAPI20")
    everything = run(str(legacy), *args).json
    part = run(*some, *args).json
    assert part == [finding for finding in everything if finding["filename"] in some]
    assert {finding["filename"] for finding in part} == set(some)


def test_a_misspelt_suppression_is_a_warning_that_says_what_to_write(app: Path, run: Run) -> None:
    text = FILES["app/models/user.py"].replace("(String)", "(String)  # fapi-lint: ignroe[FAPI207]")
    write(app, {"app/models/user.py": text, "app/limits.py": "LIMIT = '# fapi-lint: ignroe'\n"})
    row = text[: text.index("ignroe")].count("\n") + 1
    told = f"app/models/user.py:{row}: `# fapi-lint: ignroe[FAPI207]` suppresses nothing: write"
    first = run()
    assert (first.code, first.out.count("warning: ")) == (1, 1)
    assert f"warning: {told} `# fapi-lint: ignore[FAPI207]`\n" in first.out
    assert run().out == first.out, "as it was remembered"
    assert told not in run("app/limits.py").out, "it is not about that file"
    for arguments in (["--output-format", "json"], ["--diff"], ["--add-noqa"]):
        assert told in run(*arguments).err
    assert told in run("--no-cache", "--fix").out
    assert told in run("baseline").err


def test_a_suppression_of_no_rule_says_so(app: Path, run: Run) -> None:
    write(app, {"app/limits.py": "LIMIT = 10  # fapi-lint: ignore[FAPI205, FAPI999]\n"})
    (found,) = run("app/limits.py", "--output-format", "json").json
    assert found["message"] == "This suppression of FAPI205, FAPI999 suppresses nothing: there is no rule FAPI999"


def test_a_suppression_with_a_blank_before_its_colon_goes_like_any_other(app: Path, run: Run) -> None:
    write(app, {"app/limits.py": "LIMIT = 10  # fapi-lint : ignore[FAPI205]\n"})
    assert run("app/limits.py", "--fix").code == 0
    assert (app / "app/limits.py").read_text() == "LIMIT = 10\n"


def test_a_terminal_that_can_only_print_gets_no_progress_bar(
    app: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProgressBar, "PATIENCE", -1)
    monkeypatch.setenv("TERM", "dumb")
    assert run("--no-cache", terminal=True).err == ""
