from __future__ import annotations

import os
from pathlib import Path

import pytest

from fapi_lint.source.write import WriteError, write_all


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, so that a test sees temporary ones left behind."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def make(folder: Path, **files: bytes) -> list[str]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [str(folder / name) for name in files]


def test_files_are_changed_and_made(tmp_path: Path) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    write_all({a: b"\xff\r\n", b: b"", str(tmp_path / "new"): b"3"})
    assert contents(tmp_path) == {"a": b"\xff\r\n", "b": b"", "new": b"3"}


def test_mode_and_links_are_kept(tmp_path: Path) -> None:
    (real,) = make(tmp_path, real=b"1")
    os.chmod(real, 0o751)
    link = tmp_path / "link"
    link.symlink_to("real")
    write_all({str(link): b"2"})
    assert link.is_symlink()
    assert Path(real).read_bytes() == b"2"
    assert os.stat(real).st_mode & 0o777 == 0o751


def test_a_new_file_has_the_mode_of_the_mask(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_all({str(tmp_path / "new"): b""})
    finally:
        os.umask(mask)
    assert os.stat(tmp_path / "new").st_mode & 0o777 == 0o640


def test_two_names_of_one_file(tmp_path: Path) -> None:
    (real,) = make(tmp_path, real=b"1")
    (tmp_path / "link").symlink_to("real")
    write_all({real: b"2", str(tmp_path / "link"): b"2"})
    assert contents(tmp_path) == {"real": b"2", "link": b"2"}
    with pytest.raises(WriteError, match="is the same file as"):
        write_all({real: b"3", str(tmp_path / "link"): b"4"})
    assert contents(tmp_path) == {"real": b"2", "link": b"2"}


@pytest.mark.parametrize(
    ("name", "reason"), [("a/x", "Not a directory"), ("none/x", "No such file"), ("d", "directory")]
)
def test_nothing_changes_when_one_cannot_be_written(tmp_path: Path, name: str, reason: str) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    (tmp_path / "d").mkdir()
    with pytest.raises(WriteError, match=reason) as caught:
        write_all({a: b"changed", str(tmp_path / name): b"3", b: b"changed"})
    assert caught.value.path == str(tmp_path / name)
    assert contents(tmp_path) == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize("now", [b"saved", None])
def test_what_somebody_else_has_saved_is_not_lost(tmp_path: Path, now: bytes | None) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    was = {a: b"1", b: b"2"}
    if now is None:
        os.unlink(b)
    else:
        make(tmp_path, b=now)
    before = contents(tmp_path)
    with pytest.raises(WriteError, match="changed by somebody else"):
        write_all({a: b"3", b: b"4"}, was=was)
    assert contents(tmp_path) == before
    make(tmp_path, b=b"2")
    write_all({a: b"3", b: b"4"}, was=was)
    assert contents(tmp_path) == {"a": b"3", "b": b"4"}


def test_a_read_only_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    # The superuser may write to everything, so that a mode proves nothing here.
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == b and mode == os.W_OK))
    with pytest.raises(WriteError, match="b: is read-only"):
        write_all({a: b"changed", b: b"changed"})
    assert contents(tmp_path) == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_files_already_replaced_are_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, count: int
) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    os.chmod(a, 0o604)
    replace, calls = os.replace, 0

    def fail(source: str, target: str) -> None:
        nonlocal calls
        calls += 1
        if calls == count + 1:
            raise error
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises((WriteError, KeyboardInterrupt)) as caught:
        write_all({a: b"changed", str(tmp_path / "new"): b"made", b: b"changed"})
    assert contents(tmp_path) == {"a": b"1", "b": b"2"}
    assert os.stat(a).st_mode & 0o777 == 0o604
    if isinstance(caught.value, WriteError):
        failed = ["a", "new", "b"][count]
        assert str(caught.value) == f"{tmp_path / failed}: cannot be replaced: No space left on device"


def test_what_cannot_be_put_back_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    replace, calls = os.replace, 0

    def fail(source: str, target: str) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError(5, "Input/output error")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(WriteError, match=f"not to be put back: {a}$"):
        write_all({a: b"changed", b: b"changed"})
    assert contents(tmp_path)["b"] == b"2"


