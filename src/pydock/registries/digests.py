"""Digests that registries have told lately, in a folder of the user's own: sixty services ask about few images."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from pydock.errors import UnwritableError
from pydock.files import own_folder
from pydock.patterns import regex

# A tag may be published again at any time.
_SECONDS = 600
_DIGEST = regex(r"sha256:[0-9a-f]{64}\Z")


class Digests:
    """Nothing is believed that nobody else but this user can have put there, or that is no answer to the question."""

    def __init__(self, outside: Iterable[str]) -> None:
        self._folder: Path | None = None
        with suppress(UnwritableError):
            self._folder = Path(own_folder("registries", outside))

    def get(self, reference: str) -> str:
        """The digest of a reference, "" where none is known or it is too old."""
        try:
            found = json.loads(self._place(reference).read_bytes()) if self._folder else {}
            is_fresh = 0 <= time.time() - float(found.get("time", 0)) < _SECONDS
        except (OSError, ValueError, TypeError, AttributeError):
            return ""
        digest = found.get("digest")
        is_answer = is_fresh and found.get("reference") == reference
        return digest if is_answer and isinstance(digest, str) and _DIGEST.match(digest) else ""

    def put(self, reference: str, digest: str) -> None:
        """Whole or not at all; without a folder nothing is kept."""
        if self._folder is None:
            return
        place = self._place(reference)
        half = place.with_suffix(f".{os.getpid()}")
        text = json.dumps({"reference": reference, "digest": digest, "time": time.time()})
        with suppress(OSError):
            half.write_text(text, encoding="utf-8")
            half.replace(place)

    def _place(self, reference: str) -> Path:
        assert self._folder is not None
        return self._folder / hashlib.sha256(reference.encode()).hexdigest()
