"""Settings that the source holds as literals: secrets, and addresses of other services."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from pydock.build.sources import sources
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.project.secrets import Weight, mask, weigh
from pydock.service.app import app
from pydock.service.code.imports import nearest_files
from pydock.service.django.settings import read_stars
from pydock.source import syntax
from pydock.values import Value

_SETTINGS = regex(r"(?:\A|/)(?:settings|config|configuration|constants|conf)(?:/[^/]*)?\.py\Z|/settings/[^/]*\.py\Z")
_BACKING = regex(
    r"(?:DB|DATABASE|SQL|PG|POSTGRES\w*|MYSQL|MARIADB|MONGO\w*|REDIS|CACHE|MEMCACHED?|RABBIT\w*|AMQP|KAFKA|NATS|BROKER|"
    r"CELERY|QUEUE|ELASTIC\w*|OPENSEARCH|SOLR|CASSANDRA|INFLUX\w*|CLICKHOUSE|NEO4J|MINIO|S3|VAULT|CONSUL|SMTP|MAIL|EMAIL|LDAP|MQTT)"
)
# What is called BACKEND is a class or an alias as often as an address; an address tells itself by its scheme.
_PLACE = regex(r"HOST|HOSTNAME|ADDRESS|SERVERS?|URL|URI|DSN|ENDPOINT|BROKERS?")
# What takes the place of a value that the environment does not give.
_FALLBACK = regex(r"DEFAULT_|FALLBACK_")
# Of these a plain word is the name of a page or a view.
_WITH_SCHEME = frozenset({"URL", "URI", "DSN", "ENDPOINT"})
# A line that sets something to a literal, of a name or value that may matter.
_HINT = regex(
    r"^[^#\n]*(?:SECRET|PASS|PW|TOKEN|KEY|CREDENTIAL|HOST|SERVER|ADDRESS|URL|URI|DSN|BROKER|ENDPOINT|BACKEND|://)"
    r"[^#\n]*[:=][^\n]*[\"']",
    re.I | re.M,
)
_SCHEME = regex(
    r"(?:postgres(?:ql)?|mysql|mariadb|mongodb|redis|rediss|amqps?|kafka|memcached?|smtp|ldap|mqtt|nats)"
    r"(?:\+\w+)?://[^\s]+\Z"
)
_HOST = regex(r"(?:https?://|tcp://)?[A-Za-z0-9][\w.-]*(?::\d+)?(?:/\S*)?\Z")
# Classes of these read the environment by themselves.
_READS_ENVIRONMENT = regex(r"Settings|BaseModel|Config\b.*\bBaseSettings|Schema|Model|Enum|TypedDict|NamedTuple")
_HOLDS_SETTINGS = regex(r"Config|Settings|Production|Default|Base")
_FOR_TESTS = regex(r"Test|Dev(?:elop|\b|Config|Settings)|Local|Debug")
_FILE_FOR_TESTS = regex(r"(?:\A|/)(?:dev\w*|local\w*|tests?|testing|ci|[\w.]*example[\w.]*)\.py\Z")


class Literal(Value):
    """A literal that differs between environments. The value itself is not in here.

    `line` counts from 1 and `column` in characters from 0; `variable` is the environment
    variable that it could come from.
    """

    path: str
    line: int
    column: int
    variable: str
    is_secret: bool


@remembered
def literals(project: Project) -> tuple[Literal, ...]:
    """The literal settings in the application's files and in what is called settings or config."""
    application = app(project)
    reached = application.reached if application else ()
    paths = dict.fromkeys([*reached, *(path for path in sources(project) if _SETTINGS.search(path))])
    paths = dict.fromkeys(path for path in paths if not _FILE_FOR_TESTS.search(path))
    found = [literal for path in paths for literal in _of_file(project, path)]
    return tuple(each for each in found if not (each.is_secret and _is_set_again(project, each, paths)))


