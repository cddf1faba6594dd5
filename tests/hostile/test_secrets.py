"""What is taken for a secret and what is not, and that no value is shown, whatever it is and however it is quoted."""

from __future__ import annotations

import json
import re
import shlex
import string
import subprocess
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydock.context import Tree
from pydock.project.secrets import Weight, mask, weigh
from pydock.questions import plan
from pydock.questions.ask import answer
from pydock.report.formats import diff
from pydock.targets import Target
from pydock.terminal import Style
from pydock.values import replace
from tests.command_line import Runner
from tests.hostile.secrets_kinds import HEX, KINDS, MIXED, PLAIN, Kind
from tests.hostile.test_printing import CHECK, FIX, RULES, made

PLACEHOLDERS = (
    *("dummy", "x", "test", "changeme", "placeholder", "none", "empty", "xxx", "your-secret-key-here"),
    *("not-a-real-secret", "secret123", "'<token>'"),
)
# What a reviewer would let pass: (what it is, lines of a Dockerfile).
HARMLESS = (
    ("a word for the build", "RUN SECRET_KEY=build python manage.py collectstatic\n"),
    *(
        (f"the placeholder {value}", f"RUN SECRET_KEY={value} python manage.py check\nARG DB_PASSWORD={value}\n")
        for value in PLACEHOLDERS
    ),
    ("an empty value", 'RUN DB_PASSWORD="" ./migrate\n'),
    ("the name of a header", "ENV API_KEY_HEADER=X-Api-Key\n"),
    ("a file with the secret", "ENV DB_PASSWORD_FILE=/run/secrets/db TOKEN=/run/secrets/token\n"),
    ("a variable from outside", 'RUN fetch --password "$PASSWORD" && curl -u "ci:${PASSWORD}" https://files.example.com\n'),
    ("whether there is a password", "ENV HAS_LOGIN=${ROOT_PASSWORD:+true}\n"),
    ("a secret mount", "RUN --mount=type=secret,id=token TOKEN=$(cat /run/secrets/token) fetch\n"),
    ("the name of a secret", "RUN docker build --secret id=token,src=token.txt .\n"),
    ("an address without a password", "ENV DATABASE_URL=postgres://db:5432/shop\n"),
    ("a user without a password", "RUN git clone ssh://git@git.example.com/lib.git && curl -u ci https://files.example.com\n"),
    ("a digest", f"LABEL checksum=sha256:{HEX}\nRUN echo '{HEX}  a.tgz' | md5sum -c\n"),
    ("a port of mysql", "RUN mysql -P 3306 -h db -e 'select 1'\n"),
    ("how long a password has to be", "ENV PASSWORD_MIN_LENGTH=12 TOKEN_TTL=3600 ACCESS_TOKEN_EXPIRE_MINUTES=30\n"),
    ("a public key", f"ENV PUBLIC_KEY={MIXED}\n"),
    ("a container port and path of docker", "RUN docker run -p 8080:80 nginx && mkdir -p /srv/a1b2c3d4\n"),
    ("an option of another program", "RUN curl -p https://a.example.com && ssh -p 2222 host && unzip a.zip\n"),
)  # fmt: skip


@pytest.mark.parametrize("lines", [pytest.param(lines, id=what) for what, lines in HARMLESS])
def test_what_is_no_secret_is_not_reported_and_not_hidden(lines: str) -> None:
    files = Kind("", lines).context
    said, _ = answer(CHECK, Target("Dockerfile", Tree.of(files), "Dockerfile", ""), {})
    assert RULES.isdisjoint(entry.code for entry in said.findings)
    assert said.mask(files["Dockerfile"]) == files["Dockerfile"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[project]\nname = "a"\nversion = "1"\n[tool.pytest_env]\nSENTRY_DSN = "https://k9zq7h:Xv2Lm9Kd@sentry.example.com/1"\n'),
        ("pyproject.toml", '[project]\nname = "a"\nversion = "1"\n[tool.pytest_env]\nDATABASE_URL = "postgres://user:pass@localhost/test"\n'),
        ("requirements.txt", "--extra-index-url https://user:password@pypi.example.com/simple\nflask==3.1.2\n"),
        ("requirements.txt", "lib @ git+https://${TOKEN}@git.example.com/lib.git\n"),
    ],
    ids=["the DSN of a test", "a database of a test", "a placeholder", "a variable"],
)  # fmt: skip
def test_what_is_no_password_of_an_index_is_not_reported(name: str, text: str) -> None:
    files = Kind("", files={name: text}).context
    said, _ = answer(CHECK, Target("Dockerfile", Tree.of(files), "Dockerfile", ""), {})
    assert "PYD210" not in {entry.code for entry in said.findings}


def test_a_password_that_everybody_can_guess_is_told_where_it_is_set(run: Runner, tmp_path: Path) -> None:
    files = Kind("", "RUN echo 'root:root' | chpasswd\n").context
    made(tmp_path, files)
    result = run("check", str(tmp_path), "--select", "PYD501")
    assert "Dockerfile:5:" in result.out
    assert "sets the password of root to one that everybody can guess" in result.out


