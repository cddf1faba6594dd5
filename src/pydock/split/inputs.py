"""What installers and compilers read: variables and files, by name."""

from __future__ import annotations

from pydock.patterns import regex

# Variables that pip, the managers, compilers and apt read without being named on a command line.
BUILD_VARIABLE = regex(
    r"(PIP|UV|POETRY|PIPENV|PDM|HATCH|SETUPTOOLS|GIT|CARGO|RUST|CYTHON|NPY|CRYPTOGRAPHY|GDAL|SKLEARN|BLIS)_.*"
    r"|(C|CXX|CPP|LD|F)FLAGS|CC|CXX|MAKEFLAGS|(C|CPLUS)_INCLUDE_PATH|LIBRARY_PATH|LD_LIBRARY_PATH|PATH|VIRTUAL_ENV"
    r"|\w+_(C|CXX|CPP|LD)FLAGS|PKG_CONFIG_PATH|(HDF5|CUDA|JAVA|OPENSSL|LLVM|GEOS|PROJ|TORCH|BLAS|LAPACK)_\w+|MAX_JOBS"
    r"|PBR_VERSION|\w*PRETEND_VERSION\w*|SSL_CERT_(FILE|DIR)|(REQUESTS|CURL)_CA_BUNDLE|SSH_\w+|HOME|TMPDIR|(PG|MYSQL)_CONFIG"
    r"|.*_USES_.*|.*_GPL_UNIDECODE|(https?|no|ftp)_proxy|(HTTPS?|NO|FTP)_PROXY|PYTHONPATH|.*_EXTENSIONS?"
)
INSTALLERS_OWN = regex(r"(PIP|UV|POETRY|PIPENV|PDM)_.*")
# What only installers read: lists of packages, and settings of where they come from.
INSTALLERS_INPUT = regex(
    r".*/(?:[\w.-]*(?:requirements?|constraints?)[\w.-]*\.(?:txt|in|lock)|requirements/[\w.-]+|pylock[\w.-]*\.toml"
    r"|poetry\.(?:lock|toml)|uv\.(?:lock|toml)|pdm\.(?:lock|toml)|Pipfile(?:\.lock)?|get-pip\.py|uvx?|[^/]+\.whl"
    r"|pip\.conf|\.netrc|\.pypirc|\.pip/.*|\.ssh/.*|\.gitconfig|\.git-credentials|\.config/pip/.*|\.config/pypoetry/.*)"
)
