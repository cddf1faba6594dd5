"""The final stage is the full image.

`python:3.12` carries compilers, headers, git, Mercurial and Subversion: about 900 MB more than
`python:3.12-slim`, in every pull and in every scan.

The cure is the slim image of the same version and codename. Programs and libraries that the
service uses of the full one are installed by name. Safe where every command of the stage was
read; a stage that installs packages itself is a matter of two stages, not of the base alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import walk
from pydock.build.installs import requirement_sets
from pydock.dockerfile import Stage
from pydock.images.debian import Need, from_full_image, kind_of, needs, program
from pydock.project import Project
from pydock.project.bases import is_on_mirrors, meant
from pydock.rule import Example, Finding, Rule
from pydock.service.run_time_programs import called_programs
from pydock.split import Split, split
from pydock.split.facts.slim import compiler_doubt, loaded_libraries, media_types, slim_doubts
from pydock.split.text.reasons import install_text, said
from pydock.state import BASE
from pydock.state.needs import Package, Program
from pydock.text import Edit, Fix, Safety, Span

CHANGES = frozenset({"base", "system_packages"})

_ENVIRONMENT = "FROM python:3.12 AS builder\nRUN python -m venv /venv && /venv/bin/pip install gitpython==3.1.43\n"
_RUNTIME = 'COPY --from=builder /venv /venv\nCOPY server.py ./\nCMD ["/venv/bin/python", "server.py"]\n'

EXAMPLES = (
    Example(
        before='FROM python:3.12\nCOPY server.py ./\nCMD ["python", "server.py"]\n',
        after='FROM python:3.12-slim\nCOPY server.py ./\nCMD ["python", "server.py"]\n',
        files={"server.py": "print('hello')\n"},
    ),
    Example(
        before='FROM python:3.12\nCOPY server.py ./\nRUN git init\nCMD ["python", "server.py"]\n',
        after=(
            "FROM python:3.12-slim\n"
            "# a command below calls git\n"
            "RUN apt-get update \\\n"
            "    && apt-get install -y --no-install-recommends git \\\n"
            "    && rm -rf /var/lib/apt/lists/*\n"
            'COPY server.py ./\nRUN git init\nCMD ["python", "server.py"]\n'
        ),
        files={"server.py": "print('hello')\n"},
    ),
    Example(
        before=(
            "FROM python:3.12\nRUN apt-get update && apt-get install -y git && git init\n"
            'COPY server.py ./\nCMD ["python", "server.py"]\n'
        ),
        after=(
            "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y git && git init\n"
            'COPY server.py ./\nCMD ["python", "server.py"]\n'
        ),
        files={"server.py": "print('hello')\n"},
    ),
    Example(
        before='FROM python:3.12\nCOPY server.py ./\nCMD ["python", "server.py"]\n',
        after=(
            "FROM python:3.12-slim\n"
            "# server.py asks /etc/mime.types, which slim lacks\n"
            "RUN apt-get update \\\n"
            "    && apt-get install -y --no-install-recommends media-types \\\n"
            "    && rm -rf /var/lib/apt/lists/*\n"
            'COPY server.py ./\nCMD ["python", "server.py"]\n'
        ),
        files={"server.py": "import mimetypes\nmimetypes.guess_type('a.webp')\n"},
    ),
    Example(
        before='FROM python:3.12\nCOPY server.py ./\nCMD ["python", "server.py"]\n',
        after=(
            "FROM python:3.12-slim\n"
            "# server.py:2 loads libmagic.so.1\n"
            "RUN apt-get update \\\n"
            "    && apt-get install -y --no-install-recommends libmagic1t64 \\\n"
            "    && rm -rf /var/lib/apt/lists/*\n"
            'COPY server.py ./\nCMD ["python", "server.py"]\n'
        ),
        files={"server.py": "import ctypes\nmagic = ctypes.CDLL('libmagic.so.1')\n"},
    ),
    Example(
        before=f"{_ENVIRONMENT}FROM python:3.12\n{_RUNTIME}",
        after=(
            f"{_ENVIRONMENT}FROM python:3.12-slim\n"
            "# gitpython calls git\n"
            "RUN apt-get update \\\n"
            "    && apt-get install -y --no-install-recommends git \\\n"
            "    && rm -rf /var/lib/apt/lists/*\n"
            f"{_RUNTIME}"
        ),
        files={"server.py": "print('hello')\n"},
    ),
    Example(before="FROM python:3.12-slim\nCOPY server.py ./\n"),
    Example(before="FROM python:3.12\nRUN make install\n", finds=True),
)


def check(project: Project) -> Iterator[Finding]:
    stage = project.final
    written = project.slim_reference(stage)
    # A file that will have two stages gets the slim image with them.
    if written is None or project.lineage(stage)[-1] is not stage or isinstance(split(project), Split):
        return
    start = stage.start
    at = start.place(start.words[0].start, start.words[0].end)
    fix, reason = _fix(project, stage, written, at)
    yield Finding(
        RULE,
        at,
        f"the service runs on the full image {stage.base}",
        fix,
        cost="about 900 MB of compilers, headers and tools in every pull",
        advice=reason,
    )


def _fix(project: Project, stage: Stage, written: str, at: Span) -> tuple[Fix | None, str]:
    if any(step.installs is not None for step in walk(project).of_stage(stage.index)):
        return None, "packages are installed in this stage; install them in a builder stage, then use slim here"
    if any(step.is_unread for step in walk(project).of_stage(stage.index)):
        return None, "a command of this stage could not be read, so what it needs of the full image is not known"
    used = _used(project, stage)
    if compiler := next(
        (need for need in used if kind_of(need.package) in {"compiler", "build-tool", "headers"}), None
    ):
        return None, f"{compiler.wanted_by} {compiler.why}, which slim does not have; build in a stage of its own"
    image = meant(project, stage)
    if used and image is not None and not is_on_mirrors(project, image.suite_meant):
        return None, f"{said(used[0])}, which slim lacks, and no mirror has {image.suite_meant} any more"
    edits = [Edit(project.path, at, written)]
    if used:
        place = Span(stage.start.span.end, stage.start.span.end)
        comments = "".join(dict.fromkeys(f"# {said(need)}\n" for need in used))
        text = install_text(comments, list(dict.fromkeys(need.package for need in used)))
        edits.append(Edit(project.path, place, project.dockerfile.written(text)))
    doubts = (*slim_doubts(project), *compiler_doubt(project))
    safety = Safety.UNSAFE if doubts else Safety.SAFE
    return Fix("use the slim image", safety, tuple(edits), CHANGES, doubts), ""


def _used(project: Project, stage: Stage) -> tuple[Need, ...]:
    """What the full image gave this stage: programs that are called, libraries that are loaded."""
    image = meant(project, stage)
    suite = image.suite_meant if image else ""
    called = {name: places[0] for name, places in called_programs(project).items()}
    build = walk(project)
    for step in build.of_stage(stage.index):
        for wanted, answer in step.needs:
            if isinstance(wanted, Program) and BASE in answer.makers:
                called.setdefault(wanted.name, f"line {step.line}")
    found = []
    for name, place in called.items():
        known = program(name)
        is_asked_for = known is not None and Package(known.package) in build.stages[stage.index].things
        if known and known.only_in_full(suite) and (not is_asked_for or place.startswith("line ")):
            found.append(Need(known.package, place, f"calls {name}"))
    names = frozenset(name for process in build.processes for name in process.distributions)
    names |= {name for listed in requirement_sets(project) for name in listed.names}
    found += from_full_image(needs(names, suite), suite)
    return (*found, *loaded_libraries(project, suite), *media_types(project, suite, names))


RULE = Rule("PYD103", "full-runtime-image", check, __doc__, EXAMPLES)
