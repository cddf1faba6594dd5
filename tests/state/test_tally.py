"""The makers of what lies below a folder, or in an environment, are those of its things one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pydock.state import Effect, Numbers, State
from pydock.state.needs import Below, Distribution, File, Folder, Thing

PATHS = st.lists(st.sampled_from("ab"), min_size=1, max_size=3).map(lambda names: f"/{'/'.join(names)}")
THINGS: st.SearchStrategy[Thing] = st.one_of(
    PATHS.map(lambda path: File(f"{path}.py")),
    PATHS.map(Folder),
    st.builds(Distribution, st.sampled_from(["/a", "/b"]), st.sampled_from("xy")),
)
EFFECTS = st.builds(
    Effect,
    provides=st.lists(THINGS, max_size=3).map(tuple),
    changes=st.lists(THINGS, max_size=2).map(tuple),
    removes=st.lists(THINGS | PATHS.map(Below), max_size=2).map(tuple),
)


@given(st.lists(st.tuples(EFFECTS, st.booleans()), max_size=12))
def test_the_tallies_say_what_the_things_say(effects: list[tuple[Effect, bool]]) -> None:
    states = [State()]
    for step, (effect, is_sure) in enumerate(effects):
        states.append(states[-1].after(effect, step, is_sure=is_sure))
    for state in states:
        for folder in ("/", "/a", "/b", "/a/b", "/a/b/a"):
            asked = Numbers.joined(map(state.makers, state.below(folder)))
            assert state.makers_below(folder) == asked
        for environment in ("/a", "/b"):
            own = (thing for thing in state.things if isinstance(thing, Distribution))
            names = (thing for thing in own if thing.environment == environment)
            assert state.known.tallies.installed(environment) == Numbers.joined(map(state.makers, names))


def test_a_folder_below_many_is_asked_thing_by_thing() -> None:
    deep = "/a" * 60
    state = State().after(Effect(provides=(File(f"{deep}/b"),)), 1)
    assert state.makers_below(deep) == Numbers([1])
    assert state.makers_below("/a") == Numbers([1])
