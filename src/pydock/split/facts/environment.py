"""Where the packages of the service live, and what fills that place."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from pydock.build import Build, Step
from pydock.build.installs import PIP, plain_pip
from pydock.dockerfile import Stage
from pydock.images.setuptools import LAST_WHEEL_ALONE, setuptools_beside
from pydock.images.tags import PythonImage, version_order
from pydock.locks.installs.build_tools import latest_tool
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.programs import is_idle
from pydock.service.files.documents import installs_inside
from pydock.split.facts.members import Member
from pydock.split.facts.places import running_files
from pydock.split.facts.setuptools_use import setup_calls_pip, setuptools_for
from pydock.split.facts.slices import MANAGERS
from pydock.split.facts.wanted import names_of, specifiers_of
from pydock.split.refusal import Refusal, span_of
from pydock.split.text.installer import takes_uv
from pydock.state import NOBODY, Numbers, is_below
from pydock.state.needs import File, Program
from pydock.values import Value

VENV = "/opt/venv"
SYSTEM = "/usr/local"
# The first patch release of each Python whose official image has a pip that fills another environment
# (`pip --python`, 22.3: https://pip.pypa.io/en/stable/news/#v22-3; the images' own pip: PYTHON_PIP_VERSION in the
# history of https://github.com/docker-library/python, read 2026-11).
_FIRST_WITH_PIP_PYTHON = {"3.7": "3.7.17", "3.8": "3.8.17", "3.9": "3.9.17", "3.10": "3.10.11", "3.11": "3.11.0"}
# The last pip that installs on an interpreter whose own venv brings one without manylinux2014 wheels.
LAST_PIP = {"3.3": "10.0.1", "3.4": "19.1.1", "3.5": "20.3.4", "3.6": "21.3.1"}


class Environment(Value):
    """The folder of the packages. `is_made`: the split makes it; `is_filled_from_outside`: by the image's own pip, so
    that it needs none of its own; `brings_uv`: by uv, because a person chose it; `manager` is the tool that installs
    it, None for pip alone; `setuptools` the version that the service may import and nobody declares, None for none;
    `wheel` that of wheel beside it. `has_older_pip`: the pip that comes with it is behind the image's own.
    """

    path: str
    is_made: bool
    is_filled_from_outside: bool = False
    brings_uv: bool = False
    manager: str | None = None
    setuptools: str | None = None
    wheel: str | None = None
    has_older_pip: bool = False


def fills_other_environments(image: PythonImage) -> bool:
    """Whether the pip of an official image knows `--python`."""
    first = _FIRST_WITH_PIP_PYTHON.get(image.minor)
    if first is None:
        return version_order(image.minor) >= (3, 12)
    return bool(image.patch) and version_order(image.patch) >= version_order(first)


def place(installs: Iterable[Step], text: str) -> tuple[str, bool] | Refusal:
    """(path of the environment, whether the split makes it), or why it cannot move; `text` is the Dockerfile's."""
    paths: dict[str, Step] = {}
    for step in installs:
        paths.setdefault(step.installs or SYSTEM, step)
    own = {path: step for path, step in paths.items() if path != SYSTEM}
    if len(paths) > 1:
        step = list(paths.values())[-1]
        return Refusal(
            span_of(step),
            "install elsewhere",
            f"packages go to {' and to '.join(sorted(paths))}",
            "install everything into one environment",
        )
    if not own:
        return VENV, True
    path, step = next(iter(own.items()))
    if manager_of([step]) in {"poetry", "pipenv"} and _is_below_home(step, path):
        # Both take the environment that VIRTUAL_ENV names in place of one of their own below HOME.
        return VENV, True
    if manager_of([step]) == "uv" and path.endswith("/.venv") and ".venv" not in text:
        # uv's own choice, which UV_PROJECT_ENVIRONMENT changes; nobody names it.
        return VENV, True
    if _has_interpreter(step, path):
        return path, False
    return Refusal(
        span_of(step),
        "install elsewhere",
        f"packages go to {path}, which is no environment",
        "install into a venv instead",
    )


def _is_below_home(step: Step, path: str) -> bool:
    return is_below(path, step.before.home)


def _has_interpreter(step: Step, path: str) -> bool:
    return File(f"{path}/bin/python") in step.after.things


def is_filled_from_outside(members: Iterable[Member], image: PythonImage) -> bool:
    """Whether every command that installs the service's packages fills an environment that has no pip."""
    found = [call for member in members if member.installs for call in member.calls if call.words]
    if not found:
        return False
    knows_python = fills_other_environments(image)
    return all(
        (plain_pip(call) is not None and knows_python) or call.program in _READERS or call.program == "uv"
        for call in found
    )


_READERS = frozenset({"cat", "grep", "sed", "echo", "cd", "set", "true", "test", "[", "[["})
# Whoever sits in front of it installs more: `%pip install`.
_INTERACTIVE = frozenset({"jupyter", "jupyter-lab", "jupyter-notebook", "jupyterhub", "ipython"})
_CALLS_PIP = regex(
    r"^(?:(?!#|//).)*?(?<![\w./-])pip[\d.]*[\"']?[,\s]\s*[\"']?(?:install|uninstall|freeze|list)\b", re.M
)


