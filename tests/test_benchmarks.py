"""The benchmarks measure what they say they do, on whatever they are pointed at."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def benchmark(script: str, *arguments: str | Path, folder: Path) -> str:
    command = [sys.executable, str(ROOT / "benchmarks" / script), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout


def test_every_row_is_measured_and_the_input_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    folder.joinpath("main.py").write_text("from sqlalchemy import Column, Integer\n", encoding="utf-8")
    printed = benchmark("run.py", folder, "--repeat", "1", "--no-peers", "--output", "table.md", folder=tmp_path)
    rows = re.findall(r"^\| (.+) \| (\d+\.\d+) \| (\d+\.\d+) \|$", printed, re.MULTILINE)
    assert [label for label, _, _ in rows] == [
        "libcst.parse_module, one thread (floor)",
        "ast.parse, one thread",
        "fapi-lint, cold, 1 job",
        "fapi-lint, cold, 2 jobs",
        "fapi-lint, nothing changed",
        "fapi-lint, one file changed",
        "fapi-lint, one changed file passed",
        "fapi-lint, one file passed, nothing changed",
        "fapi-lint, one changed file in a running process: its findings",
        "fapi-lint, one changed file in a running process: all findings",
        "fapi-lint, standard input",
        "fapi-lint --fix --unsafe-fixes",
    ]
    assert rows[0][2] == "1.00"
    assert "### app: 1 files, 1 lines" in (tmp_path / "table.md").read_text(encoding="utf-8")
    assert [path.name for path in folder.iterdir()] == ["main.py"]


def test_a_generated_application_can_be_read_and_breaks_some_rules(tmp_path: Path) -> None:
    benchmark("generate.py", tmp_path / "app", "900", folder=tmp_path)
    lines = sum(path.read_text(encoding="utf-8").count("\n") for path in tmp_path.rglob("*.py"))
    assert 900 <= lines < 1_200
    command = [sys.executable, "-m", "fapi_lint", "check", "app", "--output-format", "concise", "--no-cache"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    codes = set(re.findall(r" (FAPI\d{3}) ", done.stdout))
    assert codes >= {"FAPI205", "FAPI207", "FAPI503"}
    assert "FAPI000" not in codes
