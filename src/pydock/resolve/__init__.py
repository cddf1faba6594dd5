"""Asks a real resolver, once for each set and run, so that rules stay pure.

The answers become facts of the project (`pydock.project.pins`) before the first round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from pydock.project import Project
from pydock.project.move import questions
from pydock.project.pins import Answer, Pins, Request
from pydock.project.wanted import requests
from pydock.resolve import uv
from pydock.values import replace

_WORKERS = 4
# An install's question may depend on the answer to the one before it.
_ROUNDS = 8


class Resolver:
    """Remembers what it has asked; several requests are asked at the same time."""

    def __init__(self) -> None:
        self.known: dict[Request, Answer] = {}

    def answers(self, asked: Iterable[Request]) -> dict[Request, Answer]:
        """The answer to each request."""
        wanted = tuple(dict.fromkeys(asked))
        new = [request for request in wanted if request not in self.known]
        if len(new) == 1:
            self.known[new[0]] = uv.answer(new[0])
        elif new:
            uv.program()
            with ThreadPoolExecutor(_WORKERS) as pool:
                self.known.update(zip(new, pool.map(uv.answer, new), strict=True))
        return {request: self.known[request] for request in wanted}

    def gathered(self, project: Project, rewritten: Callable[[Project], Project]) -> Project:
        """The project with the answers to all that it wants to know once it is rewritten.

        `rewritten` gives the project as rules would leave it: base images are exact there, and
        what rules have moved is asked about where it is then.
        """
        for _ in range(_ROUNDS):
            if not requests(project) and not questions(project):
                return project
            after = rewritten(project)
            wanted = dict.fromkeys((*requests(after), *questions(project), *questions(after)))
            asked = [request for request in wanted if request not in project.pins.answers]
            if not asked:
                return project
            project = replace(project, pins=Pins({**project.pins.answers, **self.answers(asked)}))
        return project


# What one run of the command line has asked.
THIS_RUN = Resolver()
