"""The formats that CI systems read: github, gitlab, junit, rdjson."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from fapi_lint.report import junit
from fapi_lint.report.formats import FORMATS
from fapi_lint.report.model import Diagnostic, Position, Report, ReportedEdit, ReportedFix


def test_github_annotates(finding, report):
    assert FORMATS["github"](report(finding(message="Hm."))) == (
        "::error title=fapi-lint (FAPI205),file=/project/app/models/post.py,"
        "line=14,col=35,endLine=14,endColumn=50"
        "::app/models/post.py:14:35: FAPI205 Hm.\n"
    )
    assert FORMATS["github"](report()) == ""


def test_github_escapes(finding, report):
    text = FORMATS["github"](report(finding(message="100%, a:\r\n::b", filename="/project/a,b:c%.py")))
    properties, message = text.removeprefix("::error ").split("::", 1)
    assert "file=/project/a%2Cb%3Ac%25.py,line=14" in properties
    assert message == "a,b:c%25.py:14:35: FAPI205 100%25, a:%0D%0A::b\n"


def test_github_has_columns_on_one_line_only(finding, report):
    text = FORMATS["github"](report(finding(end_location=Position(16, 2))))
    assert ",line=14,endLine=16::" in text


def test_gitlab_issue(finding, report):
    (issue,) = json.loads(FORMATS["gitlab"](report(finding(fingerprint="abc", message="Hm."))))
    assert issue == {
        "description": "FAPI205: Hm.",
        "check_name": "FAPI205",
        "fingerprint": "abc",
        "severity": "major",
        "location": {
            "path": "app/models/post.py",
            "positions": {"begin": {"line": 14, "column": 35}, "end": {"line": 14, "column": 50}},
        },
    }
    assert FORMATS["gitlab"](report()) == "[]\n"


@pytest.mark.parametrize("fingerprint", ["", "same"])
def test_gitlab_fingerprints_are_unique_and_stable(fingerprint, finding, report):
    def prints(*diagnostics: Diagnostic) -> list[str]:
        return [issue["fingerprint"] for issue in json.loads(FORMATS["gitlab"](report(*diagnostics)))]

    twins = [finding(fingerprint=fingerprint), finding(fingerprint=fingerprint, location=Position(14, 3))]
    moved = [replace(each, location=Position(90, 1)) for each in twins]
    other = finding(fingerprint=fingerprint and "other", message="other")
    assert len(set(prints(*twins, other))) == 3
    assert prints(*twins) == prints(*moved)
    assert prints(other, *twins)[1:] == prints(*twins)


def test_junit_has_a_suite_per_file(finding, report):
    root = ET.fromstring(FORMATS["junit"](report(finding(), finding(message="b"), finding(filename="/project/z.py"))))
    assert root.attrib == {"name": "fapi-lint", "tests": "3", "failures": "3", "errors": "0"}
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        ("app/models/post.py", "2", "2"),
        ("z.py", "1", "1"),
    ]
    case = root[0][0]
    assert case.attrib == {
        "name": "FAPI205 backref",
        "classname": "app.models.post",
        "file": "app/models/post.py",
        "line": "14",
    }
    failure = case.find("failure")
    assert failure is not None
    assert failure.get("message") == finding().message
    assert failure.text == f"app/models/post.py:14:35: FAPI205 [*] {finding().message}"


def test_junit_without_findings_is_a_passed_test(report):
    root = ET.fromstring(FORMATS["junit"](report()))
    assert (root.get("tests"), root.get("failures")) == ("1", "0")
    assert len(root.findall("testsuite/testcase")) == 1
    assert root.find(".//failure") is None


@given(st.text(st.characters(categories=None)))
def test_junit_survives_any_text(text):
    diagnostic = Diagnostic("X1", "x", text, f"/p/{text}", Position(1, 1), Position(1, 1), 1, "", "")
    root = ET.fromstring(FORMATS["junit"](Report((diagnostic,), "/p")).encode("ascii"))
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == junit.FORBIDDEN.sub("", text)


def test_junit_removes_what_xml_forbids_and_nothing_else(finding, report):
    message = "a\x00\x08\x0b\x1b\ud800\ufffe\uffffb\t\x85 <&>\"' ]]> 漢🙂"
    root = ET.fromstring(FORMATS["junit"](report(finding(message=message))))
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "ab\t\x85 <&>\"' ]]> 漢🙂"


def rdjson(*diagnostics: Diagnostic) -> list[dict]:
    return json.loads(FORMATS["rdjson"](Report(diagnostics, "/project")))["diagnostics"]


def test_rdjson_result(finding, report):
    result = json.loads(FORMATS["rdjson"](report()))
    assert result == {"source": {"name": "fapi-lint"}, "severity": "ERROR", "diagnostics": []}
    span = {"start": {"line": 14, "column": 35}, "end": {"line": 14, "column": 50}}
    assert rdjson(finding()) == [
        {
            "message": finding().message,
            "location": {"path": "app/models/post.py", "range": span},
            "severity": "ERROR",
            "code": {"value": "FAPI205", "url": "https://example.org/rules/backref"},
        }
    ], "A suggestion is taken alone, and this fix edits another file too."


def test_rdjson_counts_bytes(finding):
    place = Position(14, 6), Position(14, 8)
    edit = ReportedEdit(finding().filename, "x", *place)
    (result,) = rdjson(
        finding(
            excerpt=("é = '𐐀b'",),
            location=place[0],
            end_location=place[1],
            fix=ReportedFix("safe", "t", (edit,)),
        )
    )
    span = {"start": {"line": 14, "column": 7}, "end": {"line": 14, "column": 12}}
    assert result["location"]["range"] == span
    assert result["suggestions"] == [{"range": span, "text": "x"}]


@pytest.mark.parametrize(
    ("applicability", "start", "suggested"),
    [
        ("safe", Position(2, 1), True),
        ("unsafe", Position(2, 1), True),
        ("display", Position(2, 1), False),
        ("safe", Position(2, 7), False),
    ],
    ids=["line start", "unsafe", "display", "unknown bytes"],
)
def test_rdjson_suggests_only_what_it_can_place(applicability, start, suggested, finding):
    (edit, *_), path = finding().fix.edits, finding().filename
    edits = (edit, ReportedEdit(path, "import x\n", start, start))
    (result,) = rdjson(finding(fix=ReportedFix(applicability, "t", edits)))
    assert len(result.get("suggestions", ())) == (2 if suggested else 0)
