"""Which services a migration finds: by name, by compose files, by a manifest; and what it leaves out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pydock.context import Ignored, Tree
from pydock.errors import PydockError
from pydock.migrate.find import Found, find, read

PLAIN = "FROM python:3.12-slim\nCOPY app.py /\n"


def _made(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def _said(found: Found) -> list[tuple[str, str, str]]:
    return [(service.name, service.context, service.dockerfile) for service in found.services]


COMPOSE = """\
services:
  web:
    build: {context: ., dockerfile: deploy/web.docker, target: shop, args: {PYTHON: "3.12"}}
  worker:
    build: {context: ., dockerfile: deploy/web.docker}
"""

# name -> (files, (name, context, Dockerfile) of each service)
CASES: Mapping[str, tuple[Mapping[str, str], list[tuple[str, str, str]]]] = {
    "a folder for each service": (
        {"a/Dockerfile": PLAIN, "b/Dockerfile": PLAIN, "b/Dockerfile.worker": PLAIN},
        [("a", "a", "a/Dockerfile"), ("b", "b", "b/Dockerfile"), ("b/Dockerfile.worker", "b", "b/Dockerfile.worker")],
    ),
    "a context that several share is the one that has what is copied": (
        {"app.py": "", "docker/api/Dockerfile": PLAIN},
        [("docker/api", ".", "docker/api/Dockerfile")],
    ),
    "a Dockerfile that only compose knows by name": (
        {"compose.yml": COMPOSE, "deploy/web.docker": PLAIN},
        [("deploy/web.docker", ".", "deploy/web.docker")],
    ),
    "the same Dockerfile in two contexts is two services": (
        {
            "Dockerfile": PLAIN,
            "a/app.py": "",
            "b/app.py": "",
            "docker-compose.yml": "services:\n  a: {build: {context: ., dockerfile: Dockerfile}}\n"
            "  b: {build: {context: a, dockerfile: ../Dockerfile}}\n",
        },
        [("{} in .", ".", "Dockerfile"), ("{} in a", "a", "Dockerfile")],
    ),
    "each repository is its own": (
        {"one/.git/HEAD": "", "one/app/Dockerfile": PLAIN, "two/.git/HEAD": "", "two/Dockerfile": PLAIN},
        [("one/app", "app", "app/Dockerfile"), ("two", ".", "Dockerfile")],
    ),
    "vendored trees, environments and what git ignores are left out": (
        {
            ".gitignore": "old/\n*.tmp.Dockerfile\n",
            "old/Dockerfile": PLAIN,
            "x.tmp.Dockerfile": PLAIN,
            "vendor/lib/Dockerfile": PLAIN,
            "env/pyvenv.cfg": "",
            "env/Dockerfile": PLAIN,
            "a/Dockerfile": PLAIN,
        },
        [("a", "a", "a/Dockerfile")],
    ),
    "a deeper .gitignore takes back what one above ignores": (
        {
            ".gitignore": "Dockerfile.*\n",
            "a/.gitignore": "!Dockerfile.prod\n",
            "a/Dockerfile.prod": PLAIN,
            "a/Dockerfile.dev": PLAIN,
        },
        [("a/Dockerfile.prod", "a", "a/Dockerfile.prod")],
    ),
    "the manifest excludes, names and gives contexts": (
        {
            "services.toml": 'exclude = ["dev/"]\n[[service]]\ndockerfile = "odd/file"\nname = "shop"\ncontext = "."\n',
            "odd/file": PLAIN,
            "dev/Dockerfile": PLAIN,
            "a/Dockerfile": PLAIN,
        },
        [("a", "a", "a/Dockerfile"), ("shop", ".", "odd/file")],
    ),
    "a manifest may be all there is": (
        {
            "services.toml": 'search = false\n[[service]]\ndockerfile = "a/Dockerfile"\n',
            "a/Dockerfile": PLAIN,
            "b/Dockerfile": PLAIN,
        },
        [("a", "a", "a/Dockerfile")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_found(name: str, tmp_path: Path) -> None:
    files, expected = CASES[name]
    top = _made(tmp_path / "top", files)
    wanted = [(text.format("top"), *rest) for text, *rest in expected]
    assert _said(find([str(top)])) == [tuple(each) for each in wanted]


def test_who_builds_it_is_told(tmp_path: Path) -> None:
    (service,) = find([str(_made(tmp_path, {"compose.yml": COMPOSE, "deploy/web.docker": PLAIN}))]).services
    assert [(use.origin, use.target, use.args) for use in service.uses] == [
        ("compose.yml: web", "shop", (("PYTHON", "3.12"),)),
        ("compose.yml: worker", "", ()),
    ]


def test_what_is_left_out_is_told_with_its_reason(tmp_path: Path) -> None:
    files = {
        ".gitignore": "b.Dockerfile\n",
        "b.Dockerfile": PLAIN,
        "Dockerfile": PLAIN,
        "vendor/Dockerfile": PLAIN,
        "compose.yml": "services:\n  gone: {build: ./gone}\n  hidden: {build: {context: '${WHERE}'}}\n"
        "  short: {build: {dockerfile_inline: FROM scratch}}\n",
    }
    found = find([str(_made(tmp_path, files))])
    told = {os.path.relpath(each.path, tmp_path): each.why for each in found.left_out}
    assert told == {
        "b.Dockerfile": "git ignores it",
        "vendor": "a vendored tree",
        "gone/Dockerfile": "compose.yml: gone builds it, and it is not there",
        "${WHERE}/Dockerfile": "compose.yml: hidden names it by a variable",
        "compose.yml": "the Dockerfile of short stands in this file, and pydock rewrites files of their own",
    }


def test_a_link_to_a_dockerfile_is_the_file_behind_it(tmp_path: Path) -> None:
    _made(tmp_path, {"docker/Dockerfile": PLAIN, "app.py": "", "compose.yml": "services: {web: {build: .}}\n"})
    (tmp_path / "Dockerfile").symlink_to("docker/Dockerfile")
    found = find([str(tmp_path)])
    assert _said(found) == [("docker", ".", "docker/Dockerfile")]
    assert [use.origin for use in found.services[0].uses] == ["compose.yml: web"]
    assert [(Path(each.path).name, each.why) for each in found.left_out] == [
        ("Dockerfile", "a link to docker/Dockerfile")
    ]


def test_links_that_go_in_circles_end_nothing(tmp_path: Path) -> None:
    _made(tmp_path, {"a/Dockerfile": PLAIN})
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    (tmp_path / "a" / "Dockerfile.loop").symlink_to("Dockerfile.loop")
    (tmp_path / "loop").symlink_to("loop")
    assert [service.dockerfile for service in find([str(tmp_path)]).services] == ["a/Dockerfile", "a/Dockerfile.loop"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exlude = []\n", "did you mean exclude?"),
        ('[[service]]\nname = "x"\n', "without a dockerfile"),
        ('[[service]]\ndockerfile = "x"\ncontexts = "y"\n', "did you mean context?"),
        ("search = 3\n", "true or false"),
        ("exclude = [1]\n", "list of strings"),
        ("search = \n", "TOML"),
    ],
)
def test_a_manifest_that_means_nothing_is_refused_with_a_suggestion(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "services.toml"
    path.write_text(text)
    with pytest.raises(PydockError) as raised:
        read(path)
    assert message in f"{raised.value.message} {raised.value.hint}"


def test_git_ignores_the_same_files(tmp_path: Path) -> None:
    patterns = {
        ".gitignore": "build/\n/top\n*.log\n!keep.log\ndoc/**/x\n\\#odd\nwith space\nsub/only\n# comment\n[ab].c\n",
        "sub/.gitignore": "!top\n*.txt\n!/a.txt\n/here\n",
        "sub/deep/.gitignore": "*\n!.gitignore\n!keep\n",
    }
    names = [
        "top",
        "a.log",
        "keep.log",
        "x",
        "#odd",
        "with space",
        "only",
        "a.c",
        "c.c",
        "a.txt",
        "b.txt",
        "here",
        "keep",
    ]
    folders = ["", "build/", "sub/", "sub/build/", "sub/deep/", "doc/", "doc/q/", "doc/q/r/"]
    files = {f"{folder}{name}": "" for folder in folders for name in names}
    _made(tmp_path, {**files, **patterns})
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    arguments = ["git", "-C", str(tmp_path), "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.split("\0")

    def walked(folder: Path, outer: Ignored) -> list[str]:
        ignored, found = outer.inside(folder), []
        for path in folder.iterdir():
            if path.name != ".git" and not ignored.hides(str(path), is_folder=path.is_dir()):
                found += walked(path, ignored) if path.is_dir() else [str(path.relative_to(tmp_path))]
        return found

    assert sorted(walked(tmp_path, Ignored())) == sorted(filter(None, listed))


def test_a_pipe_and_folders_without_an_end_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:3.12\n")
    for name in ("Dockerfile.pipe", "compose.yml", ".gitignore"):
        os.mkfifo(tmp_path / name)
    deep = tmp_path.joinpath(*("n" * 250))
    deep.mkdir(parents=True)
    (deep / "Dockerfile").write_text("FROM python:3.12\n")
    found = find([str(tmp_path)])
    assert sorted(service.dockerfile for service in found.services) == ["Dockerfile", "Dockerfile.pipe"]
    pipe = "a named pipe, not a regular file"
    assert sorted((Path(each.path).name, each.why) for each in found.left_out) == [
        (".gitignore", pipe), ("compose.yml", pipe), ("n", "too deep"),
    ]  # fmt: skip
    assert Tree(tmp_path).files == ("Dockerfile",)
