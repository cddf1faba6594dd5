"""Checks rows of `native_packages` in real containers: what is claimed to be missing is, and what is named is enough.

    python -m tests.native_check [--suite trixie] [--minor 3.11] [PACKAGE]...

For each package two slim containers: one that makes the wheels, with the compilers and headers of the table where
there is no wheel, and one that installs them and uses the package, first without the Debian packages of the table,
which has to fail where the table names any, then with them, which has to work. Prints a line for each; exit code 1
where a row is wrong. Needs a container engine, the package index and Debian's mirrors.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import docker
from docker import DockerClient
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pydock.data import rows

LABEL = "pydock-native-check"
OUTPUT_LINES = 3


@dataclass(frozen=True)
class Probe:
    """How a package is used for real: the statement, and whether its wheel is made here, not fetched."""

    requirement: str
    statement: str
    is_compiled: bool = False


SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
PROBES = (
    Probe("cairosvg", f"import cairosvg; cairosvg.svg2png(b'{SVG}')"),
    Probe("dbus-python", "import dbus", is_compiled=True),
    Probe("ffmpeg-python", "import ffmpeg; ffmpeg.input('anullsrc', f='lavfi', t=1).output('/tmp/a.mp3').run()"),
    Probe("gitpython", "import git; git.Repo.init('/tmp/repository')"),
    Probe("graphviz", "import graphviz; graphviz.Digraph().pipe(format='png')"),
    Probe("lightgbm", "import lightgbm"),
    Probe("lxml", "import lxml.etree, lxml.html; lxml.html.fromstring('<p>a')", is_compiled=True),
    Probe("mysqlclient", "import MySQLdb", is_compiled=True),
    Probe("netifaces", "import netifaces; netifaces.interfaces()", is_compiled=True),
    Probe("opencv-python", "import cv2"),
    Probe("opencv-python-headless", "import cv2"),
    Probe("pdf2image", "import pdf2image; pdf2image.pdf2image._get_poppler_version('pdftoppm')"),
    Probe(
        "pillow", "from PIL import features; assert features.check('webp') and features.check('jpg')", is_compiled=True
    ),
    Probe("psycopg2", "import psycopg2", is_compiled=True),
    Probe("psycopg2-binary", "import psycopg2"),
    Probe("psycopg", "import psycopg"),
    Probe("psycopg-binary", "import psycopg_binary"),
    Probe("pyaudio", "import pyaudio", is_compiled=True),
    Probe("pycairo", "import cairo", is_compiled=True),
    Probe("pycups", "import cups", is_compiled=True),
    Probe("pycurl", "import pycurl", is_compiled=True),
    Probe("pydub", "from pydub import AudioSegment; AudioSegment.silent(100).export('/tmp/a.mp3', format='mp3')"),
    Probe("pyenchant", "import enchant; enchant.Dict('en_US')"),
    Probe("pygobject", "import gi; from gi.repository import GLib", is_compiled=True),
    Probe("pygraphviz", "import pygraphviz; pygraphviz.AGraph({1: {2: {}}}).layout('dot')", is_compiled=True),
    Probe("pylibmc", "import pylibmc", is_compiled=True),
    Probe("pymssql", "import pymssql", is_compiled=True),
    Probe("pyodbc", "import pyodbc"),
    Probe("pypandoc", "import pypandoc; pypandoc.convert_text('a', 'html', format='md')"),
    Probe("pytesseract", "import pytesseract; pytesseract.get_tesseract_version()"),
    Probe("python-ldap", "import ldap; ldap.initialize('ldap://localhost')", is_compiled=True),
    Probe("python-magic", "import magic; magic.from_buffer(b'%PDF-1.7')"),
    Probe("python-snappy<0.7", "import snappy; snappy.compress(b'a')", is_compiled=True),
    Probe("pyzbar", "import pyzbar.pyzbar"),
    Probe("scikit-learn", "import sklearn.ensemble"),
    Probe("shapely<2", "import shapely.geometry", is_compiled=True),
    Probe("sounddevice", "import sounddevice"),
    Probe("soundfile", "import soundfile"),
    Probe("uwsgi", "import subprocess; subprocess.run(['uwsgi', '--version'], check=True)", is_compiled=True),
    Probe("wand", "import wand.image; wand.image.Image(width=9, height=9)"),
    Probe("weasyprint", "import weasyprint; weasyprint.HTML(string='<p>a').write_pdf()"),
    Probe("xgboost", "import xgboost"),
    Probe("xmlsec", "import xmlsec", is_compiled=True),
)


@dataclass(frozen=True)
class Machine:
    """A slim image, and a folder that its containers share."""

    client: DockerClient
    image: str
    folder: Path

    def run(self, script: str) -> tuple[bool, str]:
        """Whether a shell script succeeds in a new container, and the last lines it printed."""
        container = self.client.containers.run(
            self.image,
            ["sh", "-ec", script],
            detach=True,
            labels=[LABEL],
            environment={"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            volumes=[f"{self.folder}:/wheels"],
        )
        try:
            is_ok = container.wait()["StatusCode"] == 0
            printed = container.logs().decode(errors="replace").strip().splitlines()
        finally:
            container.remove(force=True)
        return is_ok, " | ".join(printed[-OUTPUT_LINES:])


def row_for(package: str, suite: str) -> dict[str, str]:
    """The row of the table for a suite."""
    found = {row["suite"]: row for row in rows("native_packages") if row["package"] == package}
    return found.get(suite) or found["*"]


def apt(packages: str) -> str:
    """A line of shell that installs Debian packages."""
    return f"apt-get update -qq && apt-get install -qq -y --no-install-recommends {packages} >/dev/null\n"


def problems(client: DockerClient, probe: Probe, suite: str, image: str) -> list[str]:
    """What is wrong with the row of one package; what was seen is printed."""
    name = canonicalize_name(Requirement(probe.requirement).name)
    row = row_for(name, suite)
    needed = f"{row['always']} {row['runtime'] if probe.is_compiled else ''}".strip()
    found = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        machine = Machine(client, image, Path(folder))
        chosen = f"--no-binary {name}" if probe.is_compiled else "--only-binary :all:"
        wheel = f"pip wheel -q --no-cache-dir {chosen} -w /wheels '{probe.requirement}'\nchmod -R a+rwX /wheels\n"
        if probe.is_compiled and row["build"]:
            is_ok, said = machine.run(f"mkdir /tmp/w; {wheel.replace('/wheels', '/tmp/w')}")
            if is_ok:
                found.append(f"the wheel is made without {row['build']}")
        is_ok, said = machine.run((apt(row["build"]) if probe.is_compiled and row["build"] else "") + wheel)
        if not is_ok:
            return [*found, f"no wheel: {said}"]
        made = " ".join(
            sorted(path.name for path in Path(folder).glob("*.whl") if name.replace("-", "_") in path.name.lower())
        )
        use = f"pip install -q --no-index -f /wheels '{probe.requirement}'\npython - <<'END'\n{probe.statement}\nEND\n"
        is_ok, without = machine.run(use)
        if is_ok and needed:
            found.append(f"works without {needed}")
        if needed:
            is_ok, said = machine.run(apt(needed) + use)
            without = f"without: {without}; "
        if not is_ok:
            found.append(f"does not work with {needed or 'nothing'}: {said}")
    ended = "works" if is_ok else "fails"
    seen = f"{without if needed else ''}with {needed or 'nothing'}: {ended}"
    print(f"{name} on {suite} {date.today()}: {made}; {seen}", flush=True)
    return found


def main() -> int:
    """Prints what was seen, then what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--suite", default="trixie")
    parser.add_argument("--minor", default="3.11")
    given = parser.parse_args()
    client = docker.from_env(timeout=1800)
    image = f"python:{given.minor}-slim-{given.suite}"
    wrong = []
    for probe in PROBES:
        name = canonicalize_name(Requirement(probe.requirement).name)
        if not given.packages or name in given.packages:
            wrong += [f"{name}: {problem}" for problem in problems(client, probe, given.suite, image)]
    print("\n".join([*(f"WRONG {entry}" for entry in wrong), f"{len(wrong)} claims are wrong"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
