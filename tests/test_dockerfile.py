"""A Dockerfile is read without loss, and its instructions stand where BuildKit sees them."""

from __future__ import annotations

import pytest
from hypothesis import example, given

from pydock.dockerfile import Dockerfile
from pydock.text import apply
from tests.laws import accepted, oracle_boundaries, own_boundaries, tiles
from tests.strategies import ANY_TEXT, DOCKERFILE_LIKE

# name -> (text, (keyword, first line, last line) of each instruction)
QUIRKS = {
    "a heredoc body holds no instructions": (
        "FROM a\nRUN <<EOF\nFROM b\n# not a comment\n\nEOF\nUSER x\n",
        [("FROM", 1, 1), ("RUN", 2, 6), ("USER", 7, 7)],
    ),
    "two heredocs follow one another": (
        "FROM a\nCOPY <<A <<B /x/\nfirst\nA\nsecond\nB\nCMD x\n",
        [("FROM", 1, 1), ("COPY", 2, 6), ("CMD", 7, 7)],
    ),
    "<<- lets the end be indented by tabs": ("FROM a\nRUN <<-EOF\n\tid\n\tEOF\n", [("FROM", 1, 1), ("RUN", 2, 4)]),
    "without the dash an indented end is body": ("FROM a\nRUN <<EOF\n\tEOF\nEOF\n", [("FROM", 1, 1), ("RUN", 2, 4)]),
    "<< in quotes is no heredoc": (
        'FROM a\nRUN echo "<<EOF"\nUSER x\n',
        [("FROM", 1, 1), ("RUN", 2, 2), ("USER", 3, 3)],
    ),
    "<< in exec form is no heredoc": (
        'FROM a\nRUN ["cat", "<<EOF"]\nUSER x\n',
        [("FROM", 1, 1), ("RUN", 2, 2), ("USER", 3, 3)],
    ),
    "CMD takes no heredoc": ("FROM a\nCMD cat <<EOF\nUSER x\n", [("FROM", 1, 1), ("CMD", 2, 2), ("USER", 3, 3)]),
    "# escape=` changes the continuation": (
        "# escape=`\nFROM a\nRUN dir `\n  c:\\\nUSER x\n",
        [("FROM", 2, 2), ("RUN", 3, 4), ("USER", 5, 5)],
    ),
    "# check= does not hide # escape=": ("# check=skip=all\n# escape=`\nFROM a `\n  AS b\n", [("FROM", 3, 4)]),
    "a directive behind a comment is a comment": (
        "# x\n# escape=`\nFROM a\nRUN b \\\n c\n",
        [("FROM", 3, 3), ("RUN", 4, 5)],
    ),
    "CRLF ends lines": ("FROM a\r\nRUN b \\\r\n  c\r\nUSER x\r\n", [("FROM", 1, 1), ("RUN", 2, 3), ("USER", 4, 4)]),
    "a byte order mark is no part of the keyword": ("\ufeffFROM a\nUSER x\n", [("FROM", 1, 1), ("USER", 2, 2)]),
    "a byte order mark stands before directives": (
        "\ufeff# escape=`\nFROM a\nRUN b`\n c\n",
        [("FROM", 2, 2), ("RUN", 3, 4)],
    ),
    "tabs separate": ("FROM\ta\n\tRUN\tb\n", [("FROM", 1, 1), ("RUN", 2, 2)]),
    "lower case is fine": ("from a\nrun b\n", [("FROM", 1, 1), ("RUN", 2, 2)]),
    "ONBUILD is one instruction": ("FROM a\nONBUILD RUN b \\\n  c\n", [("FROM", 1, 1), ("ONBUILD", 2, 3)]),
    "old ENV is one instruction": ("FROM a\nENV NAME a = b\n", [("FROM", 1, 1), ("ENV", 2, 2)]),
    "comments and blanks inside a continuation": (
        "FROM a\nRUN b \\\n# why\n\n  c\nUSER x\n",
        [("FROM", 1, 1), ("RUN", 2, 5), ("USER", 6, 6)],
    ),
    "a doubled escape does not continue": (
        "FROM a\nRUN b \\\\\nUSER x\n",
        [("FROM", 1, 1), ("RUN", 2, 2), ("USER", 3, 3)],
    ),
    "blanks behind the escape do not matter": ("FROM a\nRUN b \\  \n c\n", [("FROM", 1, 1), ("RUN", 2, 3)]),
    "no final newline": ("FROM a\nUSER x", [("FROM", 1, 1), ("USER", 2, 2)]),
    "a continuation at the end of the file": ("FROM a\nRUN b \\", [("FROM", 1, 1), ("RUN", 2, 2)]),
    "bytes that are not UTF-8 survive": ("FROM a\nRUN echo \udcff\udc80\n", [("FROM", 1, 1), ("RUN", 2, 2)]),
    "an empty file has no instructions": ("", []),
    "comments alone are no instructions": ("# a\n\n# b", []),
}


@pytest.mark.parametrize(("text", "expected"), QUIRKS.values(), ids=QUIRKS)
def test_quirk(text: str, expected: list[tuple[str, int, int]]) -> None:
    dockerfile = Dockerfile(text)
    assert own_boundaries(dockerfile) == expected
    assert oracle_boundaries(text) == expected
    assert tiles(dockerfile)


