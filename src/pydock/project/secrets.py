"""What looks like a secret: by its name, by its shape, by where it stands.

Detection leans to silence for names that only speak of secrets (`TOKEN_URL`, `KEY_PATH`,
`PUBLIC_KEY`, `MAX_TOKENS`) and for values that are no secret; `mask` leans the other way.
No function here puts a value into a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import pairwise

from pydock.lines import Span
from pydock.patterns import regex
from pydock.values import Value

HIDDEN = "****"

_SHAPES = (
    ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})"),
    ("a GitLab token", r"\bgl(?:pat|dt|cbt|rt)-[\w-]{20,}"),
    ("a Slack token", r"\bxox[abeoprs]-[\w-]{10,}"),
    ("a Stripe key", r"\b[sr]k_live_[A-Za-z0-9]{16,}"),
    ("a Google API key", r"\bAIza[\w-]{35}(?![\w-])"),
    ("a package index token", r"\b(?:pypi-AgE[\w-]{20,}|npm_[A-Za-z0-9]{36})"),
    ("an API key", r"\bsk-(?:[a-z]+-)*[A-Za-z0-9_-]{32,}"),
    ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}"),
    ("a SendGrid key", r"\bSG\.[\w-]{16,}\.[\w-]{16,}"),
    ("a JSON web token", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
)
_SHAPE = regex("|".join(f"(?:{pattern})" for _, pattern in _SHAPES))
_PRIVATE_KEY = regex(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.*?-----END [A-Z ]*PRIVATE KEY-----|[^\n]*)", re.S)
_URL = regex(r"(?<=[\w+.-])://(?P<user>[^\s/@:'\"]*)(?::(?P<password>[^\s/@'\"]+))?@(?=[\w\[$.])", re.I)
_HEADER = regex(
    r"\b(?:Authorization\s*[:=]\s*[\"']?(?:Bearer|Basic|Token)|(?:PRIVATE|JOB|X-[\w-]*)-?TOKEN\s*:)\s+(?P<value>[^\s\"'\\]{6,})",
    re.I,
)
_ASSIGNED = regex(
    # A name that nothing follows is a match, too: else each end of it would be tried for a name.
    r"(?P<name>[A-Za-z_][\w.-]*+)(?:(?P<key>[\"']?\]?)(?P<sign>[ \t]*[=:][ \t]*|[ \t]+)"
    r"(?P<value>\$\{[^}\n]*\}|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'|[^\s\"',;)}\]]+))?"
)
_OLD_STYLE = regex(r"(?i)[-+ \t]*(?:ENV|ARG)\s+\Z")

_PART = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_PART = regex(
    r"PASS|PASSPHRASE|PASSWRD|PSWD|PW|SECRETS?|TOKEN|CREDENTIALS?"
    r"|\w*(?:PASSWORD|PASSWD|APIKEY|SECRETKEY|AUTHTOKEN)|(?:DB|ROOT|USER|MYSQL|REDIS|SMTP|FTP|MAIL)PASS"
)
_KEYED = regex(r"API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION|LICENSE|ACCOUNT|MASTER|AUTH|CONSUMER|FERNET")
# The last word of a name that says where a secret is, how long it lives or what it may look like.
_ABOUT = regex(
    r"PATH|FILES?|DIR|DIRECTORY|FOLDER|UR[LI]|ENDPOINT|NAME|ID|TYPE|TTL|EXPIR(?:Y|E|ES|ATION)|LENGTH|SIZE|ALG|ALGORITHM"
    r"|HEADER|ISSUER|AUDIENCE|ENABLED|REQUIRED|LIMIT|COUNT|LIFETIME|TIMEOUT|AGE|FORMAT|POLICY|PREFIX|LOCATION|VERSION"
    r"|ARN|MECHANISM|ADAPTER|BACKEND|MODE|PROVIDER|STORE|MANAGER|HOST|PORT|CLASS|DAYS|HOURS|MINUTES|SECONDS|REGION"
    r"|WARNING|CHECKING|ALPHABET|HASHERS?|VALIDATORS|PARALLELISM|USER|USERNAME|SERVICE|COOKIE|DOWNLOAD|SUM|MOUNT|DRIVER|NAMESPACE"
    r"|STRATEGY|SERIALIZER|GENERATOR|VALIDATOR|FACTORY|HANDLER|MODEL|SCHEME|STATUS|SCOPES?|FIELDS?|TEMPLATES?|DATA|REDIS"
    r"|SUBJECT|TITLE|TEXT|MESSAGE|LABEL|ACTION|EVENT|ROUTE|VIEW|PAGE|FORM|BUTTON|CALLBACK|MUTATION|PERMISSION|ERROR"
)
_NOT_SECRET = regex(
    r"PUBLIC|PUB|GPG|PGP|MAX|MIN|ALLOW|USE|ENABLE|DISABLE|REQUIRE|SKIP|IGNORE|HAS|IS|NO|DISABLED|EMPTY|WITHOUT|PREFIX"
)

_NO_VALUE = regex(
    r"(?:true|false|yes|no|on|off|none|null|nil|undefined|random|\*\*\w+\*\*|\d{0,2}|[-*.x_#]*|\[\]|\{\})\Z", re.I
)
_PLACE = regex(
    r"(?:\.{0,2}/|~/|file:|https?://|vault:|secretsmanager:|[A-Za-z]:\\)|.*\.(?:pem|key|json|txt|crt|ya?ml)\Z"
)
_PLACEHOLDER = regex(
    r"(?:\W*(?:your|my|change|replace|insert|enter|put|set|todo|fixme|dummy|example|sample|fake|placeholder|default"
    r"|test|dev|local|not[-_ ]?(?:a[-_ ]?)?(?:real|secret|used|needed)|foo|bar|build|unused|insecure|django-insecure"
    r"|secret|password|passwd|passw0rd|admin|root|user|guest|postgres|mysql|redis|docker|token|key|qwerty|abc|123)"
    r"|<|\{\{|x{3,}|.*(?:password|passwd|change_?me|example|dummy|placeholder)).*",
    re.I | re.S,
)
_DEFAULT = regex(r"\$\{\w+:?-([^${}]+)\}\Z")
# `--secret id=token` names a secret mount, `--mount=type=secret` too.
_NO_SECRET = regex(r"[\"']?(?:\$[\w{(]|`|%\w+%|\{\{|(?:id|type|src)=)|os\.(?:environ|getenv)\b")
_VARIABLE_ONLY = regex(r"[\"']?(?:\$[\w{(]|`|%\w+%|\{\{|\$\{\{)")
_INDEX_VARIABLE = regex(
    r"(?:PIP|UV|PIPENV|PDM|POETRY)_\w*(?:INDEX|FIND_LINKS|MIRROR|REPOSITORIES|HTTP_BASIC|PYPI)\w*|PIP_FIND_LINKS"
)
_INSTALLER = regex(r"pip[\d.]*|uv|uvx|pipx|poetry|pipenv|pdm|easy_install|twine")


class Weight(Enum):
    """How sure it is that a value is a secret; a placeholder is one that everybody knows."""

    NOTHING = "nothing"
    PLACEHOLDER = "placeholder"
    SECRET = "secret"


class Secret(Value):
    """A secret in a text: what kind, and where its value stands."""

    kind: str
    span: Span


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret, rather than speaks of one."""
    parts = _parts(name)
    if not parts or _ABOUT.fullmatch(parts[-1]) or any(map(_NOT_SECRET.fullmatch, parts)):
        return False
    if any(map(_SECRET_PART.fullmatch, parts)):
        return True
    return any(_KEYED.fullmatch(first) and second == "KEY" for first, second in pairwise(parts))


