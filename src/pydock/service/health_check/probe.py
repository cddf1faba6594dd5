"""A HEALTHCHECK that fits the service: what it asks, the script that asks, and where it stands.

Why the standard library's own client: urllib follows a redirect to https and honours proxy
variables, neither of which a question to this container itself should do.
"""

from __future__ import annotations

import posixpath
import re

from pydock.build.contract import contract
from pydock.build.copies import copies
from pydock.build.steps import read_steps
from pydock.build.views import files
from pydock.project import Project
from pydock.service.code.ports import Port
from pydock.values import Value

NAME = "healthcheck.py"


class Question(Value):
    """What the probe asks: a GET of `route` that has to answer below `limit`, or a connection where there is none.

    `host` is the Host header to send, "" for the address that is asked. `address` is a name where the server takes
    IPv6 alone or both: asyncio's servers on `::` refuse 127.0.0.1.
    """

    port: Port
    route: str = ""
    limit: int = 400
    host: str = ""
    address: str = "127.0.0.1"

    @property
    def is_from_environment(self) -> bool:
        return bool(self.port.variable)

    @property
    def number(self) -> str:
        """The port as a Python expression."""
        if not self.port.variable:
            return str(self.port.number)
        if self.port.number is None:
            return f'int(os.environ["{self.port.variable}"])'
        other = f'os.environ.get("{self.port.other}") or ' if self.port.other else ""
        return f'int(os.environ.get("{self.port.variable}") or {other}{self.port.number})'


def script(question: Question) -> str:
    """The text of a healthcheck.py, in lines that no linter finds too long: the build may run one over it."""
    imports, port, number = "", "", question.number
    if question.is_from_environment:
        imports, port, number = "import os\n", f"port = {question.number}\n", "port"
    if not question.route:
        return (
            '"""Health check: exits 0 when the service accepts connections."""\n\n'
            f"{imports}import socket\nimport sys\n\n"
            f"{port}try:\n"
            f'    socket.create_connection(("{question.address}", {number}), timeout=3).close()\n'
            "except OSError:\n"
            "    sys.exit(1)\n"
        )
    judged = f"sys.exit(0 if connection.getresponse().status < {question.limit} else 1)"
    headers = f', headers={{"Host": "{question.host}"}}' if question.host else ""
    return (
        f'"""Health check: exits 0 when the service answers."""\n\n'
        f"import http.client\n{imports}import sys\n\n"
        f'{port}connection = http.client.HTTPConnection("{question.address}", {number}, timeout=3)\n'
        "try:\n"
        f'    connection.request("GET", "{question.route}"{headers})\n'
        f"    {judged}\n"
        "except (OSError, http.client.HTTPException):\n"
        "    sys.exit(1)\n"
    )


def one_line(question: Question) -> str:
    """The same as one line for `python -c`, for images that no new file would reach."""
    imports = "import os, " if question.is_from_environment else "import "
    number = question.number.replace('"', "'")
    if not question.route:
        return f"{imports}socket; socket.create_connection(('{question.address}', {number}), 3).close()"
    headers = f", headers={{'Host': '{question.host}'}}" if question.host else ""
    judged = f"sys.exit(c.getresponse().status >= {question.limit})"
    return (
        f"{imports}sys, http.client; c = http.client.HTTPConnection('{question.address}', {number}, timeout=3); "
        f"c.request('GET', '{question.route}'{headers}); {judged}"
    )


def options(project: Project) -> tuple[str, ...]:
    """Without `site` and what it loads an answer takes a quarter of the time; nothing beside the script is imported.

    https://docs.python.org/3/using/cmdline.html#cmdoption-I, read 2026-11; it would ignore PYTHONHOME, too.
    """
    if not is_python_3(project):
        return ()
    return ("-S",) if "PYTHONHOME" in contract(project).environment else ("-I", "-S")


def interpreter(project: Project) -> str | None:
    """The name under which the final image has Python, None where that is not known."""
    if project.python_image(project.final) is not None:
        return "python"
    reference = project.reference(project.final) or ""
    if re.search(r"conda|mamba|pypy|astral-sh/uv.*python|playwright/python|tensorflow|pytorch", reference):
        return "python"
    calls = (call for stage in project.lineage(project.final) for call in read_steps(project).commands_of(stage.index))
    words = (word.head for call in calls for word in call.words)
    return "python3" if any(re.fullmatch(r"(?:/usr/bin/)?python3(?:-\w+)?", word) for word in words) else None


def is_python_3(project: Project) -> bool:
    """Whether the standard library has the module names of Python 3."""
    image = project.python_image(project.final)
    return image is None or not image.version.startswith("2")


def existing_script(project: Project) -> str | None:
    """The image path of a health check script that is already there."""
    for path in project.tree.files:
        if posixpath.basename(path) not in {NAME, "health_check.py", "docker_healthcheck.py"}:
            continue
        text = project.tree.text(path) or ""
        if not re.search(r"\bexit\(", text) or not re.search(r"urllib|http\.client|socket|requests|httpx", text):
            continue
        for copied in copies(project, project.final):
            for source in copied.sources:
                inside = posixpath.relpath(path, source)
                place = posixpath.normpath(posixpath.join(copied.target, inside))
                if not inside.startswith("..") and files(project).origin(place) == path:
                    return place
    return None
