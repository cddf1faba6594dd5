"""What the image's Python has: distributions, programs, modules that import, libraries that are found."""

import json
import os
import platform
import re
import shutil
import site
import struct
import subprocess
import sys
from typing import Any

IMPORTER = """
import sys; del sys.path[0]
import importlib, importlib.util, json, os, sys, warnings
warnings.simplefilter("ignore")
sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
for name in sys.argv[1:]:
    out.write("> " + name + "\\n"); out.flush()
    try:
        module, _, member = name.partition(":")
        if module.startswith("?") and importlib.util.find_spec(module[1:]) is None:
            raise ImportError("No module named " + module[1:])
        found = importlib.import_module("sys" if module.startswith("?") else module)
        if member and not hasattr(found, member):
            importlib.import_module(module + "." + member)
        told = ""
    except BaseException as error:
        told = type(error).__name__ + ": " + (str(error).strip().splitlines() or [""])[0]
    out.write("< " + json.dumps([name, told]) + "\\n"); out.flush()
os._exit(0)
"""
LIBRARY_FOLDERS = ("/lib", "/usr/lib", "/usr/local/lib", "/lib64", "/usr/lib64")


def folders() -> "list[str]":
    """Where distributions are looked for, in order."""
    found = [os.path.realpath(path) for path in sys.path if os.path.isdir(path)]
    return list(dict.fromkeys(found))


def is_site(folder: str) -> bool:
    return os.path.basename(folder) in ("site-packages", "dist-packages")


def distributions() -> "dict[str, dict[str, Any]]":
    found: dict[str, dict[str, Any]] = {}
    for folder in folders():
        for entry in sorted(os.listdir(folder)):
            path = os.path.join(folder, entry)
            if entry.endswith(".dist-info"):
                metadata = os.path.join(path, "METADATA")
            elif entry.endswith(".egg-info"):
                metadata = os.path.join(path, "PKG-INFO") if os.path.isdir(path) else path
            elif entry.endswith(".egg-link"):
                found.setdefault(
                    normal(entry[:-9]), {"version": "editable", "requires": [], "extras": [], "folder": folder}
                )
                continue
            else:
                continue
            name, described = described_by(metadata)
            if name:
                described["folder"] = folder
                described["scripts"] = scripts(path)
                described["files"] = installed(path, folder)
                found.setdefault(normal(name), described)
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def described_by(metadata: str) -> "tuple[str, dict[str, Any]]":
    name, version = "", ""
    requires: list[str] = []
    extras: list[str] = []
    try:
        with open(metadata, encoding="utf-8", errors="replace") as file:
            for line in file:
                key, _, value = line.partition(":")
                if not line.strip():
                    break
                if key == "Name":
                    name = value.strip()
                elif key == "Version":
                    version = value.strip()
                elif key == "Requires-Dist":
                    (extras if ";" in value else requires).append(
                        normal((re.match(r"\s*([\w.-]+)", value) or ["", ""])[1])
                    )
    except OSError:
        pass
    return name, {"version": version, "requires": sorted(set(requires)), "extras": sorted(set(extras))}


