"""Names of variables and options that hold a secret, rather than speak of one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from pydock.patterns import regex

# Longer names are no names.
LONGEST = 120

_PART = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_PART = regex(
    r"PASS|PASSPHRASE|PASSWRD|PSWD|PW|SECRETS?|TOKEN|CREDENTIALS?"
    r"|\w*(?:PASSWORD|PASSWD|APIKEY|SECRETKEY|AUTHTOKEN)|(?:DB|ROOT|USER|MYSQL|REDIS|SMTP|FTP|MAIL|STORE|KEY)PASS"
)
_KEYED = regex(r"API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION|LICENSE|ACCOUNT|MASTER|AUTH|CONSUMER|FERNET")
# The last word of a name that says where a secret is, how long it lives or what it may look like.
_WORDS_ABOUT = (
    "PATH FILE FILES DIR DIRECTORY FOLDER URL URI ENDPOINT NAME ID TYPE TTL EXPIRY EXPIRE EXPIRES EXPIRATION "
    "LENGTH SIZE ALG ALGORITHM HEADER ISSUER AUDIENCE ENABLED REQUIRED LIMIT COUNT LIFETIME TIMEOUT AGE FORMAT "
    "POLICY PREFIX LOCATION VERSION ARN MECHANISM ADAPTER BACKEND MODE PROVIDER STORE MANAGER HOST PORT CLASS "
    "DAYS HOURS MINUTES SECONDS REGION WARNING CHECKING ALPHABET HASHER HASHERS VALIDATORS PARALLELISM USER "
    "USERNAME SERVICE COOKIE DOWNLOAD SUM MOUNT DRIVER NAMESPACE STRATEGY SERIALIZER GENERATOR VALIDATOR FACTORY "
    "HANDLER MODEL SCHEME STATUS SCOPE SCOPES FIELD FIELDS TEMPLATE TEMPLATES DATA REDIS SUBJECT TITLE TEXT "
    "MESSAGE LABEL ACTION EVENT ROUTE VIEW PAGE FORM BUTTON CALLBACK MUTATION PERMISSION ERROR"
)
_ABOUT = frozenset(_WORDS_ABOUT.split())
_WORDS_AGAINST = (
    "PUBLIC PUB GPG PGP MAX MIN ALLOW USE ENABLE DISABLE REQUIRE SKIP IGNORE HAS IS NO DISABLED EMPTY WITHOUT PREFIX"
)
_NOT_SECRET = frozenset(_WORDS_AGAINST.split())
_INDEX_VARIABLE = regex(
    r"(?:PIP|UV|PIPENV|PDM|POETRY)_\w*(?:INDEX|FIND_LINKS|MIRROR|REPOSITORIES|HTTP_BASIC|PYPI)\w*|PIP_FIND_LINKS"
)
_INSTALLER = regex(r"pip[\d.]*|uv|uvx|pipx|poetry|pipenv|pdm|easy_install|twine")


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret, rather than speaks of one."""
    parts = parts_of(name)
    if not parts or parts[-1] in _ABOUT or any(map(is_not_secret, parts)):
        return False
    if any(map(_SECRET_PART.fullmatch, parts)):
        return True
    return any(_KEYED.fullmatch(first) and second == "KEY" for first, second in pairwise(parts))


def is_not_secret(part: str) -> bool:
    """Whether this word of a name takes the secret away: `PUBLIC_KEY`, `MAX_TOKENS`."""
    return part in _NOT_SECRET


def parts_of(name: str) -> list[str]:
    """The words of a name, in capitals: `dbPassword` is DB and PASSWORD."""
    return [part.upper() for part in _PART.findall(name[-LONGEST:])]


def is_index_variable(name: str) -> bool:
    """Whether a variable names the package index of pip, uv, Poetry or PDM."""
    return bool(_INDEX_VARIABLE.fullmatch(name))


def is_installer(values: Sequence[str]) -> bool:
    """Whether a command installs Python packages or configures where from."""
    names = [value.rpartition("/")[2] for value in values[:4]]
    return any(_INSTALLER.fullmatch(name) for name in names)
