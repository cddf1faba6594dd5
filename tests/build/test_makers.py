"""What steps may have brought, what they read, and what processes take along."""

from __future__ import annotations

import pytest

from pydock.build import walk
from pydock.context import Tree
from pydock.project import Project
from pydock.state import Answer
from pydock.state.needs import Program, Toolchain

COPIES = [
    pytest.param("FROM julia:1.11 AS other\n", "/usr/local/julia/", Answer.UNKNOWN, id="an image that no table lists"),
    pytest.param("FROM python:3.12 AS other\n", "/opt/julia/", Answer.NO, id="an image that surely lacks it"),
]


@pytest.mark.parametrize(("stage", "source", "answer"), COPIES)
def test_a_stage_has_what_its_image_has(stage: str, source: str, answer: Answer) -> None:
    copied = f"FROM python:3.12-slim\nCOPY --from=other {source} /opt/julia/\n"
    text = f"{stage}{copied}ENV PATH=$PATH:/opt/julia/bin\nRUN julia -v\n"
    (found,) = (
        answered
        for need, answered in walk(Project(Tree.of({"Dockerfile": text}))).steps[-1].needs
        if need == Program("julia")
    )
    assert found.answer is answer


def test_a_wheel_is_built_from_all_that_was_copied_to_the_root() -> None:
    text = "FROM python:3.12\nCOPY src /src\nCOPY Cargo.toml /\nRUN maturin build\n"
    files = {"Dockerfile": text, "src/lib.rs": "", "Cargo.toml": ""}
    step = walk(Project(Tree.of(files))).steps[-1]
    makers = {maker for _, found in step.needs for maker in found.makers}
    assert {1, 2} <= makers
    assert Toolchain() in {need for need, _ in step.needs}


def test_a_process_takes_along_what_its_packages_may_call() -> None:
    apt = "RUN apt-get update && apt-get install -y pandoc gcc\n"
    text = f"FROM python:3.12\n{apt}RUN pip install nbconvert triton\nCMD python app.py\n"
    (process,) = walk(Project(Tree.of({"Dockerfile": text, "app.py": ""}))).processes
    taken = {need for need, _ in process.takes}
    assert {Program("pandoc"), Toolchain()} <= taken
    assert not {Program("pandoc"), Toolchain()} & {need for need, _ in process.needs}
