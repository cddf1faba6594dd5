"""Whether the database of a service can only be a file."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from pydock.data import rows


def has_only_sqlite(packages: Collection[str]) -> bool:
    """Whether SQLAlchemy is among installed packages, and no driver for it: SQLite, which Python has, is left.

    https://docs.sqlalchemy.org/en/20/dialects/index.html, read 2026-11.
    """
    return not {"sqlalchemy", "flask-sqlalchemy"}.isdisjoint(packages) and _drivers().isdisjoint(packages)


@cache
def _drivers() -> frozenset[str]:
    return frozenset(row["package"] for row in rows("database_drivers"))
