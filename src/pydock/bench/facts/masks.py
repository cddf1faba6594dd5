"""What differs between two runs of one and the same service, made equal."""

from __future__ import annotations

from pydock.patterns import regex
from pydock.project.secrets import mask

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MASKS = (
    (r"\x1b\[[0-9;]*m", ""),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s*(?:Z\b|UTC|[+-]\d\d:?\d\d))?", "{time}"),
    (rf"(?:\w{{3}}, )?\d{{1,2}}[ /-](?:{_MONTHS})[ /-]\d{{4}}[: ]\d\d:\d\d:\d\d(?: (?:GMT|[+-]\d{{4}}))?", "{time}"),
    (rf"(?:\w{{3}} )?(?:{_MONTHS}) +\d{{1,2}} \d\d:\d\d:\d\d(?:\.\d+)?(?: \d{{4}})?", "{time}"),
    (r"\d{4}[-/.]\d\d[-/.]\d\d|\b\d\d:\d\d:\d\d(?:[.,]\d+)?", "{time}"),
    (r"\b1[6-9]\d{8}(?:\.\d+|\d{3}|\d{6})?\b", "{time}"),
    (r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", "{id}"),
    (r"0x[0-9a-fA-F]{6,}", "{address}"),
    (r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{12,}\b", "{id}"),
    # What may be long begins where a word does: containers say what they like, and all of it is looked through.
    (r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{20,}", "{token}"),
    (r"(?i)\b(pid|process|worker)([^\w\n]{0,8}(?:pid[^\w\n]{0,3})?)\d+", r"\1\2{number}"),
    # As loguru names them: https://loguru.readthedocs.io/en/stable/api/logger.html, read 2026-11
    (r"(?i)\b((?:process|thread) '[^'\n]*' \()\d+", r"\1{number}"),
    (r"\[\d+\]", "[{number}]"),
    (r"\b\d+(?:\.\d+)?(?:e-?\d+)? ?(?:ms|us|µs|ns|s|sec|secs|seconds|milliseconds)\b", "{duration}"),
    (r"\b(?:172|10|192)(?:\.\d{1,3}){3}\b", "{host}"),
    (r"(127\.0\.0\.1|localhost|\{host\}):[3-6]\d{4}\b", r"\1:{port}"),
    # https://prometheus.io/docs/instrumenting/exposition_formats/: what a process says of itself
    (r"(?m)^((?:python|process)_\w+(?:\{[^}\n]*\})?) [\d.eE+-]+$", r"\1 {number}"),
    (r"(?<![\w./-])([\w.-]*)/[\w./-]*?/(?:site|dist)-packages\b", r"\1{site}"),
    (r"(?:/opt/venv|/usr/local|/usr|/root/\.local|/home/\w+/\.local|/\.venv)/bin/", "{bin}/"),
    (r"(?:/usr/local|/usr)/lib/python3\.\d+/", "{python}/"),
)
_COMPILED = tuple((regex(pattern), replacement) for pattern, replacement in _MASKS)
_LEVEL = regex(
    r"(?i)\b(?:critical|fatal|error|warn(?:ing)?|denied|refused|failed|failure|panic)\b|Traceback|\b\w+(?:Error|Exception)\b"
)


def masked(text: str) -> str:
    """The text with times, ids, tokens, addresses, durations and places of packages made equal, and no secret in it."""
    text = mask(text)
    for pattern, replacement in _COMPILED:
        text = pattern.sub(replacement, text)
    return text


def loud_lines(log: str) -> tuple[str, ...]:
    """The lines of a log that tell of trouble, masked, each once and in order."""
    lines = (masked(line).strip() for line in log.splitlines())
    return tuple(dict.fromkeys(line for line in lines if _LEVEL.search(line) and not line.startswith("File ")))


def last_line(log: str) -> str:
    """The last thing that was said, masked: for a traceback its exception."""
    return next((masked(line).strip() for line in reversed(log.splitlines()) if line.strip()), "")


def is_generated(path: str) -> bool:
    """Whether a path of an image is made anew by every build and read by no service."""
    return _GENERATED.search(path) is not None


_GENERATED = regex(
    r"/__pycache__(?:/|\Z)|/build(?:/(?:lib|bdist|temp)[\w.-]*(?:/.*)?)?\Z|\.py[co]\Z|/\.cache(?:/|\Z)|/\.config/matplotlib(?:/|\Z)|/\.(?:pytest|mypy|ruff)_cache(?:/|\Z)|\.egg-info(?:/|\Z)"
    r"|\A/etc/(?:(?:passwd|group|shadow|gshadow|subuid|subgid)-?|ld\.so\.cache|hostname|hosts|resolv\.conf|mtab|\.pwd\.lock)\Z"
    r"|\A/etc/(?:machine-id|ssh/ssh_host_\w+_key(?:\.pub)?|ssl/private/ssl-cert-snakeoil\.key)\Z"
    r"|\A/etc/(?:alternatives|rc\d\.d|systemd|ssl/certs)(?:/|\Z)"
    r"|\A/var/(?:lib/(?:dpkg|apt|ucf|systemd|pam|python|xml-core|sgml-base|update-rc\.d|misc)|mail|spool|backups)(?:/|\Z)"
    r"|\A/usr/share/(?:doc|man|info|locale|mime|icons|applications|glib-2\.0|fonts|sgml|xml|python3?)(?:/|\Z)"
    r"|\A/usr/(?:lib|include)/[\w-]+-linux-[\w-]+(?:/|\Z)|\A/usr/lib/(?:python3|locale|ssl|gcc|jvm)(?:/|\Z)"
    r"|/\.pydock\.Dockerfile\Z|/\.wget-hsts\Z|/\.(?:bash|python)_history\Z|\A/root/\.(?:gnupg|npm|rustup|cargo|config/pypoetry)(?:/|\Z)"
)


def is_for_installing(path: str) -> bool:
    """Whether a file is of a kind that package managers read and services do not."""
    folder, _, name = path.lower().rpartition("/")
    is_listed = folder.endswith("/requirements") and name.endswith((".txt", ".in"))
    return is_listed or name.endswith(".whl") or _INSTALLING.match(name) is not None


_INSTALLING = regex(
    r"[\w.-]*(?:requirements?|constraints?)[\w.-]*\.(?:txt|in)\Z|pipfile|setup\.(?:py|cfg)\Z|(?:uv|poetry|pdm)\.lock\Z"
    r"|pyproject\.toml\Z|pylock\.|environment\.ya?ml\Z|manifest\.in\Z|readme(?:\.(?:md|rst|txt))?\Z"
)
