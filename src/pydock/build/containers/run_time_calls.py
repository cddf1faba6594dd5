"""What packages and source call in a running container where it is there: compilers, Java, pandoc, node.

No container stops for want of them, so they are no needs; what the file installs of them stays for who may call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydock.build.containers.calls import compiling
from pydock.data import rows_of
from pydock.project import Project
from pydock.state.needs import Program, Toolchain
from pydock.values import Value

# Any compiler, in the table.
_COMPILER = "cc"


class RunTimeCall(Value):
    """A program, or whatever compiles, with who calls it and how that is said: "serve.py", "compiles when it runs"."""

    need: Program | Toolchain
    by: str
    why: str


def run_time_calls(project: Project, names: Iterable[str]) -> Iterator[RunTimeCall]:
    """The calls of the source, and those of installed packages by `data/run_time_calls.csv`."""
    if found := compiling(project):
        yield RunTimeCall(Toolchain(), found[0], f"compiles when it runs ({found[1]})")
    for name in sorted(names):
        for program in (each for row in rows_of("run_time_calls", name) for each in row["calls"].split()):
            if program == _COMPILER:
                yield RunTimeCall(Toolchain(), name, "compiles when it runs")
            else:
                yield RunTimeCall(Program(program), name, f"calls {program}")
