"""The users of one Dockerfile: every stage and every set of arguments that somebody builds it with.

Each of them is examined as its build is. There is one file, so the rewrite has to be right for all
of them: it is where each gets what it would get alone and nobody has anything left to change. Where
it is not, the first one decides, and a person is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydock.bench import Proof, Verdict
from pydock.bench.prove import Ways, compared
from pydock.build.contract import contract
from pydock.context import Tree
from pydock.dockerfile import Dockerfile
from pydock.engine import Report
from pydock.migrate.find.services import Use, told
from pydock.project import Project
from pydock.project.pins import Request
from pydock.questions import Question, outcome
from pydock.rule import Finding
from pydock.rules import by_name
from pydock.system.distribution import runs_python
from pydock.targets import Target
from pydock.values import Value, field, replace

DANGLING = by_name("dangling-stage")


class User(Value):
    """One way to build a file, and who builds it so; without a stage it is the one that is shipped."""

    stage: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    origins: tuple[str, ...] = ()

    def __str__(self) -> str:
        return told(" and ".join(self.origins), self.stage, self.arguments)


class Rewrite(Value):
    """A rewrite for all users of a file, what it leaves to a person, and a proof for each user, "" for the only one.

    It is not final where a resolver may have another answer later for one of them.
    """

    report: Report
    decisions: tuple[str, ...] = ()
    is_final: bool = True
    proofs: Mapping[str, Proof] = field(default_factory=dict)


def rewrite(question: Question, target: Target, uses: Sequence[Use], promised: tuple[Request, ...] = ()) -> Rewrite:
    """What `fix` would do for everybody who builds the file, each over the changes of the one before.

    Raises PydockError where there is no answer for one of them, Unanswered where one waits for it.
    """
    project = Project(target.tree, target.path)
    missing = tuple(_missing(project.dockerfile, uses))
    found = users(project, uses)
    built = [replace(target, stage=user.stage, arguments=user.arguments) for user in found]
    if len(found) == 1:
        report, proof = outcome(question, built[0], promised)
        return Rewrite(report, missing, _is_final(report), {"": proof} if proof else {})
    plain = replace(question, proof=None)
    # Without an engine first: what has to be asked of a resolver stops it before anything is built.
    whole = _common(plain, found, built, promised)
    if question.proof:
        proofs = [outcome(question, each, promised)[1] for each in built]
        left_out = tuple({rule.code for proof in proofs if proof for rule in proof.left_out})
        whole = _common(replace(plain, without=left_out), found, built, promised) if left_out else whole
        whole = _proven(whole, found, built, question.proof)
    return replace(whole, decisions=(*missing, *whole.decisions))


def _common(
    question: Question, found: Sequence[User], built: Sequence[Target], promised: tuple[Request, ...]
) -> Rewrite:
    """One rewrite for several users, or that of the first and whom it is not right for."""

    def rewritten(target: Target, before: Report | None = None) -> Report:
        over = replace(target, tree=Tree(target.tree.root, before.result.tree.changes)) if before else target
        return outcome(question, over, promised)[0]

    alone = [rewritten(each) for each in built]
    reports = [alone[0]]
    for each in built[1:]:
        reports.append(rewritten(each, reports[-1]))
    last = [rewritten(each, reports[-1]) for each in built]
    is_final = _is_final(*alone, *reports, *last)
    if apart := _apart(alone, last):
        others = ", ".join(map(str, found[1:]))
        decision = f"this is the rewrite for {found[0]}; {others} would come out with another {', '.join(apart)}"
        return Rewrite(alone[0], (decision,), is_final)
    return Rewrite(_together(alone, reports, last), (), is_final)


def _proven(whole: Rewrite, found: Sequence[User], built: Sequence[Target], ways: Ways) -> Rewrite:
    """The rewrite with the proofs of all users, without any change where it is another service for one of them."""
    report = whole.report
    proofs: dict[str, Proof] = {}
    for user, each in zip(found, built, strict=True):
        options = replace(report.project.options, target=each.stage, arguments=each.arguments)
        before, after = (replace(project, options=options) for project in (report.project, report.result))
        proofs[str(user)] = compared(replace(report, project=before, result=after), ways)
    if all(proof.verdict in {Verdict.SAME, Verdict.FIXED} for proof in proofs.values()):
        return replace(whole, proofs=proofs)
    nothing = Report(report.project, report.project, report.findings, (), report.findings)
    bad = ", ".join(user for user, proof in proofs.items() if proof.verdict is Verdict.DIFFERENT)
    decided = (f"no rewrite leaves {bad} the same service",) if bad else ()
    return replace(whole, report=nothing, decisions=(*whole.decisions, *decided), proofs=proofs)


def users(project: Project, uses: Iterable[Use]) -> tuple[User, ...]:
    """The users by stage, that of the last one first; one who builds the last where nobody else is known.

    Arguments that the file does not declare and values from outside make no difference. Who builds
    a stage without Python, such as one that bundles JavaScript, is no user.
    """
    dockerfile = project.dockerfile
    declared = {each.name for entry in dockerfile.instructions if entry.keyword == "ARG" for each in entry.assignments}
    last = dockerfile.stages[-1] if dockerfile.stages else None
    found: dict[tuple[int, tuple[tuple[str, str], ...]], User] = {}
    for use in uses:
        stage = dockerfile.stage_named(use.target) if use.target else last
        if stage is None or not (stage is last or runs_python(project, stage)):
            continue
        given = {name: value for name, value in use.args if value is not None and name in declared}
        arguments = tuple(sorted(given.items()))
        # What is shipped is what a project without a target is read as: the last stage, unless that is for tests.
        named = "" if stage is dockerfile.final else use.target or stage.name
        known = found.get((-stage.index, arguments), User(named, arguments))
        found[-stage.index, arguments] = replace(known, origins=(*known.origins, use.origin))
    return tuple(user for _, user in sorted(found.items(), key=lambda entry: entry[0][0])) or (User(),)


def _missing(dockerfile: Dockerfile, uses: Iterable[Use]) -> Iterator[str]:
    for use in uses:
        if use.target and dockerfile.stages and dockerfile.stage_named(use.target) is None:
            yield f"{use.origin} builds the stage {use.target}, which is not there"


def _is_final(*reports: Report) -> bool:
    return all(answer.is_final for report in reports for answer in report.project.pins.answers.values())


def _apart(alone: Sequence[Report], last: Sequence[Report]) -> tuple[str, ...]:
    """What a user would get alone and does not get in the common file: parts of the contract, or files."""
    fields: set[str] = set()
    files: set[str] = set()
    for before, after in zip(alone, last, strict=True):
        fields |= contract(before.result).differs(contract(after.result))
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
