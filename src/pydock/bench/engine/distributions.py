"""What a built image runs, told by its own Python in a container without a network.

The container is started with nothing of the person's, carries the label of the run, and is
removed behind it. An image that is not here is pulled by the engine, with its own logins.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydock.bench.engine.engine import Engine, connect
from pydock.errors import EngineError
from pydock.patterns import regex
from pydock.project.running import Running, by_name
from pydock.values import Malformed, Value, decode

_LIMIT = 60
_MARK = "pydock: "
_ABSENT = regex(r"(?i)no such file or directory|executable file .*not found|not a directory|is a directory")
# Where a Python of the distribution lives, which is not the service's.
_SYSTEM = ("/usr/bin", "/bin", "/usr/sbin", "/sbin")
_WITHOUT_PATH = ("/usr/local/bin/python3", "/opt/venv/bin/python", "/app/.venv/bin/python", "/usr/bin/python3")
# Any Python from 2.7 on. PYTHONPATH and the user's packages count as they do for the service; the work
# folder does not, for its modules could hide those of the library.
_PROGRAM = f"""
import json, sys
sys.path = [path for path in sys.path if path]
sys.dont_write_bytecode = True
versions, places = {{}}, {{}}
try:
    from importlib.metadata import distributions
except ImportError:
    import subprocess
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "list", "--format=json"]
    for entry in json.loads(subprocess.check_output(command, cwd="/").decode()):
        versions[entry["name"]] = entry["version"]
else:
    for entry in distributions():
        name = entry.metadata["Name"]
        if not name or name in versions or not entry.version:
            continue
        versions[name] = entry.version
        told = json.loads(entry.read_text("direct_url.json") or "{{}}")
        # A wheel of a builder stage is that of an index, as far as anybody can tell.
        if told and not (told["url"].startswith("file:") and "archive_info" in told):
            places[name] = told.get("vcs_info", {{}}).get("commit_id") or told["url"]
python = ".".join(map(str, sys.version_info[:3]))
print({_MARK!r} + json.dumps(dict(python=python, versions=versions, places=places)))
"""


class _Told(Value):
    """What the program prints, as far as an image can be believed."""

    python: str
    versions: dict[str, str]
    places: dict[str, str]


def running(image: str, on_pull: Callable[[str], None] = lambda image: None) -> Running:
    """The packages of an image, by the Python that its command would find.

    Raises EngineError without an engine, without such an image, and without a Python in it that tells.
    """
    with connect() as engine:
        engine.provide([image], on_pull)
        configured = engine.inspect_image(image).get("Config") or {}
        for program in _programs(configured):
            told = _told(engine, image, program)
            if told is not None:
                return parsed(image, told)
    raise EngineError(f"there is no Python in {image}", "--pins-from takes an image that the service was built to")


def parsed(image: str, told: str) -> Running:
    """What the program printed, as facts.

    Raises EngineError where it did not come to an end.
    """
    lines = [line for line in told.splitlines() if line.startswith(_MARK)]
    if not lines:
        said = (told.strip().splitlines() or ["nothing"])[-1]
        raise EngineError(f"the Python of {image} does not tell what is installed: {said}")
    try:
        found = decode(lines[-1].removeprefix(_MARK).encode("utf-8", "replace"), type=_Told)
    except Malformed as error:
        raise EngineError(f"the Python of {image} does not tell what is installed: {error}") from error
    return Running(image, found.python, by_name(found.versions), by_name(found.places))


def _programs(configured: Mapping[str, Any]) -> Iterator[str]:
    """The Pythons to try: beside a program that the image starts by its path, then on the PATH, then known places."""
    command = [*(configured.get("Entrypoint") or ()), *(configured.get("Cmd") or ())]
    folders = [posixpath.dirname(word) for word in command if word.startswith("/") and " " not in word]
    yield from dict.fromkeys(f"{folder}/python" for folder in folders if folder not in _SYSTEM)
    yield from ("python", "python3", *_WITHOUT_PATH)


def _told(engine: Engine, image: str, program: str) -> str | None:
    """What the program printed under one Python, None where there is no such Python."""
    container = engine.container(image, ["-c", _PROGRAM], entrypoint=[program])
    try:
        container.start()
        code = container.wait(_LIMIT)
    except EngineError as error:
        if _ABSENT.search(error.message):
            return None
        raise
    if code is None:
        raise EngineError(f"the Python of {image} did not tell within {_LIMIT} s what is installed")
    return None if code in {126, 127} else container.logs()
