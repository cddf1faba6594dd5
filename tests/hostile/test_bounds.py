"""Whatever a project is made of, reading it ends soon, in little memory, and with an answer."""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pydock.bench.facts.masks import masked
from pydock.budget import Budget, within
from pydock.build.contract import contract
from pydock.context import Ignore, Tree
from pydock.effects.files.edited import edited
from pydock.images.tags import python_image
from pydock.packages.requirements import MOST_FILES, read
from pydock.project import Project
from pydock.source import syntax
from pydock.text import Edit, Fix, Safety, Span, Taken, expand
from pydock.text.words import LONGEST
from pydock.yaml_text import document
from tests.command_line import Runner
from tests.hostile.projects import SHAPES, diamonds, doubled_variables, included

# What reads a project, each with a size of its own.
WAYS = {("check",): 2_000, ("fix", "--diff", "--unsafe-fixes"): 500, ("facts",): 50}
PLAIN = "FROM python:3.12.7-slim-bookworm\nCOPY . .\nRUN pip install flask==3.1.0\nCMD python z/app.py\n"
ENDED = {"takes more than", "MB of memory", "pydock failed", "failed on"}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_project_is_answered_within_its_budget(
    run: Runner, folder: Path, shape: str, way: tuple[str, ...]
) -> None:
    write(folder, SHAPES[shape](WAYS[way]))
    result = run(*way, "--budget-seconds", "20", "--budget-memory", "500MB", ".")
    assert result.code in {0, 1, 2}
    assert not [said for said in ENDED if said in result.err], result.err


def test_variables_that_double_are_not_known_and_take_no_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = contract(Project(Tree.of(doubled_variables(40))))
    assert found.environment["A2"] == "a" * 40
    assert found.environment["A40"] is None
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(("length", "is_known"), [(LONGEST, True), (LONGEST + 1, False)], ids=["in", "beyond"])
def test_a_value_is_known_up_to_a_length(length: int, is_known: bool) -> None:
    assert (expand("$A", {"A": "x" * length}) is not None) is is_known


def test_a_file_that_is_included_twice_is_read_once() -> None:
    files = diamonds(60)
    asked: list[str] = []

    def text(path: str) -> str | None:
        asked.append(path)
        return files.get(path)

    found = read("requirements.txt", text)
    assert found.names == {"flask"}
    assert len(asked) == len(set(asked)) == 62


def test_thousands_of_includes_are_followed() -> None:
    files = included(4_900)
    assert read("requirements.txt", files.get).names == {"flask"}


def test_includes_without_an_end_are_followed_up_to_a_number_of_files() -> None:
    found = read("0", lambda name: f"flask\n-r {int(name) + 1}\n")
    (trouble,) = found.troubles
    assert f"one file more than the {MOST_FILES} that are read" in trouble.message
    assert len(found.files) == MOST_FILES
    assert found.names == {"flask"}


def test_a_circle_of_five_thousand_includes_is_told() -> None:
    files = {f"r{at}.txt": f"-r r{(at + 1) % 5_000}.txt\n" for at in range(5_000)}
    assert len(read("r0.txt", files.get).loop) == 5_001


DOCUMENTS = {
    "nested brackets": "a: " + "[" * 30_000,
    "nested lists": "- " * 30_000 + "a",
    "nested mappings": "a: " + "{a: " * 20_000,
    "an alias that holds itself": "a: &a [*a]",
    "a merge of itself": "a: &a {<<: *a}",
    "aliases of aliases": "a: &a [x, x]\n" + "".join(f"a{at}: &a [*a, *a]\n" for at in range(40)),
    "a truth that is none": "a: !!bool maybe",
    "a moment that is none": "a: !!timestamp never",
    "a number that is none": "a: !!int ''",
    "a key that is a list": "? [a]\n: b",
}


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_beyond_measure_says_nothing(text: str) -> None:
    assert document(text) == {}


def test_an_alias_within_measure_stands_for_what_it_names() -> None:
    assert document("a: &a [b]\nc: *a\n") == {"a": ["b"], "c": ["b"]}


@pytest.mark.parametrize(("depth", "is_read"), [(300, True), (900, False)], ids=["a long chain", "an endless one"])
@pytest.mark.parametrize("link", ["1+", "a.", "not "])
def test_source_is_read_as_deep_as_anybody_writes(link: str, depth: int, is_read: bool) -> None:
    assert (syntax(link * depth + "a") is not None) is is_read


@pytest.mark.parametrize("pattern", ["*a" * 30 + "*b", "**/" * 20 + "[b]", "*?" * 30 + "b", "[a]*" * 30 + "b"])
def test_many_wildcards_match_in_one_pass(pattern: str) -> None:
    assert not Ignore(pattern).hides("a" * 250)
    assert Ignore(pattern).hides(f"{'a' * 250}/b" if pattern.startswith("**") else "a" * 250 + "b")


# Each takes time by the square of its length, or the cube, where a pattern tries one text in many ways.
LONG: Mapping[str, Callable[[int], object]] = {
    "a log of one long word": lambda size: masked("-1" * size),
    "a log of slashes": lambda size: masked("/" * size),
    "a log of numbers": lambda size: masked("1." * size),
    "a log of brackets": lambda size: masked("{[" * size),
    "a script of sed that is all marks": lambda size: edited("a\n", ["s" + "!" * size]),
    "a script of sed without an end": lambda size: edited("a\n", ["s/" + "a" * size]),
    "a setting of apt before blanks": lambda size: _walked(
        f"RUN echo 'APT::Install-Recommends{' ' * size}' > /etc/apt/apt.conf.d/a && apt-get install -y curl"
    ),
    "a program of digits": lambda size: _walked(f"RUN {'1' * size}a --b"),
    "a program of dots": lambda size: _walked(f"RUN x{'1.' * size}a --b"),
    "letters of Python": lambda size: _walked(f"RUN python '-{'?' * size}\\\n'"),
    "a tag of digits": lambda size: python_image(f"python:{'1' * size}\n"),
}  # fmt: skip


