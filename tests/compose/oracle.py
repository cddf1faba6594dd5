"""What `docker compose config` makes of compose files, beside what pydock makes of them.

`python -m tests.compose.oracle FOLDER ...` compares all compose files of checkouts.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydock.context import Tree
from pydock.context.compose import Composition, Service, Text, Unset, compositions, is_compose_file, services_of


def _program() -> tuple[str, ...] | None:
    """How compose is called; that of the first generation knows neither profiles nor `config --format`."""
    for words in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(words[0]) is None:
            continue
        told = subprocess.run(
            [*words, "version", "--short"], check=False, capture_output=True, text=True
        ).stdout.strip()
        if re.match(r"v?(?:2\.(?:2[4-9]|[3-9]\d)|[3-9]\d*\.)", told):
            return words
    return None


PROGRAM = _program()


def differences(root: Path, composition: Composition) -> list[tuple[str, str, object, object]]:
    """(service, field, pydock's, compose's) of what is not the same. Raises ValueError where compose refuses."""
    named = [word for path in composition.files for word in ("-f", str(root / path))]
    given = [*(PROGRAM or ()), *named, "--profile", "*", "config", "--format", "json"]
    environment = {"PATH": os.environ["PATH"], "HOME": "/root", "PWD": str(root)}
    told = subprocess.run(given, check=False, capture_output=True, text=True, env=environment, cwd=root)
    if told.returncode:
        raise ValueError(told.stderr.strip())
    theirs = {name: _theirs(entry) for name, entry in json.loads(told.stdout)["services"].items()}
    ours = {service.name: _ours(service, str(root)) for service in services_of(composition)}
    assert theirs.keys() == ours.keys()
    pairs = [(name, field, ours[name][field], value) for name, each in theirs.items() for field, value in each.items()]
    return [pair for pair in pairs if pair[2] != pair[3]]


def _blank(text: Text | None) -> str:
    return text.blank if isinstance(text, Unset) else text or ""


def _ours(service: Service, root: str) -> Mapping[str, object]:
    build = service.build
    return {
        "command": _words(service.command),
        "entrypoint": _words(service.entrypoint),
        "test": _words(service.test),
        "environment": {name: None if value is None else _blank(value) for name, value in service.environment},
        "ports": {
            (each.target, _blank(each.published), each.protocol) for each in service.ports if _blank(each.published)
        },
        "build": build
        and (_path(root, _blank(build.context)), _path(root, _blank(build.dockerfile)), _blank(build.target)),
        "mounts": {
            (each.target, _source(root, each.source))
            for each in service.mounts
            if each.target and each.kind in {"bind", "volume"}
        },
        "image": _blank(service.image),
        "user": _blank(service.user),
        "working_dir": _blank(service.working_dir),
        "stop_signal": _blank(service.stop_signal),
        "init": service.init,
        "read_only": service.is_read_only,
        "depends_on": {each.name: each.condition for each in service.dependencies},
    }


def _words(texts: tuple[Text, ...] | None) -> list[str] | None:
    """The words that there are: one that only a variable without a value stands for is none to compose."""
    return None if texts is None else [word for word in map(_blank, texts) if word]


def _path(root: str, path: str) -> str:
    return path if "://" in path else os.path.normpath(os.path.join(root, os.path.expanduser(path)))


def _source(root: str, source: Text | None) -> str:
    text = _blank(source)
    return _path(root, text) if text.startswith((".", "/", "~")) else text


def _theirs(entry: Mapping[str, Any]) -> Mapping[str, object]:
    def plain(value: Any) -> Any:
        """What stands for a dollar has two in the output, which could be read again."""
        return value.replace("$$", "$") if isinstance(value, str) else value

    def words(value: list[str] | None) -> list[str] | None:
        return None if value is None else [word for word in map(plain, value) if word]

    build, check = entry.get("build"), entry.get("healthcheck") or {}
    place = build and posixpath.normpath(posixpath.join(build.get("context", ""), build.get("dockerfile", "")))
    # Compose keeps these apart from the other mounts.
    is_plain = not {"configs", "secrets", "volumes_from"} & set(entry)
    told = {
        "command": words(entry.get("command")),
        "entrypoint": words(entry.get("entrypoint")),
        "test": ["NONE"] if check.get("disable") else words(check.get("test")),
        "environment": {name: plain(value) for name, value in (entry.get("environment") or {}).items()},
        "ports": {
            (each["target"], each["published"], each["protocol"])
            for each in entry.get("ports") or ()
            if each.get("published")
        },
        "build": build and (build.get("context"), place, build.get("target", "")),
        "mounts": {
            (posixpath.normpath(each["target"]), each.get("source", "").rstrip("/") or each.get("source", ""))
            for each in entry.get("volumes") or ()
            if each["type"] in {"bind", "volume"}
        },
        **{name: plain(entry.get(name, "")) for name in ("image", "user", "working_dir", "stop_signal")},
        "init": bool(entry.get("init")),
        "read_only": bool(entry.get("read_only")),
        "depends_on": {name: how["condition"] for name, how in (entry.get("depends_on") or {}).items()},
    }
    return {field: value for field, value in told.items() if field != "mounts" or is_plain}


def main(folders: list[str]) -> int:
    """Compare all projects of folders, print what differs, and count."""
    counts: Counter[str] = Counter()
    for folder in folders:
        tree = Tree(Path(folder))
        paths = [path for path in tree.files if is_compose_file(posixpath.basename(path))]
        for composition in compositions(paths, os.path.abspath(folder), tree.text):
            try:
                found = differences(Path(os.path.abspath(folder)), composition)
            except ValueError as error:
                counts["refused"] += 1
                print(f"refused: {folder} {composition.files}: {str(error)[-200:]}")
                continue
            counts["different" if found else "the same"] += 1
            counts["services"] += len(composition.services)
            for difference in found:
                print(f"different: {folder} {composition.files}: {difference}")
    print(dict(counts))
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
