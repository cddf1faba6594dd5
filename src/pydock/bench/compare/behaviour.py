"""Compares what the containers of two images do: start, listen, answer, tell, write."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from pydock.bench.facts.image import Answer, Declared, Health, Image, Service
from pydock.bench.facts.masks import is_generated, last_line, loud_lines, masked
from pydock.bench.outcome import Difference, Outcome, judged, unknown
from pydock.patterns import regex

EPHEMERAL = 32768
LONGEST = 300
# What podman writes into every container, and with it the folder.
_BY_ENGINES = frozenset({"/etc", "/etc/hosts", "/etc/hostname", "/etc/mtab", "/etc/resolv.conf"})
ASPECTS = ("listening", "answers", "health check", "log")
_REQUESTED = regex(r"\b(request|GET|HEAD) /[\w./-]*")
# "sh: 1: gunicorn: not found", and what a runtime says of a command without a shell.
_ABSENT = regex(r"(?:^|[\s\"])([\w./-]+)(?:: not found\Z|\\?\": (?:executable file not found|.*no such file))")
# What two starts of one and the same image may differ in.
BY_CHANCE = frozenset({"state", *ASPECTS})


def compare_behaviour(before: Image, after: Image, declared: Declared) -> Iterator[Outcome]:
    old, new = before.service, after.service
    if old is None or new is None:
        why = f"before: {before.why}" if old is None else f"after: {after.why}"
        yield from (unknown(aspect, why) for aspect in ("state", *ASPECTS, "writing"))
        return
    yield _state(old, new)
    if silent := next(
        (f"{side}: {each.why_unknown}" for side, each in (("before", old), ("after", new)) if each.why_unknown), ""
    ):
        yield from (unknown(aspect, silent) for aspect in ASPECTS)
    elif not new.is_up or not old.is_up:
        why = _why_down(old, new)
        yield from (unknown(aspect, why) for aspect in ASPECTS)
    else:
        yield _listening(old, new)
        yield _answers(old, new)
        yield _health(before, after, declared)
        yield _log(old, new)
    yield _writing(before, after, declared)


def _why_down(before: Service, after: Service) -> str:
    if after.is_up:
        return f"the original {before.ending}: {last_line(before.log)}".rstrip(": ")
    side = "neither version stays up here" if not before.is_up else "the new version does not stay up"
    return f"{side}: {after.reason or last_line(after.log) or after.ending}"


def _state(before: Service, after: Service) -> Outcome:
    if before.state == after.state == "refused" and before.ending != after.ending:
        return unknown("state", f"the engine starts neither: {after.reason}")
    if (absent := _absent(before)) and absent == _absent(after):
        return judged("state", (), [f"neither starts: {absent} is not there"])
    if before.ending == after.ending:
        if before.is_up:
            return judged("state", ())
        said = (last_line(before.log), last_line(after.log))
        differences = [Difference(after.ending, *said)] if said[0] != said[1] else []
        return judged("state", differences, [f"both {after.ending}: {said[1]}"])
    found = Difference("container", _end(before), _end(after))
    if after.is_up and not before.is_up:
        return judged("state", (), (), [found])
    return judged("state", [found])


def _absent(service: Service) -> str:
    """The program that a container was to start and that its image lacks, by a shell or the engine; "" for none."""
    is_by_shell = service.state == "exited" and service.code == 127
    found = _ABSENT.search(last_line(service.log) if is_by_shell else service.reason)
    return found[1] if found else ""


def _end(service: Service) -> str:
    said = "" if service.is_up else last_line(service.log)
    return f"{service.ending}: {said}" if said else service.ending


def _listening(before: Service, after: Service) -> Outcome:
    old, new = _open(before), _open(after)
    lost, gained = sorted(old - new), sorted(new - old)
    differences = [Difference("port", place, "closed") for place in lost]
    differences += [Difference("port", "closed", place) for place in gained]
    return judged("listening", differences, () if old or new else ["no port is open in either"])


def _open(service: Service) -> set[str]:
    return {
        f"{port} on {'this container only' if host.startswith('127.') or host == '::1' else 'every address'}"
        for host, port in service.listening
        if port < EPHEMERAL
    }


def _answers(before: Service, after: Service) -> Outcome:
    differences, notes = [], []
    shared = [question for question in before.answers if question in after.answers]
    for question in shared:
        old, new = before.answers[question], after.answers[question]
        heads = ([_head(each) for each in old], [_head(each) for each in new])
        if old and new and set(heads[0]) != set(heads[1]):
            differences.append(Difference(f"GET {question}", heads[0][0], heads[1][0]))
        elif not {_body(each) for each in old} & {_body(each) for each in new}:
            if len({_body(each) for each in old}) > 1:
                notes.append(f"GET {question} answers otherwise each time: status and type compared")
            else:
                differences.append(Difference(f"body of GET {question}", *_apart(_body(old[0]), _body(new[0]))))
    if not shared and not before.answers:
        return judged("answers", (), ["nothing to ask: no port is open in either"])
    if not shared:
        return unknown("answers", "the two versions listen on different ports")
    return judged("answers", differences, notes)


def _head(answer: Answer) -> str:
    if answer.error:
        return answer.error
    place = f" to {masked(answer.place)}" if answer.place else ""
    return f"{answer.status} {answer.type}{place}".strip()


def _body(answer: Answer) -> str:
    return masked(answer.body)


def _apart(before: str, after: str) -> tuple[str, str]:
    """The two texts from shortly before the place where they part."""
    at = next((at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), 0)
    begin = max(0, at - 40)
    return before[begin : begin + LONGEST], after[begin : begin + LONGEST]


def _health(before: Image, after: Image, declared: Declared) -> Outcome:
    """A new health check has to say healthy while the service runs, and only then."""
    aspect = "health check"
    old, new = before.config.healthcheck, after.config.healthcheck
    service, original = after.service, before.service
    if old == new and old == ():
        return judged(aspect, ())
    is_declared = "healthcheck" in declared.changes
    notes = [] if old == new else [f"{' '.join(new) or 'none'}, was {' '.join(old) or 'none'}"]
    if old != new and (not is_declared or not new):
        return judged(aspect, [Difference(aspect, " ".join(old), " ".join(new))])
    if service is None or service.healthy is None:
        return unknown(aspect, "it could not be asked")
    was = original.healthy if original else None
    if service.healthy[0] != 0:
        if was is not None and was[0] != 0:
            return judged(aspect, (), [*notes, f"unhealthy in both: {service.healthy[1].strip()[-200:]}"])
        if not service.listening:
            return unknown(aspect, f"it needs more than this container: {_last(service.healthy)}")
        return judged(aspect, [Difference("while the service runs", _said(was), _said(service.healthy))], notes)
    if was is not None and was[0] != 0:
        return judged(aspect, (), notes, [Difference("while the service runs", _said(was), _said(service.healthy))])
    idle, was_idle = service.idle, original.idle if original else None
    if idle is not None and idle[0] == 0 and (was_idle is None or was_idle[0] != 0):
        return judged(aspect, [Difference("where no service runs", _said(was_idle), "healthy")], notes)
    return judged(aspect, (), notes)


def _said(health: Health | None) -> str:
    if health is None:
        return "no health check"
    return "healthy" if health[0] == 0 else f"unhealthy ({health[0]}): {_last(health)}"


def _last(health: Health) -> str:
    return last_line(health[1])[:LONGEST]


def _log(before: Service, after: Service) -> Outcome:
    """A new health check asks for a path of its own; what is said of every path is said of that one, too."""
    old, new = loud_lines(before.log), loud_lines(after.log)
    of_any_path = {_REQUESTED.sub(r"\1", line) for line in old}
    differences = [
        Difference("log", "", line[:LONGEST])
        for line in new
        if line not in old and not (_REQUESTED.search(line) and _REQUESTED.sub(r"\1", line) in of_any_path)
    ]
    return judged("log", differences, [f"no longer said: {line[:LONGEST]}" for line in old if line not in new])


def _writing(before: Image, after: Image, declared: Declared) -> Outcome:
    """What the original could write and is known to write, the new user can write, too."""
    old, new = before.python, after.python
    if old is None or new is None:
        return unknown("writing", before.why or after.why)
    differences, notes = [], []
    workdir = posixpath.normpath(before.config.workdir)
    for path, could in old.writable.items():
        if not could or new.writable.get(path):
            continue
        if path == workdir and path not in declared.written and "user" in declared.changes:
            notes.append(f"{path} is read-only for {after.user_name(new.uid)}: nothing is known to be written there")
        else:
            differences.append(Difference(path, "can be written", f"{after.user_name(new.uid)} cannot write there"))
    first, second = before.service, after.service
    if first and second and first.is_up and second.is_up:
        homes = (old.home, new.home)
        lost = {_homeless(path, homes[0]) for path in first.changed} - {
            _homeless(path, homes[1]) for path in second.changed
        }
        logs = {path for path in lost if path.endswith(".log") and declared.has_log_on_output}
        notes += [f"{path} goes to standard output now" for path in sorted(logs)]
        differences += [Difference(path, "written while it ran", "not written") for path in sorted(lost - logs)]
    return judged("writing", differences, notes)


def _homeless(path: str, home: str) -> str:
    return "~" + path[len(home) :] if home not in {"", "/"} and path.startswith(f"{home}/") else path


def own_changes(paths: Iterable[str], volumes: Iterable[str]) -> frozenset[str]:
    """The paths that a service wrote itself, out of all that changed while its container ran."""
    mounts = {posixpath.normpath(volume) for volume in volumes}
    listed = tuple(path for path in paths if path not in mounts)
    folders = {parent for path in listed for parent in _parents(path)}
    return frozenset(path for path in listed if path not in folders and _is_worth_comparing(path))


def _parents(path: str) -> Iterator[str]:
    while path not in {"/", ""}:
        path = posixpath.dirname(path)
        yield path


def _is_worth_comparing(path: str) -> bool:
    volatile = ("/tmp/", "/var/tmp/", "/run/", "/dev/", "/proc/", "/sys/")
    is_volatile = path in _BY_ENGINES or f"{path}/".startswith(volatile)
    return not is_volatile and not is_generated(path) and masked(path) == path