def test_a_failing_disk_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (a,) = make(tmp_path, a=b"1")

    def fail(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(WriteError, match="a: cannot be written: Input/output error"):
        write_all({a: b"changed"})
    assert contents(tmp_path) == {"a": b"1"}


# --- moves -----------------------------------------------------------------------------------------


def test_files_are_written_and_then_moved(tmp_path: Path) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    os.chmod(a, 0o640)
    inode = os.stat(b).st_ino
    write_all({a: b"changed"}, {a: str(tmp_path / "sub" / "c"), b: str(tmp_path / "d")})
    assert contents(tmp_path) == {"d": b"2", "sub/c": b"changed"}
    assert (tmp_path / "sub" / "c").stat().st_mode & 0o777 == 0o640
    assert os.stat(tmp_path / "d").st_ino == inode, "not copied"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    with pytest.raises(WriteError, match=f"a: cannot be moved: {b} exists"):
        write_all({a: b"changed"}, {a: b})
    assert contents(tmp_path) == {"a": b"1", "b": b"2"}


def test_a_place_that_another_move_leaves_is_free(tmp_path: Path) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    write_all({}, {a: b, b: str(tmp_path / "c")})
    assert contents(tmp_path) == {"b": b"1", "c": b"2"}


def test_places_are_not_exchanged(tmp_path: Path) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    with pytest.raises(WriteError, match="exchanged"):
        write_all({}, {a: b, b: a})
    assert contents(tmp_path) == {"a": b"1", "b": b"2"}


def test_what_is_not_there_cannot_be_moved(tmp_path: Path) -> None:
    (a,) = make(tmp_path, a=b"1")
    with pytest.raises(WriteError, match="missing: cannot be moved: it does not exist"):
        write_all({a: b"changed"}, {str(tmp_path / "missing"): str(tmp_path / "b")})
    assert contents(tmp_path) == {"a": b"1"}


def test_nothing_leaves_a_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(tmp_path))
    with pytest.raises(WriteError, match="b: cannot be moved: its folder is read-only"):
        write_all({a: b"changed"}, {b: str(tmp_path / "c")})
    assert contents(tmp_path) == {"a": b"1", "b": b"2"}


def test_a_link_moves_itself(tmp_path: Path) -> None:
    (a,) = make(tmp_path, a=b"1")
    (tmp_path / "link").symlink_to("a")
    write_all({str(tmp_path / "link"): b"2"}, {str(tmp_path / "link"): str(tmp_path / "moved")})
    assert os.readlink(tmp_path / "moved") == "a"
    assert Path(a).read_bytes() == b"2"
    assert not os.path.lexists(tmp_path / "link")


def test_another_spelling_of_one_file_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that does not tell upper from lower case."""
    a = str(tmp_path / "A.py")
    Path(a).write_bytes(b"1")
    exists, lstat = os.path.lexists, os.lstat
    monkeypatch.setattr(os.path, "lexists", lambda path: exists(path) or exists(str(path).replace("a.py", "A.py")))
    monkeypatch.setattr(os, "lstat", lambda path: lstat(str(path).replace("a.py", "A.py")))
    write_all({}, {a: str(tmp_path / "a.py")})
    monkeypatch.undo()
    assert contents(tmp_path) == {"a.py": b"1"}


def test_a_folder_left_with_compiled_modules_goes(tmp_path: Path) -> None:
    (tmp_path / "Old" / "__pycache__").mkdir(parents=True)
    (tmp_path / "Old" / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"")
    (tmp_path / "Old" / "a.py").write_bytes(b"1")
    write_all({}, {str(tmp_path / "Old" / "a.py"): str(tmp_path / "new" / "a.py")})
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == ["new", "new/a.py"]


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_move_that_fails_takes_everything_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    a, b = make(tmp_path, a=b"1", b=b"2")
    rename = os.rename

    def fail(source: str, target: str) -> None:
        if source == b:
            raise error
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises((WriteError, KeyboardInterrupt)) as caught:
        write_all({a: b"changed"}, {a: str(tmp_path / "x" / "y" / "a"), b: str(tmp_path / "z" / "b")})
    assert contents(tmp_path) == {"a": b"1", "b": b"2"}
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b"}
    if isinstance(caught.value, WriteError):
        assert str(caught.value) == f"{b}: cannot be moved: Input/output error"
