"""An editor that talks to a language server in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls import uris
from pygls.lsp.client import LanguageClient

_CAN = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
        workspace_edit=types.WorkspaceEditClientCapabilities(
            document_changes=True, resource_operations=[types.ResourceOperationKind.Rename]
        ),
    ),
    window=types.WindowClientCapabilities(work_done_progress=True),
    text_document=types.TextDocumentClientCapabilities(
        code_action=types.CodeActionClientCapabilities(
            data_support=True, resolve_support=types.ClientCodeActionResolveOptions(["edit"])
        )
    ),
)
_PATIENCE = 60


class Editor:
    """Opens and edits files, and gets what the server says of them."""

    def __init__(self, client: LanguageClient) -> None:
        self.client = client
        self.texts: dict[Path, str] = {}
        self.watched: list[str] = []
        self.progress: list[Any] = []
        self._said: dict[str, asyncio.Queue[types.PublishDiagnosticsParams]] = {}
        self._shown: asyncio.Queue[str] = asyncio.Queue()
        self._versions: dict[Path, int] = {}

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self._about(params.uri).put_nowait(params)

        @client.feature(types.WINDOW_SHOW_MESSAGE)
        def shown(params: types.ShowMessageParams) -> None:
            self._shown.put_nowait(params.message)

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def registered(params: types.RegistrationParams) -> None:
            self.watched += [registration.method for registration in params.registrations]

        @client.feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)
        def created(params: types.WorkDoneProgressCreateParams) -> None:
            pass

        @client.feature(types.PROGRESS)
        def progressed(params: types.ProgressParams) -> None:
            self.progress.append(params.value)

    def _about(self, uri: str) -> asyncio.Queue[types.PublishDiagnosticsParams]:
        return self._said.setdefault(uri, asyncio.Queue())

    def open(self, path: Path, text: str | None = None) -> None:
        self.texts[path] = path.read_text(encoding="utf-8") if text is None else text
        self._versions[path] = 1
        item = types.TextDocumentItem(uri_of(path), "python", 1, self.texts[path])
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def edit(self, path: Path, text: str) -> None:
        self.texts[path] = text
        self._versions[path] += 1
        named = types.VersionedTextDocumentIdentifier(self._versions[path], uri_of(path))
        changes = [types.TextDocumentContentChangeWholeDocument(text)]
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(named, changes))

    def close(self, path: Path) -> None:
        named = types.TextDocumentIdentifier(uri_of(path))
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(named))

    def changed_on_disk(self, path: Path) -> None:
        event = types.FileEvent(
            uri_of(path), types.FileChangeType.Changed if path.exists() else types.FileChangeType.Deleted
        )
        self.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    async def diagnostics(self, path: Path) -> list[types.Diagnostic]:
        """The next ones of a file, about the text that it has now."""
        while True:
            said = await asyncio.wait_for(self._about(uri_of(path)).get(), _PATIENCE)
            if said.version in (None, self._versions[path]):
                return list(said.diagnostics)

    def pending(self, path: Path) -> int:
        """How many diagnostics of a file have not been asked for."""
        return self._about(uri_of(path)).qsize()

    async def message(self) -> str:
        return await asyncio.wait_for(self._shown.get(), _PATIENCE)

    async def actions(self, path: Path, row: int, only: str | None = None) -> list[types.CodeAction]:
        """What is offered for a row, from 0."""
        place = types.Position(row, 0)
        context = types.CodeActionContext([], only=None if only is None else [only])
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri_of(path)), types.Range(place, place), context)
        found = await asyncio.wait_for(self.client.text_document_code_action_async(params), _PATIENCE)
        return [action for action in found or () if isinstance(action, types.CodeAction)]

    async def resolved(self, action: types.CodeAction) -> types.CodeAction:
        return await asyncio.wait_for(self.client.code_action_resolve_async(action), _PATIENCE)

    def applied(self, action: types.CodeAction) -> dict[Path, str]:
        """The files that an action changes, as they are afterwards."""
        texts: dict[Path, str] = {}
        assert action.edit is not None
        for change in action.edit.document_changes or ():
            assert isinstance(change, types.TextDocumentEdit), change
            path = Path(uris.to_fs_path(change.text_document.uri) or "")
            assert change.text_document.version == self._versions.get(path)
            text = self.texts[path] if path in self.texts else path.read_text(encoding="utf-8")
            for edit in sorted(change.edits, key=lambda edit: edit.range.start, reverse=True):
                assert isinstance(edit, types.TextEdit)
                start, end = _offset(text, edit.range.start), _offset(text, edit.range.end)
                text = text[:start] + edit.new_text + text[end:]
            texts[path] = text
        return texts


def uri_of(path: Path) -> str:
    return path.as_uri()


def _offset(text: str, position: types.Position) -> int:
    """Where a position is whose column counts UTF-16 units, the protocol's own."""
    lines = text.splitlines(keepends=True)
    units = lines[position.line].encode("utf-16-le")[: position.character * 2] if position.character else b""
    return sum(map(len, lines[: position.line])) + len(units.decode("utf-16-le"))


@asynccontextmanager
async def connected(folder: Path, can: types.ClientCapabilities = _CAN) -> AsyncIterator[Editor]:
    """An editor and its server, which ends with it."""
    client = LanguageClient("editor", "1")
    editor = Editor(client)
    await client.start_io(sys.executable, "-m", "fapi_lint", "server", "--stdio", cwd=folder)
    try:
        await client.initialize_async(types.InitializeParams(capabilities=can, root_uri=uri_of(folder)))
        client.initialized(types.InitializedParams())
        yield editor
        await client.shutdown_async(None)
    finally:
        client.exit(None)
        await client.stop()
