"""A registry that only the project names is not asked, and what one answers is not trusted."""

from __future__ import annotations

import base64
import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock.context import Tree
from pydock.project import Options, Project
from pydock.registries import published, releases
from tests.hostile.listener import Listener, listening
from tests.registries import LyingRegistry, lying_registry

DIGEST = f"sha256:{'a' * 64}"
SECRET = "wJalrXUtnFEMIbPxRfiCYEXAMPLEKEY77"


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A person with a login for one registry, no engine, and no way to the public network."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/absent.sock")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr(releases, "ANSWER_SECONDS", 1)
    monkeypatch.setattr(releases, "CONNECT_SECONDS", 1)


@pytest.fixture
def registry() -> Iterator[LyingRegistry]:
    with lying_registry() as started:
        yield started


def _log_in(folder: Path, host: str) -> None:
    login = {"auths": {host: {"auth": base64.b64encode(f"somebody:{SECRET}".encode()).decode()}}}
    (folder / "config.json").write_text(json.dumps(login))


def _project(image: str, *hosts: str) -> Project:
    return Project(Tree.of({"Dockerfile": f"FROM {image}\n"}), options=Options(pin="digest", allow_hosts=hosts))


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as started:
        yield started


def test_it_is_asked_where_a_person_allows_it(listener: Listener) -> None:
    image = f"{listener.address}/team/base:1"
    why = published([_project(image)]).refused[image]
    assert why == f"only the project names {listener.address}, which is asked with --allow-hosts {listener.address}"
    assert not listener.heard
    published([_project(image, listener.address)])
    assert listener.heard


@pytest.mark.parametrize("host", ["169.254.169.254", "127.0.0.1:5000", "localhost", "registry.example.com"])
def test_no_project_can_have_any_host_asked(host: str) -> None:
    image = f"{host}/team/base:1"
    assert f"--allow-hosts {host}" in published([_project(image)]).refused[image]


def test_one_with_a_login_is_asked(registry: LyingRegistry, tmp_path: Path) -> None:
    _log_in(tmp_path, f"https://{registry.address}/v2/")
    registry.answers["/v2/team/base/manifests/1"] = (200, {"Docker-Content-Digest": DIGEST}, b"")
    image = f"{registry.address}/team/base:1"
    assert published([_project(image)]).digests == {image: DIGEST}


LIES = {
    "no digest": ({"Docker-Content-Digest": "latest"}, 200, "names no digest for team/base:1"),
    "a digest with a command behind it": (
        {"Docker-Content-Digest": f"{DIGEST}\tRUN curl evil"}, 200, "names no digest for team/base:1",
    ),
    "a digest of another kind": ({"Docker-Content-Digest": "md5:00"}, 200, "names no digest for team/base:1"),
    "nothing": ({}, 200, "names no digest for team/base:1"),
    "too many questions": ({}, 429, "says 429"),
    "a failure": ({}, 500, "says 500"),
    "another place": ({"Location": "http://169.254.169.254/latest/meta-data"}, 307, "which is not followed"),
    "a server that is no registry": ({}, 404, "says 404"),
    "a login of a kind that nobody knows": ({"WWW-Authenticate": "Negotiate"}, 401, "wants a login"),
}  # fmt: skip


@pytest.mark.parametrize(("head", "status", "why"), LIES.values(), ids=LIES)
def test_what_is_no_answer_is_no_pin(head: dict[str, str], status: int, why: str, registry: LyingRegistry) -> None:
    registry.answers["/v2/team/base/manifests/1"] = (status, head, b"{")
    image = f"{registry.address}/team/base:1"
    found = published([_project(image, registry.address)])
    assert not found.digests
    assert why in found.refused[image]
    assert "169.254" not in found.refused[image]


REALMS = {
    "another host": "http://HOST/token",
    "another host behind the name of the registry": "http://REGISTRY@HOST/token",
    "the metadata of a cloud": "http://169.254.169.254/token",
    "a file": "file:///etc/passwd",
}


@pytest.mark.parametrize("realm", REALMS.values(), ids=REALMS)
def test_a_login_goes_to_no_server_of_tokens_that_is_not_its_own(
    realm: str, registry: LyingRegistry, listener: Listener, tmp_path: Path
) -> None:
    _log_in(tmp_path, registry.address)
    named = realm.replace("HOST", listener.address.replace("127.0.0.1", "localhost"))
    named = named.replace("REGISTRY", registry.address)
    challenge = {"WWW-Authenticate": f'Bearer realm="{named}",service="s"'}
    registry.answers["/v2/team/base/manifests/1"] = (401, challenge, b"")
    image = f"{registry.address}/team/base:1"
    found = published([_project(image)])
    assert "sends logins to" in found.refused[image]
    assert not listener.heard
    assert SECRET not in repr(found)


