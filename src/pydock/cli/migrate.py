"""The `migrate` command: many services at once."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pydock.cli.options import FIXES, PROOF, RULES, SEARCH, VOICE, Chosen, takes
from pydock.errors import PydockError
from pydock.files import accounted, settle
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.migrate.deliver import Group
    from pydock.migrate.find import Found
    from pydock.migrate.records import Totals
    from pydock.migrate.run import Asked, Known
    from pydock.migrate.store import Store
    from pydock.targets import Search

GOOD, TO_DO, NO_ANSWER = 0, 1, 2
_BUILD_LIMIT = 3600.0
_LIMIT = 180.0


@takes(RULES, SEARCH, FIXES, PROOF, VOICE)
def migrate(
    given: Chosen,
    roots: Annotated[list[str] | None, typer.Argument(metavar="[ROOT]...", help="Folders with services.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Where results go, and are found again; no link, and in no build context.",
            show_default="a folder for these roots below ~/.local/state/pydock/migrations",
        ),
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Names or excludes services.", show_default="services.toml")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, metavar="N", help="Processes to use.")] = 1,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Work on this Dask cluster instead.", show_default=False)
    ] = "",
    verify: Annotated[
        bool, typer.Option("--verify", help="Build both versions and keep only what leaves a service the same.")
    ] = False,
    bench: Annotated[bool, typer.Option("--bench", help="Build both versions and measure them.")] = False,
    runs: Annotated[int, typer.Option(min=1, metavar="N", help="With --bench: how often.")] = 1,
    apply: Annotated[bool, typer.Option("--apply", help="Write the changes into the folders.")] = False,
    branch: Annotated[
        str, typer.Option(metavar="NAME", help="Commit on this new branch of each repository.", show_default=False)
    ] = "",
    limit: Annotated[
        float | None,
        typer.Option(
            min=1, metavar="SECONDS", help="The most a service may take.", show_default="180, 3600 with builds"
        ),
    ] = None,
    memory: Annotated[str, typer.Option(metavar="SIZE", help="The most memory a service may take.")] = "1GB",
    retry: Annotated[bool, typer.Option("--retry", help="Try again what failed before.")] = False,
) -> None:
    """Find all services below folders, write a patch for each, and a report of where they stand.

    Kept results are used again: a second run examines what changed. Exit codes: 0 all are good,
    1 there is something to do, 2 a service failed.
    """
    from pydock.budget import size
    from pydock.migrate.run import Asked, Bench, Limits
    from pydock.questions import Question, refuse_unknown_rules

    question = Question(given.settings, is_fix=True, proof=given.ways if verify else None, sources=given.sources)
    refuse_unknown_rules(question)
    limits = Limits(limit or (_BUILD_LIMIT if verify or bench else _LIMIT), size(memory, "--memory"))
    asked = Asked(question, Bench(runs, builder=given.options["builder"]) if bench else None, limits, retry)
    with accounted(roots or ["."]):
        totals, failed = _migrated(
            roots or ["."], out, manifest, asked, (jobs, scheduler), given.search, apply=apply, branch=branch
        )
    raise typer.Exit(NO_ANSWER if failed else _exit_code(totals))


def _migrated(
    roots: Sequence[str],
    out: Path | None,
    manifest: Path | None,
    asked: "Asked",
    workers: tuple[int, str],
    search: "Search",
    *,
    apply: bool,
    branch: str,
) -> "tuple[Totals, int]":
    """The totals, and how many roots could not be searched and services not be written into their folders."""
    from pydock.migrate.deliver import deliver, groups, refuse_unfit, usual
    from pydock.migrate.find import find, read
    from pydock.migrate.store import alone, opened
    from pydock.terminal import printable

    _talk(settle(roots))
    found = find(roots, read(manifest) if manifest else None, search)
    _talk(iter(found.remarks))
    for trouble in found.troubles:
        console.fail(trouble)
    place = out or usual(roots)
    refuse_unfit(place, roots, found)
    with opened(place.absolute()) as store:
        known = _examined(found, asked, store, workers)
        arranged = groups(known)
        with alone(place.absolute()):
            totals = deliver(known, place.absolute(), arranged)
            if branch:
                _talk(_committed(known, arranged, branch))
            failed = _applied(known, arranged) if apply else 0
        store.forget_other_versions()
    console.talk(f"{printable(str(place / 'report.html'))}\n")
    return totals, failed + len(found.troubles)


def _examined(found: "Found", asked: "Asked", store: "Store", workers: tuple[int, str]) -> "Known":
    from pydock.migrate.run import Progress, heard, pool, run

    progress = Progress(sys.stderr, len(found.services))
    try:
        with heard(progress.doing), pool(*workers) as ready:
            return run(found, asked, store, ready, progress)
    except KeyboardInterrupt:
        progress.close()
        console.complain("what was examined is kept", "the same command goes on from there", "note")
        raise
    finally:
        progress.close()


def _applied(known: "Known", arranged: "Sequence[Group]") -> int:
    """Write into the folders; returns how many services could not be written."""
    from pydock.migrate.deliver import apply, changes_of

    failed = 0
    for group in arranged:
        name = group.services[0].name
        try:
            losses = apply(group.services[0].repository, changes_of(known, group))
        except PydockError as error:
            failed += 1
            console.complain(f"{name}: not written: {error.message}", error.hint)
        else:
            _talk(f"{name}: {loss}" for loss in losses)
    return failed


def _committed(known: "Known", arranged: "Sequence[Group]", branch: str) -> Iterator[str]:
    """Commit on a branch of each repository; yields what could not be committed."""
    from pydock.budget import undisturbed
    from pydock.migrate.deliver import Part, changes_of, commit, message, uncommitted

    repositories: dict[str, list[Group]] = {}
    for group in arranged:
        repositories.setdefault(group.services[0].repository, []).append(group)
    for repository, members in repositories.items():
        parts = []
        try:
            with undisturbed():
                for group in members:
                    changes = changes_of(known, group)
                    own = {change.path for change in changes}
                    folders = dict.fromkeys(service.context for service in group.services)
                    dirty = [each for folder in folders for each in uncommitted(Path(repository), folder)]
                    services = [(service, known.record(service)) for service in group.services]
                    parts.append(Part(changes, message(services, [path for path in dirty if path not in own])))
                refusals = commit(Path(repository), branch, parts)
        except PydockError as error:
            refusals = (error.message,) * len(members)
        for group, refusal in zip(members, refusals, strict=True):
            if refusal:
                yield f"{group.services[0].name}: not committed: {refusal}"


def _talk(remarks: Iterator[str]) -> None:
    for remark in remarks:
        console.complain(remark, kind="note")


def _exit_code(totals: "Totals") -> int:
    from pydock.migrate.records import State

    if totals.states[State.FAILED]:
        return NO_ANSWER
    return GOOD if totals.states[State.GOOD] == totals.services else TO_DO
