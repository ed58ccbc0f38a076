"""`json-lines`: the objects of `json`, one per line (https://jsonlines.org)."""

from __future__ import annotations

import json

from fapi_lint.report.json_list import finding
from fapi_lint.report.model import Report


def render(report: Report) -> str:
    """One finding per line."""
    return "".join(f"{json.dumps(finding(diagnostic))}\n" for diagnostic in report.diagnostics)
