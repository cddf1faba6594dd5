"""`python -m tests.growth`: how the time of `check` grows with a project, each kind of growth for itself.

A ratio near that of the sizes means linear growth. Each run is a process of its own; its CPU seconds count.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tabulate import tabulate

from tests.hostile.projects import included, stages

BASE = "FROM python:3.12.7-slim-bookworm\nCOPY . .\n"


def _instructions(line: str) -> Callable[[int], Mapping[str, str]]:
    return lambda count: {"Dockerfile": BASE + "".join(line.format(at) for at in range(count))}


def _files(count: int) -> Mapping[str, str]:
    return {"Dockerfile": BASE} | {f"data{at // 1000}/{at}.csv": "" for at in range(count)}


def _services(count: int) -> Mapping[str, str]:
    services = "".join(f"  s{at}:\n    build: .\n" for at in range(count))
    return {"Dockerfile": BASE, "compose.yaml": f"services:\n{services}"}


GROWTH: Mapping[str, tuple[Callable[[int], Mapping[str, str]], int, int]] = {
    "ENV instructions": (_instructions("ENV A{0}=b{0}\n"), 1_000, 10_000),
    "COPY instructions": (_instructions("COPY a{0} /b/\n"), 1_000, 10_000),
    "LABEL instructions": (_instructions("LABEL a{0}=b\n"), 1_000, 10_000),
    "RUN instructions": (_instructions("RUN echo {0}\n"), 250, 1_000),
    "pip installs": (_instructions("RUN pip install a{0}==1\n"), 100, 400),
    "apt installs": (_instructions("RUN apt-get update && apt-get install -y a{0}\n"), 50, 200),
    "files": (_files, 1_000, 100_000),
    "services of compose": (_services, 50, 2_000),
    "includes of requirements": (included, 50, 200),
    "stages": (stages, 100, 400),
}


def seconds(make: Callable[[int], Mapping[str, str]], size: int) -> float:
    """The CPU seconds of `check` for a project of this size, the start of Python left in."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in make(size).items():
            target = Path(folder, path)
            target.parent.mkdir(exist_ok=True)
            target.write_text(text)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "pydock", "check", "--budget-seconds", "300", folder]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    start = min(seconds(lambda _: {"Dockerfile": BASE}, 0) for _ in range(5))
    rows = []
    for name, (make, small, large) in GROWTH.items():
        first, second = (seconds(make, size) for size in (small, large))
        grown = max(second - start, 0.05) / max(first - start, 0.05)
        rows.append([name, f"{small}: {first:.2f} s", f"{large}: {second:.2f} s", f"{large / small:g}", f"{grown:.1f}"])
    print(tabulate(rows, headers=["what grows", "small", "large", "times larger", "times longer"], tablefmt="github"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
