"""What the full image has and slim lacks: carried where it is known, and a doubt where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydock.build import walk
from pydock.build.laws import Declared, Violation, broken
from pydock.context import Tree
from pydock.project import Project
from pydock.split import Split, split
from tests.split_cases import CMD, FULL, INSTALL, SLIM, Case, found, lacking


def test_a_library_behind_headers_is_not_said_to_be_for_a_wheel() -> None:
    run = "RUN apt-get update && apt-get install -y libpq-dev\n"
    texts = {}
    for name in ("psycopg2", "psycopg2-binary"):
        result = found(Case("", f"{FULL}{run}{INSTALL}", {"requirements.txt": f"{name}<2.9.3\n"}))
        assert isinstance(result, Split)
        texts[name] = result.plan.text()
    assert "# psycopg2 needs libpq" in texts["psycopg2"]
    assert "# run-time libraries of libpq-dev" in texts["psycopg2-binary"]


APT = "RUN apt-get update && apt-get install -y"


@pytest.mark.parametrize("compiler", ["gcc", "g++", "build-essential", "gfortran"])
@pytest.mark.parametrize("name", ["lightgbm", "pycaret"])
@pytest.mark.parametrize("start", [CMD, ""], ids=["for a start", "for whoever starts it"])
def test_a_library_that_came_with_a_compiler_stays_for_the_package_that_loads_it(
    compiler: str, name: str, start: str
) -> None:
    text = f"{SLIM}{APT} {compiler}\n{INSTALL}{start}"
    case = Case("", text, {"requirements.txt": f"{name}\n"}, builder=(compiler,), runtime=("install -y libgomp1\n",))
    assert lacking(case) == ()
    plain = found(Case("", text))
    assert isinstance(plain, Split)
    assert "libgomp1" not in plain.plan.text()


def test_a_split_that_loses_a_library_of_the_compiler_breaks_law_12() -> None:
    files = {"requirements.txt": "lightgbm\n", "app.py": "", "Dockerfile": f"{SLIM}{APT} gcc\n{INSTALL}{CMD}"}
    result = split(before := Project(Tree.of(files)))
    assert isinstance(result, Split)
    text = result.plan.text()
    broken_text = text.replace(f"# run-time libraries of gcc\n{APT} libgomp1\n", "")
    assert [each.what for each in _lost(before, text, files)] == []
    assert [each.what for each in _lost(before, broken_text, files)] == [
        "CMD needs the package libgomp1, which the image lacks"
    ]


def _lost(before: Project, text: str, files: dict[str, str]) -> tuple[Violation, ...]:
    after = Project(Tree.of({**files, "Dockerfile": text}))
    return broken(walk(before), walk(after), Declared(frozenset({"packages", "system_packages", "environment"})))


@pytest.mark.parametrize(
    ("wanted", "is_added"),
    [("psycopg", True), ("psycopg[pool]", True), ("psycopg[binary]", False), ("psycopg\npsycopg-binary", False)],
    ids=["the system's library", "with another extra", "a wheel with its own", "that wheel by its name"],
)
def test_psycopg_takes_libpq_of_the_system_where_no_wheel_brings_it(wanted: str, is_added: bool) -> None:
    result = found(Case("", f"{FULL}{INSTALL}", {"requirements.txt": f"{wanted}\n"}))
    assert isinstance(result, Split)
    assert ("libpq5" in result.plan.text()) is is_added


def test_the_program_that_installs_is_no_list_that_could_not_be_read() -> None:
    tool = "RUN pip install poetry==2.1.4 && poetry config virtualenvs.create false\n"
    pyproject = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["flask==3.1.2"]\n'
    steps = (
        "COPY pyproject.toml ./\nRUN poetry install --no-root\nRUN poetry run pip install gunicorn==23.0.0\nCOPY . .\n"
    )
    result = found(Case("", f"{FULL}{tool}WORKDIR /app\n{steps}", {"pyproject.toml": pyproject}))
    assert isinstance(result, Split)
    assert not result.doubts


@pytest.mark.parametrize("start", ['CMD ["pm2-runtime", "start", "app.js"]\n', "CMD pm2 start app.js --no-daemon\n"])
def test_a_program_of_npm_finds_what_it_calls(start: str) -> None:
    text = f"{FULL}{APT} nodejs npm && npm install -g pm2\n{INSTALL}{start}"
    assert lacking(Case("", text, runtime=("# CMD calls ps\n", "procps"))) == ()


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
    [
        {"app.py": "from flask import send_file\nsend_file('a')\n"},
        {"static/a.woff2": ""},
        {"requirements.txt": "gradio==4.44.0\n"},
    ],
    ids=["by the source", "by a folder of the framework", "by the fonts of the framework itself"],
)
def test_a_service_that_answers_with_files_keeps_the_table_of_media_types(files: dict[str, str]) -> None:
    full, slim = (found(Case("", f"{base}{INSTALL}", files)) for base in (FULL, SLIM))
    assert isinstance(full, Split)
    assert isinstance(slim, Split)
    assert "media-types" in full.plan.text()
    assert "media-types" not in slim.plan.text()


@pytest.mark.parametrize(
    "files",
    [
        {"static/app.css": "", "static/logo.png": ""},
        {"main.py": "StaticFiles(directory='static')\n", "static/a.js": ""},
    ],
    ids=["of the framework's folder", "of a folder that the source names"],
)
def test_files_that_python_knows_need_no_table_of_media_types(files: dict[str, str]) -> None:
    made = found(Case("", f"{FULL}{INSTALL}", files))
    assert isinstance(made, Split)
    assert "media-types" not in made.plan.text()


@pytest.mark.parametrize(
    ("source", "asks"),
    [
        pytest.param("from flask import send_file\nsend_file('a')\n", False, id="answers with files"),
        pytest.param("import mimetypes\n\nmimetypes.guess_type('a.webp')\n", True, id="asks for the type of a file"),
    ],
)
def test_a_worker_of_a_queue_answers_nobody(source: str, asks: bool) -> None:
    made = found(Case("", f'{FULL}{INSTALL}CMD ["celery", "-A", "app", "worker"]\n', {"app.py": source}))
    assert isinstance(made, Split)
    assert ("media-types" in made.plan.text()) is asks


def test_the_windows_of_old_opencv_keep_the_libraries_of_x() -> None:
    result = found(Case("", f"FROM python:3.7\n{INSTALL}", {"requirements.txt": "opencv-python==4.1.1.26\n"}))
    assert isinstance(result, Split)
    assert "libglib2.0-0 libsm6 libxext6 libxrender1" in result.plan.text()


@pytest.mark.parametrize(
    ("source", "files", "is_told"),
    [
        pytest.param("sentry_sdk.init(dsn='x')", {}, True, id="git is asked"),
        pytest.param("sentry_sdk.init(dsn='x', release='1')", {}, False, id="the release is named"),
        pytest.param("sentry_sdk.init(dsn='x')", {".dockerignore": ".git\n"}, False, id="nothing is there to ask"),
    ],
)
def test_a_release_that_sentry_asks_git_for_is_told(source: str, files: dict[str, str], is_told: bool) -> None:
    app = {"app.py": f"import sentry_sdk\n{source}\n"}
    made = found(Case("", f"{FULL}{INSTALL}{CMD}", {**app, **files}))
    assert isinstance(made, Split)
    assert any("SENTRY_RELEASE" in note for note in made.notes) is is_told


@pytest.mark.parametrize(
    ("mount", "is_known"),
    [
        ("./shop:/app", True),
        ("$PWD/shop:/app", True),
        ("./other:/app", False),
        ("/srv/code:/app", False),
        ("./other:/data", True),
    ],
    ids=[
        "the build context",
        "the build context from here",
        "another folder",
        "a folder of the host",
        "not over the work directory",
    ],
)
def test_code_that_compose_mounts_from_elsewhere_may_call_what_slim_lacks(mount: str, is_known: bool) -> None:
    files = {"requirements.txt": "flask\n", "app.py": "", "Dockerfile": f"{FULL}{INSTALL}COPY . .\nCMD python app.py\n"}
    compose = f"services:\n  web:\n    build: ./shop\n    volumes: ['{mount}']\n"
    project = Project(Tree(Path("/srv/checkout/shop"), files), above=(("../compose.yaml", compose),))
    made = split(project)
    assert isinstance(made, Split)
    # As the build context names it, which the compose file lies above.
    source = mount.partition(":")[0].replace("./other", "../other")
    told = f"../compose.yaml: web mounts {source} over /app, and what that calls is not known"
    assert [each for each in made.doubts if "what that calls is not known" in each] == ([] if is_known else [told])


@pytest.mark.parametrize(
    ("suite", "is_named"), [("bullseye", True), ("bookworm", False)], ids=["nothing recommends it", "it comes along"]
)
def test_what_reads_keys_is_named_where_the_suite_does_not_bring_it(suite: str, is_named: bool) -> None:
    run = f"{APT} curl software-properties-common && curl -fsSL https://example.org/key | apt-key add -\n"
    made = found(Case("", f"FROM python:3.11-{suite}\n{run}{INSTALL}{CMD}"))
    assert isinstance(made, Split)
    assert (" gpg" in made.plan.text()) is is_named
