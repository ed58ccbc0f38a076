"""The files that an editor has open, and checking and fixing them as they are there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from fapi_lint.config.load import ConfigError
from fapi_lint.engine.applications import Options, Progress
from fapi_lint.engine.reading import Memory
from fapi_lint.engine.recall import Remark
from fapi_lint.engine.run import Run
from fapi_lint.report.model import Diagnostic
from fapi_lint.source.file import LineIndex, SourceError, SourceFile


class Document(Struct, frozen=True, dict=True):
    """An open file: what the editor calls it, its absolute path, and its text in one version."""

    uri: str
    path: str
    version: int | None
    text: str

    @cached_property
    def raw(self) -> bytes:
        """What would be saved; in UTF-8 if the text declares an encoding that does not hold it."""
        try:
            return SourceFile.from_text(self.path, self.text).raw
        except SourceError:
            return self.text.encode("utf-8", "replace")

    @cached_property
    def lines(self) -> LineIndex:
        return LineIndex(self.text)


class Found(Struct):
    """What is found in the open files, and what went wrong."""

    diagnostics: Sequence[Diagnostic] = ()
    remarks: Sequence[Remark] = ()
    problems: Sequence[str] = ()


def check(documents: Sequence[Document], memory: Memory, progress: Progress) -> Found:
    """What there is to say of the open files.

    Of applications whose configuration cannot be used nothing is found; the others are checked all the same.
    """
    problems: list[str] = []
    while documents:
        options = replace(_options(documents, documents), progress=progress)
        try:
            run = Run(options, memory)
            report = run.check().report
        except ConfigError as error:
            problems.append(str(error))
            documents = _elsewhere(documents, error)
        else:
            return Found(report.diagnostics, run.remarks, [*problems, *report.defects])
    return Found(problems=problems)


def _elsewhere(documents: Sequence[Document], error: ConfigError) -> list[Document]:
    """Those of the files that the configuration which is to blame does not hold for."""
    folder = os.path.join(error.path.parent, "") if error.path is not None else ""
    left = [document for document in documents if not document.path.startswith(folder)]
    return left if len(left) < len(documents) else []


def fix(document: Document, documents: Sequence[Document], memory: Memory) -> str:
    """The text of one of the open files after all safe fixes that touch no other. Raises ConfigError."""
    changes = Run(_options([document], documents), memory).fix().changes
    return next((change.after for change in changes), document.text)


def suppress(document: Document, documents: Sequence[Document], memory: Memory, code: str, row: int) -> str:
    """The text of one of the open files with a suppression for what a rule finds in a row. Raises ConfigError."""
    options = replace(_options([document], documents), select=(code,))
    changes = Run(options, memory).suppress(row=row).changes
    return next((change.after for change in changes), document.text)


def _options(checked: Sequence[Document], documents: Sequence[Document]) -> Options:
    return Options(
        paths=tuple(document.path for document in checked),
        buffers={document.path: document.raw for document in documents},
        force_exclude=True,
    )
