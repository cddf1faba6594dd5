"""Compares what two images hold: the interpreter, distributions, files, programs, modules, libraries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydock.bench.facts.image import Declared, Distribution, File, Image, Python
from pydock.bench.facts.masks import is_for_installing, masked
from pydock.bench.outcome import Difference, Outcome, judged, unknown
from pydock.locks.installs.build_tools import BUILD_TOOLS

MOST_LISTED = 4
PACKAGING = frozenset({"pip", "setuptools", "wheel", "distribute", "pkg-resources"})
_LATE = "no end within"
ASPECTS = ("interpreter", "distributions", "console scripts", "programs", "imports", "libraries")


def compare_contents(before: Image, after: Image, declared: Declared) -> Iterator[Outcome]:
    old, new = before.python, after.python
    if old is None or new is None:
        why = f"before: {before.why}" if old is None else f"after: {after.why}"
        yield unknown("files", why)
        lost = [Difference("Python", old.version, after.why)] if old else []
        yield judged("interpreter", lost) if lost else unknown("interpreter", why)
        yield from (unknown(aspect, why) for aspect in ASPECTS[1:])
        return
    yield compare_files(before, after, declared)
    yield _interpreter(old, new, declared)
    gone = _explained_losses(old, new)
    is_mended = bool(before.service and after.service and after.service.is_up and not before.service.is_up)
    yield _distributions(old, new, gone, declared, is_mended=is_mended)
    yield _scripts(old, new, gone, is_mended=is_mended)
    yield _programs(old, new, declared)
    yield _imports(old, new, is_mended=is_mended)
    yield _libraries(old, new)


def _interpreter(before: Python, after: Python, declared: Declared) -> Outcome:
    old = f"{before.implementation} {before.version}"
    new = f"{after.implementation} {after.version}"
    if old == new:
        return judged("interpreter", ())
    is_patch = old.rpartition(".")[0] == new.rpartition(".")[0]
    if is_patch and "base" in declared.changes:
        return judged("interpreter", (), [f"{new}, was {old}"])
    return judged("interpreter", [Difference("Python", old, new)])


def _explained_losses(before: Python, after: Python) -> Mapping[str, str]:
    """Distributions that are gone for a reason, with the reason."""
    lost = before.distributions.keys() - after.distributions.keys()
    tools = sorted(
        name for name in lost - PACKAGING if name in BUILD_TOOLS or name.startswith(("poetry-", "pipx", "flit"))
    )
    reasons = dict.fromkeys(tools, "a build tool") | dict.fromkeys(lost & PACKAGING, "it only installs others")
    kept = _closure(before.distributions, before.distributions.keys() & after.distributions.keys() - PACKAGING)
    for tool in tools:
        for name in _closure(before.distributions, [tool], with_extras=True) & lost - kept:
            reasons.setdefault(name, f"only {tool} needs it")
    return reasons


def _closure(distributions: Mapping[str, Distribution], names: Iterable[str], *, with_extras: bool = False) -> set[str]:
    """The distributions with those that they need."""
    seen: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name in distributions and name not in seen:
            seen.add(name)
            left += distributions[name].requires
            left += distributions[name].extras if with_extras else ()
    return seen


def _distributions(
    before: Python, after: Python, gone: Mapping[str, str], declared: Declared, *, is_mended: bool
) -> Outcome:
    old = {name: each.version for name, each in before.distributions.items()}
    new = {name: each.version for name, each in after.distributions.items()}
    differences: list[Difference] = []
    mended: list[Difference] = []
    notes = [
        f"gone, {why}: {_listed([name for name in sorted(gone) if gone[name] == why])}"
        for why in dict.fromkeys(gone.values())
    ]
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name, ""), new.get(name, "")
        found = Difference(name, was, now)
        if was == now or name in gone or {was, now} == {"editable", now or was}:
            continue
        if name in PACKAGING:
            notes.append(f"{name} {now}, was {was or 'not there'}")
        elif not was and is_mended:
            mended.append(found)
        elif not was and "packages" in declared.changes:
            notes.append(f"{name} {now} added")
        else:
            differences.append(found)
    return judged("distributions", differences, notes, mended)


def _scripts(before: Python, after: Python, gone: Mapping[str, str], *, is_mended: bool) -> Outcome:
    """Every program of a distribution that could be run can still be run."""
    skipped = {
        script
        for name in {*gone, *PACKAGING}
        for each in [before.distributions.get(name)]
        if each
        for script in each.scripts
    }
    differences: list[Difference] = []
    mended: list[Difference] = []
    for name, was in before.scripts.items():
        now = after.scripts.get(name)
        if name in skipped or _resolves(was) == _resolves(now):
            continue
        (mended if _resolves(now) else differences).append(Difference(name, was or "not found", now or "not found"))
    return _judged_better("console scripts", differences, (), mended, is_mended=is_mended)


def _programs(before: Python, after: Python, declared: Declared) -> Outcome:
    """What the service calls is found on the PATH as before."""
    differences: list[Difference] = []
    notes: list[str] = []
    for name, was in before.programs.items():
        now = after.programs.get(name)
        if name in declared.uncalled:
            notes.append(f"{name} is not called any more")
        elif _resolves(was) != _resolves(now):
            if _resolves(now):
                notes.append(f"{name} is found now: {now}")
            else:
                differences.append(Difference(name, was or "not found", now or "not found"))
        elif not _resolves(now):
            notes.append(f"{name} is called and found in neither")
    return judged("programs", differences, notes)


def _resolves(place: str | None) -> bool:
    return place is not None and ": " not in place


def _imports(before: Python, after: Python, *, is_mended: bool) -> Outcome:
    differences: list[Difference] = []
    mended: list[Difference] = []
    notes: list[str] = []
    late = ""
    for name, was in before.imports.items():
        now = after.imports.get(name, "not tried")
        found = Difference(f"import {name.lstrip('?').replace(':', '.')}", was or "works", now or "works")
        if _LATE in (was[: len(_LATE)], now[: len(_LATE)]):
            # On a machine that has much to do, that says nothing about the service.
            late = late or f"{found.what}: {found.before} before, {found.after} after"
        elif was and not now:
            mended.append(found)
        elif masked(was).partition(":")[0] != masked(now).partition(":")[0]:
            differences.append(found)
        elif was and not name.startswith("?"):
            notes.append(f"{found.what} fails in both: {was}")
    if late and not differences:
        return unknown("imports", late)
    return _judged_better("imports", differences, notes, mended, is_mended=is_mended)


def _judged_better(
    aspect: str,
    differences: Iterable[Difference],
    notes: Iterable[str],
    better: Sequence[Difference],
    *,
    is_mended: bool,
) -> Outcome:
    """What is found now mends something only where the original does not run: else it did without."""
    if is_mended:
        return judged(aspect, differences, notes, better)
    return judged(aspect, differences, [*notes, *(f"{each.what}: {each.after} now" for each in better)])


def _libraries(before: Python, after: Python) -> Outcome:
    """Every library that an extension module is linked against is found, but for those never found."""
    old, new = _by_site(before), _by_site(after)
    differences: list[Difference] = []
    mended: list[Difference] = []
    for path in sorted(new.keys() | old.keys()):
        was, now = old.get(path, frozenset()), new.get(path, frozenset())
        if lost := now - was:
            differences.append(Difference(path, "found", f"not found: {', '.join(sorted(lost))}"))
        elif was - now and path in _relative(after.extensions, after):
            mended.append(Difference(path, f"not found: {', '.join(sorted(was - now))}", "found"))
    return judged("libraries", differences, (), mended)


def _by_site(python: Python) -> dict[str, frozenset[str]]:
    paths = _relative(python.libraries, python)
    return {path: frozenset(names) for path, names in zip(paths, python.libraries.values(), strict=True)}


def _relative(paths: Iterable[str], python: Python) -> tuple[str, ...]:
    """Paths of files in packages, the same in a venv and outside of it."""
    found = []
    for path in paths:
        site = next((site for site in python.sites if path.startswith(f"{site}/")), "")
        found.append(path[len(site) + 1 :] if site else path)
    return tuple(found)


def compare_files(before: Image, after: Image, declared: Declared) -> Outcome:
    """What the original wrote is there, with its content, mode and owner; nothing undeclared has come."""
    differences: list[Difference] = []
    notes: dict[str, list[str]] = {}
    parents = {path.rpartition("/")[0] for path in before.files.keys() | after.files.keys()}
    for path in sorted(before.files.keys() | after.files.keys()):
        was, now = before.files.get(path), after.files.get(path)
        if path in parents and (was is None or now is None):
            continue  # what lies in the folder tells it
        if was is not None and now is not None and was.is_database and was.content == now.content:
            notes.setdefault("the same tables and rows, but for the moments of the build", []).append(path)
        if why := _explained(path, was, now, before, after, declared):
            notes.setdefault(why, []).append(path)
        elif was is None or now is None or was != now:
            differences.append(Difference(path, _shown(before, was, now), _shown(after, now, was)))
    return judged("files", differences, [f"{why}: {_listed(paths)}" for why, paths in notes.items()])


def _explained(path: str, was: File | None, now: File | None, before: Image, after: Image, declared: Declared) -> str:
    """Why a difference is meant, "" where it is not."""
    if was == now:
        return ""
    if was is None:
        is_prepared = (
            now is not None and now.content == "folder" and path in declared.written and "user" in declared.changes
        )
        return (
            "made for the new user to write into"
            if is_prepared
            else "written by the rewrite" * (path in declared.edited)
        )
    if now is None:
        return _explained_loss(path, was, before, after, declared)
    is_edited = path in declared.edited
    is_owned_alike = (was.uid, was.gid) == (now.uid, now.gid)
    if is_edited and is_owned_alike and was.mode == now.mode:
        return "written by the rewrite"
    is_anew = was.machine_code != "" and was.machine_code == now.machine_code
    is_same = ((was.content == now.content or is_anew) and was.mode == now.mode) or is_edited
    if is_same and is_owned_alike:
        return "compiled anew in each build, with the same libraries and symbols"
    is_user = after.python is not None and (now.uid == after.python.uid or now.gid in after.python.groups)
    if is_same and "user" in declared.changes and is_user:
        return f"belongs to {after.user_name(now.uid)} now"
    return ""


def _explained_loss(path: str, was: File, before: Image, after: Image, declared: Declared) -> str:
    """Why a file may be gone, "" where nothing says so."""
    if path in declared.unsent:
        return "kept out by .dockerignore"
    makers = before.scripted.get(path, ())
    if makers and not {*makers} & {*after.scripted.get(path, ())}:
        return f"made by the Debian package {makers[0]}, which is gone"
    if was.content == "folder" and path.startswith("/root/") and "user" in declared.changes:
        return "an empty folder of root, whom the service no longer runs as"
    if was.content == "folder" and before.python is not None and not _can_write(before.python, was):
        return "an empty folder that the service could not write into"
    is_dropped = "files" in declared.changes and is_for_installing(path)
    return "only installing reads it" if is_dropped else ""


def _can_write(python: Python, folder: File) -> bool:
    if python.uid in {0, folder.uid}:
        return python.uid == 0 or bool(folder.mode & 0o200)
    return bool(folder.mode & (0o020 if folder.gid in python.groups else 0o002))


def _shown(image: Image, file: File | None, other: File | None) -> str:
    """What there is to say about one side of a difference."""
    if file is None:
        return "not there"
    if other is None:
        return "there"
    parts = []
    if file.is_database and other.is_database:
        parts += [f"table {line}" for line in file.content.splitlines()[1:] if line not in other.content.splitlines()]
    elif file.content != other.content:
        parts.append(file.content if len(file.content) < 60 else f"sha256 {file.digest[:12]}")
    if file.mode != other.mode:
        parts.append(f"mode {file.rights}")
    if (file.uid, file.gid) != (other.uid, other.gid):
        parts.append(f"owner {image.user_name(file.uid)}:{file.gid}")
    return ", ".join(parts)


def _listed(paths: Sequence[str]) -> str:
    rest = len(paths) - MOST_LISTED
    return ", ".join(paths[:MOST_LISTED]) + (f" and {rest} more" if rest > 0 else "")
