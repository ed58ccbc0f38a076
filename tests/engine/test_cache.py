"""The cache is only ever a shortcut: deleted, damaged or shared, results stay the same."""

from __future__ import annotations

import os
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import fapi_lint
from fapi_lint.engine.applications import Options
from fapi_lint.engine.cache import Cache, _format, clean
from fapi_lint.engine.run import Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def database(folder: Path) -> Path:
    (file,) = folder.glob("*.sqlite")
    return file


def reopened(folder: Path, *keys: str) -> dict[str, bytes]:
    cache = Cache(str(folder))
    try:
        return cache.get(keys)
    finally:
        cache.close()


def filled(folder: Path) -> None:
    cache = Cache(str(folder))
    cache.put({"a": b"one", "b": b"two" * 5000})
    cache.close()


def test_entries_come_back(folder: Path) -> None:
    filled(folder)
    assert reopened(folder, "a", "b", "c") == {"a": b"one", "b": b"two" * 5000}


def test_no_folder_no_cache() -> None:
    cache = Cache(None)
    cache.put({"a": b"one"})
    assert cache.get(["a"]) == {}


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(str(tmp_path / "file" / "cache"))
    cache.put({"a": b"one"})
    assert cache.get(["a"]) == {}


@pytest.mark.parametrize("damage", [b"", b"garbage", b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_damaged_file_is_replaced(folder: Path, damage: bytes) -> None:
    filled(folder)
    database(folder).write_bytes(damage)
    assert reopened(folder, "a", "b") == {}
    filled(folder)
    assert reopened(folder, "a") == {"a": b"one"}


def test_a_damaged_entry_is_missing(folder: Path) -> None:
    filled(folder)
    connection = sqlite3.connect(database(folder))
    with connection:
        connection.execute("UPDATE entry SET data = ? WHERE key = ?", (b"other", b"a"))
    connection.close()
    assert reopened(folder, "a", "b").keys() == {"b"}


@pytest.mark.parametrize("offset", range(100, 12_000, 700))
def test_a_flipped_byte_is_never_believed(folder: Path, offset: int) -> None:
    filled(folder)
    file = database(folder)
    data = bytearray(file.read_bytes())
    data[offset % len(data)] ^= 0xFF
    file.write_bytes(data)
    for key, value in reopened(folder, "a", "b").items():
        assert value == {"a": b"one", "b": b"two" * 5000}[key]


def test_versions_that_take_turns_keep_their_files_and_older_ones_go(folder: Path) -> None:
    """As the environments of a hook, an editor and a shell do."""
    others = [folder / f"{number:016x}.sqlite" for number in range(3)]
    filled(folder)
    own = database(folder)
    for age, other in enumerate(others):
        shutil.copy(own, other)
        os.utime(other, (1000 - age, 1000 - age))
    own.unlink()
    journal = Path(f"{others[2]}-journal")
    shutil.copy2(others[2], journal)
    filled(folder)
    assert [other.exists() for other in others] == [True, True, False]
    assert not journal.exists()
    assert reopened(folder, "a") == {"a": b"one"}
    assert clean(str(folder))
    assert not folder.exists()


def test_the_same_wheel_has_the_same_cache_wherever_it_is_installed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def installed(name: str, *, code: str = "sha256=abc", record: bool = True) -> str:
        package = tmp_path / name / "fapi_lint"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        os.utime(package / "__init__.py", (len(name), len(name)))
        if record:
            information = tmp_path / name / f"fapi_lint-{fapi_lint.__version__}.dist-info"
            information.mkdir()
            lines = (f"fapi_lint/__init__.py,{code},0", f"{information.name}/direct_url.json,sha256={name},9")
            (information / "RECORD").write_text("\n".join(lines))
        monkeypatch.setattr(fapi_lint, "__path__", [str(package)])
        _format.cache_clear()
        filled(folder)
        written = database(folder).name
        clean(str(folder))
        return written

    try:
        assert installed("one") == installed("other")
        assert installed("newer", code="sha256=def") != installed("ones")
        assert installed("editable", record=False) != installed("elsewhere", record=False)
    finally:
        _format.cache_clear()


def test_entries_out_of_use_go(folder: Path) -> None:
    cache = Cache(str(folder))
    cache.put({f"old{n}": b"x" for n in range(300)})
    cache.put({"new": b"y"}, in_use=["new", "old1"])
    assert cache.get(["new", "old1", "old2"]) == {"new": b"y", "old1": b"x"}
    cache.close()


def test_many_at_once(folder: Path) -> None:
    def work(number: int) -> dict[str, bytes]:
        cache = Cache(str(folder))
        cache.put({f"{number}-{n}": b"x" * 100 for n in range(50)})
        found = cache.get([f"{number}-{n}" for n in range(50)])
        cache.close()
        return found

    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(work, range(16)):
            assert set(found.values()) <= {b"x" * 100}


def test_a_folder_that_is_not_only_a_cache_keeps_all_else(folder: Path) -> None:
    folder.mkdir()
    precious = [folder / name for name in ("application.sqlite", "test.sqlite3", "0123456789abcdef.sqlite.backup")]
    for file in precious:
        file.write_text("kept")
    filled(folder)
    assert reopened(folder, "a") == {"a": b"one"}
    assert clean(str(folder))
    assert sorted(folder.iterdir()) == sorted(precious)


def test_a_folder_that_was_made_for_it_is_marked(folder: Path) -> None:
    folder.mkdir()
    filled(folder)
    assert (folder / ".gitignore").read_text() == "*\n"
    assert clean(str(folder))
    assert not folder.exists()


def test_clean_only_deletes_a_cache(tmp_path: Path, folder: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    assert not clean(str(precious))
    assert (precious / "file").read_text() == "kept"
    filled(folder)
    assert clean(str(folder))
    assert not folder.exists()
    assert not clean(str(folder))


def test_a_run_reads_from_the_cache_what_it_would_have_parsed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "broken.py").write_text("def f(:\n")
    (tmp_path / "good.py").write_text("x = 1  # noqa: FAPI000\n")
    reports = [Run(Options(paths=(str(tmp_path),), use_cache=use)).check().report for use in (False, True, True)]
    assert reports[0].diagnostics
    assert reports[0] == reports[1] == reports[2]
