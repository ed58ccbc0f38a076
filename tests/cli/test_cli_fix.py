"""`--fix` and its kin: what is written, what is printed, the exit codes; standard input."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import FILES, ROOT, Run, write
from msgspec.structs import replace

from fapi_lint.engine.run import Run as EngineRun
from fapi_lint.source.write import WriteError

UNUSED = b"LIMIT = 10  # noqa: FAPI205\n"


def test_fix_writes_safe_fixes(app: Path, run: Run) -> None:
    ran = run("--fix")
    assert ran.code == 1, "the unsafe one is left"
    assert (app / "app/limits.py").read_text() == "LIMIT = 10\n"
    assert (app / "app/models/user.py").read_text() == FILES["app/models/user.py"]
    assert "Found 2 findings in 2 files (1 fixed, 1 remaining)." in ran.out


def test_fix_with_unsafe_fixes(app: Path, run: Run) -> None:
    ran = run("--fix", "--unsafe-fixes")
    assert ran.code == 0
    assert "String(255)" in (app / "app/models/user.py").read_text()
    assert "(2 fixed, 0 remaining)" in ran.out
    again = run("--fix", "--unsafe-fixes")
    assert (again.code, again.out) == (0, "All checks passed!\n")


def test_unsafe_fixes_alone_write_nothing(app: Path, run: Run) -> None:
    assert "[*] 2 fixable" in run("--unsafe-fixes").out
    assert (app / "app/models/user.py").read_text() == FILES["app/models/user.py"]


def test_exit_non_zero_on_fix(app: Path, run: Run) -> None:
    assert run("--fix", "--exit-non-zero-on-fix", "app/limits.py").code == 1
    assert run("--fix", "--exit-non-zero-on-fix", "app/limits.py").code == 0


def test_fix_only_reports_nothing_that_is_left(app: Path, run: Run) -> None:
    ran = run("--fix-only")
    assert ran.code == 0
    assert ran.out == "Fixed 1 finding in 1 file.\n"
    assert (app / "app/limits.py").read_text() == "LIMIT = 10\n"
    assert run("--fix-only", "nope").code == 1
    assert run("--fix-only", "--output-format", "json").json == []


def test_show_fixes(app: Path, run: Run) -> None:
    ran = run("--fix", "--show-fixes")
    assert (
        ran.out
        == """\
app/models/user.py:11:39: FAPI207 String column `User.name` has no length
Fixed 1 finding:

FAPI001 (unused-suppression), safe: only the comment changes; codes of other
linters stay.
  - Remove the suppression
    app/limits.py:1

Could not fix 1 finding, because

  - FAPI207 (unsized-string) has fixes that `--unsafe-fixes` applies:
    app/models/user.py:11: Give `User.name` the length 255: this alters the schema, a migration is needed

