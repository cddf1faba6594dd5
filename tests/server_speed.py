"""`python -m tests.server_speed`: how long `pydock server` takes to answer a change, in a service of 2,000 files."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from tabulate import tabulate

from tests import large_project
from tests.language_client import client

CHANGES = 20


async def measured(folder: Path) -> list[list[str]]:
    """Rows of what was done and how long it took."""
    dockerfile, source = folder / "Dockerfile", folder / "service/part03/module05.py"
    rows = []
    async with client() as editor:
        await editor.begin(folder)
        started = time.perf_counter()
        editor.open(dockerfile, text := dockerfile.read_text())
        await editor.until(dockerfile, "PYD104")
        rows.append(["opened", f"{time.perf_counter() - started:.2f} s"])
        editor.open(source, code := source.read_text(), "python")
        await editor.codes(dockerfile)
        for name, path, before in (("Dockerfile changed", dockerfile, text), ("module changed", source, code)):
            taken = []
            for number in range(CHANGES):
                started = time.perf_counter()
                editor.type(path, f"{before}\n# {number}\n")
                await editor.codes(dockerfile)
                taken.append((time.perf_counter() - started) * 1000)
            rows.append([name, f"{statistics.median(taken):.0f} ms ({min(taken):.0f}-{max(taken):.0f})"])
        await editor.end()
    return rows


def run() -> int:
    with tempfile.TemporaryDirectory() as name:
        large_project.make(Path(name))
        print(tabulate(asyncio.run(measured(Path(name))), headers=["what", "measured"], tablefmt="github"))
    return 0


if __name__ == "__main__":
    raise SystemExit(run())
