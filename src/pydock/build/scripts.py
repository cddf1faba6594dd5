"""What the commands of a script do, one after the other: pipelines, groups, loops, functions, redirections."""

from __future__ import annotations

import posixpath

from pydock import shell
from pydock.build.commands import CommandLine
from pydock.build.model import PythonCode
from pydock.build.recorder import Draft, Recorder
from pydock.effects import effects_of, kept_by_libraries, piped_script, printed
from pydock.shell import Command, Compound, CompoundKind, Joint, Pipeline, Redirect, Word, argv, expand
from pydock.source import called_programs
from pydock.state import ANYTHING, Effect, Language, Nested, State, files_below
from pydock.state.needs import File, Folder, Program
from pydock.values import replace

# Scripts in scripts in scripts; what lies deeper may do anything.
DEEPEST = 4
_MOST_ROUNDS = 12
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_PYTHONS = ("python", "pypy")


class Scene:
    """What a script knows besides the image: its arguments and functions, and how deep it is."""

    def __init__(self, arguments: tuple[Word, ...] = (), depth: int = 0) -> None:
        self.arguments = arguments
        self.depth = depth
        self.functions: dict[str, Compound] = {}
        self.calling: set[str] = set()


class Reader:
    """Reads the commands of one step into its draft."""

    def __init__(self, recorder: Recorder, draft: Draft) -> None:
        self.recorder = recorder
        self.draft = draft
        # The command of the file that runs the script which is being read, None for the file's own commands; and
        # where that script begins, which is a string of the file.
        self.outer: Command | None = None
        self.start: int | None = 0

    def members(self, members: tuple[Pipeline, ...], scene: Scene, *, is_sure: bool) -> None:
        """Pipelines one after the other; what follows `||` may not run."""
        for member in members:
            self.pipeline(member, scene, is_sure=is_sure and member.joint is not Joint.OR)

    def pipeline(self, pipeline: Pipeline, scene: Scene, *, is_sure: bool) -> None:
        flows: str | None = None
        fetched: tuple[Word, ...] = ()
        given: tuple[Word, ...] = ()
        for at, each in enumerate(pipeline.commands):
            if isinstance(each, Compound):
                self.compound(each, scene, is_sure=is_sure)
                flows = None
                continue
            words = self.words(each, scene)
            words, given = _executed(given, words) or words, words
            if at and fetched and _is_interpreter(words):
                self.fetched(fetched, each, words, scene, is_sure=is_sure)
            else:
                self.command(each, words, scene, flows if at else None, is_sure=is_sure)
            if at + 1 < len(pipeline.commands):
                fetched = words if _fetched_script(words, self.recorder.state) is not None else fetched
                flows = self.printed(each, words)

    def fetched(
        self, fetched: tuple[Word, ...], command: Command, words: tuple[Word, ...], scene: Scene, *, is_sure: bool
    ) -> None:
        """A well-known script that a pipe hands to an interpreter, with the variables that are set for that alone."""
        self.draft.ran(self.line(command, words, is_sure=is_sure))
        before = self.recorder.state.variables
        self.assign(command, words, scene)
        for word in words:
            name, sign, _ = word.head.partition("=")
            if sign and name.isidentifier():
                # `env NAME=value`, `sudo NAME=value`.
                value = word.value.partition("=")[2] if word.value is not None else None
                self.recorder.state = self.recorder.state.with_variable(name, value)
        known = _fetched_script(fetched, self.recorder.state)
        if known is not None:
            self.recorder.apply(self.draft, known, is_sure=is_sure)
        self.recorder.state = replace(self.recorder.state, variables=before)

    def compound(self, compound: Compound, scene: Scene, *, is_sure: bool) -> None:
        state = self.recorder.state
        match compound.kind:
            case CompoundKind.FUNCTION if compound.name is not None:
                scene.functions[compound.name] = compound
            case CompoundKind.FOR:
                self.loop(compound, scene, is_sure=is_sure)
            case CompoundKind.SUBSHELL | CompoundKind.GROUP:
                self.members(compound.members, scene, is_sure=is_sure)
            case _:
                self.members(compound.members, scene, is_sure=False)
        if compound.kind is CompoundKind.SUBSHELL:
            self.recorder.state = replace(self.recorder.state, workdir=state.workdir, variables=state.variables)
        for redirect in compound.redirections:
            self.redirect(redirect, None, scene, is_sure=is_sure)

    def loop(self, loop: Compound, scene: Scene, *, is_sure: bool) -> None:
        values = [word for each in loop.words for word in self.expanded(each, scene)]
        # Nothing to go through may be a variable of the base image.
        for word in values if 0 < len(values) <= _MOST_ROUNDS else [None]:
            if loop.variable:
                value = word.value if word is not None else None
                self.recorder.state = self.recorder.state.with_variable(loop.variable, value)
            self.members(loop.members, scene, is_sure=is_sure and word is not None)

    def words(self, command: Command, scene: Scene) -> tuple[Word, ...]:
        return tuple(word for each in command.words for word in self.expanded(each, scene))

    def expanded(self, word: Word, scene: Scene) -> tuple[Word, ...]:
        return expand(word, self.recorder.state.variables, scene.arguments)

    def command(
        self, command: Command, words: tuple[Word, ...], scene: Scene, flows: str | None, *, is_sure: bool
    ) -> None:
        """One simple command: substitutions, assignments, what it does, and where its output goes."""
        for script in command.substitutions:
            for step in script.steps:
                self.members(step.members, scene, is_sure=is_sure)
        self.draft.ran(self.line(command, words, is_sure=is_sure))
        before = self.recorder.state.variables
        self.assign(command, words, scene)
        name = words[0].value if words else None
        if name in scene.functions and name not in scene.calling:
            self.call(name, words, scene, is_sure=is_sure)
        else:
            for part in effects_of(words, self.recorder.state) if words else ():
                if isinstance(part, Nested):
                    self.nested(part, command, scene, flows, is_sure=is_sure)
                else:
                    self.recorder.apply(self.draft, part, is_sure=is_sure)
                    self.moved(part, words, is_sure=is_sure)
        if words and command.assignments:
            # `NAME=value program` is for that program alone.
            self.recorder.state = replace(self.recorder.state, variables=before)
        text = self.printed(command, words) if command.redirections else None
        for redirect in command.redirections:
            self.redirect(redirect, text, scene, is_sure=is_sure)

    def line(self, command: Command, words: tuple[Word, ...], *, is_sure: bool) -> CommandLine:
        """A command with what it finds."""
        draft, state = self.draft, self.recorder.state
        assert draft.instruction is not None
        place = (draft.number, self.recorder.stage, draft.instruction, draft.member)
        if self.start:
            command, words = command.shifted(self.start), command.of(words).shifted(self.start).words
        is_in_file = self.start is not None
        return CommandLine(*place, command, words, state, is_sure, command if is_in_file else self.outer or command)

    def moved(self, part: Effect, words: tuple[Word, ...], *, is_sure: bool) -> None:
        """Where the shell is after `cd`, and whose programs it finds first after `. venv/bin/activate`."""
        if not is_sure:
            return
        if part.is_elsewhere or part.workdir is not None:
            self.recorder.set_workdir(part.workdir)
        state = self.recorder.state
        script = words[1].value if len(words) > 1 and words[0].value in {".", "source"} else None
        if script is not None and script.endswith("bin/activate") and (path := state.at(script)):
            environment = posixpath.dirname(posixpath.dirname(path))
            places = ":".join((f"{environment}/bin", *state.path))
            self.recorder.state = state.with_variable("PATH", places).with_variable("VIRTUAL_ENV", environment)

    def assign(self, command: Command, words: tuple[Word, ...], scene: Scene) -> None:
        given = list(command.assignments)
        if words and words[0].value in {"export", "declare", "local", "readonly", "typeset"}:
            given += [word for word in words[1:] if "=" in word.head]
        for word in given:
            name = word.text.partition("=")[0] if word in command.assignments else word.head.partition("=")[0]
            expanded = self.expanded(word, scene)
            value = expanded[0].value if len(expanded) == 1 else None
            known = None if value is None else value.partition("=")[2]
            # What ENV or ARG set comes from there still, as far as who reads it depends on them.
            setter = None if name in self.recorder.state.setters else self.draft.number
            self.recorder.state = self.recorder.state.with_variable(name, known, setter)
        if words and words[0].value == "set" and any(word.value == "--" for word in words):
            at = next(at for at, word in enumerate(words) if word.value == "--")
            scene.arguments = words[at + 1 :]

    def call(self, name: str | None, words: tuple[Word, ...], scene: Scene, *, is_sure: bool) -> None:
        assert name is not None
        arguments, scene.arguments = scene.arguments, words[1:]
        scene.calling.add(name)
        self.members(scene.functions[name].members, scene, is_sure=is_sure)
        scene.calling.discard(name)
        scene.arguments = arguments

    def nested(self, nested: Nested, command: Command, scene: Scene, flows: str | None, *, is_sure: bool) -> None:
        """A script that a command runs: walked where its text is known, else it may do anything."""
        for need in nested.needs:
            self.recorder.need(self.draft, need)
        text = nested.text
        if text is None and nested.is_input:
            text = next((each.body for each in command.redirections if each.body is not None), flows)
        if nested.language is Language.PYTHON:
            files = (need.path for need in nested.needs if isinstance(need, File))
            place = next((place for path in files if (place := self.recorder.state.origins.get(path))), None)
            self.python(PythonCode(text, place), is_sure=is_sure)
            return
        script = shell.script_of_text(text) if text is not None and scene.depth < DEEPEST else None
        if script is None or script.opaque:
            self.recorder.apply(self.draft, Effect(opens=ANYTHING), is_sure=is_sure)
            return
        state, outer, start = self.recorder.state, self.outer, self.start
        self.outer, self.start = outer or command, self.inside(command, text)
        inner = scene if nested.is_same_shell else Scene(nested.arguments, scene.depth + 1)
        for step in script.steps:
            self.members(step.members, inner, is_sure=is_sure)
        self.outer, self.start = outer, start
        if not nested.is_same_shell:
            self.recorder.state = replace(self.recorder.state, workdir=state.workdir, variables=state.variables)

    def inside(self, command: Command, text: str | None) -> int | None:
        """Where a script begins that a shell has as a string: `sh -c 'make'`; behind `su` it is another user's."""
        is_shell = self.draft.instruction is not None and shell.script(self.draft.instruction).shell
        is_own = is_shell and command.program in {*_SHELLS, "eval"}
        words = command.words if is_own and self.start is not None else ()
        place = next((place for word in words if word.value == text and (place := word.place_of_value)), None)
        return None if place is None or self.start is None else self.start + place

    def python(self, code: PythonCode, *, is_sure: bool) -> None:
        """Python code at build time: it calls the programs that it names, and may write where it works."""
        self.draft.code[code] = None
        for program in called_programs(code.text) if code.text else ():
            self.recorder.need(self.draft, Program(program))
        state = self.recorder.state
        places = tuple(dict.fromkeys(place for place in (state.workdir, *kept_by_libraries(state), "/tmp") if place))
        opens = files_below(*places) if code.text is not None else ANYTHING
        self.recorder.apply(self.draft, Effect(opens=opens), is_sure=is_sure)

    def printed(self, command: Command, words: tuple[Word, ...]) -> str | None:
        """What a command writes to its output, None where that is not known."""
        body = next((each.body for each in command.redirections if each.body is not None), None)
        return printed(argv(words), self.recorder.state, body) if words else body

    def redirect(self, redirect: Redirect, text: str | None, scene: Scene, *, is_sure: bool) -> None:
        """A file that output is written to: made anew by `>`, added to by `>>`."""
        if redirect.target is None or redirect.operator.startswith("<"):
            return
        target = next(iter(self.expanded(redirect.target, scene)), None)
        if target is None or target.head.startswith(("/dev/", "&")) or (target.value or "").isdigit():
            return
        state = self.recorder.state
        if target.value is None:
            place = state.at(posixpath.dirname(target.head) or ".")
            self.recorder.apply(self.draft, Effect(opens=files_below(place) if place else ANYTHING), is_sure=is_sure)
            return
        path = state.at(target.value)
        if path is None:
            self.recorder.apply(self.draft, Effect(opens=ANYTHING), is_sure=is_sure)
            return
        self.recorder.apply(self.draft, _written(self.recorder, path, redirect, text), is_sure=is_sure)


