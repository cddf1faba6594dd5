"""A command line run in this process: what it was asked, its exit code and both streams."""

from __future__ import annotations

from typing import Protocol

SMELLY = "FROM python:3.12.7-slim-bookworm\nRUN pip install flask==3.1.0\n"
ONLY = ("--select", "PYD302")


class Result:
    """What a command line did: its exit code and both streams."""

    def __init__(self, code: int, out: bytes, err: str) -> None:
        self.code = code
        self.data = out
        self.out = out.decode("utf-8", "surrogateescape")
        self.err = err


class Runner(Protocol):
    """Runs a command line in this process."""

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Result: ...
