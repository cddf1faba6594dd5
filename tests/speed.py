"""`python -m tests.speed`: the work that pydock takes, beside other tools on the same machine in the same run.

Work is time on processors, the least of several runs, since other programs on the machine only add to it.
`--against NAME=COMMAND` adds a tool; `{}` in the command stands for a Dockerfile. hadolint is there by default.
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tabulate import tabulate

from tests import fleet, large_project

FIXTURES = Path(__file__).parent.parent / "fixtures"
SMALL = FIXTURES / "flask-legacy"
BIN = Path(sys.executable).parent
RUNS = 15
# An installed program has its bytecode; a checkout gets it in the first run, unless that is forbidden.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
PROJECTS = 1000
INSTRUCTIONS = 10_000


def least(command: list[str], runs: int = RUNS) -> str:
    """The least work that a command takes; the first run is for the bytecode."""
    taken = [_work(command) for _ in range(runs + 1)]
    return f"{min(taken[1:] or taken):.2f} s"


def _work(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=ENVIRONMENT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def many(command: list[str]) -> tuple[str, str]:
    """(CPU seconds, peak memory) of one process that answers for all projects."""
    return f"{_work(command):.1f} s", _peak(command)


def _peak(command: list[str]) -> str:
    """The peak memory of a command, measured by a process that has no other child."""
    script = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, "
        "stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, text=True, check=True)
    return f"{int(done.stdout) / 1024:.0f} MB"


def make_projects(folder: Path) -> list[str]:
    """Copies of the fixtures with a comment each, so that nothing is answered from a cache; their Dockerfiles."""
    services = sorted(path for path in FIXTURES.iterdir() if (path / "Dockerfile").is_file())
    made = []
    for number in range(PROJECTS):
        target = folder / f"service{number:04}"
        shutil.copytree(services[number % len(services)], target, ignore=shutil.ignore_patterns("expected"))
        with (target / "Dockerfile").open("a") as file:
            file.write(f"# service {number}\n")
        made.append(str(target / "Dockerfile"))
    return made


def large(pydock: list[str], folder: Path) -> list[list[str]]:
    """What a service of two thousand Python files costs."""
    folder.mkdir()
    large_project.make(folder)
    found = []
    for command in (["facts"], ["check"], ["fix", "--diff", "--offline"]):
        cpu, peak = many([*pydock, *command, str(folder)])
        name = f"pydock {command[0]}, {large_project.OWN} source files"
        found += [[f"{name}, CPU", cpu], [f"{name}, peak memory", peak]]
    return found


def long(pydock: list[str], folder: Path) -> list[list[str]]:
    """What a Dockerfile of ten thousand instructions costs."""
    folder.mkdir()
    lines = "".join(f"RUN echo {number} > /srv/f{number}\n" for number in range(INSTRUCTIONS))
    (folder / "Dockerfile").write_text(f'FROM python:3.12\nWORKDIR /app\n{lines}CMD ["python","app.py"]\n')
    commands = (["check"], ["fix", "--diff", "--offline"])
    name = f"{INSTRUCTIONS} instructions"
    return [[f"pydock {each[0]}, {name}", least([*pydock, *each, str(folder)], 3)] for each in commands]


def run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.speed")
    parser.add_argument("--against", action="append", default=[], metavar="NAME=COMMAND")
    given = parser.parse_args(arguments)
    pydock = str(BIN / "pydock")
    others = {"hadolint": [str(shutil.which("hadolint", path=f"{BIN}{os.pathsep}{os.environ['PATH']}"))]}
    others |= {name: shlex.split(command) for name, _, command in (each.partition("=") for each in given.against)}
    rows = [
        ["pydock --help", least([pydock, "--help"])],
        ["pydock check, one small project", least([pydock, "check", str(SMALL)])],
    ]
    rows += [
        [f"{name}, its Dockerfile", least([*command, str(SMALL / "Dockerfile")])] for name, command in others.items()
    ]
    with tempfile.TemporaryDirectory() as name:
        made = make_projects(Path(name))
        commands = {"pydock check": [pydock, "check", name]} | {
            tool: [*command, *made] for tool, command in others.items()
        }
        for tool, command in commands.items():
            cpu, peak = many(command)
            rows += [[f"{tool}, {PROJECTS} projects, CPU", cpu], [f"{tool}, {PROJECTS} projects, peak memory", peak]]
        fleet.generate(Path(name) / "fleet", PROJECTS)
        migration = fleet.command(Path(name) / "fleet", Path(name) / "out", "--offline")
        rows.append([f"pydock migrate --offline, {PROJECTS} services", least(migration, 0)])
        rows += large([pydock], Path(name) / "large")
        rows += long([pydock], Path(name) / "long")
    print(tabulate(rows, headers=["what", "measured"], tablefmt="github"))
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
