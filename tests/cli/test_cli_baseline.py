"""`fapi-lint baseline`, and what it changes for `check`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import FILES, Run, write

FILE = ".fapi-lint-baseline.json"
USER = "app/models/user.py"


def columns(*lines: str, name: str = "User", table: str = "users") -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return (
        "from sqlalchemy import String\n"
        "from sqlalchemy.orm import Mapped, mapped_column\n\n"
        "from app.models.base import Base\n\n\n"
        f'class {name}(Base):\n    __tablename__ = "{table}"\n\n'
        f"    id: Mapped[int] = mapped_column(primary_key=True)\n{body}"
    )


NAME = "name: Mapped[str] = mapped_column(String)"
NICK = "nick: Mapped[str] = mapped_column(String)"


@pytest.fixture
def known(app: Path, run: Run) -> Path:
    """The application, with its two findings in the baseline."""
    ran = run("baseline")
    assert (ran.code, ran.out, ran.err) == (0, f"2 findings in {FILE}: 2 new, 0 gone.\n", "")
    return app


def test_what_is_known_is_not_reported(known: Path, run: Run) -> None:
    ran = run()
    assert ran.code == 0
    assert ran.out == "All checks passed!\n2 findings in the baseline are left out.\n"
    for output_format in ("json", "sarif", "github", "junit", "gitlab", "full", "grouped", "rdjson"):
        assert run("--output-format", output_format).code == 0
    assert run("--output-format", "sarif").json["runs"][0]["results"] == []
    assert run("--quiet").out == ""
    assert run("--statistics").code == 0
    assert run(USER).code == 0
    ran = run("--no-baseline")
    assert ran.code == 1
    assert "Found 2 findings" in ran.out
    assert run("--isolated", "--select", "FAPI207").code == 0


def test_the_file_is_sorted_and_one_row_each(known: Path, run: Run) -> None:
    text = (known / FILE).read_text()
    assert text == (
        '{\n  "version": 1,\n  "findings": [\n'
        '    {"path": "app/limits.py", "code": "FAPI001", "line": "LIMIT = 10  # noqa: FAPI205"},\n'
        f'    {{"path": "{USER}", "code": "FAPI207", "symbol": "User.name", "line": "{NAME}"}}\n'
        "  ]\n}\n"
    )
    assert run("baseline").out == f"2 findings in {FILE}: 0 new, 0 gone.\n"
    assert (known / FILE).read_text() == text


def test_moved_lines_stay_known_and_new_ones_are_reported(known: Path, run: Run) -> None:
    write(known, {USER: "# a comment\n\n" + columns("age: Mapped[int]", NAME)})
    assert run().code == 0
    write(known, {USER: columns(NAME, NICK)})
    found = run("--output-format", "json").json
    assert [f["location"]["row"] for f in found] == [12]
    write(known, {USER: columns(NICK)})
    ran = run()
    assert ran.code == 1
    assert "User.nick" in ran.out
    assert "1 entry of the baseline is gone: `fapi-lint baseline --prune` removes it." in ran.out


def test_an_edited_line_of_the_same_column_stays_known(known: Path, run: Run) -> None:
    write(known, {USER: columns("name: Mapped[str] = mapped_column(\n        String, index=True\n    )")})
    assert run().code == 0


def test_a_renamed_class_and_a_renamed_file_stay_known(known: Path, run: Run) -> None:
    write(known, {USER: columns(NAME, name="Member")})
    assert run().code == 0
    write(known, {USER: columns(NAME)})
    (known / USER).rename(known / "app/models/member.py")
    assert run().code == 0
    write(known, {USER: columns(NAME, name="Other", table="others")})
    assert run("--output-format", "json").codes() == ["FAPI207"]


def test_what_is_about_a_whole_file_stays_known_in_another_folder(app: Path, run: Run) -> None:
    (app / "app/core").mkdir()
    write(app, {"app/BadName.py": "X = 1\n", "fapi-lint.toml": 'select = ["FAPI101"]\n'})
    run("baseline", "--quiet")
    (app / "app/BadName.py").rename(app / "app/core/BadName.py")
    assert run().code == 0
    (app / "app/core/BadName.py").rename(app / "app/core/OtherName.py")
    assert run("--output-format", "json").codes() == ["FAPI101"]


def test_twins_are_counted(app: Path, run: Run) -> None:
    write(app, {USER: columns(NAME) + "\n\n" + columns(NAME, name="User2", table="u2").partition("\n\n\n")[2]})
    write(app, {"app/limits.py": "A = 1  # noqa: FAPI205\nif A:\n    f()  # noqa: FAPI205\n    f()  # noqa: FAPI205\n"})
    run("baseline")
    rows = json.loads((app / FILE).read_text())["findings"]
    assert [row.get("count", 1) for row in rows] == [1, 2, 1, 1]
    assert run().code == 0
    write(app, {"app/limits.py": "A = 1  # noqa: FAPI205\n" + "f()  # noqa: FAPI205\n" * 3})
    found = run("--output-format", "json").json
    assert [f["location"]["row"] for f in found] == [4]


def test_what_is_gone_is_told(known: Path, run: Run) -> None:
    assert run("baseline", "--check").out == f"Nothing is gone of 2 findings in {FILE}.\n"
    write(known, {"app/limits.py": "LIMIT = 10\n"})
    ran = run("baseline", "--check")
    assert ran.code == 1
    assert ran.out == (
        "gone: app/limits.py: FAPI001: LIMIT = 10  # noqa: FAPI205\n"
        f"1 finding of {FILE} is gone: `fapi-lint baseline --prune` removes it.\n"
    )
    write(known, {USER: columns(NAME, NICK)})
    assert run("baseline", "--prune").out.endswith(f"1 finding in {FILE}: 0 new, 1 gone.\n")
    assert run().code == 1
    assert run("baseline", "--check", "--prune").code == 2


def test_only_rules_that_ran_are_judged(known: Path, run: Run) -> None:
    write(known, {"app/limits.py": "LIMIT = 10\n"})
    assert "is gone" not in run("--select", "FAPI207").out
    assert "is gone" in run("--select", "FAPI001,FAPI205").out
    write(known, {USER: "def broken(:\n"})
    ran = run("--select", "FAPI000,FAPI207")
    assert "is gone" not in ran.out
    assert ran.code == 1


def test_a_file_that_cannot_be_read_is_not_recorded(app: Path, run: Run) -> None:
    write(app, {"app/broken.py": "def broken(:\n"})
    ran = run("baseline")
    assert "1 file may hide more findings" in ran.err
    assert run("--output-format", "json").codes() == ["FAPI000"]


def test_what_is_known_is_not_fixed(known: Path, run: Run) -> None:
    before = (known / USER).read_text()
    assert run("--fix", "--unsafe-fixes").out.startswith("All checks passed!")
    assert run("--diff", "--unsafe-fixes").code == 0
    assert run("--add-noqa").err == "Added 0 suppressions.\n"
    assert (known / USER).read_text() == before
    write(known, {USER: columns(NAME, NICK)})
    run("--fix", "--unsafe-fixes")
    assert (known / USER).read_text() == columns(NAME, NICK.replace("String", "String(255)"))
    run("--fix", "--unsafe-fixes", "--no-baseline")
    assert "(String)" not in (known / USER).read_text()
    assert "2 entries of the baseline are gone" in run().out


def test_some_paths_are_recorded_and_the_rest_is_kept(app: Path, run: Run) -> None:
    assert run("baseline", USER).out == f"1 finding in {FILE}: 1 new, 0 gone.\n"
    assert run("--output-format", "json").codes() == ["FAPI001"]
    assert run(USER).code == 0
    assert run("baseline", "app/limits.py").out == f"2 findings in {FILE}: 1 new, 0 gone.\n"


def test_standard_input_has_a_baseline_too(known: Path, run: Run) -> None:
    assert run("-", "--stdin-filename", USER, stdin=columns(NAME).encode()).code == 0
    assert run("-", "--stdin-filename", USER, stdin=columns(NAME, NICK).encode()).code == 1


def test_the_file_is_a_setting(app: Path, run: Run) -> None:
    write(app, {"fapi-lint.toml": 'select = ["FAPI207"]\nbaseline = "tools/known.json"\n'})
    (app / "tools").mkdir()
    assert run("baseline", "--quiet").out == ""
    assert (app / "tools/known.json").exists()
    assert run().code == 0
    write(app, {"fapi-lint.toml": 'select = ["FAPI207"]\nbaseline = ""\n'})
    assert run().code == 1
    ran = run("baseline")
    assert ran.code == 2
    assert 'baseline = "" turns the baseline off' in ran.err


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 2, "findings": []}', '{"version": 1, "findings": [1]}'])
def test_a_broken_file_is_an_error_that_names_it(app: Path, run: Run, text: str) -> None:
    write(app, {FILE: text})
    for args in ((), ("baseline",)):
        ran = run(*args)
        assert ran.code == 2
        assert ran.err.startswith(f"error: {app / FILE}: is ")


def test_without_findings_nothing_is_written(app: Path, run: Run) -> None:
    for file in app.rglob("*.py"):
        file.write_text("")
    ran = run("baseline")
    assert (ran.code, ran.out) == (0, "There is nothing to record: no findings.\n")
    assert not (app / FILE).exists()


def test_without_a_configuration_the_baseline_tells_the_root(
    app: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (app / "fapi-lint.toml").unlink()
    write(app, {"back/pyproject.toml": "", "back/models.py": FILES["app/models/user.py"].replace("users", "others")})
    select = ("--select", "FAPI207")
    assert "back/models.py" in run(*select).out
    run("baseline", "--quiet")
    for paths in ((), ("back/models.py",), ("back",), ("app/models/user.py", "back")):
        assert run(*select, *paths).code == 0, paths
    monkeypatch.chdir(app / "back")
    assert run(*select, "models.py").code == 0
    (app / ".fapi-lint-baseline.json").unlink()
    assert run(*select).code == 1
    run("baseline", "--quiet")
    monkeypatch.chdir(app)
    assert run(*select, "back/models.py").code == run(*select, "back").code == 0
    ran = run(*select)
    assert "app/models/user.py" in ran.out
    assert "back/models.py" not in ran.out, "a folder with a baseline is an application of its own"


def test_what_is_no_baseline_says_what_to_do(known: Path, run: Run) -> None:
    file = known / FILE
    conflict = file.read_text().replace('  "findings"', '<<<<<<< HEAD\n  "findings"')
    for text, where in ((conflict, " (line 3: a conflict of a merge?)"), ("[]", "")):
        file.write_text(text)
        for args in ((), ("baseline",)):
            ran = run(*args)
            assert ran.code == 2
            assert (
                ran.err
                == f"error: {file}: is no baseline{where}: mend it, or delete it, and `fapi-lint baseline` "
                + ("writes a new one\n")
            )
    file.unlink()
    assert run("baseline", "--check").out == f"There is no baseline: {FILE} does not exist.\n"
    assert run("baseline", "--prune").out == f"There is no baseline: {FILE} does not exist.\n"
