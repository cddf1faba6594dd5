"""A bench as a whole: its order, its reports, its command line, and real builds on a container engine."""

from __future__ import annotations

import json
import re
import signal
import socketserver
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, cast
from xml.etree import ElementTree

import pytest

from pydock.bench.engine import Recipe, connect
from pydock.bench.engine.container import Stopped
from pydock.bench.engine.engine import OWNER_LABEL, RUN_LABEL, Engine
from pydock.bench.engine.recipe import Built
from pydock.bench.engine.trace import Step
from pydock.bench.measure import Life, Measured, Progress, Scenario, Seconds, Version, Weight, Wishes, measure
from pydock.bench.measure.runtime import lived
from pydock.bench.measure.versions import Failure
from pydock.cli import main
from pydock.context import Tree
from pydock.errors import BuildError, EngineError
from pydock.project import Project
from pydock.report.bench import Bench
from pydock.report.bench import (
    html as bench_html,
)
from pydock.report.bench import (
    json as bench_json,
)
from pydock.report.bench import (
    markdown as bench_markdown,
)
from pydock.report.bench import (
    table as bench_table,
)
from pydock.report.bench.table import megabytes, percent
from pydock.values import replace
from tests.schemas import own_problems

if TYPE_CHECKING:
    from docker import DockerClient

SLIM = "python:3.11-slim-bookworm"


@dataclass
class FakeEngine:
    """Builds nothing, and writes down what it was asked."""

    broken: str = ""
    run: str = "0123456789"
    asked: list[Recipe] = field(default_factory=list)

    def provide(self, images: Iterable[str], on_pull: Callable[[str], None], platform: str) -> None:
        return

    def build(self, recipe: Recipe, on_step: Callable[[Step], None]) -> Built:
        self.asked.append(recipe)
        if self.broken and self.broken in recipe.dockerfile.text:
            raise BuildError("the build failed at [2/2] RUN false: exit code: 1", "", "RUN false", ("said",))
        on_step(Step("[1/1] RUN x", False, 1.0, "", ()))
        return Built("sha256:1", (Step("[1/1] RUN x", False, 1.0, "", ()),), float(len(self.asked)))

    def caches(self, name: str) -> str:
        return f"pydock-{self.run}-{name}"

    def save(self, image: str) -> Iterable[bytes]:
        from tests.test_bench_parts import _layer, _saved

        return [_saved(_layer(a="b"))]

    def inspect_image(self, image: str) -> Mapping[str, Any]:
        return {"Size": 1}

    def history(self, image: str) -> Sequence[Mapping[str, Any]]:
        return [{"CreatedBy": "COPY a", "Size": 1}]


def _version(name: str, text: str) -> Version:
    tree = Tree.of({"Dockerfile": text, "app.py": "", "requirements.txt": "flask\n"})
    return Version(name, Project(tree), Recipe(tree))


BEFORE = "FROM a\nCOPY . .\nRUN pip install -r requirements.txt\n"
AFTER = (
    "FROM a\nCOPY requirements.txt ./\n"
    "RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt\nCOPY . .\n"
)


def _measure(engine: FakeEngine, runs: int = 2) -> tuple[tuple[Measured, ...], str]:
    said = StringIO()
    versions = (_version("before", BEFORE), _version("after", AFTER))
    found = measure(cast("Engine", engine), versions, Wishes(runs, is_started=False), Progress(said))
    return found, said.getvalue()


def test_versions_are_built_in_alternation_and_the_last_cold_build_fills_the_caches() -> None:
    engine = FakeEngine()
    (before, after), said = _measure(engine)
    assert [recipe.is_cold for recipe in engine.asked] == [True] * 4 + [False] * 12
    sides = ["after" if "--mount" in recipe.dockerfile.text else "before" for recipe in engine.asked]
    assert sides == ["before", "after"] * 8
    caches = [match[1] for recipe in engine.asked if (match := re.search(r"id=(\S+)", recipe.dockerfile.text))]
    assert caches[0] != caches[1]
    assert set(caches[1:]) == {caches[1]}
    assert before.builds[Scenario.COLD].times == (1.0, 3.0)
    assert after.weight is not None
    assert "after: cold 2 of 2 4.0 s" in said


