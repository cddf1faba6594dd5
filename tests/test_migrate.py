"""Many services at once: their states, their patches, what a second run does, and what a killed one leaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pydock.cli import main
from pydock.migrate.find.services import Service
from pydock.migrate.records import State
from pydock.migrate.records.patches import Touched, file_names, masked, patch, together
from pydock.migrate.records.record import Change, Record
from pydock.migrate.run.examine import Task, examine
from pydock.project.secrets import Mask
from tests.fleet import FIXTURES, command, digest, generate, killed_until_done

FLASK = """\
FROM python:3.11.7-bookworm
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["python", "app.py"]
"""
GOOD = FIXTURES / "multi-stage-good"
SERVICES: Mapping[str, str] = {
    "ready/Dockerfile": FLASK,
    "ready/requirements.txt": "flask==3.1.2\n",
    "ready/app.py": "print('hello')\n",
    "refused/Dockerfile": "# lean\nFROM python:3.11-alpine\nRUN pip install flask==3.1.2\nCMD python app.py\n",
    "undecided/Dockerfile": FLASK,
    "undecided/requirements.txt": "flask==3.1.2\n",
    "undecided/app.py": "print('hello')\n",
    "undecided/compose.yml": "services:\n  web:\n    build: {context: ., target: prod, args: {API_TOKEN: hunter22}}\n",
    "broken/Dockerfile": "RUN echo\n",
    "empty/Dockerfile": "",
    "node/Dockerfile": 'FROM node:22\nCOPY . .\nCMD ["node", "x.js"]\n',
    "secret/Dockerfile": FLASK.replace("WORKDIR", "ENV API_TOKEN=ghp_0123456789abcdefghijklmnopqrstuvwxyz\nWORKDIR"),
    "secret/requirements.txt": "flask==3.1.2\n",
    **{
        f"{name}/{path.relative_to(GOOD)}": path.read_text()
        for path in GOOD.rglob("*")
        for name in ("old", "good")
        if path.is_file()
    },
    "old/Dockerfile": (GOOD / "Dockerfile").read_text().replace("3.11.7-slim-bookworm", "3.7.17-slim-bookworm"),
}


def _made(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder


def _run(top: Path, *options: str, roots: tuple[str, ...] = ("services",)) -> int:
    """`pydock migrate` in a folder; returns its exit code."""
    before = Path.cwd()
    os.chdir(top)
    try:
        main(["migrate", *roots, "--out", "out", *options])
    except SystemExit as stop:
        return int(str(stop.code))
    finally:
        os.chdir(before)
    raise AssertionError("the command line always exits")


def _results(top: Path) -> dict[str, dict[str, Any]]:
    lines = (top / "out" / "results.jsonl").read_text().splitlines()
    return {document["name"]: document for document in map(json.loads, lines)}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run over services of every state."""
    top = tmp_path_factory.mktemp("done")
    _made(top / "services", SERVICES)
    assert _run(top, "--jobs", "2") == 2, "something failed, and the exit code says so"
    return top


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("ready", "ready"),
        ("refused", "refused"),
        ("undecided", "decision"),
        ("broken", "failed"),
        ("empty", "failed"),
        ("secret", "decision"),
        ("old", "decision"),
        ("good", "good"),
    ],
)
def test_each_service_has_the_state_a_person_works_with(done: Path, name: str, state: str) -> None:
    assert _results(done)[name]["state"] == state


def test_what_has_no_python_is_no_service(done: Path) -> None:
    assert "node" not in _results(done)


def test_a_refusal_has_its_line_and_a_decision_says_what_is_to_be_decided(done: Path) -> None:
    found = _results(done)
    assert found["refused"]["reason"]["line"] == 2
    assert "musl" in found["refused"]["reason"]["message"]
    assert found["undecided"]["used_by"][0]["args"].keys() == {"API_TOKEN"}
    assert found["undecided"]["decisions"] == ["undecided/compose.yml: web builds the stage prod, which is not there"]
    assert any("Python 3.7" in decision for decision in found["old"]["decisions"]), found["old"]["decisions"]


def test_the_inventory_says_what_a_service_is_made_of(done: Path) -> None:
    inventory = _results(done)["ready"]["inventory"]
    wanted = {
        "python": "3.11.7",
        "distribution": "Debian bookworm",
        "manager": "pip",
        "is_pinned": True,
        "user": "root",
    }
    assert {name: inventory[name] for name in wanted} == wanted


def test_a_patch_that_would_hold_a_secret_is_not_written_and_the_secret_is_nowhere(done: Path) -> None:
    assert "secret in clear text" in _results(done)["secret"]["withheld"]
    for path in (done / "out").rglob("*"):
        if path.suffix in {".jsonl", ".md", ".html", ".patch"}:
            assert "ghp_0123" not in path.read_text()
            assert "hunter22" not in path.read_text()
    assert not (done / "out" / "patches" / "secret.patch").exists()
    assert (done / "out" / ".migrate.sqlite3").stat().st_mode & 0o077 == 0


