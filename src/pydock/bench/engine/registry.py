"""Which digests the engine is told by a registry, in the second place: it may reach one that nothing else here reaches.

The engine finds the registry, its mirrors and the person's credentials, as it does for a pull:
`GET /distribution/NAME/json` (https://docs.docker.com/reference/api/engine/, read 2026-11-22).
"""

from __future__ import annotations

from typing import Any

from pydock.bench.engine.client import connected, is_missing, translated
from pydock.errors import EngineError
from pydock.patterns import regex

# An engine without this question, such as podman, answers 404 as well, but names no manifest.
_NO_TAG = regex(r"unknown|: not found")


class RegistryView:
    """What registries tell the engine; it is looked for when the first question comes.

    Raises EngineError where none answers.
    """

    def __init__(self, seconds: int) -> None:
        self._client = connected(seconds)

    def digest(self, reference: str) -> str:
        """The digest of a reference, "" where the registry has no such tag.

        Raises EngineError where the engine is told nothing.
        """
        api: Any = self._client.api
        try:
            with translated(f"the registry does not tell what {reference} is"):
                answer = api.inspect_distribution(reference)
        except EngineError as error:
            if is_missing(error) and _NO_TAG.search(error.message):
                return ""
            raise
        return str(answer["Descriptor"]["digest"])

    def close(self) -> None:
        """Let go of the engine."""
        self._client.close()