def test_every_changed_build_is_of_something_new() -> None:
    engine = FakeEngine()
    _measure(engine)
    sources = [recipe.tree.text("app.py") for recipe in engine.asked]
    assert len(set(sources)) == 3
    assert sources.count("") == 12
    assert len({recipe.tree.text("requirements.txt") for recipe in engine.asked}) == 3


def test_a_version_that_does_not_build_says_why_and_the_other_is_measured() -> None:
    engine = FakeEngine(broken="COPY . .\nRUN")
    (before, after), said = _measure(engine, runs=1)
    assert before.failure == Failure("the build failed at [2/2] RUN false: exit code: 1", ("said",))
    assert before.weight is None
    assert after.failure is None
    assert len(after.builds) == 4
    assert "before: cold 1 of 1 did not build" in said


LIFE = Life("root", (8000,), 0.2, 0.9, "none", None, 50_000_000, Stopped(10.1, 137, True))
BENCH = Bench(
    "Dockerfile",
    "Docker Engine 26.1",
    3,
    "2026-01-01T10:11:12+00:00",
    (
        Measured(
            "before",
            {Scenario.COLD: Seconds((30.0, 36.0, 33.0)), Scenario.CODE: Seconds((20.0,))},
            {Scenario.DEPENDENCY: "only its own tool can add to uv.lock"},
            weight=Weight(
                1_000_000_000,
                300_000_000,
                9,
                (("RUN <b>", 5_000_000),),
                (("/usr", 9),),
                (("debian gcc", 8),),
                {"docs": 90_000_000},
            ),
            lives=(LIFE,),
        ),
        Measured(
            "after",
            {Scenario.COLD: Seconds((30.0, 31.0, 32.0)), Scenario.CODE: Seconds((0.07, 0.09))},
            {Scenario.DEPENDENCY: "only its own tool can add to uv.lock"},
            weight=Weight(
                200_000_000, 70_000_000, 9, (("RUN | <b>", 5_000_000),), (("/usr", 9),), (), {"docs": 1_000_000}
            ),
            lives=tuple(
                replace(LIFE, user="app", health="healthy", healthy=5.0, stopped=Stopped(seconds, 0, False))
                for seconds in (0.2, 0.4)
            ),
        ),
    ),
)


def test_the_table_says_what_a_team_argues_about() -> None:
    text = bench_table.written(BENCH)
    rows = {line.split("  ")[0]: " ".join(line.split()) for line in text.splitlines()}
    assert rows["cold build"] == "cold build 33.0 s (30.0-36.0) 31.0 s (30.0-32.0) -6 %"
    assert rows["build, code change"] == "build, code change 20.0 s 0.08 s (0.07-0.09) -99.6 %"
    assert rows["size"] == "size 1,000 MB 200 MB -80 %"
    assert rows["stops in"] == "stops in 10.1 s, killed 0.30 s (0.20-0.40), code 0 -97 %"
    assert "dependency change: not measured: only its own tool can add to uv.lock" in text
    assert "From before to after: docs -89.0 MB" in text
    assert "build, dependency change" not in rows


def test_one_version_has_no_column_for_a_change_and_a_failure_shows_its_output() -> None:
    broken = Measured("as it is", failure=Failure("the build failed", ("line 1", "line 2")))
    text = bench_table.written(replace(BENCH, versions=(broken,)))
    assert "change" not in text
    assert "as it is: the build failed\n    line 1\n    line 2" in text
    assert bench_html.written(replace(BENCH, versions=(broken,)))
    document = json.loads(bench_json.written(replace(BENCH, versions=(broken,))))
    assert document["versions"][0]["failure"]["log"]
    assert own_problems(document, "bench") == []


def test_a_third_version_has_a_change_of_its_own() -> None:
    text = bench_table.written(replace(BENCH, versions=(*BENCH.versions, replace(BENCH.versions[0], name="after, uv"))))
    assert "size 1,000 MB 200 MB -80 % 1,000 MB 0 %" in " ".join(text.split())


