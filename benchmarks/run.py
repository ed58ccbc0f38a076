"""fapi-lint beside the parse floor and its peers: one table for each input, every row from the same run.

    pip install -e . -r benchmarks/requirements.txt
    python benchmarks/run.py                 # the pinned packages, fetched with pip
    python benchmarks/run.py PATH...         # applications of your own
    python benchmarks/run.py --growth        # a generated application of 1,000 to 1,000,000 lines

Rows are the best of `--repeat` runs in seconds of wall-clock time; `floor` is one thread that calls
`libcst.parse_module` on every file. Nothing is changed: every input is copied first.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

PACKAGES = ("prefect==3.9.1", "lnbits==1.6.2")
BESIDE = os.path.dirname(sys.executable)
LINT = [sys.executable, "-m", "fapi_lint", "check", "--exit-zero", "--isolated"]
PARSE = """
import gc, sys, time
texts = [open(path, encoding="utf-8", newline="").read() for path in sys.stdin.read().splitlines()]
gc.disable()
import {module}
start = time.perf_counter()
for text in texts:
    try:
        {call}(text)
    except Exception:
        pass
print(time.perf_counter() - start)
"""
EDITOR = """
import gc, sys, time
from fapi_lint.engine.applications import Options
from fapi_lint.engine.reading import Memory
from fapi_lint.engine.run import Run
file, asked = sys.argv[1:]
memory = Memory()
def check(path):
    Run(Options(paths=(path,), isolated=True, jobs=2, with_edits=False), memory).check()
check(".")
gc.collect(); gc.freeze(); gc.set_threshold(200_000, 30, 30)
took = []
for edit in range(3):
    with open(file, "a", encoding="utf-8") as stream:
        stream.write(f"\\n_edited = {time.time_ns()}\\n")
    start = time.perf_counter()
    check(asked)
    took.append(time.perf_counter() - start)
print(min(took))
"""
PEERS: dict[str, list[str]] = {
    "ruff, all rules": ["ruff", "check", "--isolated", "--no-cache", "--exit-zero", "--select", "ALL", "--quiet"],
    "ruff, FastAPI rules": ["ruff", "check", "--isolated", "--no-cache", "--exit-zero", "--select", "FAST", "--quiet"],
    "flake8, async and sqlalchemy2": ["flake8", "--isolated", "--exit-zero", "-j", "2", "--select", "ASYNC,SA2"],
    "pylint, warnings": ["pylint", "-j", "2", "--exit-zero", "--disable=all", "--enable=W", "--score=n"],
    "fixit, default rules": ["fixit", "--quiet", "lint"],
}


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if path.is_file())


def lines_of(files: Iterable[Path]) -> int:
    return sum(path.read_bytes().count(b"\n") for path in files)


def seconds(command: list[str], folder: Path, text: bytes | None = None) -> float:
    """How long a command takes in a folder; its output is thrown away. Raises if it cannot be run."""
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, input=text, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    # Python exits with 1 as well if there is no such module, as with a relative PYTHONPATH, or if it raises.
    if done.returncode not in (0, 1) or (done.returncode and re.search(rb"No module named|Traceback", done.stderr)):
        raise RuntimeError(f"{command[:4]} exited with {done.returncode}: {done.stderr.decode()[-400:]}")
    return time.perf_counter() - start


def parse_seconds(files: list[Path], module: str, call: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", PARSE.format(module=module, call=call)],
        input="\n".join(map(str, files)),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def running_seconds(file: Path, asked: str, folder: Path) -> float:
    """The best of three checks of a path by one process, with a change to a file before each."""
    done = subprocess.run(
        [sys.executable, "-c", EDITOR, str(file), asked], cwd=folder, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def touched(file: Path) -> None:
    """Change a file the way an edit does: a new statement at its end."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write(f"\n_edited = {time.time_ns()}\n")