Found 2 findings in 2 files (1 fixed, 1 remaining).
1 fixable with `--fix --unsafe-fixes`.
"""
    )


def test_what_cannot_be_written_exits_with_2(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(changes: object) -> None:
        raise WriteError("limits.py", "is read-only")

    monkeypatch.setattr("fapi_lint.cli.check.write", fail)
    ran = run("--fix")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "error: limits.py: is read-only\nNothing was written.\n"


def test_a_fix_that_fails_exits_with_2(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    fix = EngineRun.fix

    def failing(self: EngineRun) -> object:
        result = fix(self)
        return replace(result, report=replace(result.report, defects=("the fixes do not converge",)))

    monkeypatch.setattr(EngineRun, "fix", failing)
    ran = run("--fix", "--exit-zero")
    assert ran.code == 2
    assert "error: the fixes do not converge" in ran.err


# Diff.


def test_diff_writes_nothing(app: Path, run: Run) -> None:
    ran = run("--diff")
    assert ran.code == 1
    assert ran.out == (
        "--- a/app/limits.py\n+++ b/app/limits.py\n@@ -1 +1 @@\n-LIMIT = 10  # noqa: FAPI205\n+LIMIT = 10\n"
    )
    assert ran.err.startswith("Would fix 1 finding:\n\nFAPI001 (unused-suppression), safe: only the comment changes;")
    assert "\n\nCould not fix 1 finding, because\n\n  - FAPI207 (unsized-string) has fixes that" in ran.err
    assert ran.err.endswith("\n\nWould fix 1 finding (1 more with `--unsafe-fixes`).\n")
    assert run("--diff", "--quiet").err == ""
    assert (app / "app/limits.py").read_text() == FILES["app/limits.py"]
    assert run("--diff", "--fix").out == ran.out
    assert (app / "app/limits.py").read_text() == FILES["app/limits.py"]


def test_the_diff_goes_to_a_file(app: Path, run: Run) -> None:
    ran = run("--diff", "--quiet", "--color", "always", "--output-file", "change.patch")
    assert (ran.code, ran.out, ran.err) == (1, "", "")
    assert (app / "change.patch").read_text() == run("--diff").out


def test_the_diff_has_one_format(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in (("--output-format", "json"), ("--statistics",)):
        ran = run("--diff", *other)
        assert (ran.code, ran.out) == (2, "")
        assert "--diff prints a patch" in ran.err
    monkeypatch.setenv("FAPI_LINT_OUTPUT_FORMAT", "github")
    assert run("--diff").out.startswith("--- a/app/limits.py\n")


def test_nothing_is_fixed_that_cannot_be_told(app: Path, run: Run) -> None:
    ran = run("--fix", "--output-file", "nowhere/report.txt")
    assert ran.code == 2
    assert ran.err == "error: nowhere/report.txt: cannot be written: No such file or directory\n"
    assert (app / "app/limits.py").read_text() == FILES["app/limits.py"]


def test_no_difference_exits_with_0(app: Path, run: Run) -> None:
    ran = run("--diff", "app/models")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("Could not fix 1 finding, because\n")
    assert ran.err.endswith("\n\nWould fix 0 findings (1 more with `--unsafe-fixes`).\n")
    assert run("--diff", "-q", "app/models").err == ""


def test_git_applies_the_diff_of_an_application(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    shutil.copytree(ROOT / "fixtures" / "legacy_app", before, ignore=shutil.ignore_patterns(".fapi_lint_cache"))
    write(
        before,
        {
            "app/crlf.py": b"\xef\xbb\xbfX = 1\r\nLIMIT = 10  # noqa: FAPI205\r\nY = 2\r\n",
            "app/latin.py": b"# -*- coding: latin-1 -*-\nX = '\xe9'\nLIMIT = 10  # noqa: FAPI205",
            "app/with space.py": UNUSED,
        },
    )
    shutil.copytree(before, after)
    args = ("--unsafe-fixes", "--no-cache", "--select", "FAPI001,FAPI205,FAPI207")
    monkeypatch.chdir(before)
    diff = run("--diff", *args)
    assert diff.code == 1, diff.err
    assert "apply the patch there" not in diff.err
    subprocess.run(["git", "apply"], input=diff.raw, cwd=before, check=True)
    monkeypatch.chdir(after)
    run("--fix", *args)
    assert contents(before) == contents(after)
    assert (after / "app/crlf.py").read_bytes() == b"\xef\xbb\xbfX = 1\r\nLIMIT = 10\r\nY = 2\r\n"


def test_the_diff_of_files_beside_the_working_folder(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(app / "app" / "models")
    diff = run("--diff", str(app))
    assert f"paths are relative to {app / 'app'}: apply the patch there\n" in diff.err
    subprocess.run(["git", "apply"], input=diff.raw, cwd=app / "app", check=True)
    assert (app / "app/limits.py").read_text() == "LIMIT = 10\n"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Suppressing.


def test_add_noqa(app: Path, run: Run) -> None:
    write(
        app,
        {
            "app/models/post.py": (
                "from sqlalchemy import Column, String\n"
                "\n"
                "from app.models.base import Base\n"
                "\n"
                "\n"
                "class Post(Base):\n"
                '    __tablename__ = "posts"\n'
                "\n"
                "    a = Column(String)  # noqa: E501\n"
                "    b = Column(String)  # why\n"
                "    c = \\\n"
                "        Column(String)\n"
                "    d = Column(\n"
                "        String, \\\n"
                "        primary_key=True)\n"
                "    e = Column(String), Column(String)\n"
                '    f = Column(String, doc="""\n'
                '        text""")\n'
            )
        },
    )
    ran = run("--add-noqa")
    assert ran.code == 0
    assert ran.out == ""
    assert "Added" in ran.err
    text = (app / "app/models/post.py").read_text()
    assert "    a = Column(String)  # noqa: E501, FAPI207\n" in text
    assert "    b = Column(String)  # why  # noqa: FAPI207\n" in text
    assert "        Column(String)  # noqa: FAPI207\n" in text
    assert "        String, \\\n" in text
    assert "    d = Column(  # noqa: FAPI207\n" in text
    assert "limits.py:1: FAPI001 gets no suppression" in ran.err
    assert run("app/models").out == "All checks passed!\n"
    again = run("--add-noqa", "app/models")
    assert (again.code, again.err) == (0, "Added 0 suppressions.\n")
    assert (app / "app/models/post.py").read_text() == text


def test_add_noqa_says_where_a_reason_stands(app: Path, run: Run) -> None:
    ran = run("--add-noqa", "until the migration")
    assert ran.code == 1
    assert 'help: a reason stands after an equals sign: --add-noqa="until the migration"\n' in ran.err
    assert "help" not in run("--add-noqa", "app/nowhere.py").err


def test_add_noqa_with_a_reason(app: Path, run: Run) -> None:
    assert run("--add-noqa=until the migration", "app/models").code == 0
    assert "mapped_column(String)  # noqa: FAPI207 until the migration\n" in (app / "app/models/user.py").read_text()
    assert run("app/models").code == 0


def test_add_noqa_takes_no_path_for_a_reason(app: Path, run: Run) -> None:
    assert run("--add-noqa", "app/models").err == "Added 1 suppression.\n"


