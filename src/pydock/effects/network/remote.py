"""Well-known scripts that are piped from the network into a shell: rows of `data/remote_scripts.csv`."""

from __future__ import annotations

from pydock.data import rows
from pydock.effects.paths import joined
from pydock.state import Effect, Purpose, State, files_below
from pydock.state.needs import File, PackageLists, Program, Thing, Toolchain, Variable


def piped_script(url: str, state: State) -> Effect | None:
    """What the script at an address does when a shell or Python runs it; None for one that no table knows."""
    for row in rows("remote_scripts"):
        if row["url"] in url:
            return _effect(row, state)
    return None


def _effect(row: dict[str, str], state: State) -> Effect:
    needs = tuple(Program(name) for name in row["programs"].split())
    variable = row["variable"]
    is_given = bool(variable) and variable in state.variables
    folder = state.variables[variable] if is_given else row["folder"]
    where = state.at(folder) if folder else None
    made: list[Thing] = [File(joined(where, name)) for name in row["files"].split()] if where else []
    made += [PackageLists()] if row["lists"] == "yes" else []
    made += [Toolchain()] if row["toolchain"] == "yes" else []
    return Effect(
        needs,
        takes=(Variable(variable),) if variable else (),
        provides=tuple(made),
        opens=files_below(where or "/"),
        purpose=Purpose.TOOL if row["tool"] == "yes" else Purpose.SERVICE,
    )
