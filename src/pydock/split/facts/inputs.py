"""What installers and compilers read: variables and files, by name."""

from __future__ import annotations

from pydock.build import Step
from pydock.patterns import regex
from pydock.state.needs import File, Folder

# Variables that pip, the managers, compilers and apt read without being named on a command line.
BUILD_VARIABLE = regex(
    r"(PIP|UV|POETRY|PIPENV|PDM|HATCH|SETUPTOOLS|GIT|CARGO|RUST|CYTHON|NPY|CRYPTOGRAPHY|GDAL|SKLEARN|BLIS)_.*"
    r"|(C|CXX|CPP|LD|F)FLAGS|CC|CXX|MAKEFLAGS|(C|CPLUS)_INCLUDE_PATH|LIBRARY_PATH|LD_LIBRARY_PATH|PATH|VIRTUAL_ENV"
    r"|\w+_(C|CXX|CPP|LD)FLAGS|PKG_CONFIG_PATH|(HDF5|CUDA|JAVA|OPENSSL|LLVM|GEOS|PROJ|TORCH|BLAS|LAPACK)_\w+|MAX_JOBS"
    r"|PBR_VERSION|\w*PRETEND_VERSION\w*|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|SSH_\w+|HOME|TMPDIR|(PG|MYSQL)_CONFIG"
    r"|.*_USES_.*|.*_GPL_UNIDECODE|(https?|no|ftp)_proxy|(HTTPS?|NO|FTP)_PROXY|.*_EXTENSIONS?"
)
INSTALLERS_OWN = regex(r"(PIP|UV|POETRY|PIPENV|PDM)_.*")
COMPILERS_OWN = regex(
    r"CC|CXX|CPP|FC|F77|(?:\w+_)?(?:C|CXX|CPP|LD|F)FLAGS|MAKEFLAGS|CPATH|(?:C|CPLUS)_INCLUDE_PATH|PKG_CONFIG_PATH"
)
_LISTS = (
    r"[\w.-]*(?:requirements?|constraints?)[\w.-]*\.(?:txt|in|lock)|requirements/[\w.-]+|pylock[\w.-]*\.toml"
    r"|[\w.-]+[._]lock\.txt|poetry\.(?:lock|toml)|uv\.(?:lock|toml)|pdm\.(?:lock|toml)|Pipfile(?:\.lock)?"
)
# What only installers read: lists of packages, and settings of where they come from.
INSTALLERS_INPUT = regex(
    rf".*/(?:{_LISTS}|get-pip\.py|uvx?|[^/]+\.whl"
    r"|pip\.conf|\.netrc|\.pypirc|\.pip/.*|\.ssh/.*|\.gitconfig|\.git-credentials|\.config/pip/.*|\.config/pypoetry/.*)"
)
# Lists of packages, and what a project says of itself to those who build and install it.
DESCRIPTION = regex(
    rf"(?:.*/)?(?:{_LISTS}|pyproject\.toml|setup\.(?:py|cfg)|MANIFEST\.in|(?:README|LICEN[CS]E)(?:\.(?:md|rst|txt))?)"
)


def is_input(step: Step) -> bool:
    """Whether a step makes nothing but files that only installers read."""
    files = [thing.path for thing in (*step.provides, *step.changes) if isinstance(thing, File)]
    others = [thing for thing in step.provides if not isinstance(thing, File | Folder)]
    places = [place for each in step.opens for place in each.places if place not in files]
    # A folder for them alone: `mkdir ~/.ssh`.
    paths = files or [f"{thing.path}/" for thing in step.provides if isinstance(thing, Folder)]
    return bool(paths) and not others and not places and all(map(INSTALLERS_INPUT.fullmatch, paths))


def is_description(step: Step) -> bool:
    """Whether a COPY brings nothing but lists of packages and what a project says of itself.

    `poetry.lock*` may find nothing, and nothing else.
    """
    paths = [thing.path.replace("*", "") for thing in step.provides if isinstance(thing, File)]
    return bool(paths) and all(map(DESCRIPTION.fullmatch, paths))
