"""Measures versions of an image against one another: builds in four situations, size, and run time."""

from __future__ import annotations

import dataclasses
import hashlib
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from pydock.bench.engine.compose_services import beside
from pydock.bench.engine.engine import Engine
from pydock.bench.engine.recipe import Recipe
from pydock.bench.engine.trace import Step
from pydock.bench.measure.layers import read_image
from pydock.bench.measure.runtime import START_SECONDS, Life, lived
from pydock.bench.measure.scenarios import Scenario, changed, source_file, with_own_caches
from pydock.bench.measure.sizes import Weight, weighed
from pydock.errors import BuildError
from pydock.project import Project
from pydock.service.app import bind
from pydock.service.files import secret_values
from pydock.values import Value, field, replace


class Version(Value):
    """One of the versions to compare: its name for people, the project, and how it is built."""

    name: str
    project: Project
    recipe: Recipe


class Seconds(Value):
    """What repeated measurements came to."""

    times: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def range(self) -> tuple[float, float]:
        return min(self.times), max(self.times)


class Failure(Value):
    """Why a version cannot be built: the message and the last lines of the failed step."""

    message: str
    log: tuple[str, ...]


class Measured(Value):
    """All that was measured of one version.

    `why_not` says of each scenario that was not measured why; `steps` are the slowest instructions of the cold build.
    """

    name: str
    builds: Mapping[Scenario, Seconds] = field(default_factory=dict)
    why_not: Mapping[Scenario, str] = field(default_factory=dict)
    steps: tuple[tuple[str, float], ...] = ()
    weight: Weight | None = None
    lives: tuple[Life, ...] = ()
    notes: tuple[str, ...] = ()
    failure: Failure | None = None


class Wishes(Value):
    """How often everything is measured, and how a container is started."""

    runs: int = 3
    is_started: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    network: str = "none"
    has_services: bool = False
    start_limit: float = START_SECONDS


class Watcher(Protocol):
    """Who is told how far the measuring is."""

    def plan(self, tasks: Sequence[tuple[str, str]]) -> None:
        """The (version, what) of everything that will be done, in order."""

    def begin(self, version: str, what: str) -> None: ...

    def step(self, step: Step) -> None: ...

    def end(self, said: str = "") -> None: ...


@dataclasses.dataclass(slots=True)
class _Side:
    version: Version
    source: str | None
    why_not: dict[Scenario, str] = dataclasses.field(default_factory=dict)
    times: dict[Scenario, list[float]] = dataclasses.field(default_factory=dict)
    image: str = ""
    caches: str = ""
    steps: tuple[tuple[str, float], ...] = ()
    weight: Weight | None = None
    lives: list[Life] = dataclasses.field(default_factory=list)
    notes: dict[str, None] = dataclasses.field(default_factory=dict)
    failure: Failure | None = None


def measure(engine: Engine, versions: Sequence[Version], wishes: Wishes, watcher: Watcher) -> tuple[Measured, ...]:
    """Measure the versions in alternation; one that does not build says why and is left out from then on.

    Raises EngineError when the engine or an image of others is the reason.
    """
    source = source_file(version.project for version in versions)
    sides = [_side(version, source) for version in versions]
    tasks = list(_tasks(sides, wishes))
    watcher.plan([(side.version.name, what) for side, _, what in tasks])
    for version in versions:
        engine.provide(version.recipe.images, lambda image: watcher.begin("", f"pull {image}"), version.recipe.platform)
    for side, scenario, what in tasks:
        if side.failure:
            continue
        watcher.begin(side.version.name, what)
        if scenario:
            watcher.end(_build(engine, side, scenario, watcher))
        elif what == _WEIGH:
            side.weight = _weigh(engine, side.image)
            watcher.end()
        else:
            side.lives.append(_start(engine, side, wishes))
            watcher.end()
    return tuple(_measured(side) for side in sides)


_WEIGH = "weigh"


