"""The `verify` command, and the options that `fix --verify` shares with it."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pydock.cli.codemods import CodemodsOption
from pydock.cli.options import AllowHosts, BudgetMemory, BudgetSeconds, Offline, budget
from pydock.errors import PydockError
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.bench import Proof
    from pydock.questions import Question
    from pydock.report import Failure
    from pydock.targets import Target, Unusable

SAME, DIFFERENT, NO_ANSWER = 0, 1, 2

UnsafeFixes = Annotated[
    bool | None,
    typer.Option(
        "--unsafe-fixes/--no-unsafe-fixes", help="Apply fixes that may change the service, too.", show_default=False
    ),
]
Network = Annotated[bool, typer.Option("--network", help="Let containers that are compared use the network.")]
WithServices = Annotated[
    bool,
    typer.Option("--with-services", help="Start containers with the services that compose says they need."),
]
Builder = Annotated[
    str, typer.Option(metavar="NAME", help="With a proof: build on this buildx builder.", show_default=False)
]


class Form(StrEnum):
    """How a proof is written."""

    TEXT = "text"
    JSON = "json"


def verify(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH]...", help="Folders to search, or Dockerfiles.")
    ] = None,
    select: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Rewrite with these rules only.")] = None,
    ignore: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Rewrite without these rules.")] = None,
    unsafe_fixes: UnsafeFixes = None,
    codemods: CodemodsOption = None,
    portable: Annotated[
        bool | None, typer.Option("--portable/--no-portable", help="Without BuildKit.", show_default=False)
    ] = None,
    installer: Annotated[str | None, typer.Option(metavar="pip|uv", help="Who installs in the rewrite.")] = None,
    offline: Offline = None,
    allow_hosts: AllowHosts = None,
    network: Network = False,
    with_services: WithServices = False,
    builder: Builder = "",
    build_limit: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="The most a build may take.")] = 1800,
    budget_seconds: BudgetSeconds = None,
    budget_memory: BudgetMemory = None,
    output_format: Annotated[Form, typer.Option(help="How the proof is written.")] = Form.TEXT,
    color: Annotated[str, typer.Option(metavar="auto|always|never", help="Colours.")] = "auto",
) -> None:
    """Build Dockerfiles as they are and as `fix` would write them, and compare the services.

    Nothing is written. Exit codes: 0 the same or mended, 1 different, 2 not to be compared.
    """
    from pydock.bench.prove import Ways
    from pydock.questions import Question, refuse_unknown_rules
    from pydock.report import Failure
    from pydock.report.formats import verify as form
    from pydock.targets import targets
    from pydock.terminal import style_for

    given = {"select": select, "ignore": ignore, "portable": portable, "installer": installer}
    question = Question(
        {
            **given,
            "unsafe-fixes": unsafe_fixes,
            "offline": offline,
            "allow-hosts": allow_hosts,
            **budget(budget_seconds, budget_memory),
        },
        proof=Ways(network, builder, with_services, build_limit),
        codemods=tuple(codemods or ()),
    )
    refuse_unknown_rules(question)
    style, found = style_for(sys.stdout, color), []
    for target in targets(paths or ["."]):
        proof = _proof(question, target)
        found.append((target.shown, proof))
        if isinstance(proof, Failure):
            console.complain(proof.message, proof.hint)
        elif output_format is Form.TEXT:
            console.show(form.text(target.shown, proof, style))
    if output_format is Form.JSON:
        console.show(form.document(found))
    raise typer.Exit(max(_exit_code(proof) for _, proof in found))


def _proof(question: "Question", target: "Target | Unusable") -> "Proof | Failure":
    from pydock.questions import one, proof
    from pydock.report import Failure, failed
    from pydock.terminal import printable

    try:
        with one(question, target) as usable:
            console.talk(f"{printable(usable.shown)}\n")
            return proof(question, usable)
    except PydockError as error:
        return failed(target.shown, error, target.path).failure or Failure(error.message, error.hint)


def _exit_code(proof: "Proof | Failure") -> int:
    from pydock.bench import Verdict
    from pydock.report import Failure

    if isinstance(proof, Failure) or proof.verdict is Verdict.UNKNOWN:
        return NO_ANSWER
    return DIFFERENT if proof.verdict is Verdict.DIFFERENT else SAME
