"""Answers of one run in a folder, by the content of their questions: one process asks, others look."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from pydock.project.pins import Answer, Request
from pydock.values import convert, to_builtins


class Kept:
    """The folder belongs to one run and is gone with it: questions may hold credentials, and answers grow old."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, request: Request) -> Answer | None:
        """The answer to a question, None where nobody has put one there yet."""
        try:
            return convert(json.loads(self._place(request).read_bytes()), Answer)
        except FileNotFoundError:
            return None

    def put(self, request: Request, answer: Answer) -> None:
        """Whole or not at all: another process may look at any moment."""
        place = self._place(request)
        half = place.with_suffix(f".{os.getpid()}")
        half.write_text(json.dumps(to_builtins(answer)), encoding="utf-8")
        half.replace(place)

    def _place(self, request: Request) -> Path:
        text = json.dumps(to_builtins(request), sort_keys=True)
        return self._folder / hashlib.sha256(text.encode()).hexdigest()
