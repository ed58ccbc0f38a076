"""What every output format is made from. Nothing here reads a file."""

from __future__ import annotations

from msgspec import Struct, field


class Position(Struct, frozen=True, order=True):
    """A position in a file; rows and columns count from 1, columns in characters."""

    row: int
    column: int


class ReportedEdit(Struct, frozen=True):
    """Replace the text between two positions of `filename` (absolute path) by `content`."""

    filename: str
    content: str
    location: Position
    end_location: Position


class ReportedMove(Struct, frozen=True, order=True):
    """A file, or a folder with all that is in it, gets another path; both are absolute."""

    filename: str
    to: str


class ReportedFix(Struct, frozen=True):
    """A fix as every consumer sees it: imports are already edits like the others."""

    applicability: str
    """`safe`, `unsafe` or `display`."""
    message: str
    edits: tuple[ReportedEdit, ...]
    moves: tuple[ReportedMove, ...] = ()
    """Done after the edits."""
    files: tuple[str, ...] = ()
    """Every file that it touches, where that was asked for."""


class Diagnostic(Struct, frozen=True):
    """One finding, ready to be shown."""

    code: str
    name: str
    message: str
    filename: str
    """Absolute path."""
    location: Position
    end_location: Position
    noqa_row: int
    url: str
    preference: str
    fix: ReportedFix | None = None
    excerpt: tuple[str, ...] = ()
    """Source lines from `excerpt_row` on, without line ends: at least the finding's rows."""
    excerpt_row: int = 1
    fingerprint: str = ""
    """Stable under moved lines: from the code, the path below the root and the text of the finding's line."""
    symbol: str = ""
    """The definition that it is in, as in `User.name`; empty for one that is in none."""

    @property
    def line(self) -> str:
        """The text of the finding's first line; empty if it is about the whole file."""
        return self.excerpt[0].strip() if self.excerpt and self.location != self.end_location else ""


class RuleInfo(Struct, frozen=True):
    """What a report says about a rule (SARIF's rule table, `fapi-lint rule`)."""

    code: str
    name: str
    summary: str
    preference: str
    fix: str
    """`safe`, `unsafe`, `display` or `none`."""
    default: bool
    explanation: str
    url: str


class Report(Struct, frozen=True):
    """A whole run. `diagnostics` are sorted by file, position and code."""

    diagnostics: tuple[Diagnostic, ...] = ()
    root: str = ""
    """Absolute path that shown file names are relative to."""
    rules: tuple[RuleInfo, ...] = ()
    fixed: dict[str, dict[str, int]] = field(default_factory=dict)
    """Applied fixes: absolute path, then rule code, then count."""
    applied: tuple[Diagnostic, ...] = ()
    """The findings that were fixed, for `--show-fixes`."""
    problems: tuple[str, ...] = ()
    """Whatever else a person has to know: a file that could not be read, a fix that was dropped."""
    defects: tuple[str, ...] = ()
    """What went wrong through a fault of ours or of a plugin."""
    files: int = 0
    """Number of files checked."""
    show_fixes: bool = False
    unsafe_fixes: bool = False
    """Whether the run was allowed to apply unsafe fixes."""
    unfixable: frozenset[str] = frozenset()
    """Rules whose fixes the settings exclude."""
    baselined: int = 0
    """Findings that are left out because they are in the baseline."""
    gone: int = 0
    """Entries of the baseline that no finding is left of."""
    quiet: bool = False
    """Findings and problems only: the text formats leave out the summary."""
    version: str = ""