def test_json_has_numbers() -> None:
    found = json.loads(bench_json.written(BENCH))
    assert own_problems(found, "bench") == []
    assert found["causes"] == {"docs": -89_000_000}
    assert found["versions"][1]["figures"]["size"] == 200_000_000
    assert found["versions"][0]["builds"]["cold"] == [30.0, 36.0, 33.0]
    assert found["versions"][0]["starts"][0]["stopped"]["is_killed"] is True


def test_markdown_is_not_broken_by_what_it_quotes() -> None:
    text = bench_markdown.written(BENCH)
    assert "| cold build " in text
    assert r"RUN \| \<b\>" in text


@pytest.mark.parametrize("count", [1, 2])
def test_the_page_is_well_formed_and_loads_nothing(count: int) -> None:
    rows = [{"versions": {"after": {"size": size, "rebuild": 1.0}}} for size in (3e8, 2.5e8, 2e8)]
    page = bench_html.written(replace(BENCH, versions=BENCH.versions[-count:]), rows)
    root = ElementTree.fromstring(page.removeprefix("<!doctype html>\n"))
    namespace = "{http://www.w3.org/2000/svg}"
    assert len(list(root.iter(f"{namespace}rect"))) >= 4
    assert [each.get("points") for each in root.iter(f"{namespace}polyline")]
    assert not re.search(r"\b(?:src|href)=|url\(|@import|<script", page)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_numbers_are_written_as_people_read_them() -> None:
    assert [megabytes(size) for size in (90, 1_900, 12_300_000)] == ["90 B", "2 kB", "12.3 MB"]
    assert megabytes(1_234_000_000) == "1,234 MB"
    assert [percent(100, after) for after in (50, 100.1, 130, None)] == ["-50 %", "0 %", "+30 %", ""]
    assert percent(0, 5) == ""


def _run(capsysbinary: pytest.CaptureFixture[bytes], *arguments: str) -> tuple[object, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["bench", *arguments])
    out, err = capsysbinary.readouterr()
    return stop.value.code, out.decode(), err.decode()


def test_without_an_engine_it_says_so_and_exits_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:3.11\n")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    code, out, err = _run(capsysbinary, str(tmp_path))
    assert (code, out) == (2, "")
    assert "no container engine answers" in err
    assert "DOCKER_HOST" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-",), "standard input has none"),
        ((".", ".", "."), "bench compares two at most"),
        (("two",), "bench takes one Dockerfile, there are 2"),
        ((".", "--limit", "weight=1"), "no such figure"),
        ((".", "--env", "NAME"), "it takes NAME=VALUE"),
        (("nowhere",), "there is no such file or folder"),
    ],
)
def test_a_command_line_that_means_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
    arguments: tuple[str, ...],
    said: str,
) -> None:
    (tmp_path / "two").mkdir()
    for name in ("Dockerfile", "two/Dockerfile", "two/Dockerfile.dev"):
        (tmp_path / name).write_text("FROM python:3.11\n")
    monkeypatch.chdir(tmp_path)
    paths = [str(tmp_path / "Dockerfile") if each == "." else each for each in arguments]
    code, _, err = _run(capsysbinary, *paths)
    assert code == 2
    assert said in err


