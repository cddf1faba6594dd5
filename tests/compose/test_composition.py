"""What services compose files make, in small cases; and whether compose says the same of them, where it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydock.checkout import compose_above
from pydock.context import Tree
from pydock.context.compose import Composition, compositions, is_compose_file, service_of
from pydock.project import Project
from pydock.project.compose import services
from tests.compose.cases import CASES, WEB
from tests.compose.oracle import PROGRAM, differences


def _composed(files: dict[str, str], root: str = "/srv/shop") -> Composition:
    """The way that the last of the files makes."""
    named = [path for path in files if is_compose_file(path.rpartition("/")[2])]
    return compositions(named, root, files.get)[-1]


@pytest.mark.parametrize("case", CASES)
def test_a_service_is_what_compose_makes_of_its_files(case: str) -> None:
    composition = _composed({**CASES[case].files})
    for name, fields in CASES[case].services.items():
        service = service_of(composition, name)
        assert {field: getattr(service, field) for field in fields} == fields


@pytest.mark.skipif(PROGRAM is None, reason="docker compose is not installed")
@pytest.mark.parametrize("case", [name for name, case in CASES.items() if case.is_for_compose])
def test_compose_says_the_same(case: str, tmp_path: Path) -> None:
    for path, text in CASES[case].files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text(text)
    assert differences(tmp_path, _composed({**CASES[case].files}, str(tmp_path))) == []


def test_each_way_to_run_a_service_is_one() -> None:
    files = {"compose.yaml": WEB, "compose.override.yaml": "services: {web: {user: a}}\n", "compose.db.yaml": _DB}
    found = services(Project(Tree.of({"Dockerfile": "FROM python:3.13\n", **files})))
    assert [(each.origin, each.user) for each in found] == [
        ("compose.yaml: web", None),
        ("compose.override.yaml: web", "a"),
    ]


_DB = "services: {db: {ports: ['1:2']}}\n"


def test_files_of_the_checkout_are_read_and_none_outside_of_it(tmp_path: Path) -> None:
    extended = "services:\n  web:\n    extends: {file: PLACE, service: web}\n"
    texts = {
        "secret.yaml": "services: {web: {user: secret}}\n",
        "shop/.git/HEAD": "",
        "shop/common/base.yaml": "services: {web: {user: common, env_file: base.env}}\n",
        "shop/common/base.env": "A=1\n",
        "shop/web/Dockerfile": "FROM python:3.13\n",
        "shop/web/compose.yaml": extended.replace("PLACE", "../common/base.yaml"),
        "shop/web/compose.other.yaml": extended.replace("PLACE", "../../secret.yaml"),
        "shop/compose.yaml": "services: {web: {build: ./web, env_file: /etc/hostname}}\n",
    }
    for path, text in texts.items():
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text(text)
    tree = Tree(tmp_path / "shop/web")
    above = compose_above(tree, "Dockerfile")
    assert [path for path, _ in above] == ["../compose.yaml", "../common/base.env", "../common/base.yaml"]
    (found,) = services(Project(tree, above=above))
    assert (found.origin, found.environment) == ("../compose.yaml: web", ())
