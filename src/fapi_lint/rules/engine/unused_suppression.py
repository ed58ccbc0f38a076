from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from fapi_lint.fix.edit import Applicability, Edit, Fix
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule
from fapi_lint.source.place import Place
from fapi_lint.source.suppressions import Suppression, removal


class UnusedSuppression(Struct, frozen=True, eq=False):
    """A suppression that suppressed nothing in this run; `codes` are those of no use, empty for all of it."""

    module: Module
    suppression: Suppression
    codes: tuple[str, ...]
    named: Mapping[str, str] = {}
    """The codes of those that are names of rules instead, in capitals as they are."""
    unknown: tuple[str, ...] = ()
    """Those that no rule has."""


@rule("FAPI001", "unused-suppression", fix=Applicability.SAFE, preference="Engine")
def unused_suppression(unused: UnusedSuppression, project: Project) -> Iterator[Finding]:
    """A suppression comment of ours suppresses nothing.

    What it once excused is gone, and it would hide the next violation on its line. Only codes that this run
    looked for are judged; a bare `# noqa` never is, for it may serve another linter. The name of a rule is no code:
    the fix writes that.

    Bad:
        ```python app/api/health.py
        LIMIT = 10  # noqa: FAPI205 relationships are legacy here
        ```

    Good:
        ```python app/api/health.py
        LIMIT = 10
        ```

    Fix safety: safe, only the comment changes; codes of other linters stay.
    """
    suppression = unused.suppression
    names = ", ".join(unused.codes)
    if unused.named:
        codes = ", ".join(unused.named.values())
        yield Finding(
            at=Place(unused.module.path, suppression.start, suppression.end),
            message=f"This suppression names rules by what they are called: write {codes}",
            fix=Fix(
                f"Write {codes}",
                Applicability.SAFE,
                tuple(
                    Edit(unused.module.path, own.start, own.end, unused.named[own.code])
                    for own in suppression.codes
                    if own.code in unused.named
                ),
            ),
        )
        return
    about = f"This suppression of {names}" if names else "This suppression"
    reason = f": there is no rule {', '.join(unused.unknown)}" if unused.unknown else ""
    start, end, text = removal(unused.module.text, suppression, unused.codes)
    yield Finding(
        at=Place(unused.module.path, suppression.start, suppression.end),
        message=f"{about} suppresses nothing{reason}",
        fix=Fix("Remove the suppression", Applicability.SAFE, (Edit(unused.module.path, start, end, text),)),
    )
