"""Asks a real resolver, once for each set and run, so that rules stay pure.

The answers become facts of the project (`pydock.project.pins`) before the first round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from pydock.project.pins import Answer, Request
from pydock.resolve import uv

_WORKERS = 4


@dataclass
class Resolver:
    """Remembers what it has asked; several requests are asked at the same time."""

    known: dict[Request, Answer] = field(default_factory=dict)

    def answers(self, requests: Iterable[Request]) -> Mapping[Request, Answer]:
        """The answer to each request."""
        wanted = tuple(dict.fromkeys(requests))
        new = [request for request in wanted if request not in self.known]
        if len(new) == 1:
            self.known[new[0]] = uv.answer(new[0])
        elif new:
            with ThreadPoolExecutor(_WORKERS) as pool:
                self.known.update(zip(new, pool.map(uv.answer, new), strict=True))
        return {request: self.known[request] for request in wanted}
