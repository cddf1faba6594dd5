"""What commands are given as passwords, tokens and keys: which option, which operand, what comes through a pipe."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pydock.patterns import regex
from pydock.project.secrets.placeholders import is_no_value, is_placeholder
from pydock.project.secrets.values import Weight, weigh
from pydock.shell import Command, Word, unwrapped
from pydock.text import unquote
from pydock.values import Value

# Programs and their options that take a secret: "user:" where it follows a user and a colon, "pass:" in openssl's way.
_OPTIONS: tuple[tuple[str, str, str], ...] = (
    ("curl", "-u --user -U --proxy-user", "user:"),
    ("curl", "--oauth2-bearer --pass --proxy-pass", ""),
    ("skopeo podman buildah", "--creds --src-creds --dest-creds", "user:"),
    ("docker podman buildah nerdctl helm oras crane skopeo az twine", "-p", "login"),
    ("sshpass", "-p", ""),
    ("mysql mysqldump mysqladmin mysqlimport mysqlshow mysqlcheck mariadb mariadb-dump mariadb-admin", "-p", "joined"),
    ("keytool jarsigner", "-storepass -keypass -srcstorepass -deststorepass -srckeypass -destkeypass", ""),
    ("openssl", "-passin -passout -pass", "pass:"),
    ("redis-cli", "-a --pass", ""),
    ("mongo mongosh mongodump mongorestore mongoimport mongoexport", "-p", ""),
    ("useradd usermod adduser groupadd", "-p", ""),
    ("zip unzip", "-P", ""),
    ("7z 7za", "-p", "joined"),
    ("lftp smbclient", "-u -U", "user,"),
    ("ncftpget ncftpput sqlcmd bcp", "-p -P", ""),
)
# Programs, their verb, and which operand behind it is the secret; -2 where the operand before it is its name.
_OPERANDS: tuple[tuple[str, str, int], ...] = (
    ("rabbitmqctl", "add_user", 2),
    ("rabbitmqctl", "change_password", 2),
    ("vault", "login", 1),
    ("snyk", "auth", 1),
    ("ngrok", "authtoken", 1),
    ("conan", "user", 2),
)
_NAMED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("aws", ("configure", "set")),
    ("gcloud", ("config", "set")),
    ("npm", ("config", "set")),
    ("npm", ("set",)),
    ("pnpm", ("config", "set")),
    ("yarn", ("config", "set")),
    ("git", ("config",)),
    ("gem", ("config",)),
    ("conda", ("config",)),
    ("heroku", ("config:set",)),
    ("dotnet", ("user-secrets", "set")),
)
_BY_LOGIN = frozenset({"login"})
_PRINTERS = frozenset({"echo", "printf"})
# curl's options without a value, which may stand in front of -u: `-sSfu`.
_CLUSTER = regex(r"-[fsSLkiIgvOJRNnjlqZ046#]+(?P<rest>[uU].*)\Z", re.S)
_ASSIGNMENT = regex(r"(?P<name>[A-Za-z_][\w.-]*)=(?P<value>.+)\Z", re.S)
_LINE = regex(
    r"^[ \t]*(?:export[ \t]+|set[ \t]+)?[\"']?(?P<name>[A-Za-z_][\w.-]{0,119})[\"']?[ \t]*[=:][ \t]*(?P<value>\S.*)$",
    re.M,
)
_ACCOUNT = regex(r"^[ \t]*(?P<user>[A-Za-z_][\w.-]{0,40}):(?P<value>[^\s:\"']+)[ \t]*$", re.M)


class Given(Value):
    """A secret that a command is given: what it is, in which word, what stands right before it, and its value.

    `is_set` for a password that the command sets: then a placeholder is one, too.
    """

    what: str
    word: Word
    before: str
    value: str
    is_set: bool = False

    @property
    def weight(self) -> Weight:
        if is_no_value(self.value) or not self.value.strip():
            return Weight.NOTHING
        return Weight.PLACEHOLDER if is_placeholder(self.value) else Weight.SECRET


def given(command: Command) -> Iterator[Given]:
    """The secrets among the words of one command; placeholders are left out, but for passwords that it sets."""
    found = [*_assigned(command), *_by_name(command), *_by_program(_inner(command)), *_text(command)]
    yield from (
        each for each in found if each.weight is Weight.SECRET or (each.is_set and each.weight is not Weight.NOTHING)
    )


def piped(first: Command, second: Command) -> Iterator[Given]:
    """The secrets that one command prints into another: `echo user:password | chpasswd`, `... | docker login`."""
    printer, reader = _inner(first), _inner(second)
    if printer.program not in _PRINTERS:
        return
    for word in printer.words[1:]:
        plain = plain_text(word)
        if reader.program == "chpasswd":
            yield from _accounts(word, plain)
        elif not plain.startswith("-") and _reads_secret(reader):
            found = Given(f"the password of {reader.program}", word, "", plain.removesuffix("\\n"))
            if found.weight is Weight.SECRET and not re.search(r"\s", found.value.strip()):
                yield found


def accounts(text: str) -> Iterator[tuple[str, str, int, int]]:
    """(user, password, where it begins and ends) of each line that chpasswd would read."""
    for match in _ACCOUNT.finditer(text):
        yield match["user"], match["value"], *match.span("value")


def lines(text: str) -> Iterator[tuple[str, str, int, int]]:
    """(name, value, where it begins and ends) of each line of a text that is written, such as an .env."""
    for match in _LINE.finditer(text):
        value = match["value"].strip().rstrip(",;").strip("\"'")
        start = text.find(value, match.start("value"))
        if value and weigh(match["name"], value) is Weight.SECRET:
            yield match["name"], value, start, start + len(value)


def plain_text(word: Word) -> str:
    """What a shell makes of a word, with its variables as they stand."""
    return unquote(word.text) if word.value is None else word.value


def _accounts(word: Word, plain: str) -> Iterator[Given]:
    for user, password, _, _ in accounts(plain.replace("\\n", "\n")):
        found = Given(f"the password of {user}", word, f"{user}:", password, is_set=True)
        if found.weight is not Weight.NOTHING:
            yield found


def _reads_secret(reader: Command) -> bool:
    options = ("--password-stdin", "--with-token", "--stdin", "--passphrase-fd", "-S", "--token-stdin")
    return reader.program in {"passwd", "sudo", "docker", "podman", "gh", "gpg", "helm", "glab"} and reader.has(
        *options
    )


def _inner(command: Command) -> Command:
    """The command behind `sudo`, `env A=b` and the like; `sudo -S` itself reads a password."""
    return command if command.program == "sudo" and command.has("-S") else unwrapped(command)[1]


def _assigned(command: Command) -> Iterator[Given]:
    """`NAME=value` in front of a command, behind export, or as an operand: `--build-arg TOKEN=...`."""
    for word in (*command.assignments, *command.words[1:]):
        match = _ASSIGNMENT.match(word.text)
        value = unquote(match["value"]) if match else ""
        if match and weigh(match["name"], value) is Weight.SECRET and match["name"] not in {"id", "type", "src"}:
            yield Given(f"the value of {match['name']}", word, "", value)


def _by_name(command: Command) -> Iterator[Given]:
    """`--password value`, `--password=value`, `-Dpassword=value`, `-password value`."""
    for at, word in enumerate(command.words[1:], 1):
        name, equals, value = plain_text(word).partition("=")
        option = re.match(r"--?(?:D(?=\w))?(?P<name>[A-Za-z][\w.-]{2,119})\Z", name)
        if not option:
            continue
        follower = command.words[at + 1] if not equals and at + 1 < len(command.words) else None
        value = value if equals else plain_text(follower) if follower else ""
        if (not equals and value.startswith("-")) or value.startswith(("id=", "type=", "src=")):
            continue
        if weigh(option["name"], value) is Weight.SECRET:
            yield Given(f"the value of {option['name']}", word, name, value)


def _by_program(command: Command) -> Iterator[Given]:
    for options, way in _options_of(command.program):
        if way != "login" or _BY_LOGIN & set(command.values) or command.program == "twine":
            for name in options.split():
                yield from _optional(command, name, way)
    for program, verb, at in _OPERANDS:
        if command.program == program and verb in command.values:
            operands = _operands(command.words[command.values.index(verb) + 1 :])
            if len(operands) >= at:
                yield _given(command.program, operands[at - 1])
    for program, verbs in _NAMED:
        if command.program == program and command.values[1 : 1 + len(verbs)] == verbs:
            operands = _operands(command.words[1 + len(verbs) :])
            if (
                len(operands) >= 2
                and weigh(plain_text(operands[0]).rpartition(":")[2], plain_text(operands[1])) is Weight.SECRET
            ):
                yield Given(f"the value of {plain_text(operands[0])}", operands[1], "", plain_text(operands[1]))
    yield from _repositories(command)


@lru_cache(maxsize=256)
def _options_of(program: str) -> tuple[tuple[str, str], ...]:
    """The options of a program that take a secret, and how."""
    return tuple((options, way) for programs, options, way in _OPTIONS if program in programs.split())


def _repositories(command: Command) -> Iterator[Given]:
    """`poetry config http-basic.NAME user password`, `poetry config pypi-token.NAME token`, and Composer's."""
    if command.program not in {"poetry", "composer", "pdm"} or command.values[1:2] != ("config",):
        if command.program == "htpasswd" and any(re.match(r"-\w*b", value) for value in command.values):
            yield from (_given("htpasswd", word) for word in _operands(command.words[1:])[-1:])
        return
    operands = _operands(command.words[2:])
    kind = plain_text(operands[0]) if operands else ""
    at = (
        2
        if kind.startswith("http-basic")
        else 1
        if kind.startswith(("pypi-token", "github-oauth", "gitlab-token", "bearer"))
        else 0
    )
    if kind.startswith(("repository.", "pypi.")) and kind.endswith("password"):
        at = 1
    if at and len(operands) > at:
        yield _given(kind, operands[at])


