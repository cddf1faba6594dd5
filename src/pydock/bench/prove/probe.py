"""Gathers the facts about an image: from `inspect`, from the inside, and from a container of it."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydock.bench.compare.behaviour import EPHEMERAL, own_changes
from pydock.bench.engine.compose_services import Beside
from pydock.bench.engine.container import Container
from pydock.bench.engine.engine import Engine
from pydock.bench.facts.image import Answer, Config, File, Image, Python, Service
from pydock.bench.facts.inside import program
from pydock.bench.facts.masks import is_generated
from pydock.bench.facts.questions import Asked
from pydock.errors import EngineError
from pydock.locks.installs.build_tools import BUILD_TOOLS
from pydock.values import Value, replace

OWN_LABELS = "dev.pydock."
INTERPRETERS = ("python", "python3")
START_SECONDS, QUIET_SECONDS, CALM_SECONDS = 25.0, 6.0, 0.7
IMPORT_SECONDS = 30.0
ASK_SECONDS = 600
HEALTH_SECONDS = 10.0
# One argument of a command may have 128 KiB on Linux.
LONGEST_ARGUMENT = 100_000
# Folders that are more than a service's own, where new files mean nothing.
_SHARED = frozenset({"/", "/root", "/home", "/opt", "/srv", "/usr", "/usr/src", "/usr/local", "/var", "/etc", "/mnt"})


class Probe(Value):
    """Looks at images on one engine with the same questions; `network` is what service containers get."""

    engine: Engine
    asked: Asked
    network: str = "none"
    beside: Beside | None = None
    tell: Callable[[str], None] = lambda text: None

    def original(self, image: str, base: str) -> Image:
        """The facts about the image as it was; `base` is what it is built on, for what came after it."""
        with self._idle(image) as (idle, found):
            if idle is None or found.python is None:
                return replace(found, service=self._service(image, found, self.asked.ports, None))
            whole = self._with_files(idle, found, tuple(self._written(idle, found, base)))
            return replace(whole, service=self._service(image, found, self.asked.ports, idle))

    def rewritten(self, image: str, original: Image) -> Image:
        """The facts about another version, with questions for what the original had."""
        ports = tuple(port for _, port in original.service.listening) if original.service else ()
        with self._idle(image) as (idle, found):
            is_open = idle is not None and found.python is not None
            whole = self._with_files(idle, found, tuple(original.files)) if idle and is_open else found
            return replace(whole, service=self._service(image, found, ports or self.asked.ports, idle))

    def again(self, image: str, found: Image, original: Image) -> Image:
        """The facts of an image with those of a second container of the same service, which gets more time to end."""
        listening = tuple(port for _, port in original.service.listening) if original.service else ()
        ports = self.asked.ports if found is original else listening or self.asked.ports
        with self._idle(image) as (idle, _):
            return replace(found, service=self._service(image, found, ports, idle, START_SECONDS))

    @contextmanager
    def _idle(self, image: str) -> Iterator[tuple[_Inside | None, Image]]:
        """A container in which nothing runs, and what is known before any file is looked at."""
        found = Image(Config.of(self.engine.inspect_image(image)["Config"], OWN_LABELS))
        inside = self._entered(image, _interpreters(found.config))
        if inside is None:
            yield None, replace(found, why="no Python in the image")
            return
        try:
            found = replace(found, python=Python.of(inside.ask("python", self._python_question(), found.config.user)))
        except _SilentError as error:
            found = replace(found, why=str(error))
        try:
            yield inside, found
        finally:
            inside.container.remove()

    def _entered(self, image: str, interpreters: Sequence[str] = INTERPRETERS) -> _Inside | None:
        """A container in which Python sleeps, None where the image has no Python that starts."""
        for name in interpreters:
            container = self.engine.container(image, entrypoint=[name, "-c", f"import time; time.sleep({ASK_SECONDS})"])
            try:
                container.start()
            except EngineError:
                container.remove()
                continue
            return _Inside(container, name)
        return None

    def _python_question(self) -> dict[str, object]:
        asked = self.asked
        return {
            "imports": asked.imports,
            "programs": asked.programs,
            "writes": asked.writes,
            "limit": IMPORT_SECONDS,
        }

    def _written(self, idle: _Inside, found: Image, base: str) -> Iterator[str]:
        """Paths that are there or otherwise than in the base image, packages and noise left out."""
        listed = idle.ask("files", {"all": True}, "0")["listed"]
        known = self._listed(base)
        own = _Own(found.python, [path for path in listed if path.endswith("/pyvenv.cfg")])
        for path, entry in listed.items():
            was = known.get(path)
            is_folder = entry[0] & 0o170000 == 0o040000
            if was is not None and (was[:3] == entry[:3] if is_folder else was == entry):
                continue
            if own.holds(path, is_folder=is_folder, is_link=entry[0] & 0o170000 == 0o120000):
                yield path

    def _listed(self, base: str) -> Mapping[str, list[int]]:
        """The files of a base image; none where it has no Python, for then packages brought them all."""
        if not base or base == "scratch" or not self.engine.has_image(base):
            return {}
        inside = self._entered(base)
        if inside is None:
            return {}
        try:
            found: Mapping[str, list[int]] = inside.ask("files", {"all": True}, "0")["listed"]
        finally:
            inside.container.remove()
        return found

    def _with_files(self, idle: _Inside, found: Image, paths: Sequence[str]) -> Image:
        workdir = found.config.workdir
        under = [] if workdir in _SHARED or not paths else [workdir]
        files: dict[str, File] = {}
        users: dict[str, str] = {}
        scripted: dict[str, tuple[str, ...]] = {}
        for at, chunk in enumerate(_chunks(paths)):
            told = idle.ask("files", {"paths": chunk, "under": under if at == 0 else []}, "0")
            users = told["users"]
            scripted |= {path: tuple(packages) for path, packages in told["scripted"].items()}
            files |= {path: File(*entry) for path, entry in told["contents"].items() if entry}
        venvs = [path for path in files if path.endswith("/pyvenv.cfg")]
        own, asked = _Own(found.python, venvs), set(paths)
        kept = {
            path: file
            for path, file in files.items()
            if path in asked or own.holds(path, is_folder=file.content == "folder")
        }
        return replace(found, files=kept, users=users, scripted=scripted)

    def _service(
        self, image: str, found: Image, ports: tuple[int, ...], idle: _Inside | None, quiet: float = QUIET_SECONDS
    ) -> Service:
        name = idle.interpreter if idle else INTERPRETERS[0]
        with self._surrounded() as (network, environment):
            # What stays in a buffer of one version, and not of the other, would be a difference of their logs.
            unbuffered = {"PYTHONUNBUFFERED": "1", **environment}
            container = self.engine.container(image, network=network, environment=unbuffered)
            try:
                container.start()
            except EngineError as error:
                container.remove()
                return Service("refused", reason=error.message)
            try:
                return self._watched(_Inside(container, name), found, ports, idle, quiet)
            finally:
                container.remove()

    @contextmanager
    def _surrounded(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The network and the environment of a service container, its services running where they are asked for."""
        if self.beside is None:
            yield self.network, self.asked.environment
            return
        with self.beside.started(self.engine, self.tell) as network:
            yield network, self.beside.environment

    def _watched(
        self, running: _Inside, found: Image, ports: tuple[int, ...], idle: _Inside | None, quiet: float
    ) -> Service:
        question = {
            "ports": ports,
            "routes": self.asked.routes,
            "limit": START_SECONDS if ports else quiet,
            "calm": CALM_SECONDS,
            "ephemeral": EPHEMERAL,
            "health": found.config.healthcheck,
            "health_limit": HEALTH_SECONDS,
        }
        told: dict[str, Any] = {}
        why = ""
        try:
            told = running.ask("service", question, found.config.user)
        except (EngineError, _SilentError) as error:
            why = str(error)
        # One that takes connections and answers none may be about to end, as gunicorn is when no worker boots.
        answers = [each for twice in told.get("answers", {}).values() for each in twice]
        is_mute = bool(answers) and all(each.get("error") for each in answers)
        code = running.container.wait(2 if why else quiet if is_mute else 0)
        unhealthy = None
        if idle is not None and found.config.healthcheck and told:
            unhealthy = idle.ask("service", {**question, "limit": 0, "ports": []}, found.config.user)["health"]
        return Service(
            "running" if code is None else "exited",
            code or 0,
            listening=frozenset((host, port) for host, port in told.get("listening", ())),
            answers={
                place: tuple(Answer(**each) for each in twice) for place, twice in told.get("answers", {}).items()
            },
            healthy=tuple(told["health"]) if told.get("health") else None,
            idle=tuple(unhealthy) if unhealthy else None,
            log=running.container.logs(2000),
            changed=own_changes(running.container.changes(), found.config.volumes),
            why_unknown=why if code is None else "",
        )


