"""The only door to uv: one request in, one answer out.

uv resolves for a Python and a platform that this machine does not have
(https://docs.astral.sh/uv/pip/compile/, read 2026-11). It works in an empty folder, so that
no file of a project configures it, with the interpreter that runs pydock, and downloads none.

A source archive whose metadata is not static would have to run its own code on this machine.
uv is not allowed to: builds happen without isolation, under a `sitecustomize` that ends the
interpreter before the archive's first line.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pydock.patterns import regex
from pydock.project.pins import Answer, Artifact, Pin, Request
from pydock.project.secrets import mask
from pydock.resolve.reasons import explained

# In seconds: to a connection, to the next byte, and for everything.
CONNECT_LIMIT, READ_LIMIT, LIMIT = 3, 10, 120
# What a person has set up to reach an index counts; what would change an answer does not.
_KEPT = regex(
    r"UV_(?:(?:DEFAULT_|EXTRA_)?INDEX(?:_URL)?|INDEX_\w+_(?:USERNAME|PASSWORD)|CACHE_DIR|NO_CACHE|INSECURE_HOST"
    r"|KEYRING_PROVIDER|NATIVE_TLS|SYSTEM_CERTS|CREDENTIALS_DIR|HTTP_\w+|OFFLINE)\Z"
)
_GUARD = """\
import os, sys
sys.stderr.write("pydock: no code of packages is run\\n")
sys.stderr.flush()
os._exit(1)
"""


def answer(request: Request) -> Answer:
    """What uv answers; every failure is an answer with its reason."""
    if (program := _program()) is None:
        return Answer(why_not="uv is not installed", is_unreachable=True)
    with tempfile.TemporaryDirectory(prefix="pydock-") as folder:
        place = Path(folder)
        (place / "requirements.in").write_text("\n".join(request.requirements) + "\n", encoding="utf-8")
        if request.constraints:
            (place / "constraints.in").write_text("\n".join(request.constraints) + "\n", encoding="utf-8")
        (place / "guard").mkdir()
        (place / "guard" / "sitecustomize.py").write_text(_GUARD, encoding="utf-8")
        try:
            done = subprocess.run(
                [program, *_arguments(request)],
                cwd=folder,
                env=_environment(request, place),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LIMIT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(why_not=f"no answer within {LIMIT} s", is_unreachable=True)
    talk = done.stderr.decode("utf-8", "replace")
    if done.returncode:
        return explained(talk)
    return Answer(tuple(_pins(tomllib.loads(done.stdout.decode("utf-8")))), warnings=tuple(_warnings(talk)))


@cache
def _program() -> str | None:
    """The uv that came with pydock, else one on the PATH."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return shutil.which("uv")


def _arguments(request: Request) -> Iterator[str]:
    yield from ("pip", "compile", "requirements.in", "--format", "pylock.toml")
    yield from ("--python", sys.executable, "--python-version", request.python, "--no-python-downloads")
    yield from ("--python-platform", request.platform, "--no-header", "--no-progress", "--color", "never")
    # As pip does: the best version of all indexes.
    yield from ("--index-strategy", "unsafe-best-match")
    if request.constraints:
        yield from ("--constraints", "constraints.in")
    if request.indexes.is_closed:
        yield "--no-index"
    if request.before:
        yield from ("--exclude-newer", f"{request.before.isoformat()}T00:00:00Z")
    if request.prereleases:
        yield from ("--prerelease", "allow")
    if request.only_binary:
        yield from ("--only-binary", ":all:")
    for name in request.no_binary:
        yield from ("--no-binary", name)
    if not request.allows_builds:
        yield "--no-build-isolation"


def _environment(request: Request, place: Path) -> Mapping[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("UV_", "PYTHON", "VIRTUAL_ENV", "CONDA_")) or _KEPT.match(name)
    }
    kept |= {"UV_HTTP_CONNECT_TIMEOUT": str(CONNECT_LIMIT), "UV_HTTP_RETRIES": "1", "GIT_TERMINAL_PROMPT": "0"}
    kept.setdefault("UV_HTTP_TIMEOUT", str(READ_LIMIT))
    # Not as arguments, which every user of this machine can read.
    indexes = request.indexes
    asked = {"DEFAULT_INDEX": indexes.index, "INDEX": " ".join(indexes.extra), "FIND_LINKS": ",".join(indexes.links)}
    kept |= {f"UV_{name}": value for name, value in asked.items() if value}
    return kept if request.allows_builds else {**kept, "PYTHONPATH": str(place / "guard")}


def _pins(lock: Mapping[str, Any]) -> Iterator[Pin]:
    """The packages of a pylock.toml (https://packaging.python.org/en/latest/specifications/pylock-toml/)."""
    for entry in lock.get("packages", ()):
        files = [*entry.get("wheels", ()), *([entry["sdist"]] if "sdist" in entry else [])]
        yield Pin(
            canonicalize_name(entry["name"]),
            str(entry.get("version", "")),
            tuple(Artifact(_file_name(file), file.get("hashes", {}).get("sha256", "")) for file in files),
            _place(entry),
        )


def _file_name(file: Mapping[str, Any]) -> str:
    return str(file.get("name") or file.get("url") or file.get("path", "")).partition("#")[0].rpartition("/")[2]


def _place(entry: Mapping[str, Any]) -> str:
    if vcs := entry.get("vcs"):
        folder = f"#subdirectory={vcs['subdirectory']}" if "subdirectory" in vcs else ""
        return f"{vcs['type']}+{vcs.get('url', '')}@{vcs['commit-id']}{folder}"
    return str(entry.get("archive", {}).get("url", ""))


def _warnings(talk: str) -> Iterator[str]:
    for line in talk.splitlines():
        if line.startswith("warning: ") and "will be used to build dependencies" not in line:
            yield mask(line.removeprefix("warning: "))
