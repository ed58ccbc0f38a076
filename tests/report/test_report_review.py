"""What `--show-fixes` and `--diff` say: every fix with the reason for its applicability, and what is left and why."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from fapi_lint.engine.registry import all_rules, rule_info
from fapi_lint.report.formats import FORMATS
from fapi_lint.report.model import Position, ReportedFix, RuleInfo
from fapi_lint.report.review import review
from fapi_lint.report.shared import Style

SAFETY = {
    "FAPI205": "Fix safety:\n    Safe: the mappers are the same. More is\n    told here.\n\nOptions:\n    none",
    "FAPI207": "Fix safety: unsafe, because it alters the schema. A migration is needed.",
    "FAPI209": "Fix safety:\n    Safe: the table stays. Where it does not, the fix is unsafe.",
    "FAPI401": "Fix safety: it is safe for\none form: that of a list.\n\nOptions: none",
}
RULES = tuple(RuleInfo(code, code, "", "", "safe", True, text, "") for code, text in SAFETY.items())
RULES = (*RULES, RuleInfo("FAPI103", "misplaced-definition", "", "", "none", True, "", ""))


def fix(title: str, applicability: str = "safe", *files: str) -> ReportedFix:
    return ReportedFix(applicability, title, (), files=files)


def at(row: int) -> dict[str, Position]:
    return {"location": Position(row, 1), "end_location": Position(row, 2)}


def shown(report, applied=(), left=(), width=80, **fields):
    run = replace(report(*left, applied=tuple(applied), **fields), rules=RULES)
    return review(run, Style(width=width))


def test_fixes_are_grouped_with_the_reason_for_their_applicability(finding, report):
    user, post = "/project/app/models/user.py", "/project/app/models/post.py"
    text = shown(
        report,
        [
            finding(fix=fix("Write both sides", "safe", post, user)),
            finding(code="FAPI207", name="unsized-string", fix=fix("Give it a length", "unsafe", user), filename=user),
            finding(fix=fix("Another one"), **at(3)),
        ],
    )
    assert (
        text
        == """\
Fixed 3 findings:

FAPI205 (backref), safe: the mappers are the same.
  - Another one
    app/models/post.py:3
  - Write both sides
    app/models/post.py:14; also app/models/user.py

FAPI207 (unsized-string), unsafe: it alters the schema.
  - Give it a length
    app/models/user.py:14"""
    )


def test_a_fix_that_several_rules_share_is_told_once(finding, report):
    closure = fix("Make it asynchronous", "unsafe", "/project/a.py", "/project/b.py")
    found = [
        finding(code="FAPI207", fix=closure, filename="/project/a.py", **at(2)),
        finding(code="FAPI205", fix=closure, filename="/project/a.py", **at(9)),
        finding(code="FAPI207", fix=closure, filename="/project/a.py", **at(7)),
    ]
    assert (
        shown(report, found)
        == """\
Fixed 3 findings:

FAPI205 (backref), FAPI207 (backref), unsafe: it alters the schema.
  - Make it asynchronous (3 findings)
    a.py:2,7,9; also b.py"""
    )


def test_the_whole_section_is_shown_where_the_rule_is_usually_safer(finding, report):
    text = shown(report, [finding(code="FAPI209", fix=fix("Do it", "unsafe"))])
    assert "unsafe: Safe: the table stays. Where it does not, the fix is unsafe." in " ".join(text.split())


def test_a_rule_that_says_nothing_has_the_definition(finding, report):
    text = " ".join(shown(report, [finding(code="XX1", fix=fix("Do it"))]).split())
    assert "safe: behaviour, database schema, HTTP contract and public names stay as they are." in text


def test_many_places_are_counted(finding, report):
    many = [finding(fix=fix("Do it"), filename=f"/project/{number:02}.py", **at(1)) for number in range(40)]
    text = shown(report, many)
    assert "  - Do it (40 findings)\n    00.py:1, 01.py:1, 02.py:1, 03.py:1, 04.py:1, 05.py:1 and 34 more" in text


def test_what_could_not_be_fixed_has_a_line_each_and_a_reason(finding, report):
    left = [
        finding(code="FAPI103", name="misplaced-definition", message="a schema in endpoints/", fix=None),
        finding(message="there are two\nforeign keys", fix=None, **at(2)),
        finding(message="not this one", fix=None, **at(3)),
        finding(code="FAPI207", name="unsized-string", fix=fix("Give it a length", "unsafe")),
        finding(code="FAPI209", name="legacy-column", message="an old column"),
        finding(code="FAPI301", name="from-attributes", fix=fix("Have a look", "display")),
        finding(code="FAPI403", name="status-constant", message="a number"),
    ]
    assert (
        shown(report, left=left, unfixable=frozenset({"FAPI209"}))
        == """\
