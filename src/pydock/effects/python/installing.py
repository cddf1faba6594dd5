"""What an install of Python packages needs and leaves, for every tool that makes one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from pydock.data import rows, rows_of
from pydock.packages import Demand, LocalProject, Places, egg_info
from pydock.state import Effect, Kind, Need, Open, Purpose, State
from pydock.state.needs import (
    Below,
    Buildable,
    Distribution,
    Distributions,
    File,
    Folder,
    Matching,
    Place,
    Program,
    SourceLink,
    Thing,
    Toolchain,
    Variable,
)

# What only building and installing call.
TOOLS = frozenset(
    [
        "build",
        "cython",
        "flit",
        "hatch",
        "hatchling",
        "maturin",
        "pdm",
        "pip",
        "pip-tools",
        "pipenv",
        "pipx",
        "poetry",
        "poetry-core",
        "poetry-dynamic-versioning",
        "poetry-plugin-bundle",
        "poetry-plugin-export",
        "scikit-build",
        "scikit-build-core",
        "setuptools",
        "setuptools-scm",
        "twine",
        "uv",
        "virtualenv",
        "wheel",
    ]
)
# Builds without isolation import them from the environment that they install to.
_READ_BY_BUILDS = ("setuptools", "cython")
# Variables that installers and the compilers below them read.
_VARIABLES = frozenset(
    [
        "CC",
        "CXX",
        "CFLAGS",
        "CPP",
        "CPPFLAGS",
        "CXXFLAGS",
        "F77",
        "FC",
        "FFLAGS",
        "LDFLAGS",
        "LD_LIBRARY_PATH",
        "PKG_CONFIG_PATH",
        "LIBRARY_PATH",
        "CPATH",
        "C_INCLUDE_PATH",
        "CPLUS_INCLUDE_PATH",
        "MAKEFLAGS",
        "CMAKE_ARGS",
        "FORCE_CMAKE",
        "CUDA_HOME",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "NETRC",
        "VIRTUAL_ENV",
        "PATH",
        "GIT_SSH_COMMAND",
        "GIT_SSL_NO_VERIFY",
        "SSH_AUTH_SOCK",
    ]
)
_PREFIXES = ("PIP_", "UV_", "POETRY_", "PIPENV_", "PDM_", "CONDA_", "HATCH_", "SETUPTOOLS_", "PIXI_", "CARGO_", "RUST")
# MYSQLCLIENT_CFLAGS: what one package tells the compiler.
_FLAGS = ("_CFLAGS", "_CXXFLAGS", "_CPPFLAGS", "_LDFLAGS", "_FFLAGS")
_MARKS = frozenset("*?[")
# Certificates, keys of hosts, and headers that no package of the system brings.
_SYSTEM_SETTINGS = (
    "/etc/ssl",
    "/etc/ssh",
    "/etc/uv",
    "/usr/include",
    "/usr/local/include",
    "/usr/local/share/ca-certificates",
)


def places_of(state: State) -> Places:
    """Names of files as a command in this state finds them."""
    return Places(state.text, state.at)


def opened(environment: str, *sources: str) -> Open:
    """Whatever an install brings besides what it names, and leaves in folders of source."""
    return Open(frozenset({Kind.FILE, Kind.DISTRIBUTION}), (environment, *sources))


def installed(demand: Demand, environment: str, state: State, *more: Need) -> Effect:
    """The effect of an install of a demand; it is a tool's where all that it brings are tools."""
    needs = (*needs_of(demand, state), *more)
    provides = (*distributions(demand, environment), *_of_editables(demand.projects, environment, state))
    is_tool = bool(demand.names) and set(demand.names) <= TOOLS and not (demand.projects or demand.files)
    is_tool = is_tool and not any(_is_held_back(demand, name) for name in _READ_BY_BUILDS)
    return Effect(
        needs=tuple(dict.fromkeys(needs)),
        takes=(*taken(environment, state), *_connecting(demand)),
        provides=tuple(dict.fromkeys(provides)),
        opens=opened(environment, *_unnamed(demand.projects, state)),
        installs=None if is_tool else environment,
        pins=demand.pins,
        purpose=Purpose.TOOL if is_tool else Purpose.SERVICE,
    )


def _is_held_back(demand: Demand, name: str) -> bool:
    """Whether a release from before is asked for: `setuptools<58`, which a build of some package imports."""
    return "<" in demand.pins.get(name, "")


