"""`sarif`: the Static Analysis Results Interchange Format.

Specification: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; what GitHub makes of it:
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import os
from itertools import groupby
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from fapi_lint.report.fingerprint import fingerprinted
from fapi_lint.report.json_list import dump
from fapi_lint.report.model import Diagnostic, Report, ReportedEdit, ReportedFix, RuleInfo
from fapi_lint.report.shared import slashed_path

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE = "%SRCROOT%"


def render(report: Report) -> str:
    """A log with one run."""
    indexes = {rule.code: index for index, rule in enumerate(report.rules)}
    driver: dict[str, Any] = {"name": "fapi-lint", "rules": [_rule(rule) for rule in report.rules]}
    if report.version:
        driver["version"] = report.version
    invocation: dict[str, Any] = {"executionSuccessful": not report.defects}
    told = [*(("error", defect) for defect in report.defects), *(("warning", problem) for problem in report.problems)]
    if told:
        invocation["toolExecutionNotifications"] = [{"level": level, "message": {"text": text}} for level, text in told]
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(diagnostic, fingerprint, indexes, report) for diagnostic, fingerprint in fingerprinted(report)
        ],
    }
    if report.root:
        run["originalUriBaseIds"] = {BASE: {"uri": PurePath(report.root).as_uri().rstrip("/") + "/"}}
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(rule: RuleInfo) -> dict[str, Any]:
    descriptor: dict[str, Any] = {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.summary},
        "help": {"text": rule.explanation or rule.summary, "markdown": rule.explanation or rule.summary},
        "defaultConfiguration": {"enabled": rule.default, "level": "error"},
        "properties": {"tags": [rule.preference] if rule.preference else [], "fix": rule.fix},
    }
    return descriptor | ({"helpUri": rule.url} if rule.url else {})


def _result(diagnostic: Diagnostic, fingerprint: str, indexes: dict[str, int], report: Report) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "level": "error",
        "message": {"text": diagnostic.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _artifact(diagnostic.filename, report.root),
                    "region": _region(diagnostic),
                }
            }
        ],
        "partialFingerprints": {"fapiLint/v1": fingerprint},
    }
    if diagnostic.code in indexes:
        result["ruleIndex"] = indexes[diagnostic.code]
    if (fix := diagnostic.fix) and fix.edits and fix.applicability != "display" and not fix.moves:
        result["fixes"] = [_fix(fix, report.root)]
    return result


def _fix(fix: ReportedFix, root: str) -> dict[str, Any]:
    """One change per file; those of several files belong together."""
    edits = sorted(fix.edits, key=lambda edit: (edit.filename, edit.location))
    changes = [
        {
            "artifactLocation": _artifact(filename, root),
            "replacements": [
                {"deletedRegion": _region(edit), "insertedContent": {"text": edit.content}} for edit in group
            ],
        }
        for filename, group in groupby(edits, lambda edit: edit.filename)
    ]
    return {
        "description": {"text": fix.message},
        "artifactChanges": changes,
        "properties": {"applicability": fix.applicability},
    }


def _artifact(filename: str, root: str) -> dict[str, str]:
    shown = slashed_path(filename, root)
    if os.path.isabs(shown):
        return {"uri": PurePath(shown).as_uri()}
    return {"uri": quote(os.fsencode(shown)), "uriBaseId": BASE}


def _region(item: Diagnostic | ReportedEdit) -> dict[str, int]:
    return {
        "startLine": item.location.row,
        "startColumn": item.location.column,
        "endLine": item.end_location.row,
        "endColumn": item.end_location.column,
    }
