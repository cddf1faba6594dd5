"""Which tags the registries of base images have, and which digests they name: asked of them, else of the engine."""

from __future__ import annotations

from pydock.registries.client import Client, RefusedError
from pydock.registries.logins import HUB
from pydock.registries.releases import published

__all__ = ["HUB", "Client", "RefusedError", "published"]
