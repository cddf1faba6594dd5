"""The images that both stages of a split start from, as FROM and its arguments write them."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.engine import rewrite
from pydock.project import Project
from pydock.rules import RULES
from pydock.split import Refusal, Split, split
from pydock.text import Safety

INSTALL = 'COPY requirements.txt .\nRUN pip install -r requirements.txt\nCMD ["flask", "run"]\n'
FILES = {"requirements.txt": "flask\n"}
DIGEST = f"sha256:{'0' * 64}"

ARGUMENTS = (
    (
        "a version",
        "ARG V=3.11\nFROM python:$V\n",
        ("ARG V=3.11.16", "FROM python:$V-trixie AS builder", "FROM python:$V-slim-trixie"),
    ),
    (
        "a version and a distribution",
        "ARG TAG=3.11-bookworm\nFROM python:${TAG}\n",
        ("ARG TAG=3.11.16", "FROM python:${TAG}-bookworm AS builder", "FROM python:${TAG}-slim-bookworm"),
    ),
    (
        "an exact tag",
        'ARG TAG="3.11.7-bookworm"\nFROM python:${TAG}\n',
        ('ARG TAG="3.11.7"', "FROM python:${TAG}-bookworm AS builder", "FROM python:${TAG}-slim-bookworm"),
    ),
    (
        "an image",
        "ARG BASE=python:3.11\nFROM ${BASE}\n",
        ("ARG BASE=python:3.11.16", "FROM ${BASE}-trixie AS builder", "FROM ${BASE}-slim-trixie"),
    ),
    (
        "an image with its distribution",
        "ARG BASE=docker.io/library/python:3.11-bookworm\nFROM $BASE\n",
        (
            "ARG BASE=docker.io/library/python:3.11.16",
            "FROM $BASE-bookworm AS builder",
            "FROM $BASE-slim-bookworm",
        ),
    ),
    (
        "slim already, and the same for both",
        "ARG TAG=3.11-slim\nFROM python:${TAG}\n",
        ("ARG TAG=3.11.16-slim-trixie", "FROM python:${TAG} AS builder", "FROM python:${TAG}"),
    ),
    (
        "a registry and a version",
        "ARG HUB=docker.io\nARG V=3.11\nFROM $HUB/library/python:$V-bookworm\n",
        (
            "ARG V=3.11.16",
            "FROM $HUB/library/python:$V-bookworm AS builder",
            "FROM $HUB/library/python:$V-slim-bookworm",
        ),
    ),
)
REFUSED = (
    ("a digest", f"FROM python:3.11@{DIGEST}\n", "digest"),
    ("an argument that a command reads, too", "ARG TAG=3.11-bookworm\nFROM python:$TAG\nARG TAG\n", "base hidden"),
    ("a default of FROM's own", "ARG TAG=3.11-bookworm\nFROM python:${TAG:-3.12}\n", "base hidden"),
)


def _project(text: str, files: dict[str, str] | None = None) -> Project:
    return Project(Tree.of({**FILES, **(files or {}), "Dockerfile": f"{text}{INSTALL}"}))


@pytest.mark.parametrize(("text", "lines"), [each[1:] for each in ARGUMENTS], ids=[each[0] for each in ARGUMENTS])
def test_an_argument_goes_on_saying_which_python_both_stages_have(text: str, lines: tuple[str, ...]) -> None:
    report = rewrite(_project(text), RULES, Safety.SAFE)
    assert set(lines) <= set(report.result.dockerfile.text.splitlines())


def test_who_may_pass_a_whole_tag_is_named() -> None:
    files = {"compose.yaml": "services:\n  web:\n    build:\n      context: .\n      args: {TAG: 3.12-bookworm}\n"}
    found = split(_project("ARG TAG=3.11-bookworm\nFROM python:$TAG\n", files))
    assert isinstance(found, Split)
    assert found.doubts == ("compose.yaml names TAG and may pass a distribution, which FROM names now",)


@pytest.mark.parametrize(("text", "reason"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_two_stages_on_the_same_full_image_are_none(text: str, reason: str) -> None:
    found = split(_project(text))
    assert isinstance(found, Refusal)
    assert found.reason == reason
    assert found.advice


@pytest.mark.parametrize(
    ("requirement", "command"),
    [("psycopg2", ""), ("flask", "RUN git init\n")],
    ids=["a library", "a program"],
)
def test_what_no_mirror_has_any_more_is_not_taken_away(requirement: str, command: str) -> None:
    files = {"requirements.txt": f"{requirement}\n"}
    buster, bookworm = (
        split(_project(f"FROM python:3.8-{suite}\n{command}", files)) for suite in ("buster", "bookworm")
    )
    assert isinstance(buster, Refusal)
    assert buster.reason == "archived distribution"
    assert isinstance(bookworm, Split)


def test_a_service_that_needs_nothing_of_the_full_image_is_split_on_any_release() -> None:
    assert isinstance(split(_project("FROM python:3.8-buster\n")), Split)


def test_a_comment_names_no_line_of_the_old_file() -> None:
    found = split(_project("FROM python:3.11\nRUN curl -O https://example.org/a\n"))
    assert isinstance(found, Split)
    assert "# a command below calls curl\n" in found.plan.text()
