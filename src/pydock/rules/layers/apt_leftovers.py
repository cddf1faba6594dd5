"""apt leaves more in the image than what was asked for.

`apt-get update` in a RUN of its own is cached: when the package list below it changes, the
install works with lists of last month and fails on versions that are gone. The lists (some
20 to 60 MB) stay in the layer unless the same RUN removes them, and without
`--no-install-recommends` each package brings others that nobody asked for.

The cure is one RUN that updates, installs and removes the lists. Safe: the same packages are
installed from the same repositories. What a package needs in practice though it only
recommends it (`gcc` the C headers, `git` the certificates) is then asked for by name, as is a
recommended package whose program the file calls (`ssh-keyscan` behind `git`); where that is a
matter of use (a browser's fonts, LibreOffice's parts), and with packages that are not Debian's, it is unsafe.
Versions are never pinned: Debian's mirrors delete a version when the next one appears.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydock.build import walk
from pydock.dockerfile import Dockerfile, Stage
from pydock.patches import comment_lines
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.service.derived_images import lists_reader
from pydock.system import recommends
from pydock.system.apt import (
    REMOVE_LISTS,
    AptChain,
    AptKind,
    AptRun,
    AptStep,
    apt_chains,
    apt_runs,
    between,
    mounts_lists,
)
from pydock.system.list_readers import first_needing, needed_later
from pydock.text import Edit, Fix, Safety, Span
from pydock.values import once

_JOINT = " \\\n    && "

EXAMPLES = (
    Example(
        before="FROM python:3.11\nRUN apt-get update\nRUN apt-get install -y gcc libpq-dev\n",
        after=(
            "FROM python:3.11\n"
            "RUN apt-get update \\\n"
            "    && apt-get install -y --no-install-recommends gcc libpq-dev \\\n"
            "    && rm -rf /var/lib/apt/lists/*\n"
        ),
    ),
    Example(
        before=(
            "FROM python:3.11-slim\n"
            "RUN apt-get update && apt-get install -y \\\n"
            "    # for uwsgi\n"
            "    gcc \\\n"
            "    libpcre3-dev\n"
        ),
        after=(
            "FROM python:3.11-slim\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends \\\n"
            "    # for uwsgi\n"
            "    gcc \\\n"
            "    libpcre3-dev \\\n"
            "    libc6-dev \\\n"
            "    && rm -rf /var/lib/apt/lists/*\n"
        ),
    ),
    Example(
        before="FROM python:3.11-slim\nRUN apt-get update && apt-get install -y zip\nRUN unzip -v\n",
        after=(
            "FROM python:3.11-slim\n"
            "RUN apt-get update && apt-get install -y --no-install-recommends zip unzip \\\n"
            "    && rm -rf /var/lib/apt/lists/*\nRUN unzip -v\n"
        ),
    ),
    Example(
        before=(
            "FROM python:3.11-slim\n"
            "COPY chrome.list /etc/apt/sources.list.d/\n"
            "RUN apt-get update && apt-get install -y google-chrome-stable && rm -rf /var/lib/apt/lists/*\n"
        ),
        finds=True,
    ),
    Example(
        before=(
            "FROM python:3.11-slim\nRUN <<EOF\nset -e\napt-get update\napt-get install -y jq\nmkdir /srv/app\nEOF\n"
        ),
        after=(
            "FROM python:3.11-slim\n"
            "RUN <<EOF\nset -e\napt-get update\napt-get install -y --no-install-recommends jq\n"
            "rm -rf /var/lib/apt/lists/*\nmkdir /srv/app\nEOF\n"
        ),
    ),
    Example(
        before=(
            "FROM python:3.11-slim\n"
            "RUN --mount=type=cache,target=/var/cache/apt --mount=type=cache,target=/var/lib/apt \\\n"
            "    apt-get update && apt-get install -y --no-install-recommends jq\n"
        ),
    ),
    Example(
        before=(
            "FROM debian:12-slim\nRUN apt-get update && apt-get install -y chromium && rm -rf /var/lib/apt/lists/*\n"
        ),
        finds=True,
    ),
)


def check(project: Project) -> Iterator[Finding]:
    foreign: set[Stage] = set()
    for stage in project.dockerfile.stages:
        if _has_foreign_shell(stage) or foreign.intersection(project.lineage(stage)[1:2]):
            foreign.add(stage)
            continue
        for entry in apt_runs(project, stage):
            yield from _recommended(project, entry)
            yield from _upgrades(entry)
        for chain in apt_chains(project.dockerfile, apt_runs(project, stage)):
            yield from _leftovers(project, chain)


def _has_foreign_shell(stage: Stage) -> bool:
    return any(re.search(r"powershell|pwsh|cmd", shell.value, re.I) for shell in stage.of("SHELL"))


def _upgrades(entry: AptRun) -> Iterator[Finding]:
    for step in entry.of(AptKind.UPGRADE):
        yield Finding(
            RULE,
            step.command.span,
            f"apt-get {step.verb.value if step.verb else 'upgrade'} replaces packages of the base image",
            cost="each replaced package is in the image twice, and no two builds are alike",
            advice="Take a newer base image instead: the official ones are rebuilt with every security fix.",
        )


def _leftovers(project: Project, chain: AptChain) -> Iterator[Finding]:
    needing = first_needing(project, chain.runs[0])
    is_split = len(chain.runs) > 1
    lists_stay = _lists_stay(chain, needing)
    asks = [step for entry in chain.runs for step in entry.steps if _asks(step)]
    first = chain.runs[0]
    if not (needing or is_split or lists_stay or asks):
        return
    is_read = lists_stay and needed_later(project, chain.last)
    reader = "A later RUN" if is_read else lists_reader(project, chain.last.stage) if lists_stay else ""
    blocked = bool(reader)
    edits = _edits(project, chain, needing, remove=bool(lists_stay and not blocked), asks=asks)
    message = _message(needing, is_split=is_split, lists_stay=lists_stay, first=first)
    fix = None
    is_unused = first.is_update and not is_split
    if edits and first.is_shell and not is_unused:
        fix = Fix("update, install and clean up in one RUN", Safety.SAFE, edits)
    advice = "Nothing is installed from these lists: leave the update out." if is_unused and not blocked else ""
    if blocked and fix is None:
        advice = f"{reader} works with these lists; let it update them itself."
    span = next((step.command.span for step in first.steps if step.program), first.run.value_span)
    yield Finding(RULE, span, message, fix, cost=_cost(lists_stay=lists_stay), advice=advice)


def _message(needing: AptStep | None, *, is_split: bool, lists_stay: bool, first: AptRun) -> str:
    if is_split and first.is_update:
        return "apt-get update is in a layer of its own"
    if needing:
        return "apt-get install works with package lists of an earlier layer"
    if is_split:
        return "one installation is spread over several layers"
    return "apt's package lists stay in the layer" if lists_stay else "`apt-get install` without `-y`"


def _cost(*, lists_stay: bool) -> str:
    if lists_stay:
        return "some 20 to 60 MB of package lists that no container reads"
    return "a cached update does not know today's versions, so a changed install fails"


def _lists_stay(chain: AptChain, needing: AptStep | None) -> bool:
    """Whether the lists are in the image after the last RUN, seen as one RUN with the others."""
    steps = [step for entry in chain.runs for step in entry.steps]
    kinds = [step.kind for step in steps if step.kind in {AptKind.UPDATE, AptKind.REMOVE_LISTS}]
    if needing is not None and AptKind.REMOVE_LISTS not in kinds:
        return not any(mounts_lists(entry.run) for entry in chain.runs)
    return bool(kinds) and kinds[-1] is AptKind.UPDATE and not any(mounts_lists(entry.run) for entry in chain.runs)


def _asks(step: AptStep) -> bool:
    is_asking = step.kind in {AptKind.INSTALL, AptKind.UPGRADE} and not step.assumes_yes
    return is_asking and step.is_plain


def _edits(
    project: Project, chain: AptChain, needing: AptStep | None, *, remove: bool, asks: list[AptStep]
) -> tuple[Edit, ...]:
    dockerfile, path = project.dockerfile, project.path
    edits: list[Edit] = []
    edits += _joined(dockerfile, path, chain)
    if needing and not any(mounts_lists(entry.run) for entry in chain.runs):
        edits += _with_update(dockerfile, path, needing)
    if remove:
        edits += _with_removal(dockerfile, path, chain.last)
    verbs = [step.verb for step in asks if step.verb]
    edits += [Edit(path, Span(verb.span.end, verb.span.end), " -y") for verb in verbs]
    if edits:
        staying = [entry for entry in chain.runs if not any(edit.span.holds(entry.run.span) for edit in edits)]
        edits += [edit for entry in staying for step in entry.steps for edit in _program_edits(path, step)]
    return tuple(edits)


def _program_edits(path: str, step: AptStep) -> list[Edit]:
    """`apt` is for people: its command line may change (https://manpages.debian.org/bookworm/apt/apt.8.en.html)."""
    if step.program is None or step.program.text != "apt" or step.kind is AptKind.OTHER:
        return []
    return [Edit(path, step.program.span, "apt-get")]


def _joined(dockerfile: Dockerfile, path: str, chain: AptChain) -> list[Edit]:
    """One RUN of several: where two do not stand together, the update moves down to the install."""
    edits: list[Edit] = []
    anchor, comments = chain.runs[0].run, ""
    for first, second in zip(chain.runs, chain.runs[1:], strict=False):
        if between(first.stage, first.run, second.run):
            update = re.sub(r"\bapt(?= )", "apt-get", dockerfile.slice(first.members[0].span))
            at = second.run.value_span.start
            edits += [Edit(path, first.run.whole, ""), Edit(path, Span(at, at), update + dockerfile.written(_JOINT))]
            anchor, comments = second.run, comment_lines(dockerfile.slice(first.run.lead))
        else:
            comments += comment_lines(dockerfile.slice(second.run.lead))
            end = first.members[-1].span.end
            edits.append(Edit(path, Span(end, second.run.value_span.start), _own_joint(dockerfile, first)))
    if comments:
        start = anchor.span.start
        edits.append(Edit(path, Span(start, start), dockerfile.written(comments)))
    return edits


def _with_update(dockerfile: Dockerfile, path: str, needing: AptStep) -> list[Edit]:
    at = needing.step.span.start
    prefix = "sudo " if needing.command.program == "sudo" else ""
    joint = "\n" if needing.instruction.heredocs else _JOINT
    return [Edit(path, Span(at, at), dockerfile.written(f"{prefix}apt-get update{joint}"))]


def _with_removal(dockerfile: Dockerfile, path: str, entry: AptRun) -> list[Edit]:
    """The lists removed at the end of a RUN, in the way its own steps are joined."""
    sudo = "sudo " if any(step.program and step.command.program == "sudo" for step in entry.steps) else ""
    last = entry.members[-1]
    if entry.run.heredocs:
        return [_removal_in_document(dockerfile, path, entry, f"{sudo}{REMOVE_LISTS}")]
    rest = dockerfile.text[last.span.end : entry.run.value_span.end]
    end = entry.run.value_span.end if rest.strip() == ";" else last.span.end
    return [Edit(path, Span(last.span.end, end), _own_joint(dockerfile, entry) + sudo + REMOVE_LISTS)]


def _own_joint(dockerfile: Dockerfile, entry: AptRun) -> str:
    """How this RUN breaks the line between two steps, else the usual way."""
    for before, after in zip(entry.members[-2::-1], entry.members[:0:-1], strict=False):
        gap = dockerfile.text[before.span.end : after.span.start]
        if after.operator == "&&" and gap.count("\n") == 1 and "#" not in gap:
            return gap
    return dockerfile.written(_JOINT)


def _removal_in_document(dockerfile: Dockerfile, path: str, entry: AptRun, removal: str) -> Edit:
    """A line behind the last step of apt; joined to it where it decides how the RUN ends."""
    last = next(step for step in reversed(entry.steps) if step.program)
    end = last.step.span.end
    text = dockerfile.text
    start = text.rfind("\n", 0, last.step.span.start) + 1
    indent = text[start : last.step.span.start]
    is_end = entry.members[-1] is last.step
    joint = " && " if is_end or indent.strip() else f"\n{indent}"
    return Edit(path, Span(end, end), dockerfile.written(joint) + removal)


def _recommended(project: Project, entry: AptRun) -> Iterator[Finding]:
    for step in entry.of(AptKind.INSTALL):
        if step.without_recommends or not step.packages or _is_configured(entry.stage):
            continue
        yield Finding(
            RULE,
            step.command.span,
            "apt-get installs recommended packages that nobody asked for",
            _without_recommends(project, entry, step),
            cost="each package brings others into the image, often more than its own size",
        )


@once
def _is_configured(stage: Stage) -> bool:
    return any("APT::Install-Recommends" in run.value for run in stage.of("RUN"))


def _without_recommends(project: Project, entry: AptRun, step: AptStep) -> Fix:
    dockerfile, path = project.dockerfile, project.path
    names, unknown = recommends.asked_for(step)
    doubts = (
        *recommends.doubts(project, step, names),
        *(f"the packages in {word} are not known" for word in unknown),
    )
    added = recommends.missing(project, step, names, _called(project, step))
    edits = [_option_edit(dockerfile, path, entry, step), *_program_edits(path, step)]
    if added and step.packages:
        edits.append(_packages_edit(dockerfile, path, entry, step, added))
    return Fix(
        "install only what was asked for",
        Safety.UNSAFE if doubts else Safety.SAFE,
        tuple(edits),
        frozenset({"system_packages"}) if added or not entry.is_shell else frozenset(),
        doubts,
    )


def _called(project: Project, step: AptStep) -> frozenset[str]:
    """The programs that an install brings, by name or as recommended, and that steps and processes call."""
    build = walk(project)
    own = [each for each in build.of_instruction(step.instruction) if each.member is not None]
    return build.called_of(each.number for each in own if each.member and each.member.span == step.step.span)


def _option_edit(dockerfile: Dockerfile, path: str, entry: AptRun, step: AptStep) -> Edit:
    """The option behind `install` and the bare options that follow it."""
    words = step.command.words
    last = at = next(at for at, word in enumerate(words) if step.verb and word.span == step.verb.span)
    while last + 1 < len(words) and re.fullmatch(r"-[yqf]+|--yes|--assume-yes|--quiet", words[last + 1].text):
        last += 1
    gap = dockerfile.text[words[last - 1].span.end : words[last].span.start] if last > at else ""
    end = words[last if "\n" not in gap else at].span.end
    text = " --no-install-recommends" if entry.is_shell else ', "--no-install-recommends"'
    return Edit(path, Span(end, end), text)


def _packages_edit(dockerfile: Dockerfile, path: str, entry: AptRun, step: AptStep, added: Sequence[str]) -> Edit:
    """New packages behind the last one, each on a line of its own where that is how the list is written."""
    last = step.packages[-1]
    at = next(at for at, word in enumerate(step.command.words) if word.span == last.span)
    before = dockerfile.text[step.command.words[at - 1].span.end : last.span.start]
    end = Span(last.span.end, last.span.end)
    if not entry.is_shell:
        return Edit(path, end, "".join(f', "{name}"' for name in added))
    gap = before if before.count("\n") == 1 and "#" not in before else " "
    return Edit(path, end, gap + gap.join(added))


RULE = Rule("PYD304", "apt-leftovers", check, __doc__, EXAMPLES, same_as=("DL3009", "DL3015"))
