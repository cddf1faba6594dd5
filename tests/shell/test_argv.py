"""A command line comes apart as its program reads it, and a wrapper gives the command behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.data import rows
from pydock.shell import Word, argv, behind, script_of_text, unwrapped
from pydock.text import Span


def _words(text: str) -> tuple[Word, ...]:
    (command,) = script_of_text(text).commands
    return command.words


LINES = {
    "a verb and operands": ("pip install a b", "install", "", "a b"),
    "options before and behind the verb": ("pip -q install -U a", "install", "-q -U", "a"),
    "a value of its own word": ("pip install -r FILE a", "install", "-r=FILE", "a"),
    "a joined value": ("pip install -rFILE", "install", "-r=FILE", ""),
    "joined letters, then a value": ("pip install -Ur FILE a", "install", "-U -r=FILE", "a"),
    "joined letters, each an option": ("apt-get -yqq install a", "install", "-y -q -q", "a"),
    "a value behind =": ("pip install --target=/x a", "install", "--target=/x", "a"),
    "a short option with =": ("apt-get -q=2 -o=A::B=1 install a", "install", "-q=2 -o=A::B=1", "a"),
    "a program with its version": ("/opt/bin/pip3.12 install -r FILE", "install", "-r=FILE", ""),
    "a value that is missing": ("pip install -r", "install", "-r", ""),
    "two dashes end the options": ("rm -r -- -x", None, "-r", "-x"),
    "a dash alone is an operand": ("wget -qO - URL", None, "-q -O=-", "URL"),
    "a verb of a verb": ("uv pip install --system -r FILE a", "pip install", "--system -r=FILE", "a"),
    "options in front of a verb of a verb": ("uv --directory x pip install a", "pip install", "--directory=x", "a"),
    "conda env": ("conda env create -f FILE", "env create", "-f=FILE", ""),
    "what a verb starts": ("poetry -C x run gunicorn -b y", "run", "-C=x", "gunicorn -b y"),
    "a script of python": ("python -u app.py -c x", None, "-u", "app.py -c x"),
    "a module of python": ("python3.11 -m flask --app x run", None, "-m=flask", "--app x run"),
    "code of python": ("python -c CODE -m x", None, "-c=CODE", "-m x"),
    "a line for a shell": ("bash -ec LINE -x", None, "-e -c", "LINE -x"),
    "tar without a dash": ("tar xzf FILE -C /x", None, "-x -z -f=FILE -C=/x", ""),
    "tar with two values": ("tar cfC FILE /x y", None, "-c -f=FILE -C=/x", "y"),
    "tar with a dash": ("tar -xzf FILE --strip-components=1", None, "-x -z -f=FILE --strip-components=1", ""),
    "sed with a copy": ("sed -i.bak -e s/a/b/ f", None, "-i=.bak -e=s/a/b/", "f"),
    "sed in place": ("sed -i s/a/b/ f", None, "-i", "s/a/b/ f"),
    "names behind one dash": ("find /x -name y -type f -delete", None, "-name=y -type=f -delete", "/x"),
    "a compiler": ("gcc -O2 -Iinc -o x y.c", None, "-O2 -I=inc -o=x", "y.c"),
    "make": ("make -j4 -C x install", None, "-j=4 -C=x", "install"),
    "useradd": ("useradd -rm -u 1000 -s /bin/sh app", None, "-r -m -u=1000 -s=/bin/sh", "app"),
    "adduser of busybox": ("adduser -S -D -G app -h /x app", None, "-S -D -G=app -h=/x", "app"),
    "addgroup of busybox": ("addgroup -g 1000 -S app", None, "-g=1000 -S", "app"),
    "apk": ("apk add --no-cache -t .deps gcc", "add", "--no-cache -t=.deps", "gcc"),
    "curl": ("curl -fsSLo FILE URL", None, "-f -s -S -L -o=FILE", "URL"),
    "git clone": ("git -C x clone --depth 1 -b v URL", "clone", "-C=x --depth=1 -b=v", "URL"),
    "flask": ("flask --app x run -h 0 -p 5", "run", "--app=x -h=0 -p=5", ""),
    "celery": ("celery -A x worker -l info -c 2", "worker", "-A=x -l=info -c=2", ""),
    "gunicorn": ("gunicorn -w 2 -b :80 app:app", None, "-w=2 -b=:80", "app:app"),
    "an unknown program takes no values": ("thing -x y --z=1", None, "-x --z=1", "y"),
}


@pytest.mark.parametrize(("text", "verb", "options", "operands"), LINES.values(), ids=LINES)
def test_argv(text: str, verb: str | None, options: str, operands: str) -> None:
    line = argv(_words(text))
    shown = [option.name if option.value is None else f"{option.name}={option.value.value}" for option in line.options]
    assert line.verb == verb
    assert shown == options.split()
    assert [word.value for word in line.operands] == operands.split()


def test_a_value_whose_end_is_not_known_keeps_its_beginning() -> None:
    span = Span(0, 1)
    words = (Word("pip", "pip", span), Word("", "install", span), Word("", None, span, "--target=/opt/"))
    target = argv(words).value("--target")
    assert target is not None
    assert (target.value, target.head) == (None, "/opt/")


def test_a_verb_that_is_not_known_is_none() -> None:
    span = Span(0, 1)
    assert argv((Word("uv", "uv", span), Word("$A", None, span), Word("b", "b", span))).verb is None


BEHIND = {
    "sudo": ("sudo -EH -u app A=b pip install x", "pip install x"),
    "env": ("env -i A=b gunicorn app", "gunicorn app"),
    "exec": ("exec gunicorn app", "gunicorn app"),
    "exec under another name": ("exec -a x gunicorn", "gunicorn"),
    "timeout": ("timeout -k 5 10 curl -f x", "curl -f x"),
    "xargs": ("xargs -0 -n 1 rm -f", "rm -f"),
    "nice": ("nice -n 5 a -n", "a -n"),
    "time": ("time -f x a", "a"),
    "nohup": ("nohup a &", "a"),
    "gosu": ("gosu app:app a -b", "a -b"),
    "su-exec": ("su-exec app a", "a"),
    "tini": ("/sbin/tini -g -- a", "a"),
    "dumb-init": ("dumb-init --rewrite 15:2 a", "a"),
    "setpriv": ("setpriv --reuid=app --regid 1 --clear-groups a", "a"),
    "runuser": ("runuser -u app -- a -b", "a -b"),
    "poetry run": ("poetry run a -b", "a -b"),
    "uv run": ("uv run --no-sync --with x a -b", "a -b"),
    "conda run": ("conda run -n x --no-capture-output a", "a"),
    "a script that waits": ("wait-for-it.sh db:1 -t 5 -- a", "a"),
    "poetry does not always run": ("poetry install", None),
    "env alone": ("env", None),
    "a user's shell": ("runuser app -c x", None),
    "a program that starts nothing": ("gunicorn env", None),
    "a script that only waits": ("wait-for-it.sh db:1 -t 5", None),
}


@pytest.mark.parametrize(("text", "expected"), BEHIND.values(), ids=BEHIND)
def test_the_command_behind_a_wrapper(text: str, expected: str | None) -> None:
    found = behind(argv(_words(text)))
    assert (None if found is None else " ".join(word.text for word in found)) == expected


def test_wrappers_in_wrappers() -> None:
    (command,) = script_of_text("sudo env A=b timeout 5 gosu app python -m poetry run gunicorn app").commands
    names, inner = unwrapped(command)
    assert names == ("sudo", "env", "timeout", "gosu", "poetry")
    assert inner.values == ("gunicorn", "app")


def test_every_grammar_is_there_once() -> None:
    names = [row["program"] for row in rows("command_options")]
    assert len(names) == len(set(names))


@given(st.sampled_from([row["program"] for row in rows("command_options")]), st.lists(st.text(max_size=6), max_size=6))
def test_any_command_line_comes_apart_into_its_words(name: str, texts: list[str]) -> None:
    span = Span(0, 1)
    words = tuple(Word(text, text, span) for text in (*name.split(), *texts))
    line = argv(words)
    assert line.words == words
    assert [word.value for word in line.operands if word.value not in {*texts, *name.split()}] == []
