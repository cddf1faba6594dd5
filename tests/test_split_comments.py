"""A comment goes with the instruction, or the part of one, that it speaks of."""

from __future__ import annotations

import pytest

from pydock.split import Split
from tests.split_cases import BEFORE, CMD, FULL, INSTALL, SLIM, Case, found
from tests.test_split_leftovers import PROJECT

APT = "RUN apt-get update && apt-get install -y"
POETRY = "WORKDIR /app\nRUN pip install poetry\nCOPY pyproject.toml ./\n"
PYPROJECT = {"pyproject.toml": PROJECT}


def stages(dockerfile: str, files: dict[str, str] | None = None) -> tuple[str, str]:
    split = found(Case("", dockerfile, files or {}))
    assert isinstance(split, Split), split
    builder, _, runtime = split.plan.text().rpartition("\nFROM ")
    return builder, runtime


@pytest.mark.parametrize(
    ("run", "builder", "runtime"),
    [
        pytest.param(
            f"# install gcc and libpq\n{APT} gcc libpq-dev\n",
            "# install gcc and libpq\nRUN apt-get update && apt-get install -y gcc libpq-dev",
            "\n# psycopg2 needs libpq\nRUN apt-get update && apt-get install -y libpq5\n",
            id="what names a compiler goes to the builder",
        ),
        pytest.param(
            f"# tools to build wheels\n{APT} gcc curl\n",
            "# tools to build wheels\nRUN apt-get update && apt-get install -y gcc",
            "\nRUN apt-get update && apt-get install -y curl\n",
            id="what speaks of building goes to the builder",
        ),
        pytest.param(
            f"# curl for the health check\n{APT} gcc curl\n",
            "\nRUN apt-get update && apt-get install -y gcc",
            "# curl for the health check\nRUN apt-get update && apt-get install -y curl\n",
            id="what names a program of the runtime stage stays there",
        ),
        pytest.param(
            f"# gcc compiles, curl fetches\n{APT} gcc curl\n",
            "\nRUN apt-get update && apt-get install -y gcc",
            "# gcc compiles, curl fetches\nRUN apt-get update && apt-get install -y curl\n",
            id="what names both stays",
        ),
        pytest.param(
            f"# system packages\n{APT} gcc curl\n",
            "\nRUN apt-get update && apt-get install -y gcc",
            "# system packages\nRUN apt-get update && apt-get install -y curl\n",
            id="what names neither stays",
        ),
        pytest.param(
            f"# - gcc: psycopg2\n#   has no wheel\n# - curl: health check\n{APT} gcc curl\n",
            "# - gcc: psycopg2\n#   has no wheel\nRUN apt-get update && apt-get install -y gcc",
            "\n# - curl: health check\nRUN apt-get update && apt-get install -y curl\n",
            id="each line of a list goes with what it names",
        ),
    ],
)
def test_a_divided_run_has_its_comments_where_what_they_name_is(run: str, builder: str, runtime: str) -> None:
    first, second = stages(f"{SLIM}{run}{INSTALL}{CMD}", {"requirements.txt": "psycopg2\n"})
    assert builder in first
    assert runtime in second
    for line in (line for line in run.splitlines() if line.startswith("#")):
        assert (first + second).count(line) == 1


def test_a_comment_on_compilers_that_the_image_has_stands_where_that_is_said() -> None:
    first, second = stages(
        f"{FULL}# gcc, headers\n{APT} gcc libpq-dev\n{INSTALL}{CMD}", {"requirements.txt": "psycopg2\n"}
    )
    assert "# gcc, headers\n# gcc and libpq-dev are in the full image\n" in first
    assert "# gcc, headers" not in second


def test_a_list_is_divided_also_where_the_image_has_what_its_first_line_names() -> None:
    lines = f"# - gcc: compiles\n# - tini: waits\n{APT} gcc tini\n"
    first, second = stages(f"{FULL}{lines}{INSTALL}{CMD}")
    assert "# - gcc: compiles\n# gcc is in the full image\n" in first
    assert "# - tini: waits\nRUN apt-get update && apt-get install -y tini\n" in second
    assert "gcc" not in second


def test_an_install_below_the_environment_keeps_the_comment_of_its_run() -> None:
    text = f"{SLIM}{BEFORE}# the packages\nRUN pip install --upgrade pip && pip install -r requirements.txt\n{CMD}"
    first, _ = stages(text)
    assert "# the packages\nRUN pip --python /opt/venv install -r requirements.txt" in first


def test_a_command_that_no_stage_has_takes_its_comment_along_and_leaves_what_stands_apart() -> None:
    run = "# ---- project ----\n\n# no virtualenv here\nRUN poetry config virtualenvs.create false\n"
    first, second = stages(f"{SLIM}{POETRY}{run}RUN poetry install --no-root\n{CMD}", PYPROJECT)
    assert "# ---- project ----\n" in first
    assert "virtualenv here" not in first + second


def test_an_instruction_that_somebody_has_put_aside_stays() -> None:
    first, _ = stages(f"{FULL}# RUN apt-get remove -y git\n# tidy\nRUN apt-get clean\n{INSTALL}{CMD}")
    assert "# RUN apt-get remove -y git\n" in first
    assert "# tidy" not in first


def test_a_comment_inside_an_env_goes_with_a_variable_that_no_stage_has() -> None:
    env = "ENV POETRY_NO_INTERACTION=1 \\\n    # the system is the environment\n    POETRY_VIRTUALENVS_CREATE=0\n"
    first, second = stages(f"{SLIM}{env}{POETRY}RUN poetry install --no-root\n{CMD}", PYPROJECT)
    assert "ENV POETRY_NO_INTERACTION=1\n" in first
    assert "environment\n" not in first + second


def test_what_stands_above_a_stage_below_others_speaks_of_the_runtime_stage() -> None:
    front = "# pages\nFROM node:22-slim AS pages\nRUN touch /page\n\n# the image that ships\n"
    first, second = stages(f"{front}{FULL}{INSTALL}COPY --from=pages /page /page\n{CMD}")
    assert "# pages\nFROM node:22-slim AS pages\n" in first
    assert first.endswith("# the image that ships")
    assert second.startswith("python:3.11-slim\n")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param("# [START system_packages]", "# [END system_packages]", id="square brackets"),
        pytest.param("# tag::packages[]", "# end::packages[]", id="asciidoc"),
    ],
)
def test_a_part_of_the_file_that_documents_show_is_not_torn_apart_unsaid(first: str, last: str) -> None:
    text = f"{FULL}WORKDIR /app\n{first}\n{APT} tini\n{last}\nCOPY requirements.txt .\n{INSTALL}{CMD}"
    split = found(Case("", text, {"requirements.txt": "flask\n"}))
    assert isinstance(split, Split)
    assert any("would not stand around it" in doubt for doubt in split.doubts)
    whole = found(Case("", f"{first}\n{FULL}{INSTALL}{CMD}{last}\n", {}))
    assert isinstance(whole, Split)
    assert not whole.doubts
