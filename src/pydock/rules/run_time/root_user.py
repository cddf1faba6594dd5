"""The service runs as root.

A flaw in the service or in one of its packages is then a flaw with every right inside the
container, and one step closer to the host.

The cure is a system user with a fixed uid and a home that exists (caches of many libraries
need one), and `USER` in front of the start. Where the source shows that nothing is written
beside it, the code stays root's and read-only; otherwise the work directory and each written
path, VOLUME and compose volume belong to the user, and a comment names who writes there.
Safe only on images that are plain Python or Debian, with the source at hand. A service that
starts as root on purpose (gosu, supervisord, nginx, cron) is left alone. Models, browsers and the
like that the build fetches into root's home move out of it by their variable (HF_HOME,
PLAYWRIGHT_BROWSERS_PATH, NLTK_DATA and so on) and belong to the user. What else root's home holds,
what a program that pydock does not know leaves beside the code, a port below 1024, a bind mount of
the host or source that no instruction copies make it unsafe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydock.build import walk
from pydock.build.contract import contract
from pydock.build.views import image
from pydock.dockerfile import Instruction, Stage
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.service.derived_images import derived_images
from pydock.service.files.databases import has_only_sqlite
from pydock.service.users.caches import cache_edits, caches
from pydock.service.users.doubts import absent_folders, left_doubts, mount_doubts, mounted_script, volume_notes
from pydock.service.users.handover import giving_place, missing_at
from pydock.service.users.ownership import Ownership, copies_into, has_source, ownership
from pydock.service.users.rights import User, created_user, obstacles
from pydock.split.facts.slim import unseen
from pydock.split.facts.wanted import names_of
from pydock.state import is_root
from pydock.system.distribution import Family, family, runs_python
from pydock.system.layout import creates_user, inserted_after, last_of_system, makes_folder
from pydock.text import Edit, Fix, Safety, Span

UID = 10001
NAME = "app"
_SAME = regex(rf"(?<![\w/.-])(?:{NAME}|{UID})\b")
_STARTS = frozenset({"EXPOSE", "HEALTHCHECK", "CMD", "ENTRYPOINT", "STOPSIGNAL", "VOLUME"})
_METADATA = _STARTS | {"LABEL", "ENV", "ARG", "MAINTAINER", "ONBUILD", "SHELL"}
_HEAD = "FROM python:3.12-slim\n"
_USERADD = f"RUN useradd --system --uid {UID} --create-home app\n"
_CMD = 'EXPOSE 8000\nCMD ["python", "app.py"]\n'

EXAMPLES = (
    Example(
        before=f"{_HEAD}WORKDIR /app\nCOPY . .\n{_CMD}",
        after=f"{_HEAD}{_USERADD}WORKDIR /app\nCOPY . .\nUSER 10001\n{_CMD}",
        files={"app.py": "print(1)\n"},
    ),
    Example(
        before=f"{_HEAD}WORKDIR /app\nCOPY . .\n{_CMD}",
        after=(
            f"{_HEAD}{_USERADD}WORKDIR /app\n# app.py may write into the work directory\nRUN chown app:app /app\n"
            "COPY --chown=app:app . .\nUSER 10001\n"
            f"{_CMD}"
        ),
        files={"app.py": "open('state.json', 'w').write('1')\n"},
    ),
    Example(
        before=f"{_HEAD}WORKDIR /app\nCOPY . .\n{_CMD}",
        after=(
            f"{_HEAD}{_USERADD}# app.py may write there\nRUN mkdir -p /data \\\n    && chown app:app /data\n"
            f"WORKDIR /app\nCOPY . .\nUSER 10001\n{_CMD}"
        ),
        files={"app.py": "import os, sqlite3\nos.makedirs('/data', exist_ok=True)\nsqlite3.connect('/data/app.db')\n"},
    ),
    Example(
        before=f'{_HEAD}COPY run.sh /run.sh\nRUN chmod u+x /run.sh\nENTRYPOINT ["/run.sh"]\n',
        after=(f'{_HEAD}{_USERADD}COPY run.sh /run.sh\nRUN chmod a+x /run.sh\nUSER 10001\nENTRYPOINT ["/run.sh"]\n'),
        files={"run.sh": "#!/bin/sh\nexec python -m http.server\n"},
    ),
    Example(
        before=f'{_HEAD}COPY run.sh /run.sh\nENTRYPOINT ["/run.sh"]\nCMD ["python", "app.py"]\n',
        files={"run.sh": '#!/bin/sh\nchown -R app /data\nexec gosu app "$@"\n'},
    ),
    Example(
        before=f"{_HEAD}WORKDIR /app\nCOPY . .\n{_CMD}",
        after=(
            f"{_HEAD}{_USERADD}WORKDIR /app\n# logging.ini writes into the work directory\nRUN chown app:app /app\n"
            "COPY --chown=app:app . .\nUSER 10001\n"
            f"{_CMD}"
        ),
        files={"app.py": "print(1)\n", "logging.ini": "[handler_file]\nclass=FileHandler\nargs=('app.log', 'a')\n"},
    ),
    Example(
        before=f"{_HEAD}WORKDIR /app\nCOPY . .\n{_CMD}",
        files={"app.py": "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW)\n"},
        finds=True,
    ),
    Example(
        before=f'{_HEAD}WORKDIR /app\nRUN pip install flask==3.1.2\nCMD ["python", "./app.py"]\n',
        files={"app.py": "print(1)\n"},
        finds=True,
    ),
    Example(
        before=f'{_HEAD}COPY . .\nCMD ["gunicorn", "app:app"]\n',
        files={"app.py": "app = 1\n", "gunicorn.conf.py": "user = 'www-data'\n"},
        finds=True,
    ),
    Example(
        before=f'{_HEAD}RUN useradd web\nCOPY . .\nCMD ["sudo", "-u", "web", "python", "app.py"]\n',
        files={"app.py": "print(1)\n"},
        finds=True,
    ),
    Example(before=f"{_HEAD}RUN useradd web\nUSER web\n{_CMD}"),
)


_UNKNOWN = "the service runs as root, unless the base image sets another user, which no table knows"


def check(project: Project) -> Iterator[Finding]:
    if not is_root(contract(project).user) or not runs_python(project, project.final):
        return
    last = next((entry for stage in project.lineage(project.final) for entry in reversed(stage.of("USER"))), None)
    found = obstacles(project)
    if any(entry.leaves_root for entry in found):
        return
    reasons = "; ".join(dict.fromkeys(entry.why for entry in found if entry.is_final))
    advice, fix = f"No USER is added: {reasons}." if reasons else "", None
    if last is not None:
        advice = "The last USER is root, so somebody chose it; name the user that the service should run as."
    elif not advice:
        fix, advice = _fix(project, [entry.why for entry in found])
    yield Finding(
        RULE,
        (last or project.final.start).body,
        "the service runs as root" if last or image(project, project.final).base.user else _UNKNOWN,
        fix,
        cost="a compromised service runs as root in the container",
        advice=advice,
    )


def _fix(project: Project, doubts: Sequence[str]) -> tuple[Fix | None, str]:
    """The fix, or why there is none."""
    final, user = project.final, created_user(project, project.final)
    kept = caches(project, user.instruction if user else _creation_place(project))
    owned = ownership(project, kept.folders)
    if outside := owned.in_system:
        who = outside.place or "the service"
        return None, f"No USER is added: {who} writes into {outside.folder}, which belongs to the system."
    if user is None and any(creates_user(project, run) for stage in project.lineage(final) for run in stage.of("RUN")):
        return None, "The file makes more than one user, or one that a variable names: say in USER which it is."
    if user is None and (above := _made_above(project)):
        return None, f"No USER is added: {above} is built on top of it and makes a user {NAME} of its own."
    name = user.name if user else NAME
    owner = user.owner if user else f"{NAME}:{NAME}"
    copies = copies_into(project, owned.folders)
    # --chown needs the user to be there already.
    is_late = user is not None and any(entry.span.start < user.instruction.span.start for entry in copies)
    is_recursive = owned.is_filled or (is_late and bool(copies))
    edits = [] if is_recursive else [_owned(project, entry, owner) for entry in copies if entry.flag("chown") is None]
    if user is None:
        edits.append(_creation(project))
    edits += cache_edits(project, kept.given, owner)
    early = None if is_recursive else _early(project, owned, user)
    absent = [folder for folder in owned.folders if folder not in owned.present]
    late = [] if early else list(_chown(owned, owner, absent, is_recursive=is_recursive))
    edits += _given(project, owned, owner, early) if early else ()
    # Kubernetes' runAsNonRoot can only judge a number.
    late.append(f"USER {name if user else UID}")
    edits.append(inserted_after(project, _last_work(final), "\n".join(late)))
    edits += [inserted_after(project, stage.start, "USER root") for stage in _still_root(project)]
    edits += _startable(project)
    doubts = (*doubts, *kept.doubts, *_doubts(project, owned, user))
    safety = Safety.UNSAFE if doubts else Safety.SAFE
    notes = tuple(volume_notes(project, owned, name))
    fix = Fix(f"run as {name}", safety, _merged(edits), frozenset({"user", *kept.changes}), doubts, notes)
    return fix, ""


def _made_above(project: Project) -> str:
    """A stage on top of the one that is built where the user could not be made once more, "" where there is none."""
    for stage in project.dockerfile.stages:
        makes = [run for run in stage.of("RUN") if creates_user(project, run) and _SAME.search(run.value)]
        if makes and project.final in project.lineage(stage)[1:]:
            return stage.name or f"the stage of line {stage.start.number}"
    return ""


def _still_root(project: Project) -> Iterator[Stage]:
    """The stages on top of the one that is built which run commands as the user that it had."""
    for stage in project.dockerfile.stages:
        first = next(iter(stage.of("RUN", "USER")), None)
        if project.lineage(stage)[1:2] == (project.final,) and first is not None and first.keyword == "RUN":
            yield stage


def _startable(project: Project) -> Iterator[Edit]:
    """What only its owner, root, was allowed to start: `chmod u+x`."""
    for stage in project.lineage(project.final):
        for call in walk(project).commands_of(stage.index):
            if call.program == "chmod":
                opened = (word for word in call.command.words[1:] if word.text == word.value == "u+x")
                yield from (Edit(project.path, word.span, "a+x") for word in opened)


def _merged(edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Insertions at one place as one edit, in their order."""
    merged: dict[Span, Edit] = {}
    for edit in edits:
        text = merged[edit.span].text if edit.span in merged else ""
        merged[edit.span] = Edit(edit.path, edit.span, text + edit.text)
    return tuple(merged.values())


