"""What a project says about folders leads a migration nowhere outside of what it was asked about, and stops none."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from pydock.migrate.find import find
from pydock.migrate.run.examine import examine
from tests.command_line import SMELLY, Runner
from tests.hostile.folders import made, snapshot

OUTSIDE = "OUTSIDE"
COMPOSE = "services:\n  web:\n    build:\n      context: {}\n      dockerfile: {}\n"
MANIFEST = "[[service]]\ndockerfile = '{}'\ncontext = '{}'\n"
# OUTSIDE stands for a folder beside the root, UP for the one above both.
LEADS: Mapping[str, dict[str, str]] = {
    "a manifest that names a file by its whole path": {"services.toml": MANIFEST.format("OUTSIDE/Dockerfile", ".")},
    "a manifest that names a file through dots": {"services.toml": MANIFEST.format("../other/Dockerfile", ".")},
    "a manifest that names a folder beside": {"services.toml": MANIFEST.format("svc/Dockerfile", "../other")},
    "a manifest that names the folder above": {"services.toml": MANIFEST.format("svc/Dockerfile", "..")},
    "a manifest that names all there is": {"services.toml": MANIFEST.format("svc/Dockerfile", "/")},
    "a manifest that goes through a link": {"services.toml": MANIFEST.format("link/Dockerfile", "link")},
    "compose that builds a folder beside": {"svc/compose.yaml": COMPOSE.format("../../other", "Dockerfile")},
    "compose that builds the folder above": {"svc/compose.yaml": COMPOSE.format("../..", "top/svc/Dockerfile")},
    "compose that builds all there is": {"svc/compose.yaml": COMPOSE.format("/", "UP/top/svc/Dockerfile")},
    "compose that goes through a link": {"compose.yaml": COMPOSE.format("./link", "build.md")},
    "compose that builds through a link": {"compose.yaml": COMPOSE.format("./link", "UP/top/svc/Dockerfile")},
    "a zero in the name of a Dockerfile": {"compose.yaml": COMPOSE.format(".", '"a\\0b"')},
    "a zero in the name of a context": {"compose.yaml": COMPOSE.format('"a\\0b"', "svc/Dockerfile")},
    "a name without an end": {"compose.yaml": COMPOSE.format(".", "a" * 10_000)},
}  # fmt: skip


_opened: list[str] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"open", "os.scandir", "os.listdir"}:
        _opened.append(str(arguments[0]))


@pytest.fixture(scope="module", autouse=True)
def _noting() -> None:
    """No hook of this kind can be taken back, so there is one for all tests of this file."""
    sys.addaudithook(_note)


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Services are examined in this process, where it can be seen what is opened."""
    monkeypatch.setattr("pydock.migrate.run.worker_pool.examined", lambda task, limits: examine(task))


@contextmanager
def _untouched(other: Path) -> Iterator[None]:
    before = snapshot(other)
    _opened.clear()
    yield
    assert not [path for path in _opened if path.startswith((str(other), str(other.parent / "top/link")))]
    assert snapshot(other) == before


@pytest.mark.parametrize("lead", LEADS)
def test_nothing_outside_of_a_root_is_read_or_written(lead: str, folder: Path, run: Runner) -> None:
    other = made(folder / "other", {"Dockerfile": SMELLY, "build.md": SMELLY, "private.py": "token = 1\n"})
    texts = {path: text.replace(OUTSIDE, str(other)).replace("UP", str(folder)) for path, text in LEADS[lead].items()}
    top = made(folder / "top", {"svc/Dockerfile": SMELLY, "good/Dockerfile": SMELLY, **texts})
    (top / "link").symlink_to(other)
    with _untouched(other):
        assert run("migrate", "top", "--out", "out", "--apply").code in {0, 1}
        assert (top / "good/Dockerfile").read_text() != SMELLY, "the others are answered"
        assert run("migrate", "top", "--out", "out", "--apply").code in {0, 1}, "and no later run is in the way"
    assert {path.name for path in folder.iterdir()} == {"other", "top", "out"}


def test_a_service_in_the_folder_of_another_is_built_in_all_of_their_repository(tmp_path: Path) -> None:
    """Who asks for a part of a repository means builds of the whole, too."""
    top = made(
        tmp_path,
        {"services/a/Dockerfile": SMELLY, "services/a/compose.yaml": COMPOSE.format("../..", "services/a/Dockerfile")},
    )
    (top / ".git").mkdir()
    (service,) = find([str(top / "services")]).services
    assert (service.repository, service.context) == (str(top), ".")


MANIFESTS = {
    "brackets without an end": "a = " + "[" * 20_000,
    "an unknown key": "allow = 1\n",
    "no TOML": "= =\n",
    "no text": "\udcff\udcfe",
    "too large": "#" * 6_000_000,
    "a pattern that is tried in ever more ways": f"exclude = ['{'*a' * 30}b']\n",
    "a pattern that means nothing": "exclude = ['!']\n",
}


@pytest.mark.parametrize("what", MANIFESTS)
def test_a_manifest_that_cannot_be_used_costs_its_own_root(what: str, folder: Path, run: Runner) -> None:
    for name in ("bad", "good"):
        made(folder / name, {"Dockerfile": SMELLY})
    made(folder / "bad" / ("a" * 200), {"Dockerfile": SMELLY})
    (folder / "bad/services.toml").write_bytes(MANIFESTS[what].encode("utf-8", "surrogateescape"))
    result = run("migrate", "bad", "good", "--out", "out", "--apply")
    assert result.code == 2
    assert "bad/services.toml: " in result.err
    assert "crashed" not in result.err
    assert (folder / "bad/Dockerfile").read_text() == SMELLY, "what the manifest excludes is not known"
    assert (folder / "good/Dockerfile").read_text() != SMELLY
    alone = run("migrate", "bad", "--out", "out")
    assert alone.code == 2
    assert "bad/services.toml: " in alone.err
