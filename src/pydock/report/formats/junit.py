"""Findings as JUnit's XML, which every CI server can show: a suite a Dockerfile, a failed case a finding.

There is no standard; this is what https://github.com/testmoapp/junitxml gathers, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pydock.patterns import regex
from pydock.report.answer import Answer, Entry
from pydock.report.formats.text import remarks
from pydock.report.places import located
from pydock.terminal import Style, printable

# https://www.w3.org/TR/xml/#charsets: what no XML may hold and a terminal may be shown.
_FORBIDDEN = regex("[\ufffe\uffff]")


def written(answers: Sequence[Answer], style: Style) -> str:
    """The document; a Dockerfile without findings is one case that passed, one without an answer an error."""
    del style
    root = Element("testsuites", _counts(answers, "pydock"))
    for answer in answers:
        _add_suite(root, answer)
    indent(root)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + tostring(root, "unicode") + "\n"


def _counts(answers: Sequence[Answer], name: str) -> dict[str, str]:
    return {
        "name": name,
        "tests": str(sum(max(len(answer.findings), 1) for answer in answers)),
        "failures": str(sum(len(answer.findings) for answer in answers)),
        "errors": str(sum(answer.failure is not None for answer in answers)),
    }


def _add_suite(root: Element, answer: Answer) -> None:
    path = _plain(located(answer.path))
    suite = SubElement(root, "testsuite", _counts([answer], path))
    if answer.failure:
        case = SubElement(suite, "testcase", {"name": "read", "classname": path, "file": path})
        SubElement(case, "error", {"message": _plain(answer.failure.message)}).text = _plain(answer.failure.hint)
    for entry in answer.findings:
        _add_case(suite, entry)
    if not answer.findings and not answer.failure:
        SubElement(suite, "testcase", {"name": "no findings", "classname": path, "file": path})


def _add_case(suite: Element, entry: Entry) -> None:
    path = _plain(located(entry.path))
    name = f"{entry.code} {entry.name} (line {entry.line})"
    case = SubElement(suite, "testcase", {"name": name, "classname": path, "file": path, "line": str(entry.line)})
    place = f"{path}:{entry.line}:{entry.column}"
    lines = [place, *(f"{label}: {text}" for label, text in remarks(entry))]
    failure = SubElement(case, "failure", {"message": _plain(entry.message), "type": entry.code})
    failure.text = "\n".join(map(_plain, lines))


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("?", printable(text))
