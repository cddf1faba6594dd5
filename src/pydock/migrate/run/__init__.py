"""Services examined in processes that may die."""

from __future__ import annotations

from pydock.migrate.run.bench import Bench
from pydock.migrate.run.keeper import Limits, heard
from pydock.migrate.run.migration import Asked, Known, run
from pydock.migrate.run.progress import Progress
from pydock.migrate.run.worker_pool import pool

__all__ = ["Asked", "Bench", "Known", "Limits", "Progress", "heard", "pool", "run"]