def _parts(name: str) -> list[str]:
    return [part.upper() for part in _PART.findall(name)]


def _is_random_key(name: str, value: str) -> bool:
    """Whether `STRIPE_KEY=...` holds something random that is no fingerprint of a public key."""
    parts = _parts(name)
    is_key = parts[-1:] == ["KEY"] and not any(map(_NOT_SECRET.fullmatch, parts))
    return is_key and _is_mixed(value) and not re.fullmatch(r"(?:0x)?[0-9A-Fa-f ]{8,}", value)


def _is_mixed(value: str) -> bool:
    is_long = len(value) >= 20 and re.fullmatch(r"[\w+/=.-]+", value)
    return bool(is_long and re.search(r"\d", value) and re.search(r"[A-Z]", value) and re.search(r"[a-z]", value))


def weigh(name: str, value: str) -> Weight:
    """How much of a secret `name=value` is; a value with a variable in it is not judged."""
    if _SHAPE.search(value) or _PRIVATE_KEY.search(value):
        return Weight.SECRET
    if "$" not in value and any(True for _ in _url_secrets(value)):
        return Weight.SECRET
    if default := _DEFAULT.match(value):
        return weigh(name, default[1])
    if _is_random_key(name, value):
        return Weight.SECRET
    if not is_secret_name(name) or _NO_VALUE.match(value) or _PLACE.match(value) or _VARIABLE_ONLY.match(value):
        return Weight.NOTHING
    return Weight.PLACEHOLDER if _is_placeholder(value) else Weight.SECRET


