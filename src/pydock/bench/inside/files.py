"""What lies in the file system: every file with its mode and owner, and the content of those that are asked for."""

import contextlib
import hashlib
import json
import os
import stat
import sys
from typing import Any

SKIPPED = {
    "/proc",
    "/sys",
    "/dev",
    "/run",
    "/tmp",
    "/var/tmp",
    "/var/lib/apt",
    "/var/cache",
    "/var/log",
    "/var/lib/dpkg",
}
LARGEST = 256 * 1024 * 1024


def describe(path: str) -> "list[object]":
    """[kind and mode, uid, gid, size, time of change]"""
    entry = os.lstat(path)
    return [entry.st_mode, entry.st_uid, entry.st_gid, entry.st_size, int(entry.st_mtime)]


def walk(top: str) -> "dict[str, list[object]]":
    found = {}
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != "__pycache__" and os.path.join(folder, name) not in SKIPPED]
        for name in names + folders:
            path = os.path.join(folder, name)
            if not name.endswith(".pyc"):
                with contextlib.suppress(OSError):
                    found[path] = describe(path)
    return found


def content(path: str) -> str:
    """What makes two files the same: a digest, the target of a link, the kind of anything else."""
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return "-> " + os.readlink(path)
    if not stat.S_ISREG(mode):
        return "folder" if stat.S_ISDIR(mode) else "special"
    if os.path.getsize(path) > LARGEST:
        return f"size {os.path.getsize(path)}"
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def contents(paths: "list[str]") -> "dict[str, object]":
    found: dict[str, object] = {}
    for path in paths:
        try:
            found[path] = [content(path), *describe(path)[:3]]
        except OSError as error:
            found[path] = None if isinstance(error, FileNotFoundError) else [str(error), 0, 0, 0]
    return found


def users() -> "dict[str, str]":
    """Names by number, from the image's own list."""
    found: dict[str, str] = {}
    try:
        with open("/etc/passwd", errors="replace") as file:
            for line in file:
                name, _, number = line.split(":")[:3]
                found.setdefault(number, name)
    except (OSError, ValueError):
        pass
    return found


def system_files() -> "list[str]":
    """What the distribution's packages brought."""
    found = []
    folder = "/var/lib/dpkg/info"
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.endswith(".list"):
            with open(os.path.join(folder, name), errors="replace") as file:
                found += file.read().splitlines()
    return found


def answer(question: "dict[str, Any]") -> "dict[str, object]":
    if question.get("all"):
        system = set(system_files())
        # Debian's /bin, /lib and /sbin are links into /usr, and packages name either.
        system |= {"/usr" + path for path in system if path.startswith(("/bin/", "/lib", "/sbin/"))}
        listed = {path: entry for path, entry in walk("/").items() if path not in system}
        return {"listed": listed, "users": users()}
    under: dict[str, None] = {}
    for top in question["under"]:
        under.update(dict.fromkeys(walk(top)))
    wanted = list(dict.fromkeys([*question["paths"], *under]))
    return {"contents": contents(wanted), "users": users()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer(json.loads(sys.argv[1]))))
