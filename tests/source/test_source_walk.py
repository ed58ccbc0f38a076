from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fapi_lint.source.walk import Problem, discover, find_root


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def found(*paths: Path, **options: object) -> list[str]:
    """The files discovered below the first path, relative to it."""
    files = discover(paths, **options).files  # type: ignore[arg-type]
    return [os.path.relpath(file, paths[0]) for file in files]


def test_python_files_only_sorted_and_once(tmp_path: Path) -> None:
    write(tmp_path, "b.py", "a/c.py", "a/c.pyi", "a/c.pyc", "README.md", "d.py/e.py", "py")
    assert found(tmp_path, tmp_path / "a", tmp_path / "b.py") == ["a/c.py", "b.py", "d.py/e.py"]


def test_a_named_file_is_read_whatever_it_is(tmp_path: Path) -> None:
    write(tmp_path, ".git/", "build/x.py", "script")
    (tmp_path / ".gitignore").write_text("*\n")
    assert found(tmp_path, tmp_path / "build/x.py", tmp_path / "script") == ["build/x.py", "script"]


def test_a_named_folder_is_walked_whatever_ignores_it(tmp_path: Path) -> None:
    write(tmp_path, ".git/", "build/in/x.py", "build/in/x_gen.py", "other.py")
    (tmp_path / ".gitignore").write_text("build/\n*_gen.py\n")
    (tmp_path / "build/.gitignore").write_text("in\n")
    assert found(tmp_path) == ["other.py"]
    # A pattern file that ignores the folder itself has no say; here that is the only one.
    assert found(tmp_path / "build/in") == ["x.py", "x_gen.py"]


def test_default_exclusions(tmp_path: Path) -> None:
    write(tmp_path, ".venv/a.py", "node_modules/a.py", "x/build/a.py", "env/pyvenv.cfg", "env/a.py", "x/a.py")
    assert found(tmp_path) == ["x/a.py"]
    assert found(tmp_path / "env") == ["a.py"]
    assert found(tmp_path, exclude=[]) == [".venv/a.py", "node_modules/a.py", "x/a.py", "x/build/a.py"]


def test_exclusion_patterns_are_relative_to_the_root(tmp_path: Path) -> None:
    write(tmp_path, "app/gen/a.py", "app/gen/keep.py", "gen/a.py", "app/a_pb2.py", "app/b.py")

    def left(*patterns: str) -> list[str]:
        return found(tmp_path, extend_exclude=patterns, root=tmp_path)

    assert left("/gen", "*_pb2.py") == ["app/b.py", "app/gen/a.py", "app/gen/keep.py"]
    assert left("app/gen/*", "!app/gen/keep.py") == [
        "app/a_pb2.py",
        "app/b.py",
        "app/gen/keep.py",
        "gen/a.py",
    ]
    assert left("gen") == ["app/a_pb2.py", "app/b.py"]
    assert found(tmp_path / "app", extend_exclude=["/gen"], root=tmp_path / "app") == ["a_pb2.py", "b.py"]
    assert found(tmp_path / "app", extend_exclude=["/app/gen", "/b.py"], root=tmp_path / "gen") == [
        "a_pb2.py",
        "b.py",
        "gen/a.py",
        "gen/keep.py",
    ]


def test_links(tmp_path: Path) -> None:
    write(tmp_path, "a/real.py", "outside/b.py")
    (tmp_path / "a/link.py").symlink_to("real.py")
    (tmp_path / "a/broken.py").symlink_to("nowhere")
    (tmp_path / "a/loop").symlink_to("..")
    (tmp_path / "way").symlink_to("outside")
    assert found(tmp_path / "a") == ["link.py", "real.py"]
    assert found(tmp_path / "way") == ["b.py"]


def test_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "locked/a.py", "b.py")
    scandir = os.scandir

    def deny(path: str) -> object:  # The superuser, who runs many a test suite, is denied nothing.
        if path.endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", deny)
    discovery = discover([tmp_path, tmp_path / "none"])
    assert discovery.files == [str(tmp_path / "b.py")]
    assert discovery.problems == [
        Problem(str(tmp_path / "locked"), "cannot be read: Permission denied"),
        Problem(str(tmp_path / "none"), "does not exist"),
    ]


