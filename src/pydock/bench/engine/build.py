"""Building an image: BuildKit through the engine's own API, or `docker buildx` where a session is needed."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Timer
from typing import IO, TYPE_CHECKING, Any

from pydock.bench.engine import buildx
from pydock.bench.engine.client import build_failure, hint_for, late_build, translated
from pydock.bench.engine.context import packed, without_syntax
from pydock.bench.engine.recipe import Built, Recipe
from pydock.bench.engine.trace import Step, Trace
from pydock.errors import BuildError, EngineError
from pydock.patterns import regex

if TYPE_CHECKING:
    from docker.api import APIClient

# After its end a build has this long to say so before the connection is given up.
_GRACE = 30.0
_METADATA = regex(r"\[(?:[^\]]*)\] (?:load metadata for|resolve image config for) (?:docker-image://)?(\S+)")


def build(api: APIClient, recipe: Recipe, labels: Mapping[str, str], on_step: Callable[[Step], None]) -> Built:
    """Build once; a `# syntax=` frontend that cannot be had is replaced by the engine's own, with a note."""
    try:
        return _built(api, recipe, labels, on_step)
    except BuildError as error:
        frontend = recipe.dockerfile.directives.get("syntax", "")
        if (
            not frontend
            or frontend.partition(":")[0].rpartition("/")[2] != "dockerfile"
            or not _is_about(error, frontend)
        ):
            raise
    text = without_syntax(recipe.dockerfile.text)
    done = _built(api, recipe.with_text(text), labels, on_step)
    note = f"built by the engine's own frontend, because {frontend} cannot be pulled"
    return Built(done.image, done.steps, done.seconds, (*done.notes, note))


def _is_about(error: BuildError, frontend: str) -> bool:
    name = frontend.partition("@")[0].removeprefix("docker.io/").removeprefix("docker/")
    return name in error.step or name in error.message


def _built(api: APIClient, recipe: Recipe, labels: Mapping[str, str], on_step: Callable[[Step], None]) -> Built:
    all_labels = {**recipe.labels, **labels}
    archive, name = packed(recipe.tree, recipe.path, recipe.dockerfile.text)
    with archive:
        trace, before = Trace(), time.monotonic()
        if recipe.needs_session:
            image = buildx.built(recipe, archive, name, all_labels, trace, on_step)
        else:
            image = _posted(api, recipe, archive, name, all_labels, trace, on_step)
        return Built(image, trace.steps, time.monotonic() - before)


def _posted(
    api: Any,
    recipe: Recipe,
    archive: IO[bytes],
    name: str,
    labels: Mapping[str, str],
    trace: Trace,
    on_step: Callable[[Step], None],
) -> str:
    build_id = uuid.uuid4().hex
    said = ""
    image = ""
    with _bounded(api, build_id, recipe.limit) as is_late, translated("the engine went away during the build"):
        answer = api._post(
            api._url("/build"),
            data=archive,
            params=_parameters(recipe, name, build_id, labels, _proxies(api)),
            headers={"Content-Type": "application/x-tar"},
            stream=True,
            timeout=(_GRACE, recipe.limit + _GRACE),
        )
        with answer:
            api._raise_for_status(answer)
            for message in _messages(answer):
                image = _image(message) or image
                said = str(message.get("error") or said)
                for step in _heard(trace, message):
                    on_step(step)
    if is_late.is_set():
        raise late_build(recipe.limit, trace.failed.name if trace.failed else "", trace.output)
    if said:
        raise _failure(trace, said)
    if not image:
        raise EngineError("the engine closed the connection before the build had ended", "has it been restarted?")
    return image


def _parameters(
    recipe: Recipe, name: str, build_id: str, labels: Mapping[str, str], proxies: Mapping[str, str]
) -> dict[str, str]:
    """https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Image/operation/ImageBuild, read 2026-11."""
    parameters = {
        "version": "2",
        "buildid": build_id,
        "dockerfile": name,
        "rm": "1",
        "forcerm": "1",
        "t": f"pydock-run:{build_id[:16]}",
        "nocache": "1" if recipe.is_cold else "",
        "target": recipe.target,
        "platform": recipe.platform,
        "networkmode": recipe.network,
        "buildargs": json.dumps({**proxies, **recipe.arguments}),
        "labels": json.dumps(dict(labels)),
    }
    return {key: value for key, value in parameters.items() if value}


@contextmanager
def _bounded(api: Any, build_id: str, limit: float) -> Iterator[Event]:
    """Cancel the build when it takes too long, or when this side leaves before it has ended."""
    is_late, is_done = Event(), False

    def cancel() -> None:
        try:
            api.post(api._url("/build/cancel"), params={"id": build_id}, timeout=10)
        except OSError:
            return  # an engine that does not answer has nothing left to cancel

    def give_up() -> None:
        is_late.set()
        cancel()

    timer = Timer(limit, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield is_late
        is_done = True
    finally:
        timer.cancel()
        if not is_done:
            cancel()


def _messages(answer: Any) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines(chunk_size=64 * 1024):
        if line.strip():
            message = json.loads(line)
            if isinstance(message, dict):
                yield message


def _heard(trace: Trace, message: Mapping[str, Any]) -> tuple[Step, ...]:
    if message.get("id") == "moby.buildkit.trace":
        return trace.take_trace(str(message.get("aux") or ""))
    if isinstance(message.get("stream"), str):
        trace.take_text(message["stream"])
    return ()


def _image(message: Mapping[str, Any]) -> str:
    """The id of the finished image, by BuildKit's message or by the one of podman and old builders."""
    aux = message.get("aux")
    return str(aux.get("ID") or "") if isinstance(aux, dict) and message.get("id") in {"moby.image.id", None} else ""


def _failure(trace: Trace, said: str) -> EngineError:
    failed = trace.failed
    name = failed.name if failed else ""
    image = _METADATA.match(name)
    what = (
        f"the image {image[1]} cannot be had"
        if image
        else f"the build failed at {name}"
        if name
        else "the build failed"
    )
    hint = hint_for(said)
    if image and not hint:
        hint = "is the name right, and does the engine reach the registry?"
    return build_failure(f"{what}: {_short(said)}", said, name, trace.output, hint)


def _short(said: str) -> str:
    """BuildKit's message without the command it repeats."""
    return re.sub(r'\A.*process ".*" did not complete successfully: ', "", said, flags=re.S).strip()[:1_000]


def _proxies(api: Any) -> dict[str, str]:
    """The proxies of the person's docker configuration, which `docker build` passes on, too."""
    found = getattr(api, "_proxy_configs", None)
    return {key: value for key, value in (found.get_environment() if found else {}).items() if value}
