"""What uv says when it has no answer, made short enough for one line."""

from __future__ import annotations

import re

from pydock.patterns import regex
from pydock.project.pins import Answer
from pydock.project.secrets import mask

_MOST = 400
_FRAME = regex(r"^[\s×╰╯─▶│├]*(?:cause: )?")
_UNREACHABLE = regex(
    r"error sending request|Request failed after|dns error|operation timed out|[Cc]onnect(?:ion)? (?:refused|reset)"
    r"|tcp connect error|Network connectivity is disabled|network was disabled|Could not connect|Could not resolve host"
)
_CODE = regex(r"Failed to (?:download and )?build `([^`]+)`")
_STATUS = regex(r"HTTP status (?:client|server) error \((\d{3}[^)]*)\)")
_ADDRESS = regex(r"https?://[^\s`)]+")
_TAIL = regex(r",? we can conclude that your requirements are unsatisfiable\.?\Z")


def explained(talk: str) -> Answer:
    """The answer for a failed run, from what uv wrote to standard error."""
    lines = [_FRAME.sub("", line).strip() for line in talk.splitlines()]
    lines = [line for line in lines if line]
    if (built := _CODE.search(talk)) and "pydock: no code of packages is run" in talk:
        return Answer(why_not=mask(f"{built[1]} has to run its own code to tell what it needs"))
    address = _ADDRESS.search(talk)
    index = _host(address[0]) if address else "the index"
    if status := _STATUS.search(talk):
        return Answer(why_not=f"{index} says {status[1]}", is_unreachable=status[1].startswith("5"))
    if _UNREACHABLE.search(talk):
        hung = "does not answer" if "timed out" in talk else "cannot be reached"
        return Answer(why_not=f"{index} {hung}", is_unreachable=True)
    return Answer(why_not=mask(_reason(lines)))


def _host(address: str) -> str:
    return re.sub(r"\A(https?://)(?:[^/@]*@)?([^/]+).*", r"\1\2", address)


def _reason(lines: list[str]) -> str:
    begin = next((at for at, line in enumerate(lines) if line.startswith("Because ")), None)
    if begin is None:
        text = "; ".join(line.removeprefix("error: ") for line in lines if not line.startswith("warning: "))
    else:
        end = next((at for at in range(begin, len(lines)) if lines[at].startswith("hint: ")), len(lines))
        text = _TAIL.sub("", " ".join(lines[begin:end])).removeprefix("Because ")
    return text if len(text) <= _MOST else f"{text[: _MOST - 3].rstrip()}..."
