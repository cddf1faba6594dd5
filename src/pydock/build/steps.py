"""Reading a Dockerfile as a program, from its first FROM to the commands that run in the end. Nothing is run."""

from __future__ import annotations

import posixpath

from pydock.build.copying import Context, Source, copy_effect, is_missing, landing, stage_effect, stage_need
from pydock.build.keys import key_of_command, key_of_copy
from pydock.build.model import Build, Step
from pydock.build.recorder import Draft, Place, Recorder
from pydock.build.scripts import Reader, Scene
from pydock.dockerfile import Dockerfile, Instruction, Stage, mounts
from pydock.effects import effects_of
from pydock.images.base import base_image
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.bases import meant_reference
from pydock.project.memory import remembered
from pydock.shell import SHELLS, Command, Joint, Word, argv, called, expand, script
from pydock.shell import Step as Member
from pydock.state import ANYTHING, Answer, Effect, Found, State
from pydock.state.needs import File, Folder, User
from pydock.state.needs import Place as AnyPlace
from pydock.text import expand as filled
from pydock.text import unquote
from pydock.values import once, replace

_STARTING = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK"})
_WINDOWS = regex(r"windows|nanoserver")
_DEFAULT_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


@remembered
def read_steps(project: Project) -> Build:
    """The steps of the project's Dockerfile and the images that its stages make, without what runs in the end."""
    return _Walk(project).build()


