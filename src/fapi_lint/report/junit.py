"""`junit`: XML for continuous integration.

There is no standard; https://github.com/testmoapp/junitxml describes what consumers read.
"""

from __future__ import annotations

import re
from itertools import groupby
from xml.etree import ElementTree as ET

from fapi_lint.report.model import Diagnostic, Report
from fapi_lint.report.shared import located_headline, slashed_path

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Everything outside of `Char`, XML 1.0 section 2.2."""


def render(report: Report) -> str:
    """A test suite per file with a failed case per finding; a run without findings is one passed case."""
    total = str(len(report.diagnostics))
    root = ET.Element("testsuites", name="fapi-lint", tests=total, failures=total, errors="0")
    for filename, group in groupby(report.diagnostics, lambda diagnostic: diagnostic.filename):
        path = _clean(slashed_path(filename, report.root))
        suite = ET.SubElement(root, "testsuite", name=path, errors="0", skipped="0")
        for diagnostic in group:
            _add_case(suite, path, diagnostic, report)
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite)))
    if not report.diagnostics:
        root.set("tests", "1")
        suite = ET.SubElement(root, "testsuite", name="fapi-lint", tests="1", failures="0", errors="0")
        ET.SubElement(suite, "testcase", name="no findings", classname="fapi-lint")
    ET.indent(root)
    body = ET.tostring(root, encoding="us-ascii", xml_declaration=False).decode("ascii")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _add_case(suite: ET.Element, path: str, diagnostic: Diagnostic, report: Report) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        name=_clean(f"{diagnostic.code} {diagnostic.name}"),
        classname=path.removesuffix(".py").lstrip("/").replace("/", "."),
        file=path,
        line=str(diagnostic.location.row),
    )
    failure = ET.SubElement(case, "failure", type=_clean(diagnostic.code), message=_clean(diagnostic.message))
    failure.text = _clean(located_headline(diagnostic, report))


def _clean(text: str) -> str:
    return FORBIDDEN.sub("", text)
