"""Folders of services, what is about to be written into them, and a shell to start pydock in."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pydock.files import Pending

FINDINGS = 1
AFTER = {"Dockerfile": b"FROM b\n", "healthcheck.py": b"probe\n", "deep/new.txt": b"new\n"}


def made(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    """The files below a folder with what they hold."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def pending(after: Mapping[str, bytes] = AFTER) -> list[Pending]:
    """What is to be written into a folder that holds a Dockerfile alone."""
    return [Pending.at(path, b"FROM a\n" if path == "Dockerfile" else None, data) for path, data in after.items()]


PYDOCK = f"{shlex.quote(sys.executable)} -m pydock"


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A line of a shell, in which `pydock` is what is tested."""
    line = f"set -o pipefail; {command.replace('pydock', PYDOCK, 1)}"
    whole = {**os.environ, **environment}
    return subprocess.run(["bash", "-c", line], cwd=folder, env=whole, capture_output=True, check=False, timeout=120)
