"""`--pins-from IMAGE`: a service that is locked keeps what its image runs, and what could not be kept is told."""

from __future__ import annotations

import io
import json
import os
import tarfile
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pydock.bench.engine.distributions import parsed
from pydock.context import Tree
from pydock.engine import Report, rewrite
from pydock.errors import EngineError
from pydock.project import Project
from pydock.project.running import Running
from pydock.resolve import Resolver, gathered
from pydock.rules.dependencies import inline_requirement, unpinned_requirement
from pydock.text import Safety
from tests.command_line import Runner
from tests.laws import broken
from tests.package_index import Distribution, Index, serving

if TYPE_CHECKING:
    from docker import DockerClient

SHOP = (
    Distribution("shop", "1.0", ("till>=1",)),
    Distribution("shop", "2.0", ("till>=1",)),
    Distribution("till", "1.5"),
    Distribution("till", "2.1"),
    Distribution("lamp", "1.0"),
    Distribution("lamp", "2.0rc1"),
)
FILE = "FROM python:3.11.7-slim-bookworm\nCOPY . .\nRUN pip install -r requirements.txt\n"
OLD = Running("shop:live", "3.11.2", {"shop": "1.0", "till": "1.5", "gone": "4.0", "odd": "2004d"})
RULES = (unpinned_requirement.RULE, inline_requirement.RULE)


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    with serving(*SHOP) as started:
        yield started


@pytest.fixture(autouse=True)
def own_index(index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "uv"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)


def _fixed(requirements: str, running: Running, dockerfile: str = FILE, **files: str) -> Report:
    named = {name.replace("_", "."): text for name, text in files.items()}
    tree = Tree.of({"Dockerfile": dockerfile, "requirements.txt": requirements, **named})
    project = Project(tree, running=running)
    project = gathered(project, lambda before: rewrite(before, RULES, Safety.SAFE), Resolver().answers).project
    assert list(broken(project, RULES, Safety.SAFE)) == []
    return rewrite(project, RULES, Safety.SAFE)


def _pins(report: Report) -> list[str]:
    lock = report.result.tree.text("requirements.lock.txt") or ""
    return [line.removesuffix(" \\") for line in lock.splitlines() if "==" in line]


def _told(report: Report) -> tuple[str, tuple[str, ...]]:
    (fix,) = [finding.fix for finding in report.settled if finding.fix]
    return fix.title, fix.notes


