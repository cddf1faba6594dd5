"""What a container of an image does: how soon it answers, what it holds, how it stops."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydock.bench.engine.client import unwrapped
from pydock.bench.engine.container import Container, Stopped
from pydock.bench.engine.engine import Engine
from pydock.errors import EngineError
from pydock.project.secrets import mask
from pydock.values import Value, replace

START_SECONDS = 60.0
STOP_SECONDS = 10
_NO_SERVER = 5.0
_GRACE = 15.0
_SETTLE = 3.0
_POLL = 0.05
_LOG_LINES = 8
_LONGEST = 300
_PYTHONS = ("python3", "python", "/usr/local/bin/python3", "/opt/venv/bin/python", "/usr/bin/python3")
# Runs inside the container: waits for a listening port, then for the first byte of an answer.
_WATCH = r"""
import json, os, pwd, socket, sys, time
end = time.time() + float(sys.argv[1])
def listening():
    found = set()
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = open(name).read().split("\n")[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if len(words) > 3 and words[3] == "0A" and not words[1].startswith("0B00007F"):
                found.add((int(words[1].split(":")[1], 16), name.endswith("6")))
    return sorted(found)
def answers(port, is_six):
    try:
        link = socket.create_connection(("::1" if is_six else "127.0.0.1", port), 2)
        link.settimeout(max(0.1, min(10, end - time.time())))
        link.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        link.recv(1)
        link.close()
        return True
    except OSError:
        return False
def say(**what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()
uid = os.stat("/proc/1").st_uid
try:
    name = pwd.getpwuid(uid).pw_name
except KeyError:
    name = ""
say(uid=uid, name=name)
ports = []
while time.time() < end and not ports:
    ports = listening()
    time.sleep(0 if ports else 0.01)
say(ports=[port for port, _ in ports], listened=time.time())
while ports and time.time() < end:
    if any(answers(*each) or answers(each[0], not each[1]) for each in ports):
        say(answered=time.time())
        break
    time.sleep(0.02)
"""


class Life(Value):
    """One start and stop of a container, in seconds since its start; None for what did not happen.

    `listens` is when a port was open, `answers` when a request to it got its first byte.
    `health` is "healthy", "unhealthy", "starting" when the time was up, or "none" where the image
    has no health check. `exit_code` is set when it ended by itself, and `log` is then its last lines.
    """

    user: str = ""
    ports: tuple[int, ...] = ()
    listens: float | None = None
    answers: float | None = None
    health: str = "none"
    healthy: float | None = None
    memory: int | None = None
    stopped: Stopped | None = None
    exit_code: int | None = None
    lasted: float | None = None
    log: tuple[str, ...] = ()
    why: str = ""


def lived(
    engine: Engine,
    image: str,
    *,
    environment: Mapping[str, str] | None = None,
    network: str = "none",
    limit: float = START_SECONDS,
    is_health_awaited: bool = True,
    is_server: bool = False,
) -> Life:
    """Start a container, watch it until it answers and is healthy or the time is up, and stop it.

    Where neither the caller nor EXPOSE speaks of a server, a port is waited for only a short while.
    """
    config = engine.inspect_image(image).get("Config") or {}
    test = (config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    patience = limit if is_server or config.get("ExposedPorts") else min(limit, _NO_SERVER)
    container = engine.container(image, environment=environment, network=network)
    user = str(config.get("User") or "root")
    try:
        if life := _not_started(container):
            return replace(life, user=user)
        life = _watched(container, patience)
        life = replace(life, user=life.user or user)
        if is_health_awaited and test[0] != "NONE":
            life = _until_healthy(container, life, limit)
        return _ended(container, life)
    finally:
        container.remove()


def _not_started(container: Container) -> Life | None:
    """Start it; where its command cannot be run at all, what the engine says about it."""
    try:
        container.start()
    except EngineError:
        state = container.inspect()["State"]
        if not state.get("Error"):
            raise
        return Life(
            exit_code=int(state["ExitCode"]), why=f"the container did not start: {unwrapped(mask(state['Error']))}"
        )
    return None


def _watched(container: Container, limit: float) -> Life:
    started = _moment(container.inspect()["State"]["StartedAt"])
    said = _said(container, limit)
    if said is None:
        return Life(why="there is no Python in the image to watch the port with")
    listened, answered = said.get("listened"), said.get("answered")
    if listened is None:
        # The watcher was killed with its container, whose end the engine may note a moment later.
        container.wait(_SETTLE)
    ports = tuple(dict.fromkeys(said.get("ports") or ()))
    return Life(
        said.get("name") or str(said.get("uid", "")),
        ports,
        max(0.0, listened - started) if ports and listened else None,
        max(0.0, answered - started) if answered else None,
    )


def _said(container: Container, limit: float) -> dict[str, Any] | None:
    """What the watcher inside the container saw, None where no interpreter could run it."""
    for python in _PYTHONS:
        try:
            ran = container.run([python, "-c", _WATCH, str(limit)], limit=limit + _GRACE)
        except EngineError:
            # Some containers end before anything else can be started in them.
            if container.is_running:
                raise
            return {}
        if ran.code in {126, 127} and container.is_running:
            continue
        found: dict[str, Any] = {}
        for line in ran.text.splitlines():
            if line.startswith("{"):
                found |= json.loads(line)
        return found
    return None


def _until_healthy(container: Container, life: Life, limit: float) -> Life:
    """Wait for the engine's own verdict; the moment is the end of the first probe that was fine."""
    while True:
        state = container.inspect()["State"]
        started = _moment(state["StartedAt"])
        health = state.get("Health") or {}
        status = str(health.get("Status") or "none")
        if not state["Running"] or status in {"healthy", "unhealthy"} or time.time() - started > limit:
            break
        time.sleep(_POLL)
    fine = [_moment(probe["End"]) for probe in health.get("Log") or () if probe.get("ExitCode") == 0]
    return replace(life, health=status, healthy=min(fine) - started if fine and status == "healthy" else None)


def _ended(container: Container, life: Life) -> Life:
    state = container.inspect()["State"]
    if state["Running"]:
        return replace(life, memory=container.memory(), stopped=container.stop(STOP_SECONDS))
    lasted = _moment(state["FinishedAt"]) - _moment(state["StartedAt"])
    log = tuple(mask(line)[:_LONGEST] for line in container.logs(_LOG_LINES).splitlines() if line.strip())
    return replace(life, exit_code=int(state["ExitCode"]), lasted=lasted, log=log)


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