def _side(version: Version, source: str | None) -> _Side:
    tried = {scenario: changed(scenario, version.project, source, "") for scenario in Scenario}
    return _Side(version, source, {scenario: change.why for scenario, change in tried.items() if change.tree is None})


def _tasks(sides: Sequence[_Side], wishes: Wishes) -> Iterator[tuple[_Side, Scenario | None, str]]:
    for scenario in Scenario:
        for run in range(wishes.runs):
            for side in sides:
                if scenario not in side.why_not:
                    yield side, scenario, f"{scenario} {run + 1} of {wishes.runs}"
    yield from ((side, None, _WEIGH) for side in sides)
    for run in range(wishes.runs if wishes.is_started else 0):
        yield from ((side, None, f"start {run + 1} of {wishes.runs}") for side in sides)


def _build(engine: Engine, side: _Side, scenario: Scenario, watcher: Watcher) -> str:
    """Build once and note the time; the last cold build fills the caches that the others find."""
    times = side.times.setdefault(scenario, [])
    mark = f"measured by pydock, {engine.run[:8]}-{len(times)}"
    change = changed(scenario, side.version.project, side.source, mark)
    recipe = replace(side.version.recipe, tree=change.tree or side.version.recipe.tree)
    if scenario is Scenario.COLD:
        side.caches = engine.caches(f"{hashlib.sha256(side.version.name.encode()).hexdigest()[:8]}-{len(times)}")
        recipe = replace(recipe, is_cold=True)
    hidden = secret_values.mask(side.version.project)
    try:
        built = engine.build(
            with_own_caches(recipe, side.caches), lambda step: watcher.step(replace(step, name=hidden(step.name)))
        )
    except BuildError as error:
        return _refused(side, scenario, error)
    side.notes |= dict.fromkeys(built.notes)
    times.append(built.seconds)
    if scenario is Scenario.COLD:
        side.image = built.image
        slow = sorted(
            ((hidden(step.name), step.seconds or 0.0) for step in built.steps if not step.is_internal),
            key=lambda each: -each[1],
        )
        side.steps = tuple(slow[:5])
    return f"{built.seconds:.1f} s"


def _refused(side: _Side, scenario: Scenario, error: BuildError) -> str:
    """A failed cold build ends the measuring of a version, any other only its scenario."""
    if scenario is Scenario.COLD:
        side.failure = Failure(f"{error.message} ({error.hint})" if error.hint else error.message, error.log)
    elif not side.times[scenario]:
        side.why_not[scenario] = f"did not build: {error.message}"
    return "did not build"


def _weigh(engine: Engine, image: str) -> Weight:
    contents = read_image(engine.save(image))
    return weighed(contents, int(engine.inspect_image(image)["Size"]), engine.history(image))


def _start(engine: Engine, side: _Side, wishes: Wishes) -> Life:
    def tell(text: str) -> None:
        side.notes[text] = None

    services = None
    if wishes.has_services:
        services = beside(side.version.project, tell, has_network=wishes.network != "none")
    if services is None:
        return _lived(engine, side, wishes, wishes.network, wishes.environment)
    with services.started(engine) as network:
        return _lived(engine, side, wishes, network, {**services.environment, **wishes.environment})


def _lived(engine: Engine, side: _Side, wishes: Wishes, network: str, environment: Mapping[str, str]) -> Life:
    return lived(
        engine,
        side.image,
        environment=environment,
        network=network,
        limit=wishes.start_limit,
        is_health_awaited=not side.lives,
        is_server=bind(side.version.project) is not None,
    )


def _measured(side: _Side) -> Measured:
    """What was measured, without what is written out in the project: a container may print it."""
    found = Measured(
        side.version.name,
        {scenario: Seconds(tuple(times)) for scenario, times in side.times.items() if times},
        side.why_not,
        side.steps,
        side.weight,
        tuple(side.lives),
        tuple(side.notes),
        side.failure,
    )
    return secret_values.mask(side.version.project).over(found)
