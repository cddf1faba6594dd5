"""What makes a finding the same finding in another run, although its line has moved."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from pydock.report.answer import Answer, Entry
from pydock.report.places import located
from pydock.values import Value


class Identity(Value):
    """A finding without its line; `project` is the Dockerfile that it was found for.

    Numbers in the message count for nothing: they are lines and amounts.
    """

    project: str
    path: str
    code: str
    message: str


class Known(Value):
    """A finding with its identity and its fingerprint."""

    entry: Entry
    identity: Identity
    fingerprint: str


def identified(answers: Iterable[Answer]) -> Iterator[tuple[Answer, tuple[Known, ...]]]:
    """Each answer with its findings and their fingerprints, every one of which is there once.

    A fingerprint holds the identity and the words of the source, so it survives moved lines and edits elsewhere. The
    second of two equal findings has its own.
    """
    seen: Counter[str] = Counter()
    for answer in answers:
        found = []
        for entry in answer.findings:
            who = identity(answer.path, entry)
            plain = "\0".join((who.project, who.path, who.code, who.message, entry.anchor))
            seen[plain] += 1
            found.append(Known(entry, who, _digest(f"{plain}\0{seen[plain]}")))
        yield answer, tuple(found)


def identity(project: str, entry: Entry) -> Identity:
    """The identity of a finding of this Dockerfile."""
    return Identity(located(project), located(entry.path), entry.code, re.sub(r"\d+", "0", entry.message))


def _digest(text: str) -> str:
    import hashlib  # loads OpenSSL, which a report as text does without

    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