def test_gitignore_is_optional(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b.py")
    (tmp_path / ".gitignore").write_text("a.py\n")
    assert found(tmp_path) == ["b.py"]
    assert found(tmp_path, respect_gitignore=False) == ["a.py", "b.py"]


def test_malformed_patterns_are_overlooked(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "b.py")
    (tmp_path / ".gitignore").write_bytes(b"!\n[z-a]\n\\\n\xff\xfe\nb.py\r\n")
    assert found(tmp_path) == ["a.py"]


def test_a_worktree_shares_the_exclusions_of_its_repository(tmp_path: Path) -> None:
    write(tmp_path, "main/.git/worktrees/tree/", "main/.git/info/", "tree/a.py", "tree/b.py")
    (tmp_path / "main/.git/info/exclude").write_text("a.py\n")
    (tmp_path / "main/.git/worktrees/tree/commondir").write_text("../..\n")
    (tmp_path / "tree/.git").write_text(f"gitdir: {tmp_path}/main/.git/worktrees/tree\n")
    assert found(tmp_path / "tree") == ["b.py"]


names = st.sampled_from(["a", "b", "ab", "a.py", "b.py", "ab.py"])
# Without `a**`: git takes away the text before the first wildcard, and then sees `**` at the beginning.
patterns = st.builds(
    lambda negated, anchored, parts, folder: negated + anchored + "/".join(parts) + folder,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(
        st.sampled_from(
            [
                "a",
                "b",
                "*",
                "**",
                "a*",
                "?.py",
                "*.py",
                "[ab].py",
                "[!a]",
                "a.py",
                "[^b-z]*",
                "[z-a]b",
                "[b-az]",
                "[[:alpha:]].py",
                "\\\\a",
                "[a",
                "***",
                "a ",
            ]
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["", "", "/", " ", "//"]),
)
folders = st.lists(st.sampled_from(["a", "b", "ab"]), max_size=3).map("/".join)
git_environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent"}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the oracle")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(folders, st.sampled_from(["a.py", "b.py", "ab.py"])), min_size=1, max_size=8),
    st.dictionaries(folders | st.just(".git/info"), st.lists(patterns, max_size=4), max_size=3),
    folders,
)
def test_ignored_files_are_those_of_git(
    files: list[tuple[str, str]], ignores: dict[str, list[str]], start: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        subprocess.run(["git", "init", "-q", "--template=", root], check=True, env=git_environment)
        for parent, name in files:
            write(root, f"{parent}/{name}" if parent else name)
        for parent, lines in ignores.items():
            (root / parent).mkdir(parents=True, exist_ok=True)
            file = "exclude" if parent == ".git/info" else ".gitignore"
            (root / parent / file).write_text("".join(line + "\n" for line in lines))
        listing = subprocess.run(
            ["git", "ls-files", "-coz", "--exclude-standard", "--", "*.py"],
            cwd=root,
            env=git_environment,
            check=True,
            capture_output=True,
            text=True,
        )
        expected = sorted(filter(None, listing.stdout.split("\0")))
        assert found(root) == expected
        # From within, all is the same, unless git would not have come this far.
        below = [os.path.relpath(file, start) for file in expected if file.startswith(start + "/")]
        if below:
            assert found(root / start) == below


def test_the_nearest_marker_is_the_root(tmp_path: Path) -> None:
    write(tmp_path, ".git/", "back/requirements.txt", "back/app/main.py", "back/pyproject.toml")
    assert find_root(tmp_path / "back/app/main.py") == str(tmp_path / "back")
    assert find_root(tmp_path / "back/app/new.py") == str(tmp_path / "back")
    assert find_root(tmp_path / "front") == str(tmp_path)
    assert find_root(tmp_path) == str(tmp_path)


def test_a_package_is_a_root_by_strong_markers_only(tmp_path: Path) -> None:
    write(tmp_path, "setup.py", "src/app/__init__.py", "src/app/alembic.ini", "src/app/api/__init__.py")
    assert find_root(tmp_path / "src/app/api") == str(tmp_path)
    write(tmp_path, "src/app/fapi-lint.toml")
    assert find_root(tmp_path / "src/app/api") == str(tmp_path / "src/app")


def test_without_markers_the_root_is_outside_of_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "pyproject.toml", "code/app/__init__.py", "code/app/api/__init__.py", "code/app/api/x.py")
    monkeypatch.setenv("HOME", str(tmp_path))  # The home folder is never a root.
    assert find_root(tmp_path / "code/app/api/x.py") == str(tmp_path / "code")
    assert find_root(tmp_path / "code/app") == str(tmp_path / "code")
    assert find_root(tmp_path / "code") == str(tmp_path / "code")


def test_migrations_beside_the_sources_make_no_root_of_their_folder(tmp_path: Path) -> None:
    write(tmp_path, "pyproject.toml", "src/alembic.ini", "src/app/main.py", "tests/test_main.py")
    assert find_root(tmp_path / "src/app/main.py") == str(tmp_path)
    (tmp_path / "pyproject.toml").unlink()
    assert find_root(tmp_path / "src/app/main.py") == str(tmp_path / "src"), "where nothing else tells"


def test_without_markers_the_working_folder_is_the_root_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "app/models/user.py", "app/__init__.py", "other/x.py")
    monkeypatch.chdir(tmp_path)
    assert find_root("app/models/user.py") == find_root("app/models") == find_root(".") == str(tmp_path)
    assert find_root("other/x.py") == str(tmp_path)
    assert find_root("other") == str(tmp_path / "other"), "not what happens to stand beside it"
    monkeypatch.chdir(tmp_path / "app")
    assert find_root("models/user.py") == str(tmp_path), "outside of the package"
    assert find_root("../other/x.py") == str(tmp_path / "other")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_root("other/x.py") == str(tmp_path / "other"), "not all of the home folder"


def test_a_baseline_tells_the_root(tmp_path: Path) -> None:
    write(tmp_path, "known.json", "back/pyproject.toml", "back/app/main.py", "front/known.json", "front/main.py")
    assert find_root(tmp_path / "back/app/main.py", "known.json") == str(tmp_path)
    assert find_root(tmp_path / "front/main.py", "known.json") == str(tmp_path / "front")
    assert find_root(tmp_path / "back/app/main.py") == str(tmp_path / "back")


def test_what_is_not_saved_yet_is_in_its_folder(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "old.py").touch()
    names = ["app/new.py", "app/old.py", "app/left_out.py", "app/notes.txt", "nowhere/new.py"]
    unsaved = [str(tmp_path / name) for name in names]
    found = discover([tmp_path], extend_exclude=["left_out.py"], root=tmp_path, unsaved=unsaved)
    assert found.files == [str(tmp_path / "app/new.py"), str(tmp_path / "app/old.py")]