Could not fix 7 findings, because

  - FAPI103 (misplaced-definition) has no fix:
    app/models/post.py:14: a schema in endpoints/

  - FAPI205 (backref) has no fix here:
    app/models/post.py:2: there are two foreign keys
    app/models/post.py:3: not this one

  - FAPI207 (unsized-string) has fixes that `--unsafe-fixes` applies:
    app/models/post.py:14: Give it a length

  - FAPI209 (legacy-column) is not fixable by the settings:
    app/models/post.py:14: an old column

  - FAPI301 (from-attributes) has fixes for display only:
    app/models/post.py:14: Have a look

  - FAPI403 (status-constant) has a fix that does not go together with the
    others:
    app/models/post.py:14: a number"""
    )


def test_nothing_to_tell(report):
    assert shown(report) == ""


@pytest.mark.parametrize("width", [40, 80, 120])
def test_all_but_the_lines_of_findings_fit_the_terminal(finding, report, width):
    title = "Make " + ", ".join(f"`function_{number}`" for number in range(30)) + " asynchronous"
    files = [f"/project/app/{number}/{'long' * 4}.py" for number in range(20)]
    text = shown(report, [finding(fix=fix(title, "unsafe", *files))], width=width)
    assert max(map(len, text.splitlines())) <= width
    assert " ".join(title.split()) in " ".join(text.split())


def test_on_a_terminal_the_lines_of_findings_fit_too(finding, report):
    run = report(finding(message="there is no telling what it is " * 5, fix=None))
    plain, wrapped = (review(run, Style(), wrap=wrap) for wrap in (False, True))
    assert "    app/models/post.py:14: there is no telling what it is there is no telling what it is" in plain
    assert max(map(len, wrapped.splitlines())) <= 80
    assert "\n        what it is there is no" in wrapped
    assert wrapped.split() == plain.split()


def test_text_formats_show_it_when_asked(finding, report):
    run = report(finding(fix=None), applied=(finding(),), show_fixes=True)
    for name in ("full", "concise", "grouped"):
        text = FORMATS[name](run)
        assert "Fixed 1 finding:\n\nFAPI205 (backref), safe: " in text
        assert "Could not fix 1 finding, because\n" in text
        assert "Fixed 1 finding:" not in FORMATS[name](replace(run, show_fixes=False))


def test_a_colon_in_a_reason_does_not_end_it(finding, report):
    text = shown(report, [finding(code="FAPI401", name="response-model", fix=fix("Add one"))])
    assert "FAPI401 (response-model), safe: it is safe for one form: that of a list.\n" in text


def test_colour_only_adds_escape_sequences(finding, report):
    run = report(finding(), applied=(finding(),))
    coloured = review(run, Style(color=True))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == review(run, Style())


@pytest.mark.parametrize("code", [code for code, rule in all_rules().items() if rule.fix is not None])
def test_every_rule_gives_a_reason_of_its_own(code, finding, report):
    rule = all_rules()[code]
    run = replace(report(applied=(finding(code=code, applicability=str(rule.fix)),)), rules=(rule_info(rule),))
    reason = " ".join(review(run, Style()).split()).partition(f"{rule.fix}: ")[2].partition(" - ")[0]
    assert len(reason) > 10, "the section `Fix safety` of its docstring"
    assert reason.endswith("."), "cut off"
    assert "HTTP contract and public names stay as they are" not in reason