def _creation(project: Project) -> Edit:
    """The user behind the system packages; a RUN there that only makes a folder takes it in."""
    command = f"useradd --system --uid {UID} --create-home {NAME}"
    if family(project, project.final) is Family.ALPINE:
        command = f"addgroup -S -g {UID} {NAME} && adduser -S -D -u {UID} -G {NAME} -h /home/{NAME} {NAME}"
    place = _creation_place(project)
    if not makes_folder(project, place):
        return inserted_after(project, place, f"RUN {command}")
    start = place.value_span.start
    return Edit(project.path, Span(start, start), project.dockerfile.written(f"{command} \\\n    && "))


def _creation_place(project: Project) -> Instruction:
    """The RUN that takes the creation of the user in, else what it goes behind."""
    anchor = last_of_system(project, project.final)
    instructions = project.final.instructions
    behind = next(iter(instructions[instructions.index(anchor) + 1 :]), None)
    return behind if behind and _takes_more(project, behind) else anchor


def _takes_more(project: Project, run: Instruction) -> bool:
    """Whether a RUN only makes folders, in a form that another command can be written into."""
    return makes_folder(project, run) and not (run.flags or run.heredocs or run.exec_form)


def _early(project: Project, owned: Ownership, user: User | None) -> Instruction | None:
    """What the folders can be given to the user behind, before the code comes."""
    is_here = user is not None and user.instruction in project.final.instructions
    start = user.instruction if user and is_here else project.final.start
    return giving_place(project, owned.folders, start if user else _creation_place(project)) if owned.folders else None


