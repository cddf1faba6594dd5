"""The `verify` command."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pydock.cli.options import BUDGET, FIXES, PROOF, RULES, SEARCH, VOICE, Chosen, CodemodsOption, Output, Paths, takes
from pydock.errors import PydockError
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.bench import Proof
    from pydock.questions import Question
    from pydock.report import Failure
    from pydock.targets import Target, Unusable

SAME, DIFFERENT, NO_ANSWER = 0, 1, 2


@takes(RULES, SEARCH, FIXES, PROOF, BUDGET, VOICE)
def verify(
    given: Chosen,
    paths: Paths = None,
    codemods: CodemodsOption = None,
    output_format: Annotated[Literal["text", "json"], typer.Option(help="How the proof is written.")] = "text",
    output: Output = None,
) -> None:
    """Build Dockerfiles as they are and as `fix` would write them, and compare the services.

    Nothing is written. Exit codes: 0 the same or mended, 1 different, 2 not to be compared.
    """
    from pydock.questions import Question, refuse_unknown_rules
    from pydock.report import Failure
    from pydock.report.formats import verify as form
    from pydock.targets import targets
    from pydock.terminal import Style, style_for

    question = Question(given.settings, proof=given.ways, codemods=tuple(codemods or ()), sources=given.sources)
    refuse_unknown_rules(question)
    style, found = Style() if console.is_file(output) else style_for(sys.stdout), []
    for target in targets(paths or ["."], given.search):
        proof = _proof(question, target)
        found.append((target.shown, proof))
        if isinstance(proof, Failure):
            console.complain(proof.message, proof.hint)
        elif output_format == "text" and output is None:
            console.show(form.text(target.shown, proof, style))
    if output_format == "json":
        console.write(output, form.document(found))
    elif output is not None:
        proofs = [(shown, proof) for shown, proof in found if not isinstance(proof, Failure)]
        console.write(output, "".join(form.text(shown, proof, style) for shown, proof in proofs))
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
