"""The interpreter, or the Debian under it, gets no security fixes.

CPython supports a minor version for five years, Debian a release for about five with its
long-term support. After that a published hole stays open in every image built on it, and new
releases of packages stop coming with wheels for it.

The advice names the nearest version that is still supported and what stands in the way as far as
files tell: modules and names that the source uses and that version no longer has, sources that its
grammar refuses, files that ask for another Python. Where nothing does and a resolver has found
every package there, with wheels for all that has wheels today, the fix moves every stage to that
version on the same Debian release. Unsafe, for only the tests tell what behaves differently.
Nothing moves from Python 2, which is another language.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pydock.dockerfile import Stage
from pydock.images.tags import debian_suite, suites_of
from pydock.locks.python.move import Move, move
from pydock.locks.python.upgrade import Step, next_step
from pydock.project import Project
from pydock.project.python import release, suite
from pydock.rule import Example, Finding, Rule
from pydock.text import Fix, Safety, Span

EXAMPLES = (
    Example(
        before="FROM python:3.7.17-slim-bookworm\n",
        after="FROM python:3.11.16-slim-bookworm\n",
        allow=Safety.UNSAFE,
    ),
    Example(
        before="FROM python:3.9.25-slim-trixie\nCOPY app.py /app/\n",
        files={"app.py": "import asyncio\n\n@asyncio.coroutine\ndef main():\n    yield\n"},
        finds=True,
    ),
    Example(before="FROM python:2.7.18-slim-buster\n", finds=True),
    Example(before="FROM debian:stretch-slim\n", finds=True),
    Example(before="FROM python:3.14.7-slim-trixie\n"),
    Example(before="FROM debian:trixie-slim\n"),
)


def check(project: Project) -> Iterator[Finding]:
    seen: set[str] = set()
    for stage in project.dockerfile.stages:
        reference = project.reference(stage)
        if len(project.lineage(stage)) > 1 or not reference or reference in seen:
            continue
        seen.add(reference)
        yield from _interpreter(project, stage)
        yield from _distribution(project, stage, reference)


def _place(stage: Stage) -> Span:
    word = stage.start.words[0]
    return stage.start.place(word.start, word.end)


def _interpreter(project: Project, stage: Stage) -> Iterator[Finding]:
    image = project.python_image(stage)
    life = release(image.minor) if image and image.version else None
    today = project.options.today
    if life is None or life.end_of_life > today:
        return
    step = next_step(project, life.minor)
    way = move(project, step) if step and not step.obstacles else None
    yield Finding(
        RULE,
        _place(stage),
        f"Python {life.minor} has had no security fixes since {life.end_of_life}",
        _fix(step, way) if step and way and way.edits else None,
        cost=f"vulnerabilities of the last {_since(life.end_of_life, today)} stay unfixed, new releases have no wheels",
        advice=_advice(life.minor, step, way),
    )


def _fix(step: Step, way: Move) -> Fix:
    doubt = f"{step.after.minor} may behave differently where no table tells: {way.verdict} Run the tests on it"
    title = f"move from Python {step.before} to {', '.join(way.tags)}"
    note = f"a lock that was made for Python {step.before} should be made again"
    return Fix(title, Safety.UNSAFE, way.edits, frozenset({"base"}), (doubt, *way.doubts), (note,))


def _advice(minor: str, step: Step | None, way: Move | None) -> str:
    if minor.startswith("2."):
        return "Python 3 is another language: the code has to be ported first, there is no next version to move to."
    if step is None:
        return "Move to a supported version; the tests and a resolver have to agree with it."
    found = f"The nearest supported version is {step.after.minor}, until {step.after.end_of_life}."
    return " ".join((found, *step.obstacles, *([way.verdict] if way else [])))


def _distribution(project: Project, stage: Stage, reference: str) -> Iterator[Finding]:
    codename = debian_suite(reference)
    life = suite(codename)
    today = project.options.today
    if life is None or life.end_of_lts > today:
        return
    image = project.python_image(stage)
    living = (
        [name for name in suites_of(image.minor) if (other := suite(name)) and other.end_of_lts > today]
        if image
        else []
    )
    advice = "Move to a supported release; names of system packages change with it."
    if image and living:
        advice = f"Python {image.minor} is also published for {living[-1]}; names of system packages may differ there."
    yield Finding(
        RULE,
        _place(stage),
        f"Debian {codename} has had no security fixes since {life.end_of_lts}",
        cost="known vulnerabilities stay unfixed, and apt-get update fails once its packages leave the mirrors",
        advice=advice,
    )


def _since(end: date, today: date) -> str:
    months = max(1, (today - end).days // 30)
    return f"{months // 12} years" if months >= 24 else f"{months} months" if months > 1 else "month"


RULE = Rule("PYD102", "end-of-life-python", check, __doc__, EXAMPLES)