def test_add_noqa_where_no_line_has_room(app: Path, run: Run) -> None:
    source = (
        "from sqlalchemy import Column, String\nfrom app.models.base import Base\n\n\n"
        "class Post(Base):\n    __tablename__ = 'posts'\n    a = Column(String, \\\n        primary_key=True)\n"
    )
    write(app, {"app/models/post.py": source})
    ran = run("--add-noqa", "app/models/post.py")
    assert "warning: app/models/post.py:7: FAPI207 gets no suppression: a line that is continued" in ran.err
    assert (app / "app/models/post.py").read_text() == source
    script = "#!/usr/bin/env python\nx = 1\n"
    write(app, {"app/models/posts.py": script})
    ran = run("--add-noqa", "--select", "FAPI102", "app/models/posts.py")
    assert "posts.py:1: FAPI102 gets no suppression: a line that is continued, or names the interpreter" in ran.err
    assert (app / "app/models/posts.py").read_text() == script


# Standard input.


def test_stdin_is_checked_and_the_report_goes_to_stdout(app: Path, run: Run) -> None:
    ran = run("-", stdin=UNUSED)
    assert ran.code == 1
    assert ran.out.startswith("stdin.py:1:13: FAPI001 [*]")
    assert run("-", stdin=b"X = 1\n").out == "All checks passed!\n"
    assert run("--stdin-filename", "app/limits.py", stdin=b"X = 1\n").code == 0, "not what is on disk"


def test_stdin_knows_the_rest_of_the_application(app: Path, run: Run) -> None:
    user = FILES["app/models/user.py"].encode()
    ran = run("-", "--stdin-filename", "app/models/user.py", "--output-format", "json", stdin=user)
    assert ran.codes() == ["FAPI207"], "Base is another file's"
    assert ran.json[0]["filename"] == str(app / "app/models/user.py")
    assert run("-", "--stdin-filename", "elsewhere/user.py", "--output-format", "json", stdin=user).code == 1


def test_fixed_stdin_goes_to_stdout_and_the_report_to_stderr(app: Path, run: Run) -> None:
    ran = run("-", "--fix", "--stdin-filename", "app/limits.py", stdin=UNUSED)
    assert (ran.code, ran.out) == (0, "LIMIT = 10\n")
    assert "1 fixed" in ran.err
    assert (app / "app/limits.py").read_bytes() == UNUSED
    ran = run("-", "--fix-only", stdin=UNUSED)
    assert (ran.code, ran.out) == (0, "LIMIT = 10\n")


def test_what_changes_other_files_is_not_fixed_from_stdin(app: Path, run: Run) -> None:
    post = (
        "from sqlalchemy import ForeignKey\n"
        "from sqlalchemy.orm import Mapped, mapped_column, relationship\n\n"
        "from app.models.base import Base\n\n\n"
        'class Post(Base):\n    __tablename__ = "posts"\n\n'
        '    id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)\n'
        '    author: Mapped["User"] = relationship(backref="posts")\n'
    )
    write(app, {"app/models/post.py": post})
    args = ("--select", "FAPI205", "-", "--stdin-filename", "app/models/post.py")
    assert "[*] 1 fixable" in run(*args, stdin=post.encode()).out
    ran = run(*args, "--fix", stdin=post.encode())
    assert (ran.code, ran.out) == (1, post)
    assert "(no fix: it changes other files, too" in ran.err
    assert "fixable" not in ran.err


@pytest.mark.parametrize(
    "source",
    [
        b"X = 1\n",
        b"",
        b"def (:\n",
        b"X = '\xff\xfe'\n",
        b"X = 1\0\n",
        b"\xef\xbb\xbfX = 1\r\nY = 2\r",
        b"# coding: nope\nX = 1\n",
    ],
)
def test_stdin_that_is_not_fixed_comes_out_as_it_went_in(app: Path, run: Run, source: bytes) -> None:
    ran = run("-", "--fix", stdin=source)
    assert ran.raw == source
    assert ran.code in (0, 1)


def test_fixed_stdin_keeps_line_ends_and_byte_order_mark(app: Path, run: Run) -> None:
    ran = run("-", "--fix", stdin=b"\xef\xbb\xbfX = 1\r\nLIMIT = 10  # noqa: FAPI205\r\n")
    assert ran.raw == b"\xef\xbb\xbfX = 1\r\nLIMIT = 10\r\n"


def test_the_diff_of_stdin(app: Path, run: Run) -> None:
    ran = run("-", "--diff", "--stdin-filename", os.path.join("app", "limits.py"), stdin=UNUSED)
    assert ran.code == 1
    assert ran.out.startswith("--- a/app/limits.py\n+++ b/app/limits.py\n")
    assert run("-", "--diff", stdin=b"X = 1\n").code == 0


def test_add_noqa_needs_files(app: Path, run: Run) -> None:
    assert run("-", "--add-noqa", stdin=UNUSED).code == 2
