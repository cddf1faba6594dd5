"""Which parts of a RUN each stage gets: a part stays with what it needs, and leaves only with a reason."""

from __future__ import annotations

import pytest

from pydock.split import Split
from tests.split_cases import CMD, FULL, INSTALL, SLIM, Case, found, lacking

POETRY = {"pyproject.toml": '[tool.poetry]\nname = "shop"\nversion = "1"\n', "poetry.lock": ""}
BOOKWORM = "FROM python:3.11-bookworm\n"

PARTS = (
    Case(
        "a package that may as well be called by the service stays, whatever fetched its source",
        f"{SLIM}RUN apt-get update && apt-get install -y curl gcc\n"
        f"RUN curl -fsSL https://deb.nodesource.com/setup_22.x | bash - && apt-get install -y nodejs\n{INSTALL}{CMD}",
        builder=("apt-get install -y gcc",),
        runtime=("apt-get install -y curl", "| bash - && apt-get install -y nodejs"),
    ),
    Case(
        "an update of the lists stays in front of a package by file, and of what that depends on",
        f"{BOOKWORM}RUN wget -q https://example.com/tool.deb && apt-get update && apt-get install -y ./tool.deb\n"
        f"{INSTALL}{CMD}",
        runtime=("--no-install-recommends wget", "wget -q", "&& apt-get update && apt-get install -y ./tool.deb"),
    ),
    Case(
        "a script that nobody knows goes to both, where headers may come from what it adds",
        f"{SLIM}RUN apt-get update && apt-get install -y curl\nRUN curl -fsSL https://example.com/add_source | bash\n"
        f"RUN apt-get update && apt-get install -y libmariadb-dev libmariadb3\n{INSTALL}{CMD}",
        builder=("apt-get install -y curl", "/add_source | bash", "apt-get install -y libmariadb-dev"),
        runtime=("apt-get install -y curl", "/add_source | bash", "apt-get install -y libmariadb3"),
    ),
    Case(
        "a source that is written by a redirection goes to both installs of its suite",
        f"{BOOKWORM}RUN echo 'deb http://mirror.example bookworm-backports main' > /etc/apt/sources.list.d/b.list\n"
        f"RUN apt-get update && apt-get install -y -t bookworm-backports libpq-dev ffmpeg\n{INSTALL}{CMD}",
        builder=("> /etc/apt/sources.list.d/b.list", "update && apt-get install -y -t bookworm-backports libpq-dev"),
        runtime=("> /etc/apt/sources.list.d/b.list", "install -y -t bookworm-backports ffmpeg libpq5"),
    ),
    Case(
        "settings of a tool are made in front of the folder that the install works in",
        f"{FULL}RUN pip install poetry==1.8.3\nCOPY . /srv/app\n"
        f"RUN cd /srv/app && poetry config installer.parallel false && poetry install --no-root\n{CMD}",
        POETRY,
        builder=("RUN poetry config installer.parallel false\n", "/srv/app", "RUN cd /srv/app", "poetry install"),
    ),
    Case(
        "settings that a tool keeps beside the project are made in its folder",
        f"{FULL}RUN pip install poetry==1.8.3\nCOPY . /srv/app\n"
        f"RUN cd /srv/app && poetry config --local installer.parallel false && poetry install --no-root\n{CMD}",
        POETRY,
        builder=("/srv/app", "RUN cd /srv/app && poetry config --local installer.parallel false && poetry install"),
    ),
)


@pytest.mark.parametrize("case", PARTS, ids=lambda case: case.does)
def test_a_part_stays_with_what_it_needs(case: Case) -> None:
    assert not lacking(case)


def test_node_is_not_the_builders_business() -> None:
    split_file = found(PARTS[0])
    assert isinstance(split_file, Split)
    assert "node" not in split_file.plan.text().partition("\nFROM ")[0]
