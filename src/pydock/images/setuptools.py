"""setuptools, which the official images of Python 3.11 and older have beside pip.

pip leaves it alone where a package needs it without a bound. Installed into an empty environment, or
locked, it would be the newest, and 82 took out `pkg_resources`.
"""

from __future__ import annotations

from pydock.images.tags import version_order

# A release that runs on a Python and still has pkg_resources, which 82 took out. From 80 on `setup.py develop`, which
# pip before 25.1 calls for an editable install, starts a pip that the environment need not have
# (https://setuptools.pypa.io/en/latest/history.html, read 2026-12).
_OF_OLDER_PYTHONS = {"3.5": "50.3.2", "3.6": "59.6.0", "3.7": "68.0.0", "3.8": "75.3.2"}
WITH_PKG_RESOURCES = "79.0.1"
# The last wheel that requires nothing: newer ones would ask a service for another packaging (https://wheel.readthedocs.io/
# en/stable/news.html, read 2026-11).
LAST_WHEEL_ALONE = "0.45.1"
_FIRST_WITHOUT = (3, 12)


def setuptools_beside(minor: str) -> str | None:
    """The version to take in place of the one that the image of a Python has, None where it has none."""
    if not minor or version_order(minor) >= _FIRST_WITHOUT:
        return None
    return _OF_OLDER_PYTHONS.get(minor, WITH_PKG_RESOURCES)