def _written(recorder: Recorder, path: str, redirect: Redirect, text: str | None) -> Effect:
    state, file = recorder.state, File(path)
    adds = ">>" in redirect.operator
    is_there = file in state.things
    known = state.text(path) if adds and is_there else ""
    texts = {} if text is None or known is None else {path: known + text}
    needs = (Folder(posixpath.dirname(path)),)
    if adds and is_there:
        return Effect(needs, changes=(file,), texts=texts)
    return Effect(needs, provides=(file,), texts=texts)


def _is_interpreter(words: tuple[Word, ...]) -> bool:
    names = [(word.value or "").rpartition("/")[2] for word in words if "=" not in word.head and word.head != "-E"]
    while names and names[0] in {"sudo", "env"}:
        names = names[1:]
    return bool(names) and (names[0] in _SHELLS or names[0].startswith(_PYTHONS) or names[0] == "apt-key")


def _executed(found: tuple[Word, ...], given: tuple[Word, ...]) -> tuple[Word, ...] | None:
    """`find PLACE ... | xargs rm` as `find PLACE ... -exec rm {} +`: what xargs runs has the files that find names."""
    names = [words[0].value if words else None for words in (found, given)]
    command = argv(given).operands if names == ["find", "xargs"] else ()
    if not command:
        return None
    marks = (Word(text, text, given[0].span) for text in ("-exec", "{}", "+"))
    option, *end = marks
    return (*found, option, *command, *end)


def _fetched_script(words: tuple[Word, ...], state: State) -> Effect | None:
    """What a well-known script does that is fetched and piped into a shell."""
    if not words or (words[0].value or "").rpartition("/")[2] not in {"curl", "wget"}:
        return None
    return next((known for word in words[1:] if "://" in word.head and (known := piped_script(word.head, state))), None)
