"""A real container engine: what is built and run on it, and what a registry has."""

from __future__ import annotations

from pydock.bench.engine.distributions import running
from pydock.bench.engine.engine import connect
from pydock.bench.engine.recipe import Recipe
from pydock.bench.engine.registry import RegistryView

__all__ = ["Recipe", "RegistryView", "connect", "running"]