def needs_of(demand: Demand, state: State) -> Iterator[Need]:
    """What has to be there for a demand to be met: files, folders of projects, archives, programs of repositories."""
    yield from map(File, demand.files)
    for project in demand.projects:
        if project.path != "/":
            yield Place(project.path)
        yield Buildable(project.path)
        yield from map(Below, source_folders(project.path, state))
    for archive in demand.archives:
        yield Matching(archive) if _MARKS & set(archive) else File(archive)
    # pip passes over a folder of archives that is not there.
    yield from map(Below, demand.sources)
    for link in demand.links:
        yield Program(link.program)
        if link.is_ssh:
            yield Program("ssh")
            yield Below(f"{state.home}/.ssh")


def _connecting(demand: Demand) -> tuple[Need, ...]:
    """Where not all is known that is asked for, a part may come from a repository."""
    is_known = demand.is_complete and not (demand.projects or demand.archives)
    return () if is_known else (Program("git"), Program("ssh"))


def source_folders(path: str, state: State) -> Iterator[str]:
    """What the build of a project reads: its folder; of one in the root of the image what the file has put there."""
    if path != "/":
        yield path
        return
    for child in state.children.get("/") or ():
        makers = state.makers(File(child)) | state.makers(Folder(child))
        if any(maker >= 0 for maker in makers):
            yield child


def taken(environment: str, state: State) -> tuple[Need, ...]:
    """What an install reads where it is there: compilers, settings, keys, variables, what is installed already."""
    home = state.home.rstrip("/")
    names = [each for each in state.variables if is_read(each)]
    return (
        Toolchain(),
        Distributions(environment),
        File("/etc/pip.conf"),
        File(f"{environment}/pip.conf"),
        File("/etc/gitconfig"),
        *(File(f"{home}/{name}") for name in (".netrc", ".gitconfig", ".git-credentials", ".pypirc")),
        *(Below(f"{home}/{name}") for name in (".config/pip", ".pip", ".ssh", ".config/git", ".config/uv")),
        *map(Below, _SYSTEM_SETTINGS),
        *map(Variable, sorted(names)),
    )


def is_read(variable: str) -> bool:
    """Whether installers read a variable."""
    is_known = variable in _VARIABLES or variable.startswith(_PREFIXES)
    return is_known or variable.endswith(_FLAGS) or variable.lower().endswith("_proxy")


def distributions(demand: Demand, environment: str) -> Iterator[Thing]:
    """The packages of a demand in an environment, and their programs."""
    for name in demand.on_linux:
        yield Distribution(environment, name)
        for program in programs_of_package(name):
            yield File(f"{environment}/bin/{program}")
        # `psycopg[binary]` brings psycopg-binary.
        of_extras = {f"{name}-{extra}" for extra in demand.extras.get(name, ())}
        for row in rows_of("package_requires", name) if of_extras else ():
            yield from (Distribution(environment, each) for each in row["extras"].split() if each in of_extras)
    for script in demand.scripts:
        yield File(f"{environment}/bin/{script}")


def programs_of_package(name: str) -> tuple[str, ...]:
    """The console scripts of a package: by the table, else the one that is called as the package is."""
    return _table().get(name, (name,))


@cache
def _table() -> dict[str, tuple[str, ...]]:
    return {row["package"]: tuple(row["programs"].split()) for row in rows("console_scripts")}


def _of_editables(projects: Iterable[LocalProject], environment: str, state: State) -> Iterator[Thing]:
    """What editable installs leave: a way from the environment to the source, and metadata beside that."""
    for project in projects:
        if project.is_editable:
            yield SourceLink(environment, project.path)
            folder = _metadata(project, state)
            yield from (File(f"{folder}/PKG-INFO"),) if folder is not None else ()


def _is_of_setup_script(project: LocalProject, state: State) -> bool:
    """Whether the metadata of an editable install lies beside the source: with pyproject.toml it is installed.

    https://peps.python.org/pep-0660/, read 2026-11.
    """
    names = (f"{project.path.rstrip('/')}/{name}" for name in ("setup.py", "setup.cfg"))
    is_modern = bool(state.makers(File(f"{project.path.rstrip('/')}/pyproject.toml")))
    return project.is_editable and not is_modern and any(state.makers(File(path)) for path in names)


def _metadata(project: LocalProject, state: State) -> str | None:
    """The folder that setuptools leaves beside the source, None where there is none or its name is not known."""
    return egg_info(project.path, state.text) if _is_of_setup_script(project, state) else None


def _unnamed(projects: Iterable[LocalProject], state: State) -> tuple[str, ...]:
    """The folders of projects whose metadata has a name that only running setup.py tells."""
    legacy = (project for project in projects if _is_of_setup_script(project, state))
    return tuple(project.path for project in legacy if _metadata(project, state) is None)