def _walked(line: str) -> None:
    contract(Project(Tree.of({"Dockerfile": f"FROM debian:12\n{line}\n"})))


@pytest.mark.parametrize("what", LONG)
def test_a_long_text_takes_time_by_its_length(what: str) -> None:
    with within(Budget(seconds=15)):
        LONG[what](50_000)


def test_what_is_taken_clashes_with_what_touches_it_and_nothing_else() -> None:
    def fix(*spans: tuple[int, int]) -> Fix:
        return Fix("", Safety.SAFE, tuple(Edit("a", Span(*span), "") for span in spans))

    fixes = [fix((at % 17, at % 17 + at % 5), (at % 29 + 20, at % 29 + 20 + at % 3)) for at in range(60)]
    for first in fixes:
        taken = Taken()
        taken.add(first)
        taken.add(fix((90, 95)))
        for other in fixes:
            assert taken.clashes(other) is (other.clashes(first) or other.clashes(fix((90, 95))))


def _remove_deep(depth: int) -> None:
    """Remove folders d in d: what removes folders elsewhere calls itself for each."""
    for _ in range(depth):
        os.chdir("d")
    for _ in range(depth):
        os.chdir("..")
        os.rmdir("d")


def test_folders_three_thousand_deep_do_not_stop_the_service_beside_them(run: Runner, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM python:3.12.7-slim-bookworm\nRUN pip install flask\n")
    for _ in range(3_000):
        os.mkdir("d")
        os.chdir("d")
    os.chdir(folder)
    result = run("check", "--output-format", "json", ".")
    _remove_deep(3_000)
    assert result.code == 1
    assert json.loads(result.out)["projects"][0]["findings"]


# A service that the split, a user and an ignore file would change.
WHOLE = "FROM python:3.12.7\nWORKDIR /app\nCOPY . .\nRUN pip install flask==3.1.0\nCMD python z/app.py\n"


def _closed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def scandir(place: str) -> object:
        if str(place).rstrip("/").endswith("/a"):
            raise PermissionError(13, "Permission denied", place)
        return real(place)

    monkeypatch.setattr(os, "scandir", scandir)


UNSEEN: Mapping[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "too many files": (lambda patch: patch.setattr("pydock.context.disk.MOST_FILES", 50), "was not looked at"),
    "too many entries": (lambda patch: patch.setattr("pydock.context.disk.MOST_ENTRIES", 50), "was not looked at"),
    "too many folders in folders": (lambda patch: patch.setattr("pydock.context.disk.DEEPEST", -1), "folders deep"),
    "a folder that cannot be read": (_closed, "the folder a cannot be read"),
}


@pytest.mark.parametrize("what", UNSEEN)
def test_what_was_not_seen_of_a_context_keeps_fixes_back(
    what: str, run: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, {"Dockerfile": WHOLE, "z/app.py": "import flask\n"} | {f"a/{at}.csv": "" for at in range(60)})
    codes = {each["code"] for each in _findings(run, folder) if each["fix"]}
    assert {"PYD104", "PYD305", "PYD401"} <= codes, "the split, the ignore file and the user"
    prepare, why = UNSEEN[what]
    prepare(monkeypatch)
    assert not [each for each in _findings(run, folder) if each["fix"]]
    result = run("fix", "--unsafe-fixes", "Dockerfile")
    assert result.code == 1
    assert why in result.err
    assert {path.name for path in folder.iterdir()} == {"Dockerfile", "a", "z"}
    assert (folder / "Dockerfile").read_text() == WHOLE


def _findings(run: Runner, folder: Path) -> list[dict[str, object]]:
    found = json.loads(run("check", "--output-format", "json", "Dockerfile").out)["projects"][0]["findings"]
    assert isinstance(found, list)
    return found


def test_a_folder_that_no_builder_gets_may_be_closed(
    run: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, {"Dockerfile": WHOLE, "z/app.py": "import flask\n", "a/x": "", ".dockerignore": "a\n"})
    _closed(monkeypatch)
    run("fix", "Dockerfile")
    assert (folder / "Dockerfile").read_text() != WHOLE


def test_a_hundred_thousand_files_are_seen_whole(folder: Path) -> None:
    write(folder, {"Dockerfile": WHOLE, "z/app.py": "import flask\n"})
    for name in range(100):
        (folder / f"data{name}").mkdir()
        place = os.open(folder / f"data{name}", os.O_RDONLY)
        os.close(os.open("0.csv", os.O_CREAT | os.O_WRONLY, dir_fd=place))
        for number in range(1, 1_000):  # other names of one file are made sooner than files
            os.link("0.csv", f"{number}.csv", src_dir_fd=place, dst_dir_fd=place)
        os.close(place)
    tree = Tree(folder)
    assert len(tree.files) == 100_002
    assert tree.unseen is None
    assert "z/app.py" in tree.files, "the source behind them, too"


def test_a_limit_of_calls_is_what_it_was_before(run: Runner, folder: Path) -> None:
    before = sys.getrecursionlimit()
    (folder / "Dockerfile").write_text("FROM python:3.12.7\n")
    run("check", ".")
    assert sys.getrecursionlimit() == before
