"""`pydock server`, asked by a real language client."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tests.language_client import COMMAND, LIMIT, Client, applied, client, identified

DOCKERFILE = """\
FROM python:3.12.7-slim-bookworm
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
# 🐳 a comment
CMD gunicorn -b 0.0.0.0:8000 app:app
"""
FILES = {
    "Dockerfile": DOCKERFILE,
    "requirements.txt": "flask==3.1.0\ngunicorn==23.0.0\n",
    "app.py": "import flask\n\napp = flask.Flask(__name__)\n",
}
Story = Callable[[Client, Path], Awaitable[None]]
Telling = Callable[[Story], None]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with asyncio.Runner() as runner:
        yield runner.get_loop()


@pytest.fixture(scope="module")
def editor(loop: asyncio.AbstractEventLoop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client that has been at it for a while: stories come one after the other, as for a person."""
    context = client()
    opened = loop.run_until_complete(context.__aenter__())
    loop.run_until_complete(opened.begin(tmp_path_factory.getbasetemp()))
    yield opened
    assert loop.run_until_complete(opened.end()) == 0
    loop.run_until_complete(context.__aexit__(None, None, None))


@pytest.fixture
def told(editor: Client, project: Path, loop: asyncio.AbstractEventLoop) -> Callable[[Story], None]:
    def tell(story: Story) -> None:
        loop.run_until_complete(story(editor, project))
        for path in editor.versions:
            editor.close(Path(path))
        editor.versions.clear()

    return tell


def test_findings_come_as_somebody_types_and_go_with_the_document(told: Telling) -> None:
    async def story(editor: Client, folder: Path) -> None:
        dockerfile = folder / "Dockerfile"
        editor.open(dockerfile, DOCKERFILE)
        await editor.until(dockerfile, "PYD302", "PYD404")
        editor.type(dockerfile, DOCKERFILE.replace("pip install", "pip install --no-cache-dir"))
        await editor.until(dockerfile, without="PYD302")
        assert (folder / "Dockerfile").read_text(encoding="utf-8") == DOCKERFILE
        editor.type(dockerfile, f"{DOCKERFILE}NONSENSE\n")
        while [each.code for each in editor.found[str(dockerfile)]] != [None]:
            await editor.codes(dockerfile)
        (failed,) = editor.found[str(dockerfile)]
        assert (failed.range.start.line, failed.severity) == (7, lsp.DiagnosticSeverity.Error)
        editor.close(dockerfile)
        assert await editor.codes(dockerfile) == []

    told(story)


def test_a_change_of_another_document_counts_for_the_dockerfile(told: Telling) -> None:
    async def story(editor: Client, folder: Path) -> None:
        dockerfile, listed = folder / "Dockerfile", folder / "requirements.txt"
        editor.open(listed, FILES["requirements.txt"], "pip-requirements")
        await editor.until(dockerfile, "PYD302")
        editor.type(listed, "flask\ngunicorn==23.0.0\n")
        await editor.until(dockerfile, "PYD201")

    told(story)


def test_a_quick_fix_makes_what_fix_makes_and_columns_are_those_of_the_client(told: Telling) -> None:
    async def story(editor: Client, folder: Path) -> None:
        dockerfile = folder / "Dockerfile"
        editor.open(dockerfile, DOCKERFILE)
        await editor.until(dockerfile, "PYD404")
        action = next(each for each in await editor.actions(dockerfile, 7) if each.title.startswith("PYD405"))
        assert (action.kind, action.is_preferred, action.edit) == (lsp.CodeActionKind.QuickFix, True, None)
        (change,) = _edits(await editor.code_action_resolve_async(action))
        (folder / "Dockerfile").write_text(applied(DOCKERFILE, change.edits), encoding="utf-8")
        alone = _pydock(folder, "fix", "--diff", "--select", "PYD405", "Dockerfile")
        assert alone.returncode == 0, alone.stdout
        assert '"gunicorn", "-b"' in (folder / "Dockerfile").read_text(encoding="utf-8")

    told(story)


