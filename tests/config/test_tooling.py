from __future__ import annotations

import os
from pathlib import Path

import pytest

from fapi_lint.config.tooling import Tooling, read_tooling
from fapi_lint.config.versions import read_versions


def write(root: Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [str(root / name) for name in files if name.endswith(".py")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[tool.pytest.ini_options]\nasyncio_mode = "auto"\n'),
        ("pyproject.toml", '[tool.pytest.ini_options]\nanyio_mode = "auto"\n'),
        ("pyproject.toml", '[tool.pytest.ini_options]\naddopts = ["--asyncio-mode", "auto"]\n'),
        ("pytest.ini", "[pytest]\nasyncio_mode=auto\n"),
        ("pytest.ini", "[pytest]\ntrio_mode = true\n"),
        ("setup.cfg", "[tool:pytest]\nasyncio_mode = auto\n"),
        ("tox.ini", "[testenv]\ncommands = pytest --asyncio-mode=auto {posargs}\n"),
        ("Makefile", "test:\n\tpytest --asyncio-mode auto\n"),
        ("scripts/test.sh", "pytest -o asyncio_mode=auto\n"),
        (".github/workflows/test.yml", "- run: pytest --asyncio-mode=auto\n"),
    ],
)
def test_mode_is_read_where_it_is_set(tmp_path: Path, name: str, text: str) -> None:
    files = write(tmp_path, {name: text, "tests/test_a.py": ""})
    assert read_tooling(tmp_path, files).runs_all_async_tests == {str(tmp_path)}


@pytest.mark.parametrize(
    "text",
    ['asyncio_mode = "strict"\n', '# asyncio_mode = "auto"\n', 'asyncio_default_fixture_loop_scope = "function"\n', ""],
)
def test_other_modes_are_none(tmp_path: Path, text: str) -> None:
    files = write(tmp_path, {"pyproject.toml": text, "tests/test_a.py": ""})
    assert read_tooling(tmp_path, files) == Tooling()


def test_folders_between_root_and_tests_have_configurations_of_their_own(tmp_path: Path) -> None:
    files = write(
        tmp_path, {"backend/pytest.ini": "[pytest]\nasyncio_mode = auto\n", "backend/app/tests/test_a.py": ""}
    )
    assert read_tooling(tmp_path, files).runs_all_async_tests == {str(tmp_path / "backend")}


def test_what_is_above_the_root_counts_within_the_repository(tmp_path: Path) -> None:
    files = write(tmp_path, {"pytest.ini": "[pytest]\nasyncio_mode = auto\n", "backend/tests/test_a.py": ""})
    assert not read_tooling(tmp_path / "backend", files).runs_all_async_tests
    (tmp_path / ".git").mkdir()
    assert read_tooling(tmp_path / "backend", files).runs_all_async_tests == {str(tmp_path)}


def test_templates_of_revisions(tmp_path: Path) -> None:
    files = write(tmp_path, {"alembic/script.py.mako": "${upgrades}", "alembic/versions/a.py": "", "app/b.py": ""})
    assert read_tooling(tmp_path, files).revision_templates == {str(tmp_path / "alembic"): "${upgrades}"}


def test_nothing_is_raised(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    assert read_tooling(tmp_path / "missing", [str(tmp_path / "elsewhere.py")]) == Tooling()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "requirements.txt", "pytest.ini"):
        os.mkfifo(tmp_path / name)
    assert not read_tooling(tmp_path, []).runs_all_async_tests
    assert read_versions(tmp_path).sqlalchemy.lowest is None
