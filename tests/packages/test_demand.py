"""One demand, whoever says it: words, lists, projects of every backend, other managers' files, locks."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydock.context import Tree
from pydock.packages import (
    Demand,
    Groups,
    Link,
    LocalProject,
    Places,
    joined,
    locked,
    of_conda_file,
    of_file,
    of_operand,
    of_pipfile,
    of_pipfile_lock,
    of_pixi,
    of_project,
    of_pylock,
    with_projects,
)
from pydock.packages.archive import is_archive
from pydock.packages.demand import may_hold
from pydock.packages.locks import is_pylock
from pydock.packages.metadata import NAMES, asked_for, manifest_of
from pydock.packages.requirements import MOST_FILES, Kind, read
from pydock.project import Project
from tests.strategies import ANY_TEXT

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"


def places(files: Mapping[str, str] | None = None, workdir: str | None = "/app") -> Places:
    def at(name: str) -> str | None:
        return posixpath.normpath(posixpath.join(workdir, name)) if workdir else None

    return Places((files or {}).get, at)


OPERANDS = [
    pytest.param("flask", Demand(("flask",)), id="a name"),
    pytest.param("Zope.Interface", Demand(("zope-interface",)), id="a name that is normalised"),
    pytest.param("flask>=3,<4", Demand(("flask",), {"flask": "<4,>=3"}), id="a range"),
    pytest.param("c[X,y]>2", Demand(("c",), {"c": ">2"}, {"c": ("x", "y")}), id="extras"),
    pytest.param("c ; python_version < '3'", Demand(("c",), markers={"c": 'python_version < "3"'}), id="a marker"),
    pytest.param(".", Demand(projects=(LocalProject("/app"),)), id="the folder"),
    pytest.param(".[web,db]", Demand(projects=(LocalProject("/app", ("web", "db")),)), id="the folder with extras"),
    pytest.param("./service", Demand(projects=(LocalProject("/app/service"),)), id="a folder below"),
    pytest.param("service/", Demand(projects=(LocalProject("/app/service"),)), id="a folder by its slash"),
    pytest.param(
        "d @ git+https://x.org/d.git@v1",
        Demand(("d",), links=(Link("git+https://x.org/d.git@v1", "git"),)),
        id="a name from a repository",
    ),
    pytest.param(
        "git+ssh://git@x.org/d.git#egg=d[x]",
        Demand(("d",), extras={"d": ("x",)}, links=(Link("git+ssh://git@x.org/d.git", "git", True),)),
        id="a repository through ssh",
    ),
    pytest.param(
        "hg+https://x.org/d", Demand(("d",), links=(Link("hg+https://x.org/d", "hg"),), is_complete=False), id="hg"
    ),
    pytest.param("https://x.org/thing-1.0-py3-none-any.whl", Demand(("thing",)), id="a wheel at an address"),
    pytest.param("https://x.org/main.zip", Demand(is_complete=False), id="an address without a name"),
    pytest.param(
        "d @ file:///srv/d", Demand(("d",), projects=(LocalProject("/srv/d"),)), id="a name in a folder by address"
    ),
    pytest.param("dist/*.whl", Demand(archives=("/app/dist/*.whl",), is_complete=False), id="wheels by a pattern"),
    pytest.param("flask==${V}", Demand(("flask",), is_complete=False), id="a version that pip fills in"),
    pytest.param("!!", Demand(is_complete=False), id="nothing that is known"),
]


@pytest.mark.parametrize(("text", "expected"), OPERANDS)
def test_a_word_asks_for(text: str, expected: Demand) -> None:
    assert of_operand(text, places()) == expected


HEADS = [
    pytest.param("weasyprint==", ("weasyprint",), True, id="a name in front of its version"),
    pytest.param("uvicorn[standard]", ("uvicorn",), True, id="a name with its extras"),
    pytest.param("uvicorn[", ("uvicorn",), False, id="a name without its extras"),
    pytest.param("weasy", (), False, id="the beginning of a name"),
    pytest.param("", (), False, id="nothing"),
    pytest.param("./dist/", (), False, id="a folder"),
]


@pytest.mark.parametrize(("head", "names", "is_complete"), HEADS)
def test_the_beginning_of_a_word_asks_for(head: str, names: tuple[str, ...], is_complete: bool) -> None:
    found = of_operand(head, places(), is_known=False)
    assert (found.names, found.is_complete) == (names, is_complete)


def test_a_word_with_an_unknown_work_directory_is_not_complete() -> None:
    assert not of_operand(".", places(workdir=None)).is_complete


def _pyproject(text: str) -> dict[str, str]:
    return {"/app/pyproject.toml": text}


SETUPTOOLS = '[build-system]\nbuild-backend = "setuptools.build_meta"\n'
PROJECTS = [
    pytest.param(
        _pyproject('[project]\nname = "shop"\ndependencies = ["a>1", "b"]\n'), {"shop", "a", "b"}, id="PEP 621"
    ),
    pytest.param(
        {
            **_pyproject(
                '[project]\nname = "shop"\ndynamic = ["dependencies"]\n'
                '[tool.setuptools.dynamic]\ndependencies = {file = ["deps.txt"]}\n'
            ),
            "/app/deps.txt": "psycopg2==2.9.10\n",
        },
        {"shop", "psycopg2"},
        id="dynamic dependencies from a file",
    ),
    pytest.param(
        {
            **_pyproject(f'{SETUPTOOLS}[project]\nname = "shop"\ndynamic = ["dependencies"]\n'),
            "/app/setup.py": "from setuptools import setup\nsetup(install_requires=['a'])\n",
        },
        {"shop", "a"},
        id="dynamic dependencies from setup.py",
    ),
    pytest.param(
        {
            "/app/setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires = psycopg2==2.9.10\n",
            "/app/setup.py": "from setuptools import setup\nsetup()\n",
        },
        {"shop", "psycopg2"},
        id="setup.cfg in one line",
    ),
    pytest.param(
        {"/app/setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires =\n    a\n    b>1\n"},
        {"shop", "a", "b"},
        id="setup.cfg",
    ),
    pytest.param(
        {"/app/setup.py": "import setuptools\nall = ['a', 'b']\nsetuptools.setup(name='shop', install_requires=all)\n"},
        {"shop", "a", "b"},
        id="setup.py",
    ),
    pytest.param(
        _pyproject(
            '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\npython = "^3"\na = "^1"\n'
            'b = {path = "../b"}\n[build-system]\nbuild-backend = "poetry.core.masonry.api"\n'
        ),
        {"shop", "a", "b"},
        id="Poetry",
    ),
    pytest.param(
        _pyproject(
            '[tool.flit.metadata]\nmodule = "shop"\nrequires = ["a"]\n'
            '[build-system]\nbuild-backend = "flit_core.buildapi"\n'
        ),
        {"shop", "a"},
        id="flit of old",
    ),
]


@pytest.mark.parametrize(("files", "names"), PROJECTS)
def test_a_project_asks_for(files: dict[str, str], names: set[str]) -> None:
    assert set(of_project(LocalProject("/app"), places(files)).names) == names


def test_a_project_whose_dependencies_are_computed_is_not_complete() -> None:
    files = {"/app/setup.py": "from setuptools import setup\nsetup(name='a', install_requires=open('x').read())\n"}
    found = of_project(LocalProject("/app"), places(files))
    assert (found.names, found.is_complete) == (("a",), False)


SCRIPTS = [
    pytest.param(_pyproject('[project]\nname = "a"\n[project.scripts]\nrun = "a:b"\n'), ("run",), id="PEP 621"),
    pytest.param(_pyproject('[tool.poetry]\nname = "a"\n[tool.poetry.scripts]\nrun = "a:b"\n'), ("run",), id="Poetry"),
    pytest.param({"/app/setup.cfg": "[options.entry_points]\nconsole_scripts =\n    run = a:b\n"}, ("run",), id="cfg"),
    pytest.param(
        {"/app/setup.py": "setup(entry_points='''[console_scripts]\nrun=a:b\n[x]\ny=z:z\n''', scripts=['bin/go'])"},
        ("run", "go"),
        id="setup.py",
    ),
]


@pytest.mark.parametrize(("files", "scripts"), SCRIPTS)
def test_a_project_brings_console_scripts(files: dict[str, str], scripts: tuple[str, ...]) -> None:
    assert of_project(LocalProject("/app"), places(files)).scripts == scripts


def test_groups_are_asked_for_by_name() -> None:
    files = _pyproject(
        '[project]\nname = "a"\ndependencies = ["b"]\n[dependency-groups]\ndev = ["c", {include-group = "docs"}]\n'
        'docs = ["d", {include-group = "dev"}]\n'
    )
    alone = Groups(("dev",), has_main=False, has_project=False)
    assert set(of_project(LocalProject("/app"), places(files), alone).names) == {"c", "d"}
    assert not of_project(LocalProject("/app"), places(files), Groups(("gone",))).is_complete


def test_projects_that_name_one_another_are_followed_once() -> None:
    project = '[project]\nname = "{}"\ndependencies = ["{} @ file:///{}"]\n'
    files = {"/a/pyproject.toml": project.format("a", "b", "b"), "/b/pyproject.toml": project.format("b", "a", "a")}
    found = with_projects(Demand(projects=(LocalProject("/a"),)), places(files))
    assert set(found.names) == {"a", "b"}


def test_a_list_names_what_lies_beside_the_command() -> None:
    found = of_file("/app/reqs/a.txt", places({"/app/reqs/a.txt": "-e ./lib[x]\n-f wheels\nb\n"}))
    assert found.projects == (LocalProject("/app/lib", ("x",), is_editable=True),)
    assert found.sources == ("/app/wheels",)


def test_files_of_a_list_are_all_that_is_read_with_those_that_are_not_there() -> None:
    found = of_file("/app/a.txt", places({"/app/a.txt": "-r b.txt\n-c c.txt\nd\n", "/app/b.txt": "e\n"}))
    assert set(found.files) == {"/app/a.txt", "/app/b.txt", "/app/c.txt"}
    assert (set(found.names), found.is_complete) == ({"d", "e"}, False)


def test_thousands_of_includes_are_followed_in_a_chain_and_each_once() -> None:
    chain = {f"/{at}.txt": f"a{at}\n-r {at + 1}.txt\n" for at in range(4000)} | {"/4000.txt": "last\n"}
    assert len(read("/0.txt", chain.get).entries) == 4001
    # Each file names the next one twice: followed each time, they would be 2 to the power of 60.
    doubled = {f"/{at}.txt": f"-r {at + 1}.txt\n-r {at + 1}.txt\n" for at in range(60)} | {"/60.txt": "last\n"}
    assert [entry.name for entry in read("/0.txt", doubled.get).entries] == ["last"]


def test_a_list_without_an_end_ends() -> None:
    found = read("/0.txt", lambda path: f"-r {int(posixpath.basename(path).partition('.')[0]) + 1}.txt\n")
    assert len(found.files) == MOST_FILES
    assert "one file more" in found.troubles[0].message


def test_a_loop_is_named() -> None:
    found = read("/a.txt", {"/a.txt": "-r b.txt\nx\n", "/b.txt": "-r a.txt\ny\n"}.get)
    assert found.loop == ("/a.txt", "/b.txt", "/a.txt")
    assert {entry.name for entry in found.entries} == {"x", "y"}


MARKERS = [
    pytest.param("sys_platform == 'win32'", False, id="Windows"),
    pytest.param("sys_platform != 'darwin'", True, id="not macOS"),
    pytest.param("python_version < '3.8'", True, id="an old Python"),
    pytest.param("extra == 'x'", True, id="an extra"),
    pytest.param(None, True, id="none"),
]


@pytest.mark.parametrize(("marker", "expected"), MARKERS)
def test_a_marker_may_hold_on_linux(marker: str | None, expected: bool) -> None:
    assert may_hold(marker) is expected


def test_joined_demands_keep_the_first_pin_and_lose_a_marker_that_one_does_not_have() -> None:
    one = Demand(("a", "b"), {"a": "==1"}, markers={"b": "os_name == 'nt'"})
    other = Demand(("b", "a"), {"a": "==2"})
    found = joined([one, other])
    assert (found.names, found.pins, found.markers) == (("a", "b"), {"a": "==1"}, {})


PYLOCK = 'lock-version = "1.0"\n[[packages]]\nname = "a"\nversion = "1"\n[[packages]]\nname = "B"\nversion = "2"\n'
PDM_LOCK = """
[[package]]
name = "a"
version = "1"
dependencies = ["b>=2; python_version > '3'"]
[[package]]
name = "b"
version = "2"
[[package]]
name = "other"
version = "3"
"""


def test_a_lock_brings_what_hangs_on_a_demand() -> None:
    found = locked(Demand(("a",)), "/app/pdm.lock", places({"/app/pdm.lock": PDM_LOCK}))
    assert (found.names, found.pins) == (("a", "b"), {"a": "==1", "b": "==2"})
    assert found.is_complete
    assert not locked(Demand(("a",)), "/app/pdm.lock", places()).is_complete


def test_a_pylock_brings_all_of_it() -> None:
    found = of_file("/app/pylock.web.toml", places({"/app/pylock.web.toml": PYLOCK}))
    assert (found.names, found.pins) == (("a", "b"), {"a": "==1", "b": "==2"})


def test_pixi_asks_for_the_features_of_an_environment() -> None:
    text = (
        '[dependencies]\npython = "3.12.*"\ngdal = "*"\n[feature.web.pypi-dependencies]\nflask = ">=3"\n'
        '[environments]\nprod = ["web"]\n'
    )
    assert set(of_pixi("/app/pixi.toml", places({"/app/pixi.toml": text}), "prod").names) == {"gdal", "flask"}
    assert set(of_pixi("/app/pixi.toml", places({"/app/pixi.toml": text})).names) == {"gdal"}


def _lists(suffixes: tuple[str, ...]) -> list[str]:
    found = [path for path in FIXTURES.rglob("*") if path.name.endswith(suffixes) and path.is_file()]
    return [str(path.relative_to(FIXTURES)) for path in sorted(found)]


def _within(folder: Path) -> tuple[Callable[[str], str | None], Project]:
    tree = Tree(folder)
    return tree.text, Project(tree)


@pytest.mark.parametrize("path", [each for each in _lists((".txt",)) if "requirements" in each])
def test_it_agrees_with_the_project_s_reader_of_lists(path: str) -> None:
    folder, _, name = path.partition("/")
    text, project = _within(FIXTURES / folder)
    found = of_file(name, Places(text, lambda each: each))
    known = project.requirement_set(name)
    assert set(found.names) - known.names <= {
        entry.name for entry in known.entries if entry.kind is not Kind.REQUIREMENT
    }
    assert {name for name, pin in found.pins.items() if pin.startswith("==") and "*" not in pin} == {
        entry.name for entry in known.entries if entry.is_pinned and entry.requirement and not entry.requirement.url
    }


@pytest.mark.parametrize("path", _lists(NAMES))
def test_it_agrees_with_the_reader_of_metadata(path: str) -> None:
    folder = str(FIXTURES / Path(path).parent)

    def text(name: str) -> str | None:
        return Path(name).read_text(encoding="utf-8") if Path(name).is_file() else None

    manifest = manifest_of(folder, "", text)
    assert manifest is not None
    known = asked_for(manifest, text)
    bare = of_project(LocalProject(folder), Places(text, lambda each: each), Groups(has_project=False))
    assert set(bare.names) == known.names
    assert bare.is_complete or known.troubles


LINE = st.sampled_from(
    [
        "flask==3.1.2",
        "Django>=4,<5",
        "uvicorn[standard]==0.30.*",
        "a==1 ; sys_platform == 'win32'",
        "a==2",
        "flask=3",
        "-r more.txt",
        "-c limits.txt",
        "-r gone.txt",
        "-e ./lib",
        "./lib",
        "git+https://x.org/lib.git#egg=lib",
        "lib @ https://x.org/lib-1.0.tar.gz",
        "--no-binary :all:",
        "-f wheels",
        "# a comment",
        "redis \\",
        "",
    ]
)
LIST = st.lists(LINE, max_size=8).map("\n".join)


@given(LIST, LIST, LIST)
def test_it_agrees_with_the_project_s_reader_on_made_up_lists(first: str, more: str, limits: str) -> None:
    files = {"requirements.txt": first, "more.txt": more, "limits.txt": limits}
    found = of_file("requirements.txt", Places(files.get, lambda each: each))
    known = read("requirements.txt", files.get)
    of_links = (
        {"lib"} if any(entry.kind is Kind.PLACE and "egg=lib" in entry.value for entry in known.entries) else set()
    )
    invalid = {"flask"} if any(entry.kind is Kind.INVALID for entry in known.entries) else set()
    assert known.names <= set(found.names) <= known.names | of_links | invalid | {"redis"}
    assert set(found.files) == {*known.files, *known.missing}
    assert not (found.is_complete and (known.troubles or known.missing or known.loop))


READERS: dict[str, Callable[[str, Places], object]] = {
    "a list": lambda path, all_places: of_file("/app/a.txt", all_places),
    "pylock.toml": of_pylock,
    "a project": lambda path, all_places: of_project(
        LocalProject("/app", ("x", "*")), all_places, Groups(has_all=True)
    ),
    "a Pipfile": of_pipfile,
    "Pipfile.lock": of_pipfile_lock,
    "a lock": lambda path, all_places: locked(Demand(("a",)), path, all_places),
    "environment.yml": of_conda_file,
    "pixi.toml": of_pixi,
    "a word": lambda path, all_places: of_operand(all_places.text("") or "", all_places),
    "a beginning": lambda path, all_places: of_operand(all_places.text("") or "", all_places, is_known=False),
    "a name of a file": lambda path, all_places: is_pylock(path) or is_archive(all_places.text("") or ""),
}
TOML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "project.dependencies",
        "project.name",
        "project.dynamic",
        "project.optional-dependencies",
        "project.scripts",
        "dependency-groups.dev",
        "tool.poetry.dependencies",
        "tool.poetry.dependencies.a",
        "tool.poetry.extras",
        "tool.poetry.group.dev",
        "tool.poetry.scripts",
        "tool.uv.sources.a",
        "tool.setuptools.dynamic",
        "tool.setuptools.dynamic.dependencies",
        "tool.flit.metadata.requires",
        "tool.pdm.dev-dependencies",
        "package",
        "packages",
        "dependencies",
        "environments",
        "environments.default",
        "default",
    ]
)
JSON_AS_TOML = st.builds(lambda key, value: f"{key} = {_toml(value)}\n", KEYS, TOML)


def _toml(value: object) -> str:
    import json

    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return '"x"' if value is None else json.dumps(value, ensure_ascii=True)


TABLES = st.lists(JSON_AS_TOML, max_size=4).map("".join)


@pytest.mark.parametrize("name", READERS)
@settings(max_examples=60)
@given(text=ANY_TEXT | TABLES | LIST)
def test_no_reader_raises_on_any_text(name: str, text: str) -> None:
    READERS[name]("/app/pylock.toml", Places(lambda path: text, lambda path: posixpath.join("/app", path)))


DEEP = [
    pytest.param("a = " + "[" * 5000, id="lists in lists"),
    pytest.param("{" * 5000, id="maps in maps"),
    pytest.param("setup(install_requires=" + "(" * 5000 + ")", id="brackets in brackets"),
    pytest.param("- " * 5000, id="entries in entries"),
    pytest.param("x = " + "-" * 20000 + "1\nsetup(install_requires=x)", id="signs before signs"),
    pytest.param("a==1;" + "(" * 5000, id="a marker in brackets"),
    pytest.param("setup(install_requires=" + "9" * 9000 + ")", id="a number without an end"),
]


@pytest.mark.parametrize("text", DEEP)
@pytest.mark.parametrize("name", READERS)
def test_no_reader_is_too_deep(name: str, text: str) -> None:
    READERS[name]("/app/pylock.toml", Places(lambda path: text, lambda path: posixpath.join("/app", path)))