def _optional(command: Command, name: str, way: str) -> Iterator[Given]:
    for at, word in enumerate(command.words[1:], 1):
        plain = plain_text(word)
        if way == "user:" and (cluster := _CLUSTER.match(plain)):
            plain = f"-{cluster['rest']}"
        if plain == name and way != "joined":
            follower = command.words[at + 1] if at + 1 < len(command.words) else None
            found, before = (plain_text(follower), name) if follower else ("", name)
            place = follower or word
        elif plain.startswith(name) and len(plain) > len(name) and (name.startswith("--") is (plain[len(name)] == "=")):
            found, before, place = plain[len(name) + name.startswith("--") :], name, word
        else:
            continue
        if way in {"user:", "user,"}:
            user, mark, found = found.partition(way[-1])
            found = found.strip() if mark else ""
            before = f"{user}{way[-1]}"
        elif way == "pass:":
            kind, _, found = found.partition(":")
            before, found = "pass:", found if kind == "pass" else ""
        yield Given(f"the password of {command.program}", place, before, found)


def _given(what: str, word: Word) -> Given:
    return Given(f"the secret of {what}", word, "", plain_text(word))


def _operands(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if not plain_text(word).startswith("-")]


def _text(command: Command) -> Iterator[Given]:
    """What is printed or written by a program's own lines: `printf 'API_TOKEN=...' > .env`."""
    if _inner(command).program not in _PRINTERS:
        return
    for word in command.words[1:]:
        for name, value, _, _ in lines(plain_text(word).replace("\\n", "\n")):
            yield Given(f"the value of {name}", word, "", value)