@pytest.mark.parametrize("pace", ["silent", "slow"])
def test_one_that_hangs_is_not_waited_for(pace: str, registry: LyingRegistry) -> None:
    registry.pace = pace
    image = f"{registry.address}/team/base"
    begun = time.monotonic()
    found = published([_project(f"{image}:1", registry.address), _project(f"{image}:2", registry.address)])
    assert time.monotonic() - begun < 5
    assert {reference: "does not answer" in why for reference, why in found.refused.items()} == {
        f"{image}:1": True,
        f"{image}:2": True,
    }


def test_credentials_that_fail_are_never_told(
    registry: LyingRegistry, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _log_in(tmp_path, registry.address)
    said = json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": f"not {SECRET}"}]}).encode()
    registry.answers["/v2/team/base/manifests/1"] = (401, {"WWW-Authenticate": 'Basic realm="x"'}, said)
    image = f"{registry.address}/team/base:1"
    found = published([_project(image)])
    assert "does not take the login that docker has" in found.refused[image]
    assert SECRET not in repr(found) + "".join(capsys.readouterr())
    assert any(SECRET in base64.b64decode(each.partition(" ")[2]).decode() for each in registry.logins)


def test_a_helper_is_asked_for_its_own_registry_alone(
    registry: LyingRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper = tmp_path / "bin/docker-credential-safe"
    helper.parent.mkdir()
    script = f'#!/bin/sh\nread host\necho "$host" >> {tmp_path}/asked\nenv > {tmp_path}/told\n'
    helper.write_text(f'{script}echo \'{{"Username": "somebody", "Secret": "{SECRET}"}}\'\n')
    helper.chmod(0o700)
    monkeypatch.setenv("PATH", f"{helper.parent}:/usr/bin:/bin")
    monkeypatch.setenv("PYDOCK_SECRET_OF_ANOTHER", SECRET)
    (tmp_path / "config.json").write_text(json.dumps({"credHelpers": {registry.address: "safe"}}))
    registry.wants = f"somebody:{SECRET}"
    registry.answers["/v2/team/base/manifests/1"] = (200, {"Docker-Content-Digest": DIGEST}, b"")
    image = f"{registry.address}/team/base:1"
    assert published([_project(image)]).digests == {image: DIGEST}
    assert set((tmp_path / "asked").read_text().split()) == {registry.address}
    assert "PYDOCK_SECRET_OF_ANOTHER" not in (tmp_path / "told").read_text()


BROKEN_HELPERS = {
    "is not there": None,
    "fails": "#!/bin/sh\nexit 1\n",
    "says nonsense": "#!/bin/sh\necho '[1]'\n",
    "is a path": "#!/bin/sh\necho never\n",
}


@pytest.mark.parametrize("kind", BROKEN_HELPERS)
def test_a_helper_that_keeps_nothing_is_said_as_a_missing_login(
    kind: str, registry: LyingRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "../safe" if kind == "is a path" else "safe"
    if text := BROKEN_HELPERS[kind]:
        (tmp_path / "docker-credential-safe").write_text(text)
        (tmp_path / "docker-credential-safe").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "config.json").write_text(json.dumps({"credsStore": name}))
    registry.wants = f"somebody:{SECRET}"
    image = f"{registry.address}/team/base:1"
    why = published([_project(image, registry.address)]).refused[image]
    assert why == f"{registry.address} wants a login, and docker has none for it: docker login {registry.address}"


def test_an_answer_is_kept_for_a_while_and_believed_from_this_user_alone(
    registry: LyingRegistry, tmp_path: Path
) -> None:
    registry.answers["/v2/team/base/manifests/1"] = (200, {"Docker-Content-Digest": DIGEST}, b"")
    image = f"{registry.address}/team/base:1"
    project = _project(image, registry.address)
    for _ in range(2):
        assert published([project]).digests == {image: DIGEST}
    assert len([path for path in registry.asked if "manifests" in path]) == 1
    folder = tmp_path / "state/pydock/registries"
    (place,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    other = f"sha256:{'b' * 64}"
    for lie in f'{{"reference": "python:3", "digest": "{other}"}}', f'{{"reference": "{image}", "digest": "b"}}', "[]":
        place.write_text(lie.replace("}", f', "time": {time.time()}}}'))
        assert published([project]).digests == {image: DIGEST}
    assert published([_project(image)]).refused
