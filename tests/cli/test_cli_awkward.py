"""Files and folders that nobody wishes for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import FILES, Run, write


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"def (:\n", ""),
        (b"X = '\xff'\n", "is not utf-8"),
        (b"X = 1\0\n", "null byte"),
        (b"# coding: klingon\nX = 1\n", "klingon"),
        (b"class {{ cookiecutter.name }}:\n    {% if x %}\n    pass\n    {% endif %}\n", "extend-exclude"),
        (b"X = " + b"(" * 2000 + b")" * 2000 + b"\n", "nested too deeply"),
    ],
)
def test_what_is_no_python_is_one_finding_and_the_rest_is_checked(
    app: Path, run: Run, source: bytes, message: str
) -> None:
    write(app, {"app/awkward.py": source})
    ran = run("--output-format", "json")
    assert ran.code == 1
    assert ran.codes() == ["FAPI000", "FAPI001", "FAPI207"]
    assert message in ran.json[0]["message"]
    assert ran.err == ""
    fixed = run("--fix", "--unsafe-fixes")
    assert fixed.code == 1
    assert (app / "app/awkward.py").read_bytes() == source
    assert (app / "app/limits.py").read_text() == "LIMIT = 10\n"
    diff = run("--diff")
    assert diff.code == 0
    assert "1 file cannot be read as Python and is left alone" in diff.err
    assert run("--add-noqa").code == 0
    assert (app / "app/awkward.py").read_bytes() == source


@pytest.mark.parametrize("source", [b"A = 1\nB = '\xe9'\n", b"# coding: cp1252\nB = '\x81'\n", b"A = 1\nB = '\0'\n"])
def test_a_byte_that_is_no_text_is_shown_where_it_is(app: Path, run: Run, source: bytes) -> None:
    write(app, {"app/awkward.py": source})
    out = run("app/awkward.py", "--output-format", "full").out
    assert "--> app/awkward.py:2:6\n" in out
    assert "2 | B = '\N{REPLACEMENT CHARACTER}'\n" in out


@pytest.mark.parametrize(
    ("declared", "bytes_"),
    [("utf-7", "X = '+AD0-'"), ("unicode_escape", "X = '\\x41'")],
)
def test_a_file_whose_encoding_does_not_give_back_its_bytes_is_left_alone(
    app: Path, run: Run, declared: str, bytes_: str
) -> None:
    source = f"# coding: {declared}\nLIMIT = 10  # noqa: FAPI205\n{bytes_}\n".encode()
    write(app, {"app/awkward.py": source})
    ran = run("--fix", "--output-format", "json")
    assert (ran.code, ran.err) == (1, "")
    assert ran.codes() == ["FAPI001", "FAPI207"]
    assert ran.json[0]["message"].endswith(
        "(no fix: a file that it would change is in an encoding that would change other bytes)"
    )
    assert (app / "app/awkward.py").read_bytes() == source
    assert (app / "app/limits.py").read_text() == "LIMIT = 10\n"


def test_what_an_encoding_cannot_hold_suppresses_nothing(app: Path, run: Run) -> None:
    model = FILES["app/models/user.py"].replace("users", "others").encode()
    ascii_ = b"# coding: ascii\n" + model
    write(app, {"app/models/other.py": ascii_, "app/models/odd.py": b"# coding: utf-7\nX = '+AD0-'\n" + model})
    ran = run("--select", "FAPI207", "--add-noqa=caf\u00e9")
    assert ran.code == 0
    assert "app/models/other.py: gets no suppressions: ascii has no character '\\xe9'" in ran.out + ran.err
    assert "app/models/odd.py: gets no suppressions: cannot be rewritten in utf-7" in ran.out + ran.err
    assert (app / "app/models/other.py").read_bytes() == ascii_
    assert "caf\u00e9" in (app / "app/models/user.py").read_text()


def test_200_levels_of_nesting(app: Path, run: Run) -> None:
    brackets = f"X = {'[' * 200}{']' * 200}\n"
    calls = f"Y = {'f(' * 200}{')' * 200}\n"
    blocks = "".join(f"{' ' * level}if X:\n" for level in range(90)) + f"{' ' * 90}pass\n"
    chain = "Z = a" + ".b()" * 50 + "\n"
    write(app, {"app/deep.py": brackets + calls + blocks + chain})
    assert run("app/deep.py").out == "All checks passed!\n"


def test_a_file_of_50_000_lines(app: Path, run: Run) -> None:
    write(app, {"app/long.py": "X = 1\n# why\n\n\n\n" * 9_999 + "\n" * 4 + "LIMIT = 10  # noqa: FAPI205\n"})
    ran = run("app/long.py", "--jobs", "1")
    assert ran.out.startswith("app/long.py:50000:13: FAPI001")


def test_empty_files(app: Path, run: Run) -> None:
    write(app, {"app/empty.py": b"", "app/mark.py": b"\xef\xbb\xbf", "app/blank.py": b"\n\n"})
    assert run("app/empty.py", "app/mark.py", "app/blank.py").out == "All checks passed!\n"


def test_folders_that_link_to_themselves(app: Path, run: Run) -> None:
    (app / "app" / "again").symlink_to(app, target_is_directory=True)
    assert run("--output-format", "json").codes() == ["FAPI001", "FAPI207"]


def test_links_that_lead_nowhere(app: Path, run: Run) -> None:
    (app / "app" / "dangling.py").symlink_to("nowhere.py")
    (app / "app" / "circle.py").symlink_to("circle.py")
    assert run("--output-format", "json", "app").codes() == ["FAPI001", "FAPI207"]
    ran = run("app/dangling.py", "app/circle.py", "app/limits.py/below.py", "app/limits.py")
    assert ran.code == 1
    for name in ("dangling.py", "circle.py", "limits.py/below.py"):
        assert f"{name}: does not exist" in ran.out
    assert "app/limits.py:1:13: FAPI001" in ran.out


def test_a_file_of_two_names_is_left_alone_and_the_rest_is_fixed(app: Path, run: Run) -> None:
    write(app, {"app/one.py": "LIMIT = 10  # noqa: FAPI205\n"})
    (app / "app" / "two.py").symlink_to("one.py")
    ran = run("--fix", "--output-format", "json")
    assert ran.codes() == ["FAPI207", "FAPI001", "FAPI001"]
    assert (app / "app/limits.py").read_text() == "LIMIT = 10\n"
    assert (app / "app/one.py").read_text() == "LIMIT = 10  # noqa: FAPI205\n"
    for shown in (ran.json, run("--output-format", "json").json):
        assert [each["fix"] for each in shown[1:]] == [None, None]
        assert all(
            each["message"].endswith("(no fix: a file that it would change has another name, too)")
            for each in shown[1:]
        )


def refuse_to_list(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of this name cannot be read: a test may run as root, whom no mode keeps out."""
    scandir = os.scandir

    def refuse(path: str) -> object:
        if os.path.basename(path) == name:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr("fapi_lint.source.walk.os.scandir", refuse)


