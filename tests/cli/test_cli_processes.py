"""What only processes show: imports, interpreters in strange folders, the pool, the cache, two at once."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import MODULE, ROOT, SCRIPT, finish, spawn, write

SELECT = ("--select", "FAPI0,FAPI205,FAPI207")
SHADOWS = {f"{name}.py": "raise SystemExit('shadowed')\n" for name in ("logging", "enum", "json", "dataclasses", "re")}
MODULES = {
    f"app/many_{part}.py": f'"""{"words and words, " * 5300}"""\n\nLIMIT = {part}  # noqa: FAPI205\n'
    for part in range(5)
}
"""More text than one process reads: then the pool starts."""


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("legacy") / "legacy_app"
    shutil.copytree(ROOT / "fixtures" / "legacy_app", folder, ignore=shutil.ignore_patterns(".fapi_lint_cache"))
    return folder


def test_a_run_with_nothing_to_parse_loads_no_parser(legacy: Path, tmp_path: Path) -> None:
    parts = ("fapi_lint.outline.parser", "libcst", "pydantic", "rich")
    probe = (
        "import sys\n"
        "from fapi_lint.cli import main\n"
        "try:\n    main()\n"
        f"finally:\n    print([m for m in {parts} if m in sys.modules], file=sys.stderr)\n"
    )
    command = (*SCRIPT[:2], "-c", probe)
    options = (*SELECT, "--cache-dir", str(tmp_path))  # Other tests may have filled the one of the folder.
    first = finish(spawn(*options, command=command, cwd=legacy))
    again = finish(spawn(*options, command=command, cwd=legacy))
    assert first.code == again.code == 1
    assert first.out == again.out
    assert first.err == "['fapi_lint.outline.parser']\n"
    assert again.err == "[]\n"


@pytest.mark.parametrize("command", [SCRIPT, MODULE])
def test_a_folder_with_modules_called_like_those_of_the_library(tmp_path: Path, command: tuple[str, ...]) -> None:
    """`python -m` itself imports `types` before it starts anything, so only the script can stand that one."""
    shadows = SHADOWS | ({"types.py": SHADOWS["enum.py"]} if command is SCRIPT else {})
    assert sum(map(len, MODULES.values())) > 400_000
    write(tmp_path, {"fapi-lint.toml": 'select = ["FAPI0", "FAPI205"]\n'} | MODULES | shadows)
    ran = finish(spawn("--jobs", "2", "--no-cache", "--quiet", command=command, cwd=tmp_path))
    assert ran.err == ""
    assert [line.partition(":")[0] for line in ran.out.splitlines()] == sorted(MODULES)


def test_jobs_and_cache_change_nothing(legacy: Path, tmp_path: Path) -> None:
    shutil.copytree(legacy / "app" / "models", tmp_path / "app" / "app" / "models")
    write(tmp_path / "app", MODULES)

    def findings(*args: str) -> str:
        ran = finish(spawn("--output-format", "json", *SELECT, *args, cwd=tmp_path / "app"))
        assert (ran.code, ran.err) == (1, "")
        return ran.out

    expected = findings("--no-cache", "--jobs", "1")
    assert len(json.loads(expected)) > 5
    assert findings("--no-cache", "--jobs", "2") == expected
    at_once = [spawn("--output-format", "json", *SELECT, "--jobs", "1", cwd=tmp_path / "app") for _ in range(2)]
    assert [finish(process).out for process in at_once] == [expected] * 2
    assert findings() == expected, "from the cache"
    (cache,) = (tmp_path / "app" / ".fapi_lint_cache").glob("*.sqlite")
    raw = cache.read_bytes()
    cache.write_bytes(b"nonsense")
    assert findings() == expected
    page = 4096
    cache.write_bytes(raw[:page] + b"\xff" * (len(raw) - page))
    assert findings() == expected
    assert b"\xff" * page not in cache.read_bytes(), "a damaged cache goes, and there is a new one"
    assert findings() == expected


def test_an_interrupt_ends_the_run_quietly(tmp_path: Path) -> None:
    write(tmp_path, {"app/long.py": "X = [1, 2, 3]\n" * 20_000})
    process = spawn("--no-cache", "--verbose", cwd=tmp_path)
    assert process.stderr is not None
    assert b"1 file to check" in process.stderr.readline(), "by then it has begun"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    ran = finish(process)
    assert ran.code == 130
    assert ran.out == ""
    assert ran.err.strip() == ""


def test_an_interrupt_while_modules_are_imported_is_as_quiet(tmp_path: Path) -> None:
    importing = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(name, *args):\n"
        "        if name == 'click': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting)\n"
        "from fapi_lint.__main__ import script\n"
        "script()"
    )
    ran = finish(spawn(command=(sys.executable, "-P", "-c", importing), cwd=tmp_path))
    assert (ran.code, ran.out, ran.err.strip()) == (130, "", "")


def test_the_interpreter_takes_the_module_too(legacy: Path) -> None:
    assert finish(spawn("version", command=MODULE, cwd=legacy)).out.startswith("fapi-lint ")


def test_standard_input_from_a_process(legacy: Path) -> None:
    ran = finish(spawn("-", "--fix", "--select", "FAPI001,FAPI205", cwd=legacy), b"X = 1  # noqa: FAPI205\r\n")
    assert (ran.code, ran.raw) == (0, b"X = 1\r\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is full")
def test_a_full_disk_is_no_defect_of_ours(legacy: Path) -> None:
    with open("/dev/full", "wb") as full:
        ran = subprocess.run([*SCRIPT, "rule"], cwd=legacy, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (ran.returncode, ran.stderr) == (2, b"error: The output cannot be written: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell closes the streams")
@pytest.mark.parametrize(("closed", "out"), [("<&- 2>&-", b"All checks passed!\n"), (">&-", b"")])
def test_streams_may_be_closed(legacy: Path, closed: str, out: bytes) -> None:
    command = f'exec "$@" - --color auto {closed}'
    ran = subprocess.run(
        ["sh", "-c", command, "sh", *SCRIPT], cwd=legacy, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, out, b"")
