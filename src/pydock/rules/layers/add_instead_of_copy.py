"""ADD is used where COPY says what is meant.

ADD also unpacks archives and fetches addresses. A reader has to look at every source to know
which of the three it is, and a file that becomes an archive one day is unpacked without a word.

For plain files and folders COPY does the same, so the change is safe where the sources are
seen or named such that no archive can be meant. Archives that ADD unpacks, addresses and Git
repositories stay; an address without a checksum is told, since its content may change.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from pydock.dockerfile import Instruction
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.text import Edit, Fix, Safety, Span, unquote

EXAMPLES = (
    Example(before="FROM python:3.12-slim\nADD . /app\n", after="FROM python:3.12-slim\nCOPY . /app\n"),
    Example(
        before="FROM python:3.12-slim\nadd requirements.txt app.py /app/\n",
        after="FROM python:3.12-slim\ncopy requirements.txt app.py /app/\n",
    ),
    Example(before="FROM python:3.12-slim\nADD model.tar.gz /models\n"),
    Example(before="FROM python:3.12-slim\nADD https://example.com/schema.json /app/\n", finds=True),
)
_COST = "a reader cannot tell whether something is copied, unpacked or fetched"
_ADDRESS = regex(r"(https?|ftp)://", re.I)
_GIT = regex(r"git@|git://|ssh://|\A(https?://)?[^/\s]+/.*\.git(#|\Z)", re.I)
_ARCHIVE = regex(r"\.(tar(\.\w+)?|tgz|tbz2?|txz|tlz|tzst|gz|bz2|xz|zst|lzma|Z)\Z", re.I)
_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\x1f\x9d")
_TAR_AT = 257


def check(project: Project) -> Iterator[Finding]:
    for add in project.dockerfile.instructions:
        if add.keyword != "ADD" or add.heredocs or len(add.words) < 2:
            continue
        sources = [unquote(word.text, add.escape) for word in add.words[:-1]]
        if any(_GIT.search(source) for source in sources):
            continue
        if any(_ADDRESS.match(source) for source in sources):
            if add.flag("checksum") is None:
                cost = "what is fetched may be another file tomorrow, and nothing notices"
                yield Finding(
                    RULE, add.body, "ADD fetches without a checksum", None, cost, "Add `--checksum=sha256:...`."
                )
            continue
        kinds = {_kind(project, source) for source in sources}
        if "archive" not in kinds and not {flag.name for flag in add.flags} & {"unpack", "keep-git-dir", "checksum"}:
            yield Finding(RULE, _keyword(add), "ADD where COPY is enough", _fix(project, add, kinds), _COST)


def _keyword(add: Instruction) -> Span:
    return Span(add.body.start, add.body.start + len("ADD"))


def _kind(project: Project, source: str) -> str:
    """ "plain", "archive", or "unknown" where the source is not seen and its name tells nothing."""
    clean = posixpath.normpath(source.lstrip("/") or ".")
    if "$" in source:
        return "plain" if re.search(r"\.(txt|py|sh|json|ya?ml|toml|cfg|ini|conf)\Z", source) else "unknown"
    if _ARCHIVE.search(clean):
        return "archive"
    if (
        clean == "."
        or source.endswith("/")
        or (project.tree.has_folder(clean) and project.tree.known and "*" not in clean)
    ):
        return "plain"
    found = (
        [path for path in project.tree.files if fnmatchcase(path, clean)] if "*" in clean or "?" in clean else [clean]
    )
    data = [project.tree.data(path) for path in found]
    if any(content is not None and _is_archive(content) for content in data):
        return "archive"
    if data and all(content is not None for content in data):
        return "plain"
    return "plain" if re.search(r"\.[A-Za-z]\w*\Z", posixpath.basename(clean)) else "unknown"


def _is_archive(content: bytes) -> bool:
    return content.startswith(_MAGIC) or content[_TAR_AT : _TAR_AT + 5] == b"ustar"


def _fix(project: Project, add: Instruction, kinds: set[str]) -> Fix:
    span = _keyword(add)
    written = "copy" if project.dockerfile.slice(span).islower() else "COPY"
    doubts = ("whether a source is an archive, which ADD would unpack",) if "unknown" in kinds else ()
    safety = Safety.UNSAFE if doubts else Safety.SAFE
    return Fix("write COPY instead of ADD", safety, (Edit(project.path, span, written),), frozenset(), doubts)


RULE = Rule("PYD307", "add-instead-of-copy", check, __doc__, EXAMPLES, same_as=("DL3020",), level=Level.NOTE)