def test_all_safe_fixes_are_shown_before_they_are_made_and_are_those_of_fix(told: Telling) -> None:
    async def story(editor: Client, folder: Path) -> None:
        dockerfile = folder / "Dockerfile"
        editor.open(dockerfile, DOCKERFILE)
        await editor.until(dockerfile, "PYD404")
        (action,) = await editor.actions(dockerfile, 1, ["source.pydock.fixAll"])
        edit = (await editor.code_action_resolve_async(action)).edit
        assert edit is not None
        assert edit.change_annotations is not None
        assert all(each.needs_confirmation for each in edit.change_annotations.values())
        assert any(
            isinstance(each, lsp.CreateFile) and each.uri.endswith(".dockerignore")
            for each in edit.document_changes or ()
        )
        made = {
            Path(change.text_document.uri).name: applied(
                FILES.get(Path(change.text_document.uri).name, ""), change.edits
            )
            for change in edit.document_changes or ()
            if isinstance(change, lsp.TextDocumentEdit)
        }
        shown = await editor.workspace_execute_command_async(
            lsp.ExecuteCommandParams("pydock.diff", [identified(dockerfile).uri])
        )
        assert str(shown).startswith("--- a/Dockerfile\n+++ b/Dockerfile\n")
        assert _pydock(folder, "fix", "Dockerfile").returncode in {0, 1}
        assert made == {name: (folder / name).read_text(encoding="utf-8") for name in made}

    told(story)


def test_a_client_that_can_do_little_gets_edits_at_once_and_leaves_no_server_behind(project: Path) -> None:
    async def story(editor: Client, folder: Path) -> None:
        dockerfile = folder / "Dockerfile"
        editor.open(dockerfile, DOCKERFILE)
        await editor.until(dockerfile, "PYD404")
        found = await editor.actions(dockerfile, 7, [lsp.CodeActionKind.QuickFix])
        assert found
        assert all(action.edit is not None and action.edit.changes for action in found)

    async def alone() -> None:
        async with client() as editor:
            await editor.begin(project, lsp.ClientCapabilities())
            await story(editor, project)
            assert editor.process.stdin is not None
            editor.process.stdin.close()
            assert await asyncio.wait_for(editor.process.wait(), LIMIT) == 1

    asyncio.run(alone())


def test_a_fix_of_a_finding_that_has_gone_is_refused(told: Telling) -> None:
    async def story(editor: Client, folder: Path) -> None:
        dockerfile = folder / "Dockerfile"
        editor.open(dockerfile, DOCKERFILE)
        await editor.until(dockerfile, "PYD404")
        action = next(each for each in await editor.actions(dockerfile, 4) if each.title.startswith("PYD302"))
        editor.type(dockerfile, "FROM python:3.12.7-slim-bookworm\n")
        with pytest.raises(JsonRpcException, match="not there any more"):
            await editor.code_action_resolve_async(action)
        for data in (None, {"number": "x"}, {"dockerfile": "/etc/passwd", "number": -7, "unsafe": False, "title": ""}):
            with pytest.raises(JsonRpcException):
                await editor.code_action_resolve_async(lsp.CodeAction("", data=data))

    told(story)


def test_hover_explains_the_rule(told: Telling) -> None:
    async def story(editor: Client, folder: Path) -> None:
        dockerfile = folder / "Dockerfile"
        editor.open(dockerfile, DOCKERFILE)
        await editor.until(dockerfile, "PYD302")
        asked = lsp.HoverParams(identified(dockerfile), lsp.Position(3, 6))
        hover = await editor.text_document_hover_async(asked)
        assert hover is not None
        assert isinstance(hover.contents, lsp.MarkupContent)
        assert "# PYD302 pip-cache" in hover.contents.value
        assert "```diff" in hover.contents.value
        assert (
            await editor.text_document_hover_async(lsp.HoverParams(identified(dockerfile), lsp.Position(5, 0))) is None
        )

    told(story)


def test_a_document_that_is_no_file_yet_is_answered(told: Telling) -> None:
    async def story(editor: Client, folder: Path) -> None:
        item = lsp.TextDocumentItem("untitled:Untitled-1", "dockerfile", 1, "FROM python:latest\n")
        editor.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        while not editor.found.get("untitled:Untitled-1"):
            await editor.codes(folder)
        assert "PYD101" in [each.code for each in editor.found["untitled:Untitled-1"]]

    told(story)