class _DyingEngine(BaseHTTPRequestHandler):
    """Answers like an engine until a build has begun, and then is gone."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b'{"ApiVersion": "1.45", "Version": "26"}' if self.path.endswith("/version") else b"[]"
        self._say(f"Content-Length: {len(body)}", body)

    def do_POST(self) -> None:
        self._say("Transfer-Encoding: chunked", b'14\r\n{"stream": "begun"}\n\r\n')
        self.close_connection = True

    def _say(self, header: str, body: bytes) -> None:
        self.wfile.write(f"HTTP/1.1 200 OK\r\n{header}\r\n\r\n".encode() + body)

    def log_message(self, format: str, *arguments: object) -> None:
        return


class _UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self) -> tuple[Any, Any]:
        request, _ = super().get_request()
        return request, ("here", 0)


def test_an_engine_that_dies_during_a_build_is_named_as_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    with _UnixServer(f"{tmp_path}/engine.sock", _DyingEngine) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/engine.sock")
        code, _, err = _run(capsysbinary, str(tmp_path), "--as-is")
        server.shutdown()
    assert code == 2
    assert "the engine went away during the build" in err or "closed the connection before the build had ended" in err
    assert "Traceback" not in err


def _until(condition: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end and (process is None or process.poll() is None):
        time.sleep(0.05)
    assert condition()


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_one_line_that_is_kept_up_to_date() -> None:
    stream = _Terminal()
    progress = Progress(stream)
    progress.plan([("before", "cold 1 of 1"), ("after", "cold 1 of 1")])
    progress.begin("before", "cold 1 of 1")
    progress.step(Step("[2/3] RUN \x1b[31mpip", False, None, "", ()))
    _until(lambda: "[2/3] RUN" in stream.getvalue())
    progress.end("0.5 s")
    shown = stream.getvalue()
    assert re.search(r"\r\x1b\[K\[1/2\] before: cold 1 of 1 \d+ s \[2/3\] RUN", shown)
    assert "\x1b[31m" not in shown
    assert shown.endswith("\r\033[K[1/2] before: cold 1 of 1 0.5 s\n")


def _left(client: DockerClient, label: str, ending: str = "") -> list[str]:
    """The labels of what is on the engine; `ending` chooses by the end of a label's value."""
    name, _, value = label.partition("=")
    filters = {"label": label}
    api = client.api
    found = [
        *api.containers(all=True, filters=filters),
        *api.images(all=True, filters=filters),
        *api.networks(filters=filters),
    ]
    assert not value or not ending
    return [entry["Labels"][name] for entry in found if entry["Labels"][name].endswith(ending)]


SERVER = f"""FROM {SLIM}
WORKDIR /srv
COPY . .
RUN --mount=type=cache,target=/root/.cache/thing echo made > /root/.cache/thing/file
EXPOSE 8000
CMD ["python", "-m", "http.server", "8000"]
"""


@pytest.mark.engine
def test_a_build_tells_its_steps_and_its_failures_and_leaves_nothing_behind(engine: DockerClient) -> None:
    def build(text: str, **options: Any) -> Built:
        return own.build(Recipe(Tree.of({"Dockerfile": text}), **options))

    with connect() as own:
        server = SERVER.replace("target=/root", f"id={own.caches('x')},target=/root")
        build(server, is_cold=True)
        again = build(server)
        assert any(step.is_cached and "RUN" in step.name for step in again.steps)
        with pytest.raises(BuildError, match="exit code: 3") as failed:
            build(f"FROM {SLIM}\nRUN echo one; echo two >&2; exit 3\n")
        assert sorted(failed.value.log) == ["one", "two"]
        with pytest.raises(BuildError, match="took longer than 1 s"):
            build(f"FROM {SLIM}\nRUN sleep 60 # {own.run}\n", limit=1)
        with pytest.raises(EngineError, match="nope"):
            build("FROM python:9.99-nope\n")
        with pytest.raises(EngineError, match=r"the image python:9\.99-nope is not here and cannot be pulled"):
            own.provide(["python:9.99-nope"])
        assert _left(engine, f"{RUN_LABEL}={own.run}")
    assert not _left(engine, f"{RUN_LABEL}={own.run}")
    assert not [entry for entry in engine.df()["BuildCache"] if own.run in entry["Description"]]


@pytest.mark.engine
def test_a_build_that_prints_without_end_is_cut_and_disk_full_has_a_hint(engine: DockerClient) -> None:
    with connect() as own:
        loud = "python -c \"import sys\nfor i in range(100): sys.stdout.write('x' * 1000000)\"; exit 1"
        text = f"FROM {SLIM}\nRUN <<'END'\n{loud}\nEND\n"
        with pytest.raises(BuildError) as failed:
            own.build(Recipe(Tree.of({"Dockerfile": text}), is_cold=True))
        assert sum(map(len, failed.value.log)) < 200_000
        with pytest.raises(EngineError, match="no space left on its disk") as full:
            own.build(Recipe(Tree.of({"Dockerfile": f"FROM {SLIM}\nRUN echo 'No space left on device'; exit 1\n"})))
        assert not isinstance(full.value, BuildError), "a full disk says nothing about the Dockerfile"
        assert full.value.hint


