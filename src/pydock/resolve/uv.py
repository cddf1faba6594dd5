"""The only door to uv: one request in, one answer out.

uv resolves for a Python and a platform that this machine does not have
(https://docs.astral.sh/uv/pip/compile/, read 2026-11). It works in an empty folder, so that
no file of a project configures it, with the interpreter that runs pydock, and downloads none.

A source archive whose metadata is not static would have to run its own code on this machine.
uv is not allowed to: builds happen without isolation, under a `sitecustomize` that ends the
interpreter before the archive's first line. Where the archive says what it needs in another
way, uv is told so as `dependency-metadata`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from pydock import processes
from pydock.hosts import Origin
from pydock.locks.lockfile import extras, file_hashes, requesters
from pydock.network import gate, upstream, without_proxies
from pydock.patterns import regex
from pydock.processes import Child
from pydock.project.pins import Answer, Indexes, Pin, Request
from pydock.project.secrets import mask
from pydock.resolve.addresses import refusal
from pydock.resolve.archives import unpacked_needs
from pydock.resolve.choice import as_pip
from pydock.resolve.output import (
    GUARDED,
    are_newer,
    explained,
    index_of,
    pins_of,
    preferring,
    revised,
    unreachable,
    untold,
)
from pydock.values import replace

# In seconds: to a connection, to the next byte, and for everything; an index that is known to be there may be slow.
CONNECT_LIMIT, READ_LIMIT, LIMIT = 3, 8, 120
# An index of which nothing at all has been heard for as long, once uv asks, is gone.
_SILENCE = 5
_ASKS = "DEBUG Adding direct dependency"
_HEARD = regex(r"DEBUG (?:Searching for a compatible version|Selecting: |Found (?:not-)?modified response)")
_PATIENCE = 4
_MOST_ARCHIVES = 60
_MOST_PASSED = 12
# What archives of an index need that do not say so to uv, once they have been read.
_told: dict[tuple[Indexes, str, str], tuple[str, ...]] = {}
# uv's allocator gives back at once what it has freed (https://jemalloc.net/jemalloc.3.html, read 2026-11): several uv
# run beside each other, and each needs a third less memory so.
_FRUGAL = "narenas:1,dirty_decay_ms:0,muzzy_decay_ms:0"
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})
_Run = Callable[[Iterable[str]], subprocess.CompletedProcess[bytes]]
_Watched = Callable[[Iterable[str]], subprocess.CompletedProcess[str]]
_GUARD = f"""\
import os, sys
sys.stderr.write("{GUARDED}\\n")
sys.stderr.flush()
os._exit(1)
"""


class _Silent(Exception):
    """An index, by its address, of which nothing was heard in time; the answer says so."""


def answer(
    request: Request,
    *,
    tell: Callable[[Origin], object] = lambda _: None,
    is_offline: bool = False,
    is_patient: bool = False,
) -> Answer:
    """What uv answers; every failure is an answer with its reason.

    With `is_offline` from its cache alone, with `is_patient` from an index that is known to be there. `tell` hears of
    each host before it is asked. Where uv was sent on to one that may not be asked there is no answer, whatever uv
    makes of the rest: another index may have another version.
    """
    if why_not := refusal(request):
        return Answer(why_not=why_not)
    if program() is None:
        return unreachable("uv is not installed")
    if why_not := upstream().problem:
        return unreachable(why_not)
    patience = _PATIENCE if is_patient else 1
    with gate(request.hosts, tell, CONNECT_LIMIT * patience) as way:
        ask = partial(_answered, proxy=way.address, patience=patience, is_offline=is_offline)
        found = as_pip(request, ask) if request.as_pip else ask(request)
        return Answer(why_not=next(iter(way.refused.values()))) if way.refused else found


def _answered(request: Request, proxy: str, patience: int, *, is_offline: bool) -> Answer:
    with tempfile.TemporaryDirectory(prefix="pydock-") as folder:
        place = Path(folder)
        _prepare(place, request)
        environment = _environment(request, place, proxy, patience)
        run = partial(_run, place, environment)
        try:
            watched = partial(_watched, place, environment, _silence(request) * patience)
            cache = partial(_cache, run)
            done = _resolved(place, request, watched, cache, is_offline=is_offline)
            if done.returncode:
                return explained(done.stderr)
            lock = (place / "pylock.toml").read_text(encoding="utf-8")
            pins = tuple(pins_of(tomllib.loads(lock)))
            again = _compiled(place, request, pins, run, is_offline=is_offline)
        except _Silent as silent:
            return unreachable(f"{silent} does not answer")
        except subprocess.TimeoutExpired:
            return unreachable(f"there was no answer within {LIMIT} s")
    via, asked, files = requesters(again or ""), extras(again or ""), file_hashes(again or "")
    found = tuple(
        replace(pin, via=via.get(pin.name, ()), extras=asked.get(pin.name, ""), files=files.get(pin.name, ()))
        for pin in pins
    )
    return Answer(
        found, warnings=tuple(_warnings(done.stderr)), pylock=lock, is_final=again is not None,
        revised=tuple(revised(done.stderr, pins)),
    )  # fmt: skip


@cache
def program() -> str | None:
    """The uv that came with pydock, else one on the PATH.

    To be asked once before there are threads: `find_uv_bin` reads sysconfig, whose variables are
    not there yet for a second thread that asks while the first one collects them.
    """
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return processes.program("uv")


def _prepare(place: Path, request: Request) -> None:
    _write(place / "requirements.in", request.requirements)
    if request.constraints:
        _write(place / "constraints.in", request.constraints)
    if request.preferences:
        _write(place / "pylock.toml", preferring(request.preferences))
    (place / "guard").mkdir()
    (place / "guard" / "sitecustomize.py").write_text(_GUARD, encoding="utf-8")


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _resolved(
    place: Path, request: Request, run: _Watched, cache: Callable[[], Path], *, is_offline: bool
) -> subprocess.CompletedProcess[str]:
    """What uv writes, once it has been told about the archives that tell it nothing themselves.

    It looks at old versions on its way to newer ones: one of which nothing is known is passed over, as long as
    something newer is taken in the end.
    """
    preferences, first, passed = request.preferences, None, list[tuple[str, str]]()
    options = ["--format", "pylock.toml", "-o", "pylock.toml", *(["--offline"] if is_offline else [])]
    for _ in range(_MOST_ARCHIVES):
        _tell(place, request.indexes)
        done = run([*_arguments(request), *options])
        archive = untold(done.stderr) if done.returncode else None
        if archive is None:
            break
        found, pin = unpacked_needs(cache(), *archive), "==".join(archive)
        if found is not None:
            _told[request.indexes, *archive] = found
        elif pin in preferences:
            preferences = tuple(entry for entry in preferences if entry != pin)
            _write(place / "pylock.toml", preferring(preferences))
        elif len(passed) < _MOST_PASSED:
            first = first or done
            passed.append(archive)
            request = replace(request, constraints=(*request.constraints, "!=".join(archive)))
            _write(place / "constraints.in", request.constraints)
        else:
            break
    if first is not None and (done.returncode or not are_newer(place / "pylock.toml", passed)):
        return first
    return done


def _tell(place: Path, indexes: Indexes) -> None:
    known = [(name, version, found) for (where, name, version), found in _told.items() if where == indexes]
    told = "".join(
        f"[[dependency-metadata]]\nname = {json.dumps(name)}\nversion = {json.dumps(version)}\n"
        f"requires-dist = {json.dumps(found)}\n"
        for name, version, found in known
    )
    (place / "uv.toml").write_text(told, encoding="utf-8")


def _cache(run: _Run) -> Path:
    done = run(("cache", "dir"))
    return Path(done.stdout.decode("utf-8", "replace").strip() or os.devnull)


def _run(place: Path, environment: Mapping[str, str], arguments: Iterable[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [program() or "uv", *arguments],
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=LIMIT,
        check=False,
    )


def _watched(
    place: Path, environment: Mapping[str, str], silence: int, arguments: Iterable[str]
) -> subprocess.CompletedProcess[str]:
    """A run of uv with its log.

    Raises _Silent where nothing is heard of an index for `silence` seconds, TimeoutExpired at the limit for everything.
    """
    command, log = [program() or "uv", *arguments, "--verbose"], []
    with subprocess.Popen(
        command, cwd=place, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        quiet, late = (threading.Timer(seconds, process.kill) for seconds in (silence, LIMIT))
        late.start()
        is_heard = False
        try:
            for line in process.stderr or ():
                log.append(line.decode("utf-8", "replace"))
                if not is_heard and _HEARD.match(log[-1]):
                    is_heard = True
                    quiet.cancel()
                elif not is_heard and not quiet.ident and log[-1].startswith(_ASKS):
                    quiet.start()
            process.wait()
        finally:
            quiet.cancel()
            late.cancel()
    talk = "".join(log)
    if process.returncode < 0 and is_heard:
        raise subprocess.TimeoutExpired(command, LIMIT)
    if process.returncode < 0:
        raise _Silent(index_of(talk))
    return subprocess.CompletedProcess(command, process.returncode, stderr=talk)


def _silence(request: Request) -> int:
    """For how many seconds nothing has to be heard; a repository is cloned without a word."""
    asked = os.environ.get("UV_HTTP_TIMEOUT", "")
    is_cloned = any("://" in line for line in request.requirements)
    return LIMIT if is_cloned else int(asked) if asked.isdigit() else _SILENCE


def _compiled(place: Path, request: Request, pins: Sequence[Pin], run: _Run, *, is_offline: bool) -> str | None:
    """The same answer once more as a requirements file: who asks for what, and the hashes of every file of a version.

    None where it cannot be had. It is in uv's cache, unless that is off or somebody has just cleared it. Where an
    index tells no hashes uv would download every file for them: then it is asked for none.
    """
    _write(place / "constraints.in", [f"{pin.name}=={pin.version}" for pin in pins if not pin.place])
    arguments = [*_arguments(replace(request, constraints=("constraints.in",))), "--no-strip-extras"]
    for where in (["--offline", "--generate-hashes"], ["--offline"], [])[: 2 if is_offline else 3]:
        done = run([*arguments, *where])
        if done.returncode == 0:
            return done.stdout.decode("utf-8", "replace")
    return None


def _arguments(request: Request) -> Iterator[str]:
    yield from ("pip", "compile", "requirements.in", "--python", sys.executable, "--no-python-downloads")
    yield from ("--python-version", request.python, "--python-platform", request.platform)
    yield from ("--no-header", "--no-progress", "--color", "never")
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
        yield f"--no-binary={name}"
    # Of a repository that is cloned: what its own [tool.uv.sources] would take from elsewhere.
    yield "--no-sources"
    if not request.allows_builds:
        yield "--no-build-isolation"


def _environment(request: Request, place: Path, proxy: str, patience: int) -> Mapping[str, str]:
    kept = {name: value for name, value in processes.environment(Child.UV).items() if name.lower() not in _PROXIES}
    kept |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"), proxy)
    # Of api.github.com uv would ask what git asks of github.com.
    kept["UV_NO_GITHUB_FAST_PATH"] = "true"
    if (settings := without_proxies()) is not None:
        (place / "own.toml").write_text(settings, encoding="utf-8")
        kept["UV_CONFIG_FILE"] = str(place / "own.toml")
    limits = {"UV_HTTP_CONNECT_TIMEOUT": str(CONNECT_LIMIT * patience), "UV_HTTP_RETRIES": str(patience)}
    kept |= {**limits, "GIT_TERMINAL_PROMPT": "0", **_of_git(kept, request, proxy)}
    kept.setdefault("UV_HTTP_TIMEOUT", str(READ_LIMIT * patience))
    kept.setdefault("_RJEM_MALLOC_CONF", _FRUGAL)
    # Not as arguments, which every user of this machine can read.
    indexes = request.indexes
    asked = {"DEFAULT_INDEX": indexes.index, "INDEX": " ".join(indexes.extra), "FIND_LINKS": ",".join(indexes.links)}
    kept |= {f"UV_{name}": value for name, value in asked.items() if value}
    return kept if request.allows_builds else {**kept, "PYTHONPATH": str(place / "guard")}


def _of_git(kept: Mapping[str, str], request: Request, proxy: str) -> Mapping[str, str]:
    """Settings of git on top of a person's own: how it may fetch what a repository of packages needs itself.

    https://git-scm.com/docs/git-config#Documentation/git-config.txt-protocolallow, read 2026-11: `user` is for what a
    person names, and not for submodules, which may name any address.
    """
    is_by_key = any("ssh://" in line for line in (*request.requirements, *request.constraints))
    rules = {"protocol.allow": "never", "protocol.http.allow": "always", "protocol.https.allow": "always"}
    # uv clones its own copy once more, as a file.
    rules |= {
        "protocol.file.allow": "user",
        "protocol.ssh.allow": "user" if is_by_key else "never",
        "http.proxy": proxy,
    }
    first = int(kept.get("GIT_CONFIG_COUNT", "") or 0)
    told = {"GIT_CONFIG_COUNT": str(first + len(rules))}
    for at, (name, value) in enumerate(rules.items(), first):
        told |= {f"GIT_CONFIG_KEY_{at}": name, f"GIT_CONFIG_VALUE_{at}": value}
    return told


def _warnings(talk: str) -> Iterator[str]:
    for line in talk.splitlines():
        if line.startswith("warning: ") and "will be used to build dependencies" not in line:
            yield mask(line.removeprefix("warning: "))
