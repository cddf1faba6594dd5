"""Debug mode and reloading, taken out of the call that starts the service.

In debug mode every visitor who finds an error gets a traceback with the source, and in Flask a
console that runs Python. A reloader watches all files and starts the service anew at the wrong
moment.

The arguments `debug=True`, `reload=True` and their like are taken away, so that the default holds:
off. A developer who wants them back sets FLASK_DEBUG=1 or starts `uvicorn --reload`.

Refused: a switch that something decides at run time, for it may be off already.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import libcst as cst

from pydock.codemods.codemod import Change, Codemod, Example
from pydock.codemods.listening import listening_calls
from pydock.codemods.source import argument, text_of, without
from pydock.project import Project

EXAMPLES = (
    Example(
        before="""\
from flask import Flask

app = Flask(__name__)


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000, debug=True)  # see the README
""",
        after="""\
from flask import Flask

app = Flask(__name__)


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8000)  # see the README
""",
    ),
    Example(
        before="""\
import uvicorn
from fastapi import FastAPI

app = FastAPI()

if __name__ == "__main__":
    uvicorn.run(
        "app:app",
        reload=True,
        host="0.0.0.0",
    )
""",
        after="""\
import uvicorn
from fastapi import FastAPI

app = FastAPI()

if __name__ == "__main__":
    uvicorn.run(
        "app:app",
        host="0.0.0.0",
    )
""",
    ),
    Example(
        before="""\
from flask import Flask

import settings

app = Flask(__name__)
app.run(host="0.0.0.0", debug=settings.DEBUG)
""",
        files={"settings.py": "DEBUG = True\n"},
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

_SWITCHES = ("debug", "reload", "use_reloader", "use_debugger", "reloader", "auto_reload")


def changes(project: Project) -> Iterator[Change]:
    for source, call, _ in listening_calls(project):
        given = [found for name in _SWITCHES if (found := argument(call, name)) is not None]
        on = [each for each in given if text_of(each.value) == "True"]
        decided = [each for each in given if text_of(each.value) not in {"True", "False", "None"}]
        function = source.function(call)
        if given and isinstance(function, cst.FunctionDef) and function.decorators:
            what = f"{function.name.value} is a command of its own, which may be meant for developers"
            yield Change(source, source.span(call), what)
        elif decided:
            what = f"{text_of(decided[0].value)} decides whether {text_of(decided[0].keyword or call)} is on"
            yield Change(source, source.span(decided[0]), what)
        elif on:
            names = " and ".join(f"{each.keyword.value}=True" for each in on if each.keyword)
            edits = source.edits({call: partial(_without, places=[call.args.index(each) for each in on])})
            yield Change(source, source.span(call), f"start without {names}", edits)


def _without(updated: cst.CSTNode, places: list[int]) -> cst.CSTNode:
    call = cst.ensure_type(updated, cst.Call)
    return without(call, *(call.args[at] for at in places))


CODEMOD = Codemod("debug-off", "PYD411", changes, __doc__ or "", EXAMPLES)
