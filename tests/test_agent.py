"""`pydock mcp`: what agents may ask, by a real client and without one."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent

from pydock.errors import OptionError
from pydock.server.agent.answers import Agent
from tests.command_line import Runner

DOCKERFILE = (
    "FROM python:3.12.7-slim-bookworm\nENV API_TOKEN=sk_live_4eC39HqLyjWDarjtT1zdp7dc\nRUN pip install flask==3.1.0\n"
)
OFFLINE = {"offline": True}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/Dockerfile").write_text("FROM scratch\n")
    monkeypatch.chdir(folder)
    return folder


def test_a_client_gets_findings_a_patch_facts_and_rules_and_writes_nothing(project: Path) -> None:
    async def story() -> None:
        arguments = ["-P", "-m", "pydock", "mcp", str(project)]
        environment = {name: os.environ[name] for name in ("PYTHONPATH", "PATH") if name in os.environ}
        server = StdioServerParameters(command=sys.executable, args=arguments, env=environment)
        async with Client(server) as client:
            offered = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}
            assert set(offered) == {"check", "fix_diff", "facts", "explain"}
            assert all(each is not None and each.read_only_hint for each in offered.values())
            found = json.loads(await _said(client, "check", {}))
            assert "PYD302" in [each["code"] for each in found["projects"][0]["findings"]]
            diff = await _said(client, "fix_diff", {"select": ["PYD302"]})
            assert "+RUN --mount=type=cache" in diff
            assert "sk_live" not in diff
            assert json.loads(await _said(client, "facts", {}))["schema"] == 1
            assert "# PYD302 pip-cache" in await _said(client, "explain", {"rule": "DL3042"})
            refused = await client.call_tool("check", {"path": "../secret"})
            assert refused.is_error
            assert (await client.call_tool("fix", {})).is_error

    asyncio.run(story())
    assert (project / "Dockerfile").read_text() == DOCKERFILE


async def _said(client: Client, tool: str, arguments: dict[str, object]) -> str:
    result = await client.call_tool(tool, arguments)
    (content,) = result.content
    assert isinstance(content, TextContent)
    assert not result.is_error, content.text
    return content.text


OUTSIDE = ["../secret", "/etc", "../secret/Dockerfile", "link", "link/Dockerfile"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_outside_of_the_folder_is_not_answered(project: Path, path: str) -> None:
    (project / "link").symlink_to(project.parent / "secret")
    agent = Agent(project, OFFLINE, may_write=True)
    for ask in (agent.facts, lambda path: agent.check(path, ()), lambda path: agent.fix(path, (), unsafe=True)):
        with pytest.raises(OptionError, match="outside of"):
            ask(path)


def test_a_context_above_the_folder_is_not_answered(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "api").mkdir()
    monkeypatch.chdir(project / "api")
    (project / "api/Dockerfile").write_text("FROM scratch\nCOPY api/Dockerfile pyproject.toml ./\n")
    (project / "pyproject.toml").write_text("")
    with pytest.raises(OptionError, match="outside of"):
        Agent(project / "api", OFFLINE).check("Dockerfile", ())


def test_it_writes_where_a_person_has_allowed_it_and_nowhere_else(project: Path) -> None:
    with pytest.raises(OptionError, match="nothing is written"):
        Agent(project, OFFLINE).fix(".", ["PYD302"], unsafe=False)
    assert (project / "Dockerfile").read_text() == DOCKERFILE
    said = Agent(project, OFFLINE, may_write=True).fix(".", ["PYD302"], unsafe=False)
    assert "fixed 1 finding" in said
    assert "--mount=type=cache" in (project / "Dockerfile").read_text()


@pytest.mark.parametrize(("module", "command"), [("language", "server"), ("agent", "mcp")])
def test_no_index_is_asked_unless_it_is_told_to(
    module: str, command: str, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[object] = []

    def serve(*given: object, **_: object) -> int:
        heard.extend(each["offline"] for each in given if isinstance(each, dict))
        return 0

    monkeypatch.setattr(f"pydock.server.{module}.serve", serve)
    for options in ([], ["--no-offline"], ["--offline"]):
        assert run(command, *options).code == 0
    assert heard == [True, False, True]


def test_what_cannot_be_answered_is_said(project: Path) -> None:
    (project / "Dockerfile").write_text("FROM python\nNONSENSE\n")
    agent = Agent(project, OFFLINE)
    assert "Dockerfile:2" in agent.difference(".", (), unsafe=False)
    assert "Dockerfile:2" in agent.facts(".")
    with pytest.raises(OptionError, match="NOPE"):
        agent.check(".", ["NOPE"])
    with pytest.raises(OptionError, match="NOPE"):
        agent.explain("NOPE")