@pytest.mark.engine
def test_a_container_is_watched_from_its_start_to_its_end(engine: DockerClient) -> None:
    health = 'HEALTHCHECK --interval=1s CMD ["python", "-c", "pass"]\n'
    with connect() as own:
        image = own.build(Recipe(Tree.of({"Dockerfile": SERVER + health}))).image
        server = lived(own, image)
        assert (server.user, server.ports, server.health) == ("root", (8000,), "healthy")
        assert server.answers is not None
        assert server.answers > 0
        assert server.memory is None or server.memory > 1_000_000
        # PID 1 without a handler ignores SIGTERM.
        assert server.stopped is not None
        assert server.stopped.is_killed
        job = own.build(Recipe(Tree.of({"Dockerfile": f'FROM {SLIM}\nCMD ["sh", "-c", "echo no database; exit 4"]\n'})))
        ended = lived(own, job.image)
        assert (ended.exit_code, ended.log, ended.answers) == (4, ("no database",), None)
        absent = own.build(Recipe(Tree.of({"Dockerfile": f'FROM {SLIM}\nCMD ["no-such-program"]\n'})))
        assert "no-such-program" in lived(own, absent.image).why
    assert not _left(engine, f"{RUN_LABEL}={own.run}")


@pytest.mark.engine
def test_bench_measures_leaves_the_folder_alone_and_keeps_limits(
    engine: DockerClient, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = tmp_path / "service"
    folder.mkdir()
    (folder / "Dockerfile").write_text(SERVER)
    (folder / "app.py").write_text("print(1)\n")
    log = tmp_path / "history.jsonl"
    options = ("--as-is", "--runs", "1", "--no-start", "--history", str(log), "--limit", "size=1MB,rebuild=10m")
    code, out, err = _run(capsysbinary, str(folder), *options)
    assert code == 1, err
    assert "cold build" in out
    assert re.search(r"as it is: size is \d+ MB, the limit is 1MB", err)
    assert "rebuild" not in err
    assert json.loads(log.read_text())["versions"]["as it is"]["size"] > 1e8
    assert sorted(path.name for path in folder.iterdir()) == ["Dockerfile", "app.py"]


HOLDER = f"""
import time
from pydock.bench.engine import connect
with connect() as engine:
    engine.container("{SLIM}", ["sleep", "600"]).start()
    engine.network()
    time.sleep(600)
"""


@pytest.mark.engine
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda each: each.name)
def test_what_an_interrupted_run_made_is_removed_by_it_or_by_the_next(
    engine: DockerClient, stop: signal.Signals
) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER], stderr=subprocess.PIPE, text=True) as process:
        _until(lambda: len(_left(engine, OWNER_LABEL, f"/{process.pid}")) == 2, process)
        process.send_signal(stop)
        process.communicate(timeout=120)
    if stop is signal.SIGKILL:
        with connect():
            pass
    assert not _left(engine, OWNER_LABEL, f"/{process.pid}")


@pytest.mark.engine
@pytest.mark.parametrize(
    ("stop", "code", "way"),
    [(signal.SIGINT, 130, ("bench", "--as-is")), (signal.SIGTERM, 143, ("verify", "--offline"))],
    ids=["Ctrl-C while bench builds", "SIGTERM while verify builds"],
)
def test_a_request_to_end_during_a_build_stops_the_build_and_says_so(
    engine: DockerClient, tmp_path: Path, stop: signal.Signals, code: int, way: tuple[str, ...]
) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {SLIM}\nRUN sleep 300 # {tmp_path}\n")
    command = [sys.executable, "-m", "pydock", *way, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:

        def is_building() -> bool:
            return any(str(tmp_path) in str(entry) and entry["InUse"] for entry in engine.df()["BuildCache"])

        _until(is_building, process)
        process.send_signal(stop)
        _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert "interrupted" in err
    assert "Traceback" not in err
    assert not _left(engine, OWNER_LABEL, f"/{process.pid}")
    end = time.monotonic() + 60
    while is_building() and time.monotonic() < end:
        time.sleep(0.2)
    assert not is_building()
