"""A small run to report on, and the means to make others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from fapi_lint.report.model import Diagnostic, Position, Report, ReportedEdit, ReportedFix, RuleInfo

LINE = '    author = relationship("User", backref="posts")'
POST = "/project/app/models/post.py"
USER = "/project/app/models/user.py"

BACKREF = Diagnostic(
    code="FAPI205",
    name="backref",
    message='`backref="posts"` declares an attribute on User that cannot be seen there',
    filename=POST,
    location=Position(14, 35),
    end_location=Position(14, 50),
    noqa_row=14,
    url="https://example.org/rules/backref",
    preference="Relationships",
    fix=ReportedFix(
        applicability="safe",
        message="Write both sides with back_populates",
        edits=(
            ReportedEdit(POST, 'back_populates="posts"', Position(14, 35), Position(14, 50)),
            ReportedEdit(USER, "    posts = relationship(...)\n", Position(9, 1), Position(9, 1)),
        ),
    ),
    excerpt=(LINE,),
    excerpt_row=14,
)
RULE = RuleInfo(
    code="FAPI205",
    name="backref",
    summary="`backref` declares an attribute on the other model that cannot be seen there.",
    preference="Relationships",
    fix="safe",
    default=True,
    explanation="Write both sides.\n\nBad: …",
    url="https://example.org/rules/backref",
)


@pytest.fixture
def finding() -> Callable[..., Diagnostic]:
    """A finding like `BACKREF`, with some of its fields changed; `applicability` changes that of its fix."""

    def build(applicability: str | None = None, **changes: Any) -> Diagnostic:
        diagnostic = replace(BACKREF, **changes)
        if applicability and diagnostic.fix:
            return replace(diagnostic, fix=replace(diagnostic.fix, applicability=applicability))
        return diagnostic

    return build


@pytest.fixture
def report() -> Callable[..., Report]:
    """A report of the findings given, below /project."""

    def build(*diagnostics: Diagnostic, **fields: Any) -> Report:
        return Report(diagnostics=diagnostics, root="/project", rules=(RULE,), version="1.2.3", **fields)

    return build
