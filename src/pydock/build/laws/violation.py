"""What a rewrite broke, in words: the values of the laws, and how they name steps and needs."""

from __future__ import annotations

from pydock.build.model import Build, Process, Step
from pydock.state import Answer, Need
from pydock.state.needs import (
    Below,
    Buildable,
    Distribution,
    Distributions,
    File,
    Folder,
    InSuite,
    Library,
    Matching,
    Module,
    NotAMount,
    OlderRelease,
    Package,
    PackageLists,
    Place,
    Program,
    Source,
    SourceLink,
    Toolchain,
    User,
    Variable,
    Writable,
)
from pydock.values import Value

_LONGEST = 70
_OF_CONTEXT = "context:"
# What a fix declares that installs fewer packages on purpose.
DEVELOPMENT = "development_packages"


class Violation(Value):
    """One loss. `line` is a line of the result, None for what is in it no longer.

    `is_doubt`: it may be a loss; one that is certain is never applied.
    """

    law: int
    line: int | None
    what: str
    is_doubt: bool = False


class Declared(Value):
    """What a rewrite changes on purpose.

    `changes` are the contract fields that its fixes declare, `unsent` the files of the build context that a new
    .dockerignore leaves out, `secrets` those of them that a fix keeps out of the image by name.
    """

    changes: frozenset[str] = frozenset()
    unsent: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()

    @property
    def drops_development(self) -> bool:
        """Whether packages that only development needs are installed no longer."""
        return DEVELOPMENT in self.changes


def quoted(step: Step) -> str:
    """A step as a person knows it: its words, cut where they are many."""
    text = " ".join(step.text.replace("\\\n", " ").split())
    if step.keyword != "RUN":
        text = f"{step.keyword} {text}"
    elif step.operand is not None and len(text) > _LONGEST:
        text = f"{' '.join(step.key[:2])} {step.operand.text}"
    return f"`{text if len(text) <= _LONGEST else text[: _LONGEST - 1] + '…'}`"


def whose(process: Process) -> str:
    """A process as a person names it: CMD, or the service of a compose file."""
    path, _, service = process.origin.partition(": ")
    if service:
        return f"the process of {service}"
    return path.split(" ")[0] if path.isupper() or path.split(" ")[0].isupper() else f"the command of {path}"


def named(need: Need) -> str:
    """A need as the object of "needs" and "had"."""
    match need:
        case Program(name) | Distribution(_, name):
            return name
        case Place(path) if path.startswith(_OF_CONTEXT):
            return f"{path.removeprefix(_OF_CONTEXT)} of the build context"
        case File(path) | Folder(path) | Place(path):
            return path
        case Below(path):
            return f"what lies below {path}"
        case Matching(pattern):
            return f"a file like {pattern}"
        case User(name):
            return f"the user {name}"
        case Package(name) | Library(name):
            return f"the package {name}"
        case Buildable(path):
            return f"a pyproject.toml or setup.py in {path}"
        case Module(_, name):
            return f"the module {name}"
        case Variable(name):
            return f"the variable {name}"
        case _:
            return _of_the_system(need)


def _of_the_system(need: Need) -> str:
    match need:
        case Source(suite):
            return f"an apt source of {suite}"
        case InSuite(package):
            return f"a Debian release that has {package}"
        case NotAMount(path):
            return f"{path} not to be a mount"
        case OlderRelease(program, below):
            return f"{program} below {below}"
        case Writable(path, user):
            return f"{path} to be writable for {user}"
        case PackageLists():
            return "the package lists of `apt-get update`"
        case Distributions(environment):
            return f"the packages in {environment}"
        case SourceLink(_, path):
            return f"the editable source {path}"
        case Toolchain():
            return "a compiler or headers"
        case _:
            return str(need)


def _bringer(build: Build, step: Step, need: Need) -> Step | None:
    """The first step further down that brings what a step lacks, where that is there in the end."""
    found = build.stages[step.stage].find(need)
    later = (build.steps[number] for number in found.makers if number > step.number)
    brings = (each for each in later if each.before.find(need).answer is Answer.NO)
    return next((each for each in brings if each.after.find(need).answer is Answer.YES), None)


def why_missing(build: Build, step: Step, need: Need) -> str:
    """Where what a step lacks would be: further down, in another stage, or nowhere."""
    if (later := _bringer(build, step, need)) is not None:
        verb = "installs" if later.provides and later.keyword == "RUN" else "brings"
        return f"which line {later.line} {verb} below it"
    for stage in build.dockerfile.stages:
        if stage.index != step.stage and build.stages[stage.index].find(need).answer is Answer.YES:
            return f"which only the stage {stage.name or stage.index} has"
    is_slim = step.before.base.variant == "slim" and isinstance(need, Program | Library | Package)
    return "which the slim image lacks" if is_slim else "which is not there"
