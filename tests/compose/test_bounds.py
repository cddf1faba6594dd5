"""Whatever compose files are made of, putting them together ends soon and in little memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pydock.budget import Budget, within
from pydock.context.compose import compositions, services_of
from tests.compose.cases import WEB

Files = Mapping[str, str]


def _extended(size: int) -> Files:
    chain = "".join(f"  s{at}: {{extends: s{at + 1}}}\n" for at in range(size))
    return {"compose.yaml": f"services:\n{chain}  s{size}: {{extends: s{size}, build: .}}\n"}


def _extended_backwards(size: int) -> Files:
    chain = "".join(f"  s{at + 1}: {{extends: s{at}, environment: [A{at}=1]}}\n" for at in range(size))
    return {"compose.yaml": f"services:\n  s0: {{extends: s{size}, build: .}}\n{chain}"}


def _extended_files(size: int) -> Files:
    files = {f"{at}.yaml": f"services: {{a: {{extends: {{file: {at + 1}.yaml, service: a}}}}}}\n" for at in range(size)}
    return {"compose.yaml": f"{WEB}    extends: {{file: 0.yaml, service: a}}\n", **files}


def _included(size: int) -> Files:
    """Each file includes the two next ones, and itself."""
    names = [f"{at}.yaml" for at in range(size)]
    files = {name: f"include: [{', '.join([name, *names[at + 1 : at + 3]])}]\n" for at, name in enumerate(names)}
    return {"compose.yaml": f"include: [0.yaml]\n{WEB}", **files}


def _doubled(size: int) -> Files:
    lines = "".join(f"A{at + 1}=$A{at}$A{at}\n" for at in range(size))
    return {"compose.yaml": f"{WEB}    user: $A{size}\n    env_file: .env\n", ".env": f"A0=aaaaaaaaaa\n{lines}"}


def _on_top(size: int) -> Files:
    files = {f"compose.{at}.yaml": f"services: {{web: {{user: u{at}}}}}\n" for at in range(size)}
    return {"compose.yaml": WEB, **files}


SHAPES: Mapping[str, Callable[[int], Files]] = {
    "services that extend the next one": _extended,
    "services that extend the one before, in a circle": _extended_backwards,
    "files that extend the next one": _extended_files,
    "files that include two others and themselves": _included,
    "variables that double": _doubled,
    "defaults in defaults": lambda size: {"compose.yaml": f"{WEB}    user: '{'${A:-' * size}b{'}' * size}'\n"},
    "defaults without an end": lambda size: {"compose.yaml": f"{WEB}    user: '{'${A:-' * size}'\n"},
    "quotes without an end": lambda size: {"compose.yaml": f"{WEB}    user: $A\n", ".env": 'A="\\\n' * size},
    "ranges of ports": lambda size: {"compose.yaml": f"{WEB}    ports: [{'1-65535:1-65535, ' * size}]\n"},
    "mounts of one another": lambda size: {
        "compose.yaml": "services:\n"
        + "".join(f"  s{at}: {{volumes_from: [s{at + 1}, s{at + 1}]}}\n" for at in range(size))
    },
    "files on top of the main one": _on_top,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_files_are_put_together_within_a_budget(shape: str) -> None:
    files = SHAPES[shape](500)
    named = [path for path in files if path.startswith("compose")]
    with within(Budget(seconds=10, memory=2**30)):
        for composition in compositions(named, "/srv", files.get):
            list(services_of(composition))