def calls_pip_later(project: Project, build: Build, runtime: Iterable[Step]) -> bool:
    """Whether a step of the runtime stage, what runs in the end, or a script of these calls pip by its name."""
    needs = [need for step in runtime for need, _ in step.needs]
    needs += [need for process in build.processes for need, _ in process.needs]
    names = {posixpath.basename(need.name) for need in needs if isinstance(need, Program)}
    is_open = _is_for_people(build) or not is_started(build)
    if names & _INTERACTIVE or any(map(PIP.match, names)) or is_open or installs_inside(project):
        return True
    files = tuple(running_files(project))
    scripts = [path.rpartition("/")[2] for path, text in files if not path.endswith(".py") and _CALLS_PIP.search(text)]
    callers = [project.dockerfile.text, *(text for path, text in files if path.endswith(".py"))]
    return any(name in text for name in scripts for text in callers)


def is_started(build: Build) -> bool:
    """Whether a CMD, an ENTRYPOINT or a service of compose runs something: else other images may be built on this."""
    return any(start.is_taken for start in build.starts)


def _is_for_people(build: Build) -> bool:
    """Whether a container is a prompt, or only waits for who works in it: `bash`, `tail -f /dev/null`."""
    return any(is_idle(start.command.values) for start in build.starts if start.is_taken)


def manager_of(installs: Iterable[Step]) -> str | None:
    """The tool that installs the environment, None for pip itself."""
    calls = (call for step in installs for call in step.commands)
    return next((name for call in calls for name in (*call.wrappers, call.program) if name in MANAGERS), None)


def idle_settings(steps: Iterable[Step], environment: Environment) -> Numbers:
    """The steps that tell Poetry which environment it makes: it makes none where VIRTUAL_ENV names one.

    https://python-poetry.org/docs/configuration/#virtualenvscreate, read 2026-11.
    """
    if not environment.is_made or environment.manager != "poetry":
        return NOBODY
    return Numbers(step.number for step in steps if _is_of_virtualenvs(step))


def is_own_tool(step: Step, environment: Environment) -> bool:
    """Whether a step installs a newer pip, or what builds with it, which an environment with a pip of its own gets."""
    is_apart = not environment.is_made or environment.is_filled_from_outside or environment.manager is not None
    return not is_apart and tool_of(step) in {"pip", *_OF_SETUP_SCRIPTS}


def tool_of(step: Step) -> str | None:
    """The build tool that a step installs, by its name."""
    if not step.is_tool or step.operand is None:
        return None
    match = _TOOL_NAME.match(step.operand.head)
    return match[0].lower() if match else None


_OF_SETUP_SCRIPTS = frozenset({"setuptools", "wheel"})
_TOOL_NAME = regex(r"[A-Za-z][\w-]*")


def _is_of_virtualenvs(step: Step) -> bool:
    if step.keyword in {"ARG", "ENV"}:
        return step.key[1].startswith("POETRY_VIRTUALENVS_")
    lines = [call.line for call in step.commands]
    settings = [line for line in lines if (line.program, line.verb) == ("poetry", "config") and line.operands]
    return bool(lines) and lines == [line for line in settings if line.operands[0].head.startswith("virtualenvs.")]


def made(
    project: Project,
    stage: Stage,
    build: Build,
    image: PythonImage,
    path: str,
    members: tuple[Member, ...],
    runtime: list[Step],
) -> Environment:
    """The environment that the split makes, and how it is filled."""
    installs = [step for member in members for step in member.steps if step.installs is not None]
    manager = manager_of(installs)
    brings_uv = project.options.installer == "uv" and takes_uv(stage, image, members)
    from_outside = is_filled_from_outside(members, image) and not calls_pip_later(project, build, runtime)
    from_outside = from_outside and not setup_calls_pip(build)
    from_outside = from_outside or brings_uv
    setuptools = setuptools_for(project, build, image, names_of(build), specifiers_of(build))
    tools = {tool_of(step) for member in members for step in member.steps}
    # Where pip finds setuptools and wheel in the environment it runs a setup.py with what is there, else apart, with
    # the newest setuptools and nothing else (https://pip.pypa.io/en/stable/news/#v23-1, read 2026-11). uv, Poetry and
    # the like build each package apart.
    is_missed = setuptools is not None and manager is None
    is_missed = is_missed and setuptools_beside(image.minor) is not None
    is_missed = is_missed and (from_outside or "wheel" not in tools)
    wheel = min(latest_tool("wheel", image.minor), LAST_WHEEL_ALONE, key=version_order) if is_missed else None
    # An environment with a pip of its own has setuptools, too.
    seeded = setuptools if from_outside else None
    is_behind = manager is None and not (from_outside or fills_other_environments(image) or "pip" in tools)
    has_older_pip = is_behind and image.minor not in LAST_PIP
    return Environment(path, True, from_outside, brings_uv, manager, seeded, wheel or None, has_older_pip)