def test_folders_that_cannot_be_read(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_to_list("models", monkeypatch)
    ran = run()
    assert ran.code == 1
    assert "app/models: cannot be read: Permission denied" in ran.out
    assert "app/limits.py:1:13: FAPI001" in ran.out


def test_a_cache_of_somebody_else_is_no_folder_to_read(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (app / ".fapi_lint_cache").mkdir()
    refuse_to_list(".fapi_lint_cache", monkeypatch)
    ran = run("--select", "FAPI205")
    assert (ran.code, ran.out, ran.err) == (0, "All checks passed!\n", "")


def test_a_folder_called_like_a_file(app: Path, run: Run) -> None:
    (app / "app" / "folder.py").mkdir()
    assert run("--output-format", "json").codes() == ["FAPI001", "FAPI207"]
    assert run("app/folder.py").code == 0


def test_names_that_are_hard_to_print(app: Path, run: Run) -> None:
    name = os.fsdecode(b"app/\xff\n\x1b[31m.py")
    write(app, {name: "LIMIT = 10  # noqa: FAPI205\n"})
    for args in ((), ("--output-format", "full"), ("--output-format", "json"), ("--diff",), ("--show-files",)):
        ran = run(name, *args)
        assert ran.code in (0, 1)
        assert ran.raw
        assert args == ("--show-files",) or b"\x1b[31m" not in ran.raw
    assert run(name, "--fix").code == 0
    model = FILES["app/models/user.py"].replace("users", "others")
    write(
        app, {os.fsdecode(b"app/models/bad\xffNames.py"): model, os.fsdecode(b"tests/\xff.py"): "def test_it(): ...\n"}
    )
    for args in (("--diff",), ("--diff", "--unsafe-fixes"), ("--fix", "--unsafe-fixes")):
        ran = run("--select", "ALL", *args)
        assert ran.code in (0, 1)
        assert "failed" not in ran.err
