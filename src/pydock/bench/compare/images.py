"""Two images, aspect by aspect: the same, different (what, both sides), or not to be compared (why).

Nothing is asked of an engine here: what is compared are the facts that `probe` has gathered.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.bench.compare.behaviour import compare_behaviour
from pydock.bench.compare.contents import compare_contents
from pydock.bench.compare.settings import compare_settings
from pydock.bench.facts.image import Declared, Image, Service
from pydock.bench.outcome import Difference, Outcome, Verdict, judged, overall, unknown
from pydock.values import Value, replace


class Comparison(Value):
    """All outcomes, and what they come to together."""

    outcomes: tuple[Outcome, ...]

    @property
    def verdict(self) -> Verdict:
        return overall(self.outcomes)

    @property
    def is_kept(self) -> bool:
        """Whether the new version can take the place of the original."""
        return self.verdict in {Verdict.SAME, Verdict.FIXED}

    @property
    def is_proven(self) -> bool:
        """Whether nothing was left uncompared, which a doubtful fix has to show."""
        return self.is_kept and all(outcome.verdict is not Verdict.UNKNOWN for outcome in self.outcomes)

    def of(self, verdict: Verdict) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.verdict is verdict)


def compare(before: Image, after: Image, declared: Declared) -> Comparison:
    """Compare what both are; a difference that the rewrite declares is a note."""
    outcomes = [judged("build", ())]
    outcomes += compare_settings(before.config, after.config, declared)
    outcomes += compare_contents(before, after, declared)
    outcomes += compare_behaviour(before, after, declared)
    return Comparison(tuple(outcomes))


def settled(first: Comparison, second: Comparison) -> Comparison:
    """Two looks at the same images: what differed in one of them alone was chance, such as which line came first."""
    outcomes = []
    for was, now in zip(first.outcomes, second.outcomes, strict=True):
        if was.verdict is not Verdict.DIFFERENT:
            outcomes.append(was)
        elif now.verdict in {Verdict.SAME, Verdict.FIXED}:
            outcomes.append(replace(now, notes=(*now.notes, "differed in one of two starts")))
        else:
            outcomes.append(now)
    return Comparison(tuple(outcomes))


class Unbuilt(Value):
    """Why there is no image; a build that is late might have ended well."""

    why: str
    is_late: bool = False


def not_built(before: Unbuilt | None, after: Unbuilt | None, rewritten: Image | None = None) -> Comparison:
    """The comparison where at least one version is not built; None for one that is.

    What the new version does is a remark, for nothing stands beside it.
    """
    for side, unbuilt in (("the original", before), ("the new version", after)):
        if unbuilt and unbuilt.is_late:
            return Comparison((unknown("build", f"{side}: {unbuilt.why}"),))
    if before and after:
        return Comparison((unknown("build", f"neither version can be built: {before.why}"),))
    if after:
        return Comparison((judged("build", [Difference("build", "works", after.why)]),))
    notes = ["the new version can be built", *(_told(rewritten.service) if rewritten and rewritten.service else ())]
    why = f"the original cannot be built: {before.why}" if before else ""
    return Comparison((replace(unknown("build", why), notes=tuple(notes)),))


def _told(service: Service) -> Iterator[str]:
    ports = sorted({str(port) for _, port in service.listening})
    yield f"its container: {service.ending}" + (f", listens on {', '.join(ports)}" if ports else "")
    if service.healthy:
        yield f"its health check says {'healthy' if service.healthy[0] == 0 else 'unhealthy'}"
