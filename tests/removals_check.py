"""Checks `python_removals` with real interpreters: a name is in the minor version before, and not in its own.

    python -m tests.removals_check PYTHON...

Each PYTHON is a path; rows for which one of the two versions is not given are not checked. Prints the rows that
disagree and how many were checked; exit code 1 where one disagrees.
"""

import json
import subprocess
import sys

from pydock.data import rows

# Runs in interpreters from 3.6 on.
PROBE = r"""
import asyncio, importlib, inspect, io, json, sys, threading, warnings
warnings.simplefilter("ignore")

def found(name):
    parts = name.split(".")
    for at in range(len(parts) - 1, 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:at]))
        except ImportError:
            continue
        for part in parts[at:]:
            thing = getattr(thing, part, None)
            if thing is None:
                return None
        return thing

def is_module(name):
    try:
        return bool(importlib.import_module(name))
    except ImportError:
        return found(name) is not None if "." in name else False

def is_argument(name):
    function, _, argument = name.rstrip(")").partition("(")
    try:
        if function.startswith("json."):
            found(function)(*(["1"] if function == "json.loads" else [io.StringIO("1")]), **{argument: "utf-8"})
            return True
        if inspect.isclass(found(function)):
            found(function)(**{argument: asyncio.new_event_loop()})
            return True
    except TypeError:
        return False
    return found(function) is not None and argument in inspect.signature(found(function)).parameters

known = {"module": is_module, "name": lambda name: found(name) is not None, "argument": is_argument,
         "method": lambda name: hasattr(threading.Thread, name)}
asked = json.load(sys.stdin)
print(json.dumps({"version": "%d.%d" % sys.version_info[:2], "has": [known[kind](name) for kind, name in asked]}))
"""


def main(interpreters: list[str]) -> int:
    """Prints what disagrees."""
    listed = rows("python_removals")
    asked = json.dumps([(row["kind"], row["name"]) for row in listed])
    has: dict[str, list[bool]] = {}
    for path in interpreters:
        done = subprocess.run([path, "-c", PROBE], input=asked, stdout=subprocess.PIPE, text=True, check=True)
        answer = json.loads(done.stdout)
        has[answer["version"]] = answer["has"]
    checked = wrong = 0
    for at, row in enumerate(listed):
        before = f"3.{int(row['minor'].partition('.')[2]) - 1}"
        if {before, row["minor"]} <= has.keys():
            checked += 1
            if (has[before][at], has[row["minor"]][at]) != (True, False):
                wrong += 1
                print(f"{row['name']}: in {before}: {has[before][at]}, in {row['minor']}: {has[row['minor']][at]}")
    print(f"{checked} of {len(listed)} rows were checked, {wrong} are wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
