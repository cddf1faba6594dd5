"""One bad service stops nothing: it crashes, hangs, eats memory or is killed, and the others are answered."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock.migrate.find import find
from pydock.migrate.find.services import Service
from pydock.migrate.records import State
from pydock.migrate.records.record import Record
from pydock.migrate.run import Limits, pool
from pydock.migrate.run.examine import Task
from pydock.migrate.run.keeper import close_all, examined
from pydock.migrate.run.worker_pool import answers
from pydock.questions import Question
from tests.command_line import Runner

# Stands in for services that make pydock itself fail; nothing is known that really does.
MISBEHAVIOUR = """\
import os, sys
if "pydock.migrate.run.child" in " ".join(sys.orig_argv):
    import pydock.migrate.run.examine as module
    plain = module.examine
    def examine(task):
        name = task.members[0].name
        if name == "crash":
            raise KeyError("stage")
        if name == "fault":
            os.kill(os.getpid(), 11)
        if name == "killed":
            os.kill(os.getpid(), 9)
        if name == "hang":
            while True:
                pass
        if name == "memory":
            held = [bytearray(50_000_000) for _ in range(100)]
        if name == "talk":
            print("x" * 100_000)
        return plain(task)
    module.examine = examine
"""
SAID = {
    "crash": "pydock crashed on it: KeyError: 'stage'",
    "fault": "pydock crashed on it: exit code -11",
    "killed": "its process was killed",
    "hang": "took more than 1 s",
    "memory": "needs more than 300 MB of memory",
}


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Service]]:
    """Services that misbehave by their names, and some that do not."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(MISBEHAVIOUR)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), *sys.path]))
    for name in (*SAID, "talk", "good"):
        folder = tmp_path / "services" / name
        folder.mkdir(parents=True)
        (folder / "Dockerfile").write_text("FROM python:3.12\nCMD python app.py\n")
    yield {service.name: service for service in find([str(tmp_path / "services")]).services}
    close_all()


def _task(service: Service) -> Task:
    return Task((service,), Question({}, is_fix=True))


def _asked(services: dict[str, Service], limits: Limits) -> dict[str, Record]:
    with pool(2, "") as workers:
        tasks = [(name, _task(service)) for name, service in services.items()]
        return {name: record for name, (record,) in answers(workers, tasks, limits)}


def test_what_a_bad_service_did_is_told_and_the_others_are_answered(services: dict[str, Service]) -> None:
    others = {name: service for name, service in services.items() if name != "hang"}
    found = _asked(others, Limits(memory=300_000_000)) | _asked({"hang": services["hang"]}, Limits(seconds=1.0))
    for name, said in SAID.items():
        record = found[name]
        assert record.state is State.FAILED
        assert record.reason is not None
        assert record.reason.message.startswith(said), name
    assert {found[name].state for name in ("talk", "good")} == {State.READY}


def test_a_migration_says_what_a_bad_service_did_in_a_line_and_ends_with_2(
    services: dict[str, Service], tmp_path: Path, run: Runner
) -> None:
    limits = ("--memory", "300MB", "--limit", "2")
    done = run("migrate", str(tmp_path / "services"), "--out", str(tmp_path / "out"), *limits)
    assert done.code == 2
    said = SAID | {"hang": "took more than 2 s"}
    told = [line for line in done.err.splitlines() if " done: " not in line][:-1]
    assert len(told) == len(said)
    for name, why in said.items():
        assert any(line.startswith(f"error: {name}: {why}") for line in told)
    assert f"2 ready, {len(said)} failed" in done.err


def test_a_child_ends_with_the_process_that_started_it(services: dict[str, Service], tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pydock.questions import Question\nfrom pydock.migrate.run import keeper\n"
        "from pydock.migrate.run.examine import Task\nfrom pydock.migrate.find import find\n"
        "by_name = {service.name: service for service in find([sys.argv[1]]).services}\n"
        "task = lambda name: Task((by_name[name],), Question({}, is_fix=True))\n"
        "keeper.examined(task('good'), keeper.Limits(3.0))\n"
        "print(keeper._keepers[0].process.pid, flush=True)\n"
        "keeper.examined(task('hang'), keeper.Limits(3.0))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "services")]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    for _ in range(100):
        if not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes():
            return
        time.sleep(0.1)
    pytest.fail("the child is still there")


def test_another_version_of_pydock_on_a_worker_is_refused(services: dict[str, Service]) -> None:
    found = examined(_task(services["good"]), Limits(version="0.0.1"))
    assert isinstance(found, tuple)
    (record,) = found
    assert record.state is State.FAILED
    assert not record.is_kept


INSTALL = """\
FROM python:3.12-slim-bookworm
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . /app
CMD python /app/app.py
"""


def test_files_that_are_too_much_to_read_are_not_read(tmp_path: Path) -> None:
    for name in ("large", "loops"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text("FROM python:3.12\nCOPY . /app\nCMD python /app/app.py\n")
    with (tmp_path / "large" / "model.bin").open("wb") as file:
        file.truncate(2**30)
    (tmp_path / "loops" / "up").symlink_to("..")
    (tmp_path / "loops" / "self").symlink_to("self")
    (tmp_path / "loops" / "requirements.txt").symlink_to("requirements.txt")
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "Dockerfile").write_text(INSTALL)
    with (tmp_path / "list" / "requirements.txt").open("wb") as file:
        file.truncate(2**30)
    found = _asked({each.name: each for each in find([str(tmp_path)]).services}, Limits(20.0, 400_000_000))
    assert {name: record.state for name, record in found.items()} == {
        "large": State.READY,
        "list": State.DECISION,
        "loops": State.READY,
    }
    assert "requirements.txt could not be read" in found["list"].decisions[0]
    assert any("it is larger than 5 MB" in remark.message for remark in found["list"].remarks)