@given(ANY_TEXT | DOCKERFILE_LIKE)
def test_any_text_is_tiled_by_its_instructions_and_lines(text: str) -> None:
    assert tiles(Dockerfile(text))


@given(DOCKERFILE_LIKE)
@example("FROM a\nRUN b \\\n\n")
def test_instructions_begin_and_end_where_buildkit_sees_them(text: str) -> None:
    theirs = oracle_boundaries(text)
    assert theirs is None or own_boundaries(Dockerfile(text)) == theirs


@given(ANY_TEXT | DOCKERFILE_LIKE)
def test_a_file_without_problems_is_one_that_buildkit_accepts(text: str) -> None:
    assert Dockerfile(text).problems or accepted(text)


@given(ANY_TEXT | DOCKERFILE_LIKE)
def test_every_view_of_any_text_can_be_taken(text: str) -> None:
    dockerfile = Dockerfile(text)
    for each in dockerfile.instructions:
        assert dockerfile.slice(each.body) in dockerfile.slice(each.span)
        assert all(each.span.holds(entry.span) for entry in each.assignments)
        assert all(each.span.holds(flag.span) for flag in each.flags)
    assert len(dockerfile.stages) == sum(each.keyword == "FROM" for each in dockerfile.instructions)


WORDS = {
    "flags are not words": ("COPY --from=build --chown=a:b x y", ["x", "y"]),
    "exec form gives its strings": ('CMD ["a b", "c"]', ["a b", "c"]),
    "quotes keep blanks together": ("ENV A='b c' D=\"e f\"", ["A='b c'", 'D="e f"']),
    "a continuation joins": ("ENV A=b \\\n  C=d", ["A=b", "C=d"]),
    "a broken JSON array is shell form": ('CMD ["a", b]', ['["a",', "b]"]),
}


@pytest.mark.parametrize(("text", "expected"), WORDS.values(), ids=WORDS)
def test_words(text: str, expected: list[str]) -> None:
    dockerfile = Dockerfile(f"FROM a\n{text}\n")
    assert [word.text for word in dockerfile.instructions[1].words] == expected


ASSIGNED = {
    "NAME=value": ("ENV A=1 B=2", [("A", "1"), ("B", "2")]),
    "quotes are taken off": ("ENV A='b c' D=\"e\"", [("A", "b c"), ("D", "e")]),
    "the old form takes the rest of the line": ("ENV A b c=d", [("A", "b c=d")]),
    "an ARG may have no value": ("ARG A", [("A", None)]),
    "an ARG may have a default": ("ARG A=1 B", [("A", "1"), ("B", None)]),
    "labels": ('LABEL "a.b"="c d" e=f', [("a.b", "c d"), ("e", "f")]),
}


@pytest.mark.parametrize(("text", "expected"), ASSIGNED.values(), ids=ASSIGNED)
def test_assignments(text: str, expected: list[tuple[str, str | None]]) -> None:
    dockerfile = Dockerfile(f"FROM a\n{text}\n")
    assert [(entry.name, entry.value) for entry in dockerfile.instructions[1].assignments] == expected


STAGES = {
    "by name, in any case": ("FROM a AS Build\nFROM b\n", "build", 0),
    "by number": ("FROM a\nFROM b\n", "1", 1),
    "the last of two stages of one name": ("FROM a AS x\nFROM b AS x\n", "x", 1),
    "an image is no stage": ("FROM a AS x\nFROM b\n", "alpine", None),
    "a number behind the last is no stage": ("FROM a\n", "3", None),
}


@pytest.mark.parametrize(("text", "name", "expected"), STAGES.values(), ids=STAGES)
def test_stage_named(text: str, name: str, expected: int | None) -> None:
    stage = Dockerfile(text).stage_named(name)
    assert (stage.index if stage else None) == expected


PROBLEMS = {
    "an unknown instruction": ("FROM a\nRUM b\n", 2, "unknown instruction: RUM"),
    "an unterminated heredoc": ("FROM a\n\nRUN <<EOF\nb\n", 3, "unterminated heredoc"),
    "no FROM": ("# only a comment\n", 1, "no FROM"),
    "an empty file": ("", 1, "no FROM"),
    "FROM without an image": ("FROM a\nFROM\n", 2, "FROM needs an image"),
    "an escape that is none": ("# escape=x\nFROM a\n", 1, "invalid escape token"),
    "a directive twice": ("# escape=`\n# escape=`\nFROM a\n", 2, "only one escape"),
}


@pytest.mark.parametrize(("text", "line", "message"), PROBLEMS.values(), ids=PROBLEMS)
def test_problem_names_its_line(text: str, line: int, message: str) -> None:
    first = Dockerfile(text).problems[0]
    assert first[0] == line
    assert message in first[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\n", "x \\\n  y\n"),
        ("FROM a\r\n", "x \\\r\n  y\r\n"),
        ("# escape=`\nFROM a\n", "x `\n  y\n"),
        ("# escape=`\r\nFROM a\r\n", "x `\r\n  y\r\n"),
    ],
    ids=["plain", "CRLF", "another escape", "both"],
)
def test_new_text_is_written_the_way_of_the_file(text: str, expected: str) -> None:
    assert Dockerfile(text).written("x \\\n  y\n") == expected


@given(DOCKERFILE_LIKE)
def test_what_is_written_back_is_the_same_bytes(text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    assert apply(text, ()).encode("utf-8", "surrogateescape") == data
    assert data.decode("utf-8", "surrogateescape") == text
