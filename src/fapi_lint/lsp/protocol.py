"""Findings and fixes in the terms of the Language Server Protocol."""

from __future__ import annotations

from collections.abc import Iterable

from lsprotocol import types
from pygls import uris
from pygls.workspace import PositionCodec

from fapi_lint.engine.reading import Memory
from fapi_lint.engine.recall import Remark
from fapi_lint.lsp.documents import Document
from fapi_lint.report.model import Diagnostic, Position, ReportedFix
from fapi_lint.source.file import LineIndex, SourceFile


class Places:
    """Places as an editor counts them: rows and columns from 0, columns in the units that it asked for.

    Files that are not open are as they were when `memory` read them.
    """

    def __init__(self, documents: Iterable[Document], codec: PositionCodec, memory: Memory) -> None:
        self._documents = {document.path: document for document in documents}
        self._codec = codec
        self._memory = memory
        self._read: dict[str, LineIndex] = {}

    def file(self, path: str) -> types.OptionalVersionedTextDocumentIdentifier:
        """A file by what the editor calls it, in the version that is known here, if the editor has opened it."""
        document = self._documents.get(path)
        if document is None:
            return types.OptionalVersionedTextDocumentIdentifier(uri_of(path))
        return types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)

    def range(self, path: str, start: Position, end: Position) -> types.Range:
        """Raises SourceError if the file cannot be read, and ValueError if it is not as it was."""
        lines = self._lines(path)
        return types.Range(self._position(lines, start), self._position(lines, end))

    def row(self, path: str, row: int) -> types.Range:
        """A whole row, without its line end. Raises what `range` does."""
        return self.range(path, Position(row, 1), Position(row, len(self._lines(path).line(row)) + 1))

    def _position(self, lines: LineIndex, position: Position) -> types.Position:
        before = lines.line(position.row)[: position.column - 1]
        return types.Position(position.row - 1, self._codec.client_num_units(before))

    def _lines(self, path: str) -> LineIndex:
        if path in self._documents:
            return self._documents[path].lines
        if path not in self._read:
            source = SourceFile.read(path)
            known = self._memory.reads.get(path)
            if known is not None and known[1].source.digest != source.digest:
                raise ValueError(f"{path} has changed")
            self._read[path] = source.lines
        return self._read[path]


def uri_of(path: str) -> str:
    """What an editor calls a file that it has not opened."""
    return uris.from_fs_path(path) or path


def diagnostic_of(finding: Diagnostic, places: Places) -> types.Diagnostic:
    """A finding in an open file."""
    is_broken = finding.code == "FAPI000"
    return types.Diagnostic(
        range=places.range(finding.filename, finding.location, finding.end_location),
        message=finding.message,
        severity=types.DiagnosticSeverity.Error if is_broken else types.DiagnosticSeverity.Warning,
        code=finding.code,
        code_description=types.CodeDescription(finding.url) if finding.url else None,
        source="fapi-lint",
    )


def diagnostic_of_remark(remark: Remark, places: Places) -> types.Diagnostic:
    """What there is to know of an open file besides its findings."""
    return types.Diagnostic(
        range=places.row(remark.path, remark.row),
        message=remark.message,
        severity=types.DiagnosticSeverity.Warning,
        source="fapi-lint",
    )


def edit_of(fix: ReportedFix, places: Places) -> types.WorkspaceEdit:
    """What a fix changes, in all files. Raises what `Places.range` does."""
    edits: dict[str, list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]] = {}
    for edit in fix.edits:
        range_ = places.range(edit.filename, edit.location, edit.end_location)
        edits.setdefault(edit.filename, []).append(types.TextEdit(range_, edit.content))
    return types.WorkspaceEdit(
        document_changes=[
            *(types.TextDocumentEdit(places.file(path), changes) for path, changes in edits.items()),
            *(types.RenameFile(places.file(move.filename).uri, uri_of(move.to)) for move in fix.moves),
        ]
    )


def replacement(document: Document, text: str, places: Places) -> types.WorkspaceEdit:
    """The document with another text: what is the same at its beginning and its end is left alone."""
    before = document.text
    start = _same(before, text)
    same = _same(before[start:][::-1], text[start:][::-1])
    first, last = (Position(*document.lines.position(offset)) for offset in (start, len(before) - same))
    edit = types.TextEdit(places.range(document.path, first, last), text[start : len(text) - same])
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(places.file(document.path), [edit])])


def _same(one: str, other: str) -> int:
    """How many characters two texts begin with both."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))