def _given(project: Project, owned: Ownership, owner: str, place: Instruction) -> Iterator[Edit]:
    """The folders given away at an early place; the RUN that makes them all takes it in."""
    missing = missing_at(project, owned.folders, place)
    comment, run = _chown(owned, owner, missing, is_recursive=False)
    if missing or not _takes_more(project, place):
        yield inserted_after(project, place, f"{comment}\n{run}")
        return
    # A comment of the shell may stand behind the command.
    end = max(member.span.end for member in walk(project).members(place))
    yield Edit(project.path, Span(place.span.start, place.span.start), project.dockerfile.written(f"{comment}\n"))
    yield Edit(project.path, Span(end, end), project.dockerfile.written(f" \\\n    && {run.removeprefix('RUN ')}"))


def _last_work(stage: Stage) -> Instruction:
    """The instruction that USER goes behind: the last one in front of what starts the service."""
    instructions = stage.instructions
    last = max(at for at, entry in enumerate(instructions) if entry.keyword not in _METADATA)
    while last + 1 < len(instructions) and instructions[last + 1].keyword not in _STARTS:
        last += 1
    return instructions[last]


def _owned(project: Project, copy: Instruction, owner: str) -> Edit:
    start = copy.flags[0].span.start if copy.flags else copy.value_span.start
    return Edit(project.path, Span(start, start), f"--chown={owner} ")