def test_what_is_not_waited_for_any_more_is_not_answered(told: Telling) -> None:
    async def story(editor: Client, folder: Path) -> None:
        dockerfile = folder / "Dockerfile"
        editor.open(dockerfile, DOCKERFILE)
        await editor.until(dockerfile, "PYD404")
        (action,) = await editor.actions(dockerfile, 1, ["source.pydock.fixAll"])
        request = editor.protocol.send_request_async("codeAction/resolve", action, msg_id="gone")
        task = asyncio.ensure_future(request)
        await asyncio.sleep(0)
        editor.cancel_request(lsp.CancelParams("gone"))
        with pytest.raises(JsonRpcException, match="cancel"):
            await task
        for number in range(20):
            editor.type(dockerfile, f"{DOCKERFILE}# {number}\n")
        assert await editor.actions(dockerfile, 4)

    told(story)


def _message(message: dict[str, Any]) -> bytes:
    data = json.dumps({"jsonrpc": "2.0", **message}).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(data), data)


NONSENSE = {
    "no header": b"hello\r\n\r\n",
    "no JSON": b"Content-Length: 3\r\n\r\n{{{",
    "a list": b"Content-Length: 2\r\n\r\n[]",
    "a number": b"Content-Length: 1\r\n\r\n7",
    "no method": _message({}),
    "bytes that are no UTF-8": b"Content-Length: 2\r\n\r\n\xff\xfe",
    "an unknown method": _message({"id": 5, "method": "no/thing"}),
    "a document before the start": _message(
        {
            "method": "textDocument/didChange",
            "params": {"textDocument": {"uri": "file:///x", "version": 1}, "contentChanges": [{"text": "secret"}]},
        }
    ),
}


def test_nonsense_is_said_in_a_line_and_the_next_message_is_answered(project: Path) -> None:
    with _started(stderr=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        for data in NONSENSE.values():
            server.stdin.write(
                data if data.startswith((b"C", b"h")) else b"Content-Length: %d\r\n\r\n%b" % (len(data), data)
            )
        asked: dict[str, Any] = {"processId": None, "rootUri": project.as_uri(), "capabilities": {}}
        _send(server, {"id": 1, "method": "initialize", "params": asked})
        while (answer := _received(server)).get("id") != 1:
            pass
        assert answer["result"]["serverInfo"]["name"] == "pydock"
        _send(server, {"id": 2, "method": "shutdown"})
        assert _received(server)["id"] == 2
        _send(server, {"method": "exit"})
        _, said = server.communicate(timeout=LIMIT)
        assert server.returncode == 0
        assert b"secret" not in said
        assert b"Traceback" not in said


@contextmanager
def _started(**streams: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server that is spoken to in bytes, and ends in any case."""
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **streams) as server:  # type: ignore[call-overload]
        end = threading.Timer(LIMIT, server.kill)
        end.start()
        try:
            yield server
        finally:
            end.cancel()
            server.kill()


def _send(server: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    assert server.stdin is not None
    server.stdin.write(_message(message))
    server.stdin.flush()


def _received(server: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert server.stdout is not None
    size = 0
    while (line := server.stdout.readline()) != b"\r\n":
        assert line, "the server has gone"
        size = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else size
    message: dict[str, Any] = json.loads(server.stdout.read(size))
    return message


def test_a_client_that_dies_with_its_pipe_open_leaves_no_server_behind(project: Path) -> None:
    with (
        subprocess.Popen(["cat"], stdin=subprocess.PIPE) as dying,
        _started() as server,
    ):
        asked = {"processId": dying.pid, "rootUri": project.as_uri(), "capabilities": {}}
        _send(server, {"id": 1, "method": "initialize", "params": asked})
        assert _received(server)["id"] == 1
        dying.communicate()
        assert server.wait(LIMIT) == 1


def test_without_its_library_the_command_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "pygls.py").write_text("raise ImportError(name='pygls')\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(
        COMMAND, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pipx install 'pydock-fix[server]'" in done.stderr


def _edits(action: lsp.CodeAction) -> list[lsp.TextDocumentEdit]:
    assert action.edit is not None
    return _changes(action.edit)


def _changes(edit: lsp.WorkspaceEdit) -> list[lsp.TextDocumentEdit]:
    return [each for each in edit.document_changes or () if isinstance(each, lsp.TextDocumentEdit)]


def _pydock(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "pydock", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
