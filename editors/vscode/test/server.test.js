// The server through the messages of VS Code's own client library, without VS Code.
"use strict";

const assert = require("node:assert");
const { spawn } = require("node:child_process");
const { mkdtempSync, writeFileSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const test = require("node:test");
const { pathToFileURL } = require("node:url");
const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = require("vscode-jsonrpc/node");
const { documentSelector, serverOptions } = require("../server");

const DOCKERFILE = "FROM python:3.12.7-slim-bookworm\nRUN pip install flask==3.1.0\n";

test("a finding comes, and its quick fix is an edit of this document", { timeout: 60_000 }, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "pydock-"));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "Dockerfile"), DOCKERFILE);
  const uri = pathToFileURL(join(folder, "Dockerfile")).toString();
  const { command, args } = serverOptions(process.env.PYDOCK, []);
  const server = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const gone = new Promise((resolve) => server.on("exit", resolve));
  const reader = new StreamMessageReader(server.stdout);
  const connection = createMessageConnection(reader, new StreamMessageWriter(server.stdin));
  const told = new Promise((resolve) => connection.onNotification("textDocument/publishDiagnostics", resolve));
  connection.listen();

  const capabilities = {
    workspace: { workspaceEdit: { documentChanges: true } },
    textDocument: { codeAction: { dataSupport: true, resolveSupport: { properties: ["edit"] } } },
  };
  await connection.sendRequest("initialize", { processId: process.pid, rootUri: null, capabilities });
  await connection.sendNotification("initialized", {});
  const document = { uri, languageId: "dockerfile", version: 1, text: DOCKERFILE };
  await connection.sendNotification("textDocument/didOpen", { textDocument: document });
  const found = (await told).diagnostics.find((each) => each.code === "PYD302");
  assert.ok(found);

  const asked = { textDocument: { uri }, range: found.range, context: { diagnostics: [found], only: ["quickfix"] } };
  const actions = await connection.sendRequest("textDocument/codeAction", asked);
  const action = await connection.sendRequest("codeAction/resolve", actions.find((each) => each.title.startsWith("PYD302")));
  assert.strictEqual(action.edit.documentChanges[0].textDocument.uri, uri);
  assert.match(JSON.stringify(action.edit), /mount=type=cache/);

  await connection.sendRequest("shutdown");
  await connection.sendNotification("exit");
  assert.strictEqual(await gone, 0);
});

test("what a project is made of is told to the server", () => {
  const told = documentSelector.map((each) => each.language ?? each.pattern);
  for (const wanted of ["dockerfile", "python", "**/pyproject.toml", "**/requirements*.txt"]) {
    assert.ok(told.includes(wanted), wanted);
  }
});
