"""Requirements files are read without loss, and mean what pip's own parser says they mean."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pydock.context import Tree
from pydock.engine import check
from pydock.errors import SyntaxProblem
from pydock.packages.requirements import Kind, entries, read
from pydock.project import Project
from pydock.rules import RULES

LINES = {
    "a name": "flask",
    "ranges": "Django>=4.2,<5\nflask~=3.0 ; python_version >= '3.8'",
    "extras and a marker": 'uvicorn[standard,watch] == 0.30.* ; sys_platform != "win32"',
    "hashes over several lines": "flask==3.1.2 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nredis",
    "comments": "# web\nflask # the framework\nhttps://example.com/x-1.0-py3-none-any.whl#egg=x  # no part of it\n",
    "a comment that ends a continuation": "flask \\\n# stop\nredis",
    "a continuation of nothing": "flask==3.1.2 \\\n\nredis",
    "options": "--index-url https://pypi.example.com/simple\n-i https://b.example.com\n--pre\n--no-binary :all:\nflask",
    "includes": "-r base.txt\n--requirement=more.txt\n-c limits.txt\nflask",
    "addresses": "lib @ https://example.com/lib-1.0.tar.gz\npip @ file:///srv/pip-1.0.zip",
    "repositories": "git+https://example.com/team/lib.git@v1#egg=lib\n-e git+ssh://git@example.com/x.git#egg=x",
    "places": "-e .\n./lib\n../other[extra]\nwheels/thing-1.0-py3-none-any.whl",
    "odd spacing": "  flask  ==  3.1.2  \n\tredis\t>=5\n\r\nrq\r\n",
    "upper and lower case, dots and dashes": "Zope.Interface\nruamel_yaml==0.18.6",
    "an exact version with a local part": "torch===2.1.0+cpu",
    "an option of one requirement": 'lib==1 --global-option="--quick"',
    "what is no requirement": "flask=3\n==1.0\nredis",
}


def _theirs(path: Path) -> tuple[set[tuple[str, ...]], int]:
    from pip_requirements_parser import RequirementsFile

    found = RequirementsFile.from_file(str(path))
    names: set[tuple[str, ...]] = set()
    for each in found.requirements:
        if each.name is None or each.is_editable or each.is_local_path or each.link:
            names.add(("place", str(each.link.url if each.link else "").rpartition("/")[2].partition("#")[0]))
        else:
            extras = ",".join(sorted(each.extras))
            marker = str(each.marker or "").replace("'", '"')
            names.add((canonicalize_name(each.name), str(SpecifierSet(str(each.specifier or ""))), extras, marker))
    return names, len(found.invalid_lines)


def _ours(text: str) -> tuple[set[tuple[str, ...]], int]:
    names: set[tuple[str, ...]] = set()
    invalid = 0
    for entry in entries("requirements.txt", text):
        requirement = entry.requirement
        if requirement and not requirement.url:
            marker = str(requirement.marker or "").replace("'", '"')
            extras = ",".join(sorted(requirement.extras))
            names.add((entry.name, str(requirement.specifier), extras, marker))
        elif requirement or entry.kind in {Kind.PLACE, Kind.EDITABLE}:
            address = (requirement.url if requirement else entry.value) or ""
            names.add(("place", address.rpartition("/")[2].partition("#")[0].partition("[")[0]))
        invalid += entry.kind is Kind.INVALID
    return names, invalid


@pytest.mark.parametrize("text", LINES.values(), ids=LINES)
def test_a_file_means_what_pips_own_parser_says(tmp_path: Path, text: str) -> None:
    path = tmp_path / "requirements.txt"
    path.write_bytes(text.encode())
    assert _ours(text) == _theirs(path)


@given(st.text(st.sampled_from("abz=<>~ #\\\n\r\t;[]-.1'\"@:/$é\ufeff"), max_size=60))
def test_the_lines_are_the_whole_text(text: str) -> None:
    found = entries("requirements.txt", text)
    assert "".join(text[entry.span.start : entry.span.end] for entry in found) == text


def test_twenty_thousand_lines_are_read_at_once() -> None:
    text = "".join(f"package-{number}=={number}.0 ; python_version >= '3.8'  # why\n" for number in range(20_000))
    started = time.process_time()
    found = read("requirements.txt", {"requirements.txt": text}.get)
    assert len(found.entries) == 20_000
    assert time.process_time() - started < 5


def _project(**files: str) -> Project:
    dockerfile = "FROM python:3.12-slim\nCOPY . .\nRUN pip install -r requirements.txt\n"
    return Project(
        Tree.of({"Dockerfile": dockerfile, **{name.replace("_", "."): text for name, text in files.items()}})
    )


def test_a_circular_include_is_refused_with_the_loop_and_the_line() -> None:
    project = _project(requirements_txt="flask\n-r a.txt\n", a_txt="-r b.txt\n", b_txt="# back\n-r a.txt\n")
    with pytest.raises(SyntaxProblem) as refused:
        check(project, RULES)
    assert refused.value.message == "b.txt:2: the files include each other: a.txt -> b.txt -> a.txt"


def test_an_include_that_is_not_there_is_told_with_its_line() -> None:
    found = check(_project(requirements_txt="flask==3.1.2\n\n-r gone.txt\n"), RULES)
    assert "requirements.txt line 3 names gone.txt, which is not there" in [finding.message for finding in found]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_other_encodings_are_read_or_told_and_never_changed(tmp_path: Path, encoding: str) -> None:
    from pydock.engine import rewrite
    from pydock.text import Safety

    data = "flask  # für alle\n".encode(encoding)
    (tmp_path / "requirements.txt").write_bytes(data)
    dockerfile = "FROM python:3.12.1-slim-bookworm\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    (tmp_path / "Dockerfile").write_text(dockerfile)
    report = rewrite(Project(Tree(tmp_path)), RULES, Safety.SAFE)
    assert any(finding.rule.code == "PYD201" for finding in report.findings)
    assert "requirements.txt" not in report.changed
