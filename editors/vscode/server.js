// How the server is started, and which documents it hears of: the part that needs no editor.
"use strict";

const NAMES = ["requirements*.txt", "requirements*.in", "pyproject.toml", "pydock.toml", "setup.{py,cfg}", "Pipfile"];
const COMPOSE = ["compose*.{yml,yaml}", "docker-compose*.{yml,yaml}", ".dockerignore"];
const WATCHED = `**/{${[...NAMES, ...COMPOSE, "*ockerfile*", "*ontainerfile*", "*.lock"].join(",")}}`;

const documentSelector = [
  { language: "dockerfile" },
  { language: "python", scheme: "file" },
  ...[...NAMES, ...COMPOSE].map((name) => ({ scheme: "file", pattern: `**/${name}` })),
];

function serverOptions(path, more) {
  return { command: path || "pydock", args: ["server", ...(more || [])] };
}

module.exports = { documentSelector, serverOptions, WATCHED };
