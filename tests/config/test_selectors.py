from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fapi_lint.config.load import ConfigError
from fapi_lint.config.selectors import fixable_set, per_file_ignores, rule_set, validate_codes
from fapi_lint.config.settings import Settings

KNOWN = {"FAPI000": True, "FAPI205": True, "FAPI207": True, "FAPI305": False, "FAPI401": True}


def test_codes_that_do_not_exist() -> None:
    settings = Settings(
        select=("FAPI2", "ALL", "FAPI9", "FAPI2x"),
        unfixable=("FAP1205",),
        per_file_ignores={"tests": ("F401",)},
        exempt={"": ()},
    )
    with pytest.raises(ConfigError) as caught:
        validate_codes(settings, KNOWN, Path("/x.toml"))
    assert caught.value.messages == (
        'select: there is no rule "FAPI9"',
        'select: there is no rule "FAPI2x"; did you mean "FAPI2"?',
        'unfixable: there is no rule "FAP1205"; did you mean "FAPI205"?',
        'per-file-ignores."tests": there is no rule "F401"',
        'exempt: there is no rule ""',
    )
    validate_codes(Settings(select=("ALL",), ignore=("FAPI", "FAPI205")), KNOWN)


def test_names_are_exempt_from_rules_that_are_about_something_with_a_name() -> None:
    exempt = {"FAPI2": ("User",), "FAPI205": ("User.*",), "FAPI401": ("*",)}
    with pytest.raises(ConfigError) as caught:
        validate_codes(Settings(exempt=exempt), KNOWN, without_names=("FAPI205", "FAPI401"))
    assert caught.value.messages == tuple(
        f'exempt: no names are exempt from "{code}": use a comment, `per-file-ignores` or `ignore`'
        for code in ("FAPI205", "FAPI401")
    )


@pytest.mark.parametrize(
    ("settings", "line", "expected"),
    [
        (Settings(), {}, {"FAPI000", "FAPI205", "FAPI207", "FAPI401"}),
        (Settings(select=("ALL",)), {}, set(KNOWN)),
        (Settings(select=()), {}, {"FAPI000"}),
        (Settings(select=("FAPI2",)), {}, {"FAPI000", "FAPI205", "FAPI207"}),
        (Settings(select=("FAPI205",), ignore=("FAPI000",)), {}, {"FAPI205"}),
        (Settings(extend_select=("FAPI305",)), {}, set(KNOWN)),
        (Settings(ignore=("FAPI2",)), {}, {"FAPI000", "FAPI401"}),
        # The more specific selector wins, whichever it is; of two equal ones, the ignoring one.
        (Settings(select=("FAPI205",), ignore=("FAPI2",)), {}, {"FAPI000", "FAPI205"}),
        (Settings(select=("FAPI",), ignore=("FAPI2", "FAPI4", "FAPI0")), {}, {"FAPI305"}),
        (Settings(select=("FAPI2",), ignore=("FAPI2",)), {}, {"FAPI000"}),
        (Settings(select=("FAPI205",), ignore=("ALL",)), {}, {"FAPI205"}),
        # The command line comes after the file.
        (Settings(select=("FAPI2",)), {"select": ["FAPI4"]}, {"FAPI000", "FAPI401"}),
        (Settings(ignore=("FAPI0",)), {"select": ["FAPI4"]}, {"FAPI401"}),
        (Settings(select=("FAPI205", "FAPI4")), {"ignore": ["FAPI"]}, set()),
        (
            Settings(select=("FAPI2",), ignore=("FAPI205",)),
            {"extend_select": ["FAPI2"]},
            {"FAPI000", "FAPI205", "FAPI207"},
        ),
        (Settings(), {"select": ["ALL"], "ignore": ["FAPI2"]}, {"FAPI000", "FAPI305", "FAPI401"}),
    ],
)
def test_rule_set(settings: Settings, line: dict[str, Any], expected: set[str]) -> None:
    assert rule_set(settings, KNOWN, **line) == expected


@pytest.mark.parametrize(
    ("settings", "line", "expected"),
    [
        (Settings(), {}, set(KNOWN)),
        (Settings(unfixable=("FAPI2",)), {}, {"FAPI000", "FAPI305", "FAPI401"}),
        (Settings(fixable=("FAPI205",), unfixable=("FAPI2",)), {}, {"FAPI205"}),
        (Settings(unfixable=("FAPI205",)), {"fixable": ["FAPI2"]}, {"FAPI205", "FAPI207"}),
        (Settings(), {"unfixable": ["ALL"]}, set()),
    ],
)
def test_fixable_set(settings: Settings, line: dict[str, Any], expected: set[str]) -> None:
    assert fixable_set(settings, KNOWN, **line) == expected


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        ({}, "/r/app/a.py", set()),
        ({"tests": ("FAPI2",)}, "/r/tests/unit/a.py", {"FAPI205", "FAPI207"}),
        ({"/a.py": ("FAPI205",)}, "/r/app/a.py", set()),
        ({"app/*.py": ("FAPI205",), "a.py": ("FAPI401",)}, "/r/app/a.py", {"FAPI205", "FAPI401"}),
        ({"!app/": ("ALL",)}, "/r/app/a.py", set()),
        ({"!app/": ("ALL",)}, "/r/lib/a.py", set(KNOWN)),
        ({"a.py": ("FAPI205",), "/a.py": ("FAPI207",)}, "/elsewhere/a.py", {"FAPI205"}),
    ],
)
def test_per_file_ignores(patterns: Mapping[str, tuple[str, ...]], path: str, expected: set[str]) -> None:
    ignored = per_file_ignores(Settings(per_file_ignores=patterns), KNOWN, Path("/r"))
    assert ignored(path) == expected
