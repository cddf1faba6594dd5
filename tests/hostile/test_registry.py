"""A registry that only the project names is not asked, whoever chose to ask registries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pydock.bench.engine import registry
from pydock.context import Tree
from pydock.project import Options, Project


class _Engine:
    """Notes what it is asked; nothing is known to it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.api = self

    def inspect_distribution(self, reference: str) -> dict[str, dict[str, str]]:
        self.asked.append(reference)
        return {"Descriptor": {"digest": "sha256:0"}}

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> _Engine:
    found = _Engine()
    monkeypatch.setattr(registry, "connected", lambda seconds: found)
    login: dict[str, object] = {"auths": {"https://packages.example.com/v2/": {}}}
    (tmp_path / "config.json").write_text(json.dumps(login))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return found


def _project(image: str, *hosts: str) -> Project:
    return Project(Tree.of({"Dockerfile": f"FROM {image}\n"}), options=Options(pin="digest", allow_hosts=hosts))


@pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.1:5000", "localhost", "registry.example.com"])
def test_it_is_asked_where_a_person_allows_it(host: str, engine: _Engine) -> None:
    image = f"{host}/team/base:1"
    assert f"--allow-hosts {host}" in registry.published([_project(image)]).refused[image]
    assert not engine.asked
    registry.published([_project(image, host)])
    assert engine.asked == [image]


@pytest.mark.parametrize("image", ["team/base:1", "docker.io/team/base:1", "packages.example.com/base:1"])
def test_the_public_one_and_those_of_a_login_are_asked(image: str, engine: _Engine) -> None:
    registry.published([_project(image)])
    assert engine.asked == [image]
