"""An ENV or ARG with some of its variables, each under the comments that stand above it."""

from __future__ import annotations

from pydock.dockerfile import Instruction
from pydock.patches import comment_lines
from pydock.split.draft import Draft
from pydock.state import Numbers

_WIDTH = 100
_INDENT = "    "


def assigned(draft: Draft, entry: Instruction, chosen: Numbers) -> str:
    """The instruction with the variables of these steps.

    A comment goes with its variable, to the runtime stage where both stages have it.
    """
    dockerfile = draft.project.dockerfile
    lines: list[str] = []
    above, at = "", entry.span.start
    for step, each in zip(draft.steps[entry], entry.assignments, strict=True):
        comments = comment_lines(dockerfile.text[at : each.span.start])
        at = each.span.end
        if step.number not in chosen:
            continue
        is_told_elsewhere = chosen is not draft.slices.runtime and step.number in draft.slices.runtime
        comments = "" if is_told_elsewhere else comments
        above += "" if lines else "".join(f"{line.lstrip()}\n" for line in comments.splitlines())
        lines.append((comments if lines else "") + _INDENT + dockerfile.slice(each.span))
    words = [line.removeprefix(_INDENT) for line in lines]
    text = f"{entry.keyword} {' '.join(words)}\n"
    if any("\n" in line for line in lines) or len(text) > _WIDTH:
        text = f"{entry.keyword} " + " \\\n".join(lines).removeprefix(_INDENT) + "\n"
    return above + text
