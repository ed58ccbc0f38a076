"""Fixes that move files: what is on the disk afterwards, and what the outputs say."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import Run, write

FILES = {
    "fapi-lint.toml": 'select = ["FAPI101", "FAPI102"]\n',
    "app/__init__.py": "",
    "app/apiV1/__init__.py": "",
    "app/apiV1/users.py": "x = 1\n",
    "app/apiV1/data.json": "{}\n",
    "app/services/__init__.py": "",
    "app/services/users.py": "y = 2\n",
    "app/main.py": "from app.apiV1.users import x\nfrom app.services.users import y\n\nprint(x, y)\n",
    "Dockerfile": 'CMD ["python", "-m", "app.services.users"]\n',
}
AFTER = {
    "fapi-lint.toml": FILES["fapi-lint.toml"],
    "app/__init__.py": "",
    "app/api_v1/__init__.py": "",
    "app/api_v1/users.py": "x = 1\n",
    "app/api_v1/data.json": "{}\n",
    "app/services/__init__.py": "",
    "app/services/user.py": "y = 2\n",
    "app/main.py": "from app.api_v1.users import x\nfrom app.services.user import y\n\nprint(x, y)\n",
    "Dockerfile": 'CMD ["python", "-m", "app.services.user"]\n',
}


@pytest.fixture
def moving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in folder.rglob("*")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    }


def test_fix_moves_files_and_whole_packages(moving: Path, run: Run) -> None:
    ran = run("--fix", "--unsafe-fixes")
    assert ran.code == 0
    assert contents(moving) == AFTER
    assert not (moving / "app/apiV1").exists()
    assert "(2 fixed, 0 remaining)" in ran.out
    assert run("--fix", "--unsafe-fixes").out == "All checks passed!\n"


def test_safe_fixes_move_nothing(moving: Path, run: Run) -> None:
    assert run("--fix").code == 1
    assert contents(moving) == FILES


def test_only_what_is_asked_for_is_reported_after_it_moved(moving: Path, run: Run) -> None:
    ran = run("--fix", "--unsafe-fixes", "app/services/users.py")
    assert ran.code == 0
    assert (moving / "app/services/user.py").exists()
    assert (moving / "app/apiV1/users.py").exists()


def test_git_applies_the_diff_as_renames(moving: Path, run: Run) -> None:
    if not shutil.which("git"):
        pytest.skip("needs git")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], cwd=moving, check=True)
    ran = run("--diff", "--unsafe-fixes", "--no-cache")
    assert contents(moving) == FILES
    assert ran.code == 1
    assert "rename from app/services/users.py\nrename to app/services/user.py\n" in ran.out
    subprocess.run([*git, "apply", "--index"], cwd=moving, input=ran.out.encode(), check=True)
    assert contents(moving) == AFTER
    status = subprocess.run(
        [*git, "diff", "--cached", "-M", "--name-status"], cwd=moving, capture_output=True, check=True
    )
    assert b"R100\tapp/services/users.py\tapp/services/user.py\n" in status.stdout
    assert b"R100\tapp/apiV1/data.json\tapp/api_v1/data.json\n" in status.stdout


def test_renames_below_the_root_of_a_repository(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    if not shutil.which("git"):
        pytest.skip("needs git")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    service = tmp_path / "service"
    write(service, FILES)
    monkeypatch.chdir(service)
    ran = run("--diff", "--unsafe-fixes", "--no-cache")
    assert f"warning: paths are relative to {tmp_path}: apply the patch there\n" in ran.err
    subprocess.run(["git", "apply"], cwd=tmp_path, input=ran.out.encode(), check=True)
    assert contents(service) == AFTER


def test_json_says_what_moves(moving: Path, run: Run) -> None:
    found = {item["code"]: item["fix"] for item in json.loads(run("--output-format", "json").out)}
    assert found["FAPI102"]["moves"] == [
        {"filename": str(moving / "app/services/users.py"), "to": str(moving / "app/services/user.py")}
    ]
    assert {edit["filename"] for edit in found["FAPI102"]["edits"]} == {
        str(moving / "app/main.py"),
        str(moving / "Dockerfile"),
    }
    assert found["FAPI101"]["moves"] == [{"filename": str(moving / "app/apiV1"), "to": str(moving / "app/api_v1")}]


def test_formats_that_cannot_say_it_leave_the_fix_out(moving: Path, run: Run) -> None:
    sarif = json.loads(run("--output-format", "sarif").out)
    assert all("fixes" not in result for result in sarif["runs"][0]["results"])
    rdjson = json.loads(run("--output-format", "rdjson").out)
    assert all("suggestions" not in diagnostic for diagnostic in rdjson["diagnostics"])


def test_nothing_is_overwritten(moving: Path, run: Run) -> None:
    """A file that is no part of the application is in the way."""
    write(moving, {"app/api_v1": "a file\n"})
    ran = run("--fix", "--unsafe-fixes")
    assert ran.code == 1
    assert (moving / "app/apiV1/users.py").exists()
    assert (moving / "app/api_v1").read_text() == "a file\n"
    assert (moving / "app/services/user.py").exists()


def test_standard_input_moves_nothing(moving: Path, run: Run) -> None:
    ran = run("--fix", "--unsafe-fixes", "--stdin-filename", "app/services/users.py", "-", stdin=b"y = 3\n")
    assert ran.out == "y = 3\n"
    assert contents(moving) == FILES


def test_a_text_file_that_changes_is_not_forgotten_by_the_cache(moving: Path, run: Run) -> None:
    def edits() -> int:
        items = json.loads(run("--output-format", "json", "--select", "FAPI102").out)
        return len(items[0]["fix"]["edits"])

    assert edits() == 2
    write(moving, {"Dockerfile": "FROM python:3.12-slim\n"})
    assert edits() == 1
