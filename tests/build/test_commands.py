"""The commands of a build as the walk keeps them, for whoever asks about one."""

from __future__ import annotations

import pytest

from pydock.build import Build, walk
from pydock.build.commands import CommandLine
from pydock.context import Tree
from pydock.project import Project

BASE = "FROM python:3.12-slim\n"


def _build(text: str, **files: str) -> Build:
    return walk(Project(Tree.of({"Dockerfile": f"{BASE}{text}", **files})))


def _last(text: str, **files: str) -> CommandLine:
    return _build(text, **files).commands_of(0)[-1]


def _values(command: CommandLine) -> list[str | None]:
    return [word.value for word in command.line.words]


SEEN = [
    pytest.param("RUN pip install flask\n", ["pip", "install", "flask"], id="a command as it stands"),
    pytest.param("RUN sudo -H env A=b nice -n 5 pip install x\n", ["pip", "install", "x"], id="behind its wrappers"),
    pytest.param("RUN python3.12 -I -m pip install x\n", ["pip", "install", "x"], id="as a module of Python"),
    pytest.param("ENV V=3.1\nRUN pip install flask==$V\n", ["pip", "install", "flask==3.1"], id="with its variables"),
    pytest.param("RUN P='a b' && pip install $P\n", ["pip", "install", "a", "b"], id="one word that is two"),
    pytest.param("RUN pip install $(cat list)\n", ["pip", "install", None], id="a word that only the build knows"),
    pytest.param("RUN for p in a b; do pip install -U $p; done\n", ["pip", "install", "-U", None], id="in a loop"),
    pytest.param("RUN bash -c 'pip install x'\n", ["pip", "install", "x"], id="in a string of another shell"),
    pytest.param("RUN false || (cd / && pip install x)\n", ["pip", "install", "x"], id="in a group behind an or"),
    pytest.param("RUN echo $(pip install x)\n", ["echo", None], id="around a substitution"),
    pytest.param('RUN ["pip", "install", "$X"]\n', ["pip", "install", "$X"], id="in exec form, as it is"),
]


@pytest.mark.parametrize(("text", "values"), SEEN)
def test_a_command_is_seen_as_the_shell_runs_it(text: str, values: list[str | None]) -> None:
    assert _values(_last(text)) == values


def test_what_a_function_runs_twice_is_one_command_that_is_not_the_same_each_time() -> None:
    found = _build("RUN f() { pip install $1; }; f a; f b\n").commands_of(0)
    assert [_values(command) for command in found] == [["f", "a"], ["pip", "install", None], ["f", "b"]]


def test_a_command_finds_the_folder_the_user_and_the_variables_of_its_place() -> None:
    found = _last("WORKDIR /app\nUSER app\nRUN cd src && export A=1 && pip install .\n")
    assert (found.before.workdir, found.before.user, found.before.variables["A"]) == ("/app/src", "app", "1")


def test_the_words_of_a_string_are_places_of_the_file() -> None:
    text = "RUN bash -c 'cd /app && pip install flask'\n"
    word = _last(text).line.operands[-1]
    assert f"{BASE}{text}"[word.span.start : word.span.end] == "flask"


def test_what_another_user_runs_is_no_command_of_the_file() -> None:
    assert [command.program for command in _build("RUN su app -c 'pip install flask'\n").commands_of(0)] == ["su"]


WRITTEN = [
    pytest.param("RUN pip install flask\n", True, id="a plain word"),
    pytest.param("ARG V=3\nRUN pip install flask==$V\n", False, id="a word with a variable in it"),
]


@pytest.mark.parametrize(("text", "is_written"), WRITTEN)
def test_a_word_tells_whether_it_can_be_edited(text: str, is_written: bool) -> None:
    assert _last(text).line.operands[-1].is_written is is_written


def test_what_a_script_of_the_context_runs_stands_where_the_script_is_called() -> None:
    text = "COPY install.sh /\nRUN echo a && sh /install.sh\n"
    steps = _build(text, **{"install.sh": "pip install flask\n"}).steps
    inside = next(command for step in steps for command in step.commands if command.program == "pip")
    assert not inside.is_in_file
    assert f"{BASE}{text}"[inside.span.start : inside.span.end] == "sh /install.sh"


def test_a_command_whose_operands_are_steps_is_one_command() -> None:
    build = _build("RUN apt-get update && apt-get install -y jq curl\n")
    assert [(command.program, command.verb) for command in build.commands_of(0)] == [
        ("apt-get", "update"),
        ("apt-get", "install"),
    ]
    assert len([step for step in build.steps if step.operand is not None]) == 2


UNREAD = [
    pytest.param('SHELL ["powershell", "-Command"]\nRUN pip install x\n', id="a RUN of another shell"),
    pytest.param("RUN if [ -f x ]; then pip install x\n", id="a RUN that is no shell's"),
]


@pytest.mark.parametrize("text", UNREAD)
def test_what_is_not_read_shows_no_commands(text: str) -> None:
    build = _build(text)
    assert build.commands_of(0) == ()
    assert build.steps[-1].is_unread


def test_a_shell_behind_a_manager_reads_its_runs() -> None:
    text = 'SHELL ["conda", "run", "-n", "app", "/bin/bash", "-c"]\nRUN pip install x\n'
    assert _values(_last(text)) == ["pip", "install", "x"]


def test_what_a_container_runs_is_no_command_of_the_build() -> None:
    build = _build('RUN echo a\nCMD ["python", "app.py"]\n')
    assert [command.program for command in build.commands_of(0)] == ["echo"]
    assert [command.program for command in build.commands_in(build.steps[-1].instruction)] == ["python"]
