"""How much of a secret a value is, beside its name."""

from __future__ import annotations

import re
from enum import Enum

from pydock.patterns import regex
from pydock.project.secrets.names import is_not_secret, is_secret_name, parts_of
from pydock.project.secrets.placeholders import is_mixed, is_no_value, is_placeholder
from pydock.project.secrets.shapes import is_shaped, shaped, url_passwords

_DEFAULT = regex(r"\$\{\w+:?-([^${}]+)\}\Z")


class Weight(Enum):
    """How sure it is that a value is a secret; a placeholder is one that everybody knows."""

    NOTHING = "nothing"
    PLACEHOLDER = "placeholder"
    SECRET = "secret"


def weigh(name: str, value: str) -> Weight:
    """How much of a secret `name=value` is; a value with a variable in it is not judged."""
    if is_shaped(value) or ("$" not in value and shaped(value)):
        return Weight.SECRET
    if default := _DEFAULT.match(value):
        return weigh(name, default[1])
    if _is_random_key(name, value):
        return Weight.SECRET
    if "$" not in value and any(True for _ in url_passwords(value)):
        return Weight.PLACEHOLDER
    if not is_secret_name(name) or is_no_value(value):
        return Weight.NOTHING
    return Weight.PLACEHOLDER if is_placeholder(value) else Weight.SECRET


def _is_random_key(name: str, value: str) -> bool:
    """Whether `STRIPE_KEY=...` holds something random that is no fingerprint of a public key."""
    parts = parts_of(name)
    is_key = parts[-1:] == ["KEY"] and not any(map(is_not_secret, parts))
    return is_key and is_mixed(value) and not re.fullmatch(r"(?:0x)?[0-9A-Fa-f ]{8,}", value)
