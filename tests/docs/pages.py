"""Pages whose code is run: titled blocks are files, and consoles are what somebody types and reads."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import fapi_lint

ROOT = Path(fapi_lint.__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_BLOCK = re.compile(r"^```(?P<language>\w+)(?P<title>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r'title="([^"]+)"')
_COMMANDS = {
    "fapi-lint": (sys.executable, "-P", "-c", "from fapi_lint.cli import main; main()"),
    "pytest": (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:asyncio"),
}


def play(page: str, folder: Path, output_format: str = "concise") -> None:
    """Write every file of a page and run every command of it, in order, in a folder.

    A file with highlighted lines is what a command has made of it.
    """
    for block in _BLOCK.finditer((DOCS / page).read_text(encoding="utf-8")):
        if title := _TITLE.search(block["title"]):
            path = folder / title[1]
            if "hl_lines" in block["title"]:
                assert path.read_text(encoding="utf-8") == block["text"], title[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"], encoding="utf-8")
        elif block["language"] == "console":
            for session in block["text"].split("\n\n$ "):
                command, _, output = session.removeprefix("$ ").partition("\n")
                _check(command, output.rstrip("\n"), folder, output_format)


def _check(command: str, expected: str, folder: Path, output_format: str) -> None:
    """Run a command; `…` in its expected output is anything."""
    name, *args = command.split()
    ran = subprocess.run(
        [*_COMMANDS[name], *args],
        cwd=folder,
        env={
            "PYTHONPATH": f"{ROOT / 'src'}:{folder}",
            "PATH": "",
            "COLUMNS": "80",
            "FAPI_LINT_OUTPUT_FORMAT": output_format,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    pattern = re.escape(expected).replace("…", ".*")
    assert re.fullmatch(pattern, ran.stdout.rstrip("\n"), re.DOTALL), f"$ {command}\n{ran.stdout}"