@pytest.mark.usefixtures("asked")
def test_every_patch_of_the_fixtures_applies_and_gives_what_fix_gives(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES, tmp_path / "services", ignore=shutil.ignore_patterns("expected"))
    assert _run(tmp_path, "--jobs", "2") == 1
    shutil.copytree(tmp_path / "services", tmp_path / "applied")
    shutil.copytree(tmp_path / "services", tmp_path / "fixed")
    patches = sorted((tmp_path / "out" / "patches").glob("*.patch"))
    assert len(patches) == 22
    for path in patches:
        subprocess.run(["git", "apply", str(path)], cwd=tmp_path / "applied", check=True)
    with pytest.raises(SystemExit):
        main(["fix", str(tmp_path / "fixed")])
    for path in sorted((tmp_path / "fixed").rglob("*")):
        if path.is_file():
            other = tmp_path / "applied" / path.relative_to(tmp_path / "fixed")
            assert path.read_bytes() == other.read_bytes(), path


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("Dockerfile", "a\nb\n", "a\nc\n"),
        ("no end", "a\nb", "a\nc"),
        ("end is made", "a", "a\n"),
        ("dos", "a\r\nb\r\n", "a\r\nc\r\n"),
        ("bytes", "caf\udce9\n1\n", "caf\udce9\n2\n"),
        ("with space/Docker file", "a\n", "b\n"),
        ('quo"te\\back', "a\n", "b\n"),
        ("tab\there", "a\n", "b\n"),
        ("été", "a\n", "b\n"),
        ("new/file", None, "a\n"),
        ("new file without end", None, "a"),
    ],
)
def test_git_takes_a_patch_of_any_file_and_keeps_its_mode(
    path: str, before: str | None, after: str, tmp_path: Path
) -> None:
    if before is not None:
        (_made(tmp_path, {path: before}) / path).chmod(0o755)
    (tmp_path.parent / f"{tmp_path.name}.patch").write_bytes(
        patch([Change(path, before, after)]).encode("utf-8", "surrogateescape")
    )
    subprocess.run(["git", "apply", "--check", f"../{tmp_path.name}.patch"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", f"../{tmp_path.name}.patch"], cwd=tmp_path, check=True)
    assert (tmp_path / path).read_bytes() == after.encode("utf-8", "surrogateescape")
    assert bool((tmp_path / path).stat().st_mode & 0o100) == (before is not None)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the services that are examined; it happens in this process, which saves a start."""
    names: list[str] = []

    def examined(task: Task, limits: object) -> tuple[Record, ...]:
        names.extend(service.name for service in task.members)
        return examine(task)

    monkeypatch.setattr("pydock.migrate.run.worker_pool.examined", examined)
    return names


def test_a_second_run_examines_only_what_changed(tmp_path: Path, asked: list[str]) -> None:
    _made(tmp_path / "services", SERVICES)
    _run(tmp_path)
    first, names = digest(tmp_path / "out"), sorted(asked)
    assert len(names) == len(set(names)) == 9
    asked.clear()
    _run(tmp_path)
    assert asked == ["secret"], "a text that holds a secret is not kept, so it is read again"
    asked.clear()
    assert digest(tmp_path / "out") == first
    (tmp_path / "services" / "ready" / "app.py").write_text("print('changed')\n")
    _run(tmp_path)
    assert sorted(asked) == ["ready", "secret"]
    asked.clear()
    _run(tmp_path, "--installer", "uv")
    assert sorted(asked) == names, "another option is another question"
    asked.clear()
    subprocess.run(["git", "init", "-q", str(tmp_path / "services")], check=True)
    _run(tmp_path)
    asked.clear()
    _made(tmp_path / "services", {"pydock.toml": 'ignore = ["PYD302"]\n'})
    _run(tmp_path)
    assert sorted(asked) == names, "settings above a service are its settings, too"
    asked.clear()
    _run(tmp_path, "--retry")
    assert sorted(asked) == ["broken", "empty", "secret"]


@pytest.mark.usefixtures("asked")
def test_a_service_that_is_gone_leaves_nothing_behind(tmp_path: Path) -> None:
    _made(tmp_path / "services", SERVICES)
    _run(tmp_path)
    shutil.rmtree(tmp_path / "services" / "ready")
    _run(tmp_path)
    assert "ready" not in _results(tmp_path)
    assert not (tmp_path / "out" / "patches" / "ready.patch").exists()


def test_runs_that_are_killed_end_with_the_same_report(tmp_path: Path) -> None:
    generate(tmp_path / "services", 10)
    _run(tmp_path)
    (tmp_path / "out").rename(tmp_path / "kept")
    assert killed_until_done(command(Path("services"), Path("out"), "--jobs", "2"), tmp_path, 3, 2.0)
    assert digest(tmp_path / "out") == digest(tmp_path / "kept")


def test_two_runs_at_once_leave_one_whole_report(tmp_path: Path) -> None:
    generate(tmp_path / "services", 4)
    arguments = command(Path("services"), Path("out"))
    both = [subprocess.Popen(arguments, cwd=tmp_path, stderr=subprocess.PIPE) for _ in range(2)]
    for process in both:
        _, said = process.communicate()
        assert process.returncode in {1, 2}, said
    first = digest(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    _run(tmp_path)
    assert digest(tmp_path / "out") == first


@pytest.mark.usefixtures("asked")
def test_services_that_change_the_same_file_share_a_patch(tmp_path: Path) -> None:
    files = {name.partition("/")[2]: text for name, text in SERVICES.items() if name.startswith("ready/")}
    _made(tmp_path / "services", {**files, "Dockerfile.worker": files["Dockerfile"].replace("app.py", "worker.py")})
    _made(tmp_path / "services", {"worker.py": "open('done', 'w')\n"})
    _run(tmp_path)
    found = _results(tmp_path)
    assert {row["patch"] for row in found.values()} == {"patches/Dockerfile.worker.patch"}
    assert found["services"]["patch_with"] == ["Dockerfile.worker"]
    subprocess.run(["git", "apply", "../out/patches/Dockerfile.worker.patch"], cwd=tmp_path / "services", check=True)
    assert "AS builder" in (tmp_path / "services" / "Dockerfile").read_text()
    assert "AS builder" in (tmp_path / "services" / "Dockerfile.worker").read_text()


@pytest.mark.usefixtures("asked")
def test_a_dockerfile_that_two_contexts_want_differently_is_refused(tmp_path: Path) -> None:
    files = {name.partition("/")[2]: text for name, text in SERVICES.items() if name.startswith("ready/")}
    compose = "services:\n  a: {build: {context: ., dockerfile: svc/Dockerfile}}\n  b: {build: {context: svc}}\n"
    _made(tmp_path / "services", {**{f"svc/{name}": text for name, text in files.items()}, "compose.yml": compose})
    _made(tmp_path / "services", {"requirements.txt": "flask==3.1.2\n", "app.py": "open('here', 'w')\n"})
    _run(tmp_path)
    assert {row["state"] for row in _results(tmp_path).values()} == {"refused"}


def test_groups_are_those_that_share_a_file() -> None:
    services = [Service(name, "/r", ".", name) for name in "abcd"]
    touched = [
        Touched(services[0], (("/r/x", "1"),)),
        Touched(services[1], (("/r/y", "1"),)),
        Touched(services[2], (("/r/x", "2"), ("/r/z", "1"))),
        Touched(services[3], (("/r/z", "1"),)),
    ]
    joined = [
        ["".join(each.name for each in group) for group in together(touched, is_clash=clash)] for clash in (False, True)
    ]
    assert joined == [["acd", "b"], ["ac", "b", "d"]]


def test_patches_have_safe_names_that_differ() -> None:
    names = ["a/b", "a b", "A b", "../x", "<script>", "-rf", ".", "é" * 300]
    found = file_names(names)
    assert len({name.lower() for name in found.values()}) == len(names)
    for name in found.values():
        assert not set(name) & set('/\\<>:"|?* ')
        assert name[0] not in ".-"
        assert len(name) < 130


def test_secrets_are_masked_for_the_eye() -> None:
    token = "ghp_0123456789abcdefghijklmnopqrstuvwxyz"
    change = Change("Dockerfile", f"ENV API_TOKEN={token}\n", f"ENV A=1\nENV API_TOKEN={token}\n")
    assert token in patch([change])
    assert token not in patch([masked(change, Mask())])


@pytest.mark.usefixtures("asked")
def test_apply_writes_what_the_patches_say_and_then_all_are_good(tmp_path: Path) -> None:
    _made(tmp_path / "services", {name: text for name, text in SERVICES.items() if name.startswith("ready/")})
    (tmp_path / "services" / "ready" / "Dockerfile").chmod(0o640)
    assert _run(tmp_path, "--apply") == 1
    assert "AS builder" in (tmp_path / "services" / "ready" / "Dockerfile").read_text()
    assert (tmp_path / "services" / "ready" / "Dockerfile").stat().st_mode & 0o777 == 0o640
    assert _run(tmp_path) == 0
    assert _results(tmp_path)["ready"]["state"] == "good"


def test_progress_says_what_is_done_and_what_is_left() -> None:
    import io

    from pydock.migrate.run import Progress

    progress = Progress(io.StringIO(), 4)
    for state in (State.READY, State.READY, State.REFUSED):
        progress(Service("a", "/r", ".", "Dockerfile"), Record(state))
    assert progress.line(30.0) == "3 of 4 done: 2 ready, 1 refused; 1 left, about 10 s to go"
    progress(Service("a", "/r", ".", "Dockerfile"), Record(State.GOOD))
    assert progress.line(40.0) == "4 of 4 done: 2 ready, 1 refused, 1 already good; 40.0 s"


def test_a_file_that_is_no_store_is_named_and_not_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _made(
        tmp_path, {"services/Dockerfile": FLASK, "out/.migrate.sqlite3": "my notes, long enough to be read as a header"}
    )
    assert _run(tmp_path) == 2
    assert ".migrate.sqlite3" in capsys.readouterr().err
    assert (tmp_path / "out" / ".migrate.sqlite3").read_text().startswith("my notes")
