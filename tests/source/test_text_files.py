"""The files beside the Python ones."""

from __future__ import annotations

from pathlib import Path

from fapi_lint.source.text_files import find_text_files


def test_a_link_to_itself_hides_no_other_file(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    files = [tmp_path / f"{letter}.cfg" for letter in "abcdefgh"]
    for file in files:
        file.with_suffix(".toml").symlink_to(file.with_suffix(".toml"))
        file.write_text("")
    assert find_text_files(str(tmp_path), []) == list(map(str, files))
