"""The language server: findings as somebody types, and fixes from the same edits as those of `pydock fix`.

pygls reads and writes messages in a thread of its own; all work is done in the main one, see `desk`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Awaitable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from pydock import __version__
from pydock.server import Desk, is_alive
from pydock.server.language import actions
from pydock.server.language.documents import Documents, Reading, Workplace, dockerfiles_of
from pydock.server.language.findings import diagnostics, hover_text
from pydock.terminal import console

Result = TypeVar("Result")
_LANGUAGES = frozenset({"dockerfile", "containerfile", "docker"})
DIFF = "pydock.diff"


class Editor(LanguageServer):
    """What a client has opened, and what was said about it."""

    def __init__(self, given: Mapping[str, object]) -> None:
        super().__init__("pydock", __version__, lsp.TextDocumentSyncKind.Full)
        self.desk = Desk()
        self.workplace = Workplace(given)
        self.readings: dict[str, Reading] = {}
        self._told: dict[str, dict[str, list[lsp.Diagnostic]]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def encoding(self) -> str:
        return self.server_capabilities.position_encoding or lsp.PositionEncodingKind.Utf16

    def report_server_error(self, error: Exception, source: object) -> None:
        """One line for the log of the client; what it sent is not repeated, for it may hold secrets."""
        console.talk(f"pydock server: a message was not understood ({type(error).__name__})\n")

    def path(self, uri: str) -> str:
        """What a document goes by: a path, or for one that is no file yet what the client calls it."""
        return os.path.normpath(to_fs_path(uri) or uri) if uri.startswith("file:") else uri

    def uri(self, path: str) -> str:
        """A path as the client calls it."""
        called = {self.path(uri): uri for uri in self.workspace.text_documents}
        return called.get(path) or (from_fs_path(path) if os.path.isabs(path) else None) or path

    def documents(self) -> Documents:
        return {self.path(uri): document.source for uri, document in self.workspace.text_documents.items()}

    async def done(self, work: Future[Result]) -> Result:
        """The result of work at the desk; a request that is cancelled stops it."""
        try:
            return await asyncio.wrap_future(work)
        except asyncio.CancelledError:
            self.desk.drop(work)
            raise

    def wanted(self) -> dict[str, None]:
        """The Dockerfiles that open documents count for."""
        documents = self.workspace.text_documents.items()
        return {
            dockerfile: None
            for uri, document in documents
            for dockerfile in dockerfiles_of(self.path(uri), is_one=document.language_id in _LANGUAGES)
        }

    def look_again(self, uri: str) -> None:
        """Answer for the Dockerfiles that a document counts for, and take back what was said about others."""
        changed, wanted = self.path(uri), self.wanted()
        for dockerfile in [each for each in self._told if each not in wanted]:
            self._tell(dockerfile, {})
            del self._told[dockerfile]
            self.readings.pop(dockerfile, None)
        for dockerfile in wanted:
            if self._counts(changed, dockerfile):
                self._begin(dockerfile)

    def _counts(self, document: str, dockerfile: str) -> bool:
        """Whether a document is in the build context of a Dockerfile, as far as that is known."""
        reading = self.readings.get(dockerfile)
        root = reading.tree.root if reading else None
        return document == dockerfile or root is None or document.startswith(f"{root}{os.sep}")

    def _begin(self, dockerfile: str) -> None:
        work = self.desk.put(partial(self.workplace.check, dockerfile, self.documents()), dockerfile)
        self._tasks[dockerfile] = asyncio.ensure_future(self._answer(dockerfile, work))

    async def _answer(self, dockerfile: str, work: Future[Reading]) -> None:
        reading = await self.done(work)
        if self._tasks.get(dockerfile) is asyncio.current_task():
            self.readings[dockerfile] = reading
            self._told.setdefault(dockerfile, {})
            self._tell(dockerfile, diagnostics(reading, self.encoding))

    def _tell(self, dockerfile: str, found: dict[str, list[lsp.Diagnostic]]) -> None:
        """Publish what is new about a Dockerfile, with what others have to say about the same files."""
        touched = {**self._told.get(dockerfile, {}), **found}
        self._told[dockerfile] = found
        for path in touched:
            told = [each for files in self._told.values() for each in files.get(path, ())]
            unique = list({(each.code, each.message, repr(each.range)): each for each in told}.values())
            self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(self.uri(path), unique))

    async def answered(self, path: str) -> list[tuple[str, Reading]]:
        """The newest answers in which a file may have findings."""
        tasks = [task for dockerfile, task in self._tasks.items() if self._counts(path, dockerfile)]
        await asyncio.gather(*map(asyncio.shield, tasks), return_exceptions=True)
        return [each for each in self.readings.items() if any(entry.path == path for entry in each[1].answer.findings)]


def serve(given: Mapping[str, object]) -> int:
    """Answer a client on standard input and output until it leaves; the exit code is that of the protocol."""
    logging.getLogger("pygls").addHandler(logging.NullHandler())
    logging.getLogger("pygls").propagate = False
    editor = Editor(given)
    _hear_of_documents(editor)
    _answer_requests(editor)
    messages = threading.Thread(target=_until_the_end, args=(editor,), daemon=True)
    messages.start()
    try:
        if editor.desk.run(lambda: is_alive(editor.process_id)):
            messages.join()
            return 0 if editor.protocol._shutdown else 1
    finally:
        # The thread may wait for a message that never comes, and Python would wait for it.
        if messages.is_alive():
            os._exit(1)
    return 1


def _until_the_end(editor: Editor) -> None:
    try:
        editor.start_io()
    finally:
        editor.desk.close()


def _hear_of_documents(editor: Editor) -> None:
    def changed(params: Any) -> None:
        editor.look_again(params.text_document.uri)

    for event in (
        lsp.TEXT_DOCUMENT_DID_OPEN,
        lsp.TEXT_DOCUMENT_DID_CHANGE,
        lsp.TEXT_DOCUMENT_DID_SAVE,
        lsp.TEXT_DOCUMENT_DID_CLOSE,
    ):
        editor.feature(event)(changed)

    @editor.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(params: lsp.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            editor.look_again(change.uri)


def _answer_requests(editor: Editor) -> None:
    @editor.feature(lsp.TEXT_DOCUMENT_HOVER)
    async def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        path = editor.path(params.text_document.uri)
        readings = [reading for _, reading in await editor.answered(path)]
        text = await editor.done(editor.desk.put(partial(hover_text, readings, path, params.position, editor.encoding)))
        return lsp.Hover(lsp.MarkupContent(lsp.MarkupKind.Markdown, text)) if text else None

    options = lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix, *actions.ALL.values()], resolve_provider=True)

    @editor.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, options)
    async def code_actions(params: lsp.CodeActionParams) -> Sequence[lsp.CodeAction]:
        path = editor.path(params.text_document.uri)
        found = [
            action
            for dockerfile, reading in await editor.answered(path)
            for action in actions.offered(reading, dockerfile, path, params, editor.encoding)
        ]
        if actions.is_resolved_later(editor.client_capabilities):
            return found
        resolved = [await _resolved(editor, action) for action in found]
        return [action for action in resolved if action.edit is not None]

    @editor.feature(lsp.CODE_ACTION_RESOLVE)
    async def resolve(action: lsp.CodeAction) -> lsp.CodeAction:
        return await _resolved(editor, action)

    @editor.command(DIFF)
    async def difference(uri: str) -> str:
        work = editor.desk.put(partial(editor.workplace.fix, editor.path(uri), editor.documents()))
        return actions.difference(await editor.done(work))


def _resolved(editor: Editor, action: lsp.CodeAction) -> Awaitable[lsp.CodeAction]:
    """The action with its edits.

    Raises JsonRpcInvalidParams for one that this server has not offered.
    """
    try:
        asked = actions.asked(action)
    except ValueError as error:
        raise JsonRpcInvalidParams(str(error)) from error
    documents = editor.documents()
    work = editor.desk.put(
        partial(editor.workplace.fix, asked.dockerfile, documents, only=asked.number, unsafe=asked.is_unsafe)
    )

    async def resolved() -> lsp.CodeAction:
        reading = await editor.done(work)
        versions = {editor.path(uri): each.version for uri, each in editor.workspace.text_documents.items()}
        may = editor.client_capabilities.workspace
        action.edit = actions.workspace_edit(reading, asked, versions, editor.uri, may, editor.encoding)
        return action

    return resolved()
