"""Log handlers that write to the container's output instead of a file.

A log file in a container is seen by nobody, grows in the container's layer, and is gone with it.
Docker keeps what is written to standard output, and `docker logs` and every collector read that.

`basicConfig(filename=...)` gets `stream=sys.stdout`, a handler for files becomes
`logging.StreamHandler(sys.stdout)`, in code and in the dictionary of `dictConfig`; what only a file
needs, its size and its rotation, goes with it. Where the name of the file stands elsewhere too, or
on a volume, somebody may read it: that is a doubt, and the change has to be named.

Refused: a file that has a handler for the output already, since every line would come twice, and
loguru, which writes to the output by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from pydock.build.contract import contract
from pydock.build.sources import sources
from pydock.codemods.codemod import Change, Codemod, Example
from pydock.codemods.source import Replacement, Source, argument, read_source, string_of, text_of, without
from pydock.patterns import regex
from pydock.project import Project, compose

EXAMPLES = (
    Example(
        path="job.py",
        before="""\
import logging

logging.basicConfig(filename="job.log", filemode="a", level=logging.INFO)
logging.info("at work")
""",
        after="""\
import logging
import sys

logging.basicConfig(stream=sys.stdout, level=logging.INFO)
logging.info("at work")
""",
    ),
    Example(
        path="job.py",
        before="""\
import logging
from logging.handlers import RotatingFileHandler

log = logging.getLogger("job")
handler = RotatingFileHandler("/var/log/job.log", maxBytes=10_000_000, backupCount=3)
handler.setLevel(logging.INFO)  # no debug output
log.addHandler(handler)
log.warning("at work")
""",
        after="""\
import logging
import sys

log = logging.getLogger("job")
handler = logging.StreamHandler(sys.stdout)
handler.setLevel(logging.INFO)  # no debug output
log.addHandler(handler)
log.warning("at work")
""",
    ),
    Example(
        path="job.py",
        before="""\
import logging.config

logging.config.dictConfig({
    "version": 1,
    "handlers": {
        "file": {
            "class": "logging.handlers.RotatingFileHandler",
            "filename": "job.log",
            "maxBytes": 10_000_000,
            "level": "INFO",
        },
    },
    "root": {"handlers": ["file"], "level": "INFO"},
})
logging.info("at work")
""",
        after="""\
import logging.config

logging.config.dictConfig({
    "version": 1,
    "handlers": {
        "file": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "level": "INFO",
        },
    },
    "root": {"handlers": ["file"], "level": "INFO"},
})
logging.info("at work")
""",
    ),
    Example(
        path="job.py",
        before="""\
import logging

log = logging.getLogger("job")
log.addHandler(logging.FileHandler("job.log"))
log.addHandler(logging.StreamHandler())
""",
        refuses=True,
    ),
    Example(
        path="job.py",
        before="""\
import logging

logging.basicConfig(level=logging.INFO)
""",
    ),
)

_HANDLERS = (
    "logging.FileHandler",
    "logging.handlers.RotatingFileHandler",
    "logging.handlers.TimedRotatingFileHandler",
    "logging.handlers.WatchedFileHandler",
)
_ONLY_FOR_FILES = frozenset(
    [
        "filename",
        "filemode",
        "mode",
        "maxBytes",
        "backupCount",
        "when",
        "interval",
        "encoding",
        "errors",
        "delay",
        "utc",
        "atTime",
    ]
)
_HINT = regex(r"FileHandler|basicConfig|logger\.add\(")


def changes(project: Project) -> Iterator[Change]:
    for path in sources(project):
        if not _HINT.search(project.tree.text(path) or ""):
            continue
        source = read_source(project, path)
        if source is not None:
            yield from _changes(project, source)


def _changes(project: Project, source: Source) -> Iterator[Change]:
    handlers = [call for call in source.calls(*_HANDLERS) if not _is_base(source, call)]
    configured = [call for call in source.calls("logging.basicConfig") if argument(call, "filename")]
    tables = [each for each in source.find(cst.Dict) if (_text(each, "class") or "") in _HANDLERS]
    places: list[cst.CSTNode] = [*handlers, *configured, *tables]
    for call in source.calls("loguru.logger.add"):
        if (call.args and string_of(call.args[0].value)) is not None:
            yield Change(source, source.span(call), "loguru writes to the output by itself: leave this line out")
    if not places:
        return
    shown = source.calls("logging.StreamHandler")
    shown_tables = [each for each in source.find(cst.Dict) if _text(each, "class") == "logging.StreamHandler"]
    if shown or shown_tables:
        why = f"line {source.line([*shown, *shown_tables][0])} writes to the output already: each line would come twice"
        yield Change(source, source.span(places[0]), why)
        return
    replacements: dict[cst.CSTNode, Replacement] = dict.fromkeys(handlers, _to_stream)
    replacements |= dict.fromkeys(configured, _to_stdout)
    replacements |= dict.fromkeys(tables, _to_standard_output)
    imports = (*(("logging",) if handlers else ()), *(("sys",) if handlers or configured else ()))
    if taken := source.bound.intersection(imports):
        yield Change(source, source.span(places[0]), f"{min(taken)} is no module in this file but something of its own")
        return
    doubts = tuple(_doubts(project, source, places))
    unused = _only_for(source, [*handlers, *configured])
    edits = source.edits(replacements, imports, unused)
    yield Change(source, source.span(places[0]), "log to the container's output", edits, doubts)


def _is_base(source: Source, call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value == "__init__"


def _only_for(source: Source, handlers: list[cst.Call]) -> tuple[str, ...]:
    """The imported classes of handlers that nothing else in the file needs."""
    used = {source.named(call.func) for call in handlers if isinstance(call.func, cst.Name)} | {"os"}
    return tuple(name for name in sorted(used) if source.is_only_use(name.rpartition(".")[2], handlers))


def _to_stream(updated: cst.CSTNode) -> cst.CSTNode:
    call = cst.ensure_type(updated, cst.Call)
    new = cst.ensure_type(cst.parse_expression("logging.StreamHandler(sys.stdout)"), cst.Call)
    return new.with_changes(lpar=call.lpar, rpar=call.rpar)


def _to_stdout(updated: cst.CSTNode) -> cst.CSTNode:
    """basicConfig() with a stream in the place of the file's name."""
    call = cst.ensure_type(updated, cst.Call)
    args = list(call.args)
    at = next(place for place, each in enumerate(args) if each.keyword and each.keyword.value == "filename")
    value = cst.parse_expression("sys.stdout")
    args[at] = args[at].with_changes(keyword=cst.Name("stream"), value=value)
    call = call.with_changes(args=args)
    gone = [each for each in call.args if each.keyword and each.keyword.value in _ONLY_FOR_FILES]
    return without(call, *gone)


