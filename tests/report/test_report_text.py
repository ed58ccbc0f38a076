"""The formats that people read: full, concise, grouped, their summary, --statistics and --show-fixes."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.report import full
from fapi_lint.report.formats import FORMATS
from fapi_lint.report.model import Diagnostic, Position, Report
from fapi_lint.report.shared import Style, shown_path
from fapi_lint.report.statistics import statistics

TEXT = ["full", "concise", "grouped"]


def cells(text: str) -> int:
    return sum(full._width(char) for char in text)


def frame(line: str, start: int, end: int, width: int = 80, end_row: int = 1) -> tuple[str, str]:
    """The shown source line and the carets below it, both after the bar."""
    span = Position(1, start + 1), Position(end_row, end + 1)
    diagnostic = Diagnostic("X1", "x", "m", "/a.py", *span, 1, "", "", excerpt=(line,))
    shown = full.render(Report((diagnostic,)), Style(width=width)).split("\n")
    return shown[3].removeprefix("1 |").removeprefix(" "), shown[4].removeprefix("  | ")


def test_full_shows_the_span_and_the_fix(finding, report):
    expected = """\
FAPI205 [*] `backref="posts"` declares an attribute on User that cannot be seen there
  --> app/models/post.py:14:35
   |
14 |     author = relationship("User", backref="posts")
   |                                   ^^^^^^^^^^^^^^^
   |
help: Write both sides with back_populates

