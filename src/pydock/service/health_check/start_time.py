"""How long a service takes until it listens: what runs in front of it, what it loads, what it fetches."""

from __future__ import annotations

from functools import cache, lru_cache

from pydock.build.containers.start import Start
from pydock.build.installs import requirement_sets
from pydock.build.sources import sources
from pydock.build.walk import starts
from pydock.data import rows
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.project.programs import PREPARATIONS
from pydock.service.code.module import read_module
from pydock.source import MOST_SOURCES

# Seconds: a longer start period costs a service nothing that is well, a shorter one costs it its container.
_STARTING, _BUSY, _LOADING = 30, 120, 180
_UNPICKLED = regex(
    r"\b(?:pickle|cloudpickle|dill|cPickle|_pickle)\.(?:load|Unpickler)\b|\bonnx\.load\b"
    r"|\bfrom (?:pickle|dill) import load",
    words="pickle dill onnx",
)
# Schemas that the service brings up to date by itself, and what it fetches before it is ready.
_PREPARED = regex(
    r"\bcall_command\(\s*[\"']migrate|\bflask_migrate\b.*\bupgrade\b|\bcommand\.upgrade\(|\bnltk\.download\(|\burlretrieve\("
    r"|\bhf_hub_download\(|\bsnapshot_download\(|\bgdown\.",
    words="call_command upgrade download urlretrieve gdown",
)


def start_period(project: Project, server_start: Start) -> int:
    """The seconds in which a check that fails does not count."""
    if loads_model(project):
        return _LOADING
    before = [
        start
        for start in starts(project)
        if start.service == server_start.service and start.role != "probe" and not start.script
        if start != server_start and start.is_taken
    ]
    busy = [start for start in before if start.program not in PREPARATIONS or start.program in {"sleep", "nc"}]
    prepares = any(_PREPARED.search(project.tree.text(path) or "") for path in sources(project))
    return _BUSY if busy or prepares else _STARTING


@cache
def _slow() -> frozenset[str]:
    return frozenset(row["module"] for row in rows("slow_imports"))


@remembered
def loads_model(project: Project) -> bool:
    """Whether the source imports what loads a model or takes as long, or a requirement is one."""
    names = {name for entry in requirement_sets(project) for name in entry.names}
    if any(name.replace("-", "_") in _slow() for name in names):
        return True
    return any(_imports_model(project.tree.text(path) or "") for path in sources(project))


@lru_cache(maxsize=MOST_SOURCES)
def _imports_model(text: str) -> bool:
    names = read_module(text).imports.values()
    if any(".".join(name.split(".")[: at + 1]) in _slow() for name in names for at in range(name.count(".") + 1)):
        return True
    return _UNPICKLED.search(text) is not None
