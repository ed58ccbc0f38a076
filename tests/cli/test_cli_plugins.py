"""Rules of a team's own, from the folder of its configuration or from an installed package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import FILES, Run, finish, spawn, write

from fapi_lint.engine.importing import search

RULE = '''
from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Edit, Fix
from fapi_lint.project.mapped import Model
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule
from our_words import ADVICE


@rule("OUR001", "no-user", fix=Applicability.UNSAFE, preference="Our Words")
def no_user(model: Model, project: Project) -> Iterator[Finding]:
    """A model is called User.

    We call them members.

    Bad:
        ```python app/models/user.py
        class User: ...
        ```

    Good:
        ```python app/models/user.py
        class Member: ...
        ```

    Fix safety: the name changes, and whatever refers to it does not.
    """
    if model.name == "User":
        place = model.place
        edit = Edit(place.path, place.start, place.end, "Member")
        yield Finding(at=place, message=ADVICE, fix=Fix("Call it Member", Applicability.UNSAFE, (edit,)))
'''
PLUGIN = {
    "fapi-lint.toml": 'plugins = ["our_rules"]\nselect = ["OUR", "FAPI001"]\n',
    "our_rules/__init__.py": "",
    "our_rules/words.py": RULE,
    "our_words.py": 'ADVICE = "say Member"\n',
    "app/limits.py": "LIMIT = 10\n",
}


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """A test that restores `sys.path` must not bring back the folder of the test before it."""
    yield
    search("")


@pytest.fixture
def team(app: Path) -> Path:
    write(app, PLUGIN)
    return app


def test_a_rule_of_a_plugin_is_a_rule_like_ours(team: Path, run: Run) -> None:
    found = run("--output-format", "json").json
    assert [(f["code"], f["name"], f["message"], f["location"], f["url"]) for f in found] == [
        ("OUR001", "no-user", "say Member", {"row": 7, "column": 7}, "")
    ]
    sarif = run("--output-format", "sarif").json["runs"][0]
    assert [rule["id"] for rule in sarif["tool"]["driver"]["rules"]] == ["FAPI000", "FAPI001", "OUR001"]
    assert sarif["results"][0]["ruleId"] == "OUR001"
    assert run("--select", "FAPI0").code == 0
    assert run("--select", "ALL", "--ignore", "FAPI").out.count("OUR001") == 1
    assert run("--ignore", "OUR").code == 0
    assert run("--fix", "--unsafe-fixes").code == 0
    assert "class Member(Base):" in (team / "app/models/user.py").read_text()


def test_it_explains_itself(team: Path, run: Run) -> None:
    assert run("rule", "OUR001").out.startswith("OUR001 no-user\n")
    assert "OUR001   no-user" in run("rule").out
    assert run("rule", "no-user", "--output-format", "json").json["preference"] == "Our Words"
    ran = run("rule", "OUR002")
    assert ran.code == 2
    assert 'Did you mean "OUR001"?' in ran.err
    assert run("rule", "OUR001", "--isolated").code == 2
    assert 'error: --select: there is no rule "OUR1"; did you mean "OUR001"?' in run("--select", "OUR1").err
    assert 'error: --select: there is no rule "no-user"; the code of that is "OUR001"' in run("--select", "no-user").err


def test_its_suppressions_are_like_ours(team: Path, run: Run) -> None:
    path = team / "app/models/user.py"
    text = path.read_text()
    path.write_text(text.replace("class User(Base):", "class User(Base):  # noqa: OUR001"))
    assert run().code == 0
    path.write_text(text)
    run("--add-noqa=until the merger")
    assert "class User(Base):  # noqa: OUR001 until the merger\n" in path.read_text()
    path.write_text(text.replace("User", "Member") + "x = 1  # noqa: OUR001, OUR999, THEIR1\n")
    ran = run("--fix")
    assert ran.code == 0
    assert "x = 1  # noqa: THEIR1\n" in path.read_text()


def test_a_changed_plugin_is_another_question(team: Path, run: Run) -> None:
    assert "say Member" in run().out
    write(team, {"our_words.py": 'ADVICE = "say Person"\n'})
    assert "say Person" in run().out
    write(team, {"our_rules/words.py": RULE.replace('== "User"', '== "Group"')})
    assert run().code == 0
    assert not list(team.rglob("__pycache__"))


def test_two_applications_have_modules_of_one_name(tmp_path: Path, run: Run) -> None:
    for name in ("one", "two"):
        files = FILES | PLUGIN | {"our_words.py": f'ADVICE = "say {name}"\n'}
        write(tmp_path / name, files)
    out = run(str(tmp_path / "one"), str(tmp_path / "two"), "-j", "1").out
    assert "say one" in out
    assert "say two" in out


def test_modules_of_the_folder_do_not_hide_pythons_own(team: Path) -> None:
    write(team, {"types.py": "raise SystemExit\n", "rich.py": "raise SystemExit\n"})
    ran = finish(spawn("--no-cache", cwd=team))
    assert ran.code == 1
    assert "OUR001" in ran.out


def test_the_folder_is_that_of_the_configuration(team: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(team / "app")
    assert "OUR001" in run().out
    monkeypatch.chdir(team.parent)
    assert "OUR001" in run("--config", str(team / "fapi-lint.toml"), str(team)).out
    assert run("--isolated", "--select", "OUR", str(team)).code == 2


BROKEN = {
    "missing": ({"fapi-lint.toml": 'plugins = ["our_rulez"]\n'}, 'our_rulez"', 'did you mean "our_rules"?'),
    "file": ({"fapi-lint.toml": 'plugins = ["our_rules/words"]\n'}, "is not how a module is imported", "our_package"),
    "import": ({"our_words.py": "import nothing_like_it\n"}, "No module named 'nothing_like_it'", "our_words.py:1"),
    "failure": ({"our_words.py": "1 / 0\n"}, "ZeroDivisionError", "our_words.py:1"),
    "syntax": ({"our_words.py": "def\n"}, "SyntaxError", "our_words.py"),
    "exit": ({"our_words.py": "raise SystemExit\n"}, "SystemExit", "our_words.py:1"),
    "no rules": ({"our_rules/words.py": ""}, "has no rules", "@rule"),
    "our code": ({"our_rules/words.py": RULE.replace("OUR001", "FAPI205")}, "FAPI205 (no-user)", "FAPI205 (backref)"),
    "our name": ({"our_rules/words.py": RULE.replace("no-user", "backref")}, "OUR001 (backref)", "FAPI205 (backref)"),
    "twice": ({"our_rules/more.py": RULE.replace("no-user", "other")}, "OUR001", "already"),
    "our prefix": ({"our_rules/words.py": RULE.replace("OUR001", "FAPIX01")}, "FAPIX01", "two or more capitals"),
    "shape": ({"our_rules/words.py": RULE.replace("OUR001", "our-1")}, "our-1", "three digits"),
    "name": ({"our_rules/words.py": RULE.replace("no-user", "NoUser")}, "NoUser", "lower case"),
    "subject": ({"our_rules/words.py": RULE.replace("model: Model", "model: int")}, "int is no subject", "SchemaField"),
    "no subject": ({"our_rules/words.py": RULE.replace("model: Model", "model")}, "OUR001 (no-user)", "annotated"),
    "one parameter": (
        {"our_rules/words.py": RULE.replace(", project: Project)", ")")},
        "two parameters",
        "the project",
    ),
    "fix": ({"our_rules/words.py": RULE.replace("fix=Applicability.UNSAFE", 'fix="unsafe"')}, "no Applicability", ""),
    "docstring": ({"our_rules/words.py": RULE.replace('"""', "'''", 1).replace("'''", 'f"""', 1)}, "no docstring", ""),
    "examples": ({"our_rules/words.py": RULE.replace("Good:", "Fine:")}, "no example under `Good:`", "OUR001"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_an_error_that_names_it(team: Path, run: Run, case: str) -> None:
    files, *expected = BROKEN[case]
    write(team, files)
    for args in ((), ("rule", "FAPI205"), ("config",)):
        ran = run(*args)
        if args == ("config",) and ran.code == 0:
            continue  # It has nothing to say about rules here.
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith(f'error: {team / "fapi-lint.toml"}: plugins: "our_rule')
        assert ran.err.count("\n") == 1
        for text in expected:
            assert text in ran.err


def test_a_rule_that_fails_is_the_fault_of_its_plugin(team: Path, run: Run) -> None:
    write(team, {"our_rules/words.py": RULE.replace("        place = model.place\n", "        place = 1 / 0\n")})
    ran = run()
    assert ran.code == 2
    assert "OUR001 (no-user) failed" in ran.err
    line = (team / "our_rules/words.py").read_text().partition("1 / 0")[0].count("\n") + 1
    assert f"ZeroDivisionError: division by zero, in no_user ({team}/our_rules/words.py:{line})." in ran.err
    assert "This is a defect of the plugin our_rules." in ran.err
    write(team, {"our_rules/words.py": RULE.replace("        place = model.place\n", "        raise SystemExit\n")})
    ran = run()
    assert ran.code == 2
    assert "OUR001 (no-user) failed" in ran.err
    assert ": SystemExit, in no_user (" in ran.err


def test_an_installed_package_offers_rules(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = app.parent / "site-packages"
    write(
        packages,
        {
            "our_package/__init__.py": "",
            "our_package/rules.py": RULE.replace("from our_words import ADVICE", 'ADVICE = "say Member"'),
            "our_package-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: our-package\nVersion: 1.0\n",
            "our_package-1.0.dist-info/entry_points.txt": "[fapi_lint.rules]\nour = our_package.rules\n",
        },
    )
    monkeypatch.syspath_prepend(str(packages))
    assert "OUR001" in run("--select", "OUR").out
    assert "OUR001" in run("rule", "--isolated").out
    write(packages, {"our_package/rules.py": "1 / 0\n"})
    monkeypatch.delitem(sys.modules, "our_package.rules")
    ran = run()
    assert ran.code == 2
    assert ran.err.startswith('error: the plugin "our_package.rules" of the package our-package cannot be imported')


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("yield Finding(", "return Finding(", "it returns Finding, and does not yield findings"),
        ("yield Finding(", "yield str(place), Finding(", "it yields tuple, which is no Finding"),
        ("at=place", "at=None", "it yields a finding that is at no Place in the application: None"),
        ("at=place", "at=place.path", "it yields a finding that is at no Place in the application: '"),
        ("at=place", "at=type(place)('/none', 0, 1)", "no Place in the application: Place(path='/none'"),
        ("at=place", "at=type(place)(place.path, 0, 9999)", "it yields a finding that is at no Place"),
        ("message=ADVICE", "message=None", "the message of its finding is no text: None"),
        ("Applicability.UNSAFE, (edit", '"unsafe", (edit', "the fix of its finding is no Fix, or has no Applicability"),
        ("fix=Fix(", "fix=tuple.__new__(tuple) or (", "the fix of its finding is no Fix, or has no Applicability"),
        ("edit = Edit(place.path", "edit = Edit('/none'", "its fix changes no place in the application"),
        ('place.end, "Member")', "place.end, None)", "its fix changes no place in the application: Edit("),
        ("(edit,)", "()", "its fix changes nothing"),
    ],
)
def test_a_rule_that_gives_no_findings_says_what_it_gives(
    team: Path, run: Run, right: str, wrong: str, told: str
) -> None:
    assert right in RULE
    write(team, {"our_rules/words.py": RULE.replace(right, wrong)})
    for arguments in ((), ("--diff", "--unsafe-fixes")):
        ran = run(*arguments)
        assert ran.code == 2
        assert "error: OUR001 (no-user) failed on Model User in " in ran.err
        assert told in ran.err
        assert "This is a defect of the plugin our_rules." in ran.err


def test_a_fix_that_was_dropped_is_not_offered_as_an_unsafe_one(team: Path, run: Run) -> None:
    write(
        team, {"our_rules/words.py": RULE.replace("UNSAFE", "SAFE").replace('place.end, "Member")', 'place.end, "(")')}
    )
    ran = run("--diff")
    assert ran.code == 2
    assert "\nWould fix 0 findings.\nerror: " in ran.err
    assert "the fix of OUR001 (Call it Member) was dropped, because the file would not parse" in ran.err
