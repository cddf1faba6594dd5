"""The one door to a child process: which program is meant, and what of this environment it is told.

A child gets the variables that a person sets up for its kind of program, and no others: what
asks a network must not be able to tell `AWS_SECRET_ACCESS_KEY`, whoever puts that into an address.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from enum import Enum

from pydock.patterns import regex

_EVERYWHERE = (
    r"HOME|USER|LOGNAME|LANG|LANGUAGE|LC_\w+|TZ|TERM|TMPDIR|TEMP|TMP|XDG_(?:CONFIG|CACHE|DATA|STATE)_(?:HOME|DIRS)"
    r"|XDG_RUNTIME_DIR|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|USERPROFILE|HOMEDRIVE|HOMEPATH|APPDATA"
    r"|LOCALAPPDATA|PROGRAMDATA|PROGRAMFILES"
)
_NETWORK = r"(?i:HTTPS?_PROXY|ALL_PROXY|NO_PROXY)|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE"
_SSH = r"SSH_AUTH_SOCK|SSH_AGENT_PID"
# https://docs.astral.sh/uv/reference/environment/, read 2026-11: what reaches an index counts, what would change an
# answer does not. A repository of packages is cloned with the git that a person has set up.
_UV = (
    r"UV_(?:(?:DEFAULT_|EXTRA_)?INDEX(?:_URL)?|INDEX_\w+_(?:USERNAME|PASSWORD)|FIND_LINKS|CACHE_DIR|NO_CACHE"
    r"|INSECURE_HOST|KEYRING_PROVIDER|NATIVE_TLS|SYSTEM_CERTS|CREDENTIALS_DIR|HTTP_\w+|OFFLINE)|NETRC|SSL_CLIENT_CERT"
    r"|_RJEM_MALLOC_CONF|GIT_SSH(?:_COMMAND|_VARIANT)?|GIT_SSL_\w+|GIT_CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM)"
    r"|GIT_CONFIG_(?:COUNT|KEY_\d+|VALUE_\d+)"
)
# https://git-scm.com/docs/git#_environment_variables, read 2026-11: who commits, and where a person's own
# configuration is; no variable that names a repository, a program or a file to write to.
_GIT = r"GIT_(?:AUTHOR|COMMITTER)_(?:NAME|EMAIL|DATE)|EMAIL|GIT_CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM)"
# https://docs.docker.com/reference/cli/docker/#environment-variables, read 2026-11.
_DOCKER = r"DOCKER_\w+|BUILDX_(?!GIT_)\w+|BUILDKIT_\w+|SOURCE_DATE_EPOCH|CONTAINER_HOST"
_KEEPERS = (
    r"(?:AWS|AZURE|ACR|ECR|GOOGLE|CLOUDSDK|PASSWORD_STORE)_\w+|GNUPGHOME|GPG_TTY|DBUS_SESSION_BUS_ADDRESS|DISPLAY"
    r"|WAYLAND_DISPLAY"
)
_PYDOCK = r"PYDOCK_\w+|NO_COLOR|PIP_(?:EXTRA_)?INDEX_URL|PIP_FIND_LINKS|PIP_CONFIG_FILE"
# Lists of folders; a relative one means the current folder, which is anybody's.
_FOLDERS = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")


class Child(Enum):
    """A kind of child process, by the variables that are meant for it."""

    UV = regex("|".join((_EVERYWHERE, _NETWORK, _SSH, _UV)))
    GIT = regex("|".join((_EVERYWHERE, _GIT)))
    # Helpers keep logins with clouds, key rings and GnuPG.
    CREDENTIALS = regex("|".join((_EVERYWHERE, _NETWORK, _DOCKER, _KEEPERS)))
    BUILDX = regex("|".join((_EVERYWHERE, _NETWORK, _SSH, _DOCKER)))
    # pydock itself, which starts the others.
    PYDOCK = regex("|".join((_EVERYWHERE, _NETWORK, _SSH, _UV, _GIT, _DOCKER, _PYDOCK)))


def environment(child: Child, also: Iterable[str] = ()) -> dict[str, str]:
    """What a child is told of this process's environment; `also` names variables that a person has asked for."""
    named = frozenset(also)
    kept = {name: value for name, value in os.environ.items() if name in named or child.value.fullmatch(name)}
    folders = (*_FOLDERS, "PYTHONPATH") if child is Child.PYDOCK else _FOLDERS
    return kept | {name: _absolute(os.environ[name]) for name in folders if name in os.environ}


def program(name: str) -> str | None:
    """Where a program is on the PATH, its relative folders left out; None where it is nowhere."""
    # Windows looks in the current folder first, which is anybody's; what is found there has no absolute path.
    found = shutil.which(name, path=_absolute(os.environ.get("PATH", os.defpath)))
    return found if found and os.path.isabs(found) else None


def _absolute(folders: str) -> str:
    return os.pathsep.join(folder for folder in folders.split(os.pathsep) if os.path.isabs(folder))
