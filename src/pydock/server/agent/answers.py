"""What agents can ask: the commands of pydock on the paths of one folder, with secrets masked as everywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydock.config import matching, of_peer
from pydock.errors import OptionError
from pydock.questions import Question, answers, known_facts, refuse_unknown_rules
from pydock.report import Answer
from pydock.report.formats import patch, story, written
from pydock.report.pages import facts as page
from pydock.report.pages import markdown_page
from pydock.rules import RULES
from pydock.targets import Target, Unusable, targets
from pydock.terminal import Style


class Agent:
    """Answers about a folder. `given` are the settings of the command line by their configuration keys.

    Files are written only where a person has allowed it.
    """

    def __init__(self, folder: Path, given: Mapping[str, object], *, may_write: bool = False) -> None:
        self._folder = folder.resolve()
        self._given = given
        self._may_write = may_write

    def check(self, path: str, select: Sequence[str]) -> str:
        """Findings as the JSON document of `pydock check`."""
        question = self._question(select, is_detailed=True)
        return written("json", list(answers(question, self._targets(path), 1)), Style())

    def difference(self, path: str, select: Sequence[str], *, unsafe: bool) -> str:
        """What `pydock fix` would change as a patch, and the story behind it."""
        found = self._fixed(self._question(select, is_fix=True, unsafe=unsafe), path)
        text, is_masked = patch(found, Style())
        note = "note: secrets are masked in this diff, so it cannot be applied\n" if is_masked else ""
        return f"{text}\n{note}{story(found, Style(), is_written=False)}{_failures(found)}"

    def fix(self, path: str, select: Sequence[str], *, unsafe: bool) -> str:
        """Write what `difference` shows.

        Raises OptionError where nobody has allowed it.
        """
        if not self._may_write:
            raise OptionError("nothing is written here", "start it as pydock mcp --allow-write to let it write")
        found = self._fixed(self._question(select, is_fix=True, is_dry=False, unsafe=unsafe), path)
        losses = "".join(f"note: {answer.path}: {loss}\n" for answer in found for loss in answer.losses)
        return f"{story(found, Style(), is_written=True)}{losses}{_failures(found)}"

    def facts(self, path: str) -> str:
        """What `pydock facts` knows, as its JSON document."""
        known = known_facts(self._question(()), self._targets(path))
        return page.document(known.told) + _failures(known.failures)

    def explain(self, rule: str) -> str:
        """A rule with its examples, in Markdown.

        Raises OptionError for what no rule is called.
        """
        found = matching(RULES, rule, is_strict=False) or of_peer(RULES, rule) or matching(RULES, rule)
        return "\n\n".join(map(markdown_page, found))

    def _question(
        self, select: Sequence[str], *, is_fix: bool = False, is_dry: bool = True, unsafe: bool = False,
        is_detailed: bool = False,
    ) -> Question:  # fmt: skip
        given = {**self._given, **({"select": list(select)} if select else {})}
        question = Question(
            given | {"unsafe-fixes": True} if unsafe else given, is_fix, is_dry, is_detailed=is_detailed
        )
        refuse_unknown_rules(question)
        return question

    def _fixed(self, question: Question, path: str) -> list[Answer]:
        return list(answers(question, self._targets(path), 1))

    def _targets(self, path: str) -> list[Target | Unusable]:
        """What a path means, told from the folder.

        Raises OptionError for one that leads out of it.
        """
        real = Path(os.path.realpath(self._folder / path))
        if real != self._folder and self._folder not in real.parents:
            raise OptionError(f"{path} is outside of {self._folder}", "only paths inside of it are answered")
        found = list(targets([os.path.relpath(real, self._folder)]))
        for each in found:
            if isinstance(each, Target) and each.tree.root is not None and not self._is_inside(each.tree.root):
                raise OptionError(f"{path} is built in {each.tree.root}, outside of {self._folder}")
        return found

    def _is_inside(self, folder: Path) -> bool:
        real = folder.resolve()
        return real == self._folder or self._folder in real.parents


def _failures(found: Sequence[Answer]) -> str:
    failures = [answer.failure for answer in found if answer.failure is not None]
    return "".join(f"error: {' '.join(filter(None, (each.message, each.hint)))}\n" for each in failures)
