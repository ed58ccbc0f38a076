"""What `fapi-lint --fix --unsafe-fixes` makes of the legacy application, beside an application that works."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from applications import CONVERTED, FIXTURES, copied, lint, run

from fapi_lint.engine.registry import all_rules

pytestmark = pytest.mark.parametrize("name", [CONVERTED])

_WHERE = r"\((app/tasks/jobs|scripts/seed)\.py:\d+\)"
SYNCHRONOUS = rf" \(no fix: .*(`scoped_session\(\)`|`@queue\.task`|part of a script).* {_WHERE}\)$"
REASONS = {
    # Paths that may match the same request, and handlers that are used before they would be defined.
    "FAPI105": r" \(no fix: `.*` (may match the same request|would be used before it is defined)",
    # Two schemas of one resource want the same name, or one has it already.
    "FAPI106": r" \(no fix: `\w+` (should be called so too|exists)\)$",
    # Each calls functions of the other.
    "FAPI109": r" \(no fix: .*\)$",
    # What a person has to decide.
    "FAPI110": r" \(no fix: (which one is not evident|FastAPI would take it for the response model)\)$",
    # `site_settings` is a table without a model.
    "FAPI201": r" \(no fix: no model says what holds its values\)$",
    # Two relationships to the same other side: only one of them can be named there.
    "FAPI206": r" \(no fix: it names `\w+`\)$",
    # The body of a post is a `Text`.
    "FAPI303": r" \(no fix: there is no column with a length to take\)$",
    # Dicts and lists of anything.
    "FAPI401": r" \(no fix: what it returns is no single schema for sure\)$",
    # `update_user` and `delete_user` call `get_user`, and need its row.
    "FAPI406": r" \(no fix: other code calls the handler\)$",
    # The worker and the script stay synchronous, and so does what they call.
    "FAPI502": SYNCHRONOUS,
    "FAPI505": SYNCHRONOUS,
    # The settings know neither variable.
    "FAPI701": r" \(no fix: no settings are known to have a field for it\)$",
}
"""Rules that offer no fix for some findings, and what these say about it; all others that are left have none at all."""

Folder = Callable[[str], Path]


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def pyflakes(folder: Path) -> Counter[str]:
    """What ruff's F rules say, without places."""
    options = ("check", "--isolated", "--no-cache", "--select", "F", "--output-format", "json", "--exit-zero")
    found = json.loads(run("-m", "ruff", *options, ".", cwd=folder).stdout)
    return Counter(re.sub(r"line \d+", "line", f"{each['code']} {each['message']}") for each in found)


@pytest.fixture(scope="module")
def second_run(folder: Folder) -> tuple[list[dict[str, Any]], bool]:
    """What it finds, and whether it changes a file."""
    converted = folder("converted")
    before = contents(converted)
    left = json.loads(lint(converted, "--fix", "--unsafe-fixes", "--output-format", "json").stdout)
    return left, contents(converted) != before


def test_a_second_run_changes_nothing(second_run: tuple[list[dict[str, Any]], bool], name: str) -> None:
    assert not second_run[1]


def test_what_is_left_has_no_fix_and_says_why(second_run: tuple[list[dict[str, Any]], bool], name: str) -> None:
    """No fix is left over, and one that a rule has elsewhere is missing here for a reason that was looked at."""
    left = second_run[0]
    assert [each for each in left if each["fix"] is not None] == []
    fixable = [each for each in left if all_rules()[each["code"]].fix is not None]
    unexplained = [
        f"{each['filename']}:{each['location']['row']} {each['code']} {each['message']}"
        for each in fixable
        if not re.search(REASONS.get(each["code"], "(?!)"), each["message"])
    ]
    assert unexplained == []
    assert {each["code"] for each in fixable} == REASONS.keys(), "a reason that nothing gives any more"


def test_the_diff_is_the_same_change_and_tells_its_fixes(folder: Folder, name: str, tmp_path: Path) -> None:
    copy = copied("legacy_app", tmp_path)
    diff = lint(copy, "--diff", "--unsafe-fixes")
    subprocess.run(["git", "apply"], input=diff.stdout, cwd=copy, text=True, check=True)
    assert contents(copy) == contents(folder(name))
    fixes, _, left = diff.stderr.partition("\n\nCould not fix ")
    assert re.match(r"Would fix \d+ findings:\n\nFAPI001 \(unused-suppression\), safe: ", fixes)
    shared = "FAPI501 (sync-handler), FAPI502 (sync-session), FAPI505 (sync-service), unsafe: "
    assert shared in " ".join(fixes.split())
    assert max(map(len, fixes.splitlines())) <= 80
    lines = re.findall(r"^    \S+:\d+: .", left, re.MULTILINE)
    assert len(lines) == int(left.partition(" ")[0])


def test_nothing_is_left_unused_or_undefined(folder: Folder, name: str) -> None:
    assert pyflakes(folder(name)) - pyflakes(FIXTURES / "legacy_app") == Counter()