def scripts(path: str) -> "list[str]":
    """Console scripts by name."""
    found, inside = [], False
    try:
        with open(os.path.join(path, "entry_points.txt"), encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("["):
                    inside = line.strip() in ("[console_scripts]", "[gui_scripts]")
                elif inside and "=" in line:
                    found.append(line.partition("=")[0].strip())
    except OSError:
        pass
    return found


def installed(path: str, folder: str) -> "list[str]":
    """The files of a distribution that lie outside of its folder, such as its programs and data."""
    named = [os.path.join(folder, name) for name in recorded(os.path.join(path, "RECORD"))]
    # `setup.py install`, which older pips call where there is no `wheel`, writes down paths from its own folder.
    named += [os.path.join(path, name) for name in recorded(os.path.join(path, "installed-files.txt"))]
    return [name for name in map(os.path.normpath, named) if not name.startswith(os.path.join(folder, ""))]


def recorded(path: str) -> "list[str]":
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return [line.split(",")[0].strip().strip('"') for line in file if line.strip()]
    except OSError:
        return []


def runs(name: str) -> "str | None":
    """Where a program is found; for a script also whether its interpreter is."""
    place = shutil.which(name)
    if place is None:
        return None
    try:
        with open(place, "rb") as file:
            first = file.readline(200).decode("utf-8", "replace")
    except OSError:
        return place
    words = first[2:].split() if first.startswith("#!") else []
    if words and not os.access(words[0], os.X_OK):
        return place + ": its interpreter " + words[0] + " is not there"
    return place


def imported(names: "list[str]", limit: float) -> "dict[str, str]":
    """ "" for each module that can be imported, else what happened; one that hangs or crashes costs only itself."""
    told: dict[str, str] = {}
    left = list(names)
    while left:
        running = subprocess.Popen(
            [sys.executable, "-c", IMPORTER, *left], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            out, _ = running.communicate(timeout=limit)
            ending = "ended with " + str(running.returncode)
        except subprocess.TimeoutExpired:
            running.kill()
            out, _ = running.communicate()
            ending = f"no end within {limit:.0f} s"
        begun = ""
        for line in out.decode("utf-8", "replace").splitlines():
            if line.startswith("> "):
                begun = line[2:]
            elif line.startswith("< "):
                name, what = json.loads(line[2:])
                told[name] = what
        if begun and begun not in told:
            told[begun] = ending
        following = [name for name in left if name not in told]
        if len(following) == len(left):
            told.update(dict.fromkeys(following, ending))
            break
        left = following
    return told


def extensions() -> "list[str]":
    found = []
    for folder in folders():
        if is_site(folder):
            for place, inner, names in os.walk(folder):
                inner[:] = [name for name in inner if name not in ("__pycache__", "tests", "test")]
                found += [os.path.join(place, name) for name in names if re.search(r"\.so(\.\d+)*$", name)]
    return found


def missing_libraries(paths: "list[str]") -> "dict[str, list[str]]":
    """The libraries that are not found, by the file that needs them."""
    if not paths:
        return {}
    if shutil.which("ldd") is None:
        return missing_by_reading(paths)
    found: dict[str, list[str]] = {}
    for at in range(0, len(paths), 200):
        chunk = paths[at : at + 200]
        running = subprocess.Popen(["ldd", *chunk], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = running.communicate()
        current = chunk[0]
        for line in out.decode("utf-8", "replace").splitlines():
            if line.startswith("/") and line.endswith(":"):
                current = line[:-1]
            missing = re.match(r"\s*(\S+) => not found|Error loading shared library ([^:]+):", line)
            if missing:
                found.setdefault(current, []).append(missing[1] or missing[2])
    return bundled(found, paths)


def missing_by_reading(paths: "list[str]") -> "dict[str, list[str]]":
    present: set[str] = set()
    for folder in LIBRARY_FOLDERS:
        for _, _, names in os.walk(folder):
            present.update(names)
    found = {}
    for path in paths:
        missing = [name for name in needed(path) if name not in present]
        if missing:
            found[path] = missing
    return bundled(found, paths)


def bundled(found: "dict[str, list[str]]", paths: "list[str]") -> "dict[str, list[str]]":
    """Without what lies in a wheel itself: its package loads that first, so that the linker need not find it."""
    own = {os.path.basename(path) for path in paths}
    kept = {path: sorted(set(names) - own) for path, names in found.items()}
    return {path: names for path, names in kept.items() if names}


def needed(path: str) -> "list[str]":
    """The DT_NEEDED names of an ELF file of 64 bits, as `readelf -d` lists them."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:5] != b"\x7fELF\x02":
        return []
    order = "<" if data[5] == 1 else ">"
    sections_at = struct.unpack_from(order + "Q", data, 40)[0]
    size, count = struct.unpack_from(order + "HH", data, 58)
    sections = [struct.unpack_from(order + "IIQQQQIIQQ", data, sections_at + at * size) for at in range(count)]
    names = []
    for section in sections:
        if section[1] == 6:  # SHT_DYNAMIC, which names its string table by `sh_link`
            strings = sections[section[6]][4]
            for at in range(section[4], section[4] + section[5], 16):
                tag, value = struct.unpack_from(order + "QQ", data, at)
                if tag == 1:
                    begin = strings + value
                    names.append(data[begin : data.index(b"\0", begin)].decode("utf-8", "replace"))
    return names


def can_write(path: str) -> bool:
    """Whether a file can be made there, or the folder itself where it does not exist yet."""
    place = os.path.expanduser(path)
    while not os.path.exists(place) and place not in ("/", ""):
        place = os.path.dirname(place)
    return os.path.isdir(place) and os.access(place, os.W_OK | os.X_OK)


def answer(question: "dict[str, Any]") -> "dict[str, object]":
    own = os.path.dirname(sys.executable)
    if own not in os.environ.get("PATH", "").split(":"):
        os.environ["PATH"] = own + ":" + os.environ.get("PATH", "")
    found = distributions()
    programs = sorted({name for each in found.values() for name in each.get("scripts", ())})
    user = site.getuserbase() if hasattr(site, "getuserbase") else ""
    extension_files = extensions()
    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "library": "-".join(platform.libc_ver()) or "musl",
        "prefix": sys.prefix,
        "user_base": user,
        "sites": [folder for folder in folders() if is_site(folder)],
        "distributions": found,
        "scripts": {name: runs(name) for name in programs},
        "programs": {name: runs(name) for name in question["programs"]},
        "imports": imported(question["imports"], question["limit"]),
        "libraries": missing_libraries(extension_files),
        "extensions": extension_files,
        "writable": {path: can_write(path) for path in question["writes"]},
        "uid": os.getuid(),
        "groups": sorted({os.getgid(), *os.getgroups()}),
        "home": os.path.expanduser("~"),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer(json.loads(sys.argv[1]))))
