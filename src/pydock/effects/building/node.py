"""npm, yarn, pnpm and what they start: node programs in the work folder, or for all with -g."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.paths import joined
from pydock.effects.registry import effect
from pydock.effects.unknown import unknown
from pydock.shell import Argv
from pydock.state import Effect, State, files_below
from pydock.state.needs import Below, File, Need, Program

_EVERYWHERE = ("/usr/lib/node_modules", "/usr/local/lib/node_modules", "/usr/local/bin", "/usr/bin")
_INSTALLS = frozenset({"ci", "install", "i", "add", "clean-install"})


@effect("npm", "yarn", "pnpm", "npx", "pnpx", "corepack", "bun", "bunx")
def npm(line: Argv, state: State) -> Iterable[Effect]:
    needs: tuple[Need, ...] = () if line.program in {"bun", "bunx"} else (Program("node"),)
    is_global = line.has("-g", "--global", "--location") or line.program == "corepack"
    if is_global or (line.program == "yarn" and line.verb == "global"):
        return (Effect(needs, takes=(File(joined(state.home, ".npmrc")),), opens=files_below(*_EVERYWHERE)),)
    if line.verb in {"cache", "config", "set", "--version"}:
        return (Effect(needs, opens=files_below(state.home)),)
    folder = line.value("--prefix", "--cwd", "-C", "--dir")
    where = state.at(folder.value) if folder and folder.value else state.workdir
    manifest = joined(where, "package.json") if where else None
    if line.verb in _INSTALLS and not line.operands and manifest:
        needs = (*needs, File(manifest))
    found = unknown(line, state, is_library=True)
    places = (where, "/tmp", state.home)
    takes = (*found.takes, Below(where)) if where and where != "/" else found.takes
    opens = files_below(*dict.fromkeys(place for place in places if place and place != "/"))
    return (Effect(needs, takes=takes, opens=opens),)


@effect("node", "nodejs", "deno", "tsc", "webpack", "vite")
def node(line: Argv, state: State) -> Iterable[Effect]:
    return (unknown(line, state, is_library=True),)
