"""Fixes as a language client offers them: one finding, or all that is safe, each through the laws of `pydock fix`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lsprotocol.types import (
    AnnotatedTextEdit,
    ChangeAnnotation,
    ClientCapabilities,
    CodeAction,
    CodeActionKind,
    CodeActionParams,
    CreateFile,
    CreateFileOptions,
    OptionalVersionedTextDocumentIdentifier,
    ResourceOperationKind,
    TextDocumentEdit,
    WorkspaceClientCapabilities,
    WorkspaceEdit,
)
from pygls.exceptions import JsonRpcException

from pydock.report import Answer, Changed, Offer
from pydock.report.formats import patch
from pydock.server.language.client_text import ClientText, edits
from pydock.server.language.documents import Reading
from pydock.server.language.findings import diagnostic
from pydock.terminal import Style, printable
from pydock.text import Safety
from pydock.values import Value, replace

# Whether unsafe fixes are among them. Not below `source.fixAll`, which editors are told to run at each save: a rewrite
# into stages is nothing that should happen unseen.
ALL = {False: "source.pydock.fixAll", True: "source.pydock.fixAllUnsafe"}
_REQUEST_FAILED, _CONTENT_MODIFIED = -32803, -32801


class Asked(Value):
    """Which fix a client asks for: of one finding, by its number and its words, or of all."""

    dockerfile: str
    number: int | None
    is_unsafe: bool
    title: str


def offered(
    reading: Reading, dockerfile: str, path: str, params: CodeActionParams, encoding: str
) -> Iterator[CodeAction]:
    """The fixes for the lines of a range, safe ones first, and those of all findings of its Dockerfile."""
    only = params.context.only
    places = ClientText(reading.text(path), encoding)
    found = []
    for number, entry in enumerate(reading.answer.findings):
        place = places.of(entry)
        lines = range(place.start.line, place.end.line + 1)
        is_there = params.range.start.line <= lines[-1] and lines[0] <= params.range.end.line
        if entry.path == path and is_there and entry.fix and entry.fix.safety is not Safety.DISPLAY_ONLY:
            is_safe = entry.fix.safety is Safety.SAFE
            data = {"dockerfile": dockerfile, "number": number, "unsafe": not is_safe, "title": entry.fix.title}
            told = [diagnostic(entry, places)]
            found.append(
                CodeAction(
                    f"{entry.code}: {_title(entry.fix)}", CodeActionKind.QuickFix, told, is_preferred=is_safe, data=data
                )
            )
    if _is_asked(CodeActionKind.QuickFix, only):
        yield from sorted(found, key=lambda action: not action.is_preferred)
    safeties = {entry.fix.safety for entry in reading.answer.findings if entry.fix}
    for is_unsafe, kind in ALL.items():
        if (Safety.UNSAFE if is_unsafe else Safety.SAFE) in safeties and _is_asked(kind, only):
            which = "all fixes, unsafe ones too" if is_unsafe else "all safe fixes"
            data = {"dockerfile": dockerfile, "number": None, "unsafe": is_unsafe, "title": f"pydock: {which}"}
            yield CodeAction(f"pydock: apply {which}", kind, data=data)


def _title(fix: Offer) -> str:
    doubt = f": {fix.doubts[0]}" if fix.doubts else ""
    return printable(fix.title if fix.safety is Safety.SAFE else f"{fix.title} (unsafe{doubt})")


def _is_asked(kind: str, only: Any) -> bool:
    """Kinds are told by their beginnings: `source` means `source.pydock.fixAll`, too."""
    return only is None or any(kind == each or kind.startswith(f"{each}.") for each in map(_plain, only))


def _plain(kind: Any) -> str:
    return str(getattr(kind, "value", kind))


def is_resolved_later(client: ClientCapabilities) -> bool:
    """Whether a client asks for the edits of an action when somebody has chosen it."""
    action = client.text_document.code_action if client.text_document else None
    return bool(action and action.resolve_support and "edit" in action.resolve_support.properties)


def asked(action: CodeAction) -> Asked:
    """What was offered with this action.

    Raises ValueError for one that this server has not offered.
    """
    match action.data:
        case {"dockerfile": str(path), "number": int() | None as number, "unsafe": bool(unsafe), "title": str(title)}:
            return Asked(path, number, unsafe, title)
        case _:
            raise ValueError("an action that this server has not offered")


def workspace_edit(
    reading: Reading,
    wanted: Asked,
    versions: Mapping[str, int | None],
    uri: Callable[[str], str],
    client: WorkspaceClientCapabilities | None,
    encoding: str,
) -> WorkspaceEdit:
    """What makes the files what `pydock fix` makes of them; all of a Dockerfile is shown before it is applied.

    Raises JsonRpcException where the finding is not there any more, its fix would break the service, or the client
    cannot do it.
    """
    answer = reading.answer
    _refuse(answer, wanted)
    may = client.workspace_edit if client else None
    creates = bool(may and ResourceOperationKind.Create in (may.resource_operations or ()))
    if not (may and may.document_changes):
        if any(change.before is None for change in answer.changes):
            raise JsonRpcException("the fix makes a new file, and this editor cannot: run pydock fix", _REQUEST_FAILED)
        return WorkspaceEdit({uri(each.path): list(edits(each, encoding)) for each in answer.changes})
    if not creates and any(change.before is None for change in answer.changes):
        raise JsonRpcException("the fix makes a new file, and this editor cannot: run pydock fix", _REQUEST_FAILED)
    is_shown = wanted.number is None and may.change_annotation_support is not None
    label = "all" if is_shown else None
    changes: list[TextDocumentEdit | CreateFile | Any] = []
    for change in answer.changes:
        changes += _changed(change, uri(change.path), versions.get(change.path), label, encoding)
    notes = {"all": ChangeAnnotation(wanted.title, needs_confirmation=True)} if is_shown else None
    return WorkspaceEdit(document_changes=changes, change_annotations=notes)


def _changed(
    change: Changed, uri: str, version: int | None, label: str | None, encoding: str
) -> Iterator[TextDocumentEdit | CreateFile]:
    if change.before is None:
        yield CreateFile(uri, options=CreateFileOptions(ignore_if_exists=False), annotation_id=label)
    plain = edits(change, encoding)
    found: list[Any] = [AnnotatedTextEdit(label, each.range, each.new_text) for each in plain] if label else [*plain]
    yield TextDocumentEdit(OptionalVersionedTextDocumentIdentifier(uri, version), found)


def _refuse(answer: Answer, wanted: Asked) -> None:
    if answer.failure is not None:
        raise JsonRpcException(answer.failure.message, _REQUEST_FAILED)
    if wanted.number is not None:
        entries = answer.findings[wanted.number : wanted.number + 1]
        if not any(entry.fix and entry.fix.title == wanted.title for entry in entries):
            raise JsonRpcException("the finding is not there any more", _CONTENT_MODIFIED)
        for refused in answer.refused:
            why = "; ".join(broken.what for broken in refused.broken)
            raise JsonRpcException(f"not applied: {wanted.title}: {why}", _REQUEST_FAILED)
    if any("\ud800" <= char <= "\udfff" for change in answer.changes for char in change.after):
        raise JsonRpcException("a file is not UTF-8, which an editor would not keep: run pydock fix", _REQUEST_FAILED)


def difference(reading: Reading) -> str:
    """What all fixes change, as a patch with secrets masked.

    Raises JsonRpcException where there is no answer.
    """
    if (failure := reading.answer.failure) is not None:
        raise JsonRpcException(failure.message, _REQUEST_FAILED)
    root = reading.tree.root or ""
    changes = tuple(replace(each, path=os.path.relpath(each.path, root)) for each in reading.answer.changes)
    return patch([replace(reading.answer, changes=changes)], Style())[0]