def _interpreters(config: Config) -> tuple[str, ...]:
    """The names of Python to try; `uv run` takes the one of the project's own environment."""
    words = " ".join((*config.entrypoint, *config.command)).split()
    if "uv" not in words[:4] or "run" not in words[:5]:
        return INTERPRETERS
    folder = config.environment.get("UV_PROJECT_ENVIRONMENT", ".venv")
    return (posixpath.join(config.workdir, folder, "bin/python"), *INTERPRETERS)


class _SilentError(Exception):
    """A program inside a container that said nothing of use."""


class _Inside(Value):
    """A container and the name its Python answers to."""

    container: Container
    interpreter: str

    def ask(self, name: str, question: Mapping[str, object], user: str) -> dict[str, Any]:
        """What one of the programs of `inside` answers."""
        words = [self.interpreter, "-c", program(name), json.dumps(question)]
        ran = self.container.run(words, user=user, limit=ASK_SECONDS)
        for line in reversed(ran.text.splitlines()):
            if line.startswith("{"):
                try:
                    answer: dict[str, Any] = json.loads(line)
                except ValueError:
                    break
                return answer
        last = next((line for line in reversed(ran.text.splitlines()) if line.strip()), "nothing")
        raise _SilentError(f"its Python ended with {ran.code} and said: {last[:300]}")


