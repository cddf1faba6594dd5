"""`python -m tests.fleet`: how `pydock migrate` does on many services.

Makes services out of the fixtures, each changed in a few ways, and measures on them: the first
run with one process and with two, the second run, the memory of all processes together, and
whether a run that is killed again and again ends with the same report as one that is not.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FIXTURES = Path(__file__).parent.parent / "fixtures"
SKIPPED = {"expected", "__pycache__"}
REPORTS = ("results.jsonl", "summary.md", "report.html")

Files = dict[str, bytes]


def _text(change: Callable[[str, random.Random], str]) -> Callable[[Files, random.Random], None]:
    """A change of the Dockerfile as text."""

    def changed(files: Files, chance: random.Random) -> None:
        text = files["Dockerfile"].decode("utf-8", "surrogateescape")
        files["Dockerfile"] = change(text, chance).encode("utf-8", "surrogateescape")

    return changed


def _other_python(text: str, chance: random.Random) -> str:
    version = chance.choice(["3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
    return re.sub(r"(?m)^(FROM python:)3\.\d+", rf"\g<1>{version}", text)


def _other_names(files: Files, chance: random.Random) -> None:
    word = f"service{chance.randrange(10_000)}".encode()
    for path, data in files.items():
        files[path] = data.replace(b"tickets", word).replace(b"parcels", word)


def _crlf(text: str, chance: random.Random) -> str:
    del chance
    return re.sub(r"(?<!\r)\n", "\r\n", text)


def _more_requirements(files: Files, chance: random.Random) -> None:
    for path in [path for path in files if path.endswith("requirements.txt")]:
        name = chance.choice([b"redis==5.0.4", b"pillow==10.3.0", b"requests", b"lxml==5.2.2", b"tenacity>=8"])
        files[path] = files[path].rstrip(b"\n") + b"\n" + name + b"\n"


def _more_source(files: Files, chance: random.Random) -> None:
    for number in range(chance.randrange(1, 12)):
        lines = [f"def step_{line}(value):\n    return value + {line}\n" for line in range(chance.randrange(5, 120))]
        files[f"more/part{number}.py"] = "\n\n".join(lines).encode()


def _worker(files: Files, chance: random.Random) -> None:
    del chance
    files["Dockerfile.worker"] = files["Dockerfile"] + b"# the same for the queue\n"


def _broken(files: Files, chance: random.Random) -> None:
    files["Dockerfile"] = chance.choice([b"", b"RUN pip install flask\n", b"\xff\xfeF\0R\0", b"FRM python:3.12\n"])


MUTATIONS: tuple[tuple[float, Callable[[Files, random.Random], None]], ...] = (
    (0.7, _text(_other_python)),
    (0.5, _other_names),
    (0.5, _more_requirements),
    (0.5, _more_source),
    (0.3, _text(lambda text, chance: f"# built by team {chance.randrange(40)}\n{text}")),
    (0.2, _text(lambda text, chance: text.replace("8000", str(chance.randrange(3000, 9999))))),
    (0.2, _text(lambda text, chance: re.sub(r"(?m)^(WORKDIR) \S+$", rf"\1 /srv/team{chance.randrange(9)}", text))),
    (0.15, _text(lambda text, chance: text.rstrip("\n") if chance else text)),
    (0.1, _text(_crlf)),
    (0.1, _text(lambda text, chance: text.replace("FROM python", "from python") if chance else text)),
    (0.1, _text(lambda text, chance: f'{text}LABEL note="caf\udce9 {chance.randrange(9)}"\n')),
    (0.1, _worker),
    (0.02, _broken),
)
NAMES = ("billing", "mail out", "<script>alert(1)</script>", "été", "it's", "a&b", "search", "users", "-x", "$(id)")


def generate(folder: Path, count: int, seed: int = 7) -> None:
    """Make that many services below a folder, the same for the same seed."""
    originals = [_read(path) for path in sorted(FIXTURES.iterdir()) if (path / "Dockerfile").is_file()]
    for number in range(count):
        chance = random.Random(f"{seed}-{number}")
        files = dict(originals[number % len(originals)])
        for likely, change in MUTATIONS:
            if chance.random() < likely:
                change(files, chance)
        name = f"{NAMES[number % len(NAMES)]} {number}" if number % 5 == 0 else f"service-{number:04}"
        team = folder / f"team-{number % 17}" / name.replace("/", "_")
        for path, data in files.items():
            (team / path).parent.mkdir(parents=True, exist_ok=True)
            (team / path).write_bytes(data)


def _read(folder: Path) -> Files:
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not SKIPPED & set(path.parts)]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def command(services: Path, out: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "pydock", "migrate", str(services), "--out", str(out), *options]


def digest(out: Path) -> Mapping[str, str]:
    """What a run left behind: a digest of each report and patch."""
    paths = [out / name for name in REPORTS] + sorted((out / "patches").glob("*"))
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of a run by the clock and on processors, and the most bytes that all its processes had at once."""

    seconds: float
    work: float
    memory: int


