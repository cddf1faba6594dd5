"""`python -m tests.killed`: what `pydock fix` and `pydock migrate --apply` leave when they are killed, again and again.

Makes services out of the fixtures, lets one run end for comparison, and kills others by SIGKILL: half of them at
any moment, half while something is being written. After each kill the next run has to find a folder that it can
settle, and every service as it was or as it is to be.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.fleet import generate

_SETTLE = "import sys; from pydock.files import settle; print(len(list(settle(sys.argv[1:]))))"
Texts = dict[str, bytes]


def service_states(top: Path) -> dict[str, Texts]:
    """The files of each folder of a team by the service they belong to."""
    found: dict[str, Texts] = {}
    for path in sorted(top.rglob("*")):
        if path.is_file():
            relative = path.relative_to(top)
            found.setdefault("/".join(relative.parts[:2]), {})[str(relative)] = path.read_bytes()
    return found


def between(now: Mapping[str, Texts], *states: Mapping[str, Texts]) -> list[str]:
    """The folders that are in none of these states."""
    return [name for name, files in now.items() if files not in [state[name] for state in states]]


def commands(services: Path, out: Path) -> Mapping[str, Sequence[str]]:
    start = [sys.executable, "-m", "pydock"]
    return {
        "fix": [*start, "fix", str(services), "--jobs", "2"],
        "migrate --apply": [*start, "migrate", str(services), "--out", str(out), "--apply", "--jobs", "2"],
    }


def _killed(command: Sequence[str], journals: Path, chance: random.Random, *, is_aimed: bool, seconds: float) -> bool:
    """Run and kill; whether it was still running."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as run:
        end = time.monotonic() + (0 if is_aimed else chance.uniform(0, seconds))
        while run.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        while is_aimed and run.poll() is None and not (journals.is_dir() and any(journals.iterdir())):
            pass
        if is_aimed:
            time.sleep(chance.uniform(0, 0.002))
        is_running = run.poll() is None
        if is_running:
            os.killpg(run.pid, signal.SIGKILL)
    return is_running


def measured(count: int, kills: int, which: str, seed: int) -> Counter[str]:
    """How often what was found, over all kills of one command."""
    found: Counter[str] = Counter()
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="pydock-killed-") as folder:
        top = Path(folder)
        os.environ.update(XDG_STATE_HOME=str(top / "state"), PYDOCK_OFFLINE="1")
        journals = top / "state" / "pydock" / "writes"
        generate(top / "original", count)
        shutil.copytree(top / "original", top / "whole")
        begun = time.monotonic()
        subprocess.run(commands(top / "whole", top / "out-whole")[which], capture_output=True, check=False)
        seconds = time.monotonic() - begun
        # Where a folder has two Dockerfiles it has two services, and one may be done while the other is not.
        shutil.copytree(top / "original", top / "first")
        first = [str(path) for path in sorted((top / "first").glob("*/*/Dockerfile"))]
        subprocess.run([sys.executable, "-m", "pydock", "fix", *first], capture_output=True, check=False)
        before, after, half = (service_states(top / name) for name in ("original", "whole", "first"))
        shutil.copytree(top / "original", top / "killed")
        while found["killed"] < kills:
            command = commands(top / "killed", top / "out")[which]
            # A run that goes on from what is known takes less time than the first, and may end before it is killed.
            is_aimed = found["killed"] % 2 == 1
            found["killed"] += _killed(command, journals, chance, is_aimed=is_aimed, seconds=seconds)
            found["journals left"] += len(list(journals.glob("*"))) if journals.is_dir() else 0
            found["between two states before the next run"] += len(
                between(service_states(top / "killed"), before, after, half)
            )
            done = subprocess.run([sys.executable, "-c", _SETTLE, str(top / "killed")], capture_output=True, check=True)
            found["finished by the next run"] += int(done.stdout)
            now = service_states(top / "killed")
            found["between two states after it"] += len(between(now, before, after, half))
            found["temporary files after it"] += len(list((top / "killed").rglob(".pydock-*")))
            if now == after:  # all is written: begin again, so that later kills find something to do
                shutil.rmtree(top / "killed")
                shutil.copytree(top / "original", top / "killed")
        subprocess.run(commands(top / "killed", top / "out")[which], capture_output=True, check=False)
        found["services unlike those of a run that was not killed"] = len(
            between(service_states(top / "killed"), after, after)
        )
        found["journals in the end"] = len(list(journals.glob("*")))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--services", type=int, default=200)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    for which in ("fix", "migrate --apply"):
        found = measured(given.services, given.kills, which, given.seed)
        print(which, *(f"  {what}: {number}" for what, number in found.items()), sep="\n", flush=True)


if __name__ == "__main__":
    main()
