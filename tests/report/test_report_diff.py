"""`--diff`: whatever it writes, `git apply` turns the old files into the new ones."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fapi_lint.report.diff import unified_diff

TEXT = st.one_of(
    st.text(st.sampled_from("ab \t\r\n\n\n-+@\\\x0c\u2028é漢"), max_size=40),
    st.lists(st.sampled_from(["x = 1\n", "y = 2\r\n", "\n", "# z\r", "-- a\n", "+++ b\n", "@@\n"]), max_size=40).map(
        "".join
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
)
NAMES = [
    "a.py",
    "sub/b.py",
    "with space.py",
    "ünïcode 漢.py",
    'quote".py',
    "back\\slash.py",
    "tab\t.py",
    "new\nline.py",
]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("git"):
        pytest.skip("needs git")
    path = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "--quiet", path], check=True)
    return path


def applied(
    repository: Path, changes: list[tuple[str, str, str]], renames: dict[str, str] | None = None
) -> dict[str, str]:
    """The files' text after `git apply` of our diff, by their new names."""
    for name, old, _ in changes:
        (repository / name).parent.mkdir(exist_ok=True)
        (repository / name).write_bytes(old.encode())
    if diff := unified_diff(changes, renames):
        done = subprocess.run(
            ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"],
            cwd=repository,
            input=diff.encode(),
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stderr.decode()}\n{diff}"
    names = [(renames or {}).get(name, name) for name, _, _ in changes]
    assert not any((repository / name).exists() for name in (renames or {}).keys() - set(names))
    return {name: (repository / name).read_bytes().decode() for name in names}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=len(NAMES)))
def test_git_applies_any_diff(repository, pairs):
    changes = [(name, old, new) for name, (old, new) in zip(NAMES, pairs, strict=False)]
    assert applied(repository, changes) == {name: new for name, _, new in changes}


@pytest.mark.parametrize("name", NAMES)
def test_git_applies_under_any_name(repository, name):
    assert applied(repository, [(name, "old\n", "new\n")]) == {name: "new\n"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\nb", "a\nb\n"),
        ("a\nb\n", "a\nb"),
        ("", "a"),
        ("a\n", ""),
        ("a\r\nb\r\n", "a\r\nc\r\n"),
        ("a\rb\rc", "a\rX\rc"),
        ("a\r\nb\n", "a\nb\n"),
        ("a\x0cb\n\x1c\n", "a\x0cb\n\x1d\n"),
    ],
)
def test_git_applies_every_kind_of_line_end(repository, old, new):
    assert applied(repository, [("a.py", old, new)]) == {"a.py": new}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(TEXT, TEXT, st.booleans(), st.booleans()), min_size=1, max_size=len(NAMES)))
def test_git_applies_renames(repository, files):
    """Alone, with a change of content, before and after files that keep their names."""
    changes, renames = [], {}
    for name, (old, new, is_moved, is_changed) in zip(NAMES, files, strict=False):
        changes.append((name, old, new if is_changed else old))
        renames[name] = f"moved {name}" if is_moved and old else name
    result = applied(repository, changes, renames)
    assert result == {renames[name]: new for name, _, new in changes}
    for name in result:
        (repository / name).unlink()


def test_the_form_is_that_of_a_unified_diff():
    text = unified_diff([("app/x.py", "a\nb\nc", "a\nB\nc"), ("same.py", "x", "x"), ("y.py", "1\n", "2\n")])
    assert text == (
        "--- a/app/x.py\n+++ b/app/x.py\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n\\ No newline at end of file\n"
        "--- a/y.py\n+++ b/y.py\n@@ -1 +1 @@\n-1\n+2\n"
    )
    assert unified_diff([("same.py", "x", "x")]) == ""


def test_colour_only_adds_escape_sequences():
    changes = [("x.py", "a\nb\n", "a\nB")]
    coloured = unified_diff(changes, color=True)
    assert "\x1b[32m+B\x1b[0m\n" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == unified_diff(changes)
