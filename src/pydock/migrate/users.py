"""The users of one Dockerfile: every stage and every set of arguments that somebody builds it with.

Each of them is examined as its build is. There is one file, so the rewrite has to be right for all
of them: it is where each gets what it would get alone and nobody has anything left to change. Where
it is not, the first one decides, and a person is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pydock import ask
from pydock.ask import Question
from pydock.bench.outcome import Proof
from pydock.discover import Target
from pydock.dockerfile import Dockerfile
from pydock.engine import Report
from pydock.migrate.find import Use
from pydock.project import Project
from pydock.project.pins import Request
from pydock.project.secrets import mask
from pydock.project.system import runs_python
from pydock.rule import Finding
from pydock.rules.dangling_stage import RULE as DANGLING
from pydock.tree import Tree
from pydock.values import Value, replace


class User(Value):
    """One way to build a file, and who builds it so; without a stage it is the last one."""

    stage: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    origins: tuple[str, ...] = ()

    def __str__(self) -> str:
        given = mask(", ".join(f"{name}={value}" for name, value in self.arguments))
        details = [f"stage {self.stage}" if self.stage else "", f"with {given}" if given else ""]
        known = " ".join(filter(None, details))
        return " and ".join(self.origins) + (f" ({known})" if known else "")


class Rewrite(Value):
    """A rewrite for all users of a file, and what it leaves to a person.

    It is not final where a resolver may have another answer later for one of them.
    """

    report: Report
    proof: Proof | None
    decisions: tuple[str, ...] = ()
    is_final: bool = True


def rewrite(question: Question, target: Target, uses: Sequence[Use], promised: tuple[Request, ...] = ()) -> Rewrite:
    """What `fix` would do for everybody who builds the file, each over the changes of the one before.

    Raises PydockError where there is no answer for one of them, Unanswered where one waits for it.
    """

    def outcome(target: Target, user: User, question: Question = question) -> tuple[Report, Proof | None]:
        built = replace(target, stage=user.stage, arguments=user.arguments)
        return ask.outcome(question, built, promised)

    project = Project(target.tree, target.path)
    missing = tuple(_missing(project.dockerfile, uses))
    found = users(project, uses)
    first, proof = outcome(target, found[0])
    if len(found) == 1:
        return Rewrite(first, proof, missing, _is_final(first))
    alone = [first, *(outcome(target, user)[0] for user in found[1:])]
    reports = [first]
    for user in found[1:]:
        reports.append(outcome(_over(target, reports[-1]), user)[0])
    unproven = replace(question, proof=None)
    last = [outcome(_over(target, reports[-1]), user, unproven)[0] for user in found]
    is_final = _is_final(*alone, *reports, *last)
    if apart := _apart(alone, last):
        others = ", ".join(map(str, found[1:]))
        decision = f"this is the rewrite for {found[0]}; {others} would come out with another {', '.join(apart)}"
        return Rewrite(first, proof, (*missing, decision), is_final)
    return Rewrite(_together(alone, reports, last), proof, missing, is_final)


def users(project: Project, uses: Iterable[Use]) -> tuple[User, ...]:
    """The users by stage, that of the last one first; one who builds the last where nobody else is known.

    Arguments that the file does not declare and values from outside make no difference. Who builds
    a stage without Python, such as one that bundles JavaScript, is no user.
    """
    dockerfile = project.dockerfile
    declared = {each.name for entry in dockerfile.instructions if entry.keyword == "ARG" for each in entry.assignments}
    last = dockerfile.final
    found: dict[tuple[int, tuple[tuple[str, str], ...]], User] = {}
    for use in uses:
        stage = dockerfile.stage_named(use.target) if use.target else last
        if stage is None or not (stage is last or runs_python(project, stage)):
            continue
        given = {name: value for name, value in use.args if value is not None and name in declared}
        arguments = tuple(sorted(given.items()))
        named = "" if stage is last else use.target
        known = found.get((-stage.index, arguments), User(named, arguments))
        found[-stage.index, arguments] = replace(known, origins=(*known.origins, use.origin))
    return tuple(user for _, user in sorted(found.items(), key=lambda entry: entry[0][0])) or (User(),)


def _missing(dockerfile: Dockerfile, uses: Iterable[Use]) -> Iterator[str]:
    for use in uses:
        if use.target and dockerfile.stages and dockerfile.stage_named(use.target) is None:
            yield f"{use.origin} builds the stage {use.target}, which is not there"


def _over(target: Target, report: Report) -> Target:
    return replace(target, tree=Tree(target.tree.root, report.result.tree.changes))


def _is_final(*reports: Report) -> bool:
    return all(answer.is_final for report in reports for answer in report.project.pins.answers.values())


def _apart(alone: Sequence[Report], last: Sequence[Report]) -> tuple[str, ...]:
    """What a user would get alone and does not get in the common file: parts of the contract, or files."""
    fields: set[str] = set()
    files: set[str] = set()
    for before, after in zip(alone, last, strict=True):
        fields |= before.result.contract.differs(after.result.contract)
        files |= set(after.changed)
    return tuple(sorted(name.replace("_", " ") for name in fields) or sorted(files))


def _together(alone: Sequence[Report], reports: Sequence[Report], last: Sequence[Report]) -> Report:
    return Report(
        alone[0].project,
        last[0].result,
        _once([report.findings for report in alone]),
        tuple(step for report in reports for step in report.rounds),
        _once([report.remaining for report in last]),
    )


def _once(said: Sequence[Sequence[Finding]]) -> tuple[Finding, ...]:
    """What is said of one place to several users is said once; a stage dangles where it does for all of them."""
    found: dict[object, list[Finding]] = {}
    for each in (each for findings in said for each in findings):
        found.setdefault((each.path, each.span, each.rule.code, each.message), []).append(each)
    return tuple(same[0] for same in found.values() if same[0].rule is not DANGLING or len(same) == len(said))
