"""What steps read where it is there (settings, keys, variables, compilers, installed packages), and read no longer."""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.laws.identity import Comparison, by_identity, identity, in_all
from pydock.build.laws.violation import Violation, named, quoted
from pydock.build.model import Build, Step
from pydock.effects.python.installing import TOOLS
from pydock.patterns import regex
from pydock.state import BASE, Answer, Found, Need, Numbers, State
from pydock.state.needs import Below, Distribution, Distributions, File, Package, Toolchain, Variable
from pydock.text import variables

_OF_BASE = Numbers.of(BASE)
# Variables that say how a tool talks, caches or starts, and nothing about what it makes.
_MANNERS = regex(
    r"PATH|VIRTUAL_ENV|DEBIAN_FRONTEND|PYTHON(?:UNBUFFERED|DONTWRITEBYTECODE|FAULTHANDLER|HASHSEED)|LANG|LC_ALL|HOME"
    r"|PIP_(?:NO_CACHE_DIR|CACHE_DIR|DISABLE_PIP_VERSION_CHECK|ROOT_USER_ACTION|BREAK_SYSTEM_PACKAGES|DEFAULT_TIMEOUT)"
    r"|UV_(?:LINK_MODE|COMPILE_BYTECODE|CACHE_DIR|NO_CACHE|SYSTEM_PYTHON|PROJECT_ENVIRONMENT|PYTHON_DOWNLOADS)"
    r"|POETRY_(?:NO_INTERACTION|VIRTUALENVS_\w+|CACHE_DIR|HOME|VERSION)"
)


_OF_VIRTUALENVS = regex(r"(?:virtualenvs\.[\w.-]+ = [^\n]*\n)+")
# Instructions in which the builder itself puts the values in: an unset variable is an empty text to it.
# https://docs.docker.com/reference/dockerfile/#environment-replacement
_FILLED_IN = frozenset({"ADD", "ARG", "COPY", "ENV", "USER", "WORKDIR"})


def values_lost(before: Build, after: Build) -> Iterator[Violation]:
    """An instruction whose variable the file sets, and that stands in a stage where nothing above sets it."""
    had: dict[tuple[str, str], list[Step]] = {}
    for step in before.steps:
        had.setdefault((step.keyword, step.text), []).append(step)
    ever = frozenset(name for state in before.stages for name in state.setters)
    for step in after.steps:
        if step.keyword not in _FILLED_IN:
            continue
        old = [frozenset(each.before.setters) for each in had.get((step.keyword, step.text), ())]
        wanted = variables(_value(step)) & (frozenset.intersection(*old) if old else ever)
        for name in sorted(wanted - frozenset(step.before.variables)):
            text = f"line {step.line} {quoted(step)} reads {named(Variable(name))}, which nothing above it sets"
            yield Violation(11, step.line, text)


def _value(step: Step) -> str:
    return step.text.partition("=")[2] if step.keyword in {"ARG", "ENV"} else step.text


def readings_lost(both: Comparison) -> Iterator[Violation]:
    """A step that is in several stages has to find these things in one of them."""
    now = by_identity(both.after)
    for known, old in by_identity(both.before).items():
        steps = now.get(known, ())
        if not steps:
            continue
        for need, was in in_all(each.takes for each in old).items():
            if was.answer is not Answer.YES or was.makers == _OF_BASE:
                continue
            if text := _missing(both, old, steps, need, was):
                place = f"line {steps[0].line} {quoted(steps[0])}"
                yield Violation(11, steps[0].line, f"{place} read {text}, which is not above it")


def _missing(both: Comparison, old: tuple[Step, ...], steps: tuple[Step, ...], need: Need, was: Found) -> str | None:
    """What none of the steps finds any longer, in words; None where one of them finds it."""
    for step in steps:
        text = _missing_of(both, old[0], step, need, was)
        if text is None:
            return None
    return text


def _missing_of(both: Comparison, old: Step, step: Step, need: Need, was: Found) -> str | None:
    match need:
        case Variable(name):
            return None if _MANNERS.fullmatch(name) or name in step.before.setters else named(need)
        case Distributions(environment):
            return _packages(old, step, environment)
        case Toolchain():
            return _compilers(both, old, step, was)
        case File(path):
            moved = path.startswith(f"{old.before.home}/") and old.before.home != step.before.home
            now = step.before.find(need)
            is_there = now.answer is Answer.YES or bool(now.makers.without(BASE))
            return None if moved or is_there or _is_moot(old.before, path, step) else path
        case Below("/etc/apt") | Below("/usr/share/keyrings"):
            gone = both.missing([was], [step.before.find(need)])
            return f"what `{' '.join(min(gone))}` leaves" if gone and _brings_files(both.before, was) else None
        case Below(path) if path.startswith(f"{old.before.home}/."):
            files = [each for each in old.before.files_below(path) if not _is_moot(old.before, each, step)]
            is_there = not files or any(step.before.files_below(path))
            return None if is_there or old.before.home != step.before.home else named(need)
        case Package(name):
            return None if step.before.find(need).answer is not Answer.NO else f"the package {name}"
        case _:
            return None


def _is_moot(state: State, path: str, step: Step) -> bool:
    """Whether a file only says which environment Poetry makes, and a step finds one that VIRTUAL_ENV names."""
    text = state.text(path)
    return "VIRTUAL_ENV" in step.before.variables and text is not None and _OF_VIRTUALENVS.fullmatch(text) is not None


def _brings_files(build: Build, was: Found) -> bool:
    return any(build.steps[number].provides or build.steps[number].opens for number in was.makers if number >= 0)


def _packages(old: Step, step: Step, environment: str) -> str | None:
    """The Python packages that a command found in its environment; installs ask for their own."""
    if old.installs is not None or old.is_tool:
        return None
    had = _installed(old.before, environment) - TOOLS
    environments = [need.environment for need, _ in step.takes if isinstance(need, Distributions)]
    has = frozenset[str]().union(*(_installed(step.before, each) for each in environments))
    if missing := had - has:
        return f"the packages {', '.join(sorted(missing)[:3])}" if len(missing) > 1 else f"the package {min(missing)}"
    return None if environments else f"the packages in {environment}"


def _installed(state: State, environment: str) -> frozenset[str]:
    names = state.distributions.get(environment) or ()
    return frozenset(name for name in names if Distribution(environment, name) in state.things)


def _compilers(both: Comparison, old: Step, step: Step, was: Found) -> str | None:
    """The packages that compile, as far as they were still there: each is there by a step, or the image has it."""
    kept = by_identity(both.after)
    for number in was.makers:
        if number == BASE:
            continue
        maker = both.before.steps[number]
        packages = [thing for thing in maker.provides if isinstance(thing, Package)]
        if not packages and identity(maker) not in kept:
            return f"the compilers of {quoted(maker)}"
        for package in packages[:1]:
            was_there = old.before.find(package).answer is not Answer.NO
            if was_there and step.before.find(package).answer is Answer.NO:
                return f"the package {package.name}"
    return None
