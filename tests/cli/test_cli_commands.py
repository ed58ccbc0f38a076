"""The commands beside `check`."""

from __future__ import annotations

import errno
import json
import tomllib
from pathlib import Path

import jsonschema
import pytest
from command_line import FILES, Run, write

from fapi_lint import __version__
from fapi_lint.engine.registry import all_rules

OPTIONS = """
--fix --unsafe-fixes --fix-only --show-fixes --diff --select
--ignore --extend-select --per-file-ignores --fixable --unfixable --exclude --extend-exclude
--output-format --output-file --statistics --add-noqa --exit-zero --exit-non-zero-on-fix
--stdin-filename --config --isolated --no-cache --cache-dir --jobs
--show-files --show-settings --quiet --verbose --color
"""

RULE = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "code": {"type": "string", "pattern": "^FAPI[0-9]{3}$"},
        "name": {"type": "string"},
        "summary": {"type": "string"},
        "preference": {"type": "string"},
        "fix": {"enum": ["safe", "unsafe", "display", "none"]},
        "default": {"type": "boolean"},
        "explanation": {"type": "string"},
        "url": {"type": "string"},
    },
}
RULE["required"] = list(RULE["properties"])  # type: ignore[call-overload]


@pytest.mark.parametrize("args", [("--help",), ("-h",), ("check", "--help"), ("rule", "-h"), ("config", "--help")])
def test_help(app: Path, run: Run, args: tuple[str, ...]) -> None:
    ran = run(*args)
    assert ran.code == 0
    assert ran.out.startswith("Usage: fapi-lint")
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_the_help_of_check_names_every_option(app: Path, run: Run) -> None:
    text = run("check", "--help").out
    for option in OPTIONS.split():
        assert option in text


@pytest.mark.parametrize("command", ["check", "init", "map", "rule"])
def test_the_same_option_has_the_same_help(app: Path, run: Run, command: str) -> None:
    text = " ".join(run(command, "--help").out.split())
    assert "--color WHEN auto, always or never. The default, auto, asks NO_COLOR" in text


@pytest.mark.parametrize("args", [("version",), ("--version",), ("-V",)])
def test_version(app: Path, run: Run, args: tuple[str, ...]) -> None:
    ran = run(*args)
    assert (ran.code, ran.out) == (0, f"fapi-lint {__version__}\n")


def test_version_as_json(app: Path, run: Run) -> None:
    assert run("version", "--output-format", "json").json == {"version": __version__}


def test_clean_of_a_path_that_does_not_exist(app: Path, run: Run) -> None:
    run()
    ran = run("clean", "nope")
    assert (ran.code, ran.out) == (2, "")
    assert "'nope' does not exist" in ran.err
    assert (app / ".fapi_lint_cache").is_dir()


def test_clean(app: Path, run: Run) -> None:
    run()
    assert (app / ".fapi_lint_cache").exists()
    assert run("clean").out == f"Removed the cache in {app / '.fapi_lint_cache'}\n"
    assert not (app / ".fapi_lint_cache").exists()
    ran = run("clean")
    assert ran.code == 0
    assert "There is no cache" in ran.out
    write(app, {"precious/file.txt": "x"})
    run("clean", "--cache-dir", "precious")
    assert (app / "precious/file.txt").exists()


def test_a_cache_that_is_not_wanted(app: Path, run: Run) -> None:
    write(app, {"fapi-lint.toml": 'cache-dir = ""\n' + FILES["fapi-lint.toml"]})
    before = sorted(app.rglob("*"))
    assert run().code == 1
    assert sorted(app.rglob("*")) == before
    assert run("clean").out == f"There is no cache in {app}\n"
    assert run("--cache-dir", "here").code == 1
    assert (app / "here").exists()


