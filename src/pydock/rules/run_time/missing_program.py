"""Something calls a program that the image does not have.

A health check with curl on a slim image fails for ever, an entrypoint that waits with `nc`
stops the container before it starts. Nobody sees it in the build.

The cure for a health check is Python's own `urllib`, which is there anyway; for everything
else the Debian package, where the stage installs packages already. Safe: what is replaced or
added did not work before. A call in the application's source may never be reached, so there
the package is unsafe; and a health check that takes any answer for a good one (`curl`
without `-f`) becomes a stricter one, which is unsafe too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from pydock.build import walk
from pydock.build.containers.entry_point import probe
from pydock.build.installs import requirement_sets
from pydock.build.walk import script_text, starts
from pydock.dockerfile import Instruction
from pydock.images.debian import program, programs_in
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.service.run_time_programs import called_programs
from pydock.shell import Command
from pydock.system.additions import added
from pydock.system.apt import apt_installs
from pydock.text import Edit, Fix, Safety

# Programs of the system; what Python packages bring as well (gunicorn, celery, supervisord) is their business.
_SYSTEM_PROGRAMS = (
    "curl wget nc netcat ncat telnet ping dig nslookup host ss netstat ip ifconfig git svn hg ssh scp "
    "sshpass rsync psql pg_isready pg_dump pg_restore createdb mysql mysqladmin mysqldump mariadb "
    "mysqlcheck redis-cli mongo mongodump sqlite3 jq ps pgrep pkill killall top free watch vim nano less "
    "more ffmpeg ffprobe sox convert magick identify mogrify gs pdftotext pdftoppm pdfinfo pdftocairo "
    "qpdf tesseract wkhtmltopdf wkhtmltoimage pandoc libreoffice soffice antiword unrtf dot chromium "
    "chromium-browser google-chrome firefox unzip zip 7z 7za unrar xz bzip2 zstd file msgfmt envsubst "
    "gettext xmllint gosu tini dumb-init sudo nginx cron crond make gcc g++ cmake openssl gpg java xvfb- "
    "run Xvfb bash inotifywait lsof strace tcpdump nmap socat screen tmux exiftool mediainfo espeak "
    "espeak-ng pdflatex xelatex latex optipng jpegoptim gifsicle samtools"
)
_PROGRAMS = frozenset(_SYSTEM_PROGRAMS.split())
_CURL = regex(r"-[fsSLI]+|--(fail|silent|show-error|location|head|fail-with-body|no-progress-meter)")
_WGET = regex(r"-(q|nv|qO-|O-)|--(quiet|no-verbose|spider|tries=\d+|timeout=\d+)|-[tT]\d+")
_WITH_VALUE = {"curl": {"-o", "--output", "-m", "--max-time", "--connect-timeout"}, "wget": {"-O", "-t", "-T", "-qO"}}
_URL = regex(r"(?:http://)?[\w.${}:-]+(?:/[\w./${}:?=&-]*)?\Z")

EXAMPLES = (
    Example(
        before=(
            "FROM python:3.12-slim\nHEALTHCHECK --interval=15s \\\n  CMD curl -f http://localhost:5000/ping || exit 1\n"
            'CMD ["python", "app.py"]\n'
        ),
        after=(
            "FROM python:3.12-slim\nHEALTHCHECK --interval=15s \\\n  CMD "
            '["python", "-c", "import urllib.request as r; r.urlopen(\'http://localhost:5000/ping\')"]\n'
            'CMD ["python", "app.py"]\n'
        ),
    ),
    Example(
        before=(
            "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y libpq5\nCOPY start.sh /start.sh\n"
            'CMD ["/start.sh"]\n'
        ),
        after=(
            "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y libpq5 netcat-openbsd\n"
            'COPY start.sh /start.sh\nCMD ["/start.sh"]\n'
        ),
        files={"start.sh": "#!/bin/sh\nuntil nc -z db 5432; do sleep 1; done\nexec python app.py\n"},
    ),
    Example(before="FROM python:3.12\nHEALTHCHECK CMD curl -f http://localhost:5000/ping\nCMD python app.py\n"),
    Example(
        before='FROM python:3.12-slim\nCOPY start.sh /start.sh\nCMD ["/start.sh"]\n',
        files={"start.sh": "#!/bin/sh\npsql -c 'select 1'\nexec python app.py\n"},
        finds=True,
    ),
)


def check(project: Project) -> Iterator[Finding]:
    if not project.is_debian_python(project.final):
        return
    for name, places in called_programs(project).items():
        package = _package(project, name)
        if package is None or _is_optional(project, name):
            continue
        instruction = _probe_that_calls(project, name)
        fix = _asked_by_python(project, instruction, name) if instruction else None
        fix = fix or _installed(project, package, places)
        yield Finding(
            RULE,
            (instruction or project.final.start).body,
            f"{name} is not in the image, but {places[0]} calls it",
            fix,
            cost="the call fails with exit code 127 each time",
            advice="" if fix else f"Install the package {package}, or do without {name}.",
        )


def _package(project: Project, name: str) -> str | None:
    """The Debian package to install for a program that the final image is known to lack."""
    found, image = program(name), project.python_image(project.final)
    if found is None or image is None or name not in _PROGRAMS:
        return None
    suites = found.slim_suites if image.variant == "slim" else found.full_suites
    if image.suite_meant in suites or not re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", found.package):
        return None
    return None if _is_brought(project, name, found.package) else found.package


def _is_brought(project: Project, name: str, package: str) -> bool:
    """Whether a package, a requirement or any RUN or COPY may bring the program."""
    if any(name in entry.names for entry in requirement_sets(project)):
        return True
    mentioned = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    for stage in project.lineage(project.final):
        for step in apt_installs(project, stage):
            is_alike = any(_stem(each) == _stem(package) or name in programs_in(each) for each in step.names)
            if not step.is_literal or is_alike:
                return True
        if any(mentioned.search(entry.value) for entry in stage.of("RUN", "COPY", "ADD")):
            return True
    return False


def _stem(package: str) -> str:
    """What `postgresql-client` and `postgresql-client-15` have in common, `netcat` and `netcat-openbsd` too."""
    return package.removeprefix("default-").split("-")[0].replace("mariadb", "mysql")


def _is_optional(project: Project, name: str) -> bool:
    """Whether a script asks first whether the program is there."""
    asks = re.compile(rf"(?:command -v|which|type|hash)\s+(?:-\w+\s+)?{re.escape(name)}\b")
    return any(asks.search(script_text(project, start)) for start in starts(project))


def _probe_that_calls(project: Project, name: str) -> Instruction | None:
    found = probe(project)
    if found is None or found not in project.final.instructions:
        return None
    return found if any(call.command.program == name for call in walk(project).commands_in(found)) else None


def _asked_by_python(project: Project, instruction: Instruction, name: str) -> Fix | None:
    """The same question asked with urllib; None for a check that does more than one plain GET."""
    commands = [call.command for call in walk(project).commands_in(instruction)]
    rest = [command.values for command in commands[1:]]
    if not commands or commands[0].program != name or any(values not in {("exit", "1"), ("false",)} for values in rest):
        return None
    url = _url(commands[0])
    match = re.match(r"CMD\s+", instruction.value, re.I)
    if url is None or match is None or commands[0].redirects:
        return None
    code = f"import urllib.request as r; r.urlopen('{url}')"
    text = f'python -c "{code}"' if "$" in url else json.dumps(["python", "-c", code])
    is_strict = name == "wget" or re.search(r"\s-\w*f|--fail", f" {' '.join(commands[0].values)}") is not None
    span = instruction.place(match.end(), len(instruction.value))
    doubts = () if is_strict else ("curl without -f takes an error page for an answer, urllib does not",)
    return Fix(
        f"ask with Python instead of {name}",
        Safety.UNSAFE if doubts else Safety.SAFE,
        (Edit(project.path, span, text),),
        frozenset({"healthcheck"}),
        doubts,
    )


def _url(command: Command) -> str | None:
    """The one URL of a curl or wget that does nothing but fetch it, variables as they stand."""
    name, plain = command.program, []
    words = iter(command.words[1:])
    for word in words:
        text = word.value if word.value is not None else word.text.strip("\"'")
        if text in _WITH_VALUE.get(name, set()):
            next(words, None)
        elif text.startswith("-"):
            if not (_CURL if name == "curl" else _WGET).fullmatch(text):
                return None
        else:
            plain.append(text)
    if name not in _WITH_VALUE or len(plain) != 1 or not _URL.match(plain[0]):
        return None
    return plain[0] if "://" in plain[0] else f"http://{plain[0]}"


def _installed(project: Project, package: str, places: Sequence[str]) -> Fix | None:
    """The package behind the others that the final stage installs."""
    edit = added(project, (package,))
    if edit is None:
        return None
    is_doubtful = all(re.search(r"\.py:\d+\Z", place) for place in places)
    doubts = ("the call may never be reached",) if is_doubtful else ()
    safety = Safety.UNSAFE if doubts else Safety.SAFE
    return Fix(f"install {package}", safety, (edit,), frozenset({"system_packages"}), doubts)


RULE = Rule("PYD415", "missing-program", check, __doc__, EXAMPLES, level=Level.ERROR)
