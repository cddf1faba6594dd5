"""Which files of the build context an install step reads, and whether it needs the source itself."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator

from pydock.dockerfile import Instruction, Stage
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.edited import changed_by, names_in, reads_what_it_names
from pydock.project.ignored import ignore_of
from pydock.project.installs import Install
from pydock.shell import Command, Step
from pydock.split_old.roles import MANAGERS, Role, RoledStep
from pydock.values import Value

_PROJECT_FILES = {
    "poetry": ("pyproject.toml", "poetry.lock", "poetry.toml"),
    "pipenv": ("Pipfile", "Pipfile.lock"),
    "pdm": ("pyproject.toml", "pdm.lock", "pdm.toml"),
    "uv": ("pyproject.toml", "uv.lock", "uv.toml", ".python-version"),
}
_WITHOUT_PROJECT = frozenset(
    {"--no-root", "--no-self", "--no-install-project", "--only-deps", "--no-install-workspace"}
)


_GLOB = regex(r"[*?]")


class Inputs(Value):
    """What installs read: `files` as (context path, image path); `whole` when the source itself is
    installed; `unknown` when it cannot be told, with the instruction that hides it; `absent` is a
    path that no COPY brings, so that some command must make it. `feeding` are commands that make
    or change what an install reads, `mixed` those of them that change something else, too."""

    files: tuple[tuple[str, str], ...] = ()
    whole: bool = False
    unknown: Instruction | None = None
    absent: str = ""
    feeding: frozenset[Step] = frozenset()
    mixed: frozenset[Step] = frozenset()

    def and_also(self, other: Inputs) -> Inputs:
        return Inputs(
            tuple(dict.fromkeys((*self.files, *other.files))),
            self.whole or other.whole,
            self.unknown or other.unknown,
            self.absent or other.absent,
            self.feeding | other.feeding,
            self.mixed | other.mixed,
        )


def inputs_of(project: Project, stage: Stage, steps: tuple[RoledStep, ...]) -> Inputs:
    """The inputs of every install step of a stage together, and of the commands that make them ready."""
    found = Inputs()
    asked = asked_for(steps)
    made: set[str] = set()
    placed = tuple(_placed(project, stage, steps))
    for entry, folder in placed:
        if entry.role in {Role.INSTALL, Role.OTHER}:
            outputs = _outputs(project, entry)
            if entry.role is Role.INSTALL:
                made |= outputs
            elif reads_what_it_names(entry.step.commands):
                made |= outputs & asked
        if entry.role is Role.INSTALL:
            found = found.and_also(_of_step(_Place(project, stage, entry.run, folder, frozenset(made)), entry))
    names = asked | {posixpath.basename(path) for path, _ in found.files}
    last = max((at for at, (entry, _) in enumerate(placed) if entry.role is Role.INSTALL), default=-1)
    for entry, folder in placed[: last + 1]:
        if entry.role is Role.OTHER:
            found = found.and_also(_of_other(_Place(project, stage, entry.run, folder, frozenset(made)), entry, names))
    return found


def _placed(project: Project, stage: Stage, steps: tuple[RoledStep, ...]) -> Iterator[tuple[RoledStep, str]]:
    """Each step with the folder that it works in, "" where that is hidden."""
    folder, run = "", None
    for entry in steps:
        if entry.run is not run:
            run, folder = entry.run, project.workdir(stage, entry.run) or ""
        command = entry.step.command
        if entry.role is Role.SHARED and command is not None and command.program in {"cd", "pushd"}:
            target = command.values[1] if len(command.words) > 1 else ""
            folder = posixpath.normpath(posixpath.join(folder, target)) if target and folder else ""
        yield entry, folder


def asked_for(steps: tuple[RoledStep, ...]) -> frozenset[str]:
    """The names of the files that installs are told to read."""
    installs = [install for entry in steps for install in entry.installs]
    lists = [word.value or "" for install in installs for word in (*install.files, *install.constraints)]
    archives = [word.value or "" for install in installs for word in install.places]
    found = (*lists, *(path for path in archives if path.endswith((".whl", ".tar.gz", ".zip"))))
    return frozenset(map(posixpath.basename, found)) - {""}


def _outputs(project: Project, entry: RoledStep) -> set[str]:
    """The names of files that a step writes: `poetry export -o requirements.txt`, `pip freeze > x`, `cp a x`."""
    found = set(changed_by(project.dockerfile.slice(entry.step.span), entry.step.commands))
    for command in entry.step.commands:
        if word := command.option("-o", "--output", "--output-file", "-d", "--dest", "-w", "--wheel-dir"):
            found.add(word.value or "")
    return set(map(posixpath.basename, found))


def _of_other(place: _Place, entry: RoledStep, names: frozenset[str]) -> Inputs:
    """What a command reads that makes or changes a file of an install; nothing of any other command."""
    text = place.project.dockerfile.slice(entry.step.span)
    written = names_in(text)
    pairs = tuple(pair for name in sorted(written) if (pair := _existing(place, name)))
    runs_script = any(
        names & set(map(posixpath.basename, names_in(place.project.tree.text(origin) or "")))
        for origin, _ in pairs
        if origin.endswith((".sh", ".py")) or "/" in entry.step.commands[0].values[0]
    )
    if not (runs_script or names & set(map(posixpath.basename, written))):
        return Inputs()
    is_told = reads_what_it_names(entry.step.commands) and not any(
        _GLOB.search(name) and place.find(name) for name in written
    )
    changed = set(map(posixpath.basename, changed_by(text, entry.step.commands)))
    own = frozenset({entry.step})
    return Inputs(pairs, False, None if is_told else entry.run, "", own, own if changed - names else frozenset())


class _Place(Value):
    """Where an install runs; `folder` is "" when a variable hides the work directory, `made` are the
    names of files that earlier installs have written.
    """

    project: Project
    stage: Stage
    run: Instruction
    folder: str
    made: frozenset[str]

    def find(self, path: str) -> tuple[str, str] | None:
        """(context path, image path) of a path, or None when no copy from the context brings it."""
        if not self.folder and not path.startswith("/"):
            return None
        absolute = posixpath.normpath(posixpath.join(self.folder or "/", path))
        origin = self.project.origin(self.stage, absolute, self.run)
        is_sent = origin is not None and not ignore_of(self.project).hides(origin)
        return (origin, absolute) if origin and is_sent else None

    @property
    def unclear(self) -> Inputs:
        return Inputs(unknown=self.run)

    def missing(self, path: str) -> Inputs:
        """What a path means that no copy from the context brings."""
        is_told = bool(self.folder) or path.startswith("/")
        absolute = posixpath.normpath(posixpath.join(self.folder or "/", path))
        # Files copied one by one make up a folder.
        is_gathered = any(
            f"{copied.target.rstrip('/')}/".startswith(f"{absolute.rstrip('/')}/")
            for copied in self.project.copies(self.stage, self.run)
        )
        is_carried = is_gathered or any(
            entry.flag("from") is not None or entry.heredocs or any("://" in word.text for word in entry.words)
            for entry in self.stage.of("COPY", "ADD")
        )
        is_made = bool(self.made & set(absolute.split("/")))
        return self.unclear if is_carried or is_made or not is_told else Inputs(unknown=self.run, absent=path)


def _of_step(place: _Place, entry: RoledStep) -> Inputs:
    found = Inputs()
    for install in entry.installs:
        found = found.and_also(_of_install(place, install))
    for command in entry.step.commands:
        found = found.and_also(_of_command(place, command))
    return found


def _of_install(place: _Place, install: Install) -> Inputs:
    if any(word.value is None for word in (*install.files, *install.constraints, *install.places)):
        return place.unclear
    found = Inputs()
    for word in (*install.files, *install.constraints):
        found = found.and_also(_of_requirements(place, word.value or ""))
    for word in install.places:
        name = (word.value or "").split("[", 1)[0].removeprefix("file:")
        origin = place.find(name)
        is_archive = name.endswith((".whl", ".tar.gz", ".zip"))
        if "*" in name:
            folder = posixpath.dirname(name) or "."
            found = found.and_also(place.unclear if place.find(folder) else place.missing(folder))
        elif origin is None:
            found = found.and_also(place.missing(name))
        elif is_archive:
            found = found.and_also(Inputs((origin,)))
        else:
            found = found.and_also(Inputs(whole=True))
    for folder in _link_folders(install):
        found = found.and_also(place.unclear if place.find(folder) else place.missing(folder))
    return found


def _link_folders(install: Install) -> Iterator[str]:
    """The local folders that `--find-links` takes archives from."""
    for name, value in install.options:
        if name in {"-f", "--find-links"} and value is not None and "://" not in value.text:
            yield value.value or ""


def _of_requirements(place: _Place, path: str) -> Inputs:
    if "://" in path or posixpath.basename(path) in place.made:
        return Inputs()
    first = place.find(path)
    if first is None:
        return place.missing(path)
    origin, image_path = first
    tree = place.project.tree
    if not tree.known or origin.endswith(".toml"):
        return Inputs((first,))
    found = place.project.requirement_set(origin)
    has_links = any(re.match(r"(-f|--find-links)[ =]*(?!\S+://)", entry.text) for entry in found.entries)
    if found.places or found.missing or found.loop or has_links:
        is_unclear = bool(found.missing) or has_links
        return Inputs((first,), whole=bool(found.places), unknown=place.run if is_unclear else None)
    base, top = posixpath.dirname(image_path), posixpath.dirname(origin)
    pairs = [
        (name, posixpath.normpath(posixpath.join(base, posixpath.relpath(name, top or "."))))
        for name in found.files
        if name != posixpath.normpath(origin)
    ]
    return Inputs(((posixpath.normpath(origin), image_path), *pairs))


def _of_command(place: _Place, command: Command) -> Inputs:
    values = command.values
    program = command.program
    if program in MANAGERS and values[1:2] != ("pip",):
        return _of_manager(place, program, values)
    if program.startswith("python") and len(values) > 1 and values[1].endswith("setup.py"):
        return Inputs(whole=True)
    if program.startswith("python") and len(values) > 1 and values[1].endswith("get-pip.py"):
        found_script = place.find(values[1])
        return Inputs((found_script,)) if found_script else Inputs()
    if program in {"pip-sync", "pip-compile"} or values[:3] == ("uv", "pip", "sync"):
        names = [value for value in values[1:] if value.endswith((".txt", ".in", ".toml"))] or ["requirements.txt"]
        found = Inputs()
        for name in names:
            found = found.and_also(_of_requirements(place, name))
        return found
    return Inputs()


def _of_manager(place: _Place, manager: str, values: tuple[str, ...]) -> Inputs:
    found = [pair for name in _PROJECT_FILES.get(manager, ()) if (pair := _existing(place, name))]
    if not any(origin.endswith(("pyproject.toml", "Pipfile")) for origin, _ in found):
        return place.unclear
    installs_project = "install" in values or "sync" in values
    whole = installs_project and not _WITHOUT_PROJECT & set(values) and _is_package(place, manager, found)
    return Inputs(tuple(found), whole=whole or any(_has_local_parts(place, origin) for origin, _ in found))


def _existing(place: _Place, name: str) -> tuple[str, str] | None:
    found = place.find(name)
    tree = place.project.tree
    return found if found and (not tree.known or tree.has_file(found[0])) else None


def _is_package(place: _Place, manager: str, found: list[tuple[str, str]]) -> bool:
    if manager == "pipenv":
        return False
    path = next((origin for origin, _ in found if origin.endswith("pyproject.toml")), "")
    try:
        data = tomllib.loads(place.project.tree.text(path) or "")
    except tomllib.TOMLDecodeError:
        return True
    tool = data.get("tool", {})
    if manager == "poetry":
        return bool(tool.get("poetry", {}).get("package-mode", True))
    if manager == "uv":
        return bool(tool.get("uv", {}).get("package", "build-system" in data))
    return bool(tool.get("pdm", {}).get("distribution", "build-system" in data))


def _has_local_parts(place: _Place, path: str) -> bool:
    """Whether a project file names a path in the source: path dependencies, workspace members, readme."""
    text = place.project.tree.text(path) or ""
    if path.endswith(".lock"):
        return False
    return bool(re.search(r"\bpath\s*=\s*[\"']|\[tool\.uv\.workspace\]|file:\.|\"\.\"|editable\s*=\s*true", text))


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