def test_a_cache_that_cannot_be_deleted(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    run()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        ran = run("clean")
    assert (ran.code, ran.err) == (2, f"error: {app / '.fapi_lint_cache'}: cannot be deleted: Permission denied\n")


@pytest.mark.parametrize("name", ["FAPI001", "fapi001", "unused-suppression"])
def test_rule(app: Path, run: Run, name: str) -> None:
    ran = run("rule", name)
    assert ran.code == 0
    assert ran.out.startswith("FAPI001 unused-suppression\n")
    assert "    LIMIT = 10  # noqa: FAPI205 relationships are legacy here\n" in ran.out
    assert "```" not in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_rule_in_color(app: Path, run: Run) -> None:
    assert "\x1b[" in run("rule", "FAPI001", "--color", "always").out


def test_rule_as_json(app: Path, run: Run) -> None:
    jsonschema.validate(run("rule", "FAPI001", "--output-format", "json").json, RULE)
    rules = run("rule", "--all", "--output-format", "json").json
    jsonschema.validate(rules, {"type": "array", "items": RULE})
    assert [rule["code"] for rule in rules] == list(all_rules())


def test_rule_as_markdown(app: Path, run: Run) -> None:
    page = run("rule", "FAPI001", "--output-format", "markdown").out
    assert page.startswith("# unused-suppression (FAPI001)\n\nA suppression comment of ours suppresses nothing.\n")
    assert '```python title="app/api/health.py"\nLIMIT = 10\n```\n' in page
    assert [line for line in page.splitlines() if line.startswith("## ")] == [
        "## Why",
        "## Bad",
        "## Good",
        "## Fix safety",
        "## Suppressing it",
    ]
    assert page in run("rule", "--all", "--output-format", "markdown").out


def test_all_rules(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    explained = run("rule", "--all").out
    listed = run("rule").out
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("rule", "--color", "never", terminal=True).out
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert shown.split() == listed.split()
    for code, rule in all_rules().items():
        assert f"{code} {rule.name}\n" in explained
        assert f"{code}  {rule.name} " in listed
        assert rule.summary.replace("`", "") in listed


@pytest.mark.parametrize(
    ("name", "hint"),
    [("fapi90", " It is the beginning of FAPI901, FAPI902."), ("backreff", "backref"), ("nothing-like-it", "lists")],
)
def test_a_rule_that_does_not_exist(app: Path, run: Run, name: str, hint: str) -> None:
    ran = run("rule", name)
    assert ran.code == 2
    assert f'There is no rule "{name}".' in ran.err
    assert hint in ran.err
    assert run("rule", "FAPI001", "--all").code == 2


def test_config_prints_every_key(app: Path, run: Run) -> None:
    ran = run("config")
    assert ran.code == 0
    settings = tomllib.loads(ran.out)
    assert settings["select"] == ["FAPI000", "FAPI001", "FAPI205", "FAPI207"]
    assert settings["conventions"]["string-length"] == 255
    assert ".venv" in settings["exclude"]
    assert f"# From {app / 'fapi-lint.toml'}." in ran.out
    isolated = run("config", "--isolated").out
    assert "# No configuration file" in isolated
    assert "select is not set" in isolated
    write(app, {"again.toml": ran.out})
    assert tomllib.loads(run("config", "--config", "again.toml").out) == settings


def test_one_key_of_the_configuration(app: Path, run: Run) -> None:
    ran = run("config", "conventions.string-length")
    assert ran.out.startswith("The length to give to a string column")
    assert ran.out.endswith("string-length = 255\n")
    whole = run("config", "conventions").out
    assert whole.startswith("[conventions]\n")
    assert tomllib.loads(whole)["conventions"]["schema-suffixes"]["in-db"] == "InDB"
    for key in json.loads(run("config", "--schema").out)["properties"]:
        assert run("config", key).code == 0
    ran = run("config", "string-lenght")
    assert ran.code == 2
    assert 'Did you mean "conventions.string-length"?' in ran.err


def test_the_schema_of_the_configuration(app: Path, run: Run) -> None:
    schema = run("config", "--schema").json
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"select": ["FAPI207"], "conventions": {"string-length": 80}}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"selekt": []}, schema)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("fapi-lint c", ["check", "config", "clean", "c"]),
        ("fapi-lint --add", ["--add-noqa"]),
        ("fapi-lint --output-format js", ["json", "json-lines"]),
        ("fapi-lint --select FAPI201,FAPI70", [f"FAPI201,FAPI70{digit}" for digit in "1234"]),
        ("fapi-lint check app", ["app"]),
        ("fapi-lint rule fapi80", [f"FAPI80{digit}" for digit in "12345"]),
        ("fapi-lint map --gr", ["--graph"]),
    ],
)
def test_completion(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch, words: str, expected: list[str]) -> None:
    monkeypatch.setenv("_FAPI_LINT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert [line.partition(",")[2] for line in run().out.splitlines()] == expected
