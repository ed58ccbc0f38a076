"""The hooks, through pre-commit itself: it installs this checkout as it would install a release."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import FILES, ROOT, write

pytest.importorskip("pre_commit")

INSTALLED = ("src", "README.md", "LICENSE", "pyproject.toml", ".pre-commit-hooks.yaml")


def git(folder: Path, *args: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    command = ["git", *identity, *args]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "Everything")
    return git(folder, "rev-parse", "HEAD")


@pytest.mark.slow
def test_the_hooks_check_and_fix(tmp_path: Path) -> None:
    hooks, app = tmp_path / "hooks", tmp_path / "app"
    hooks.mkdir()
    for name in INSTALLED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, hooks / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, hooks / name)
    revision = commit(hooks)
    configuration = f"repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n  - id: fapi-lint\n  - id: fapi-lint-fix\n"
    broken = {"app/templates/view.py": "{{ template }}\n"}
    exclude = {"fapi-lint.toml": FILES["fapi-lint.toml"] + 'extend-exclude = ["templates"]\n'}
    write(
        app, FILES | broken | exclude | {".pre-commit-config.yaml": configuration, ".gitignore": ".fapi_lint_cache\n"}
    )
    commit(app)
    environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "home")}
    environment.pop("PYTHONPATH", None)

    def run(hook: str, *args: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "pre_commit", "run", hook, *args]
        done = subprocess.run(command, cwd=app, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    code, output = run("fapi-lint", "--all-files")
    assert code == 1, output
    assert "app/limits.py:1:13: FAPI001" in output, output
    assert "app/models/user.py:11:39: FAPI207" in output, "found through Base, in another file"
    assert "view.py" not in output
    code, output = run("fapi-lint", "--files", "app/models/user.py")
    assert code == 1, output
    assert "FAPI207" in output
    assert "limits.py" not in output
    code, output = run("fapi-lint", "--files", "app/models/base.py")
    assert code == 0, output
    code, output = run("fapi-lint-fix", "--files", "app/limits.py")
    assert code == 1, output
    assert (app / "app/limits.py").read_text() == "LIMIT = 10\n"
    code, output = run("fapi-lint-fix", "--files", "app/limits.py")
    assert code == 0, output
