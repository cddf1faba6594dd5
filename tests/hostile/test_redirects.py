"""What an allowed host answers names other hosts: none of them is asked that may not be, in no way of being named."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pydock.hosts import PUBLIC, Origin
from pydock.network import Proxy, Upstream
from pydock.project.pins import Answer, Indexes, Request
from pydock.resolve import uv
from pydock.values import replace
from tests.hostile.listener import Listener, listening
from tests.package_index import Distribution, host, serving

PAGE = '<html><body><a href="{}">x</a></body></html>'
WHEEL = "shop-1.0-py3-none-any.whl"
TARGET = "x86_64-manylinux_2_36"


class Site:
    """A server that a person allows: what each path answers is up to the test. `asked` are the paths."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str, bytes]] = {}
        self.asked: list[str] = []
        self.address = ""

    def says(self, path: str, text: str | bytes, kind: str = "text/html") -> None:
        self.answers[path] = (200, kind, text.encode() if isinstance(text, str) else text)

    def sends(self, path: str, to: str, status: int = 302) -> None:
        self.answers[path] = (status, to, b"")

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """That of the path, else of the longest folder above it that has one."""
        known = [each for each in self.answers if path == each or (each.endswith("/") and path.startswith(each))]
        return self.answers[max(known, key=len)] if known else (404, "text/plain", b"")


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            status, kind, data = found.answer(self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Location" if 300 <= status < 400 else "Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        do_HEAD = do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            """The tests read `asked`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        found.address = f"127.0.0.1:{server.server_address[1]}"
        yield found
        server.shutdown()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as started:
        yield started


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = ("UV_", "PIP_", "PYDOCK_", "HTTP", "http", "ALL_", "all_", "NO_PROXY", "no_proxy", "GIT_CONFIG")
    for name in [name for name in os.environ if name.startswith(names)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def _asked(site: Site, *requirements: str) -> Request:
    where = Indexes(f"http://{site.address}/simple")
    return Request(requirements or ("shop",), "3.11.7", TARGET, indexes=where, hosts=(site.address,))


def _told(request: Request) -> tuple[Answer, list[str]]:
    told: list[str] = []
    answer = uv.answer(request, tell=lambda asked: told.append(str(asked)))
    return answer, list(dict.fromkeys(told))


def _refused(answer: Answer, other: str) -> bool:
    return not answer.pins and f"--allow-hosts {other}" in answer.why_not


REDIRECTS = ("the page of a package", "a file", "what a file says of itself", "a page of links", "an address in a list")


def _set_up(site: Site, what: str, elsewhere: Callable[[str], None]) -> Request:
    """A question that makes a resolver ask for `what`, which the site makes lead elsewhere."""
    request = _asked(site)
    page = PAGE.format(f"/files/{WHEEL}#sha256={'0' * 64}")
    match what:
        case "the page of a package":
            elsewhere("/simple/shop/")
        case "a file":
            site.says("/simple/shop/", page)
            elsewhere("/files/")
        case "what a file says of itself":
            site.says("/simple/shop/", page.replace('">', '" data-core-metadata="true">'))
            elsewhere("/files/")
        case "a page of links":
            elsewhere("/links")
            return replace(request, indexes=Indexes("", links=(f"http://{site.address}/links",), is_closed=True))
        case _:
            elsewhere("/files/")
            return replace(request, requirements=(f"shop @ http://{site.address}/files/{WHEEL}",))
    return request


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("what", REDIRECTS)
def test_a_redirection_to_a_host_that_may_not_be_asked_is_not_followed(
    what: str, status: int, site: Site, listener: Listener
) -> None:
    to = f"http://{listener.address}/{WHEEL}"
    answer, told = _told(_set_up(site, what, lambda path: site.sends(path, to, status)))
    assert site.asked
    assert not listener.heard
    assert _refused(answer, listener.address)
    assert told == [site.address]


NAMED = {
    "in a page": "http://HOST/",
    "without a scheme": "//HOST/",
    "with a name before the at sign": f"http://{PUBLIC.host}@HOST/",
    "as a name of this machine": "http://localhost:PORT/",
    "as every address of this machine": "http://0.0.0.0:PORT/",
    "as another address of this machine": "http://127.8.8.8:PORT/",
    "as a number": "http://2130706433:PORT/",
    "as a short number": "http://127.1:PORT/",
    "in the other family": "http://[::ffff:127.0.0.1]:PORT/",
    "encrypted": "https://HOST/",
}


@pytest.mark.parametrize("way", NAMED)
@pytest.mark.parametrize("what", ["a redirection", "a link to a file"])
def test_however_a_host_is_named_it_is_not_asked(what: str, way: str, site: Site, listener: Listener) -> None:
    to = NAMED[way].replace("HOST", listener.address).replace("PORT", str(listener.port))
    if what == "a redirection":
        site.sends("/simple/shop/", to)
    else:
        site.says("/simple/shop/", PAGE.format(f"{to}{WHEEL}"))
    answer, _ = _told(_asked(site))
    assert not answer.pins
    assert "--allow-hosts" in answer.why_not
    assert not listener.heard


def test_a_chain_of_redirections_is_followed_as_far_as_hosts_may_be_asked(site: Site, listener: Listener) -> None:
    site.sends("/simple/shop/", f"http://{site.address}/there/")
    site.sends("/there/", f"http://{listener.address}/")
    answer, _ = _told(_asked(site))
    assert "/there/" in site.asked
    assert _refused(answer, listener.address)
    assert not listener.heard


def test_the_file_of_another_index_does_not_stand_in_for_one_that_was_not_asked(site: Site, listener: Listener) -> None:
    """A version from the wrong index is worse than none."""
    site.sends("/simple/shop/", f"http://{listener.address}/")
    with serving(Distribution("shop", "9.9")) as other:
        where = Indexes(other.url, extra=(f"http://{site.address}/simple",))
        request = replace(_asked(site), indexes=where, hosts=(site.address, host(other.url)))
        answer, _ = _told(request)
    assert _refused(answer, listener.address)


def test_a_host_that_is_allowed_is_followed_and_told_before(site: Site) -> None:
    with serving(Distribution("shop", "1.0")) as other:
        site.sends("/simple/shop/", f"{other.url}/shop/")
        request = _asked(site)
        answer, told = _told(replace(request, hosts=(*request.hosts, host(other.url))))
    assert [pin.version for pin in answer.pins] == ["1.0"]
    assert told == [site.address, host(other.url)]


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "0.0.0.0", "::1", "fe80::1", "::ffff:127.0.0.1"])
def test_an_allowed_name_that_means_this_machine_or_its_link_is_not_asked(
    address: str, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"packages.example.com:{listener.port}"
    _named(monkeypatch, address)
    request = Request(("shop",), "3.11.7", TARGET, indexes=Indexes(f"http://{name}/simple"), hosts=(name,))
    answer, told = _told(request)
    assert f"{name} means" in answer.why_not
    assert address in answer.why_not
    assert not told
    assert not listener.heard


def _named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """What is no address is a name of this one."""
    known = socket.getaddrinfo

    def found(name: str, port: int, *rest: object, **options: object) -> object:
        return known(address if name == "packages.example.com" else name, port, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def test_a_name_is_asked_where_its_address_is_allowed_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    _named(monkeypatch, "127.0.0.1")
    name = f"packages.example.com:{site.address.rpartition(':')[2]}"
    hosts = (name, site.address)
    request = Request(("shop",), "3.11.7", TARGET, indexes=Indexes(f"http://{name}/simple"), hosts=hosts)
    _told(request)
    assert site.asked


SETTINGS: Mapping[str, tuple[dict[str, str], str]] = {
    "NO_PROXY": ({"NO_PROXY": "*"}, ""),
    "no_proxy": ({"no_proxy": "127.0.0.1,localhost"}, ""),
    "no-proxy of uv.toml": ({}, 'no-proxy = ["127.0.0.1"]\n'),
    "a proxy of uv.toml and no-proxy": ({}, 'http-proxy = "http://HOST"\nno-proxy = ["127.0.0.1"]\n'),
}


@pytest.mark.parametrize("way", SETTINGS)
def test_what_a_person_exempts_from_proxies_is_no_way_around(
    way: str, site: Site, listener: Listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables, settings = SETTINGS[way]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "config/uv").mkdir(parents=True)
    (tmp_path / "config/uv/uv.toml").write_text(settings.replace("HOST", listener.address))
    site.sends("/simple/shop/", f"http://{listener.address}/")
    answer, _ = _told(_asked(site))
    assert _refused(answer, listener.address)
    assert not listener.heard


def _git(*arguments: str, at: Path) -> None:
    subprocess.run(["git", *arguments], cwd=at, check=True, capture_output=True)


def _repository(at: Path, files: Mapping[str, str]) -> Path:
    at.mkdir(parents=True)
    _git("init", "-q", at=at)
    for path, text in files.items():
        (at / path).write_text(text)
    _git("add", ".", at=at)
    return at


def _served(site: Site, at: Path) -> None:
    """As files, which is how git without a server of its own reads (https://git-scm.com/docs/http-protocol)."""
    _git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a", at=at)
    _git("update-server-info", at=at)
    for path in (at / ".git").rglob("*"):
        if path.is_file():
            site.says(f"/lib.git/{path.relative_to(at / '.git')}", path.read_bytes(), "application/octet-stream")


PROJECT = '[project]\nname = "lib"\nversion = "1.0"\ndependencies = []\n'


@pytest.mark.parametrize("form", ["git+http://{}/lib.git", "lib @ git+http://{}/lib.git"])
def test_a_repository_is_read_through_the_same_gate(form: str, site: Site, tmp_path: Path) -> None:
    _served(site, _repository(tmp_path / "repository", {"pyproject.toml": PROJECT}))
    answer, told = _told(_asked(site, form.format(site.address)))
    assert not answer.why_not
    assert [(pin.name, pin.version) for pin in answer.pins] == [("lib", "1.0")]
    assert told == [site.address]


@pytest.mark.parametrize("what", ["a redirection", "a submodule", "a submodule by ssh", "a submodule of this machine"])
def test_a_repository_leads_nowhere_else(what: str, site: Site, listener: Listener, tmp_path: Path) -> None:
    at = _repository(tmp_path / "repository", {"pyproject.toml": PROJECT})
    elsewhere = {
        "a submodule by ssh": f"ssh://git@127.0.0.1:{listener.port}/x.git",
        "a submodule of this machine": str(tmp_path / "private"),
    }.get(what, f"http://{listener.address}/x.git")
    _repository(tmp_path / "private", {"secret": "k9zq7hXv2Lm9Kd"})
    if what == "a redirection":
        site.sends("/lib.git/", elsewhere)
    else:
        (at / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = x\n\turl = {elsewhere}\n')
        _git("add", ".", at=at)
        _git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},x", at=at)
        _served(site, at)
    answer, _ = _told(_asked(site, f"lib @ git+http://{site.address}/lib.git"))
    assert not answer.pins
    assert site.asked
    assert not listener.heard
    assert not list((tmp_path / "cache").rglob("secret"))


@pytest.mark.parametrize("exempt", ["*", "packages.example.com", ".example.com", "other.example,example.com"])
def test_what_is_exempt_from_a_proxy_is_asked_directly(exempt: str) -> None:
    asked, near = Origin("packages.example.com", 443), Origin("10.1.2.3", 443)
    assert Upstream({"all": "proxy:3128", "no": exempt}).of(asked, "https") is None
    assert Upstream({"https": "proxy:3128", "no": "10.0.0.0/8"}).of(near, "https") is None
    assert Upstream({"https": "proxy:3128", "no": "10.0.0.0/8"}).of(asked, "https") == Proxy("proxy", 3128)
    assert Upstream({"https": "proxy:3128"}).of(asked, "http") is None


@pytest.mark.parametrize("where", ["the environment", "uv.toml"])
def test_the_proxy_of_a_person_is_asked_for_what_may_be_asked_and_for_nothing_else(
    where: str, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = f"http://me:Zq7hX2vLm9Kd@{site.address}"
    if where == "the environment":
        monkeypatch.setenv("http_proxy", proxy)
    else:
        (tmp_path / "config/uv").mkdir(parents=True)
        (tmp_path / "config/uv/uv.toml").write_text(f'http-proxy = "{proxy}"\n')
    site.sends("http://packages.example.com/simple/shop/", "http://private.example.com/")
    name = "packages.example.com"
    request = Request(("shop",), "3.11.7", TARGET, indexes=Indexes(f"http://{name}/simple"), hosts=(name,))
    answer, told = _told(request)
    assert set(site.asked) == {"http://packages.example.com/simple/shop/"}
    assert told == [name]
    assert _refused(answer, "private.example.com")


def test_a_proxy_that_cannot_be_kept_to_its_hosts_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1080")
    assert "socks5" in uv.answer(_asked(site)).why_not
    assert not site.asked
