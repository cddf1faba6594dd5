"""What sources say, as rows of tables: text in, rows out. What a source no longer lists stays as it was.

Sources: the data of endoflife.date, which follows devguide.python.org and debian.org; the list that the official Python
image is published from; and all tags that it ever had, from the registry.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pydock.patterns import regex
from pydock.yaml_text import document

Row = dict[str, str]
_CYCLE = regex(r"\d+(?:\.\d+)?\Z")
_FULL = regex(r"(\d+\.\d+)\.\d+\Z")
_TAG = regex(r"(?P<patch>\d+\.\d+\.\d+)(?P<slim>-slim)?-(?P<suite>[a-z]+)\Z")
_FLOATING = regex(r"(?P<minor>\d+\.\d+)-slim\Z")


def python_releases(text: str, known: Iterable[Mapping[str, str]], source: str) -> list[Row]:
    """Minor versions of CPython from https://github.com/endoflife-date/endoflife.date, products/python.md."""
    rows = {row["minor"]: dict(row) for row in known}
    newest_known = max(map(_order, rows))
    for entry in _entries(text):
        minor, latest = str(entry.get("releaseCycle", "")), str(entry.get("latest", ""))
        match = _FULL.match(latest)
        if match is None or match[1] != minor or (minor not in rows and _order(minor) < newest_known):
            continue
        last = max(latest, rows.get(minor, {}).get("latest", latest), key=_order)
        life = {"released": str(entry.get("releaseDate", "")), "end_of_life": str(entry.get("eol", ""))}
        rows[minor] = {"minor": minor, "latest": last, **life, "source": source}
    return sorted(rows.values(), key=lambda row: _order(row["minor"]))


def debian_releases(text: str, known: Iterable[Mapping[str, str]], source: str) -> list[Row]:
    """Debian releases from the same project, products/debian.md; `eoes` there is the end of long-term support."""
    rows = {row["codename"]: dict(row) for row in known}
    oldest = min(int(row["number"]) for row in rows.values())
    for entry in _entries(text):
        number, codename = str(entry.get("releaseCycle", "")), str(entry.get("codename", "")).lower()
        if not number.isdigit() or int(number) < oldest:
            continue
        rows[codename] = {
            "codename": codename, "number": number, "released": str(entry.get("releaseDate", "")),
            "end_of_life": str(entry.get("eol", "")), "end_of_lts": str(entry.get("eoes", "")), "source": source,
        }  # fmt: skip
    return sorted(rows.values(), key=lambda row: int(row["number"]))


def python_images(
    listed: str, tags: Iterable[str], suites: Iterable[str], known: Iterable[Mapping[str, str]], source: str
) -> list[Row]:
    """The last tag of each minor version and codename.

    `listed` is library/python of https://github.com/docker-library/official-images, which says what X.Y means today.
    """
    order, rows = list(suites), {(row["minor"], row["suite"]): dict(row) for row in known}
    published, slim = _published(tags, order)
    meant = _meant(listed, order)
    for (minor, suite), patches in published.items():
        row = rows.get((minor, suite), {})
        patch = max(*patches, row.get("patch", "0.0.0"), key=_order)
        has_slim = "yes" if patch in slim[minor, suite] or row.get("slim") == "yes" else "no"
        floating = row.get("floating", "no")
        rows[minor, suite] = {
            "minor": minor, "patch": patch, "suite": suite, "slim": has_slim, "floating": floating, "source": source,
        }  # fmt: skip
    for (minor, suite), row in rows.items():
        if minor in meant:
            row["floating"] = "yes" if meant[minor] == suite else "no"
    return sorted(rows.values(), key=lambda row: (_order(row["minor"]), order.index(row["suite"])))


def python_image_patches(
    tags: Iterable[str], suites: Iterable[str], known: Iterable[Mapping[str, str]], source: str
) -> list[Row]:
    """Every patch release that was published for a codename."""
    order, rows = list(suites), {(row["minor"], row["suite"]): dict(row) for row in known}
    for (minor, suite), patches in _published(tags, order)[0].items():
        every = patches.union(rows.get((minor, suite), {}).get("patches", "").split())
        text = " ".join(sorted(every, key=_order))
        rows[minor, suite] = {"minor": minor, "suite": suite, "patches": text, "source": source}
    return sorted(rows.values(), key=lambda row: (_order(row["minor"]), order.index(row["suite"])))


def _entries(text: str) -> list[Mapping[str, object]]:
    """The releases in the head of a page."""
    head = re.match(r"---\n(.*?)\n---\n", text, re.S)
    found = document(head[1] if head else "").get("releases")
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


Patches = Mapping[tuple[str, str], set[str]]


def _published(tags: Iterable[str], suites: Iterable[str]) -> tuple[Patches, Patches]:
    """The patch releases by minor version and codename: those with a full image, those with a slim one."""
    full, slim = defaultdict[tuple[str, str], set[str]](set), defaultdict[tuple[str, str], set[str]](set)
    known = frozenset(suites)
    for tag in tags:
        if (match := _TAG.match(tag)) and match["suite"] in known:
            minor = match["patch"].rpartition(".")[0]
            (slim if match["slim"] else full)[minor, match["suite"]].add(match["patch"])
    return full, slim


def _meant(listed: str, suites: Sequence[str]) -> Mapping[str, str]:
    """The codename that X.Y means today: its slim image has both names in one line."""
    found: dict[str, str] = {}
    for line in re.findall(r"^Tags: (.*)$", listed, re.M):
        names = line.split(", ")
        for match in filter(None, map(_FLOATING.match, names)):
            if suite := next((each for each in suites if f"{match[0]}-{each}" in names), ""):
                found[match["minor"]] = suite
    return found


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
