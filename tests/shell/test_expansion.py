"""A word expands to what a real shell prints for it, or to as much of it as is known."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydock.shell import Word, expand, expand_body, expand_one, literal, script_of_text
from pydock.text import Span

VARIABLES = {"A": "one", "B": "two words", "C": "", "D": "a/b.tar.gz", "E": " x y ", "HOME": "/root", "N": None}
SET = {name: value for name, value in VARIABLES.items() if value is not None}
PLACE = Span(3, 9)
ARGUMENTS = (Word("p q", "p q", PLACE), Word("r", "r", PLACE))


def _word(text: str) -> Word:
    return Word(text, literal(text), PLACE)


EXPANSIONS = {
    "a plain word": ("abc", ["abc"]),
    "quotes": ("'a b'\"c d\"e", ["a bc de"]),
    "a variable": ("$A-${A}", ["one-one"]),
    "a value with blanks is two words": ("x$B", ["xtwo", "words"]),
    "in quotes it is one": ('"x$B"', ["xtwo words"]),
    "nothing is no word": ("$C", []),
    "nothing in quotes is an empty word": ('"$C"', [""]),
    "a name that nobody sets is empty": ('"$U"', [""]),
    "a default": ("${U:-d e}", ["d", "e"]),
    "a quoted default": ("${U:-'d e'}", ["d e"]),
    "a default of an empty one": ("${C:-d}${C-e}", ["d"]),
    "a default that is assigned": ("${U:=d}", ["d"]),
    "a default in a default": ("${U:-${V:-$A}}", ["one"]),
    "instead": ("${A:+x}${C:+y}${C+z}", ["xz"]),
    "without its end": ("${D%.gz} ${D%%.*}", ["a/b.tar a/b"]),
    "without its beginning": ("${D##*/}${D#*/}", ["b.tar.gzb.tar.gz"]),
    "its length": ("${#A}", ["3"]),
    "all arguments": ('"$@"', ["p q", "r"]),
    "all arguments in a word": ('"a$@b"', ["ap q", "rb"]),
    "all arguments, split": ("$@", ["p", "q", "r"]),
    "all arguments as one": ('"$*"', ["p q r"]),
    "one argument": ("$1-$2-$3", ["p", "q-r-"]),
    "how many": ("$#", ["2"]),
    "home": ("~/x", ["/root/x"]),
    "no home in quotes": ("'~'/x", ["~/x"]),
    "a dollar alone": ("a$", ["a$"]),
    "a name ends where letters of ASCII end": ("${A}é$Aé", ["oneéoneé"]),
    "a single quote in double ones": ("\"it's $A's\"", ["it's one's"]),
    "braces are letters": ("{a,b}", ["{a,b}"]),
}


@pytest.mark.parametrize(("text", "expected"), EXPANSIONS.values(), ids=EXPANSIONS)
def test_expand(text: str, expected: list[str]) -> None:
    found = expand(Word(text, None if "$" in text or "'" in text else literal(text), PLACE), VARIABLES, ARGUMENTS)
    assert [word.value for word in found] == expected
    assert {word.span for word in found} <= {PLACE}


UNKNOWN = {
    "a substitution": ("a$(b)c", ["a"]),
    "a substitution in quotes": ('"a$(b)"c', ["a"]),
    "backticks": ("a`b`", ["a"]),
    "a value of the run": ("weasyprint==$N", ["weasyprint=="]),
    "a value of the run as a default": ("a${U:-$N}", ["a"]),
    "arithmetic": ("x$((1 + 2))", ["x"]),
    "the name of the script": ("$0", [""]),
    "how the last one ended": ("a$?", ["a"]),
    "what only bash has": ("a${A/o/p}", ["a"]),
    "a name in a name": ("a${!A}", ["a"]),
    "a pattern with a set": ("a${A%[a-z]}", ["a"]),
    "one that has to be set": ("a${U:?no}", ["a"]),
    "a string with escapes": ("a$'b'", ["a"]),
}


@pytest.mark.parametrize(("text", "expected"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_keeps_its_known_beginning(text: str, expected: list[str]) -> None:
    found = expand(_word(text), VARIABLES)
    assert [(word.value, word.known) for word in found] == [(None, known) for known in expected]


def test_words_before_what_is_not_known_are_known() -> None:
    found = expand(_word("${B}-$N"), VARIABLES)
    assert [(word.value, word.head) for word in found] == [("two", "two"), (None, "words-")]


def test_an_unknown_argument_does_not_hide_the_others() -> None:
    unknown = Word("$X", None, PLACE, "v")
    found = expand(_word('"$@"'), {}, (unknown, ARGUMENTS[1]))
    assert [(word.value, word.head) for word in found] == [(None, "v"), ("r", "r")]


def test_arguments_that_nobody_knows() -> None:
    (found,) = expand(_word('"$@"'), {"@": None})
    assert found.value is None


def test_another_separator_makes_what_is_split_unknown() -> None:
    assert [word.value for word in expand(_word("$A"), {"A": "a:b", "IFS": ":"})] == [None]
    assert [word.value for word in expand(_word('"$A"'), {"A": "a:b", "IFS": ":"})] == ["a:b"]


BRACES = {
    "two words": ("a{b,c}d", ["abd", "acd"]),
    "an empty one": ("x{,.bak}", ["x", "x.bak"]),
    "two groups": ("{a,b}/{c,d}", ["a/c", "a/d", "b/c", "b/d"]),
    "with a variable": ("$A/{a,b}", ["one/a", "one/b"]),
    "one alone is no group": ("{a}", ["{a}"]),
    "a variable is none": ("${A}", ["one"]),
    "a row of numbers": ("a{1..3}", [None]),
    "a group in a group": ("{a,{b,c}}", [None]),
    "quotes": ("{a,'b'}", [None]),
}


@pytest.mark.parametrize(("text", "expected"), BRACES.values(), ids=BRACES)
def test_braces_of_bash(text: str, expected: list[str | None]) -> None:
    assert [word.value for word in expand(_word(text), VARIABLES, braces=True)] == expected


def test_an_assignment_is_not_split() -> None:
    assert expand_one(_word("A=$B"), VARIABLES).value == "A=two words"
    assert expand_one(_word("A=$C"), VARIABLES).value == "A="
    assert expand_one(_word("A=$N"), VARIABLES) == Word("A=$N", None, PLACE, "A=", is_written=False)


BODIES = {
    "a variable": ('cat <<E\nx $A "q" \\$A\nE', 'x one "q" $A\n'),
    "literal": ("cat <<'E'\nx $A\nE", "x $A\n"),
    "not known": ("cat <<E\nx $(a)\nE", None),
    "a string": ("cat <<< 'x y'", "x y\n"),
    "no body": ("cat < f", None),
}


@pytest.mark.parametrize(("text", "expected"), BODIES.values(), ids=BODIES)
def test_the_text_of_a_heredoc(text: str, expected: str | None) -> None:
    (command,) = [command for command in script_of_text(text).commands if command.program == "cat"]
    assert expand_body(command.redirections[0], VARIABLES) == expected


LARGE = {
    "a value that doubles": ("$L$L", {"L": "x" * 40_000}),
    "defaults five thousand deep": ("${A:-" * 5_000 + "}" * 5_000, {}),
    "quoted defaults five thousand deep": ('"${A:-' * 5_000 + '}"' * 5_000, {}),
    "a long pattern": ("${L%*a*a*a*a}", {"L": "a" * 60_000}),
}


@pytest.mark.parametrize(("text", "variables"), LARGE.values(), ids=LARGE)
def test_what_is_too_large_is_not_known(text: str, variables: dict[str, str]) -> None:
    assert [word.value for word in expand(_word(text), variables)] == [None]


_NAMES = st.sampled_from([*SET, "U"])
_LETTERS = st.sampled_from(
    ["x", "y-z", "1", "/p", "=", "{", "}", ":", "~", ",", "é", "\\$", "\\ ", "\\'", '\\"', "\\\\"]
)
_SINGLE = st.sampled_from(["'a b'", "'$A'", "'\\'", "'\"'", "''"])
_PLAIN = st.one_of(
    st.builds("${}".format, _NAMES),
    st.builds("${{{}}}".format, _NAMES),
    st.builds("${{#{}}}".format, _NAMES),
    st.sampled_from(["$1", "$2", "$9", "$#", "$@", '"$@"', '"$*"', "$*", "${2}", '"a$@b"']),
    st.builds(
        "${{{}{}{}}}".format,
        _NAMES,
        st.sampled_from(["%", "%%", "#", "##"]),
        st.sampled_from(["*", "?", "o*", "*.", "*.*", "*/", "/*", "one", "gz"]),
    ),
)
_OPERATORS = st.sampled_from([":-", "-", ":+", "+", ":=", "="])
_IN_DOUBLE = st.one_of(
    st.sampled_from(["a", "  ", "'", "\\$", '\\"', "\\x", "\\\\", "{", "}", "$ "]),
    st.builds("${}".format, _NAMES),
    st.builds("${{{}{}{}}}".format, _NAMES, _OPERATORS, st.sampled_from(["", "d e", "'q'", "$B", "${A}"])),
)
_DOUBLE = st.lists(_IN_DOUBLE, max_size=4).map(lambda parts: f'"{"".join(parts)}"')
_WORDS = st.recursive(
    st.one_of(_LETTERS, _SINGLE, _PLAIN, _DOUBLE),
    lambda inner: (
        st.builds("{}{}".format, inner, inner)
        | st.builds("${{{}{}{}}}".format, _NAMES, _OPERATORS, inner | st.sampled_from(["d e", " 'q r' "]))
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("shell", ["sh", "bash"])
@settings(deadline=None, max_examples=150)
@given(text=_WORDS)
def test_a_word_expands_to_what_a_shell_prints(shell: str, text: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} here")
    read = script_of_text(f"f {text}\n")
    words = read.only.words if read.only is not None else ()
    if [word.text for word in words] != ["f", text]:
        return
    found = [word.value for word in expand(words[1], SET, ARGUMENTS)]
    # -f: names of files are left as they are written. Nothing else than the word is run.
    line = f'set -f; f() {{ for each; do printf "%s\\0" "$each"; done; }}; f {text}'
    printed = subprocess.run(
        [program, "-c", line, "name", "p q", "r"],
        env=SET,
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    if printed.returncode == 0:
        known = [value for value in found if value is not None]
        real = printed.stdout.split("\0")[:-1]
        assert known == (real if None not in found else real[: len(known)])
