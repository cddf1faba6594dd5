"""What can be relied on in a container and at each instruction, as far as the Dockerfile tells."""

from __future__ import annotations

from pydock.contract.contract import Contract, environment_before, lineage, user_before, workdir_before
from pydock.contract.moments import Values

__all__ = ["Contract", "Values", "environment_before", "lineage", "user_before", "workdir_before"]
