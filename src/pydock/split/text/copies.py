"""Which files of a COPY the builder gets: those that the installs read, so that a change of code repeats no install."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.build import Step
from pydock.dockerfile import Instruction
from pydock.patches import Change, Keep, Piece, Repeat
from pydock.patterns import regex
from pydock.split.draft import Draft
from pydock.state import ANYTHING
from pydock.state.needs import Below, File, Folder, Matching, Place

_SETTINGS = regex(r".*/(?:pip\.conf|\.netrc|\.pypirc|\.gitconfig|poetry\.toml|uv\.toml|pdm\.toml|\.python-version)")
_INTO_SYSTEM = regex(r"/etc/|/root/|/usr/share/keyrings|/usr/local/share/ca-certificates|~")


def copy_pieces(draft: Draft, entry: Instruction) -> Iterator[Piece]:
    """What the builder gets of a COPY or ADD."""
    steps = [step for step in draft.steps.get(entry, ()) if step.number in draft.slices.builder]
    if not steps:
        return
    if leaves_runtime(draft, entry):
        yield _without_unread(draft, entry, steps) or Keep(entry, "only the install reads it")
        return
    pairs = _narrow(draft, steps)
    if pairs is None:
        yield Repeat(entry, draft.project.dockerfile.slice(entry.span), "the install reads the source")
        return
    brought = {path for step in draft.steps[entry] for effect in step.effects for path in effect.origins}
    if brought == {path for _, path in pairs}:
        yield Repeat(entry, draft.project.dockerfile.slice(entry.span), "the install reads it")
        return
    workdir = steps[0].before.workdir or ""
    for text in narrowed(pairs, workdir):
        yield Repeat(entry, text, "the files that the install reads, so that a change of code does not repeat it")


def _without_unread(draft: Draft, entry: Instruction, steps: list[Step]) -> Piece | None:
    """The COPY without what no stage reads: the list that stands beside its lock."""
    if entry.flags or len(steps) == len(draft.steps[entry]):
        return None
    pairs = _narrow(draft, steps)
    texts = tuple(narrowed(pairs, steps[0].before.workdir or "")) if pairs else ()
    return Change(entry, texts[0], "only the install reads it, and nobody the rest") if len(texts) == 1 else None


def leaves_runtime(draft: Draft, entry: Instruction) -> bool:
    """Whether the runtime stage has no use for a COPY that the builder has."""
    steps = draft.steps.get(entry, ())
    return (
        bool(steps)
        and all(step.number not in draft.slices.runtime for step in steps)
        and any(step.number in draft.slices.builder for step in steps)
    )


def _narrow(draft: Draft, steps: list[Step]) -> tuple[tuple[str, str], ...] | None:
    """(context path, image path) of the files that the builder reads of these steps; None where it reads more."""
    pairs: dict[str, str] = {}
    for step in steps:
        origins = {path: origin for effect in step.effects for path, origin in effect.origins.items()}
        if not origins or step.instruction.flag("from") is not None:
            return None
        for path in _read(draft, step, frozenset(origins)) or (None,):
            if path is None:
                return None
            pairs[path] = origins[path]
    return tuple((origin, path) for path, origin in pairs.items())


def _read(draft: Draft, step: Step, paths: frozenset[str]) -> tuple[str, ...] | None:
    """The files of a step that later steps of the builder read by name; None where one reads a folder or anything."""
    found: dict[str, None] = {}
    for reader in draft.build.of_stage(draft.stage.index):
        if reader.number not in draft.slices.builder or reader.number <= step.number:
            continue
        if ANYTHING in reader.opens:
            return None
        for need, answer in reader.needs:
            if step.number not in answer.makers:
                continue
            match need:
                case File(path) | Place(path) if path in paths:
                    found[path] = None
                case Folder():
                    pass
                case Matching() | Below() | Place():
                    return None
                case _:
                    pass
        for need, answer in reader.takes:
            if step.number not in answer.makers:
                continue
            if isinstance(need, Below) and reader.installs is None and reader.keyword == "RUN":
                # A command that nobody knows reads there whatever it likes.
                return None
            found |= dict.fromkeys(_taken(need, paths))
    return tuple(found)


def _taken(need: object, paths: frozenset[str]) -> list[str]:
    """The files that are read where they are there: by name, or settings of installers in a folder."""
    match need:
        case File(path) | Place(path) if path in paths:
            return [path]
        case Below(folder):
            inside = [path for path in paths if path.startswith(folder.rstrip("/") + "/")]
            return sorted(path for path in inside if _SETTINGS.fullmatch(path) or _INTO_SYSTEM.match(folder))
        case _:
            return []


def narrowed(pairs: tuple[tuple[str, str], ...], workdir: str) -> Iterator[str]:
    """COPY instructions that bring just these files to their places in the image."""
    groups: dict[str, list[str]] = {}
    for origin, image_path in pairs:
        if posixpath.basename(origin) != posixpath.basename(image_path):
            yield f"COPY {_quoted((origin, image_path))}\n"
            continue
        groups.setdefault(posixpath.dirname(image_path), []).append(origin)
    for folder, origins in groups.items():
        inside = posixpath.relpath(folder, workdir) if workdir else ".."
        is_absolute = inside.startswith("..") or workdir == "/"
        target = "./" if inside == "." else f"{folder.rstrip('/')}/" if is_absolute else f"{inside}/"
        yield f"COPY {_quoted((*sorted(origins), target))}\n"


def _quoted(words: tuple[str, ...]) -> str:
    if any(" " in word for word in words):
        return "[" + ", ".join(f'"{word}"' for word in words) + "]"
    return " ".join(words)
