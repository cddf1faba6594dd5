"""A script shows its pipelines, compounds and redirections, each where it stands in the text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.dockerfile import Dockerfile
from pydock.shell import (
    Command,
    Compound,
    CompoundKind,
    Joint,
    Pipeline,
    Redirect,
    Script,
    heredocs,
    script,
    script_of_text,
)
from pydock.text import Span
from tests.strategies import ANY_TEXT


def _told(member: Pipeline) -> str:
    """A pipeline in one line: how it is joined, then its commands."""
    marks = ("!" if member.is_negated else "") + ("&" if member.is_background else "")
    return f"{member.joint.name}{marks} " + " | ".join(map(_told_command, member.commands))


def _told_command(command: Command | Compound) -> str:
    redirects = "".join(f" [{_told_redirect(each)}]" for each in command.redirections)
    if isinstance(command, Command):
        words = " ".join(word.text for word in (*command.assignments, *command.words))
        inner = "; ".join(_told(member) for each in command.substitutions for member in each.members)
        return words + redirects + (f" $<{inner}>" if inner else "")
    inner = "; ".join(_told(member) for member in command.members)
    head = " ".join(filter(None, (command.name, command.variable, *(word.text for word in command.words))))
    return f"{command.kind.value}({head}: {inner}){redirects}"


def _told_redirect(redirect: Redirect) -> str:
    number = "" if redirect.descriptor is None else str(redirect.descriptor)
    target = redirect.target.text if redirect.target else ""
    body = "" if redirect.body is None else f" {'literal' if redirect.is_literal else 'text'} {redirect.body!r}"
    return f"{number}{redirect.operator}{target}{body}"


STRUCTURES = {
    "joints": ("a && b || c; d & e", ["FIRST a", "AND b", "OR c", "SEQUENCE& d", "BACKGROUND e"]),
    "lines": ("a\nb", ["FIRST a", "SEQUENCE b"]),
    "a pipeline": ("a x | b |& c", ["FIRST a x | b | c"]),
    "a negated pipeline": ("! a | b && ! c", ["FIRST! a | b", "AND! c"]),
    "the redirect of a chain belongs to its last command": ("a && b > x", ["FIRST a", "AND b [>x]"]),
    "the redirect of a pipeline belongs to its last command": ("a | b > x", ["FIRST a | b [>x]"]),
    "redirects inside of a chain": ("a > x && b >> y && c", ["FIRST a [>x]", "AND b [>>y]", "AND c"]),
    "numbers": ("a 2>&1 >x 2>>e &>f <i >&-", ["FIRST a [2>&1] [>x] [2>>e] [&>f] [<i] [>&-]"]),
    "words behind a redirect": ("echo >x a b", ["FIRST echo a b [>x]"]),
    "a redirect in front": (">x echo a", ["FIRST echo a [>x]"]),
    "a redirect without a command": ("> x", ["FIRST  [>x]"]),
    "a file with a variable in quotes": ('a > "$B"/c d', ['FIRST a d [>"$B"/c]']),
    "a string as input": ("cat <<< 'a b' c", ["FIRST cat c [<<<'a b' literal 'a b\\n']"]),
    "an unknown string as input": ("cat <<< $A", ["FIRST cat [<<<$A]"]),
    "a heredoc": ("cat <<E > f\nx $V\nE\nb", ["FIRST cat [<< text 'x $V\\n'] [>f]", "SEQUENCE b"]),
    "a quoted heredoc": ("cat <<'E'\nx $V\nE", ["FIRST cat [<< literal 'x $V\\n']"]),
    "an empty heredoc": ("cat <<E\nE", ["FIRST cat [<< text '']"]),
    "a heredoc without its tabs": ("cat <<-E\n\tx\n\t\ty\n\tE", ["FIRST cat [<<- text 'x\\ny\\n']"]),
    "a heredoc into a pipeline": ("cat <<E | sh\nx\nE", ["FIRST cat [<< text 'x\\n'] | sh"]),
    "a heredoc in a chain": ("a && cat <<E > f && b\nx\nE", ["FIRST a", "AND cat [<< text 'x\\n'] [>f]", "AND b"]),
    "a heredoc with a substitution": ("cat <<E\n$(b)\nE", ["FIRST cat [<< text '$(b)\\n'] $<FIRST b>"]),
    "a group": ("{ a; b; } > x", ["FIRST group(: FIRST a; SEQUENCE b) [>x]"]),
    "a subshell": ("(cd x && a) && b", ["FIRST subshell(: FIRST cd x; AND a)", "AND b"]),
    "a group in a pipeline": ("{ a; b; } | c", ["FIRST group(: FIRST a; SEQUENCE b) | c"]),
    "a for loop": ("for i in a $B; do c; d; done", ["FIRST for(i a $B: FIRST c; SEQUENCE d)"]),
    "a for loop over the arguments": ("for i; do c; done", ["FIRST for(i: FIRST c)"]),
    "a while loop": ("while read x; do a; done < f", ["FIRST while(: FIRST read x; FIRST a) [<f]"]),
    "an if": ("if a && b; then c; else d; fi", ["FIRST if(: FIRST a; AND b; FIRST c; FIRST d)"]),
    "a case": ("case $x in a|b) c;; *) d;; esac", ["FIRST case($x: FIRST c; FIRST d)"]),
    "a function": ("f() { a; b; }", ["FIRST function(f: FIRST a; SEQUENCE b)"]),
    "a function that is a subshell": ("f() (a)", ["FIRST function(f: FIRST subshell(: FIRST a))"]),
    "a substitution": ('echo "$(a | b)" `c`', ['FIRST echo "$(a | b)" `c` $<FIRST a | b; FIRST c>']),
    "a substitution in an assignment": ("A=$(b) c", ["FIRST A=$(b) c $<FIRST b>"]),
    "assignments alone": ("A=b C=d", ["FIRST A=b C=d"]),
    "a process substitution": ("diff <(a) b", ["FIRST diff <(a) b $<FIRST a>"]),
    "the parts of a test": ('[ -f /x -a ! "$y" = z ]', ['FIRST [ -f /x -a ! "$y" = z ]']),
}


@pytest.mark.parametrize(("text", "expected"), STRUCTURES.values(), ids=STRUCTURES)
def test_structure(text: str, expected: list[str]) -> None:
    assert [_told(member) for member in script_of_text(text).members] == expected


def test_a_substitution_in_the_words_of_a_loop_is_the_loop_s() -> None:
    (member,) = script_of_text("for i in $(ls); do a; done").members
    (loop,) = member.commands
    assert isinstance(loop, Compound)
    assert [command.values for each in loop.substitutions for command in each.commands] == [("ls",)]


def test_the_branches_of_an_if_have_their_conditions() -> None:
    (member,) = script_of_text("if a; then b; elif c; then d; else e; fi").members
    (choice,) = member.commands
    assert isinstance(choice, Compound)
    shown = [
        ([_told(each) for each in branch.condition], [_told(each) for each in branch.members])
        for branch in choice.branches
    ]
    assert shown == [(["FIRST a"], ["FIRST b"]), (["FIRST c"], ["FIRST d"]), ([], ["FIRST e"])]


def test_the_branches_of_a_case_have_their_patterns() -> None:
    (member,) = script_of_text("case $x in a|b*) c;; *) d;; esac").members
    (choice,) = member.commands
    assert isinstance(choice, Compound)
    assert [[word.text for word in branch.patterns] for branch in choice.branches] == [["a", "b*"], ["*"]]


HEREDOCS = {
    "the script itself": ("RUN <<E\na > b\nE", ["FIRST a [>b]"]),
    "a script for a shell": ("RUN <<E bash\na\nE", ["FIRST a"]),
    "the input of a program": ("RUN <<E python3\nx\nE", ["FIRST python3 [<< text 'x\\n']"]),
    "a literal input of a program": ("RUN <<'E' python3\n$x\nE", ["FIRST python3 [<< literal '$x\\n']"]),
    "a file": ("RUN cat <<E > /x\na\nE", ["FIRST cat [<< text 'a\\n'] [>/x]"]),
    "a file in a chain": ("RUN a && cat <<E > /x && b\nc\nE", ["FIRST a", "AND cat [<< text 'c\\n'] [>/x]", "AND b"]),
}


@pytest.mark.parametrize(("text", "expected"), HEREDOCS.values(), ids=HEREDOCS)
def test_a_heredoc_of_a_run_is_one_of_the_shell(text: str, expected: list[str]) -> None:
    instruction = Dockerfile(f"FROM a\n{text}\n").instructions[1]
    assert [_told(member) for member in script(instruction).members] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("COPY <<E /x\na\nE", ["<< text 'a\\n'"], id="a heredoc"),
        pytest.param("COPY <<'E' /x\n$a\nE", ["<< literal '$a\\n'"], id="a quoted one"),
        pytest.param("COPY <<-E /x\n\ta\n\tE", ["<<- text 'a\\n'"], id="one without its tabs"),
        pytest.param("COPY <<A <<B /x/\n1\nA\n2\nB", ["<< text '1\\n'", "<< text '2\\n'"], id="two of them"),
        pytest.param("COPY a /x", [], id="none"),
    ],
)
def test_the_heredocs_of_a_copy(text: str, expected: list[str]) -> None:
    instruction = Dockerfile(f"FROM a\n{text}\n").instructions[1]
    assert [_told_redirect(each) for each in heredocs(instruction)] == expected


_SIMPLE = st.sampled_from(
    ["a", "a b", "x=1 a", 'echo "$(b c)"', "a > f", "a 2>&1", ">f a b", "a `b`", "! a", "[ -f x ]", "A=$(b)", "é 'ü'"]
)
_SCRIPTS = st.recursive(
    _SIMPLE,
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["&&", "||", ";", "|", "\n"]), inner),
        st.builds("({})".format, inner),
        st.builds("{{ {}; }} > f".format, inner),
        st.builds("for i in a $(b); do {}; done".format, inner),
        st.builds("if {}; then {}; fi".format, inner, inner),
        st.builds("cat <<E > f && {}\ntext $(b)\nE\n{}".format, _SIMPLE, inner),
    ),
    max_leaves=8,
)


@given(_SCRIPTS)
def test_what_is_inside_stands_inside(text: str) -> None:
    """A command lies in its pipeline, that in its step or compound; words are the text at their place."""
    read = script_of_text(text)
    for step in read.steps:
        _check(step.span, step.members, text)


def _check(outer: Span, members: tuple[Pipeline, ...], text: str) -> None:
    for member in members:
        assert outer.holds(member.span)
        for command in member.commands:
            assert member.span.holds(command.span)
            words = (*command.words, *(command.assignments if isinstance(command, Command) else ()))
            for word in words:
                assert command.span.holds(word.span)
                assert text[word.span.start : word.span.end] == word.text
            for redirect in command.redirections:
                assert command.span.holds(redirect.span)
                assert redirect.operator in text[redirect.span.start : redirect.span.end]
            if isinstance(command, Compound):
                _check(command.span, command.members, text)
            for each in command.substitutions:
                for step in each.steps:
                    # The text of a heredoc stands behind the line of its command.
                    _check(step.span, step.members, text)


@given(ANY_TEXT)
def test_any_text_can_be_read(text: str) -> None:
    for step in script_of_text(text).steps:
        _check(step.span, step.members, text)


LARGE = {
    "a chain": (" && ".join(["a b"] * 10_000), 10_000),
    "alternatives": (" || ".join(["a"] * 10_000), 10_000),
    "a pipeline": (" | ".join(["a"] * 10_000), 10_000),
    "lines": ("a > b\n" * 10_000, 10_000),
    "heredocs": ("cat <<E\nx\nE\n" * 2_000, 2_000),
    "a chain with redirects": ("a" + " && b > x" * 3_000, 3_001),
    "a few groups": ("( " * 20 + "a" + " )" * 20, 1),
    "a few substitutions": ("echo " + "$(a " * 20 + ")" * 20, 21),
}


@pytest.mark.parametrize(("text", "count"), LARGE.values(), ids=LARGE)
def test_large_scripts_are_read(text: str, count: int) -> None:
    assert len(script_of_text(text).commands) == count


OPAQUE = {
    "groups five thousand deep": "{ " * 5_000 + "a;" + " };" * 5_000,
    "subshells five thousand deep": "( " * 5_000 + "a" + " )" * 5_000,
    "substitutions five thousand deep": "echo " + "$(a " * 5_000 + ")" * 5_000,
    "conditions three thousand deep": "if a; then " * 3_000 + "b;" + " fi;" * 3_000,
    "a megabyte": "echo hello\n" * 95_000,
}


@pytest.mark.parametrize("text", OPAQUE.values(), ids=OPAQUE)
def test_what_nests_too_deep_or_is_too_long_shows_no_commands(text: str) -> None:
    assert script_of_text(text) == Script((), opaque=True)


def test_exec_form_is_one_command() -> None:
    instruction = Dockerfile('FROM a\nCMD ["a", "$B"]\n').instructions[1]
    (member,) = script(instruction).members
    assert member.joint is Joint.FIRST
    assert [word.value for word in member.commands[0].words] == ["a", "$B"]


def test_every_kind_of_compound_is_met() -> None:
    """The cases above hold each kind, so that a new one comes with its case."""
    met = {
        command.kind
        for text, _ in STRUCTURES.values()
        for member in script_of_text(text).members
        for command in member.commands
        if isinstance(command, Compound)
    }
    assert met == set(CompoundKind)


def test_a_comment_in_backticks_between_the_lines_of_a_command_is_no_word() -> None:
    read = script_of_text("apt-get install -y \\\n    `# PDF tools` \\\n    poppler-utils && echo '`# text`'")
    assert not read.opaque
    assert [command.values for command in read.commands] == [
        ("apt-get", "install", "-y", "poppler-utils"),
        ("echo", "`# text`"),
    ]
