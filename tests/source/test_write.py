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
