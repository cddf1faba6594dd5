"""Secrets that give themselves away by their shape or by what stands around them: tokens, keys, URLs, headers.

The shapes are those that their issuers document, and those of https://github.com/Yelp/detect-secrets, read 2026-11.
Each pattern begins where no other try of it can have begun, so that looking takes time in proportion to the text;
it is looked for where one of its words is, those in small letters for patterns that take capitals, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.patterns import regex
from pydock.project.secrets.placeholders import is_no_value, is_placeholder, is_variable
from pydock.text import Span
from pydock.values import Value

_SHAPES = (
    ("an AWS access key", "AKIA ASIA", r"(?<![A-Z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Z0-9])"),
    (
        "a GitHub token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})",
    ),
    (
        "a GitLab token",
        "glpat- gldt- glcbt- glrt- glptt- gloas- glagent- glsoat- glffct- glimt-",
        r"(?<![A-Za-z0-9])gl(?:pat|dt|cbt|rt|ptt|oas|agent|soat|ffct|imt)-[\w.-]{20,}",
    ),
    ("a Slack token", "xox xapp-", r"(?<![A-Za-z0-9])(?:xox[abeoprs]|xapp)-[\w-]{10,}"),
    ("a Slack webhook", "hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/-]{12,}"),
    ("a Discord webhook", "/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d{6,25}/[\w-]{20,}"),
    ("a Stripe key", "_live_ _test_ whsec_", r"(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)_|whsec_)[A-Za-z0-9+/=]{16,}"),
    ("a Google API key", "AIza", r"(?<![\w-])AIza[\w-]{35}(?![\w-])"),
    ("a Google client secret", "GOCSPX-", r"(?<![\w-])GOCSPX-[\w-]{20,}"),
    ("a package index token", "pypi-AgE npm_", r"(?<![A-Za-z0-9])(?:pypi-AgE[\w-]{20,}|npm_[A-Za-z0-9]{36})"),
    ("an API key", "sk-", r"(?<![\w-])sk-(?=[\w-]*\d)[\w-]{32,}"),
    ("a Hugging Face token", "hf_", r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30,}"),
    ("a SendGrid key", "SG.", r"(?<![\w.-])SG\.[\w-]{16,64}\.[\w-]{16,}"),
    ("a Twilio key", "SK", r"(?<![A-Za-z0-9])SK[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("a Telegram token", ":AA", r"(?<!\d)\d{8,10}:AA[\w-]{33}(?![\w-])"),
    ("a Docker Hub token", "dckr_", r"(?<![A-Za-z0-9])dckr_(?:pat|oat)_[\w-]{20,}"),
    ("a Vault token", "hvs. hvb. hvr.", r"(?<![\w.-])hv[sbr]\.[\w-]{20,}"),
    ("a DigitalOcean token", "_v1_", r"(?<![A-Za-z0-9])do[opr]_v1_[0-9a-f]{64}"),
    ("a Databricks token", "dapi", r"(?<![A-Za-z0-9])dapi[0-9a-f]{32}"),
    ("a Shopify token", "shpat_ shpca_ shppa_ shpss_", r"(?<![A-Za-z0-9])shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("a Mailgun key", "key-", r"(?<![\w-])key-[0-9a-f]{32}(?![\w-])"),
    ("a Grafana token", "glsa_ glc_", r"(?<![A-Za-z0-9])gl(?:sa|c)_[\w+/=]{32,}"),
    ("a Square token", "sq0csp- sq0atp- EAAA", r"(?<![A-Za-z0-9])(?:sq0(?:csp|atp)-[\w-]{22,}|EAAA[\w-]{60})"),
    ("an age key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    ("a JSON web token", "eyJ", r"(?<![\w.-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
)  # fmt: skip
_SHAPE = regex(
    "|".join(f"(?:{pattern})" for _, _, pattern in _SHAPES), words=" ".join(words for _, words, _ in _SHAPES)
)
_BEGIN = regex(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = regex(r"-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_OPEN_END = regex(r"[^\n]*(?:\n[ \t]*[A-Za-z0-9+/=\\]{16,}[ \t]*(?=\n|\Z))*")
_URL = regex(r"(?<=\w)://(?P<user>[^\s/@:'\"]*)(?::(?P<password>[^\s/'\"?`]+))?@(?=[\w\[$.])", words="://")
# What stands around these values says that they are secret. `[ "',]` lets exec form through.
_SPACE = r"(?:[ \t]|\\[nt]){0,8}"
_AROUND = (
    (
        "an authorization header",
        "authorization",
        rf"(?<![\w-])(?:Proxy-)?Authorization\b[\"']?{_SPACE}[:=]{_SPACE}[\"']?"
        rf"(?:(?:Bearer|Basic|Token|ApiKey|Digest){_SPACE})?(?P<value>[^\s\"'\\]{{6,}})",
    ),
    (
        "an authorization header",
        "-token x- apikey api-key",
        rf"(?<![\w-])(?:(?:PRIVATE|JOB|DEPLOY)-TOKEN|X-[\w-]{{0,60}}(?:TOKEN|KEY|SECRET)|API-?KEY){_SPACE}:{_SPACE}"
        r"(?P<value>[^\s\"'\\,}]{6,})",
    ),
    ("an authorization header", "bearer", r"(?<![\w-])Bearer[ \t]{1,4}(?P<value>(?=[\w.~+/=-]*\d)[\w.~+/=-]{16,})"),
    (
        "the password of a netrc",
        "machine",
        r"(?<![\w-])machine(?:\s|\\[nt]){1,8}[^\s\\\"']{1,255}(?:\s|\\[nt]){1,8}login(?:\s|\\[nt]){1,8}[^\s\\\"']{1,255}"
        r"(?:\s|\\[nt]){1,8}password(?:\s|\\[nt]){1,8}(?P<value>(?:(?!\\[nt])[^\s\"'])+)",
    ),
    (
        "the signature of a URL",
        "sig= signature=",
        r"[?&;](?:sig|X-Amz-Signature|X-Goog-Signature)=(?P<value>[\w%+/=-]{16,})",
    ),
    (
        "a password in SQL",
        "identified password",
        r"(?<!\w)(?:IDENTIFIED\s{1,8}(?:WITH\s{1,8}\w{1,40}\s{1,8})?BY|PASSWORD)\s{1,8}(?:\\?[\"'])"
        r"(?P<value>[^'\"\n\\]+)",
    ),
    ("a registry login", "auth", r"\\?[\"']auth\\?[\"']\s{0,8}:\s{0,8}\\?[\"'](?P<value>[A-Za-z0-9+/=]{12,})"),
    (
        "a storage key",
        "accountkey= sharedaccess",
        r"(?<!\w)(?:AccountKey|SharedAccessKey|SharedAccessSignature)=(?P<value>[^\s;\"']{16,})",
    ),
    (
        "the password of an account",
        "chpasswd",
        r"(?<!\w)chpasswd[ \t]{0,4}<<<[ \t]{0,4}[\"']?[\w.-]{1,40}:(?P<value>[^\s\"']+)",
    ),
    (
        "the password of a database",
        "mysql mariadb",
        r"(?<![\w-])(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n;|&]{0,200}?[\"' ](?-i:-p)"
        r"(?P<value>[^\s\"'=-][^\s\"']*)",
    ),
)  # fmt: skip
_COMPILED = tuple((kind, regex(pattern, re.I, words=words)) for kind, words, pattern in _AROUND)
# It finds itself in any text that has one of the words.
_HINT = regex("", re.I, words=" ".join(words for _, words, _ in _AROUND))


class Secret(Value):
    """A secret in a text: what kind, and where its value stands."""

    kind: str
    span: Span


def is_shaped(text: str) -> bool:
    """Whether a token or a private key stands in it."""
    return bool(_SHAPE.search(text) or _BEGIN.search(text))


def url_with_password(text: str) -> bool:
    """Whether a URL carries a password or a token that is written out, be it a placeholder."""
    return any(True for _ in url_passwords(text))


def url_variables(text: str) -> frozenset[str]:
    """The variables that stand where a URL carries its user and password."""
    found: set[str] = set()
    for match in _URL.finditer(text):
        for part in (match["user"], match["password"] or ""):
            found.update(re.findall(r"\$\{?(\w+)", part))
    return frozenset(found)


def url_passwords(text: str) -> Iterator[Span]:
    """Where URLs have their passwords, and tokens in the place of a user."""
    for match in _URL.finditer(text):
        group = "password" if match["password"] else "user"
        value = match[group]
        # `https://token@host` is a token only when it is too long for a user name; `x-oauth-basic` is no password.
        if group == "password" and value in {"x-oauth-basic", ""}:
            group, value = "user", match["user"]
        if value and not is_variable(value) and (group == "password" or _looks_random(value)):
            yield Span(match.start(group), match.end(group))


def _looks_random(value: str) -> bool:
    return bool(_SHAPE.search(value)) or (len(value) >= 16 and bool(re.search(r"\d", value)) and "." not in value)


def shaped(text: str) -> tuple[Secret, ...]:
    """Secrets that give themselves away; placeholders are not among them."""
    found = [Secret("a private key", span) for span in _private_keys(text)]
    for kind, _, pattern in _SHAPES if _SHAPE.search(text) else ():
        found += [Secret(kind, Span(*match.span())) for match in re.finditer(pattern, text)]
    for span in url_passwords(text):
        if not is_placeholder(text[span.start : span.end]):
            found.append(Secret("a password in a URL", span))
    for kind, around in _COMPILED if _HINT.search(text) else ():
        for match in around.finditer(text):
            if not (is_no_value(match["value"]) or is_placeholder(match["value"])):
                found.append(Secret(kind, Span(*match.span("value"))))
    return tuple(sorted(found, key=lambda secret: secret.span))


def _private_keys(text: str) -> Iterator[Span]:
    """From where each begins to where it ends; one without an end has the lines that look like it."""
    at, has_end = 0, True
    while begin := _BEGIN.search(text, at):
        end = _END.search(text, begin.end()) if has_end else None
        has_end = end is not None
        rest = None if end else _OPEN_END.match(text, begin.end())
        at = end.end() if end else rest.end() if rest else begin.end()
        yield Span(begin.start(), at)
