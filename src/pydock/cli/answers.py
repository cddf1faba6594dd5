"""What the commands share: all Dockerfiles answered, what standard error hears of it, and the exit code."""

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import TYPE_CHECKING

from pydock.cli.failures import NO_ANSWER
from pydock.files import settle, unsettled
from pydock.terminal import console, wishes

if TYPE_CHECKING:
    from pydock.questions import Question
    from pydock.report import Answer
    from pydock.targets import Search, Target, Unusable

CLEAN, FINDINGS = 0, 1


def answers(
    question: "Question",
    paths: Sequence[str] | None,
    jobs: int,
    search: "Search",
    hear: "Callable[[Answer], None]" = lambda answer: None,
) -> "list[Answer]":
    """One answer a Dockerfile; failures are told on standard error as they come, and `hear` hears of each answer."""
    from pydock.questions import answers as answered
    from pydock.questions import refuse_unknown_rules
    from pydock.targets import targets

    refuse_unknown_rules(question)
    _tell_leftovers(paths or ["."], is_writing=question.is_fix and not question.is_dry)
    meant, told = list(targets(paths or ["."], search)), Told()
    found: list[Answer] = []
    _tell_progress(found, len(meant))
    _tell_sources(meant, search)
    begun = monotonic()
    for answer in answered(question, meant, jobs):
        found.append(answer)
        console.detail(f"{monotonic() - begun:6.2f} s  {answer.path}")
        told(answer)
        hear(answer)
        _tell_progress(found, len(meant))
    console.clear()
    told.close()
    _tell_unmatched(paths or ["."], meant, search)
    return found


def _tell_sources(meant: "Sequence[Target | Unusable]", search: "Search") -> None:
    """Which files each Dockerfile has its settings from, for a person who wants to know everything."""
    from pydock.checkout import configuration
    from pydock.targets import Target

    for target in meant if wishes.is_verbose() else ():
        if isinstance(target, Target):
            names = [file.name for file in configuration(target.tree, target.path, search.sources)]
            console.detail(f"{target.shown}: built in {target.tree.root}, settings of {', '.join(names) or 'no file'}")


def _tell_progress(found: "Sequence[Answer]", number: int) -> None:
    if number > 1:
        last = f", the last was {found[-1].path}" if found else ""
        console.doing(f"{len(found)} of {number} Dockerfiles are answered{last}", is_passing=True)


def _tell_unmatched(paths: Sequence[str], meant: "Sequence[Target | Unusable]", search: "Search") -> None:
    """The tables of services that mean no Dockerfile: what they say counts for nobody, most likely by a slip."""
    from pydock.targets import unmatched

    for place, pattern in unmatched(paths, meant, search):
        hint = "a service is named by its folder or its Dockerfile, relative to this file"
        console.complain(f"{place}: services.{pattern} means no Dockerfile that was found", hint, "note")


def _tell_leftovers(paths: Sequence[str], *, is_writing: bool) -> None:
    """What a run that was killed has left between two states is finished by one that writes, and told by the others."""
    if is_writing:
        for remark in settle(paths):
            console.complain(remark, kind="note")
    else:
        for folder in unsettled(paths):
            why = "a run was killed while it wrote there, so its files may not fit each other"
            console.complain(f"{folder}: {why}", "pydock fix finishes it", "note")


def exit_code(answers: "Iterable[Answer]", *, is_found: bool) -> int:
    if any(answer.failure or answer.is_unproven for answer in answers):
        return NO_ANSWER
    return FINDINGS if is_found else CLEAN


class Told:
    """What standard error hears of answers: a failure that many have, such as a broken configuration, once."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], int] = {}

    def __call__(self, answer: "Answer") -> None:
        for loss in answer.losses:
            console.complain(f"{answer.path}: {loss}", kind="note")
        if failure := answer.failure:
            key = (failure.message, failure.hint)
            self._times[key] = self._times.get(key, 0) + 1
            if self._times[key] == 1:
                console.complain(*key)

    def close(self) -> None:
        """The last word: how many more had each failure."""
        for (message, _), times in self._times.items():
            if times > 1:
                console.complain(f"the same for {times - 1} more: {message}", kind="note")
