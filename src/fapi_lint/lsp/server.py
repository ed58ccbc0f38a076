"""The language server: findings of open files as diagnostics, and their fixes as code actions.

It reads the whole application once, and what has changed from then on; open files are read as they are in the editor.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.lsp.server import LanguageServer

from fapi_lint import __version__
from fapi_lint.config.load import ConfigError
from fapi_lint.engine.check import RuleError
from fapi_lint.engine.failures import origin
from fapi_lint.engine.noqa import NEVER
from fapi_lint.engine.reading import Memory
from fapi_lint.lsp.documents import Document, Found, check, fix, suppress
from fapi_lint.lsp.progress import LongCheck
from fapi_lint.lsp.protocol import Places, diagnostic_of, diagnostic_of_remark, edit_of, replacement
from fapi_lint.report.model import Diagnostic
from fapi_lint.source.file import SourceError

T = TypeVar("T")
_PAUSE = 0.2
"""Seconds without a change before a check: while somebody types, another one follows at once."""
_FIX_ALL = "source.fixAll.fapi-lint"
_WATCHED = ("**/*.{py,toml,ini,cfg}", "**/{requirements*.txt,requirements*.in,.gitignore,.fapi-lint-baseline.json}")


class Server(LanguageServer):
    """What is known of one editor: its open files, and what was found in them last."""

    def __init__(self) -> None:
        # Whole texts: pygls counts lines as `str.splitlines` does, which a form feed ends.
        super().__init__("fapi-lint", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self._memory = Memory()
        self._engine = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1)  # Not asyncio's own, for which the end of the server would wait.
        self._checking: asyncio.Task[None] | None = None
        self._is_stale = False
        self._checked: list[Document] = []
        self._found = Found()
        self._told: frozenset[str] = frozenset()

    # --- checking ----------------------------------------------------------------------------------

    def changed(self) -> None:
        """Check soon, for something has changed."""
        self._is_stale = True
        if self._checking is None or self._checking.done():
            self._checking = asyncio.get_running_loop().create_task(self._check())

    async def settled(self) -> None:
        """Wait until what was found is about the open files as they are."""
        while self._checking is not None and not self._checking.done():
            await asyncio.shield(self._checking)

    async def _check(self) -> None:
        while self._is_stale:
            self._is_stale = False
            await asyncio.sleep(_PAUSE)
            if self._is_stale:
                continue
            documents = self._documents()
            found = await self._find(documents)
            if self._is_stale:
                continue
            self._checked, self._found = documents, found
            self._publish()
            self._tell(found.problems)
            await self._apart(gc.collect)  # All that the check knew.

    async def _find(self, documents: list[Document]) -> Found:
        try:
            async with self._engine, LongCheck(self) as progress:
                return await self._apart(lambda: check(documents, self._memory, progress))
        except Exception as error:
            return Found(problems=[f"{type(error).__name__}: {error}, in {origin(error)}"])

    async def _apart(self, work: Callable[[], T]) -> T:
        """What some work gives, done in another thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _documents(self) -> list[Document]:
        """The open Python files that are on the disk, or could be."""
        return [
            Document(open_.uri, open_.path, open_.version, open_.source)
            for open_ in self.workspace.text_documents.values()
            if open_.uri.startswith("file:") and (open_.language_id == "python" or open_.path.endswith(".py"))
        ]

    def _publish(self) -> None:
        places = self.places()
        for document in self._checked:
            path = document.path
            found = [diagnostic_of(each, places) for each in self._found.diagnostics if each.filename == path]
            found += [diagnostic_of_remark(each, places) for each in self._found.remarks if each.path == path]
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(document.uri, found, document.version)
            )

    def _tell(self, problems: Iterable[str]) -> None:
        """Show what was not said the last time: a check follows every change."""
        told = frozenset(problems)
        for problem in told - self._told:
            self.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"fapi-lint: {problem}"))
        self._told = told

    def places(self) -> Places:
        """Places in the files as they were checked."""
        return Places(self._checked, self.workspace.position_codec, self._memory)

    # --- code actions ------------------------------------------------------------------------------

    async def actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """For what was found in the rows of a range, its fix and its suppression; on request, all safe fixes."""
        await self.settled()
        document = self._document(params.text_document.uri)
        only = params.context.only
        if document is None:
            return []
        found: list[types.CodeAction] = []
        if only is None or any(_is_kind(types.CodeActionKind.QuickFix, kind) for kind in only):
            rows = range(params.range.start.line + 1, params.range.end.line + 2)
            findings = [
                each for each in self._found.diagnostics if each.filename == document.path and _is_in(each, rows)
            ]
            found += self._fixes(findings)
            found += self._suppressions(document, findings)
        if any(_is_kind(_FIX_ALL, kind) for kind in only or ()):
            edit = await self._edit(document, lambda: fix(document, self._checked, self._memory))
            if edit is not None:
                found.append(types.CodeAction("Apply all safe fixes of this file", kind=_FIX_ALL, edit=edit))
        return found

    def _document(self, uri: str) -> Document | None:
        return next((each for each in self._checked if each.uri == uri), None)

    def _fixes(self, findings: Iterable[Diagnostic]) -> Iterator[types.CodeAction]:
        places = self.places()
        operations = get_capability(self.client_capabilities, "workspace.workspace_edit.resource_operations") or ()
        for finding in findings:
            if finding.fix is None or finding.fix.applicability == "display":
                continue
            if finding.fix.moves and types.ResourceOperationKind.Rename not in operations:
                continue
            with contextlib.suppress(SourceError, ValueError):  # Another file is not as it was any more.
                yield types.CodeAction(
                    title=f"{finding.code}: {finding.fix.message}",
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[diagnostic_of(finding, places)],
                    is_preferred=finding.fix.applicability == "safe",
                    edit=edit_of(finding.fix, places),
                )

    def _suppressions(self, document: Document, findings: Iterable[Diagnostic]) -> Iterator[types.CodeAction]:
        """One for each rule and row; the edits are made by `resolve`, where the editor asks for that."""
        support = get_capability(self.client_capabilities, "text_document.code_action.resolve_support")
        if support is None or "edit" not in support.properties:
            return
        for code, row in dict.fromkeys((each.code, each.location.row) for each in findings):
            if code not in NEVER:
                yield types.CodeAction(
                    title=f"{code}: Suppress it here with a comment",
                    kind=types.CodeActionKind.QuickFix,
                    data={"uri": document.uri, "code": code, "row": row},
                )

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """The action with its edit, unless it has one or there is none any more."""
        asked: dict[str, Any] = action.data or {}
        document = self._document(asked.get("uri", ""))
        if document is not None:
            code, row = asked["code"], asked["row"]
            action.edit = await self._edit(document, lambda: suppress(document, self._checked, self._memory, code, row))
        return action

    async def _edit(self, document: Document, change: Callable[[], str]) -> types.WorkspaceEdit | None:
        """What changes a document as an application of rules in another thread does; None if nothing changes."""
        try:
            async with self._engine, LongCheck(self):
                text = await self._apart(change)
        except (ConfigError, RuleError):
            return None  # The check has told it.
        return None if text == document.text else replacement(document, text, self.places())

    async def watch(self) -> None:
        """Ask to be told of changes on the disk."""
        if not get_capability(self.client_capabilities, "workspace.did_change_watched_files.dynamic_registration"):
            return
        watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        await self.client_register_capability_async(
            types.RegistrationParams([types.Registration("watched-files", method, options)])
        )


def _is_in(finding: Diagnostic, rows: range) -> bool:
    """Whether a finding is in some of these rows, which count from 1."""
    return finding.location.row < rows.stop and rows.start <= finding.end_location.row


def _is_kind(kind: str, wanted: str) -> bool:
    """Whether a kind of code actions is meant by another: `source.fixAll.fapi-lint` by `source.fixAll`."""
    return f"{kind}.".startswith(f"{wanted}." if wanted else "")


def make_server() -> Server:
    """A server that nothing is connected to yet."""
    server = Server()

    @server.feature(types.INITIALIZED)
    async def initialized(params: types.InitializedParams) -> None:
        await server.watch()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.changed()

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def edited(params: types.DidChangeTextDocumentParams) -> None:
        server.changed()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        server.changed()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))
        server.changed()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed(params: types.DidChangeWatchedFilesParams) -> None:
        server.changed()

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, _FIX_ALL], resolve_provider=True),
    )
    async def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        return await server.actions(params)

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        return await server.resolve(action)

    return server
