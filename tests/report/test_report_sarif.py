"""SARIF: its content, and its form against a schema.

The terms of the official schema (OASIS) do not clearly allow a copy here, and no package for Python that we
know of ships one. So `SCHEMA` states what the specification requires of the objects that we write, and allows
no other; with the path of the official file in the environment variable `SARIF_SCHEMA`, every log is
validated against that too.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.report.formats import FORMATS
from fapi_lint.report.model import Diagnostic, Position, Report, ReportedEdit, ReportedFix

OFFICIAL = os.environ.get("SARIF_SCHEMA", "")


def record(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | optional,
        "required": [*required],
        "additionalProperties": False,
    }


def array(items: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **keywords}


STRING = {"type": "string", "minLength": 1}
POSITIVE = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
BAG = {"type": "object", "properties": {"tags": array(STRING, uniqueItems=True)}}
MESSAGE = record({"text": {"type": "string"}})
RULE = record(
    {"id": STRING},
    name=STRING,
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=record({"text": STRING}, markdown=STRING),
    helpUri={"type": "string", "pattern": "^https?:"},
    defaultConfiguration=record({}, enabled={"type": "boolean"}, level=LEVEL),
    properties=BAG,
)
ARTIFACT = {
    "oneOf": [
        record({"uri": {"type": "string", "pattern": "^file:///[!-~]+$"}}),
        record(
            {
                "uri": {"type": "string", "pattern": "^(?!/)(?![^/]*:)[!-~]+$"},
                "uriBaseId": {"const": "%SRCROOT%"},
            }
        ),
    ]
}
REGION = record({"startLine": POSITIVE, "startColumn": POSITIVE, "endLine": POSITIVE, "endColumn": POSITIVE})
REPLACEMENT = record({"deletedRegion": REGION}, insertedContent=record({"text": {"type": "string"}}))
CHANGE = record({"artifactLocation": ARTIFACT, "replacements": array(REPLACEMENT, minItems=1)})
FIX = record({"artifactChanges": array(CHANGE, minItems=1, uniqueItems=True)}, description=MESSAGE, properties=BAG)
LOCATION = record({"physicalLocation": record({"artifactLocation": ARTIFACT}, region=REGION)})
RESULT = record(
    {"message": MESSAGE, "ruleId": STRING, "locations": array(LOCATION)},
    ruleIndex={"type": "integer", "minimum": -1},
    level=LEVEL,
    partialFingerprints={"type": "object", "additionalProperties": STRING},
    fixes=array(FIX, uniqueItems=True),
)
DRIVER = record({"name": STRING}, version=STRING, rules=array(RULE, uniqueItems=True))
NOTIFICATION = record({"message": MESSAGE}, level=LEVEL)
INVOCATION = record({"executionSuccessful": {"type": "boolean"}}, toolExecutionNotifications=array(NOTIFICATION))
RUN = record(
    {"tool": record({"driver": DRIVER}), "results": array(RESULT)},
    invocations=array(INVOCATION),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    originalUriBaseIds={
        "type": "object",
        "additionalProperties": record({"uri": {"type": "string", "pattern": "^file:///([!-~]*/)?$"}}),
    },
)
SCHEMA = record({"version": {"const": "2.1.0"}, "runs": array(RUN)}, **{"$schema": {"type": "string"}})
VALIDATORS = [jsonschema.Draft202012Validator(SCHEMA)]
if OFFICIAL:
    VALIDATORS.append(jsonschema.Draft4Validator(json.loads(Path(OFFICIAL).read_text("utf-8"))))


def sarif_run(report: Report) -> dict[str, Any]:
    """The only run of the log, once that is valid."""
    log = json.loads(FORMATS["sarif"](report))
    for validator in VALIDATORS:
        validator.validate(log)
    (run,) = log["runs"]
    return run


def test_an_empty_run(report):
    run = sarif_run(report())
    assert run["results"] == []
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["originalUriBaseIds"] == {"%SRCROOT%": {"uri": "file:///project/"}}
    assert run["tool"]["driver"]["version"] == "1.2.3"


def test_a_report_that_knows_nothing():
    assert "originalUriBaseIds" not in sarif_run(Report())


def test_results_point_into_the_rule_table(finding, report):
    run = sarif_run(report(finding(), finding(code="FAPI000", fix=None)))
    known, unknown = run["results"]
    rule = run["tool"]["driver"]["rules"][known["ruleIndex"]]
    assert (rule["id"], rule["name"]) == (known["ruleId"], "backref")
    assert rule["helpUri"] == "https://example.org/rules/backref"
    assert rule["properties"] == {"tags": ["Relationships"], "fix": "safe"}
    assert unknown["ruleId"] == "FAPI000"
    assert "ruleIndex" not in unknown


def test_locations_are_relative_to_the_root(finding, report):
    inside, outside = sarif_run(report(finding(filename="/project/a b/ü:1.py"), finding(filename="/else where/x.py")))[
        "results"
    ]
    assert inside["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b/%C3%BC%3A1.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 14, "startColumn": 35, "endLine": 14, "endColumn": 50},
    }
    assert outside["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///else%20where/x.py"}


def test_a_fix_is_one_change_per_file(finding, report):
    (result,) = sarif_run(report(finding(applicability="unsafe")))["results"]
    (fix,) = result["fixes"]
    assert fix["description"] == {"text": "Write both sides with back_populates"}
    assert fix["properties"] == {"applicability": "unsafe"}
    assert [change["artifactLocation"]["uri"] for change in fix["artifactChanges"]] == [
        "app/models/post.py",
        "app/models/user.py",
    ]
    assert fix["artifactChanges"][1]["replacements"] == [
        {
            "deletedRegion": {"startLine": 9, "startColumn": 1, "endLine": 9, "endColumn": 1},
            "insertedContent": {"text": "    posts = relationship(...)\n"},
        }
    ]


def test_edits_of_one_file_come_together_in_order(finding, report):
    def edit(path: str, row: int) -> ReportedEdit:
        return ReportedEdit(path, "x", Position(row, 1), Position(row, 1))

    edits = (edit("/project/b.py", 9), edit("/project/a.py", 3), edit("/project/b.py", 2))
    (result,) = sarif_run(report(finding(fix=ReportedFix("safe", "t", edits))))["results"]
    changes = result["fixes"][0]["artifactChanges"]
    rows = {
        change["artifactLocation"]["uri"]: [each["deletedRegion"]["startLine"] for each in change["replacements"]]
        for change in changes
    }
    assert rows == {"a.py": [3], "b.py": [2, 9]}


@pytest.mark.parametrize("fix", [None, ReportedFix("display", "t", ()), ReportedFix("safe", "t", ())])
def test_a_fix_that_nobody_can_apply_is_none(fix, finding, report):
    (result,) = sarif_run(report(finding(fix=fix)))["results"]
    assert "fixes" not in result


def test_fingerprints_tell_twins_apart(finding, report):
    results = sarif_run(report(finding(fingerprint="abc"), finding(fingerprint="abc")))["results"]
    first, second = [result["partialFingerprints"]["fapiLint/v1"] for result in results]
    assert first == "abc" != second


def test_problems_are_notifications(report):
    (invocation,) = sarif_run(report(problems=("a.py: not readable",)))["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["toolExecutionNotifications"] == [{"level": "warning", "message": {"text": "a.py: not readable"}}]


def test_a_rule_that_failed_is_an_error_of_the_run(report):
    (invocation,) = sarif_run(report(problems=("a.py: not readable",), defects=("X1 failed on a.py",)))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [told["level"] for told in invocation["toolExecutionNotifications"]] == ["error", "warning"]


FILE_NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]) | st.just("\udcff"), min_size=1
).filter(lambda name: name not in {".", ".."})


@given(st.text(min_size=1), FILE_NAMES)
def test_any_text_and_any_name_are_valid(text, name):
    path = f"/project/{name}"
    edit = ReportedEdit(path, text, Position(1, 1), Position(1, 1))
    diagnostic = Diagnostic(
        "X1", "x", text, path, Position(1, 1), Position(1, 1), 1, "", "", ReportedFix("safe", text, (edit,))
    )
    (result,) = sarif_run(Report((diagnostic,), "/project"))["results"]
    assert result["message"]["text"] == text
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert os.fsdecode(unquote_to_bytes(uri)) == name
