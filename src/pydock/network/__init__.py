"""The way to the network: a proxy of one's own that lets through whom a person allows, and the proxies behind it."""

from __future__ import annotations

from pydock.network.exchange import Response, exchanged, failure
from pydock.network.gate import Gate, gate
from pydock.network.upstream import Proxy, Upstream, upstream, without_proxies

__all__ = ["Gate", "Proxy", "Response", "Upstream", "exchanged", "failure", "gate", "upstream", "without_proxies"]
