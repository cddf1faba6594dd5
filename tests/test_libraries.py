"""Shared libraries that the source loads by name, and the Debian packages that have them."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.images.debian import full_image_libraries, library
from pydock.project import Project
from pydock.split.facts.slim import loaded_libraries, slim_doubts

IMAGE = "FROM python:3.12.7-bookworm\nWORKDIR /srv\nCOPY . .\nCMD python app.py\n"
PACKAGES = {
    "libmagic.so.1": "libmagic1",
    "magic": "libmagic1",
    "/usr/lib/x86_64-linux-gnu/libpq.so.5": "libpq5",
    "libxml2.so.2": "libxml2",
    "libglib-2.0.so.0": "libglib2.0-0",
    "cairo": "libcairo2",
    "libc.so.6": "",
    "m": "",
    "kernel32": "",
    "libmagic.so.9": "",
    "nowhere": "",
}


@pytest.mark.parametrize(("name", "package"), PACKAGES.items(), ids=PACKAGES)
def test_the_full_image_has_it_in(name: str, package: str) -> None:
    found = library(name)
    among = full_image_libraries("bookworm")
    assert (found.packages(among) if found else ()) == ((package,) if package else ())


def test_the_package_has_another_name_in_another_release() -> None:
    found = library("libmagic.so.1")
    assert found is not None
    assert found.packages(full_image_libraries("trixie")) == ("libmagic1t64",)


def _project(source: str, **files: str) -> Project:
    return Project(Tree.of({"Dockerfile": IMAGE, "app.py": source, **files}))


@pytest.mark.parametrize(
    "source",
    [
        "import ctypes\nctypes.CDLL('libmagic.so.1')\n",
        "from ctypes.util import find_library\nfind_library('magic')\n",
        "from cffi import FFI\nffi = FFI()\nffi.dlopen('libmagic.so.1')\n",
        "import ctypes\nctypes.cdll.LoadLibrary('libmagic.so.1')\n",
    ],
    ids=["CDLL", "find_library", "dlopen of cffi", "LoadLibrary"],
)
def test_a_library_of_the_full_image_is_carried_into_slim(source: str) -> None:
    project = _project(source)
    assert [need.package for need in loaded_libraries(project, "bookworm")] == ["libmagic1"]
    assert list(slim_doubts(project)) == []


DOUBTS = {
    "a library that nobody is known to bring": ("ctypes.CDLL('libfoo.so.3')", "app.py:2 loads libfoo.so.3"),
    "a file that is in the package of the headers": ("ctypes.CDLL('libpq.so')", "app.py:2 loads libpq.so"),
}


@pytest.mark.parametrize(("source", "doubt"), DOUBTS.values(), ids=DOUBTS)
def test_a_doubt_is(source: str, doubt: str) -> None:
    assert list(slim_doubts(_project(f"import ctypes\n{source}\n"))) == [f"{doubt}, which slim may not have"]


def test_a_library_of_the_project_is_its_own() -> None:
    project = _project("import ctypes\nctypes.CDLL('./libown.so')\n", **{"native/libown.so": ""})
    assert list(loaded_libraries(project, "bookworm")) == []
    assert list(slim_doubts(project)) == []


def test_a_library_that_the_file_installs_is_no_doubt() -> None:
    text = IMAGE.replace("COPY", "RUN apt-get update && apt-get install -y libzbar0\nCOPY")
    source = "import ctypes\nctypes.CDLL('libzbar.so.0')\n"
    assert list(slim_doubts(Project(Tree.of({"Dockerfile": text, "app.py": source})))) == []
