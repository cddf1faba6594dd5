// Starts `pydock server` and shows what it says. What is found and how it is mended is the server's business.
"use strict";

const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");
const { documentSelector, serverOptions, WATCHED } = require("./server");

let client;

async function activate(context) {
  const shown = new Map();
  context.subscriptions.push(
    vscode.workspace.registerTextDocumentContentProvider("pydock-diff", {
      provideTextDocumentContent: (uri) => shown.get(uri.toString()) ?? "",
    }),
    vscode.commands.registerCommand("pydock.showDiff", () => showDiff(shown)),
    vscode.commands.registerCommand("pydock.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("pydock") && restart()),
  );
  await start();
}

async function start() {
  const settings = vscode.workspace.getConfiguration("pydock");
  const options = serverOptions(settings.get("path"), settings.get("arguments"));
  client = new LanguageClient("pydock", "pydock", { ...options, transport: TransportKind.stdio }, {
    documentSelector,
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher(WATCHED) },
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const install = "pipx install 'pydock-fix[server]'";
    vscode.window.showErrorMessage(`pydock does not start: ${error.message}. Is it installed? ${install}`);
  }
}

async function restart() {
  await client?.stop();
  await start();
}

async function showDiff(shown) {
  const document = vscode.window.activeTextEditor?.document;
  if (!document || !client) {
    return;
  }
  // The server's own command; an extension's command of this name would only hand it on.
  const asked = { command: "pydock.diff", arguments: [document.uri.toString()] };
  const diff = await client.sendRequest("workspace/executeCommand", asked);
  const uri = vscode.Uri.parse(`pydock-diff:${document.uri.path}.diff?${Date.now()}`);
  shown.set(uri.toString(), diff || "pydock fix would change nothing.\n");
  const opened = await vscode.workspace.openTextDocument(uri);
  await vscode.languages.setTextDocumentLanguage(opened, "diff");
  await vscode.window.showTextDocument(opened, { preview: true });
}

function deactivate() {
  return client?.stop();
}

module.exports = { activate, deactivate };
