"""Builds through the `docker buildx` command: secrets, ssh, and the builders that a person has set up."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Timer
from typing import IO

from pydock import processes
from pydock.bench.engine.client import build_failure, late_build
from pydock.bench.engine.recipe import Recipe
from pydock.bench.engine.trace import LONGEST_LINE, MOST_LINES, Step, Trace
from pydock.errors import EngineError
from pydock.project.secrets import mask


def built(
    recipe: Recipe,
    archive: IO[bytes],
    name: str,
    labels: Mapping[str, str],
    trace: Trace,
    on_step: Callable[[Step], None],
) -> str:
    """Build and load into the engine; the image's id."""
    program = processes.program("docker")
    if program is None:
        hint = "secret and ssh mounts and --builder need the docker command with buildx"
        raise EngineError("there is no docker command on this machine", hint)
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "image"
        command = [program, *arguments(recipe, name, labels, str(result))]
        code, said = _run(command, environment(recipe), archive, recipe.limit, trace, on_step)
        if code == 0 and result.exists():
            return result.read_text().strip()
    if code is None:
        raise late_build(recipe.limit, trace.failed.name if trace.failed else "", trace.output)
    failed = trace.failed
    if failed is None and not trace.steps:
        last = next((line for line in reversed(said) if line), f"exit code {code}").removeprefix("ERROR: ")
        raise EngineError(
            mask(f"docker buildx builds nothing: {last}"), "docker buildx ls shows the builders there are"
        )
    step = failed.name if failed else ""
    what = f"the build failed at {step}" if step else "docker buildx failed"
    last = failed.error if failed else next((line for line in reversed(said) if line), f"exit code {code}")
    raise build_failure(f"{what}: {last}", last, step, trace.output or said)


def arguments(recipe: Recipe, name: str, labels: Mapping[str, str], result: str) -> list[str]:
    """The words behind `docker` for a recipe whose context comes on standard input."""
    words = [
        "buildx",
        "build",
        "--progress=rawjson",
        "--load",
        "--provenance=false",
        f"--iidfile={result}",
        f"--file={name}",
    ]
    words += [f"--builder={recipe.builder}"] if recipe.builder else []
    words += ["--no-cache"] if recipe.is_cold else []
    words += [f"--target={recipe.target}"] if recipe.target else []
    words += [f"--platform={recipe.platform}"] if recipe.platform else []
    words += [f"--network={recipe.network}"] if recipe.network else []
    words += [f"--build-arg={key}={value}" for key, value in recipe.arguments.items()]
    words += [f"--label={key}={value}" for key, value in labels.items()]
    words += [f"--secret={value}" for value in recipe.secrets]
    words += [f"--ssh={value}" for value in recipe.ssh]
    return [*words, "-"]


def environment(recipe: Recipe) -> dict[str, str]:
    """What buildx is told, with the variables that hold the secrets of a recipe.

    A secret names its variable, or is called like it (https://docs.docker.com/build/building/secrets/, read 2026-11).
    """
    fields = (dict(field.partition("=")[::2] for field in secret.split(",")) for secret in recipe.secrets)
    named = {name for field in fields for name in (field.get("env", ""), field.get("id", "")) if name}
    # The folder that it is started in is no part of a build whose context comes on standard input.
    return {**processes.environment(processes.Child.BUILDX, named), "BUILDX_GIT_INFO": "false"}


def _run(
    command: list[str],
    environment: Mapping[str, str],
    archive: IO[bytes],
    limit: float,
    trace: Trace,
    on_step: Callable[[Step], None],
) -> tuple[int | None, tuple[str, ...]]:
    """The exit code, None when the time was up, and the last lines that were no progress."""
    said: deque[str] = deque(maxlen=MOST_LINES)
    late: list[bool] = []
    with subprocess.Popen(
        command, env=dict(environment), stdin=archive, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:

        def give_up() -> None:
            late.append(True)
            process.terminate()

        timer = Timer(limit, give_up)
        timer.daemon = True
        timer.start()
        try:
            for message in _messages(process.stderr or (), said):
                for step in trace.take_json(message):
                    on_step(step)
            process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                process.terminate()
    return None if late else process.returncode, tuple(said)


def _messages(lines: Iterable[bytes], said: deque[str]) -> Iterator[dict[str, object]]:
    """The JSON objects among the lines, each on one line or, from older versions, spread over several."""
    pending = b""
    for line in lines:
        if not pending and not line.startswith(b"{"):
            said.append(line.decode("utf-8", "replace").rstrip()[:LONGEST_LINE])
            continue
        pending += line
        if line.rstrip().endswith(b"}") and (line.startswith((b"}", b"{"))):
            yield json.loads(pending)
            pending = b""
