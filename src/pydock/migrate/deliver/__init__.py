"""Patches, reports, branches: what a run came to."""

from __future__ import annotations

from pydock.migrate.deliver.apply import apply
from pydock.migrate.deliver.branch import Part, commit, uncommitted
from pydock.migrate.deliver.delivery import Group, changes_of, deliver, groups
from pydock.migrate.deliver.message import message
from pydock.migrate.deliver.out import refuse_unfit, usual

__all__ = [
    "Group",
    "Part",
    "apply",
    "changes_of",
    "commit",
    "deliver",
    "groups",
    "message",
    "refuse_unfit",
    "uncommitted",
    "usual",
]