def _chown(owned: Ownership, owner: str, missing: Sequence[str], *, is_recursive: bool) -> tuple[str, ...]:
    """The RUN that makes what is missing and gives folders to the user, under a comment that says who writes there."""
    if not owned.folders:
        return ()
    places = tuple(dict.fromkeys(re.sub(r":\d+\Z", "", write.place) for write in owned.writes if write.place))
    where = "into the work directory" if owned.is_beside_code and len(owned.folders) == 1 else "there"
    # Source writes where the image runs that part of it.
    verb = "may write" if any(place.endswith(".py") for place in places) else "write" if places[1:] else "writes"
    who = f"{', '.join(places[:2])} {verb} {where}"
    making = f"mkdir -p {' '.join(missing)} \\\n    && " if missing else ""
    giving = f"RUN {making}chown {'-R ' if is_recursive else ''}{owner} {' '.join(owned.folders)}"
    return f"# {who if places else 'written to at run time'}", giving


def _doubts(project: Project, owned: Ownership, user: User | None) -> Iterator[str]:
    if not has_source(project):
        yield "the source is not at hand, so where it writes is not known"
    elif why := unseen(project):
        yield f"{why}, so where the code writes is not known"
    if mounted := mounted_script(project):
        yield f"nothing copies {mounted} into the image, so it is mounted, and who may write beside it is not known"
    if project.options.portable and project.final.of("VOLUME"):
        yield "builders before BuildKit drop what is changed below a VOLUME"
    if not owned.folders and has_only_sqlite(names_of(walk(project))):
        yield "nothing installs a driver of a database, so SQLAlchemy may write one beside the code"
    for place in owned.unknown[:1]:
        yield f"{place} writes to a place that only run time knows"
    yield from left_doubts(project, owned)
    yield from mount_doubts(project, owned, UID)
    yield from absent_folders(project, owned)
    if place := next((each.runs for each in derived_images(project) if each.runs), ""):
        yield f"{place} runs as the user of this image, which it is built on"
    if user and not user.has_home:
        yield "the user has no home"


RULE = Rule("PYD401", "root-user", check, __doc__, EXAMPLES, same_as=("DL3002",))
