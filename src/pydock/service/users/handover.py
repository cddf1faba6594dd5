"""How early folders can be given to the user: in front of the code, where a change of it makes nothing again.

What COPY does to a folder that is there already, as tests/test_verify.py asks the engine: the
one that it copies into keeps owner and mode, one that the context holds below it gets both
from the context.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from pydock.build.copies import copies
from pydock.build.views import image
from pydock.dockerfile import Instruction
from pydock.patterns import regex
from pydock.project import Project
from pydock.service.files.ignore_file import ignore_of
from pydock.service.users.ownership import SYSTEM_FOLDERS, made_folders, target_of
from pydock.state import is_below
from pydock.text import variables

_WORD = regex(r"[\w.-]+")


def giving_place(project: Project, folders: Sequence[str], after: Instruction) -> Instruction | None:
    """The instruction of the final stage behind which the folders can be made and given away.

    It is `after`, or the last RUN that has to do with one of them, or the WORKDIR behind it that
    makes one; None where a later COPY may take a folder back, also in a checkout that has more in
    it than this one.
    """
    stage = project.final
    instructions = stage.instructions
    if not project.tree.known or stage.of("USER"):
        return None
    names = {part for folder in folders for part in _parts(folder)}
    touching = [run for run in stage.of("RUN") if _touches(project, run, names)]
    at = max(instructions.index(entry) for entry in (after, *touching))
    is_made_next = any(entry.keyword == "WORKDIR" for entry in instructions[at + 1 : at + 2])
    at += is_made_next and image(project, stage, *instructions[at + 2 : at + 3]).workdir in folders
    behind = [entry for entry in instructions[at + 1 :] if entry.keyword in {"COPY", "ADD"}]
    takes_back = any(_takes_back(project, entry, folder) for entry in behind for folder in folders)
    return None if takes_back else instructions[at]


def missing_at(project: Project, folders: Sequence[str], place: Instruction) -> tuple[str, ...]:
    """Those of the folders that neither a RUN nor a WORKDIR has made by then."""
    stage = project.final
    until = stage.instructions.index(place) + 2
    there = {image(project, stage, *stage.instructions[at : at + 1]).workdir for at in range(1, until)} | made_folders(
        project
    )
    return tuple(folder for folder in folders if folder not in there)


def _touches(project: Project, run: Instruction, names: Set[str]) -> bool:
    """Whether a RUN names one of the folders or one above it, by one of these names, in whatever way."""
    text = _text(project, run)
    if not names.isdisjoint(_WORD.findall(text)):
        return True
    return any(re.search(_named(name), text) for name in names if not _WORD.fullmatch(name))


def _parts(folder: str) -> list[str]:
    """The names that make up a path, without those of the system."""
    parts: list[str] = []
    while folder not in SYSTEM_FOLDERS:
        folder, _, name = folder.rpartition("/")
        parts.append(name)
        folder = folder or "/"
    return parts


def _named(name: str) -> str:
    return rf"(?<![\w.-]){re.escape(name)}(?![\w.-])"


def _text(project: Project, run: Instruction) -> str:
    text = "\n".join((run.value, *run.documents))
    environment = image(project, project.final, run).variables
    return "\n".join((text, *(environment.get(name) or "" for name in sorted(variables(text)))))


def _takes_back(project: Project, entry: Instruction, folder: str) -> bool:
    """Whether a COPY may set owner and mode of a folder that is there already."""
    target = target_of(project, entry)
    if target is None:
        return True
    if not is_below(folder, target):
        return False
    copied = next((each for each in copies(project, project.final) if each.instruction is entry), None)
    if copied is None:
        return True
    if folder == target:
        is_into = all(source == "." or project.tree.has_folder(source) for source in copied.sources)
        return not (is_into or copied.target.endswith("/"))
    place = copied.origin(project.tree, folder)
    return entry.keyword == "ADD" if place is None else not _is_kept_out(project, place)


def _is_kept_out(project: Project, path: str) -> bool:
    """Whether no checkout can bring a folder of the context into the image."""
    ignore = ignore_of(project)
    has_exceptions = any(pattern.startswith("!") for pattern in ignore.patterns)
    return ignore.hides(path) and not has_exceptions
