"""A registry asked over HTTP which digest a tag names.

https://distribution.github.io/distribution/spec/api/, read 2026-11. Nothing is believed that is no digest, no
redirection is followed, and a login goes to its registry, and to the server of tokens that the registry names, alone:
that is one of its own domain or one that a person allows.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from urllib.parse import urlencode

from pydock.hosts import Origin, is_allowed, origin
from pydock.network import Gate, Response, exchanged, failure
from pydock.patterns import regex
from pydock.project.secrets import mask
from pydock.registries.logins import HUB, Login, certificates, is_insecure, login, mirrors

_HUB_ADDRESS, _HUB_TOKENS = "registry-1.docker.io", "auth.docker.io"
_KINDS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_DIGEST = regex(r"sha256:[0-9a-f]{64}\Z")
_CHALLENGE = regex(r'([A-Za-z]+)="([^"]*)"')
_TOKEN = regex(r"[\x21-\x7e]+\Z")
# https://distribution.github.io/distribution/spec/api/#pagination-1
_NEXT = regex(r'<(/v2/[^>\s]+)>;\s*rel="?next"?')
_MOST_PAGES = 60
_ABSENT = frozenset({"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"})


class RefusedError(Exception):
    """Why a registry gives no answer; another way to it may have one where it `is_unreachable`."""

    def __init__(self, why: str, *, is_unreachable: bool = False) -> None:
        self.why = mask(why)
        super().__init__(self.why)
        self.is_unreachable = is_unreachable


class Client:
    """Questions to registries through a gate. One that does not answer in `seconds` is not waited for."""

    def __init__(self, gate: Gate, allowed: Iterable[str], seconds: float) -> None:
        self._gate = gate
        self._allowed = tuple(allowed)
        self._seconds = seconds
        self._schemes: dict[str, str] = {}
        self._tokens: dict[tuple[str, str], str] = {}

    def digest(self, host: str, name: str, tag: str) -> str:
        """The digest that a tag names, "" where the registry has no such tag.

        Raises RefusedError.
        """
        places = [*mirrors(), _HUB_ADDRESS] if host == HUB else [host]
        for place in places[:-1]:
            try:
                # A mirror that lacks a tag, or is down, is passed over, as docker does.
                if found := self._digest(place, host, name, tag, is_mirror=True):
                    return found
            except RefusedError:
                continue
        return self._digest(places[-1], host, name, tag)

    def tags(self, host: str, name: str) -> tuple[str, ...]:
        """Every tag of a repository.

        Raises RefusedError.
        """
        place = _HUB_ADDRESS if host == HUB else host
        address, target, found = f"{self._scheme(place)}://{place}", f"/v2/{name}/tags/list?n=1000", list[str]()
        for _ in range(_MOST_PAGES):
            said = self._told("GET", f"{address}{target}", host, name, is_mirror=False)
            listed = _object(said.body).get("tags") if said.status == 200 else None
            if not isinstance(listed, list):
                raise RefusedError(f"{host} says {_status(said)} about the tags of {name}")
            found += [tag for tag in listed if isinstance(tag, str)]
            following = _NEXT.match(said.headers.get("link", ""))
            if following is None:
                return tuple(found)
            target = following[1]
        raise RefusedError(f"{host} comes to no end with the tags of {name}")

    def _digest(self, place: str, host: str, name: str, tag: str, *, is_mirror: bool = False) -> str:
        address = place if "://" in place else f"{self._scheme(place)}://{place}"
        said = self._told("HEAD", f"{address}/v2/{name}/manifests/{tag}", host, name, is_mirror=is_mirror)
        if said.status == 404:
            said = self._told("GET", f"{address}/v2/{name}/manifests/{tag}", host, name, is_mirror=is_mirror)
            if _codes(said.body) & _ABSENT:
                return ""
        if said.status != 200:
            raise RefusedError(f"{host} says {_status(said)}")
        digest = said.headers.get("docker-content-digest", "")
        if not _DIGEST.match(digest):
            raise RefusedError(f"{host} names no digest for {name}:{tag}")
        return digest

    def _scheme(self, place: str) -> str:
        """How a registry speaks: with TLS, or in clear text where that is allowed and the other way fails."""
        if place not in self._schemes:
            try:
                self._ask("GET", f"https://{place}/v2/", {})
                self._schemes[place] = "https"
            except RefusedError as error:
                if not (error.is_unreachable and is_insecure(place)):
                    raise
                self._ask("GET", f"http://{place}/v2/", {})
                self._schemes[place] = "http"
        return self._schemes[place]

    def _told(self, method: str, address: str, host: str, name: str, *, is_mirror: bool) -> Response:
        """The answer, with a login where one is wanted; a login for Docker Hub is not for its mirrors."""
        head = {"Accept": _KINDS}
        if token := self._tokens.get((address.split("/")[2], name)):
            head["Authorization"] = token
        said = self._ask(method, address, head)
        challenge = said.headers.get("www-authenticate", "")
        if said.status != 401 or not challenge:
            return said
        known = None if is_mirror else login(host)
        kind = challenge.partition(" ")[0].lower()
        if kind == "basic" and known is not None and known.name:
            token = known.basic
        elif kind == "bearer":
            token = f"Bearer {self._token(challenge, address, host, name, known)}"
        else:
            raise RefusedError(f"{host} wants a login, and docker has none for it: docker login {host}")
        self._tokens[address.split("/")[2], name] = token
        said = self._ask(method, address, {**head, "Authorization": token})
        if said.status in {401, 403}:
            why = "does not take the login that docker has" if known else "wants a login, and docker has none"
            raise RefusedError(f"{host} {why} for {name}")
        return said

    def _token(self, challenge: str, address: str, host: str, name: str, known: Login | None) -> str:
        """A token for reading one repository (https://distribution.github.io/distribution/spec/auth/token/)."""
        said = dict(_CHALLENGE.findall(challenge))
        realm = said.get("realm", "")
        asked, registry = origin(realm), origin(address)
        if asked is None or registry is None or not self._is_its_own(asked, registry, realm, host):
            named = asked or "a server that is none"
            raise RefusedError(f"{host} sends logins to {named}, which is asked with --allow-hosts {named}")
        scope = {"service": said.get("service", ""), "scope": f"repository:{name}:pull"}
        if known is not None and not known.name:
            form = {"grant_type": "refresh_token", "client_id": "pydock", "refresh_token": known.secret, **scope}
            answer = self._ask("POST", realm, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(form))
        else:
            mark = "&" if "?" in realm else "?"
            head = {"Authorization": known.basic} if known is not None else {}
            answer = self._ask("GET", f"{realm}{mark}{urlencode(scope)}", head)
        if answer.status != 200:
            raise RefusedError(f"{asked} gives no token for {name}: {_status(answer)}")
        found = _object(answer.body)
        token = found.get("token") or found.get("access_token")
        if not isinstance(token, str) or not _TOKEN.match(token):
            raise RefusedError(f"{asked} gives no token for {name}")
        return token

    def _is_its_own(self, asked: Origin, registry: Origin, realm: str, host: str) -> bool:
        """Whether a server of tokens belongs to a registry: registry.gitlab.com has its tokens from gitlab.com."""
        if not realm.lower().startswith("https://") and not is_insecure(str(registry)):
            return False
        if asked.host == registry.host or (host == HUB and asked.host == _HUB_TOKENS):
            return True
        parent = registry.host.partition(".")[2]
        is_above = "." in parent and asked.host == parent and asked.port == 443
        return is_above or is_allowed(asked, self._allowed)

    def _ask(self, method: str, address: str, head: Mapping[str, str], body: str = "") -> Response:
        """One request. Raises RefusedError where there is no answer to it, or one that leads elsewhere."""
        asked = origin(address)
        if asked is None:
            raise RefusedError(f"{mask(address)} is no plain address of a server")
        self._gate.admit(asked)
        try:
            context = _context(str(asked)) if address.startswith("https:") else None
            said = exchanged(self._gate, method, address, head, self._seconds, body=body, context=context)
        except (OSError, HTTPException) as error:
            why = self._gate.refused.get(str(asked)) or f"{asked} {failure(error)}"
            raise RefusedError(why, is_unreachable=str(asked) not in self._gate.refused) from None
        if 300 <= said.status < 400:
            raise RefusedError(f"{asked} sends to another place ({said.status}), which is not followed")
        return said


def _context(host: str) -> ssl.SSLContext:
    """TLS with the certificates of the machine and those that docker has for a registry."""
    found = ssl.create_default_context()
    for folder in certificates(host):
        for path in sorted(folder.glob("*.crt")):
            found.load_verify_locations(path)
        for path in sorted(folder.glob("*.cert")):
            found.load_cert_chain(path, path.with_suffix(".key"))
    return found


def _status(said: Response) -> str:
    """What a server said in few words: the code, and the first message of a registry's list of errors."""
    errors = _object(said.body).get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    told = first.get("message") or first.get("code")
    return f"{said.status} ({mask(told)[:120]})" if isinstance(told, str) and told.isprintable() else str(said.status)


def _codes(body: bytes) -> set[object]:
    errors = _object(body).get("errors")
    listed = errors if isinstance(errors, list) else []
    return {str(each.get("code")) for each in listed if isinstance(each, Mapping)}


def _object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}
