"""One question about one Dockerfile, answered: the line from a target to what is said about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydock import engine
from pydock.budget import Budget, unhurried, within
from pydock.checkout import DOCUMENTED, compose_above, configuration, texts_above
from pydock.codemods import asked_for
from pydock.config import FOUND, GIT, Settings, Sources, settings
from pydock.context import Tree
from pydock.engine import Report
from pydock.errors import OptionError
from pydock.project import Options, Project
from pydock.project.builders import takes_no_mounts, tells_builder
from pydock.project.pins import Answer as Pinned
from pydock.project.pins import Request, Unanswered
from pydock.project.running import Running
from pydock.questions.judgement import asked_rules
from pydock.report import Answer, checked, fixed, mask_of
from pydock.rule import Level, Rule
from pydock.rules import RULES
from pydock.service.files import secret_values
from pydock.service.files.secret_values import without_secrets
from pydock.split import Refusal, split
from pydock.targets import Target, Unusable
from pydock.terminal import printable
from pydock.text import Safety
from pydock.values import Value, field, replace

if TYPE_CHECKING:
    from pydock.bench import Proof
    from pydock.bench.prove import Ways


class Question(Value):
    """What is asked about every Dockerfile; it crosses process boundaries.

    `given` holds the settings of the command line by their configuration keys, None for those
    that were not given. A dry fix writes nothing. `proof` asks a real engine about a fix.
    `codemods` are the values of that option. A detailed answer has the edits of every fix.
    `running` is what the image has whose versions locks stay at. `kept` is the folder where the
    answers of a resolver are looked for instead of waiting for one (`pydock.resolve.kept`).
    `without` are codes of rules that a proof has left out, `sources` the configuration that counts. `only` is the one
    finding to fix, by its number among those of `check`.
    """

    given: Mapping[str, object]
    is_fix: bool = False
    is_dry: bool = True
    proof: Ways | None = None
    codemods: tuple[str, ...] = ()
    is_detailed: bool = False
    running: Running = field(default_factory=Running)
    kept: str = ""
    without: tuple[str, ...] = ()
    sources: Sources = FOUND
    only: int | None = None


def refuse_unknown_rules(question: Question) -> None:
    """Raise OptionError once, not for every project, when the command line names no rule."""
    asked_rules(settings((), question.given))
    asked_for(question.codemods)


@contextmanager
def one(question: Question, found: Target | Unusable) -> Iterator[Target]:
    """One project among others: whatever happens to it in here, and whatever it takes, is an error of it alone.

    Raises PydockError for whatever goes wrong, and Unanswered where a question does not wait.
    """
    if isinstance(found, Unusable):
        raise found.error
    with within(Budget()):
        wanted = settings(configuration(found.tree, found.path, question.sources), question.given)
    with within(wanted.budget, (Unanswered,)):
        yield found


def answer(
    question: Question, target: Target, changes: Mapping[str, str], promised: Iterable[Request] = ()
) -> tuple[Answer, Mapping[str, str]]:
    """The answer for one Dockerfile over changes of its folder, and the changes with its own.

    Raises PydockError where there is no answer, and Unanswered with what it waits for, where
    the question says where to look; it is to be asked again then, with that as `promised`.
    Nothing has been written in either case.
    """
    project, wanted = project_of(question, target, changes)
    rules = _rules(question, wanted)
    if not question.is_fix:
        with without_secrets(project):
            findings = engine.check(project, rules)
        found = checked(project, target.shown, findings, rules, is_detailed=question.is_detailed)
        return replace(found, fail_level=Level(wanted.fail_level)), changes
    report, proof = _outcome(question, project, wanted, rules, promised)
    found = fixed(report, target.shown, target.patch, proof, is_detailed=question.is_detailed)
    if not question.is_dry and report.changed:
        with unhurried():
            found = replace(found, losses=report.result.tree.write(report.changed, report.project.tree))
    return found, report.result.tree.changes


def proof(question: Question, target: Target) -> Proof:
    """How the rewrite of one Dockerfile compares with the original on a real engine.

    Raises PydockError where there is no answer.
    """
    from pydock.bench.prove import Ways, proven

    project, wanted = project_of(question, target, {})
    rules = _rules(question, wanted)
    allow = Safety.UNSAFE if wanted.unsafe_fixes else Safety.SAFE
    with without_secrets(project):
        found = _rewritten(question, project, rules, allow).project
        with unhurried():
            report, said = proven(found, rules, allow, question.proof or Ways(), is_fix=False)
    return mask_of(report).over(said)


def plan(question: Question, target: Target) -> str:
    """The split as a table: which instruction goes where and why; or the line that stands in the way."""
    from pydock.report.pages import plan_table

    project = unchanged(question, target)
    mask = secret_values.mask(project)

    def told(text: str) -> str:
        return printable(mask(text))

    match split(project):
        case None:
            return f"{printable(target.shown)}: nothing to split\n"
        case Refusal() as refusal:
            place = f"{target.shown}:{project.line(refusal.span)}"
            lines = [f"{place}: not split: {refusal.why}", *([refusal.advice] if refusal.advice else [])]
            return "".join(f"{told(line)}\n" for line in lines)
        case planned:
            remarks = [*(f"doubt: {doubt}" for doubt in planned.doubts), *planned.notes]
            rows = [(told(what), where, told(why)) for what, where, why in planned.plan.table()]
            return "\n".join([printable(target.shown), plan_table(rows), *map(told, remarks)]) + "\n"


def unchanged(question: Question, target: Target) -> Project:
    """The project as it is.

    Raises SyntaxProblem for files that a builder or pip would reject.
    """
    project, _ = project_of(question, target, {})
    with without_secrets(project):
        engine.check(project, ())
    return project


def rewritten(question: Question, target: Target) -> Report:
    """The project as it is and as `fix` would leave it; nothing is written."""
    project, wanted = project_of(question, target, {})
    rules = _rules(question, wanted)
    allow = Safety.UNSAFE if wanted.unsafe_fixes else Safety.SAFE
    with without_secrets(project):
        return _rewritten(question, project, rules, allow)


def _rules(question: Question, wanted: Settings) -> tuple[Rule, ...]:
    """The rules of a question, and its codemods, which the engine runs before them."""
    return *asked_for(question.codemods), *asked_rules(wanted, question.without)


def outcome(question: Question, target: Target, promised: Iterable[Request] = ()) -> tuple[Report, Proof | None]:
    """The project as it is and as `fix` would leave it, proven where that was asked for; nothing is written.

    Raises Unanswered as `answer` does.
    """
    project, wanted = project_of(question, target, {})
    return _outcome(question, project, wanted, _rules(question, wanted), promised)


def _outcome(
    question: Question, project: Project, wanted: Settings, rules: Sequence[Rule], promised: Iterable[Request]
) -> tuple[Report, Proof | None]:
    allow = Safety.UNSAFE if wanted.unsafe_fixes else Safety.SAFE
    with without_secrets(project):
        if question.only is not None:
            return engine.rewrite_one(project, rules, question.only), None
        report = _rewritten(question, project, rules, allow, promised)
        if not question.proof:
            return report, None
        from pydock.bench.prove import proven  # drives an engine, which a plain fix does not

        with unhurried():
            return proven(report.project, rules, allow, question.proof, is_fix=True)


def project_of(question: Question, target: Target, changes: Mapping[str, str]) -> tuple[Project, Settings]:
    """The project of a target over changes of its folder, with what is known from above its build context.

    Raises OptionError or UnreadableError for settings that mean nothing.
    """
    tree = target.tree.over(changes)
    wanted = settings(configuration(tree, target.path, question.sources), question.given, RULES)
    told = texts_above(tree, target.path, tells_builder, DOCUMENTED)
    portable = wanted.portable or takes_no_mounts(tree, target.path, told)
    options = Options(
        wanted.installer, portable, wanted.venv, wanted.pin, as_of=_day(wanted, tree), hashes=wanted.hashes,
        platforms=wanted.platforms, lock_format=wanted.lock_format, allow_builds=wanted.allow_builds,
        allow_hosts=wanted.allow_hosts, offline=wanted.offline, target=target.stage, arguments=target.arguments,
    )  # fmt: skip
    above = compose_above(tree, target.path)
    return Project(tree, target.path, options, running=question.running, above=above, told=told), wanted


def _day(wanted: Settings, tree: Tree) -> date | None:
    """The first day that locks know nothing of.

    Raises OptionError where git does not tell when the requirements were changed.
    """
    if not wanted.as_of:
        return None
    if wanted.as_of != GIT:
        return date.fromisoformat(wanted.as_of) + timedelta(days=1)
    from pydock.resolve import last_change  # starts a process, which `check` does not

    with unhurried():
        return last_change(tree) + timedelta(days=1)


def _rewritten(
    question: Question, project: Project, rules: Sequence[Rule], allow: Safety, promised: Iterable[Request] = ()
) -> Report:
    """The rewrite with what has to be asked before its first round: tags and digests of base images, and pins.

    Raises Unanswered where the question does not wait.
    """
    if project.options.pin != "table":
        from pydock.registries import published  # asks hosts, which a plain fix does not

        by_table = replace(project, options=replace(project.options, pin="table"))
        report = engine.rewrite(by_table, rules, allow)
        with unhurried():
            project = replace(project, registry=published((report.project, report.result)))
    if project.options.offline:
        if project.running.image:
            raise OptionError("--pins-from needs a package index, and --offline asks none", "leave one of them out")
        return engine.rewrite(project, rules, allow)
    from pydock.resolve import THIS_RUN, Kept, Reader, gathered  # starts a process, which `check` does not

    answers = Reader(Kept(Path(question.kept)), promised).answers if question.kept else THIS_RUN.answers

    def waited(asked: tuple[Request, ...]) -> dict[Request, Pinned]:
        with unhurried():
            return answers(asked)

    return gathered(project, lambda before: engine.rewrite(before, rules, allow), waited, promised)