def test_an_argument_for_a_password_is_found_although_no_run_names_it(run: Runner, tmp_path: Path) -> None:
    made(tmp_path, Kind("", 'ARG ROOT_PASSWORD=""\nARG api_key\nRUN true\n').context)
    out = run("check", str(tmp_path), "--select", "PYD501").out
    assert "ROOT_PASSWORD is passed as a build argument" in out
    assert "api_key is passed as a build argument" in out


@pytest.mark.parametrize("value", ["build", "dummy", "changeme", "your-secret-key-here"])
def test_a_placeholder_stands_in_the_way_of_no_patch(
    value: str, tmp_path: Path, state: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Kind("", f"ENV SECRET_KEY={value}\nRUN DB_PASSWORD={value} ./migrate\n").context
    for folder in ("svc", "other"):
        made(tmp_path / folder, files)
    monkeypatch.chdir(tmp_path)
    patched = run("fix", "--diff", "other", "--unsafe-fixes")
    run("migrate", "svc", "--unsafe-fixes")
    (written,) = state.rglob("patches/*")
    for folder, top, patch in (("other", ".", patched.data), ("svc", "svc", written.read_bytes())):
        assert f"SECRET_KEY={value}".encode() in patch
        subprocess.run(["git", "-C", str(tmp_path / top), "apply", "-"], input=patch, check=True)
        assert (tmp_path / folder / "Dockerfile").read_text() != files["Dockerfile"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("RUN fetch --password \\\n    hunter22 all", "RUN fetch --password \\\n    **** all"),
        ('fetch --password "hun"ter22 all', "fetch --password **** all"),
        ('["fetch", "--password", "hunter22"]', '["fetch", "--password", "****"]'),
        ("url = https://ci:hun@ter22@pypi.example.com/simple", "url = https://ci:****@pypi.example.com/simple"),
        ("${DB_PASSWORD:-hunter22}", "${DB_PASSWORD:-****}"),
        ("token = read()", "token = read()"),
    ],
    ids=[
        "an option and its value on two lines",
        "a word that is quoted in part",
        "exec form",
        "a password with an at sign",
        "a default",
        "a call of a program is no value",
    ],
)
def test_a_text_of_which_nothing_is_known_is_masked_by_names_and_shapes(text: str, shown: str) -> None:
    assert mask(text) == shown


WORDS = st.text(string.ascii_letters + string.digits + "_.~+-", min_size=10, max_size=40).filter(
    lambda text: text[0].isalpha() and any(map(str.isdigit, text)) and weigh("PASSWORD", text) is Weight.SECRET
)
ODD = st.text(string.ascii_letters + string.digits + " '\"\\$&|;<>(){}*?!%^,:/", min_size=8, max_size=30).filter(
    lambda text: text.strip() == text and sum(map(str.isalnum, text)) >= 6 and weigh("PASSWORD", text) is Weight.SECRET
)
PLACES = [kind for kind in KINDS if kind.value == PLAIN]


def _said(files: Mapping[str, str]) -> str:
    found = Target("Dockerfile", Tree.of(files), "Dockerfile", "")
    both = [answer(question, found, {})[0] for question in (CHECK, FIX)]
    formats = [
        import_module(f"pydock.report.formats.{form}").written([each], Style())
        for each in both
        for form in ("text", "json", "markdown", "github")
    ]
    return "\n".join([*formats, diff.patch(both, Style())[0], plan(FIX, found)])


# Each way in which a value may stand is tried with the plain one by `test_printing`.
@settings(max_examples=20)
@given(kind=st.sampled_from(PLACES), value=WORDS)
def test_whatever_the_value_is_it_is_shown_from_no_place(kind: Kind, value: str) -> None:
    assert value not in _said(replace(kind, value=value).context)


QUOTED: tuple[Callable[[str], str], ...] = (
    lambda value: f"RUN fetch --password {shlex.quote(value)} all\n",
    lambda value: f"RUN curl -u {shlex.quote(f'ci:{value}')} https://files.example.com\n",
    lambda value: f"HEALTHCHECK CMD fetch --password {shlex.quote(value)}\n",
    lambda value: f"CMD {json.dumps(['fetch', '--password', value])}\n",
    lambda value: 'ENV DB_PASSWORD="{}"\n'.format(re.sub(r'(["\\$])', r"\\\1", value)),
)


@settings(max_examples=8)
@given(values=st.lists(ODD, min_size=len(QUOTED), max_size=len(QUOTED)))
def test_however_a_value_is_quoted_it_is_not_shown(values: list[str]) -> None:
    said = _said(Kind("", "".join(place(value) for place, value in zip(QUOTED, values, strict=True))).context)
    for value in values:
        assert value not in said
        assert json.dumps(value)[1:-1] not in said
        assert shlex.quote(value) not in said


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "a-",
        "TOKEN=",
        "TOKEN=${ ",
        "://",
        "-----BEGIN PRIVATE KEY-----",
        "eyJ-",
        "X-",
        "mysql ",
        "machine ",
        "\\\n",
        "sk-",
        "a=${",
    ],
)
def test_a_long_text_of_one_thing_is_looked_through(part: str) -> None:
    """Where it took time by the square of the length this would not end while somebody waits."""
    text = part * (200_000 // len(part))
    assert len(mask(text)) <= len(text) + 10
