"""A path leads to the Dockerfiles a person means, each in the folder it is built in."""

from __future__ import annotations

import io
import os
import tracemalloc
from pathlib import Path

import pytest

from pydock.checkout import texts_above
from pydock.context import LARGEST_TEXT
from pydock.context.compose import is_compose_file
from pydock.targets import Search, Target, Unusable, is_dockerfile, targets

NAMES = {
    "Dockerfile": True,
    "dockerfile": True,
    "Containerfile": True,
    "Dockerfile.prod": True,
    "Dockerfile-web": True,
    "api.Dockerfile": True,
    "prod.dockerfile": True,
    "Dockerfile.j2": False,
    "Dockerfile.prod.tmpl": False,
    "Dockerfile.dockerignore": False,
    "Dockerfile~": False,
    "Dockerfile.md": False,
    "dockerfiles": False,
    "MyDockerfile": False,
    "docker-compose.yml": False,
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items(), ids=NAMES)
def test_a_dockerfile_is_known_by_its_name(name: str, expected: bool) -> None:
    assert is_dockerfile(name) is expected


def _make(folder: Path, **files: str) -> None:
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def _found(*paths: str) -> list[tuple[str, str]]:
    """(shown path, path inside the context) of every target."""
    return [(each.shown, each.path) for each in targets(paths) if isinstance(each, Target)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_is_searched_but_not_what_is_no_part_of_a_service(folder: Path) -> None:
    skipped = {f"{name}/Dockerfile": "FROM a\n" for name in (".git", "node_modules", "env")}
    _make(
        folder,
        **{"Dockerfile": "FROM a\n", "web/api.Dockerfile": "FROM a\n", "t/Dockerfile.j2": "FROM {{x}}\n"},
        **skipped,
    )
    _make(folder, **{"env/pyvenv.cfg": ""})
    assert _found(".") == [("Dockerfile", "Dockerfile"), ("web/api.Dockerfile", "api.Dockerfile")]


def test_what_git_ignores_or_others_wrote_is_taken_only_by_its_name(folder: Path) -> None:
    (folder / ".git").mkdir()
    names = ("Dockerfile", "out/Dockerfile", "vendor/lib/Dockerfile", "third_party/Dockerfile")
    _make(folder, **{".gitignore": "out/\n"}, **dict.fromkeys(names, "FROM a\n"))
    assert _found(".") == [("Dockerfile", "Dockerfile")]
    assert [shown for shown, _ in _found(*names)] == list(names)


def test_a_named_file_is_taken_whatever_its_name(folder: Path) -> None:
    _make(folder, **{"image.txt": "FROM a\n"})
    assert _found("image.txt") == [("image.txt", "image.txt")]


def test_a_file_that_two_paths_lead_to_is_answered_once(folder: Path) -> None:
    _make(folder, **{"web/Dockerfile": "FROM a\n"})
    assert _found(".", "web", "web/Dockerfile") == [("web/Dockerfile", "Dockerfile")]


CONTEXTS = {
    "its own folder, where what it copies is there": (
        {"docker/web/Dockerfile": "FROM a\nCOPY app.py /\n", "docker/web/app.py": "", "app.py": ""},
        "Dockerfile",
    ),
    "the folder above, where only that has it": (
        {"docker/web/Dockerfile": "FROM a\nCOPY src /src\n", "src/app.py": ""},
        "docker/web/Dockerfile",
    ),
    "one folder up": ({"docker/web/Dockerfile": "FROM a\nCOPY x.py y\n", "docker/x.py": ""}, "web/Dockerfile"),
    "its own folder, where nothing is copied": ({"docker/web/Dockerfile": "FROM a\n", "app.py": ""}, "Dockerfile"),
    "its own folder, where everything is copied": ({"docker/web/Dockerfile": "FROM a\nCOPY . .\n"}, "Dockerfile"),
    "by a pattern": ({"docker/web/Dockerfile": "FROM a\nCOPY re*.txt /\n", "req.txt": ""}, "docker/web/Dockerfile"),
    "not by what another stage has": (
        {"docker/web/Dockerfile": "FROM a\nCOPY --from=x app.py /\n", "app.py": ""},
        "Dockerfile",
    ),
    "not by a variable": ({"docker/web/Dockerfile": "FROM a\nARG F\nCOPY $F /\n", "app.py": ""}, "Dockerfile"),
    "by the compose file that names it": (
        {
            "docker/web/Dockerfile": "FROM a\nCOPY . .\n",
            "compose.yaml": "services:\n  web:\n    build:\n      dockerfile: docker/web/Dockerfile\n",
        },
        "docker/web/Dockerfile",
    ),
    "not by a compose file that names another": (
        {
            "docker/web/Dockerfile": "FROM a\nCOPY . .\n",
            "compose.yaml": "services:\n  job:\n    build:\n      dockerfile: docker/job/Dockerfile\n",
        },
        "Dockerfile",
    ),
    "with most of it, where one file is made later": (
        {"docker/web/Dockerfile": "FROM a\nCOPY app.py built.js /\n", "app.py": ""},
        "docker/web/Dockerfile",
    ),
}


@pytest.mark.parametrize(("files", "expected"), CONTEXTS.values(), ids=CONTEXTS)
def test_the_build_context(folder: Path, files: dict[str, str], expected: str) -> None:
    _make(folder, **files)
    assert _found(".") == [("docker/web/Dockerfile", expected)]
    (folder / ".git").mkdir()
    assert _found("docker/web/Dockerfile") == [("docker/web/Dockerfile", expected)]


def test_the_context_of_a_single_file_is_not_above_its_work_tree(folder: Path) -> None:
    _make(folder, **{"app.py": "", "repo/docker/Dockerfile": "FROM a\nCOPY app.py /\n"})
    (folder / "repo/.git").mkdir()
    assert _found("repo/docker/Dockerfile") == [("repo/docker/Dockerfile", "Dockerfile")]


COMPOSED = {
    "by its folder": ("services:\n  web:\n    build: docker/web\n", "Dockerfile"),
    "by its file": (
        "services:\n  web:\n    build:\n      context: .\n      dockerfile: docker/web/Dockerfile\n",
        "docker/web/Dockerfile",
    ),
    "in the folder between": (
        "services:\n  web:\n    build:\n      context: docker\n      dockerfile: web/Dockerfile\n",
        "web/Dockerfile",
    ),
    "of another file": ("services:\n  web:\n    build: docker/job\n", "Dockerfile"),
}


@pytest.mark.parametrize(("compose", "expected"), COMPOSED.values(), ids=COMPOSED)
def test_a_checkout_without_git_reaches_as_far_as_the_compose_file_that_builds_the_dockerfile(
    folder: Path, compose: str, expected: str
) -> None:
    _make(folder, **{"docker/web/Dockerfile": "FROM a\nCOPY . .\n", "app.py": "", "compose.yaml": compose})
    (folder / "docker/web/app.py").write_text("")
    (folder / "docker/app.py").write_text("")
    assert _found("docker/web/Dockerfile") == [("docker/web/Dockerfile", expected)]
    (target,) = targets(["docker/web/Dockerfile"])
    assert isinstance(target, Target)
    is_above = "docker/job" not in compose and expected != "docker/web/Dockerfile"
    assert [text for _, text in texts_above(target.tree, target.path, is_compose_file)] == [compose] * is_above


def test_a_compose_file_in_a_folder_of_everybody_says_nothing(folder: Path) -> None:
    _make(folder, **{"docker/web/Dockerfile": "FROM a\nCOPY app.py /\n", "app.py": ""})
    (folder / "compose.yaml").write_text(COMPOSED["by its file"][0])
    folder.chmod(0o777)
    assert _found("docker/web/Dockerfile") == [("docker/web/Dockerfile", "Dockerfile")]


def _error(path: str) -> tuple[str, str]:
    (only,) = targets([path])
    assert isinstance(only, Unusable)
    return only.error.message, only.error.hint


def test_a_link_out_of_the_folder_is_refused(folder: Path) -> None:
    _make(folder, **{"elsewhere/Dockerfile": "FROM a\n"})
    (folder / "project").mkdir()
    (folder / "project/Dockerfile").symlink_to("../elsewhere/Dockerfile")
    message, hint = _error("project")
    assert "a symbolic link that leads out of" in message
    assert str(folder / "elsewhere/Dockerfile") in hint


def test_a_link_inside_the_folder_is_followed(folder: Path) -> None:
    _make(folder, **{"project/Dockerfile.real": "FROM a\n"})
    (folder / "project/Dockerfile").symlink_to("Dockerfile.real")
    assert ("project/Dockerfile", "Dockerfile") in _found("project")


def test_a_file_of_fifty_megabytes_is_refused_without_being_read_whole(folder: Path) -> None:
    with (folder / "Dockerfile").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    tracemalloc.start()
    message, hint = _error("Dockerfile")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "too large (50 MB" in message
    assert "at most 5 MB" in hint
    assert peak < LARGEST_TEXT


UNUSABLE = {
    "binary": (b"\x7fELF\x00\x00", "a binary file"),
    "UTF-16": ("FROM a\n".encode("utf-16"), "UTF-16"),
}


@pytest.mark.parametrize(("data", "expected"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_file_that_is_no_text_is_refused(folder: Path, data: bytes, expected: str) -> None:
    (folder / "Dockerfile").write_bytes(data)
    assert expected in _error(".")[0]


def test_a_link_to_nothing_is_refused(folder: Path) -> None:
    (folder / "Dockerfile").symlink_to("nowhere")
    message, hint = _error(".")
    assert "No such file" in message
    assert "the link leads nowhere" in hint


def test_a_pipe_is_refused_rather_than_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "Dockerfile")
    assert "not a regular file" in _error(".")[0]


def test_an_unreadable_file_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _make(folder, Dockerfile="FROM a\n")

    def refuse(*arguments: object, **options: object) -> object:
        raise PermissionError(13, "Permission denied", "Dockerfile")

    monkeypatch.setattr(os, "open", refuse)
    message, hint = _error("Dockerfile")
    assert message == "Dockerfile: Permission denied"
    assert hint


@pytest.mark.parametrize(
    ("path", "expected"),
    [("nope", "there is no such file or folder"), ("empty", "no Dockerfile in this folder")],
    ids=["a missing path", "a folder without a Dockerfile"],
)
def test_a_path_that_leads_nowhere_is_told(folder: Path, path: str, expected: str) -> None:
    (folder / "empty").mkdir()
    message, hint = _error(path)
    assert expected in message
    assert hint


def test_what_a_configuration_or_the_command_line_excludes_is_left_out(folder: Path) -> None:
    names = ("Dockerfile", "legacy/Dockerfile", "web/old/Dockerfile", "web/Dockerfile.dev", "web/Dockerfile")
    _make(folder, **dict.fromkeys(names, "FROM a\n"), **{"pydock.toml": "exclude = ['legacy/', 'web/old']\n"})
    assert [shown for shown, _ in _found(".")] == ["Dockerfile", "web/Dockerfile", "web/Dockerfile.dev"]
    found = [each.shown for each in targets(["."], Search(extend=("*.dev",))) if isinstance(each, Target)]
    assert found == ["Dockerfile", "web/Dockerfile"]
    assert [shown for shown, _ in _found("legacy/Dockerfile")] == ["legacy/Dockerfile"]


def test_where_everything_is_left_out_it_is_said_why(folder: Path) -> None:
    _make(folder, **{"web/Dockerfile": "FROM a\n"})
    (unusable,) = targets(["web"], Search(exclude=("Dockerfile",)))
    assert isinstance(unusable, Unusable)
    assert "--exclude names it" in unusable.error.hint


def test_standard_input_can_be_the_text_of_a_file_whose_folder_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "api").mkdir()
    (folder / "api/requirements.txt").write_text("flask\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"FROM scratch\nCOPY requirements.txt .\n")))
    (found,) = targets(["-"], Search(stdin_filename="api/Dockerfile"))
    assert isinstance(found, Target)
    assert (found.shown, found.path) == ("api/Dockerfile", "Dockerfile")
    assert found.tree.text("Dockerfile") == "FROM scratch\nCOPY requirements.txt .\n"
    assert found.tree.text("requirements.txt") == "flask\n"