def measured(arguments: list[str], cwd: Path) -> Took:
    """Run to the end and watch the memory of the process and its children."""
    begun, before = time.monotonic(), _work()
    process = subprocess.Popen(arguments, cwd=cwd, stderr=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        most = max(most, sum(map(_resident, [process.pid, *_children(process.pid)])))
        time.sleep(0.25)
    assert process.returncode in {0, 1, 2}
    return Took(time.monotonic() - begun, _work() - before, most)


def _work() -> float:
    """Seconds on processors of all children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def killed_until_done(arguments: list[str], cwd: Path, kills: int, longest: float, seed: int = 3) -> int:
    """Kill a run that many times at random moments, then let it end; returns how often it was really killed."""
    chance, hit = random.Random(seed), 0
    for _ in range(kills):
        process = subprocess.Popen(arguments, cwd=cwd, stderr=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(0.3, longest))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            hit += 1
        process.wait()
    subprocess.run(arguments, cwd=cwd, stderr=subprocess.DEVNULL, check=False)
    return hit


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = [int(word) for word in task.read_text().split()]
        except OSError:
            continue
        for child in found:
            yield child
            yield from _children(child)


def _resident(pid: int) -> int:
    """The memory that is a process's own, its share of what it has together with others included."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    match = re.search(r"^Pss:\s+(\d+) kB", text, re.M)
    return int(match[1]) * 1024 if match else 0


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fleet")
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=20)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="pydock-fleet-") as name:
        top = Path(name)
        generate(top / "services", asked.services)
        print(f"{asked.services} services, load {os.getloadavg()[0]:.1f}", flush=True)
        first: dict[int, Took] = {}
        for jobs in (1, 2):
            shutil.rmtree(top / "out", ignore_errors=True)
            first[jobs] = measured(command(Path("services"), Path("out"), "--jobs", str(jobs)), top)
            print(f"first run, {jobs} jobs: {_told(first[jobs])}, load {os.getloadavg()[0]:.1f}", flush=True)
        print(f"speed-up: {first[1].seconds / first[2].seconds:.2f}")
        undisturbed = digest(top / "out")
        again = measured(command(Path("services"), Path("out"), "--jobs", "2"), top)
        print(f"second run: {_told(again)}", flush=True)
        hit = killed_until_done(
            command(Path("services"), Path("killed"), "--jobs", "2"), top, asked.kills, first[2].seconds / 10
        )
        (top / "out").rename(top / "kept")
        (top / "killed").rename(top / "out")
        subprocess.run(command(Path("services"), Path("out"), "--jobs", "2"), cwd=top, check=False, capture_output=True)
        is_same = digest(top / "out") == undisturbed
        print(f"{hit} kills: {'the same report' if is_same else 'ANOTHER REPORT'}")
    return 0 if is_same else 1


def _told(took: Took) -> str:
    return f"{took.seconds:.1f} s ({took.work:.1f} s of processors), {took.memory / 1e6:.0f} MB"


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
