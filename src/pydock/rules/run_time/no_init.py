"""No init process reaps zombie processes, or the service gets the wrong signal.

The first process of a container inherits every orphan. A Python program does not wait for
children that it did not start: what a browser, an office suite or a script in the background
leaves behind stays as a zombie until the process table is full. And some servers take SIGTERM
for something else: to uWSGI it means "reload".

An init that does both is one word away: `docker run --init`, `init: true` in compose, or tini in
the image. pydock only says so, for the image does not have to change. STOPSIGNAL for uWSGI is
set where its configuration can be read and does not already say `die-on-term`. Safe: today
`docker stop` makes uWSGI reload and be killed ten seconds later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.build.containers.calls import python_calls
from pydock.build.containers.start import Start
from pydock.build.contract import contract
from pydock.build.views import files
from pydock.build.walk import starts
from pydock.project import Project, compose
from pydock.rule import Example, Finding, Rule
from pydock.service.listeners import Server
from pydock.service.main_command import main_command
from pydock.service.server import is_installed, server
from pydock.shell import INITS
from pydock.text import Edit, Fix, Safety, Span

_BASE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
_CALL = "import subprocess\nsubprocess.run(['soffice', '--convert-to', 'pdf', 'a.odt'])\n"
EXAMPLES = (
    Example(
        before=f'{_BASE}CMD ["uwsgi", "--http", ":8000", "--module", "app"]\n',
        after=f"{_BASE}# SIGTERM means reload to uWSGI\nSTOPSIGNAL SIGINT\n"
        'CMD ["uwsgi", "--http", ":8000", "--module", "app"]\n',
    ),
    Example(before=f'{_BASE}CMD ["uwsgi", "--http", ":8000", "--die-on-term"]\n'),
    Example(before=f'{_BASE}CMD ["python", "work.py"]\n', files={"work.py": _CALL}, finds=True),
    Example(before=f'{_BASE}ENTRYPOINT ["tini", "--"]\nCMD ["python", "work.py"]\n', files={"work.py": _CALL}),
)

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "chromedriver", "firefox", "geckodriver")
_LEAVES_ORPHANS = frozenset([*_BROWSERS, "soffice", "libreoffice", "unoconv", "Xvfb", "xvfb-run", "wkhtmltopdf"])
_BROWSER_PACKAGES = ("selenium", "playwright", "pyppeteer", "undetected-chromedriver")


def check(project: Project) -> Iterator[Finding]:
    start = main_command(project)
    if start is None or start.instruction is None:
        return
    yield from _check_signal(project, start)
    if _has_init(project):
        return
    reasons = [f"{place} starts {name}" for name, place in python_calls(project) if name in _LEAVES_ORPHANS]
    reasons += [f"{package} starts a browser" for package in _BROWSER_PACKAGES if is_installed(project, package)]
    reasons += [f"{each.origin} runs {each.program} beside it" for each in starts(project) if each.is_background]
    if reasons:
        more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        yield Finding(
            RULE,
            start.span or start.instruction.value_span,
            f"{start.program} is PID 1 and no init process, so zombie processes are not reaped: {reasons[0]}{more}",
            cost="zombie processes pile up until the process table is full",
            advice="Run it with `docker run --init` or `init: true` in compose, or put tini in front of the command.",
        )


def _has_init(project: Project) -> bool:
    own = [start for start in starts(project) if start.role in {"start", "script"}]
    if any({*start.wrappers, start.program} & INITS for start in own):
        return True
    services = compose.services(project)
    return bool(services) and all(service.init for service in services)


def _check_signal(project: Project, start: Start) -> Iterator[Finding]:
    found = server(project)
    is_set = any(stage.last("STOPSIGNAL") for stage in project.lineage(project.final))
    if found is None or found.kind != "uwsgi" or is_set or start.instruction is None:
        return
    is_first = not start.in_shell or "exec" in start.wrappers
    settings = _settings(project, found)
    if settings is not None and re.search(r"die-on-term|unix_signal:15", settings):
        return
    fix = None
    place = project.final.last("CMD") or project.final.last("ENTRYPOINT")
    if settings is not None and is_first and place is not None:
        at = Span(place.span.start, place.span.start)
        text = project.dockerfile.written("# SIGTERM means reload to uWSGI\nSTOPSIGNAL SIGINT\n")
        title = "stop uWSGI with the signal that it stops at"
        fix = Fix(title, Safety.SAFE, (Edit(project.path, at, text),), frozenset({"stop_signal"}))
    yield Finding(
        RULE,
        start.span or start.instruction.value_span,
        "docker stop sends SIGTERM, which makes uWSGI reload",
        fix,
        cost="each stop takes ten seconds and ends with SIGKILL",
        advice="" if fix else "Set `die-on-term = true` in uWSGI's configuration, or STOPSIGNAL SIGINT.",
    )


def _settings(project: Project, found: Server) -> str | None:
    """Everything that uWSGI is told, None where a file of it cannot be read."""
    words = found.command.words[1:]
    texts = [word.text for word in words]
    # uWSGI takes every option from the environment too.
    in_environment = [name for name in contract(project).environment if name.startswith("UWSGI_")]
    texts += [name.lower().replace("_", "-") for name in in_environment]
    if not words or any(name in {"UWSGI_INI", "UWSGI_YAML", "UWSGI_EMPEROR"} for name in in_environment):
        return None
    for value in found.command.values[1:]:
        if re.search(r"\.(ini|ya?ml|json|xml)\Z", value):
            read = files(project).content(value.removeprefix("--ini=").removeprefix("--yaml="))
            if read is None:
                return None
            texts.append(read[1])
    return None if any("$" in word.text and word.value is None for word in words) else " ".join(texts)


RULE = Rule("PYD406", "no-init", check, __doc__, EXAMPLES)