def _to_standard_output(updated: cst.CSTNode) -> cst.CSTNode:
    """The entry of a dictConfig with a stream in the place of the file's name."""
    table = cst.ensure_type(updated, cst.Dict)
    elements = [found for each in table.elements if (found := _streaming(each)) is not None]
    if elements and _key(table.elements[-1]) in _ONLY_FOR_FILES - {"filename"}:
        elements[-1] = elements[-1].with_changes(comma=table.elements[-1].comma)
    return table.with_changes(elements=elements)


def _streaming(element: cst.BaseDictElement) -> cst.BaseDictElement | None:
    """What is left of one setting of a handler that writes to a stream."""
    if not isinstance(element, cst.DictElement):
        return element
    match _key(element):
        case "class":
            return element.with_changes(value=_like(element.value, "logging.StreamHandler"))
        case "filename":
            key, value = _like(element.key, "stream"), _like(element.value, "ext://sys.stdout")
            return element.with_changes(key=key, value=value)
        case key:
            return None if key in _ONLY_FOR_FILES else element


def _key(element: cst.BaseDictElement) -> str | None:
    return string_of(element.key) if isinstance(element, cst.DictElement) else None


def _like(model: cst.BaseExpression, text: str) -> cst.SimpleString:
    """A literal in the quotes of another one."""
    quote = model.quote if isinstance(model, cst.SimpleString) else '"'
    return cst.SimpleString(f"{quote}{text}{quote}")


def _text(table: cst.Dict, name: str) -> str | None:
    """The string that a dictionary has under a key."""
    for element in table.elements:
        if isinstance(element, cst.DictElement) and string_of(element.key) == name:
            return string_of(element.value)
    return None


def _doubts(project: Project, source: Source, places: list[cst.CSTNode]) -> Iterator[str]:
    """Who else may want to read the files, or decides about them."""
    folders = [*contract(project).volumes]
    folders += [each.target for service in compose.services(project) for each in service.mounts if each.target]
    for place in places:
        given = _file_name(place)
        if given is not None and _is_decided_later(source, given):
            yield f"{text_of(given)} is decided at run time, and would no longer mean anything"
        for node in source.find(cst.SimpleString):
            name = string_of(node) or ""
            if not re.search(r"\.(?:log|txt|out)\Z", name) or place not in source.parents(node):
                continue
            if any(folder and name.startswith(folder) for folder in folders):
                yield f"{name} is on a volume"
            others = [
                path for path in sources(project) if path != source.path and name in (project.tree.text(path) or "")
            ]
            if others or source.text.count(name) > 1:
                yield f"{name} is named in {(others or [source.path])[0]} too, which may read it"


def _file_name(place: cst.CSTNode) -> cst.BaseExpression | None:
    """What names the file of a handler."""
    if isinstance(place, cst.Dict):
        found = [each.value for each in place.elements if _key(each) == "filename"]
    else:
        call = cst.ensure_type(place, cst.Call)
        given = argument(call, "filename") or next((each for each in call.args if each.keyword is None), None)
        found = [given.value] if given else []
    return found[0] if found else None


def _is_decided_later(source: Source, name: cst.BaseExpression) -> bool:
    """Whether an option, a parameter or the environment names the file."""
    text = text_of(name)
    if isinstance(name, cst.Name):
        values = [text_of(each) for each in source.find(cst.Assign) if text_of(each.targets[0].target) == name.value]
        text = values[0] if len(values) == 1 else "args"
    return re.search(r"environ|getenv|option|arg|param|config|settings|input", text, re.I) is not None


CODEMOD = Codemod("logs-to-stdout", "PYD410", changes, __doc__ or "", EXAMPLES)
