"""0.0.0.0 instead of 127.0.0.1 where the application itself says where it listens.

127.0.0.1 inside a container is the container: a published port, another container and the
platform's proxy all get "connection refused". `app.run()` of Flask and `uvicorn.run()` listen
there when they are not told otherwise.

The literal address is replaced, the default of an environment variable too; where none is given,
`host="0.0.0.0"` is added. Doubtful, for whoever starts the program outside of a container opens
the port to the network: so it is only done when it is named.

Refused: an address that is worked out at run time, or that a name holds which is used elsewhere too.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from pydock.codemods.codemod import Change, Codemod, Example
from pydock.codemods.listening import listening_calls
from pydock.codemods.source import Source, argument, string_of
from pydock.project import Project
from pydock.service.app import bind
from pydock.service.code.ports import LOOPBACK

EXAMPLES = (
    Example(
        before="""\
from flask import Flask

app = Flask(__name__)

app.run(port=8000)
""",
        after="""\
from flask import Flask

app = Flask(__name__)

app.run(host="0.0.0.0", port=8000)
""",
    ),
    Example(
        path="server.py",
        before="""\
from http.server import HTTPServer, SimpleHTTPRequestHandler

HOST = 'localhost'
PORT = 8000

HTTPServer((HOST, PORT), SimpleHTTPRequestHandler).serve_forever()
""",
        after="""\
from http.server import HTTPServer, SimpleHTTPRequestHandler

HOST = '0.0.0.0'
PORT = 8000

HTTPServer((HOST, PORT), SimpleHTTPRequestHandler).serve_forever()
""",
    ),
    Example(
        before="""\
import os

import uvicorn
from fastapi import FastAPI

app = FastAPI()
uvicorn.run(app, host=os.environ.get("HOST", "127.0.0.1"), port=8000)
""",
        after="""\
import os

import uvicorn
from fastapi import FastAPI

app = FastAPI()
uvicorn.run(app, host=os.environ.get("HOST", "0.0.0.0"), port=8000)
""",
    ),
    Example(
        before="""\
from flask import Flask

HOST = "127.0.0.1"
app = Flask(__name__)
print("see http://" + HOST)
app.run(host=HOST)
""",
        refuses=True,
    ),
    Example(
        before="""\
from flask import Flask

app = Flask(__name__)
app.run(host="0.0.0.0")
""",
    ),
)

_DOUBT = "whoever starts the program outside of a container opens its port to the network"


def changes(project: Project) -> Iterator[Change]:
    where = bind(project)
    if where is None or not where.is_loopback:
        return
    for source, call, _ in listening_calls(project):
        place = _address(source, call)
        if isinstance(place, cst.SimpleString):
            edits = source.edits({place: _everywhere})
        elif place is None and _is_open(call):
            edits = source.edits({call: _with_host})
        else:
            yield Change(
                source, source.span(call), "the address is not written in this call, nor a name's that only it uses"
            )
            continue
        yield Change(source, source.span(place or call), "listen on all addresses of the container", edits, (_DOUBT,))


def _address(source: Source, call: cst.Call) -> cst.CSTNode | None:
    """The literal with the loopback address, another node where the address is something else, None without one."""
    inner = [node for node in source.find(cst.SimpleString) if call in source.parents(node)]
    literals = [node for node in inner if string_of(node) in LOOPBACK]
    if len(literals) == 1:
        return literals[0]
    given = argument(call, "host")
    first = call.args[0].value if call.args and call.args[0].keyword is None else None
    node = (
        given.value if given else first.elements[0].value if isinstance(first, cst.Tuple) and first.elements else None
    )
    if not isinstance(node, cst.Name):
        return node
    uses = [name for name in source.find(cst.Name) if name.value == node.value]
    for statement in source.module.body:
        match statement:
            case cst.SimpleStatementLine(
                body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value)]
            ) if name == node.value and len(uses) == 2 and string_of(value) in LOOPBACK:
                return value
            case _:
                pass
    return node


def _is_open(call: cst.Call) -> bool:
    """Whether a call takes `host=` and is told nothing that may already say it."""
    is_run = isinstance(call.func, cst.Attribute) and call.func.attr.value in {"run", "run_server"}
    positional = [each for each in call.args if each.keyword is None]
    return is_run and not any(each.star for each in call.args) and len(positional) <= 1


def _everywhere(updated: cst.CSTNode) -> cst.CSTNode:
    literal = cst.ensure_type(updated, cst.SimpleString)
    return literal.with_changes(value=f"{literal.prefix}{literal.quote}0.0.0.0{literal.quote}")


def _with_host(updated: cst.CSTNode) -> cst.CSTNode:
    """The call with `host=` as its first keyword, laid out as its other arguments are."""
    call = cst.ensure_type(updated, cst.Call)
    args = list(call.args)
    at = next((place for place, each in enumerate(args) if each.keyword is not None), len(args))
    value = cst.SimpleString('"0.0.0.0"')
    host = cst.Arg(value, keyword=cst.Name("host"), equal=_EQUAL)
    space = call.whitespace_before_args
    comma = cst.Comma(
        whitespace_after=space if isinstance(space, cst.ParenthesizedWhitespace) else cst.SimpleWhitespace(" ")
    )
    if at < len(args):
        host = host.with_changes(comma=comma)
    elif args:
        host = host.with_changes(comma=args[-1].comma, whitespace_after_arg=args[-1].whitespace_after_arg)
        args[-1] = args[-1].with_changes(comma=comma)
    args.insert(at, host)
    return call.with_changes(args=args)


_EQUAL = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))

CODEMOD = Codemod("bind-all-interfaces", "PYD412", changes, __doc__ or "", EXAMPLES)
