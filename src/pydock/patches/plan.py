"""A new order for a whole Dockerfile, as a value that can be read before it is applied.

A plan lists stages, each a list of pieces. Kept text is copied with its comments and blank
lines, so a plan never reformats anything, and every instruction of the source has to be in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.dockerfile import Dockerfile, Instruction
from pydock.errors import RuleBugError
from pydock.text import Edit, Fix, Safety, Span
from pydock.values import Value


class Keep(Value):
    """An instruction as it is, with its comments."""

    instruction: Instruction
    why: str = ""


class Change(Value):
    """An instruction with another text, under its own comments, or under those of them in `lead`."""

    instruction: Instruction
    text: str
    why: str
    lead: str | None = None


class Repeat(Value):
    """An instruction, or a part of it, needed in one more stage; its comments stay with the other one, but those that
    its text begins with."""

    instruction: Instruction
    text: str
    why: str


class Add(Value):
    """A new instruction, or comments that stay."""

    text: str
    why: str

    @property
    def is_comment(self) -> bool:
        return all(line.startswith("#") for line in self.text.splitlines())


class Drop(Value):
    """An instruction that the new file has no use for; its comments have to move with something."""

    instruction: Instruction
    why: str


Piece = Keep | Change | Repeat | Add


class Plan(Value):
    """The stages of the new file; every source instruction is in it, or construction fails.

    `builder` is the index of the builder; the runtime stage stands behind it, the others are the file's own.
    """

    dockerfile: Dockerfile
    path: str
    stages: tuple[tuple[Piece, ...], ...]
    dropped: tuple[Drop, ...] = ()
    builder: int = 0

    def __post_init__(self) -> None:
        settled = {
            piece.instruction for piece in (*self.pieces(), *self.dropped) if not isinstance(piece, Add | Repeat)
        }
        lost = [entry for entry in self.dockerfile.instructions if entry not in settled]
        if lost:
            raise RuleBugError(
                f"the plan forgets {', '.join(f'line {entry.number} {entry.keyword}' for entry in lost)}"
            )

    def pieces(self) -> Iterator[Piece]:
        for stage in self.stages:
            yield from stage

    def fix(
        self,
        title: str,
        safety: Safety,
        changes: frozenset[str],
        doubts: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
        edits: tuple[Edit, ...] = (),
    ) -> Fix:
        """The plan as an ordinary fix: one edit over the whole file, and those of other files.

        It clashes with every other fix, so the engine gives it a round of its own and lets the
        local rules look at the result in the next one.
        """
        whole = Edit(self.path, Span(0, len(self.dockerfile.text)), self.text())
        return Fix(title, safety, (whole, *edits), changes, doubts, notes)

    def text(self) -> str:
        """The new file, in the source's own line ends and escape token."""
        source = self.dockerfile
        done: list[str] = []
        text = source.slice(source.head)
        previous: Instruction | None = None
        for number, stage in enumerate(self.stages):
            for at, piece in enumerate(stage):
                own = piece.instruction if isinstance(piece, Keep | Change) else None
                as_is = own is not None and previous is not None and own.lead.start == previous.span.end
                part = source.written(self._text(piece))
                text = _joined(text, part, source.newline, blank=number > 0 and at == 0, as_is=as_is)
                # What comes next looks at the end alone.
                settled = max(0, len(text.rstrip("\ufeff\r\n")) - 1)
                done.append(text[:settled])
                text, previous = text[settled:], own
        tail = source.slice(source.tail)
        return "".join([*done, text if not tail else _joined(text, tail, source.newline, blank=False, as_is=True)])

    def _text(self, piece: Piece) -> str:
        match piece:
            case Keep(instruction):
                return self.dockerfile.slice(instruction.whole)
            case Change(instruction, text, _, lead):
                return (self.dockerfile.slice(instruction.lead) if lead is None else lead) + text
            case Repeat(_, text, _) | Add(text, _):
                return text

    def table(self) -> list[tuple[str, str, str]]:
        """(instruction, goes where, why) for every piece, in the order of the new file.

        Stages of the file's own have the name that they have there.
        """
        rows = []
        for number, stage in enumerate(self.stages):
            name = {self.builder: "builder", self.builder + 1: "runtime"}.get(number) or _name(stage, number)
            shown = (piece for piece in stage if not (isinstance(piece, Add) and piece.is_comment))
            rows += [(_label(piece), f"{name}{_how(piece)}", piece.why) for piece in shown]
        return rows + [(_label(drop), "dropped", drop.why) for drop in self.dropped]


def _joined(text: str, part: str, newline: str, *, blank: bool, as_is: bool) -> str:
    """Two pieces with exactly one line end between them, one blank line where a stage begins."""
    if text and not text.endswith("\n") and text != "\ufeff":
        text += newline
    if as_is:
        return text + part
    bare = part.lstrip("\r\n")
    if blank or (part.startswith(("\n", "\r\n")) and text.strip("\ufeff")):
        text = text.rstrip("\r\n") + newline * 2 if text.strip("\ufeff\r\n") else text
    return text + bare


def _name(stage: tuple[Piece, ...], number: int) -> str:
    """The name of a stage of the file, its number where it has none."""
    own = (piece.instruction for piece in stage if not isinstance(piece, Add))
    words = next(([word.text for word in entry.words] for entry in own if entry.keyword == "FROM"), [])
    return f"stage {words[2]}" if len(words) == 3 else f"stage {number}"


def _label(piece: Piece | Drop) -> str:
    if isinstance(piece, Add):
        instruction = next(line for line in piece.text.splitlines() if line.strip() and not line.startswith("#"))
        return f"(new) {instruction}"
    first = piece.instruction.logical.text.split("\n")[0]
    return f"line {piece.instruction.number} {' '.join(first.split())}"


def _how(piece: Piece) -> str:
    match piece:
        case Change():
            return ", changed"
        case Repeat():
            return ", too"
        case _:
            return ""
