"""The calls by which the application listens, as nodes of its files."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from pydock.codemods.source import Source, read_source
from pydock.project import Project
from pydock.service.app import app
from pydock.service.code.listening_calls import Run
from pydock.service.code.module import read_module


def listening_calls(project: Project) -> Iterator[tuple[Source, cst.Call, Run]]:
    """Each call of the application's own code that listens, with what facts say about it."""
    application = app(project)
    for path in application.reached if application else ():
        runs = [
            run for run in read_module(project.tree.text(path) or "").runs if application and run in application.runs
        ]
        source = read_source(project, path) if runs else None
        for run in runs if source else ():
            call = _call_at(source, run) if source else None
            if source is not None and call is not None:
                yield source, call, run


def _call_at(source: Source, run: Run) -> cst.Call | None:
    tail = run.kind.rpartition(".")[2]
    for call in source.find(cst.Call):
        if source.line(call) == run.line:
            name = source.named(call.func)
            method = call.func.attr.value if isinstance(call.func, cst.Attribute) else ""
            if name.endswith(f".{tail}") if "." in run.kind else method in {"run", "run_server", "listen"}:
                return call
    return None
