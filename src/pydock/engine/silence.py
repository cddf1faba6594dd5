"""Which findings a person has silenced, and which of their comments silence nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set

from pydock.config import matching, suggestion
from pydock.dockerfile import Named, Suppression, suppressions
from pydock.project import Project
from pydock.rule import Finding, Rule
from pydock.rules import RULES, by_name

UNUSED = by_name("unused-suppression")
# One word of one comment; the whole comment where it has none.
_Place = tuple[Suppression, Named | None]


def heard(project: Project, rules: Sequence[Rule], findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that no comment silences, and one for each comment that silences none of these rules."""
    found = tuple(findings)
    comments = [each for each in suppressions(project.dockerfile) if not each.problem]
    if not comments:
        return found
    silencing = [(finding, tuple(_silencing(project, comments, finding))) for finding in found]
    kept = [finding for finding, places in silencing if not places]
    codes = {rule.code for rule in rules}
    if rule := next((rule for rule in rules if rule.code == UNUSED.code), None):
        used = {place for _, places in silencing for place in places}
        unused = _unused(rule, comments, codes, used)
        kept += [finding for finding in unused if not tuple(_silencing(project, comments, finding))]
    return tuple(kept)


def _silencing(project: Project, comments: Iterable[Suppression], finding: Finding) -> Iterator[_Place]:
    """What silences a finding; of another file than the Dockerfile only what counts for the whole file does."""
    is_here = not finding.path or finding.path == project.path
    for comment in comments:
        covers = comment.covers
        if covers is not None and not (is_here and covers.start <= finding.span.start < covers.end):
            continue
        if not comment.names and not comment.span.holds(finding.span):
            # A comment for every rule would silence what is said about itself.
            yield comment, None
        for named in comment.names:
            if _means(named.word, finding.rule, is_hadolint=comment.is_hadolint):
                yield comment, named


def _means(word: str, rule: Rule, *, is_hadolint: bool) -> bool:
    if is_hadolint:
        return word in rule.same_as
    return bool(matching((rule,), word, is_strict=False))


def _unused(rule: Rule, comments: Iterable[Suppression], codes: Set[str], used: set[_Place]) -> Iterator[Finding]:
    for comment in comments:
        if comment.is_hadolint:
            continue
        if not comment.names and (comment, None) not in used and codes >= {rule.code for rule in RULES}:
            yield Finding(rule, comment.span, "this comment silences nothing", advice="Remove it.")
        for named in comment.names:
            if (comment, named) not in used and (why := _why_unused(named.word, codes)):
                advice = "Remove the comment." if len(comment.names) == 1 else f"Remove {named.word} from its brackets."
                yield Finding(rule, named.span, why, advice=advice)


def _why_unused(word: str, codes: Set[str]) -> str:
    """Why a word silences nothing, "" where that cannot be said because its rules were not all run."""
    meant = matching(RULES, word, is_strict=False)
    if not meant:
        hint = suggestion(word, [name for rule in RULES for name in (rule.code, rule.name)])
        return f"no rule is called {word!r}" + (f", {hint}" if hint else "")
    if UNUSED in meant or not {rule.code for rule in meant} <= codes:
        return ""
    return f"{word} finds nothing here that could be silenced"
