"""The parts of a bench that need no engine: traces, contexts, scenarios, layers, figures."""

from __future__ import annotations

import base64
import io
import json
import os
import tarfile
from collections import deque
from pathlib import Path

import pytest

from pydock.bench.engine import Recipe
from pydock.bench.engine.buildx import _messages, arguments
from pydock.bench.engine.context import MOMENT, STAND_IN, packed, without_syntax
from pydock.bench.engine.trace import LONGEST_LINE, MOST_LINES, Trace
from pydock.bench.measure import (
    Measured,
    Scenario,
    Seconds,
    Weight,
    differences,
    exceeded,
    figures,
    history_row,
    limits,
    read_history,
)
from pydock.bench.measure.layers import combined, read_image
from pydock.bench.measure.scenarios import Change, changed, source_file, with_own_caches
from pydock.bench.measure.sizes import HIDDEN, causes, largest_folders, weighed
from pydock.context import Tree
from pydock.errors import OptionError
from pydock.project import Project


def _varint(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _time(seconds: int, nanoseconds: int = 0) -> bytes:
    return _field(1, seconds) + _field(2, nanoseconds)


def _message(*parts: tuple[int, bytes]) -> str:
    return base64.b64encode(b"".join(_field(number, value) for number, value in parts)).decode()


def _vertex(digest: str, name: str, **fields: int | bytes) -> tuple[int, bytes]:
    numbers = {"cached": 4, "started": 5, "completed": 6, "error": 7}
    body = _field(1, digest.encode()) + _field(3, name.encode())
    return 1, body + b"".join(_field(numbers[key], value) for key, value in fields.items())


def _log(digest: str, text: bytes) -> tuple[int, bytes]:
    return 3, _field(1, digest.encode()) + _field(3, 1) + _field(4, text)


class TestTrace:
    def test_steps_have_a_time_and_say_whether_they_were_cached(self) -> None:
        trace = Trace()
        changed = trace.take_trace(_message(_vertex("a", "[2/3] RUN make", started=_time(100, 500_000_000))))
        assert [(step.name, step.seconds) for step in changed] == [("[2/3] RUN make", None)]
        trace.take_trace(_message(_vertex("a", "[2/3] RUN make", completed=_time(102))))
        trace.take_trace(_message(_vertex("b", "[1/3] FROM python", cached=1, started=_time(1), completed=_time(1))))
        assert [(step.name, step.seconds, step.is_cached) for step in trace.steps] == [
            ("[2/3] RUN make", 1.5, False),
            ("[1/3] FROM python", 0.0, True),
        ]

    def test_the_failed_step_is_the_one_that_was_not_merely_cancelled(self) -> None:
        trace = Trace()
        trace.take_trace(_message(_vertex("a", "[1/2] RUN slow", error=b"context canceled")))
        trace.take_trace(_message(_log("b", b"first\nlast"), _vertex("b", "[1/2] RUN broken", error=b"exit code: 3")))
        assert trace.failed is not None
        assert (trace.failed.name, trace.output) == ("[1/2] RUN broken", ("first", "last"))

    def test_output_without_end_is_kept_short(self) -> None:
        trace = Trace()
        for number in range(2_000):
            trace.take_trace(_message(_log("a", b"x" * 5_000 + b"%d\n" % number), _log("a", b"y" * 5_000)))
        trace.take_trace(_message(_vertex("a", "RUN yes")))
        (step,) = trace.steps
        assert len(step.log) <= MOST_LINES + 1
        assert max(map(len, step.log)) <= LONGEST_LINE

    def test_a_line_that_arrives_in_pieces_is_one_line(self) -> None:
        trace = Trace()
        trace.take_trace(_message(_vertex("a", "RUN"), _log("a", b"one li"), _log("a", b"ne\r\ntwo")))
        assert trace.steps[0].log == ("one line", "two")

    @pytest.mark.parametrize("indent", [None, 2])
    def test_buildx_says_the_same_in_json(self, indent: int | None) -> None:
        vertex = {
            "digest": "a",
            "name": "RUN make",
            "started": "2026-01-01T00:00:00.123456789Z",
            "completed": "2026-01-01T00:00:02.123456789Z",
            "error": "exit code: 1",
        }
        log = {"vertex": "a", "stream": 1, "data": base64.b64encode(b"said\n").decode()}
        lines = json.dumps({"vertexes": [vertex], "logs": [log]}, indent=indent).encode().splitlines(keepends=True)
        trace, said = Trace(), deque[str]()
        for message in _messages([*lines, b"ERROR: failed to solve\n"], said):
            trace.take_json(message)
        assert trace.failed is not None
        assert (trace.failed.seconds, trace.output, list(said)) == (2.0, ("said",), ["ERROR: failed to solve"])


def _members(tree: Tree, path: str = "Dockerfile") -> tuple[dict[str, tarfile.TarInfo], str]:
    archive, name = packed(tree, path, tree.text(path) or "")
    with archive, tarfile.open(fileobj=archive) as tar:
        return {entry.name: entry for entry in tar}, name


class TestContext:
    def test_what_is_sent_is_what_docker_would_send(self, tmp_path: Path) -> None:
        for name in (".git/HEAD", "app.py", "venv/pyvenv.cfg", "logs/a.log", "logs/keep.log", "node_modules/x.js"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(name)
        (tmp_path / "empty").mkdir()
        (tmp_path / "link").symlink_to("/etc/hostname")
        (tmp_path / ".dockerignore").write_text("logs\n!logs/keep.log\n")
        (tmp_path / "Dockerfile").write_text("FROM python\n")
        os.chmod(tmp_path / "app.py", 0o750)
        found, name = _members(Tree(tmp_path))
        assert name == "Dockerfile"
        assert {".git/HEAD", "venv/pyvenv.cfg", "node_modules/x.js", "empty", "logs/keep.log", ".dockerignore"} <= set(
            found
        )
        assert "logs/a.log" not in found
        assert (found["link"].issym(), found["link"].linkname) == (True, "/etc/hostname")
        assert (found["app.py"].mode, found["app.py"].mtime, found["app.py"].uid) == (0o750, MOMENT, 0)

    def test_changes_of_the_tree_are_sent_with_the_mode_of_the_file_and_the_folder_stays(self, tmp_path: Path) -> None:
        (tmp_path / "start.sh").write_text("old")
        os.chmod(tmp_path / "start.sh", 0o755)
        found, _ = _members(Tree(tmp_path, {"start.sh": "longer", "new/file.txt": "x", "Dockerfile": "FROM a"}))
        assert (found["start.sh"].size, found["start.sh"].mode, found["new/file.txt"].size) == (6, 0o755, 1)
        assert (tmp_path / "start.sh").read_text() == "old"
        assert sorted(os.listdir(tmp_path)) == ["start.sh"]

    def test_a_hidden_dockerfile_is_sent_under_another_name(self) -> None:
        found, name = _members(Tree.of({"Dockerfile": "FROM a", ".dockerignore": "Dockerfile\n", "app.py": ""}))
        assert name == STAND_IN
        assert STAND_IN in found
        assert "Dockerfile" not in found

    def test_the_ignore_file_of_the_dockerfile_wins(self) -> None:
        files = {
            "web.Dockerfile": "FROM a",
            "web.Dockerfile.dockerignore": "a.py",
            ".dockerignore": "b.py",
            "a.py": "",
            "b.py": "",
        }
        found, _ = _members(Tree.of(files), "web.Dockerfile")
        assert "b.py" in found
        assert "a.py" not in found

    def test_two_names_of_one_file_are_two_files(self, tmp_path: Path) -> None:
        (tmp_path / "Dockerfile").write_text("FROM a")
        (tmp_path / "one").write_text("text")
        os.link(tmp_path / "one", tmp_path / "two")
        found, _ = _members(Tree(tmp_path))
        assert found["one"].isreg()
        assert found["two"].isreg()
        assert found["two"].size == 4

    def test_a_syntax_line_becomes_a_comment(self) -> None:
        assert without_syntax("# escape=`\n# syntax=docker/dockerfile:1\nFROM a\n") == (
            "# escape=`\n# was: docker/dockerfile:1\nFROM a\n"
        )
        assert without_syntax("FROM a\n# syntax=x\n") == "FROM a\n# syntax=x\n"


def _recipe(text: str, **files: str) -> Recipe:
    return Recipe(Tree.of({"Dockerfile": text, **files}))


class TestRecipe:
    def test_the_images_of_others_that_are_needed(self) -> None:
        text = (
            "ARG V=3.11\nFROM python:${V} AS build\nFROM unused AS tests\nFROM scratch AS empty\n"
            "FROM python:${V}-slim\nCOPY --from=build /a /a\nCOPY --from=ghcr.io/x/uv:1 /uv /uv\n"
            "RUN --mount=type=bind,from=tools,target=/t true\nCOPY --from=0 /b /b\n"
        )
        assert set(_recipe(text).images) == {"python:3.11", "python:3.11-slim", "ghcr.io/x/uv:1", "tools"}

    def test_only_secrets_ssh_and_builders_need_a_session(self) -> None:
        assert not _recipe("FROM a\nRUN --mount=type=cache,target=/c true\n").needs_session
        assert _recipe("FROM a\nRUN --mount=type=secret,id=x true\n").needs_session
        assert Recipe(Tree.of({"Dockerfile": "FROM a\n"}), builder="remote").needs_session

    def test_what_buildx_is_asked(self) -> None:
        recipe = Recipe(Tree(), is_cold=True, secrets=("id=a,src=b",), builder="far", arguments={"V": "1 2"})
        words = arguments(recipe, "Dockerfile", {"x": "y"}, "/tmp/id")
        assert {"--no-cache", "--secret=id=a,src=b", "--builder=far", "--build-arg=V=1 2", "--label=x=y"} <= set(words)
        assert words[-1] == "-"


class TestScenarios:
    def test_cache_mounts_get_names_of_their_own_and_go_on_sharing(self) -> None:
        recipe = _recipe(
            "FROM a\nRUN --mount=type=cache,target=/root/.cache/pip \\\n    pip install x\n"
            "RUN --mount=type=cache,id=pip,target=/a --mount=type=bind,target=/b true\n"
            "RUN --mount=type=cache,target=/root/.cache/pip pip install y\n"
        )
        text = with_own_caches(recipe, "run1").dockerfile.text
        names = [part.split(",")[0].split()[0] for part in text.split("id=")[1:]]
        assert len(names) == 3
        assert names[0] == names[2] != names[1]
        assert all(name.startswith("run1-") for name in names)
        assert "--mount=type=bind,target=/b true" in text
        assert with_own_caches(_recipe("FROM a\n"), "x").text is None

    def _projects(self, text: str, **files: str) -> Project:
        return Project(Tree.of({"Dockerfile": text, **files}))

    def test_the_source_file_is_one_that_all_versions_copy(self) -> None:
        files = {"app.py": "import flask\n", "tests/test_a.py": "", "tools/a.py": ""}
        whole = Project(Tree.of({"Dockerfile": "FROM python\nCOPY . /app\n", **files}))
        part = Project(Tree.of({"Dockerfile": "FROM python\nCOPY tools tools\n", **files}))
        assert source_file([whole]) == "app.py"
        assert source_file([whole, part]) == "tools/a.py"
        assert source_file([Project(Tree.of({"Dockerfile": "FROM python\n", **files}))]) is None

    def _dependency(self, text: str, **files: str) -> tuple[Change, Tree]:
        project = Project(
            Tree.of({"Dockerfile": text, **{name.replace("__", "."): body for name, body in files.items()}})
        )
        return changed(Scenario.DEPENDENCY, project, None, "mark"), project.tree

    def test_a_requirement_more_in_what_is_installed(self) -> None:
        text = "FROM python\nCOPY . .\nRUN pip install -r requirements.txt\n"
        change, _ = self._dependency(text, requirements__txt="flask\r\nfoo\r\n")
        assert change.tree is not None
        assert change.tree.text("requirements.txt") == "flask\r\nfoo\r\n# mark\r\niniconfig==1.1.1\r\n"
        hashed, _ = self._dependency(text, requirements__txt="flask==1 --hash=sha256:aa")
        assert hashed.tree is not None
        assert (hashed.tree.text("requirements.txt") or "").count("--hash") == 3

    def test_a_requirement_more_without_a_requirements_file(self) -> None:
        inline, _ = self._dependency("FROM python\nRUN pip install flask gunicorn && true\n")
        assert inline.tree is not None
        assert "install flask gunicorn 'iniconfig==1.1.1,!=0." in (inline.tree.text("Dockerfile") or "")
        package, _ = self._dependency(
            "FROM python\nCOPY . .\nRUN pip install .\n", pyproject__toml='[project]\ndependencies = ["flask"]\n'
        )
        assert package.tree is not None
        assert '"iniconfig==1.1.1",' in (package.tree.text("pyproject.toml") or "")

    def test_where_it_does_not_apply_it_says_why(self) -> None:
        locked, _ = self._dependency("FROM python\nCOPY . .\nRUN uv sync\n", uv__lock="")
        assert (locked.tree, locked.why) == (None, "only its own tool can add to uv.lock")
        none, _ = self._dependency("FROM python\n")
        assert none.why.startswith("nothing is installed")
        assert changed(Scenario.CODE, Project(Tree.of({"Dockerfile": "FROM a\n"})), None, "").why


def _layer(**files: str) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return data.getvalue()


def _saved(*layers: bytes) -> bytes:
    data = io.BytesIO()
    names = [f"blobs/sha256/{at}" for at in range(len(layers))]
    manifest = json.dumps([{"Config": "c", "Layers": names}]).encode()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, content in (*zip(names, layers, strict=True), ("manifest.json", manifest)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return data.getvalue()


RECORD = "flask/app.py,sha256=x,7\nflask/__pycache__/app.pyc,,\n../../../bin/flask,,\n"
SITE = "usr/local/lib/python3.11/site-packages"


class TestSizes:
    def _image(self) -> bytes:
        first = _layer(
            **{
                "usr/bin/gcc-12": "c" * 1000,
                "usr/bin/perl": "p" * 200,
                "var/lib/dpkg/info/gcc-12.list": "/.\n/usr/bin\n/usr/bin/gcc-12\n",
                "var/lib/dpkg/info/perl.list": "/usr/bin/perl\n",
                "var/lib/apt/lists/deb": "l" * 500,
                "root/.cache/pip/wheel": "w" * 300,
            }
        )
        second = _layer(
            **{
                f"{SITE}/flask/app.py": "flask()",
                f"{SITE}/flask/__pycache__/app.pyc": "b" * 50,
                f"{SITE}/flask-3.0.dist-info/RECORD": RECORD,
                "usr/local/bin/flask": "#!",
                "usr/bin/perl": "P" * 210,
                "root/.cache/.wh.pip": "",
            }
        )
        return _saved(first, second)

    def test_an_image_is_read_from_what_docker_saves(self) -> None:
        data = self._image()
        contents = read_image(data[at : at + 700] for at in range(0, len(data), 700))
        assert len(contents.layers) == 2
        assert "root/.cache/pip/wheel" not in contents.files
        assert contents.hidden == 300 + 200
        assert contents.owners["usr/bin/gcc-12"] == "debian gcc-12"
        assert contents.owners["usr/local/bin/flask"] == "python flask"
        assert 0 < contents.compressed < len(data)

    def test_every_byte_has_one_cause(self) -> None:
        contents = read_image([self._image()])
        found = causes(contents)
        assert found["compilers and headers"] == 1000
        assert found["apt lists"] == 500
        assert found[HIDDEN] == 500
        assert found["bytecode"] == 50
        assert sum(found.values()) == sum(contents.files.values()) + contents.hidden

    def test_an_opaque_folder_hides_what_was_in_it(self) -> None:
        low = read_image([_saved(_layer(**{"a/b": "xx", "c": "y"}))]).layers
        high = read_image([_saved(_layer(**{"a/.wh..wh..opq": "", "a/d": "zzz"}))]).layers
        contents = combined([*low, *high])
        assert (contents.files, contents.hidden) == ({"c": 1, "a/d": 3}, 2)

    def test_differences_are_signed_and_the_largest_come_first(self) -> None:
        before, after = (Weight(0, 0, 0, (), (), (), each) for each in ({"a": 10, "b": 5}, {"b": 45, "c": 1}))
        assert differences(before, after) == (("b", 40), ("a", -10), ("c", 1))

    def test_the_largest_folders_are_not_inside_one_another(self) -> None:
        files = {f"opt/venv/lib/{name}/x": size for name, size in (("a", 50), ("b", 30), ("c", 20))} | {"etc/passwd": 1}
        found = largest_folders(files)
        assert found[:3] == (("/opt/venv/lib/a", 50), ("/opt/venv/lib/b", 30), ("/opt/venv/lib/c", 20))
        assert sum(size for _, size in found) == 101

    def test_instructions_are_told_as_they_were_written(self) -> None:
        history = [
            {"CreatedBy": "RUN |1 V=1 /bin/sh -c pip install  flask # buildkit", "Size": 5},
            {"CreatedBy": '/bin/sh -c #(nop)  CMD ["bash"]', "Size": 0},
        ]
        weight = weighed(read_image([self._image()]), 9, history)
        assert weight.instructions == (('CMD ["bash"]', 0), ("RUN pip install flask", 5))


MEASURED = Measured(
    "after",
    {Scenario.COLD: Seconds((3.0, 1.0, 2.0)), Scenario.CODE: Seconds((0.5,))},
    weight=Weight(210_000_000, 70_000_000, 9, (), (), (), {}),
)


class TestFigures:
    def test_medians_and_ranges(self) -> None:
        assert (Seconds((3.0, 1.0, 2.0)).median, Seconds((3.0, 1.0, 2.0)).range) == (2.0, (1.0, 3.0))
        assert Seconds((1.0, 2.0)).median == 1.5
        known = figures(MEASURED)
        assert (known["cold"], known["rebuild"], known["size"], known["start"]) == (2.0, 0.5, 210_000_000, None)

    def test_limits_are_kept_exceeded_or_not_measured(self) -> None:
        wanted = limits("size=200MB, rebuild=5s,layers=9,start=800ms")
        assert [limit.most for limit in wanted] == [200_000_000, 5.0, 9, 0.8]
        assert [(limit.name, value) for limit, value in exceeded(MEASURED, wanted)] == [
            ("size", 210_000_000),
            ("start", None),
        ]

    @pytest.mark.parametrize("text", ["size", "weight=1", "size=big", "rebuild=5MB", "layers=3s", "=1"])
    def test_a_limit_that_means_nothing_is_an_error(self, text: str) -> None:
        with pytest.raises(OptionError):
            limits(text)

    def test_a_history_is_read_again_and_foreign_lines_are_passed_over(self) -> None:
        row = history_row([MEASURED], "Dockerfile", "Engine 1", "2026-01-01T00:00:00+00:00")
        rows = read_history(f"broken\n{row}[]\n{row.replace('Dockerfile', 'other')}{row}", "Dockerfile")
        assert [each["versions"]["after"]["cold"] for each in rows] == [2.0, 2.0]