KEPT: Mapping[str, tuple[str, Running, list[str], str, tuple[str, ...]]] = {
    "everything, and what nobody asks for is left out": (
        "shop\n", OLD, ["shop==1.0", "till==1.5"], "2 of 2", (),
    ),
    "what the image lacks is resolved": (
        "shop\nlamp\n", OLD, ["lamp==1.0", "shop==1.0", "till==1.5"], "2 of 3",
        ("not in shop:live, so resolved: lamp 1.0",),
    ),
    "what a range forbids moves, and nothing else": (
        "shop>=2\n", OLD, ["shop==2.0", "till==1.5"], "1 of 2",
        ("shop is 1.0 in shop:live, 2.0 in the lock: shop>=2 forbids it",),
    ),
    "a version that the index does not have": (
        "shop\n", Running("shop:live", "3.11.2", {"shop": "1.0+ours", "till": "1.5"}), ["shop==2.0", "till==1.5"],
        "1 of 2", ("shop is 1.0+ours in shop:live, 2.0 in the lock: no answer of the resolver has it",),
    ),
    "a package that came from an address": (
        "shop\n", Running("shop:live", "3.11.2", {"shop": "1.0", "till": "1.5"}, {"shop": "f" * 40}),
        ["shop==2.0", "till==1.5"], "1 of 2",
        (f"shop is 1.0 from {'f' * 40} in shop:live, 2.0 from an index in the lock",),
    ),
    "another Python": (
        "shop\n", Running("shop:live", "3.8.20", {"shop": "1.0", "till": "1.5"}), ["shop==1.0", "till==1.5"],
        "2 of 2", ("shop:live runs Python 3.8, and this lock is for Python 3.11",),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("requirements", "running", "pins", "kept", "notes"), KEPT.values(), ids=KEPT)
def test_a_lock_keeps_what_the_image_runs_and_tells_the_rest(
    requirements: str, running: Running, pins: list[str], kept: str, notes: tuple[str, ...]
) -> None:
    report = _fixed(requirements, running)
    assert _pins(report) == pins
    title, told = _told(report)
    assert f"{kept} packages at the versions that shop:live runs" in title
    assert told == notes


def test_a_lock_that_is_made_again_stays_where_it_is() -> None:
    head = (_fixed("shop\n", OLD).result.tree.text("requirements.lock.txt") or "").splitlines()[:3]
    assert "uv pip compile --python-version" in head[1]
    assert head[2] == "# Versions that shop:live runs are kept."


POETRY = (
    '[[package]]\nname = "shop"\nversion = "1.0"\n[[package]]\nname = "till"\nversion = "2.1"\n'
    '[[package]]\nname = "extra"\nversion = "1.0"\n'
)
IN_ORDER: Mapping[str, tuple[str, Running, str, list[str], str]] = {
    "the lock of another tool": (
        "shop\n", OLD, POETRY, ["shop==1.0", "till==2.1"], "2 of 2 packages at the versions of poetry.lock",
    ),
    "the image where that lock is not of this list": (
        "shop\nlamp\n", OLD, POETRY, ["lamp==1.0", "shop==1.0", "till==1.5"],
        "2 of 3 packages at the versions that shop:live runs",
    ),
    "the image where that lock cannot be read": (
        "shop\n", OLD, "[[", ["shop==1.0", "till==1.5"], "2 of 2 packages at the versions that shop:live runs",
    ),
    "the newest where there is neither": (
        "shop\n", Running(), "", ["shop==2.0", "till==2.1"], "2 packages at their versions of today",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("requirements", "running", "lock", "pins", "said"), IN_ORDER.values(), ids=IN_ORDER)
def test_versions_are_kept_from_a_lock_then_from_the_image_and_it_is_said(
    requirements: str, running: Running, lock: str, pins: list[str], said: str
) -> None:
    report = _fixed(requirements, running, poetry_lock=lock)
    assert _pins(report) == pins
    assert said in _told(report)[0]
    assert ("# Versions of poetry.lock are kept." in (report.result.tree.text("requirements.lock.txt") or "")) == (
        "poetry.lock" in said
    )


def test_what_an_install_names_itself_is_pinned_to_what_the_image_runs() -> None:
    report = _fixed("lamp==1.0\n", OLD, f"{FILE}RUN pip install shop\n")
    assert report.result.dockerfile.text == f"{FILE}RUN pip install shop==1.0\n"
    assert _told(report)[0] == "pin shop to what shop:live runs"


def test_what_the_image_prints_beside_the_answer_is_no_part_of_it() -> None:
    answer = {"python": "3.9.2", "versions": {"Ruamel.Yaml": "0.17"}, "places": {}}
    told = f"DEBUG: starting\npydock: {json.dumps(answer)}\nbye\n"
    assert parsed("shop:live", told) == Running("shop:live", "3.9.2", {"ruamel-yaml": "0.17"})


def test_a_python_that_fails_is_no_image_without_packages() -> None:
    with pytest.raises(EngineError, match="does not tell what is installed: No module named pip"):
        parsed("shop:live", "Traceback\nNo module named pip\n")


@pytest.mark.parametrize(
    "told", ["no JSON", "7", '{"python": []}', '{"versions": 1}', "[" * 100_000, '{"python": "3"}']
)
def test_an_image_that_prints_something_else_is_told(told: str) -> None:
    with pytest.raises(EngineError, match="does not tell what is installed"):
        parsed("shop:live", f"pydock: {told}\n")


def test_a_name_that_no_package_can_have_is_none_of_the_image() -> None:
    names = ["shop", "a\n--index-url http://127.0.0.1", "", "a b", "\x1b[2J"]
    answer = {"python": "3.9.2", "versions": dict.fromkeys(names, "1.0"), "places": {}}
    assert parsed("shop:live", f"pydock: {json.dumps(answer)}\n").versions == {"shop": "1.0"}


def _service(folder: Path) -> Path:
    (folder / "service").mkdir()
    (folder / "service/Dockerfile").write_text(FILE)
    (folder / "service/requirements.txt").write_text("shop\n")
    return folder / "service"


def test_without_an_engine_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Runner) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/absent.sock")
    service = _service(tmp_path)
    done = run("fix", str(service), "--pins-from", "shop:live")
    assert done.code == 2
    assert "no container engine answers" in done.err
    assert (service / "Dockerfile").read_text() == FILE


def test_an_image_is_not_read_in_vain_where_no_index_may_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Runner
) -> None:
    monkeypatch.setattr("pydock.bench.engine.running", lambda image, on_pull: OLD)
    done = run("fix", str(_service(tmp_path)), "--pins-from", "shop:live", "--offline")
    assert done.code == 2
    assert "--pins-from needs a package index" in done.err


@pytest.fixture
def image(engine: DockerClient) -> Iterator[str]:
    """A root file system with nothing in it but one file."""
    name = f"pydock-test-empty:{uuid.uuid4().hex}"
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("nothing"))
    engine.api.import_image_from_data(data.getvalue(), *[name.partition(":")[0], name.partition(":")[2]])
    yield name
    engine.images.remove(name)


@pytest.mark.engine
def test_an_image_without_a_python_is_told_as_that(tmp_path: Path, image: str, run: Runner) -> None:
    done = run("fix", str(_service(tmp_path)), "--pins-from", image)
    assert (done.code, done.out) == (2, "")
    assert f"there is no Python in {image}" in done.err


@pytest.mark.engine
def test_an_image_that_is_nowhere_is_told_as_that(tmp_path: Path, engine: DockerClient, run: Runner) -> None:
    assert engine.ping()
    done = run("fix", str(_service(tmp_path)), "--pins-from", "localhost:1/nobody/made:this")
    assert done.code == 2
    assert "localhost:1/nobody/made:this is not here and cannot be pulled" in done.err


@pytest.mark.engine
def test_a_service_keeps_what_its_image_runs(
    tmp_path: Path, engine: DockerClient, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYDOCK_OFFLINE", "0")
    base = "python:3.11-slim-bookworm"
    made = engine.containers.create(base, labels={"pydock-test": "pins-from"})
    name = f"pydock-test-live:{uuid.uuid4().hex}"
    try:
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w") as archive:
            for package, version in {"shop": "1.0", "till": "1.5"}.items():
                text = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n".encode()
                member = tarfile.TarInfo(f"{package}-{version}.dist-info/METADATA")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text))
        made.put_archive("/usr/local/lib/python3.11/site-packages", data.getvalue())
        made.commit(*name.split(":"))
        service = _service(tmp_path)
        assert run("fix", str(service), "--pins-from", name, "--select", "PYD201").code == 0
        lock = (service / "requirements.lock.txt").read_text()
        assert "shop==1.0" in lock
        assert "till==1.5" in lock
        assert engine.containers.list(all=True, filters={"ancestor": name}) == []
    finally:
        made.remove(force=True)
        engine.images.remove(name)