class _Own:
    """Tells the service's own files from those of packages, environments and tools."""

    def __init__(self, python: Python | None, venvs: Iterable[str]) -> None:
        self.folders = [posixpath.dirname(path) for path in venvs]
        self.paths: set[str] = set()
        if python is None:
            return
        self.folders += python.sites
        self.folders += [
            folder for folder in (python.prefix, python.user_base) if folder not in {"", "/usr", "/usr/local"}
        ]
        for each in python.distributions.values():
            self.paths |= {*each.files, *(f"{python.prefix}/bin/{name}" for name in each.scripts)}

    def holds(self, path: str, *, is_folder: bool, is_link: bool = False) -> bool:
        if is_generated(path) or path in self.paths or any(_is_in(path, folder) for folder in self.folders):
            return False
        if "/site-packages/" in path or "/dist-packages/" in path:
            return False  # of another Python of the image, such as the one that runs uv
        name = posixpath.basename(path)
        if name in BUILD_TOOLS | {"uvx"} and posixpath.basename(posixpath.dirname(path)) == "bin":
            return False
        is_system = (
            path.startswith(("/usr/", "/etc/", "/var/", "/lib", "/bin", "/sbin", "/opt/")) or path.count("/") == 1
        )
        is_local = path.startswith(("/usr/src/", "/opt/", "/var/www/"))
        # Folders and links of the system come and go with packages.
        return not (is_system and not is_local and (is_folder or is_link)) or (is_folder and path.count("/") == 1)


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _chunks(paths: Sequence[str]) -> Iterator[list[str]]:
    """The paths in portions that fit into one argument, at least one portion."""
    chunk: list[str] = []
    size = 0
    for path in paths:
        if size + len(path) > LONGEST_ARGUMENT // 2:
            yield chunk
            chunk, size = [], 0
        chunk.append(path)
        size += len(path) + 4
    yield chunk