def rows(folder: Path, repeat: int, peers: bool) -> Iterable[tuple[str, float]]:
    """Label and seconds of every measurement, the floor first."""
    files = files_of(folder)
    middle = files[len(files) // 2]

    def best(measure: Callable[[], float]) -> float:
        return min(measure() for _ in range(repeat))

    yield "libcst.parse_module, one thread (floor)", best(lambda: parse_seconds(files, "libcst", "libcst.parse_module"))
    yield "ast.parse, one thread", best(lambda: parse_seconds(files, "ast", "ast.parse"))
    for jobs in ("1", "2"):
        command = [*LINT, "--no-cache", "--jobs", jobs, "."]
        yield (
            f"fapi-lint, cold, {jobs} job{'s' * (jobs != '1')}",
            best(lambda command=command: seconds(command, folder)),
        )
    warm = [*LINT, "--jobs", "2", "."]
    seconds(warm, folder)
    yield "fapi-lint, nothing changed", best(lambda: seconds(warm, folder))

    def one_changed() -> float:
        touched(middle)
        return seconds(warm, folder)

    yield "fapi-lint, one file changed", best(one_changed)

    passed = [*LINT, "--jobs", "2", str(middle.relative_to(folder))]

    def one_passed() -> float:
        touched(middle)
        return seconds(passed, folder)

    yield "fapi-lint, one changed file passed", best(one_passed)
    yield "fapi-lint, one file passed, nothing changed", best(lambda: seconds(passed, folder))
    running = "fapi-lint, one changed file in a running process"
    yield f"{running}: its findings", running_seconds(middle, str(middle), folder)
    yield f"{running}: all findings", running_seconds(middle, ".", folder)
    stdin = [*LINT, "--jobs", "2", "--stdin-filename", str(middle.relative_to(folder)), "-"]

    def from_stdin() -> float:
        return seconds(stdin, folder, middle.read_bytes() + f"\n_edited = {time.time_ns()}\n".encode())

    yield "fapi-lint, standard input", best(from_stdin)

    def fixed() -> float:
        with tempfile.TemporaryDirectory() as copy:
            target = Path(copy, "app")
            shutil.copytree(folder, target, ignore=shutil.ignore_patterns(".fapi_lint_cache"))
            return seconds([*LINT, "--no-cache", "--jobs", "2", "--fix", "--unsafe-fixes", "."], target)

    yield "fapi-lint --fix --unsafe-fixes", best(fixed)
    if peers:
        for label, command in PEERS.items():
            executable = shutil.which(command[0], path=os.pathsep.join([BESIDE, os.environ.get("PATH", "")]))
            if executable is None:
                print(f"{label}: left out, {command[0]} is not installed", file=sys.stderr)
            else:
                yield label, best(lambda command=command, tool=executable: seconds([tool, *command[1:], "."], folder))


def table(title: str, folder: Path, repeat: int, peers: bool) -> str:
    files = files_of(folder)
    out = [
        f"### {title}: {len(files):,} files, {lines_of(files):,} lines",
        "",
        "| what | seconds | × floor |",
        "|---|--:|--:|",
    ]
    floor = 0.0
    for label, took in rows(folder, repeat, peers):
        floor = floor or took
        out.append(f"| {label} | {took:.2f} | {took / floor:.2f} |")
        print(out[-1], flush=True)
    return "\n".join(out) + "\n"


def fetched(requirement: str, target: Path) -> Path:
    """Unpack a pinned package's wheel."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*command, "-d", folder, requirement], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target)
    return target


def growth(repeat: int) -> str:
    """Time and peak memory for generated applications of growing size."""
    sys.path.insert(0, str(Path(__file__).parent))
    from generate import generate

    out = ["### Growth", "", "| lines | seconds | µs a line | peak MB |", "|--:|--:|--:|--:|"]
    points = []
    for size in (1_000, 10_000, 100_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder:
            lines = generate(Path(folder), size)
            command = [*LINT, "--no-cache", "--jobs", "2", "."]
            runs = [measured(command, Path(folder)) for _ in range(repeat if size < 1_000_000 else 1)]
            took, memory = min(runs)
            points.append((lines, took))
            out.append(f"| {lines:,} | {took:.2f} | {took / lines * 1e6:.0f} | {memory:.0f} |")
            print(out[-1], flush=True)
    plot(points)
    return "\n".join(out) + "\n\n![Growth](growth.svg)\n"


def measured(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds and peak memory in MB (of the main process) of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise RuntimeError(f"{command} exited with {status}")
    scale = 1024**2 if platform.system() == "Darwin" else 1024
    return time.perf_counter() - start, usage.ru_maxrss / scale


def plot(points: list[tuple[int, float]]) -> None:
    """Write growth.svg beside this file, if matplotlib is there."""
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "growth"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.5))
    axes.loglog([x for x, _ in points], [y for _, y in points], marker="o")
    axes.set_xlabel("lines")
    axes.set_ylabel("seconds, cold, 2 jobs")
    axes.grid(True, which="both", alpha=0.3)
    figure.tight_layout()
    figure.savefig(Path(__file__).with_name("growth.svg"), metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, help="applications to measure in place of the pinned packages")
    parser.add_argument("--growth", action="store_true", help="measure generated applications instead")
    parser.add_argument("--repeat", type=int, default=3, help="runs of which the best counts (default: 3)")
    parser.add_argument("--no-peers", action="store_true", help="leave the other tools out")
    parser.add_argument("--output", type=Path, help="append the tables to this file")
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # What pip installs is compiled, and so are the peers.
    head = (
        f"## {time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, {platform.system()} "
        f"{platform.machine()}, {os.cpu_count()} cores\n"
    )
    parts = [head]
    if arguments.growth:
        parts.append(growth(arguments.repeat))
    else:
        with tempfile.TemporaryDirectory() as folder:
            inputs = arguments.paths or [Path(name) for name in PACKAGES]
            for source in inputs:
                target = Path(folder, source.name)
                if arguments.paths:
                    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".git", ".fapi_lint_cache"))
                else:
                    fetched(str(source), target)
                target.joinpath("pyproject.toml").touch()  # One application, whatever path of it is named.
                print(f"{source.name}:", flush=True)
                parts.append(table(source.name, target, arguments.repeat, not arguments.no_peers))
    text = "\n".join(parts)
    if arguments.output:
        with arguments.output.open("a", encoding="utf-8") as stream:
            stream.write(text + "\n")


if __name__ == "__main__":
    main()
