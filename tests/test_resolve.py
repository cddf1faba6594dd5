"""A real resolver, asked about an index that is made here: nothing is mocked, no network is needed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from pydock.context import Tree
from pydock.engine import rewrite
from pydock.locks.python.interpreters import Interpreter, interpreter
from pydock.project import Project
from pydock.project.pins import DIRECT, Answer, Indexes, Request
from pydock.resolve import Resolver, uv
from pydock.resolve.archives import needs
from pydock.resolve.output import explained
from pydock.rules import RULES
from pydock.text import Safety
from pydock.values import replace
from tests.package_index import Distribution, Index, closed_port, hanging, host, serving

SHOP = (
    Distribution("shop", "1.0", ("till>=1",)),
    Distribution("shop", "2.0", ("till>=2", "sums ; python_version < '3.9'"), uploaded="2025-06-01T00:00:00Z"),
    Distribution("till", "1.5"),
    Distribution("till", "2.1"),
    Distribution("sums", "1.0"),
    Distribution("mall", "1.0", ("shop[fast]<2",)),
    Distribution("recalled", "1.0"),
    Distribution("recalled", "1.1", yanked="broken on Tuesdays"),
    Distribution("elsewhere", "1.0", tag="cp311-cp311-win_amd64"),
    Distribution("quick", "1.0", tag="cp311-cp311-manylinux_2_28_x86_64"),
    Distribution("quick", "1.0", tag=""),
    Distribution("slow", "1.0", tag=""),
    Distribution("sly", "1.0", tag="", is_static=False),
    Distribution("plain", "1.0", tag="", is_static=False, setup="setup(name='plain', install_requires=['till<2'])"),
    Distribution("coy", "1.0", tag="", is_static=False),
    Distribution("coy", "1.1"),
    Distribution("preview", "1.0rc1"),
    Distribution("preview", "0.9"),
)
TARGET = "x86_64-manylinux_2_36"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PYDOCK_TRAP", str(tmp_path / "trap"))


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    with serving(*SHOP) as started:
        yield started


def _asked(index: Index, *requirements: str) -> Request:
    return Request(requirements, "3.11.7", TARGET, indexes=Indexes(index.url), hosts=(host(index.url),))


def _versions(answer: Answer) -> dict[str, str]:
    assert not answer.why_not
    return {pin.name: pin.version for pin in answer.pins}


def test_the_answer_is_complete_and_for_the_python_that_is_asked_about(index: Index) -> None:
    request = _asked(index, "shop")
    assert _versions(uv.answer(request)) == {"shop": "2.0", "till": "2.1"}
    assert _versions(uv.answer(replace(request, python="3.8.20"))) == {"shop": "2.0", "till": "2.1", "sums": "1.0"}


def test_a_version_of_its_time_is_taken_when_a_date_is_given(index: Index) -> None:
    request = replace(_asked(index, "shop"), before=date(2025, 1, 1))
    assert _versions(uv.answer(request)) == {"shop": "1.0", "till": "2.1"}


def test_constraints_bind_without_asking_for_anything(index: Index) -> None:
    request = replace(_asked(index, "shop"), constraints=("till<2", "sums==1.0"))
    assert _versions(uv.answer(request)) == {"shop": "1.0", "till": "1.5"}


def test_extras_that_somebody_asks_for_are_told_with_the_package(index: Index) -> None:
    answer = uv.answer(_asked(index, "mall", "till"))
    assert {pin.name: pin.extras for pin in answer.pins} == {"mall": "", "shop": "[fast]", "till": ""}


def test_hashes_and_compilers_are_told_by_the_files_that_the_target_can_take(index: Index) -> None:
    answer = uv.answer(_asked(index, "quick", "slow"))
    quick, slow = answer.pin("Quick"), answer.pin("slow")
    assert quick
    assert slow
    assert [artifact.is_wheel for artifact in quick.artifacts] == [True, False]
    assert all(len(artifact.sha256) == 64 for pin in answer.pins for artifact in pin.artifacts)
    assert (quick.is_compiled, slow.is_compiled) == (False, True)
    old = uv.answer(replace(_asked(index, "quick"), platform="x86_64-manylinux_2_17")).pin("quick")
    assert old
    assert old.is_compiled, "its wheel needs a newer C library"


NO_ANSWER = {
    "a version that does not exist": (("shop==9",), "there is no version of shop==9"),
    "a package that does not exist": (("nobody-made-this",), "nobody-made-this was not found"),
    "two wishes that exclude each other": (("shop==2.0", "till<2"), "because you require till<2"),
    "wheels for another platform only": (("elsewhere",), "elsewhere"),
    "a source archive that tells what it needs only by running": (("sly",), "sly==1.0 has to run its own code"),
}


@pytest.mark.parametrize(("requirements", "why"), NO_ANSWER.values(), ids=NO_ANSWER)
def test_no_answer_has_a_short_reason(index: Index, requirements: tuple[str, ...], why: str, tmp_path: Path) -> None:
    answer = uv.answer(_asked(index, *requirements))
    assert (answer.pins, answer.is_unreachable, answer.is_final) == ((), False, True)
    assert why in answer.why_not
    assert len(answer.why_not) <= 400
    assert str(tmp_path) not in answer.why_not
    assert not (tmp_path / "trap").exists()


NOT_FINAL = {
    "an index that fails": "error: Failed to fetch: `http://x/`\n  cause: HTTP status server error (503 Service)",
    "an index under load": "error: Failed to fetch: `http://x/`\n  cause: HTTP status client error (429 Too)",
    "a full disk": "error: Failed to write to the distribution cache\n  cause: No space left on device (os error 28)",
    "a repository that git cannot fetch": "error: Failed to build `x @ git+https://x/`\n  cause: Git operation failed",
    "words that nobody knows": "error: Something new",
}


@pytest.mark.parametrize("talk", NOT_FINAL.values(), ids=NOT_FINAL)
def test_what_a_failure_decides_may_be_another_answer_later(talk: str) -> None:
    answer = explained(talk)
    assert answer.why_not
    assert not answer.is_final


def test_only_wheels_are_taken_where_nothing_may_be_compiled(index: Index) -> None:
    request = replace(_asked(index, "quick"), only_binary=True)
    assert _versions(uv.answer(request)) == {"quick": "1.0"}
    refused = uv.answer(replace(_asked(index, "slow"), only_binary=True))
    assert "slow" in refused.why_not


def test_a_yanked_version_is_taken_only_when_it_is_named_and_then_said(index: Index) -> None:
    assert _versions(uv.answer(_asked(index, "recalled"))) == {"recalled": "1.0"}
    named = uv.answer(_asked(index, "recalled==1.1"))
    assert _versions(named) == {"recalled": "1.1"}
    assert any("broken on Tuesdays" in warning for warning in named.warnings)


def test_previews_are_taken_when_asked_for(index: Index) -> None:
    request = _asked(index, "preview")
    assert _versions(uv.answer(request)) == {"preview": "0.9"}
    assert _versions(uv.answer(replace(request, prereleases=True))) == {"preview": "1.0rc1"}


def test_an_index_that_never_answers_is_given_up() -> None:
    with hanging() as url:
        answer = uv.answer(Request(("shop",), "3.11.7", TARGET, indexes=Indexes(url), hosts=(host(url),)))
    assert answer.is_unreachable
    assert answer.why_not == f"{url.removesuffix('/simple')} does not answer"


def test_nothing_waits_for_an_index_that_is_not_there() -> None:
    url = closed_port()
    answer = uv.answer(Request(("shop",), "3.11.7", TARGET, indexes=Indexes(url), hosts=(host(url),)))
    assert answer.is_unreachable
    assert answer.why_not == f"{url.removesuffix('/simple')} cannot be reached"


def test_credentials_of_an_index_work_and_are_shown_nowhere() -> None:
    with serving(*SHOP, credentials="ci:hunter22") as private:
        url = private.url.replace("//", "//ci:hunter22@")
        request = Request(("shop",), "3.11.7", TARGET, indexes=Indexes(url), hosts=(host(url),))
        assert "hunter22" not in repr(request)
        assert _versions(uv.answer(request))["shop"] == "2.0"
        wrong = uv.answer(replace(request, indexes=Indexes(url.replace("hunter22", "hunter33"))))
        assert wrong.why_not
        assert "hunter" not in repr(wrong)


def test_settings_of_the_machine_do_not_change_the_answer(
    index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UV_RESOLUTION", "lowest")
    monkeypatch.setenv("UV_EXCLUDE_NEWER", "2025-01-01")
    (tmp_path / "uv.toml").write_text('resolution = "lowest"\n')
    monkeypatch.chdir(tmp_path)
    assert _versions(uv.answer(_asked(index, "shop"))) == {"shop": "2.0", "till": "2.1"}


def test_the_index_of_the_machine_is_used_where_the_service_names_none(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    assert _versions(uv.answer(Request(("till",), "3.11.7", TARGET))) == {"till": "2.1"}


def test_a_set_is_resolved_once_in_a_run(index: Index) -> None:
    resolver = Resolver()
    first = _asked(index, "till")
    answers = resolver.answers([first, _asked(index, "sums"), _asked(index, "till")])
    assert [answer.pins[0].name for answer in answers.values()] == ["till", "sums"]
    index.asked.clear()
    assert resolver.answers([first]) == {first: answers[first]}
    assert not index.asked


INTERPRETERS = {
    "python:3.11.7-slim-bookworm": Interpreter("3.11.7", "x86_64-manylinux_2_36"),
    "--platform=linux/arm64 python:3.11.7-slim-bookworm": Interpreter("3.11.7", "aarch64-manylinux_2_36"),
    "--platform=$BUILDPLATFORM python:3.9.18-bullseye": Interpreter("3.9.18", "x86_64-manylinux_2_31"),
    "python:3.6.15-stretch": Interpreter("3.6.15", "x86_64-manylinux2014"),
    "python:3.12.1-alpine3.19": Interpreter("3.12.1", "x86_64-unknown-linux-musl"),
    "--platform=linux/s390x python:3.11.7-slim-bookworm": None,
    "ubuntu:24.04": None,
    "python:alpine": None,
}


@pytest.mark.parametrize(("base", "expected"), INTERPRETERS.items(), ids=INTERPRETERS)
def test_the_target_is_what_the_base_image_holds(base: str, expected: Interpreter | None) -> None:
    project = Project(Tree.of({"Dockerfile": f"FROM {base}\n"}))
    assert interpreter(project, project.final) == expected


def test_a_floating_tag_means_the_same_target_before_and_after_it_is_pinned() -> None:
    floating = Project(Tree.of({"Dockerfile": "FROM python:3.11\n"}))
    found = interpreter(floating, floating.final)
    pinned = rewrite(floating, RULES, Safety.SAFE).result
    assert found
    assert re.fullmatch(r"3\.11\.\d+", found.python)
    assert interpreter(pinned, pinned.final) == found


def test_it_is_told_who_asks_for_each_package(index: Index) -> None:
    pins = uv.answer(_asked(index, "shop", "till")).pins
    assert {pin.name: pin.via for pin in pins} == {"shop": (DIRECT,), "till": (DIRECT, "shop")}


def test_a_preferred_version_is_kept_where_it_fits(index: Index) -> None:
    preferring = replace(_asked(index, "shop"), preferences=("shop==1.0", "till==1.5", "gone==3"))
    assert _versions(uv.answer(preferring)) == {"shop": "1.0", "till": "1.5"}
    assert _versions(uv.answer(replace(preferring, requirements=("shop>1",)))) == {"shop": "2.0", "till": "2.1"}


def test_a_preferred_version_that_would_have_to_run_gives_way(index: Index, tmp_path: Path) -> None:
    request = replace(_asked(index, "coy", "till"), preferences=("coy==1.0", "till==1.5"))
    assert _versions(uv.answer(request)) == {"coy": "1.1", "till": "1.5"}
    assert not (tmp_path / "trap").exists()


def test_an_archive_that_says_plainly_what_it_needs_is_believed_and_not_run(index: Index, tmp_path: Path) -> None:
    assert _versions(uv.answer(_asked(index, "plain", "shop"))) == {"plain": "1.0", "shop": "1.0", "till": "1.5"}
    assert not (tmp_path / "trap").exists()


ARCHIVES: dict[str, tuple[dict[str, str], tuple[str, ...] | None]] = {
    "a plain list": ({"setup.py": "setup(install_requires=['six', 'rq>=1'])"}, ("six", "rq>=1")),
    "lines of a text": ({"setup.py": "setup(install_requires='six\\nrq')"}, ("six", "rq")),
    "a list with a name": ({"setup.py": "NEEDS = ['six']\nsetup(install_requires=NEEDS)"}, ("six",)),
    "a list that grows": ({"setup.py": "needs = ['six']\nneeds.append('rq')\nsetup(install_requires=needs)"}, None),
    "a list that grows, and what was written of it": (
        {
            "setup.py": "needs = ['six']\nneeds.append('rq')\nsetup(install_requires=needs)",
            "x.egg-info/requires.txt": "six\nrq\n",
        },
        ("six", "rq"),
    ),
    "a list that depends on the machine": (
        {
            "setup.py": "needs = []\nif sys.version_info < (3,):\n    needs += ['six']\nsetup(install_requires=needs)",
            "x.egg-info/requires.txt": "",
        },
        None,
    ),
    "nothing": ({"setup.py": "import sys\nprint(sys.version_info)\nsetup(name='x')"}, ()),
    "what is made up on the way": ({"setup.py": "setup(**options)"}, None),
    "two calls": (
        {"setup.py": "if a:\n    setup(name='x')\nelse:\n    setup(name='x', install_requires=['six'])"},
        None,
    ),
    "extras and markers": (
        {
            "setup.py": "setup(install_requires=['six'], extras_require=EXTRAS)",
            "x.egg-info/requires.txt": "six\n\n[fast]\nrq\n\n[fast:python_version < '3']\nujson\n",
        },
        ("six", 'rq; extra == "fast"', 'ujson; python_version < "3" and extra == "fast"'),
    ),
    "a Python of long ago": ({"setup.py": "print 'x'\nsetup(name='x')"}, None),
    "a backend of tables alone": (
        {
            "pyproject.toml": '[build-system]\nbuild-backend = "poetry.core.masonry.api"\n',
            "PKG-INFO": "Metadata-Version: 2.1\nName: x\nRequires-Dist: six (>=1.0)\n\nRequires-Dist: no\n",
        },
        ("six>=1.0",),
    ),
    "a backend of its own": (
        {"pyproject.toml": '[build-system]\nbuild-backend = "x"\nbackend-path = ["."]\n', "PKG-INFO": "Name: x\n"},
        None,
    ),
}


@pytest.mark.parametrize(("files", "expected"), ARCHIVES.values(), ids=ARCHIVES)
def test_what_an_archive_needs_is_read_or_left_unsaid(
    files: dict[str, str], expected: tuple[str, ...] | None, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert needs(tmp_path) == expected


PLUGINS = (
    Distribution("frame", "1.0"),
    Distribution("frame", "2.0"),
    Distribution("plugin", "1.0", ("frame",)),
    Distribution("plugin", "2.0", ("frame<2",)),
    Distribution("bounded", "1.0", ("frame<2",)),
    Distribution("vane", "1.0", tag="", is_static=False),
    Distribution("vane", "2.0", ("frame<2",)),
)


@pytest.mark.parametrize(
    ("asked", "note"),
    [
        (("frame", "plugin"), "as pip does, plugin 2.0 is kept with frame 1.0; uv would take plugin 1.0"),
        (("plugin", "frame"), ""),
        (("frame", "bounded"), ""),
        (("frame", "vane"), ""),
        (("frame>=2", "plugin"), ""),
        (("frame",), ""),
    ],
    ids=[
        "a framework, then a plugin",
        "a plugin, then its framework",
        "no other plugin",
        "an opaque old plugin",
        "no choice",
        "one",
    ],
)
def test_the_set_is_the_one_that_pip_takes(asked: tuple[str, ...], note: str) -> None:
    with serving(*PLUGINS) as index:
        where, hosts = Indexes(index=index.url), (host(index.url),)
        found = uv.answer(Request(asked, "3.11.7", TARGET, indexes=where, as_pip=True, hosts=hosts))
        command = f"-m pip install --dry-run --ignore-installed --quiet --report - --isolated --index-url {index.url}"
        done = subprocess.run(
            [sys.executable, *command.split(), *asked],
            capture_output=True, text=True, check=True, env=_without_pip_settings(),
        )  # fmt: skip
        report = json.loads(done.stdout[done.stdout.index("{") :])["install"]
    assert {pin.name: pin.version for pin in found.pins} == {
        each["metadata"]["name"]: each["metadata"]["version"] for each in report
    }
    assert found.warnings == ((note,) if note else ())


def _without_pip_settings() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