def _is_set_again(project: Project, literal: Literal, paths: Iterable[str]) -> bool:
    """Whether a file that takes everything from this one gives the name another value: then this one is never used."""
    again = re.compile(rf"^[ \t]*{re.escape(literal.variable)}[ \t]*=", re.M)
    texts = {path: text for path in paths if (text := project.tree.text(path)) and again.search(text)}
    taken = ((path, star) for path, text in texts.items() if path != literal.path for star in read_stars(text))
    return any(literal.path in nearest_files(project, path, star) for path, star in taken)


def _of_file(project: Project, path: str) -> Iterator[Literal]:
    text = project.tree.text(path) or ""
    tree = syntax(text) if _HINT.search(text) else None
    if tree is None:
        return
    lines, shown = text.split("\n"), ""
    for name, value in _assigned(tree.body):
        held, line = str(value.value), lines[value.lineno - 1]
        is_secret = weigh(name, held) is not Weight.NOTHING and not re.search(r"\s", held)
        is_secret = is_secret and not _is_own_name(name, held) and not _FALLBACK.match(name)
        if not (is_secret or is_backing_service(name, held)):
            continue
        if is_secret:
            shown = shown or mask(text)
            # What a report would show has to be hidden in it.
            if held in shown.split("\n")[value.lineno - 1] or value.end_lineno != value.lineno:
                continue
        before = line.encode("utf-8", "surrogateescape")[: value.col_offset]
        yield Literal(path, value.lineno, len(before.decode("utf-8", "surrogateescape")), name, is_secret)


def _is_own_name(name: str, value: str) -> bool:
    """Whether `CONFIG_API_KEY = "api-key"` only names a key of something else."""
    plain = re.sub(r"[\W_]", "", value).upper()
    return plain != "" and name.replace("_", "").endswith(plain)


def is_backing_service(name: str, value: str) -> bool:
    """Whether a setting is the address of a database, a broker or the like."""
    if _SCHEME.match(value):
        return True
    parts = name.upper().split("_")
    is_named = _PLACE.fullmatch(parts[-1]) and any(_BACKING.fullmatch(part) for part in parts)
    is_whole = parts[-1] not in _WITH_SCHEME or ":" in value or "." in value
    return bool(is_named and is_whole and _HOST.match(value) and not value.isdigit())


def _assigned(body: list[ast.stmt]) -> Iterator[tuple[str, ast.Constant]]:
    """The constants that stand at the top of a file or in a class, with the variable each could come from."""
    for statement in body:
        match statement:
            case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=value) if value:
                yield from _setting(target, value)
            case ast.ClassDef(name=name, bases=bases) if not _is_left_out(name, bases):
                yield from _assigned(statement.body)
            case _:
                pass


def _is_left_out(name: str, bases: list[ast.expr]) -> bool:
    """Whether a class holds no settings, reads the environment by itself, or is for tests and developers only."""
    if not _HOLDS_SETTINGS.search(name) or _FOR_TESTS.search(name):
        return True
    return any(_READS_ENVIRONMENT.search(ast.unparse(base)) for base in bases)


def _setting(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.Constant]]:
    match target, value:
        case ast.Name(id=name), ast.Constant(value=str()) if not name.startswith("_"):
            yield name.upper(), value
        case ast.Attribute(value=ast.Name(), attr="secret_key"), ast.Constant(value=str()):
            yield "SECRET_KEY", value
        case (
            ast.Subscript(value=ast.Attribute(attr="config"), slice=ast.Constant(value=str(name))),
            ast.Constant(value=str()),
        ) if name.isidentifier():
            yield name.upper(), value
        case ast.Name(id="DATABASES"), ast.Dict():
            for key, inner in _pairs(value):
                if key == "default" and isinstance(inner, ast.Dict):
                    for name, entry in _pairs(inner):
                        if name in {"HOST", "PASSWORD"} and isinstance(entry, ast.Constant):
                            yield f"DATABASE_{name}", entry
        case _:
            return


def _pairs(table: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    for key, value in zip(table.keys, table.values, strict=True) if isinstance(table, ast.Dict) else ():
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value, value


def runs_application(project: Project) -> Iterator[int]:
    """The lines of RUN that start the application's own code while the image is built."""
    for instruction in project.final.of("RUN"):
        if re.search(r"manage\.py|collectstatic|flask\s|alembic|compilemessages", instruction.value):
            yield instruction.number
