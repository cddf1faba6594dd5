"""A real client of `pydock server`: the one of pygls, with what an editor does in few words."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient
from pygls.uris import from_fs_path, to_fs_path

COMMAND = (sys.executable, "-P", "-m", "pydock", "server")
LIMIT = 120.0
# What VS Code says of itself, as far as it counts here.
CAPABILITIES = lsp.ClientCapabilities(
    workspace=lsp.WorkspaceClientCapabilities(
        workspace_edit=lsp.WorkspaceEditClientCapabilities(
            document_changes=True,
            resource_operations=[lsp.ResourceOperationKind.Create],
            change_annotation_support=lsp.ChangeAnnotationsSupportOptions(groups_on_label=True),
        )
    ),
    text_document=lsp.TextDocumentClientCapabilities(
        code_action=lsp.CodeActionClientCapabilities(
            resolve_support=lsp.ClientCodeActionResolveOptions(["edit"]), data_support=True
        )
    ),
)


class Client(LanguageClient):
    """An editor without a screen: it opens, types, and hears what is found."""

    def __init__(self) -> None:
        super().__init__("test", "1")
        self.found: dict[str, list[lsp.Diagnostic]] = {}
        self.heard = asyncio.Event()
        self.versions: dict[str, int] = {}

        def hear(params: lsp.PublishDiagnosticsParams) -> None:
            self.found[to_fs_path(params.uri) or params.uri] = list(params.diagnostics)
            self.heard.set()

        self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(hear)

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._server is not None
        return self._server

    async def begin(self, folder: Path, capabilities: lsp.ClientCapabilities = CAPABILITIES) -> lsp.InitializeResult:
        asked = lsp.InitializeParams(capabilities, process_id=os.getpid(), root_uri=from_fs_path(str(folder)))
        result = await self.initialize_async(asked)
        self.initialized(lsp.InitializedParams())
        return result

    def open(self, path: Path, text: str, language: str = "dockerfile") -> None:
        self.versions[str(path)] = 1
        item = lsp.TextDocumentItem(str(from_fs_path(str(path))), language, 1, text)
        self.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def type(self, path: Path, text: str) -> None:
        self.versions[str(path)] = version = self.versions.get(str(path), 0) + 1
        document = lsp.VersionedTextDocumentIdentifier(version, str(from_fs_path(str(path))))
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))

    def close(self, path: Path) -> None:
        self.text_document_did_close(lsp.DidCloseTextDocumentParams(identified(path)))

    async def codes(self, path: Path) -> list[Any]:
        """The codes of the next findings that are told."""
        await asyncio.wait_for(self.heard.wait(), LIMIT)
        self.heard.clear()
        return [each.code for each in self.found.get(str(path), [])]

    async def until(self, path: Path, *codes: str, without: str = "") -> None:
        """Wait until findings with these codes, and without that one, are told of a file."""
        while not set(codes) <= set(found := await self.codes(path)) or without in found:
            pass

    async def actions(
        self, path: Path, line: int, only: Sequence[lsp.CodeActionKind | str] | None = None
    ) -> list[lsp.CodeAction]:
        place = lsp.Position(line - 1, 0)
        context = lsp.CodeActionContext([], only)
        asked = lsp.CodeActionParams(identified(path), lsp.Range(place, place), context)
        return [
            each for each in await self.text_document_code_action_async(asked) or () if isinstance(each, lsp.CodeAction)
        ]

    async def end(self) -> int:
        """The exit code of a server that was told to go."""
        await self.shutdown_async(None)
        self.exit(None)
        return await asyncio.wait_for(self.process.wait(), LIMIT)


@asynccontextmanager
async def client(*arguments: str, environment: dict[str, str] | None = None) -> AsyncIterator[Client]:
    """A client with a server of its own, which is gone afterwards."""
    made = Client()
    await made.start_io(*COMMAND, *arguments, env={**os.environ, **(environment or {})})
    try:
        yield made
    finally:
        if made.process.returncode is None:
            made.process.kill()
        await asyncio.wait_for(made.stop(), LIMIT)  # type: ignore[no-untyped-call]


def identified(path: Path) -> lsp.TextDocumentIdentifier:
    return lsp.TextDocumentIdentifier(str(from_fs_path(str(path))))


def applied(text: str, edits: Sequence[lsp.TextEdit | Any]) -> str:
    """The text after edits, as an editor applies them."""
    lines = text.splitlines(keepends=True) or [""]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def offset(place: lsp.Position) -> int:
        at = starts[min(place.line, len(starts) - 1)]
        return (
            at + len(lines[place.line].encode("utf-16-le")[: 2 * place.character].decode("utf-16-le"))
            if (place.line < len(lines))
            else at
        )

    for edit in sorted(edits, key=lambda each: offset(each.range.start), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text