class _Walk:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.dockerfile: Dockerfile = project.dockerfile
        self.context = Context(project.tree)
        self.recorder = Recorder()
        self.ends: list[State] = []
        self.at = 0
        # Whether sh or one like it reads the RUNs; by stage for those that are built on it.
        self.is_posix = True
        self.ends_in_posix: list[bool] = []

    def build(self) -> Build:
        at = 0
        for stage in self.dockerfile.stages:
            self.recorder.stage = stage.index
            self.start(stage)
            while self.dockerfile.instructions[at] is not stage.start:
                at += 1
            for instruction in stage.instructions:
                self.at = at
                self.instruction(instruction)
                at += 1
            self.ends.append(self.recorder.state)
            self.ends_in_posix.append(self.is_posix)
        final = self.project.final.index if self.ends else -1
        state = self.ends[final] if self.ends else State()
        return Build(self.dockerfile, tuple(self.recorder.steps), tuple(self.ends), (), state)

    def start(self, stage: Stage) -> None:
        """The image that a stage starts from: another stage as it ended, without its arguments, or a base image."""
        parent = self.dockerfile.stage_named(stage.base)
        if parent is not None and parent.index < stage.index:
            state = self.ends[parent.index]
            for name in _arguments(parent):
                state = replace(state, variables=state.variables.discard(name), setters=state.setters.discard(name))
            self.recorder.state = state
            self.is_posix = self.ends_in_posix[parent.index]
            return
        self.is_posix = _WINDOWS.search(stage.base) is None
        base = base_image(meant_reference(self.project, stage) or None)
        # An image that no table names runs as root, as most do; who needs to be sure asks `user_of`.
        state = State(base=base, user=base.user or "root", read=self.project.tree.text)
        self.recorder.state = state.with_variable("PATH", _DEFAULT_PATH)

    def instruction(self, instruction: Instruction) -> None:
        match instruction.keyword:
            case "ARG" | "ENV":
                self.assignments(instruction)
            case "WORKDIR":
                self.workdir(instruction)
            case "USER":
                self.user(instruction)
            case "COPY" | "ADD":
                self.copy(instruction)
            case "RUN":
                self.run(instruction)
            case "SHELL":
                # `conda run -n NAME /bin/bash -c` hands them to bash.
                names = {posixpath.basename(piece.text) for piece in instruction.exec_form or ()}
                self.is_posix = not names or not SHELLS.isdisjoint(names)
                self.other(instruction)
            case _:
                self.other(instruction)

    def end(self, draft: Draft, key: tuple[str, ...], text: str, **more: object) -> Step:
        return self.recorder.end(draft, replace(Place(self.at, key, text), **more))

    def other(self, instruction: Instruction) -> None:
        draft = self.recorder.begin(instruction)
        if instruction.keyword in _STARTING:
            self.started(instruction, draft)
        elif instruction.keyword != "ONBUILD":
            self.recorder.mention(draft, instruction.value)
        self.end(draft, (instruction.keyword,), instruction.value)

    def started(self, instruction: Instruction, draft: Draft) -> None:
        """The commands that a container runs: as they are written, for its variables are its own."""
        for member in script(instruction).steps:
            draft.member = member
            for command in member.commands:
                draft.ran(Reader(self.recorder, draft).line(command, command.words, is_sure=True))
        draft.member = None

    def value(self, text: str) -> str | None:
        """A word of an instruction with its variables, None where one of them is only known when it is built."""
        return filled(unquote(text, self.dockerfile.escape), self.recorder.state.variables)

    def assignments(self, instruction: Instruction) -> None:
        given = dict(self.dockerfile.given)
        for each in instruction.assignments:
            draft = self.recorder.begin(instruction)
            state = self.recorder.state
            text = self.dockerfile.slice(each.span)
            self.recorder.mention(draft, text.partition("=")[2] or text)
            known = state.variables
            if instruction.keyword == "ARG":
                default = self.dockerfile.global_arguments.get(each.name) if each.value is None else each.value
                value = given.get(each.name, None if default is None else filled(default, known))
                if each.name in known and each.name not in _arguments(self.dockerfile.stages[self.recorder.stage]):
                    value = known[each.name]
            else:
                value = filled(each.value or "", known)
            self.recorder.state = state.with_variable(each.name, value, draft.number)
            self.end(draft, (instruction.keyword, each.name), text, word=text)

    def workdir(self, instruction: Instruction) -> None:
        draft = self.recorder.begin(instruction)
        self.recorder.mention(draft, instruction.value)
        path = self.value(instruction.value)
        absolute = self.recorder.state.at(path) if path is not None else None
        key = ("WORKDIR", absolute or instruction.value)
        if absolute is not None:
            is_there = Folder(absolute) in self.recorder.state.things
            self.recorder.apply(draft, Effect(provides=() if is_there else (Folder(absolute),)))
        self.recorder.set_workdir(absolute)
        self.end(draft, key, instruction.value)

    def user(self, instruction: Instruction) -> None:
        draft = self.recorder.begin(instruction)
        self.recorder.mention(draft, instruction.value)
        user = self.value(instruction.value)
        if user:
            self.recorder.need(draft, User(user.partition(":")[0]))
        self.recorder.state = replace(self.recorder.state, user=user if user is not None else instruction.value)
        self.end(draft, ("USER", user or instruction.value), instruction.value)

    def copy(self, instruction: Instruction) -> None:
        words = [word.text for word in instruction.words]
        if len(words) < 2:
            self.other(instruction)
            return
        for source in self.sources(instruction, words):
            draft = self.recorder.begin(instruction)
            for text in (source.word, words[-1]):
                self.recorder.mention(draft, text)
            origin = instruction.flag("from")
            if origin is None:
                if is_missing(self.context, source):
                    draft.needs[AnyPlace(f"context:{source.path}")] = Found(Answer.NO)
                effect = copy_effect(self.recorder, self.context, instruction, source)
            else:
                there = self.stage_state(origin)
                if (asked := stage_need(there, source)) is not None:
                    draft.needs[asked[0]] = asked[1]
                effect = stage_effect(there, instruction, source)
            self.recorder.apply(draft, effect)
            key = key_of_copy(instruction, source.word, source.path)
            self.end(draft, key, f"{source.word} {words[-1]}", word=source.word)

    def sources(self, instruction: Instruction, words: list[str]) -> list[Source]:
        *sources, target = words
        filled_target = self.value(target)
        absolute = self.recorder.state.at(filled_target) if filled_target is not None else None
        is_folder = len(sources) > 1 or target.endswith(("/", "/.")) or target in {".", ".."}
        is_folder |= absolute is not None and self.recorder.state.has(Folder(absolute))
        found = []
        for word in sources:
            path = self.value(word)
            if path is not None and "://" not in path and not word.startswith("<<") and not path.startswith("git@"):
                # The builder takes a way out of the context for one from its top.
                path = posixpath.normpath(f"/{path}").lstrip("/") or "."
            found.append(Source(word, path, absolute, is_folder))
        return found

    def stage_state(self, name: str) -> State | None:
        """The end of the stage that `--from` names; None for an image that is no stage of the file."""
        stage = self.dockerfile.stage_named(name)
        if stage is None or stage.index >= len(self.ends):
            return None
        return self.ends[stage.index]

    def run(self, instruction: Instruction) -> None:
        before = self.recorder.state
        self.mounts(instruction)
        read = script(instruction)
        is_read = self.is_posix or instruction.exec_form is not None
        if read.opaque or not read.steps or not is_read:
            draft = self.recorder.begin(instruction)
            self.recorder.apply(draft, Effect(opens=ANYTHING))
            self.end(draft, ("RUN", " ".join(instruction.value.split())), instruction.value)
        scene = Scene()
        for member in read.steps if is_read else ():
            self.member(instruction, member, scene)
        after = self.recorder.state
        bound = [File(path) for path in self.bound if File(path) not in before.things]
        if bound:
            after = after.after(Effect(removes=tuple(bound)), -1)
        self.recorder.state = replace(
            after, workdir=before.workdir, variables=before.variables, setters=before.setters, mounts=()
        )

    def mounts(self, instruction: Instruction) -> None:
        """The places that a RUN mounts; files that a bind mount brings are there while it runs."""
        self.bound: dict[str, str] = {}
        places = []
        for mount in mounts(instruction):
            path = self.recorder.state.at(mount.target) if mount.target else None
            if path is None:
                continue
            places.append(path)
            if mount.kind == "bind" and not mount.origin:
                source = posixpath.normpath(f"/{mount.source or '.'}").lstrip("/") or "."
                files = self.context.matching(source)
                self.bound |= {landing(file, source, path, is_folder=False): file for file in files}
        effect = Effect(provides=tuple(map(File, self.bound)), origins=self.bound)
        state = self.recorder.state.after(effect, -1) if self.bound else self.recorder.state
        self.recorder.state = replace(state, mounts=tuple(places))

    def member(self, instruction: Instruction, member: Member, scene: Scene) -> None:
        """One part of a RUN's chain; a command whose operands stand for themselves is a step for each of them."""
        text = self.dockerfile.slice(member.span)
        command = _single(member)
        if command is not None and self.operands(instruction, member, command, text, scene):
            return
        draft = self.recorder.begin(instruction, member)
        self.recorder.mention(draft, text)
        words = self.expanded(command, scene) if command is not None else ()
        Reader(self.recorder, draft).members(member.members, scene, is_sure=True)
        key = key_of_command(argv(called(command.of(words)).words) if command and words else None, text)
        self.end(draft, key, text)

    def expanded(self, command: Command, scene: Scene) -> tuple[Word, ...]:
        variables = self.recorder.state.variables
        return tuple(word for each in command.words for word in expand(each, variables, scene.arguments))

    def operands(self, instruction: Instruction, member: Member, command: Command, text: str, scene: Scene) -> bool:
        """Whether the command came apart into a step for each operand."""
        words = self.expanded(command, scene)
        if command.redirections or command.substitutions or not words:
            return False
        parts = effects_of(words, self.recorder.state)
        if not parts or not all(isinstance(part, Effect) and part.operand is not None for part in parts):
            return False
        line, ran = argv(called(command.of(words)).words), None
        for part in parts:
            assert isinstance(part, Effect)
            assert part.operand is not None
            draft = self.recorder.begin(instruction, member)
            ran = ran or Reader(self.recorder, draft).line(command, words, is_sure=True)
            draft.ran(ran)
            self.recorder.mention(draft, text)
            self.recorder.apply(draft, part)
            key = key_of_command(line, text, part.operand)
            self.end(draft, key, text, operand=part.operand)
        return True


@once
def _arguments(stage: Stage) -> frozenset[str]:
    """The arguments of a stage that no ENV of it sets."""
    set_by = {each.name for entry in stage.of("ENV") for each in entry.assignments}
    return frozenset(each.name for entry in stage.of("ARG") for each in entry.assignments) - set_by


def _single(member: Member) -> Command | None:
    """The one simple command that a part of a chain is, None for pipelines, loops and alternatives."""
    if len(member.members) != 1 or len(member.members[0].commands) != 1:
        return None
    if member.members[0].joint is Joint.BACKGROUND:
        return None
    command = member.members[0].commands[0]
    return command if isinstance(command, Command) else None
