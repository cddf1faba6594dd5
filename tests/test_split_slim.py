"""What the full image has and slim lacks: carried where it is known, and a doubt where it is not."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.project import Project
from pydock.split import Split, split
from tests.split_cases import FULL, INSTALL, SLIM, Case, found


def test_a_library_behind_headers_is_not_said_to_be_for_a_wheel() -> None:
    run = "RUN apt-get update && apt-get install -y libpq-dev\n"
    texts = {}
    for name in ("psycopg2", "psycopg2-binary"):
        result = found(Case("", f"{FULL}{run}{INSTALL}", {"requirements.txt": f"{name}\n"}))
        assert isinstance(result, Split)
        texts[name] = result.plan.text()
    assert "# psycopg2 needs libpq" in texts["psycopg2"]
    assert "# run-time libraries of libpq-dev" in texts["psycopg2-binary"]


SLIM_LOSSES = (
    ("a library by name", "import ctypes\nctypes.CDLL('libfoo.so.2')\n", "loads libfoo.so.2"),
    ("a compiler at run time", "ffi.verify('int f(void);')\n", "may call a compiler"),
    ("a window", "import tkinter\n", "uses tkinter"),
)


@pytest.mark.parametrize(("source", "doubt"), [each[1:] for each in SLIM_LOSSES], ids=[each[0] for each in SLIM_LOSSES])
def test_what_the_code_takes_from_the_full_image_is_a_doubt(source: str, doubt: str) -> None:
    full, slim = (found(Case("", f"{base}{INSTALL}", {"app.py": source})) for base in (FULL, SLIM))
    assert isinstance(full, Split)
    assert isinstance(slim, Split)
    assert any(doubt in each for each in full.doubts)
    assert not slim.doubts


@pytest.mark.parametrize(("suite", "is_known"), [("stretch", False), ("buster", False), ("bullseye", True)])
def test_the_full_image_of_an_old_debian_is_left_with_a_doubt(suite: str, is_known: bool) -> None:
    result = found(Case("", f"FROM python:3.7-{suite}\n{INSTALL}", {"requirements.txt": "flask==2.2.5\n"}))
    assert isinstance(result, Split)
    assert [f"the full image of Debian {suite} has" in each for each in result.doubts] == [True] * (not is_known)


def test_code_that_is_not_here_may_need_the_full_image() -> None:
    files = {"requirements.txt": "flask\n", "Dockerfile": f"{FULL}{INSTALL}COPY built /srv/\n"}
    result = split(Project(Tree.of(files)))
    assert isinstance(result, Split)
    assert [each for each in result.doubts if "copies built, which is not here" in each]


@pytest.mark.parametrize(
    "files",
    [{"app.py": "from flask import send_file\n"}, {"static/a.woff2": ""}],
    ids=["by the source", "by a folder of the framework"],
)
def test_a_service_that_answers_with_files_keeps_the_table_of_media_types(files: dict[str, str]) -> None:
    full, slim = (found(Case("", f"{base}{INSTALL}", files)) for base in (FULL, SLIM))
    assert isinstance(full, Split)
    assert isinstance(slim, Split)
    assert "media-types" in full.plan.text()
    assert "media-types" not in slim.plan.text()


def test_the_windows_of_old_opencv_keep_the_libraries_of_x() -> None:
    result = found(Case("", f"FROM python:3.7\n{INSTALL}", {"requirements.txt": "opencv-python==4.1.1.26\n"}))
    assert isinstance(result, Split)
    assert "libglib2.0-0 libsm6 libxext6 libxrender1" in result.plan.text()
