"""`pip install --user` or `--prefix` in a builder, copied into a runtime stage that cannot use it.

`--user` puts libraries into `/root/.local/lib` and programs into `/root/.local/bin`. Copying
only `bin`, or copying it onto `/root/.local`, leaves the libraries behind: the image builds
and the service does not start. A complete copy still fails as soon as the service runs as
another user, for `/root` is closed to it. What `--prefix=/install` made is found where it is
copied onto `/usr/local`, or where `PYTHONPATH` names it: in `/install` no Python looks for it.

The cure is a virtual environment in `/opt/venv`, made in the builder and copied as a whole. The
image's own pip fills it where it can, as in a split.
Safe where all installs of the builder are plain and both stages have the same Python: what is
installed is the same, and what was not found before is found now.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pydock.build.installs import Install, installs_of, plain_pip
from pydock.build.views import image, user_set
from pydock.dockerfile import Instruction, Stage
from pydock.project import Project
from pydock.project.compose import services
from pydock.rule import Example, Finding, Level, Rule
from pydock.split.facts.environment import fills_other_environments
from pydock.split.text.commands import elsewhere
from pydock.state import is_below, is_root
from pydock.text import Edit, Fix, Safety, Span

VENV = "/opt/venv"
LOCAL = "/root/.local"
CHANGES = frozenset({"environment", "files", "packages"})
# Where the interpreters of the images look.
_OWN_PREFIXES = ("/usr/local", "/usr")
_PATHS = frozenset({"PYTHONPATH", "PYTHONUSERBASE", "PYTHONHOME"})

EXAMPLES = (
    Example(
        before=(
            "FROM python:3.12 AS builder\n"
            "COPY requirements.txt .\n"
            "RUN pip install --user -r requirements.txt\n"
            "FROM python:3.12-slim\n"
            "COPY --from=builder /root/.local/bin /root/.local\n"
            "ENV PATH=/root/.local:$PATH\n"
            'CMD ["python", "server.py"]\n'
        ),
        after=(
            "FROM python:3.12 AS builder\n"
            "RUN python -m venv --without-pip /opt/venv\n"
            "COPY requirements.txt .\n"
            "RUN pip --python /opt/venv install -r requirements.txt\n"
            "FROM python:3.12-slim\n"
            "COPY --from=builder /opt/venv /opt/venv\n"
            "ENV PATH=/opt/venv/bin:$PATH\n"
            'CMD ["python", "server.py"]\n'
        ),
    ),
    # What is installed into the image itself would count as there and not be copied.
    Example(
        before=(
            "FROM python:3.12 AS builder\n"
            "RUN pip install requests==2.32.5\n"
            "RUN pip install --user flask==3.1.2\n"
            "FROM python:3.12-slim\n"
            "COPY --from=builder /root/.local /root/.local\n"
            "ENV PATH=/root/.local/bin:$PATH\n"
        ),
        after=(
            "FROM python:3.12 AS builder\n"
            "RUN python -m venv /opt/venv\n"
            'ENV PATH="/opt/venv/bin:$PATH"\n'
            "RUN pip install requests==2.32.5\n"
            "RUN pip install flask==3.1.2\n"
            "FROM python:3.12-slim\n"
            "COPY --from=builder /opt/venv /opt/venv\n"
            "ENV PATH=/opt/venv/bin:$PATH\n"
        ),
    ),
    Example(
        before=(
            "FROM python:3.12-slim AS builder\n"
            "COPY requirements.txt .\n"
            "RUN pip install --prefix=/install -r requirements.txt\n"
            "FROM python:3.12-slim\n"
            "ENV PATH=/install/bin:$PATH\n"
            "COPY --from=builder /install /install\n"
            'CMD ["gunicorn", "server:app"]\n'
        ),
        after=(
            "FROM python:3.12-slim AS builder\n"
            "RUN python -m venv --without-pip /opt/venv\n"
            "COPY requirements.txt .\n"
            "RUN pip --python /opt/venv install -r requirements.txt\n"
            "FROM python:3.12-slim\n"
            "ENV PATH=/opt/venv/bin:$PATH\n"
            "COPY --from=builder /opt/venv /opt/venv\n"
            'CMD ["gunicorn", "server:app"]\n'
        ),
    ),
    Example(
        before=(
            "FROM python:3.12 AS builder\n"
            "RUN pip install --prefix /install flask==3.1.2\n"
            "FROM python:3.12-slim\n"
            "COPY --from=builder /install /usr/local\n"
        ),
    ),
    Example(
        before=(
            "FROM python:3.12 AS builder\n"
            "RUN python -m venv /opt/venv && /opt/venv/bin/pip install flask==3.1.2\n"
            "FROM python:3.12-slim\n"
            "COPY --from=builder /opt/venv /opt/venv\n"
        ),
    ),
)


def check(project: Project) -> Iterator[Finding]:
    prefixes: dict[str, None] = {}
    for above, stage in pairwise(project.dockerfile.stages):
        prefixes |= dict.fromkeys(_prefixes(project, [above]))
        for folder in (LOCAL, *prefixes):
            copies = [entry for entry in stage.of("COPY") if _takes(entry, folder)]
            builder = project.dockerfile.stage_named(copies[0].flag("from") or "") if copies else None
            if builder is None or builder.index >= stage.index:
                continue
            if folder != LOCAL and (folder not in _prefixes(project, [builder]) or _is_found(project, stage, copies)):
                continue
            fix, reason = _fix(project, builder, stage, copies, folder)
            is_closed = folder == LOCAL and not _is_incomplete(copies)
            yield Finding(
                RULE,
                copies[0].value_span,
                _message(project, stage, copies, folder),
                fix,
                cost="only root can read /root" if is_closed else "the service cannot import its own dependencies",
                advice=reason,
            )
            break


def _prefixes(project: Project, stages: Sequence[Stage]) -> tuple[str, ...]:
    """The folders that installs fill for an interpreter that is elsewhere."""
    installs = (install for stage in stages for install in installs_of(project, stage))
    return tuple(dict.fromkeys(folder for install in installs if (folder := _prefix(install))))


def _prefix(install: Install) -> str:
    given = install.line.value("--prefix")
    path = posixpath.normpath(given.value if given and given.value else "")
    return path if path.startswith("/") and path not in _OWN_PREFIXES else ""


def _is_found(project: Project, stage: Stage, copies: Sequence[Instruction]) -> bool:
    """Whether Python finds what is copied, or it is not known where it looks."""
    variables = [image(project, stage).variables, *(dict(service.environment) for service in services(project))]
    if project.python_image(stage) is None or any(_PATHS & {*each} for each in variables):
        return True
    targets = [posixpath.normpath(entry.words[-1].text.strip("\"'")) for entry in copies]
    is_told = all(target.startswith("/") and "$" not in target for target in targets)
    if not is_told or any(is_below(target, own) for target in targets for own in _OWN_PREFIXES):
        return True
    # A start script or the source may say it as well.
    scripts = (path for path in project.tree.files if path.endswith((".py", ".sh", ".pth")))
    return any(f"{target}/lib" in (project.tree.text(path) or "") for path in scripts for target in targets)


def _message(project: Project, stage: Stage, copies: list[Instruction], folder: str) -> str:
    if folder != LOCAL:
        target = posixpath.normpath(copies[0].words[-1].text)
        return f"the packages of `pip install --prefix={folder}` are copied to {target}, where Python does not look"
    if _is_incomplete(copies):
        return "the programs of `pip install --user` are copied without its libraries, or to the wrong place"
    if not is_root(user_set(project, stage)):
        return f"packages lie in /root, which user {user_set(project, stage)} cannot read"
    return "packages lie in /root, so the service can only run as root"


def _takes(entry: Instruction, folder: str) -> bool:
    return entry.flag("from") is not None and any(_lies_in(word.text, folder) for word in entry.words[:-1])


def _lies_in(path: str, folder: str) -> bool:
    return is_below(posixpath.normpath(path.strip("\"'")), folder)


def _is_incomplete(copies: list[Instruction]) -> bool:
    """Whether no copy takes the whole of /root/.local to a place where Python finds it."""
    return not any(
        posixpath.normpath(entry.words[0].text) == LOCAL
        and posixpath.normpath(entry.words[-1].text).endswith("/.local")
        for entry in copies
    )


def _fix(
    project: Project, builder: Stage, stage: Stage, copies: list[Instruction], folder: str
) -> tuple[Fix | None, str]:
    installs = installs_of(project, builder)
    moved = [
        install for install in installs if (install.has("--user") and folder == LOCAL) or _prefix(install) == folder
    ]
    if not moved or any(install not in moved for install in installs if install.files or install.editables):
        return None, "install into a virtual environment in the builder and copy that"
    here, there = project.python_image(builder), project.python_image(stage)
    if here is None or there is None or here.minor != there.minor or not (here.is_debian and there.is_debian):
        return None, "give both stages the same Python image first, then copy a virtual environment"
    if any(not _lies_in(word.text, folder) for entry in copies for word in entry.words[:-1]):
        return None, f"copy {folder} by an instruction of its own first"
    # What another install brings to the image is no part of the environment that is copied.
    is_outside = moved == list(installs) and fills_other_environments(here)
    is_outside = is_outside and all(plain_pip(install.call) is not None for install in installs)
    edits = [_environment(project, builder, is_outside), *_plain_installs(project, moved)]
    if is_outside:
        edits += [Edit(project.path, *elsewhere(install.call.line, VENV)) for install in installs]
    edits += [*_copies(project, copies), *_paths(project, stage, copies[0], folder)]
    return Fix("install into a virtual environment and copy it whole", Safety.SAFE, tuple(edits), CHANGES), ""


def _environment(project: Project, builder: Stage, is_outside: bool) -> Edit:
    at = builder.start.span.end
    text = f"RUN python -m venv --without-pip {VENV}\n" if is_outside else f"RUN python -m venv {VENV}\n"
    text += "" if is_outside else f'ENV PATH="{VENV}/bin:$PATH"\n'
    return Edit(project.path, Span(at, at), project.dockerfile.written(text))


def _plain_installs(project: Project, installs: list[Install]) -> Iterator[Edit]:
    for install in installs:
        words = install.command.words
        for at, word in enumerate(words):
            length = 1 if word.value == "--user" or (word.value or "").startswith("--prefix=") else 0
            length = 2 if word.value == "--prefix" else length
            if length:
                end = words[at + length].span.start if at + length < len(words) else words[at + length - 1].span.end
                yield Edit(project.path, Span(word.span.start, end), "")


def _copies(project: Project, copies: list[Instruction]) -> Iterator[Edit]:
    first, *others = copies
    owner = "".join(f"--{flag.name}={flag.value} " for flag in first.flags if flag.name in {"chown", "chmod", "link"})
    text = f"{owner}--from={first.flag('from')} {VENV} {VENV}"
    start = first.flags[0].span.start
    yield Edit(project.path, Span(start, first.value_span.end), text)
    for entry in others:
        yield Edit(project.path, entry.span, "")


def _paths(project: Project, stage: Stage, copy: Instruction, folder: str) -> Iterator[Edit]:
    """The stage's PATH with the environment in place of where it was copied to; added where there is none."""
    found, target = False, posixpath.normpath(copy.words[-1].text)
    places = "|".join(re.escape(place) for place in {folder, target if target.startswith("/") else folder})
    for entry in stage.of("ENV"):
        for match in re.finditer(rf"(?<![\w/.-])(?:{places})(?:/bin)?(?=[:\"'\s]|$)", entry.value):
            if any(each.name == "PATH" for each in entry.assignments):
                found = True
                yield Edit(project.path, entry.place(match.start(), match.end()), f"{VENV}/bin")
    if not found:
        at = copy.span.end
        text = project.dockerfile.written(f'ENV PATH="{VENV}/bin:$PATH"\n')
        lead = "" if project.dockerfile.text[:at].endswith("\n") else project.dockerfile.newline
        yield Edit(project.path, Span(at, at), lead + text)


RULE = Rule("PYD107", "broken-user-install", check, __doc__, EXAMPLES, level=Level.ERROR)
