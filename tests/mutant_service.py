"""A tiny service with everything that a rewrite can break, its rewrite, and broken copies of that.

Nothing is downloaded: its packages are written here, its extension module is compiled from ten lines.
"""

from __future__ import annotations

from collections.abc import Mapping

SITE = "/usr/local/lib/python3.11/site-packages"

DOCKERFILE = f"""\
FROM python:3.11-bookworm AS compiled
COPY native /native
RUN cd /native && gcc -shared -fPIC -o libgreet.so greet.c \\
    && gcc -shared -fPIC $(python3-config --includes) -o fast.so fast.c -L. -lgreet

FROM python:3.11-slim-bookworm
COPY --from=compiled /native/libgreet.so /usr/local/lib/
RUN ldconfig
COPY --from=compiled /native/fast.so {SITE}/
COPY packages/ {SITE}/
COPY --chmod=755 bin/greet /usr/local/bin/greet
LABEL team=parcels
ENV GREETING=hello
WORKDIR /app
COPY app.py page.html prices.csv ./
COPY --chmod=600 key.txt ./
RUN mkdir state
VOLUME /app/uploads
EXPOSE 8000
STOPSIGNAL SIGINT
CMD ["python", "app.py"]
"""

PROBE = "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=2)"
USER = """\
RUN useradd --system --uid 10001 --create-home app \\
    && mkdir uploads && chown app uploads && chown -R app state key.txt
"""
HEALTHCHECK = f'HEALTHCHECK CMD ["python", "-c", "{PROBE}"]\n'

REWRITTEN = (
    DOCKERFILE.replace("ENV GREETING=hello", "ENV GREETING=hello PYTHONUNBUFFERED=1 TZ=UTC")
    .replace("VOLUME", f"{USER}VOLUME")
    .replace("CMD [", f"{HEALTHCHECK}USER app\nCMD [")
)

APP = """\
import os
import shutil
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer

import fast
import greet

try:
    import extra
except ImportError:
    extra = None


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/health":
            return self.answer("ok")
        if self.path == "/prices":
            return self.answer(open("prices.csv").read())
        if self.path == "/":
            return self.answer(open("page.html").read() + os.environ.get("GREETING", "") + str(fast.number()))
        self.send_error(404)

    def answer(self, text):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(text.encode())


def version():
    return subprocess.run(["greet"]) if shutil.which("greet") else None


try:
    with open("state/started", "w") as file:
        file.write("x")
except OSError:
    pass
HTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()
"""

FAST = """\
#include <Python.h>
int greet(void);
static PyObject *number(PyObject *self, PyObject *args) { return PyLong_FromLong(greet()); }
static PyMethodDef methods[] = {{"number", number, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast", "", -1, methods};
PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }
"""

FILES: Mapping[str, str] = {
    "app.py": APP,
    "page.html": "<h1>Parcels</h1>\n",
    "prices.csv": "size,price\nsmall,3\n",
    "key.txt": "not a secret\n",
    "native/greet.c": "int greet(void) { return 42; }\n",
    "native/fast.c": FAST,
    "packages/greet.py": "def main():\n    print('greet 1.0')\n",
    "packages/extra.py": "",
    "packages/greet-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greet\nVersion: 1.0\n",
    "packages/greet-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greet:main\n",
    "packages/greet-1.0.dist-info/RECORD": "greet.py,,\nextra.py,,\n../../../bin/greet,,\n",
    "bin/greet": "#!/usr/local/bin/python\nimport greet\ngreet.main()\n",
}

# name -> (aspect that has to show it, what is replaced in the rewritten Dockerfile, files that differ)
Mutant = tuple[str, tuple[str, str], Mapping[str, str]]
MUTANTS: Mapping[str, Mutant] = {
    "a library stays in the builder": (
        "libraries",
        ("COPY --from=compiled /native/libgreet.so /usr/local/lib/\n", ""),
        {},
    ),
    "an extension module stays in the builder": (
        "imports",
        (f"COPY --from=compiled /native/fast.so {SITE}/\n", ""),
        {},
    ),
    "a variable is lost": ("environment", ("GREETING=hello ", ""), {}),
    "a variable has another value": ("environment", ("GREETING=hello", "GREETING=hallo"), {}),
    "the user cannot write": ("writing", ("USER app", "USER nobody"), {}),
    "the state folder belongs to root": ("writing", ("chown -R app state key.txt", "chown app key.txt"), {}),
    "a file is lost": ("files", (" page.html", ""), {}),
    "a file has other content": ("answers", ("COPY app.py", "COPY app.py"), {"prices.csv": "size,price\nsmall,4\n"}),
    "a file can be read by all": ("files", ("COPY --chmod=600", "COPY --chmod=644"), {}),
    "the health check always says healthy": ("health check", (HEALTHCHECK, 'HEALTHCHECK CMD ["true"]\n'), {}),
    "the health check asks another port": ("health check", ("127.0.0.1:8000", "127.0.0.1:8001"), {}),
    "a pin moved": (
        "distributions",
        ("COPY app.py", "COPY app.py"),
        {"packages/greet-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: greet\nVersion: 1.1\n"},
    ),
    "a program is lost": ("console scripts", ("COPY --chmod=755 bin/greet /usr/local/bin/greet\n", ""), {}),
    "a program names an interpreter that is not there": (
        "console scripts",
        ("COPY app.py", "COPY app.py"),
        {"bin/greet": "#!/opt/venv/bin/python\nimport greet\ngreet.main()\n"},
    ),
    "another work directory": ("work directory", ("EXPOSE 8000", "WORKDIR /srv\nEXPOSE 8000"), {}),
    "another port": ("listening", ("TZ=UTC", "TZ=UTC PORT=9000"), {}),
    "the port is not exposed": ("ports", ("EXPOSE 8000\n", ""), {}),
    "a module is lost": ("imports", ("bin/greet\nLABEL", f"bin/greet\nRUN rm {SITE}/extra.py\nLABEL"), {}),
    "another command": ("command", ('CMD ["python", "app.py"]', 'CMD ["python", "-O", "app.py"]'), {}),
    "another stop signal": ("stop signal", ("STOPSIGNAL SIGINT\n", ""), {}),
    "a label is lost": ("labels", ("LABEL team=parcels\n", ""), {}),
    "a volume is lost": ("volumes", ("VOLUME /app/uploads\n", ""), {}),
    "another Python": ("interpreter", ("FROM python:3.11-slim-bookworm", "FROM python:3.13-slim-bookworm"), {}),
    "it ends at once": ("state", ("COPY app.py", "COPY app.py"), {"app.py": "raise SystemExit(3)\n"}),
    "it complains": (
        "log",
        ("COPY app.py", "COPY app.py"),
        {"app.py": APP.replace("\n\ntry:\n    with", "\n\nprint('WARNING: no database', flush=True)\ntry:\n    with")},
    ),
}
