"""`python -m tests.corpus FOLDER`: the laws, in process, over every Dockerfile below a folder.

Prints how many files there are, what `split` says about them, how often each law is broken and
the first failures of each. `--contexts` takes each Dockerfile with the files around it, as the
command line does; without it only the text is known. Exit code 1 when a law is broken.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from multiprocessing import Pool
from pathlib import Path

from pydock.build.installs import installs_of
from pydock.context import LARGEST_TEXT, Tree
from pydock.engine import rewrite
from pydock.errors import PydockError
from pydock.project import Options, Project
from pydock.questions import Question, project_of
from pydock.rules import RULES
from pydock.split import Refusal, split
from pydock.targets import Target, is_dockerfile, targets
from pydock.text import Safety
from tests.laws import accepted, broken

LAWS = (
    "no exception",
    "lossless",
    "boundaries",
    "readable",
    "accepted",
    "contract",
    "settled",
    "once",
    "order",
    "comments",
    "steps",
    "processes",
)
OPTIONS = Options(today=date(2026, 11, 1))


@dataclass
class Seen:
    """What happened with one file."""

    path: str
    counts: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)


def files(folder: Path) -> Iterator[Path]:
    """The Dockerfile-like files below a folder, links left out."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(parent, name)
            if is_dockerfile(name) and path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST_TEXT:
                yield path


def examine(job: tuple[Path, bool, Safety]) -> Seen:
    """Every law for one file; whatever is raised is a failure of the first law."""
    path, has_context, allow = job
    seen = Seen(str(path))
    try:
        project = _project(path, has_context)
        if project is None:
            seen.counts["unusable"] += 1
            return seen
        if not accepted(project.dockerfile.text):
            seen.counts["rejected by the oracle"] += 1
        seen.failures += broken(project, RULES, allow)
        if not project.dockerfile.problems:
            _count(project, allow, seen.counts)
    except PydockError as error:
        seen.counts[f"refused: {type(error).__name__}"] += 1
    except Exception:
        seen.failures.append(("no exception", traceback.format_exc(limit=-3).strip()))
    return seen


def _project(path: Path, has_context: bool) -> Project | None:
    if has_context:
        (target,) = targets([str(path)])
        return project_of(Question({}), target, {})[0] if isinstance(target, Target) else None
    data = path.read_bytes()
    if b"\0" in data[:4096]:
        return None
    return Project(Tree(None, {"Dockerfile": data.decode("utf-8", "surrogateescape")}), "Dockerfile", OPTIONS)


def _count(project: Project, allow: Safety, counts: Counter[str]) -> None:
    report = rewrite(project, RULES, allow)
    counts["answered"] += 1
    counts["changed"] += bool(report.changed)
    counts.update(f"found {finding.rule.code} {finding.rule.name}" for finding in report.findings)
    counts.update(f"refused {each.finding.rule.code} {each.finding.rule.name}" for each in report.refused)
    counts.update(f"fixed {finding.rule.code} {finding.rule.name}" for finding in report.settled)
    image = project.python_image(project.dockerfile.stages[0])
    if len(project.dockerfile.stages) > 1 or image is None or not installs_of(project, project.dockerfile.stages[0]):
        return
    match split(project):
        case None:
            counts["split: nothing to do"] += 1
        case Refusal() as refusal:
            counts[f"split: refused, {refusal.reason}"] += 1
        case planned:
            counts[f"split: planned{' with doubts' if planned.doubts else ''}"] += 1


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--contexts", action="store_true", help="with the files around each Dockerfile")
    parser.add_argument("--unsafe-fixes", action="store_true")
    parser.add_argument("--limit", type=int, help="take only so many files, spread over the folder")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--show", type=int, default=3, help="failures shown of each law")
    given = parser.parse_args(arguments)
    found = list(files(given.folder))
    if given.limit and len(found) > given.limit:
        found = [found[number * len(found) // given.limit] for number in range(given.limit)]
    allow = Safety.UNSAFE if given.unsafe_fixes else Safety.SAFE
    started = time.monotonic()
    with Pool(given.jobs) as pool:
        jobs = ((path, given.contexts, allow) for path in found)
        seen = list(pool.imap_unordered(examine, jobs, chunksize=16))
    print(f"{len(seen)} files in {time.monotonic() - started:.0f} s")
    return _tell(sorted(seen, key=lambda each: each.path), given.show)


def _tell(seen: list[Seen], shown: int) -> int:
    counts: Counter[str] = Counter()
    failures: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for each in seen:
        counts += each.counts
        for law, what in each.failures:
            failures[law].append((each.path, what))
    for name, number in sorted(counts.items(), key=lambda entry: (entry[0].split(" ")[0], -entry[1])):
        print(f"{number:8} {name}")
    print("broken laws:")
    for law in LAWS:
        print(f"{len(failures[law]):8} {law}")
        for path, what in failures[law][:shown]:
            print(f"         {path}\n             {what.replace(chr(10), chr(10) + ' ' * 13)}")
    return 1 if any(failures.values()) else 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
