"""What an editor shows while a check takes long: how much of the application is read, then that it is checked."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from uuid import uuid4

from lsprotocol import types
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer


class LongCheck:
    """Around a check. Called with so many files of so many that are parsed, also from other threads."""

    PATIENCE = 1.0
    """Seconds until anything is shown: most checks follow an edit, and are done by then."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._token = str(uuid4())
        self._read = types.WorkDoneProgressReport(message="checking", percentage=0)
        self._is_begun = False
        self._is_over = False
        self._timer: asyncio.TimerHandle | None = None
        self._showing: asyncio.Task[None] | None = None

    async def __aenter__(self) -> LongCheck:
        if get_capability(self._server.client_capabilities, "window.work_done_progress"):
            self._timer = self._loop.call_later(self.PATIENCE, self._start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True  # What the editor has been asked for is waited for: pygls takes no late answer.
        if self._timer is not None:
            self._timer.cancel()
        if self._is_begun:
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd())

    def __call__(self, done: int, total: int) -> None:
        message = f"{done} of {total} files" if done < total else "checking"
        report = types.WorkDoneProgressReport(message=message, percentage=100 * done // max(total, 1))
        self._loop.call_soon_threadsafe(self._report, report)

    def _start(self) -> None:
        self._showing = self._loop.create_task(self._show())

    async def _show(self) -> None:
        with suppress(JsonRpcException):
            await self._server.work_done_progress.create_async(self._token)
            if not self._is_over:
                self._begin()

    def _begin(self) -> None:
        begin = types.WorkDoneProgressBegin("fapi-lint", message=self._read.message, percentage=self._read.percentage)
        self._server.work_done_progress.begin(self._token, begin)
        self._is_begun = True

    def _report(self, report: types.WorkDoneProgressReport) -> None:
        is_news = report.percentage != self._read.percentage
        self._read = report
        if self._is_begun and is_news and not self._is_over:
            self._server.work_done_progress.report(self._token, report)
