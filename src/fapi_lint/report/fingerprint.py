"""Identities by which GitLab and SARIF consumers recognise a finding from run to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from fapi_lint.report.model import Diagnostic, Report
from fapi_lint.report.shared import slashed_path


def fingerprinted(report: Report) -> Iterator[tuple[Diagnostic, str]]:
    """Every finding with its fingerprint, unique in the report: twins get one derived from their order."""
    seen: Counter[str] = Counter()
    for diagnostic in report.diagnostics:
        base = diagnostic.fingerprint or fingerprint(
            diagnostic.code, slashed_path(diagnostic.filename, report.root), diagnostic.message
        )
        yield diagnostic, fingerprint(base, str(seen[base])) if seen[base] else base
        seen[base] += 1


def fingerprint(*parts: str) -> str:
    """What tells one thing of so many parts from another."""
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