Found 1 finding in 1 file.
[*] 1 fixable with `--fix`.
"""
    assert FORMATS["full"](report(finding())) == expected


def test_full_without_source_has_no_frame(finding, report):
    text = FORMATS["full"](report(finding(excerpt=())))
    assert "|" not in text
    assert "post.py:14:35\nhelp:" in text


def test_full_finds_its_line_in_a_longer_excerpt(finding, report):
    diagnostic = finding(excerpt=("before", finding().excerpt[0], "after"), excerpt_row=13)
    assert FORMATS["full"](report(diagnostic)) == FORMATS["full"](report(finding()))


def test_full_shows_the_first_line_of_a_span_over_several():
    line, carets = frame("  call(  ", 2, 1, end_row=3)
    assert (line, carets) == ("  call(", "  ^^^^^")


@pytest.mark.parametrize(
    ("line", "start", "end", "shown", "carets"),
    [
        ("\tx = 1", 1, 2, "    x = 1", "    ^"),
        ("a\tb", 1, 2, "a    b", " ^^^^"),
        ('n = "漢字", b', 10, 11, 'n = "漢字", b', "            ^"),
        ('n = "漢字"', 5, 7, 'n = "漢字"', "     ^^^^"),
        ("e\u0301 = b", 5, 6, "e\u0301 = b", "    ^"),
        ("x = (", 5, 5, "x = (", "     ^"),
        ("x", 7, 9, "x", " ^"),
        ("", 0, 0, "", "^"),
        ("a\x1b[2J\u202e = b", 0, 1, "a\ufffd[2J\ufffd = b", "^"),
    ],
    ids=[
        "tab",
        "tab inside",
        "after wide",
        "wide",
        "combining",
        "line end",
        "beyond",
        "empty",
        "terminal controls",
    ],
)
def test_carets_stand_under_the_span(line, start, end, shown, carets):
    assert frame(line, start, end) == (shown, carets)


def test_a_long_line_loses_what_is_far_from_the_span():
    line = f"{'a' * 100}HERE{'b' * 100}"
    shown, carets = frame(line, 100, 104)
    assert shown.startswith("…a")
    assert shown.endswith("b…")
    assert cells(shown) == 76
    assert shown[carets.index("^") :].startswith("HERE")
    assert carets.count("^") == 4
    assert frame(line, 0, 3)[0] == line[:75] + "…"
    assert frame(line, 202, 204)[0] == "…" + line[-75:]


@given(
    st.text(st.sampled_from("ab \t漢é\u0301🙂\x07"), min_size=60, max_size=120),
    st.integers(0, 130),
    st.integers(0, 130),
    st.integers(10, 100),
)
def test_no_frame_is_wider_than_the_terminal(line, start, length, width):
    shown, carets = frame(line, start, start + length, width)
    room = max(width - len("1 | "), full.NARROWEST)
    assert cells(shown) <= room
    assert len(carets) <= room + 1
    assert re.fullmatch(r" *\^+", carets)


@given(*[st.text(st.sampled_from("ab漢\t"), max_size=100)] * 2, st.integers(20, 90))
def test_carets_point_at_the_character_wherever_the_line_is_cut(before, after, width):
    shown, carets = frame(f"{before}X{after}", len(before), len(before) + 1, width)
    assert cells(shown[: shown.index("X")]) == carets.index("^")
    assert carets.count("^") == 1


def test_unsafe_fixes_are_marked_once_they_are_allowed(finding, report):
    unsafe = finding(applicability="unsafe")
    text = FORMATS["full"](report(unsafe))
    assert "FAPI205 `" in text
    assert "help: Write both sides with back_populates (with `--unsafe-fixes`)\n" in text
    assert text.endswith("\n1 fixable with `--fix --unsafe-fixes`.\n")
    allowed = FORMATS["full"](report(unsafe, unsafe_fixes=True))
    assert "FAPI205 [*] `" in allowed
    assert "help: Write both sides with back_populates\n" in allowed
    assert allowed.endswith("\n[*] 1 fixable with `--fix`.\n")


def test_a_fix_for_display_is_help_only(finding, report):
    text = FORMATS["full"](report(finding(applicability="display")))
    assert "[*]" not in text
    assert "help: Write both sides with back_populates\n" in text
    assert text.endswith("Found 1 finding in 1 file.\n")


def test_concise_is_one_line_per_finding(finding, report):
    lines = FORMATS["concise"](
        report(finding(), finding(fix=None, message="two\nlines", filename="/elsewhere/x.py"))
    ).splitlines()
    assert lines[0] == (
        "app/models/post.py:14:35: FAPI205 [*] "
        '`backref="posts"` declares an attribute on User that cannot be seen there'
    )
    assert lines[1] == "/elsewhere/x.py:14:35: FAPI205 two lines"
    assert lines[2:] == ["Found 2 findings in 2 files.", "[*] 1 fixable with `--fix`."]


def test_grouped_names_each_file_once(finding, report):
    first = finding(message="a", location=Position(3, 5))
    text = FORMATS["grouped"](report(first, finding(message="b"), finding(message="c", filename="/project/z.py")))
    assert text.startswith(
        "app/models/post.py:\n    3:5 FAPI205 [*] a\n  14:35 FAPI205 [*] b\n\nz.py:\n  14:35 FAPI205 [*] c\n\nFound 3"
    )


@pytest.mark.parametrize("name", TEXT)
def test_good_news(name, report):
    assert FORMATS[name](report()) == "All checks passed!\n"


@pytest.mark.parametrize("name", TEXT)
def test_problems_are_shown_and_are_no_good_news(name, report):
    text = FORMATS[name](report(problems=("app/x.py: not readable",)))
    assert text == "warning: app/x.py: not readable\n\nNo findings.\n"


@pytest.mark.parametrize("name", TEXT)
def test_quiet_leaves_out_the_summary_only(name, finding, report):
    loud, quiet = FORMATS[name](report(finding())), FORMATS[name](report(finding(), quiet=True))
    assert loud.startswith(quiet)
    assert "Found" not in quiet
    assert FORMATS[name](report(quiet=True)) == ""


def test_summary_counts_what_was_fixed(finding, report):
    text = FORMATS["concise"](
        report(
            finding(),
            finding(applicability="unsafe"),
            fixed={"/project/app/models/user.py": {"FAPI205": 2, "FAPI209": 1}},
        )
    )
    assert text.endswith(
        "Found 5 findings in 2 files (3 fixed, 2 remaining).\n"
        "[*] 1 fixable with `--fix` (1 more with `--unsafe-fixes`).\n"
    )


def test_summary_when_all_is_fixed(report):
    text = FORMATS["concise"](report(fixed={"/project/a.py": {"FAPI205": 1}}))
    assert text == "Found 1 finding in 1 file (1 fixed, 0 remaining).\n"


def test_statistics_are_sorted_by_count_and_marked(finding, report):
    run = report(
        finding(code="FAPI209", name="legacy-column"),
        *[finding(code="FAPI110", name="missing-annotation", applicability=each) for each in ("safe", "unsafe")] * 5,
        finding(code="FAPI103", name="misplaced-definition", fix=None),
    )
    assert statistics(run).splitlines()[:3] == [
        "10  FAPI110  [-] missing-annotation",
        " 1  FAPI103  [ ] misplaced-definition",
        " 1  FAPI209  [*] legacy-column",
    ]
    assert json.loads(statistics(run, "json"))[0] == {
        "code": "FAPI110",
        "name": "missing-annotation",
        "count": 10,
        "fixable_count": 5,
    }


def test_statistics_of_nothing(report):
    assert statistics(report()) == "All checks passed!\n"
    assert statistics(report(), "json") == "[]\n"


@pytest.mark.parametrize("name", TEXT)
def test_colour_only_adds_escape_sequences(name, finding, report):
    run = report(finding(), problems=("x",), applied=(finding(),), show_fixes=True)
    coloured = FORMATS[name](run, color=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == FORMATS[name](run)


@pytest.mark.parametrize(
    ("path", "root", "shown"),
    [
        ("/project/app/x.py", "/project", "app/x.py"),
        ("/project/app/x.py", "/project/", "app/x.py"),
        ("/project/app/../x.py", "/project", "x.py"),
        ("/projects/x.py", "/project", "/projects/x.py"),
        ("/x.py", "/", "x.py"),
        ("/x.py", "", "/x.py"),
        ("-", "/project", "-"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX paths")
def test_shown_path(path, root, shown):
    assert shown_path(path, root) == shown


def test_text_formats_load_neither_rich_nor_other_formats():
    code = (
        "import sys; from fapi_lint.report.formats import FORMATS; from fapi_lint.report.model import Report;"
        "FORMATS['full'](Report());"
        "heavy = {'rich', 'json', 'xml', 'urllib', 'difflib', 'libcst', 'pydantic'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