def _is_placeholder(value: str) -> bool:
    return len(value) < 6 or (not _is_mixed(value) and bool(_PLACEHOLDER.match(value)))


def is_index_variable(name: str) -> bool:
    """Whether a variable names the package index of pip, uv, Poetry or PDM."""
    return bool(_INDEX_VARIABLE.fullmatch(name))


def is_installer(values: Sequence[str]) -> bool:
    """Whether a command installs Python packages or configures where from."""
    names = [value.rpartition("/")[2] for value in values[:4]]
    return any(_INSTALLER.fullmatch(name) for name in names)


def url_with_password(text: str) -> bool:
    """Whether a URL carries a password or a token that is written out."""
    return any(True for _ in _url_secrets(text))


def url_variables(text: str) -> frozenset[str]:
    """The variables that stand where a URL carries its user and password."""
    found: set[str] = set()
    for match in _URL.finditer(text):
        for part in (match["user"], match["password"] or ""):
            found.update(re.findall(r"\$\{?(\w+)", part))
    return frozenset(found)


def _url_secrets(text: str) -> Iterator[Span]:
    for match in _URL.finditer(text):
        group = "password" if match["password"] else "user"
        value = match[group]
        # `https://token@host` is a token only when it is too long for a user name.
        if value and not _VARIABLE_ONLY.match(value) and (group == "password" or _looks_random(value)):
            yield Span(match.start(group), match.end(group))


def _looks_random(value: str) -> bool:
    return bool(_SHAPE.search(value)) or (len(value) >= 16 and bool(re.search(r"\d", value)) and "." not in value)


def shaped(text: str) -> tuple[Secret, ...]:
    """Secrets that give themselves away by their shape or place: tokens, keys, URLs, headers."""
    found = [Secret("a private key", Span(*match.span())) for match in _PRIVATE_KEY.finditer(text)]
    for kind, pattern in _SHAPES if _SHAPE.search(text) else ():
        found += [Secret(kind, Span(*match.span())) for match in re.finditer(pattern, text)]
    found += [Secret("a password in a URL", span) for span in _url_secrets(text)]
    for match in _HEADER.finditer(text):
        if not _VARIABLE_ONLY.match(match["value"]):
            found.append(Secret("an authorization header", Span(*match.span("value"))))
    return tuple(sorted(found, key=lambda secret: secret.span))


def mask(text: str) -> str:
    """The text with the values of secrets hidden, placeholders too; for whatever is shown to a person."""
    spans = [secret.span for secret in shaped(text)]
    spans += _assigned(text)
    for span in reversed(_merged(spans)):
        # The lines of a private key stay lines, so that places in the text stay true.
        text = text[: span.start] + HIDDEN + "\n" * text.count("\n", span.start, span.end) + text[span.end :]
    return text


def _assigned(text: str) -> Iterator[Span]:
    """Where values stand beside names of secrets: `NAME=value`, `ENV NAME value`, `"name": "value"`."""
    at = 0
    while match := _ASSIGNED.search(text, at):
        at = match.end("name")
        if match["value"] is None:
            continue
        if is_secret_name(match["name"]) and (span := _value(text, match)) and span.end > span.start:
            at = span.end
            yield span


def _value(text: str, match: re.Match[str]) -> Span | None:
    start, end = match.span("value")
    if match["sign"].strip():
        # `token = read()` in a program is no value; `token = "..."` is.
        is_program = match["sign"] != match["sign"].strip() and "=" in match["sign"]
        if is_program and text[start] not in "\"'":
            return None
    else:
        head = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if _OLD_STYLE.match(head):
            end = min(at for at in (text.find("\n", start), len(text)) if at >= 0)
        elif not head.endswith("--"):
            return None
    if text[start] in "\"'" and text[end - 1] == text[start]:
        start, end = start + 1, end - 1
    if default := _DEFAULT.match(text[start:end]):
        return Span(start + default.start(1), start + default.end(1))
    return None if _NO_SECRET.match(text[start:end]) else Span(start, end)


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
