"""What lies in the file system: every file with its mode and owner, and the content of those that are asked for."""

import calendar
import contextlib
import hashlib
import importlib
import json
import os
import re
import stat
import struct
import sys
import time
from typing import Any
from urllib.parse import quote

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
LARGEST_COMPILED = 64 * 1024 * 1024
PACKAGES = "/var/lib/dpkg/info"
DATABASE = b"SQLite format 3\0"
LARGEST_DATABASE = 32 * 1024 * 1024
# A row that was written by the build says when: a moment this close to the file's own.
MOMENT = 36 * 3600
MOMENTS = re.compile(r"\b(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?")


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
    """What makes two files the same: a digest, the tables of a database, the target of a link, the kind of others."""
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return "-> " + os.readlink(path)
    if not stat.S_ISREG(mode):
        return "folder" if stat.S_ISDIR(mode) else "special"
    if os.path.getsize(path) > LARGEST:
        return f"size {os.path.getsize(path)}"
    told = database(path)
    if told:
        return told
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    shape = compiled(path)
    return shape + "\nsha256 " + digest.hexdigest() if shape else digest.hexdigest()


def compiled(path: str) -> str:
    """What a dynamic ELF file is, whatever paths and times its compiler wrote into it; "" for other files.

    Its libraries, the names that it offers and asks for, and the size of its code.
    """
    with open(path, "rb") as file:
        if file.read(5) != b"\x7fELF\x02" or os.path.getsize(path) > LARGEST_COMPILED:
            return ""
        file.seek(0)
        data = file.read()
    try:
        return shape_of(data)
    except (struct.error, IndexError, ValueError):
        return ""


def shape_of(data: bytes) -> str:
    order = "<" if data[5] == 1 else ">"
    at = struct.unpack_from(order + "Q", data, 40)[0]
    size, count = struct.unpack_from(order + "HH", data, 58)
    sections = [struct.unpack_from(order + "IIQQQQIIQQ", data, at + number * size) for number in range(count)]
    needed: list[str] = []
    symbols: list[str] = []
    for section in sections:
        kind, begin, end, linked = section[1], section[4], min(section[4] + section[5], len(data)), section[6]
        if kind == 6:  # SHT_DYNAMIC: DT_NEEDED entries
            entries = (struct.unpack_from(order + "QQ", data, place) for place in range(begin, end, 16))
            needed += [word(data, sections[linked], value) for tag, value in entries if tag == 1]
        elif kind == 11:  # SHT_DYNSYM
            for place in range(begin, end, 24):
                name, bits, _, index = struct.unpack_from(order + "IBBH", data, place)
                symbols.append(f"{word(data, sections[linked], name)} {bits} {bool(index)}")
    code = sum(section[5] for section in sections if section[1] == 1 and section[2] & 4)
    names = hashlib.sha256("\n".join(sorted(symbols)).encode()).hexdigest()
    return f"elf\ncode of {code} bytes, symbols {names[:12]}, {' '.join(sorted(needed))}" if symbols else ""


def word(data: bytes, strings: "tuple[int, ...]", offset: int) -> str:
    begin = strings[4] + offset
    return data[begin : data.index(b"\0", begin)].decode("utf-8", "replace")


def database(path: str) -> str:
    """A SQLite file by its tables, each with a digest of its rows; "" for what is none or cannot be read as one.

    Two builds give other moments to the same rows, and so other bytes to the same database.
    """
    with open(path, "rb") as file:
        if file.read(len(DATABASE)) != DATABASE:
            return ""
    log = path + "-wal"
    if os.path.getsize(path) > LARGEST_DATABASE or (os.path.exists(log) and os.path.getsize(log)):
        return ""
    try:
        sqlite3 = importlib.import_module("sqlite3")
    except ImportError:
        return ""
    connection = sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True)
    try:
        return "\n".join(["sqlite", *tables(connection, os.path.getmtime(path))])
    except (sqlite3.Error, OverflowError, ValueError):
        return ""
    finally:
        connection.close()


def tables(connection: "Any", made: float) -> "list[str]":
    schema = sorted(map(repr, connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")))
    found = [f"schema {hashlib.sha256(chr(10).join(schema).encode()).hexdigest()[:12]}"]
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    for name in names:
        rows = connection.execute('SELECT * FROM "{}"'.format(name.replace('"', '""')))
        lines = sorted(repr([timeless(value, made) for value in row]) for row in rows)
        digest = hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
        found.append(f"{name}, {len(lines)} rows {digest[:12]}")
    return found


def timeless(value: object, made: float) -> object:
    """The value with every moment that is the build's own made equal; any other moment stays."""
    if isinstance(value, str):
        return MOMENTS.sub(lambda found: "{time}" if is_now(found, made) else found[0], value)
    if isinstance(value, (int, float)):
        near = any(abs(value / unit - made) < MOMENT for unit in (1, 1_000, 1_000_000, 1_000_000_000))
        return "{time}" if near else value
    return value


def is_now(found: "re.Match[str]", made: float) -> bool:
    try:
        said = time.strptime(f"{found[1]} {found[2] or '12:00:00'}", "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return False
    return abs(calendar.timegm(said) - made) < MOMENT


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
    for name in os.listdir(PACKAGES) if os.path.isdir(PACKAGES) else ():
        if name.endswith(".list"):
            with open(os.path.join(PACKAGES, name), errors="replace") as file:
                found += file.read().splitlines()
    return found


def scripted(paths: "list[str]") -> "dict[str, list[str]]":
    """The packages of the distribution whose own scripts name a path, such as one that they make."""
    found: dict[str, list[str]] = {}
    wanted = {path.encode(): path for path in paths if path.startswith(("/etc/", "/usr/", "/var/", "/lib/"))}
    for name in sorted(os.listdir(PACKAGES)) if wanted and os.path.isdir(PACKAGES) else ():
        if name.endswith((".postinst", ".preinst")):
            with open(os.path.join(PACKAGES, name), "rb") as file:
                said = set(re.findall(rb"/[\w./+-]+", file.read()))
            for path in said.intersection(wanted):
                found.setdefault(wanted[path], []).append(name.rpartition(".")[0])
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
    return {"contents": contents(wanted), "users": users(), "scripted": scripted(question["paths"])}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer(json.loads(sys.argv[1]))))
