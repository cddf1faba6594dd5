"""`--pin registry` and `--pin digest`: what a registry told is written, and nothing else ever is."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pydock.cli import main
from pydock.context import Tree
from pydock.engine import Report, rewrite
from pydock.project import Options, Project
from pydock.project.registry import Registry
from pydock.rules import RULES
from pydock.rules.base_images import floating_base_image, full_runtime_image
from pydock.text import Safety
from tests.registries import lying_registry, push, real_registry, refusing_registry

if TYPE_CHECKING:
    from docker import DockerClient

A, B, C = (f"sha256:{letter * 64}" for letter in "abc")
HUB = "dockerhub/library/python"
# htpasswd -nbB somebody secret
LOGIN = "somebody:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"


def _pinned(text: str, pin: str, registry: Registry, allow: Safety = Safety.SAFE) -> Report:
    project = Project(Tree.of({"Dockerfile": text}), options=Options(pin=pin), registry=registry)
    return rewrite(project, (floating_base_image.RULE, full_runtime_image.RULE), allow)


TOLD = Registry(
    digests={
        "python:3.11.99-trixie": A,
        "python:3.11.99-slim-trixie": B,
        "python:3.11.7-slim-bookworm": C,
        "python:3.11-alpine": A,
        "nginx:latest": B,
        "nginx:1.27": C,
        "python:3.9.9-slim-bookworm": "",
    },
    patches={
        ("python", "3.11", "trixie"): frozenset({"3.11.16", "3.11.99"}),
        ("python", "3.15", "trixie"): frozenset({"3.15.1", "3.15.2"}),
    },
    refused={"private.example/base:1": "the registry does not tell what private.example/base:1 is: unauthorized"},
)


@pytest.mark.parametrize(
    ("pin", "before", "after"),
    [
        pytest.param("registry", "python:3.11-slim", "python:3.11.99-slim-trixie", id="the newest that it has"),
        pytest.param("registry", "python:3.11.16-slim", "python:3.11.16-slim-trixie", id="the release that is written"),
        pytest.param("registry", "python:3.12-slim", "python:3.12-slim", id="nothing where it was not asked"),
        pytest.param("registry", "python:3.15-slim", "python:3.15.2-slim-trixie", id="a Python that no table has"),
        pytest.param("registry", "python:3.16-slim", "python:3.16-slim", id="nothing for a Python that nobody has"),
        pytest.param("registry", "python:3.11.98-slim", "python:3.11.98-slim", id="no release that it does not have"),
        pytest.param("registry", "python:3.11.7-slim-bookworm", "python:3.11.7-slim-bookworm", id="exact tags stay"),
        pytest.param("digest", "python:3.11-slim", f"python:3.11.99-slim-trixie@{B}", id="tag and digest at once"),
        pytest.param("digest", "python:3.11.7-slim-bookworm", f"python:3.11.7-slim-bookworm@{C}", id="exact tag"),
        pytest.param("digest", "python:3.11-alpine", f"python:3.11-alpine@{A}", id="a tag that no table has"),
        pytest.param("digest", "nginx", f"nginx:latest@{B}", id="another image without a tag"),
        pytest.param("digest", "nginx:1.27", f"nginx:1.27@{C}", id="another image"),
        pytest.param("digest", f"python:3.11-slim@{C}", f"python:3.11-slim@{C}", id="a digest that is there stays"),
        pytest.param("digest", "python:3.9.9-slim-bookworm", "python:3.9.9-slim-bookworm", id="a tag it does not have"),
        pytest.param("digest", "private.example/base:1", "private.example/base:1", id="a registry that refuses"),
        pytest.param("digest", "scratch", "scratch", id="nothing"),
    ],
)
def test_a_base_image_becomes_what_the_registry_told(pin: str, before: str, after: str) -> None:
    report = _pinned(f"FROM {before}\n", pin, TOLD)
    assert report.result.dockerfile.text == f"FROM {after}\n"
    assert not rewrite(report.result, (floating_base_image.RULE,), Safety.UNSAFE).changed


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("private.example/base:1", "unauthorized"),
        ("python:3.9.9-slim-bookworm", "has no tag 3.9.9-slim-bookworm"),
        ("python:${MINOR}.7-slim-bookworm", "An argument is part of this FROM"),
    ],
)
def test_where_there_is_no_digest_the_finding_says_why(reference: str, reason: str) -> None:
    report = _pinned(f"ARG MINOR=3.11\nFROM {reference}\n", "digest", TOLD)
    assert reason in report.remaining[0].advice
    assert not report.changed


def test_without_an_answer_the_finding_says_how_to_get_one() -> None:
    report = _pinned("FROM python:3.11.7-slim-bookworm\n", "digest", Registry())
    assert "pydock fix --pin digest" in report.remaining[0].advice


def test_a_full_image_with_a_digest_that_was_told_still_becomes_slim() -> None:
    text = f'FROM python:3.11.99-trixie@{A} AS build\nRUN pip wheel flask\nFROM python:3.11.99-trixie@{A}\nCMD ["a"]\n'
    after = _pinned(text, "digest", TOLD, Safety.UNSAFE).result.dockerfile.text
    assert f"FROM python:3.11.99-slim-trixie@{B}\n" in after


def test_a_full_image_with_a_digest_that_was_not_told_stays() -> None:
    text = f'FROM python:3.11.99-trixie@{C} AS build\nRUN pip wheel flask\nFROM python:3.11.99-trixie@{C}\nCMD ["a"]\n'
    assert _pinned(text, "digest", TOLD, Safety.UNSAFE).result.dockerfile.text == text


def test_no_rewrite_names_a_digest_that_was_not_told() -> None:
    report = rewrite(
        Project(Tree.of({"Dockerfile": "FROM python:3.11\nRUN pip install flask\nCMD [\"flask\"]\n"}),
                options=Options(pin="digest"), registry=TOLD), RULES, Safety.UNSAFE,
    )  # fmt: skip
    assert {word.partition("@")[2] for word in report.result.dockerfile.text.split() if "@" in word} <= {A, B, C}


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return int(caught.value.code or 0)


def _service(folder: Path, text: str) -> Path:
    (folder / "service").mkdir()
    (folder / "service/Dockerfile").write_text(text)
    return folder / "service"


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without an engine, without logins, and with nothing that it was told before."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/absent.sock")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_where_neither_registry_nor_engine_answers_nothing_is_written(
    tmp_path: Path, alone: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A proxy that is not there stands for a machine without a network.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    service = _service(tmp_path, "FROM python:3.11\n")
    assert _run("fix", str(service), "--pin", "digest", "--select", "PYD101") == 1
    said = capsys.readouterr().err
    assert "cannot be reached, and no container engine answers" in said
    assert [path.name for path in service.iterdir()] == ["Dockerfile"]
    assert (service / "Dockerfile").read_text() == "FROM python:3.11\n"


def test_a_pin_that_means_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = _service(tmp_path, "FROM python:3.11\n")
    (service / "pydock.toml").write_text('pin = "newest"\n')
    assert _run("fix", "--diff", str(service)) == 2
    assert "it can be table, registry or digest" in capsys.readouterr().err


def test_a_real_registry_tells_the_newest_release_and_its_digest(tmp_path: Path, alone: None) -> None:
    with real_registry(tmp_path) as address:
        allowed = ("--allow-hosts", address)
        repository = f"{address}/{HUB}"
        full = push(address, HUB, "3.11.16-trixie", "3.11.17-trixie", "3.11.19-trixie")
        slim = push(address, HUB, "3.11.16-slim-trixie", "3.11.17-slim-trixie", "3.11.19-slim-trixie")
        push(address, HUB, "3.11.20-slim-trixie")
        service = _service(tmp_path, f"FROM {repository}:3.11 AS build\nFROM {repository}:3.11-slim\n")
        assert _run("fix", str(service), "--pin", "digest", "--select", "PYD101", *allowed) == 0
        first, second = (service / "Dockerfile").read_text().splitlines()
        # 3.11.18 was never published, 3.11.20 has no full image yet, and both stages stay on one release.
        assert first == f"FROM {repository}:3.11.19-trixie@{full} AS build"
        assert second == f"FROM {repository}:3.11.19-slim-trixie@{slim}"
        assert _run("fix", str(service), "--pin", "digest", "--diff", "--select", "PYD101", *allowed) == 0


@pytest.mark.engine
def test_a_digest_that_was_told_is_what_an_engine_pulls(tmp_path: Path, engine: DockerClient) -> None:
    with real_registry(tmp_path) as address:
        service = _service(tmp_path, f"FROM {address}/{HUB}:3.11.16-slim-trixie\n")
        push(address, HUB, "3.11.16-slim-trixie")
        assert _run("fix", str(service), "--pin", "digest", "--select", "PYD101", "--allow-hosts", address) == 0
        reference = (service / "Dockerfile").read_text().split()[1]
        api: Any = engine.api
        assert api.inspect_distribution(reference)["Descriptor"]["digest"] == reference.partition("@")[2]


@pytest.mark.parametrize("has_tls", [False, True], ids=["in clear text", "with TLS"])
def test_a_registry_with_a_login_is_asked_with_the_credentials_that_docker_has(
    has_tls: bool, tmp_path: Path, alone: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with real_registry(tmp_path, LOGIN, has_tls=has_tls) as address:
        certificate = tmp_path / "certificate.pem" if has_tls else None
        if certificate:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        digest = push(address, HUB, "3.11.16-slim-trixie", login="somebody:secret", certificate=certificate)
        allowed = ("--allow-hosts", address)
        service = _service(tmp_path, f"FROM {address}/{HUB}:3.11.16-slim-trixie\n")
        assert _run("fix", str(service), "--pin", "digest", "--select", "PYD101", *allowed) == 1
        assert f"{address} wants a login, and docker has none for it: docker login {address}" in capsys.readouterr().err
        (tmp_path / "docker").mkdir()
        for secret, code in ("wrong", 1), ("secret", 0):
            login = {"auths": {address: {"auth": base64.b64encode(f"somebody:{secret}".encode()).decode()}}}
            (tmp_path / "docker/config.json").write_text(json.dumps(login))
            assert _run("fix", str(service), "--pin", "digest", "--select", "PYD101") == code
            said = "".join(capsys.readouterr())
            assert secret not in said
            assert ("does not take the login that docker has" in said) == bool(code)
        assert (service / "Dockerfile").read_text() == f"FROM {address}/{HUB}:3.11.16-slim-trixie@{digest}\n"


def test_a_certificate_that_nobody_vouches_for_is_not_passed_over(
    tmp_path: Path, alone: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pydock.registries.client.is_insecure", lambda host: False)
    with real_registry(tmp_path, has_tls=True) as address:
        push(address, HUB, "3.11.16-slim-trixie", certificate=tmp_path / "certificate.pem")
        service = _service(tmp_path, f"FROM {address}/{HUB}:3.11.16-slim-trixie\n")
        assert _run("fix", str(service), "--pin", "digest", "--select", "PYD101", "--allow-hosts", address) == 1
        assert "has a certificate that is not trusted here" in capsys.readouterr().err


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 0], ids=lambda status: str(status or "hangs"))
def test_a_registry_that_refuses_costs_its_pin_alone(
    status: int, tmp_path: Path, alone: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pydock.registries.releases.ANSWER_SECONDS", 1)
    with refusing_registry(status) as (address, asked):
        text = f'FROM {address}/{HUB}:3.11-slim\nADD a.txt /a.txt\nCMD ["true"]\n'
        service = _service(tmp_path, text)
        (service / "a.txt").write_text("a")
        begun = time.monotonic()
        assert _run("fix", str(service), "--pin", "digest", "--select", "PYD101,PYD307", "--allow-hosts", address) == 1
        assert time.monotonic() - begun < 10
        assert asked
        assert (service / "Dockerfile").read_text() == text.replace("ADD", "COPY")
        said = capsys.readouterr().err
        assert (f"says {status}" if status else "does not answer") in said


def test_tokens_come_from_the_server_that_the_registry_names(
    tmp_path: Path, alone: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with lying_registry() as registry:
        scheme = f'Bearer realm="http://{registry.address}/token",service="tests"'
        registry.opens = "Bearer abc.def"
        registry.challenge = scheme
        registry.answers["/token"] = (200, {}, b'{"token": "abc.def"}')
        registry.answers["/v2/team/base/manifests/1"] = (200, {"Docker-Content-Digest": A}, b"")
        service = _service(tmp_path, f"FROM {registry.address}/team/base:1\n")
        assert (
            _run("fix", str(service), "--pin", "digest", "--select", "PYD101", "--allow-hosts", registry.address) == 0
        )
        assert (service / "Dockerfile").read_text() == f"FROM {registry.address}/team/base:1@{A}\n"
        assert "/token?service=tests&scope=repository%3Ateam%2Fbase%3Apull" in registry.asked
        assert "abc.def" not in "".join(capsys.readouterr())


def test_a_mirror_of_docker_hub_is_asked_first(tmp_path: Path, alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with lying_registry() as registry:
        monkeypatch.setattr("pydock.registries.client.mirrors", lambda: (f"http://{registry.address}",))
        registry.answers["/v2/library/python/manifests/3.11.16-slim-trixie"] = (200, {"Docker-Content-Digest": A}, b"")
        service = _service(tmp_path, "FROM python:3.11.16-slim-trixie\n")
        assert _run("fix", str(service), "--pin", "digest", "--select", "PYD101") == 0
        assert (service / "Dockerfile").read_text() == f"FROM python:3.11.16-slim-trixie@{A}\n"
