"""Promises over every program that is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.effects import effects_of, programs
from pydock.effects.registry import _BUILTINS
from pydock.shell import Word
from pydock.shell.argv import grammar
from pydock.state import Effect, Nested, State
from pydock.state.needs import Program
from pydock.text import Span
from pydock.values import replace
from tests.effects.lines import found_for, state_with

_HERE = Span(0, 0)
_ODD = ("", "-", "--", "*", "/x/*", "a*b[", "~", "~/x", ".", "..", "/", "//", "a=b", "-x", "+x", "=", "://", "{}", ";")
_PLAIN = ("install", "update", "clone", "add", "remove", "-c", "a.txt", "/app/src", "src/", "app:web", "-exec", "-o")
STATE = state_with("/app/", "/app/src/", texts={"/app/src/main.py": "import flask\n", "/app/a.txt": "a\n"})


def _word(text: str | None, known: str = "") -> Word:
    return Word(known if text is None else text, text, _HERE, known)


@st.composite
def command_lines(draw: st.DrawFn) -> tuple[Word, ...]:
    """A known program with options of its own, and odd words."""
    program = draw(st.sampled_from(programs()))
    options = sorted(grammar(program).valued) or ["-y"]
    each = st.one_of(
        st.sampled_from((*_ODD, *_PLAIN)).map(_word),
        st.sampled_from(options).map(_word),
        st.sampled_from(("", "/opt/", "-", "--x=", "a")).map(lambda known: _word(None, known)),
        st.text(max_size=5).map(_word),
    )
    return (_word(program), *draw(st.lists(each, max_size=6)))


@given(command_lines(), st.sampled_from((STATE, replace(STATE, workdir=None), State())))
def test_no_effect_raises_and_each_one_can_be_applied(line: tuple[Word, ...], state: State) -> None:
    for each in effects_of(line, state):
        if isinstance(each, Effect):
            state.after(each, 1)


@given(command_lines())
def test_an_effect_names_absolute_paths(line: tuple[Word, ...]) -> None:
    for each in effects_of(line, STATE):
        named = (*each.needs, *each.takes, *each.provides, *each.removes) if isinstance(each, Effect) else each.needs
        paths = [path for thing in named if isinstance(path := getattr(thing, "path", None), str)]
        paths += each.opens.places if isinstance(each, Effect) and each.opens else ()
        assert all(path.startswith("/") for path in paths), paths


@given(command_lines())
def test_a_program_is_needed_by_all_that_it_does(line: tuple[Word, ...]) -> None:
    if line[0].value in _BUILTINS:
        return
    for each in effects_of(line, STATE):
        assert isinstance(each, Effect | Nested)
        assert any(getattr(need, "name", None) == line[0].value for need in each.needs)


@pytest.mark.parametrize("line", ["poetry --version apt clean", "make --help", "uv --version"])
def test_a_program_that_is_asked_what_it_is_does_nothing(line: str) -> None:
    (found,) = found_for(line)
    assert isinstance(found, Effect)
    assert (found.provides, found.opens, found.removes) == ((), None, ())
    assert found.needs == (Program(line.partition(" ")[0]),)
