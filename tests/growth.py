"""`python -m tests.growth`: how time and memory of a command grow with a project, each kind of growth for itself.

A ratio near that of the sizes means linear growth. Each run is a process of its own; its CPU seconds count.
Words behind the command name the kinds to measure: `python -m tests.growth mkdir "RUN python"`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tabulate import tabulate

from tests.hostile.projects import included, stages

# The one child of a process is the one whose memory it is told.
_MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
BASE = "FROM python:3.12.7-slim-bookworm\nCOPY . .\n"


def _instructions(line: str) -> Callable[[int], Mapping[str, str]]:
    return lambda count: {"Dockerfile": BASE + "".join(line.format(at) for at in range(count))}


def _operands(command: str, operand: str) -> Callable[[int], Mapping[str, str]]:
    return lambda count: {"Dockerfile": f"{BASE}RUN {command} {' '.join(map(operand.format, range(count)))}\n"}


def _service(count: int) -> Mapping[str, str]:
    """A service whose Dockerfile is split, with so many steps below its install."""
    top = "FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    steps = "".join(f"RUN echo {at} > /app/f{at}\n" for at in range(count))
    files = {"requirements.txt": "flask==3.1.0\n", "app.py": "import flask\n"}
    return {"Dockerfile": f"{top}{steps}COPY . .\nCMD python app.py\n", **files}


def _chain(count: int) -> Mapping[str, str]:
    return {"Dockerfile": "FROM python:3.12 AS s0\n" + "".join(f"FROM s{at} AS s{at + 1}\n" for at in range(count))}


def _of_stage(count: int) -> Mapping[str, str]:
    """Files out of a stage where a program may have made anything."""
    copies = "".join(f"COPY --from=made /a{at} /b{at}\n" for at in range(count))
    return {"Dockerfile": f"FROM python:3.12 AS made\nRUN ./make.sh\n{BASE}{copies}"}


def _files(count: int) -> Mapping[str, str]:
    return {"Dockerfile": BASE} | {f"data{at // 1000}/{at}.csv": "" for at in range(count)}


def _services(count: int) -> Mapping[str, str]:
    services = "".join(f"  s{at}:\n    build: .\n" for at in range(count))
    return {"Dockerfile": BASE, "compose.yaml": f"services:\n{services}"}


GROWTH: Mapping[str, tuple[Callable[[int], Mapping[str, str]], int, int]] = {
    "ENV instructions": (_instructions("ENV A{0}=b{0}\n"), 1_000, 10_000),
    "COPY instructions": (_instructions("COPY a{0} /b/\n"), 1_000, 10_000),
    "LABEL instructions": (_instructions("LABEL a{0}=b\n"), 1_000, 10_000),
    "RUN echo": (_instructions("RUN echo {0}\n"), 1_000, 10_000),
    "RUN echo > file": (_instructions("RUN echo {0} > f{0}\n"), 1_000, 10_000),
    "RUN mkdir": (_instructions("RUN mkdir a{0}\n"), 1_000, 10_000),
    # Each may have made whatever the next one needs.
    "RUN python": (_instructions("RUN python x{0}.py\n"), 1_000, 10_000),
    "RUN python -c": (_instructions("RUN python -c 'import a{0}'\n"), 1_000, 10_000),
    "files that a program reads whole": (_instructions("RUN echo {0} > f{0}\nRUN /opt/tool .\n"), 500, 5_000),
    "pip installs": (_instructions("RUN pip install a{0}==1\n"), 400, 1_600),
    "pip installs without a pin": (_instructions("RUN pip install a{0}\n"), 400, 1_600),
    "pip installs of archives": (_instructions("RUN pip install ./a{0}.whl\n"), 400, 1_600),
    "packages of a pip install": (_operands("pip install", "a{0}==1"), 400, 1_600),
    "apt installs": (_instructions("RUN apt-get update && apt-get install -y a{0}\n"), 400, 1_600),
    "apt installs of archives": (_instructions("RUN apt-get install -y ./a{0}.deb\n"), 400, 1_600),
    "users": (_instructions("RUN useradd u{0}\n"), 400, 1_600),
    "files": (_files, 1_000, 100_000),
    "services of compose": (_services, 50, 2_000),
    "includes of requirements": (included, 500, 5_000),
    "stages": (stages, 100, 1_000),
    "stages that only name others": (_chain, 100, 1_000),
    "files of another stage": (_of_stage, 1_000, 10_000),
    "commands of one chain": (_operands("true", "&& echo {0}"), 500, 5_000),
    "continuation lines": (_operands("echo", "{0} \\\n "), 1_000, 10_000),
}
REWRITTEN: Mapping[str, tuple[Callable[[int], Mapping[str, str]], int, int]] = {
    "fix --diff of a split with RUN echo > file": (_service, 500, 2_000),
}


def measured(make: Callable[[int], Mapping[str, str]], size: int, *command: str) -> tuple[float, float]:
    """(CPU seconds, peak MB) of a command on a project of this size, the start of Python left in."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in make(size).items():
            target = Path(folder, path)
            target.parent.mkdir(exist_ok=True)
            target.write_text(text)
        budget = ["--budget-seconds", "300", "--budget-memory", "4GB"]
        whole = [sys.executable, "-c", _MEASURE, sys.executable, "-m", "pydock", *command, *budget, folder]
        told = subprocess.run(whole, capture_output=True, text=True, check=True).stdout.split()
    return float(told[0]), float(told[1]) / 1024


def main(names: Sequence[str]) -> int:
    """A table of all kinds of growth, or of those with one of these names in theirs."""
    start = min(measured(lambda _: {"Dockerfile": BASE}, 0, "check")[0] for _ in range(5))
    rows = []
    for kinds, command in ((GROWTH, ["check"]), (REWRITTEN, ["fix", "--diff", "--offline"])):
        for name, (make, small, large) in kinds.items():
            if names and not any(each in name for each in names):
                continue
            (first, less), (second, more) = (measured(make, size, *command) for size in (small, large))
            grown = max(second - start, 0.05) / max(first - start, 0.05)
            sizes = [f"{small}: {first:.2f} s, {less:.0f} MB", f"{large}: {second:.2f} s, {more:.0f} MB"]
            rows.append([name, *sizes, f"{large / small:g}", f"{grown:.1f}"])
    print(tabulate(rows, headers=["what grows", "small", "large", "times larger", "times longer"], tablefmt="github"))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
