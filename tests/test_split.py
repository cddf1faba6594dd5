"""What the split hands to the builder, and what it refuses: each case is a service that a split could break."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pydock.project import Options, Project
from pydock.split import Refusal, Split, split
from pydock.tree import Tree

SLIM, FULL = "FROM python:3.11-slim\n", "FROM python:3.11\n"
BEFORE = "WORKDIR /app\nCOPY requirements.txt .\n"
INSTALL = f"{BEFORE}RUN pip install -r requirements.txt\nCOPY . .\n"
CMD = 'CMD ["python", "app.py"]\n'
PLAIN = f"{SLIM}{INSTALL}{CMD}"
BY_NAME = f'{INSTALL}CMD ["./app.py"]\n'


@dataclass(frozen=True)
class Case:
    """A Dockerfile with its files, and the reason of the refusal or what a stage has to hold."""

    does: str
    dockerfile: str
    files: dict[str, str] = field(default_factory=dict)
    refuses: str = ""
    builder: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()


REFUSED = (
    Case(
        "a shebang that names the system's Python",
        f"{SLIM}{BY_NAME}",
        {"app.py": "#!/usr/local/bin/python\n"},
        "interpreter path",
    ),
    Case(
        "a crontab that names the system's Python",
        PLAIN,
        {"crontab": "* * * * * /usr/local/bin/python /app/job.py\n"},
        "interpreter path",
    ),
    Case(
        "a crontab by whatever name it is installed",
        f"{SLIM}{INSTALL}RUN crontab jobs.txt\n",
        {"jobs.txt": "* * * * * /usr/local/bin/python /app/job.py\n"},
        "interpreter path",
    ),
    Case(
        "a file that is copied into cron's folder",
        f"{SLIM}{INSTALL}COPY deploy/job /etc/cron.d/\n",
        {"deploy/job": "* * * * * root /usr/local/bin/python /app/job.py\n"},
        "interpreter path",
    ),
    Case(
        "a configuration that the command names",
        f'{SLIM}{INSTALL}CMD ["uwsgi", "--yaml=uwsgi.yml"]\n',
        {"uwsgi.yml": "uwsgi:\n  pythonpath: /usr/local/lib/python3.11/site-packages\n"},
        "interpreter path",
    ),
    Case(
        "a compose service that names gunicorn by its path",
        PLAIN,
        {"compose.yaml": "services:\n  web:\n    build: .\n    command: /usr/local/bin/gunicorn app:app\n"},
        "interpreter path",
    ),
    Case(
        "a compose health check that names the system's Python",
        PLAIN,
        {
            "compose.yaml": "services:\n  web:\n    build: .\n    healthcheck:\n"
            "      test: [CMD, /usr/local/bin/python, probe.py]\n"
        },
        "interpreter path",
    ),
    Case(
        "a supervisor that names gunicorn by its path",
        PLAIN,
        {"supervisord.conf": "[program:web]\ncommand=/usr/local/bin/gunicorn app:app\n"},
        "interpreter path",
    ),
    Case("a subprocess by its path", PLAIN, {"app.py": "run(['/usr/local/bin/flask', 'x'])\n"}, "interpreter path"),
    Case("a script that sets PATH", PLAIN, {"run.sh": "PATH=/usr/local/bin:/usr/bin\n"}, "interpreter path"),
    Case("`su -`, which resets PATH", PLAIN, {"run.sh": 'exec su - web -c "python app.py"\n'}, "interpreter path"),
    Case("a login shell in CMD", f'{SLIM}{INSTALL}CMD ["bash", "-lc", "python app.py"]\n', refuses="other PATH"),
    Case("a login shell for every RUN", f'{SLIM}SHELL ["/bin/bash", "--login", "-c"]\n{INSTALL}', refuses="other PATH"),
    Case("sudo in CMD", f'{SLIM}{INSTALL}CMD ["sudo", "-u", "web", "python", "app.py"]\n', refuses="other PATH"),
    Case("PATH set anew", f"{SLIM}{INSTALL}ENV PATH=/usr/local/bin:$PATH\n{CMD}", refuses="interpreter path"),
    Case(
        "the system's Python under another name",
        f"{SLIM}RUN ln -s /usr/local/bin/python /usr/bin/python\n{INSTALL}",
        refuses="interpreter path",
    ),
    Case(
        "Debian's Python of the full image", f"{FULL}{BY_NAME}", {"app.py": "#!/usr/bin/python3\n"}, "interpreter path"
    ),
    Case(
        "settings that name the packages of the system",
        PLAIN,
        {"gunicorn.conf.py": "pythonpath = '/usr/local/lib/python3.11/site-packages'\n"},
        "interpreter path",
    ),
    Case("uWSGI with the system as its home", PLAIN, {"uwsgi.ini": "[uwsgi]\nhome = /usr/local\n"}, "interpreter path"),
    Case("PIP_TARGET", f"{SLIM}ENV PIP_TARGET=/deps PYTHONPATH=/deps\n{INSTALL}", refuses="install elsewhere"),
    Case("PIP_USER", f"{SLIM}ENV PIP_USER=1\n{INSTALL}", refuses="install elsewhere"),
    Case("PYTHONHOME", f"{SLIM}ENV PYTHONHOME=/usr/local\n{INSTALL}", refuses="install elsewhere"),
    Case(
        "a wheel that a command fetches",
        f"{SLIM}RUN curl -o /tmp/a-1-py3-none-any.whl https://example.org/a\n"
        "RUN pip install /tmp/a-1-py3-none-any.whl\n",
        refuses="made input",
    ),
    Case(
        "a package that is cloned",
        f"{FULL}RUN git clone https://example.org/a /opt/a && pip install /opt/a\n",
        refuses="made input",
    ),
    Case("a manager that is called as a module", f"{SLIM}RUN python -m pipenv install\n", refuses="unreadable install"),
    Case("an installer of old", f"{SLIM}RUN easy_install flask\n", refuses="unreadable install"),
    Case(
        "a requirements file that a command writes",
        f"{SLIM}RUN echo flask > requirements.txt\nRUN pip install -r requirements.txt\n",
        refuses="made input",
    ),
)
SPLIT = (
    Case(
        "documentation may name the system's folder",
        PLAIN,
        {"README.md": "`/usr/local/bin/python app.py`\n", "run.sh": "PATH=$PATH:/usr/local/bin\n"},
        builder=("COPY requirements.txt",),
    ),
    Case(
        "data that nothing names may name the system's Python",
        PLAIN,
        {"data.json": '{"python": "/usr/local/bin/python"}\n', "notes.txt": "/usr/local/bin/python\n"},
        builder=("COPY requirements.txt",),
    ),
    Case(
        "a path that the Dockerfile fills is no program of pip's",
        f"{SLIM}{INSTALL}COPY run.sh /usr/local/bin/gunicorn\n{CMD}",
        {"a.conf": "/usr/local/bin/gunicorn\n", "run.sh": "#!/bin/sh\n"},
        builder=("COPY requirements.txt",),
    ),
    Case(
        "a link to a program follows it",
        f"{SLIM}{INSTALL}RUN ln -s /usr/local/bin/gunicorn /usr/bin/gunicorn\n",
        runtime=("ln -s /opt/venv/bin/gunicorn /usr/bin/gunicorn",),
    ),
    Case(
        "pip's configuration goes to both stages",
        f"{SLIM}COPY pip.conf /etc/pip.conf\n{INSTALL}",
        builder=("COPY pip.conf /etc/pip.conf",),
        runtime=("COPY pip.conf /etc/pip.conf",),
    ),
    Case(
        "pip is configured before it brings a tool",
        f"{SLIM}RUN pip config set global.index-url https://example.org/simple && pip install poetry\n"
        "WORKDIR /app\nCOPY pyproject.toml poetry.lock ./\nRUN poetry install --no-root\n",
        {"pyproject.toml": "", "poetry.lock": ""},
        builder=("pip config set", "pip install poetry", "python -m venv", "poetry install"),
    ),
    Case(
        "pip that is configured fills the environment without one of its own",
        f"{SLIM}RUN pip config set global.index-url https://example.org/simple\n{INSTALL}",
        builder=("RUN pip config set", "venv --without-pip", "python -m pip install -r"),
    ),
    Case(
        "a certificate is known to the builder before anything is fetched",
        f"{SLIM}COPY a.crt /usr/local/share/ca-certificates/\nRUN update-ca-certificates\n{INSTALL}",
        builder=("COPY a.crt", "RUN update-ca-certificates", "RUN python -m venv", "pip install"),
        runtime=("COPY a.crt", "RUN update-ca-certificates"),
    ),
    Case(
        "git's configuration comes with the token that it holds",
        f'{FULL}ARG TOKEN\nRUN git config --global url."https://$TOKEN@example.org/".insteadOf x\n{INSTALL}',
        builder=("ARG TOKEN", "RUN git config", "pip install"),
    ),
    Case(
        "a key that is taken away later is there for the install",
        f"{SLIM}COPY key /root/.ssh/id\n{INSTALL}RUN rm /root/.ssh/id\nRUN pip install flask\n",
        builder=("COPY key /root/.ssh/id", "pip install -r", "pip install flask"),
        runtime=("rm /root/.ssh/id",),
    ),
    Case(
        "a header is where compiling looks for it",
        f"{FULL}RUN ln -s /usr/include/locale.h /usr/include/xlocale.h\n{INSTALL}",
        builder=("xlocale.h", "pip install"),
    ),
    Case(
        "a variable that pip fills in is known to pip",
        f"{SLIM}ARG TOKEN\n{INSTALL}",
        {"requirements.txt": "a @ https://${TOKEN}@example.org/a-1.zip\n"},
        builder=("ARG TOKEN", "pip install"),
    ),
    Case(
        "a variable that setup.py reads is known to it",
        f"{SLIM}ARG RELEASE=1\nENV OTHER=1\nWORKDIR /app\nCOPY . .\nRUN pip install .\n",
        {"setup.py": "import os\nfrom setuptools import setup\nsetup(name='a', version=os.environ['RELEASE'])\n"},
        builder=("ARG RELEASE=1", "pip install ."),
    ),
    Case(
        "folders of wheels come along",
        f"{SLIM}COPY wheels /wheels\n{BEFORE}RUN pip install -f /wheels -r requirements.txt\nCOPY . .\n",
        {"wheels/a-1-py3-none-any.whl": ""},
        builder=("COPY wheels /wheels", "pip install"),
    ),
    Case(
        "wheels of another image come along",
        f"{SLIM}COPY --from=example.org/wheels:1 /wheels /wheels\nRUN pip install --find-links=/wheels flask\n",
        builder=("COPY --from=example.org/wheels:1 /wheels /wheels", "pip install"),
    ),
    Case(
        "wheels that a requirements file names come along",
        PLAIN,
        {"requirements.txt": "--find-links ./wheels\na==1\n", "wheels/a-1-py3-none-any.whl": ""},
        builder=("COPY requirements.txt", "pip install"),
    ),
    Case(
        "a file under another name in the image",
        f"{SLIM}WORKDIR /app\nCOPY api/requirements.txt api.txt\nRUN pip install -r api.txt\nCOPY . .\n",
        {"api/requirements.txt": "flask\n"},
        builder=("COPY api/requirements.txt api.txt", "pip install -r api.txt"),
    ),
    Case(
        "of two files with one name the later one is there",
        f"{SLIM}WORKDIR /app\nCOPY a/requirements.txt b/requirements.txt ./\nRUN pip install -r requirements.txt\n",
        {"a/requirements.txt": "flask\n", "b/requirements.txt": "django\n"},
        builder=("b/requirements.txt", "pip install"),
    ),
    Case(
        "an update whose lists only the builder installs from",
        f"{SLIM}RUN apt-get update\nRUN apt-get install -y gcc\n"
        f"RUN apt-get update && apt-get install -y curl\n{INSTALL}",
        builder=("RUN apt-get update\nRUN apt-get install -y gcc", "pip install"),
        runtime=("python:3.11-slim\nRUN apt-get update && apt-get install -y curl",),
    ),
    Case(
        "Poetry that makes no environment of its own",
        f'{SLIM}ENV POETRY_VIRTUALENVS_CREATE=false PATH="/opt/p/.venv/bin:$PATH"\nRUN pip install poetry\n'
        "WORKDIR /app\nCOPY pyproject.toml poetry.lock ./\nRUN poetry install --no-root\nCOPY . .\n",
        {"pyproject.toml": "", "poetry.lock": ""},
        builder=("VIRTUAL_ENV=/opt/venv", "RUN poetry install --no-root"),
    ),
    Case(
        "a package whose files are copied one by one",
        f"{SLIM}WORKDIR /app\nCOPY setup.py VERSION ./\nCOPY lib lib\nRUN pip install .\n",
        {"setup.py": "", "VERSION": "1\n", "lib/__init__.py": ""},
        builder=("COPY setup.py VERSION ./", "COPY lib lib", "pip install ."),
    ),
)


def _found(case: Case) -> Split | Refusal | None:
    return split(Project(Tree.of({"requirements.txt": "flask\n", "Dockerfile": case.dockerfile, **case.files})))


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.does)
def test_what_a_venv_elsewhere_would_break_is_refused(case: Case) -> None:
    found = _found(case)
    assert isinstance(found, Refusal)
    assert found.reason == case.refuses
    assert found.advice


@pytest.mark.parametrize("case", SPLIT, ids=lambda case: case.does)
def test_each_stage_gets_what_it_reads_in_order(case: Case) -> None:
    found = _found(case)
    assert isinstance(found, Split)
    builder, _, runtime = found.plan.text().partition("\nFROM ")
    for text, wanted in ((builder, case.builder), (runtime, case.runtime)):
        at = -1
        for each in wanted:
            assert each in text
            assert text.index(each) > at
            at = text.index(each)


READ = (
    "import os\nfrom setuptools import setup\nsetup(name='a', install_requires=open('requirements.txt').readlines())\n"
)


def test_what_setup_py_reads_from_a_requirements_file_is_known() -> None:
    found = _found(Case("", f"{FULL}WORKDIR /app\nCOPY . .\nRUN pip install .\n", {"setup.py": READ}))
    assert isinstance(found, Split)
    assert not found.doubts


def test_a_library_behind_headers_is_not_said_to_be_for_a_wheel() -> None:
    run = "RUN apt-get update && apt-get install -y libpq-dev\n"
    texts = {}
    for name in ("psycopg2", "psycopg2-binary"):
        found = _found(Case("", f"{FULL}{run}{INSTALL}", {"requirements.txt": f"{name}\n"}))
        assert isinstance(found, Split)
        texts[name] = found.plan.text()
    assert "# what psycopg2 was compiled against" in texts["psycopg2"]
    assert "# the libraries behind libpq-dev" in texts["psycopg2-binary"]


SLIM_LOSSES = (
    ("a library by name", "import ctypes\nctypes.CDLL('libfoo.so.2')\n", "loads libfoo.so.2"),
    ("a compiler at run time", "ffi.verify('int f(void);')\n", "may call a compiler"),
    ("a window", "import tkinter\n", "uses tkinter"),
)


@pytest.mark.parametrize(("source", "doubt"), [each[1:] for each in SLIM_LOSSES], ids=[each[0] for each in SLIM_LOSSES])
def test_what_the_code_takes_from_the_full_image_is_a_doubt(source: str, doubt: str) -> None:
    full, slim = (_found(Case("", f"{base}{INSTALL}", {"app.py": source})) for base in (FULL, SLIM))
    assert isinstance(full, Split)
    assert isinstance(slim, Split)
    assert any(doubt in each for each in full.doubts)
    assert not slim.doubts


@pytest.mark.parametrize(("suite", "is_known"), [("stretch", False), ("buster", False), ("bullseye", True)])
def test_the_full_image_of_an_old_debian_is_left_with_a_doubt(suite: str, is_known: bool) -> None:
    found = _found(Case("", f"FROM python:3.7-{suite}\n{INSTALL}", {"requirements.txt": "flask==2.2.5\n"}))
    assert isinstance(found, Split)
    assert [f"the full image of Debian {suite} has" in each for each in found.doubts] == [True] * (not is_known)


def test_code_that_is_not_here_may_need_the_full_image() -> None:
    files = {"requirements.txt": "flask\n", "Dockerfile": f"{FULL}{INSTALL}COPY built /srv/\n"}
    found = split(Project(Tree.of(files)))
    assert isinstance(found, Split)
    assert [each for each in found.doubts if "copies built, which is not here" in each]


@pytest.mark.parametrize(
    "files",
    [{"app.py": "from flask import send_file\n"}, {"static/a.woff2": ""}],
    ids=["by the source", "by a folder of the framework"],
)
def test_a_service_that_answers_with_files_keeps_the_table_of_media_types(files: dict[str, str]) -> None:
    full, slim = (_found(Case("", f"{base}{INSTALL}", files)) for base in (FULL, SLIM))
    assert isinstance(full, Split)
    assert isinstance(slim, Split)
    assert "media-types" in full.plan.text()
    assert "media-types" not in slim.plan.text()


@pytest.mark.parametrize(
    "setting",
    [
        "ENV PIP_INDEX_URL=https://example.org/simple\n",
        "COPY pip.conf /etc/pip.conf\n",
        "RUN pip config set global.index-url https://example.org/simple\n",
    ],
    ids=["a variable", "a file", "a command"],
)
def test_pip_stays_where_it_is_told_what_uv_does_not_read(setting: str) -> None:
    for text, program in ((f"{SLIM}{setting}{INSTALL}", "python -m pip install"), (PLAIN, "uv pip install")):
        tree = Tree.of({"requirements.txt": "flask\n", "Dockerfile": text})
        found = split(Project(tree, options=Options(installer="uv")))
        assert isinstance(found, Split)
        assert f"RUN {program} -r requirements.txt" in found.plan.text()


SHARED = "RUN python -m venv --without-pip --system-site-packages /opt/venv\n"
APART = "RUN python -m venv /opt/venv\n"
SYNC = "COPY pyproject.toml uv.lock ./\nRUN uv sync --locked\n"
PIPS = (
    Case("plain installs are the work of the image's pip", PLAIN, builder=(SHARED, "RUN python -m pip install -r")),
    Case(
        "pip3, a module of Python and a pipe are plain, too",
        f"{SLIM}{BEFORE}RUN pip3 install flask && python3 -m pip check && cat requirements.txt | grep -v x"
        " | xargs -0 true && echo flask | pip install -c requirements.txt flask\n",
        builder=(SHARED, "python -m pip install flask", "python3 -m pip check", "| python -m pip install -c"),
    ),
    Case(
        "a newer pip is the builder's",
        f"{SLIM}{BEFORE}RUN pip install --upgrade pip && pip install -r requirements.txt\n",
        builder=("RUN pip install --upgrade pip\n", SHARED, "RUN python -m pip install -r"),
    ),
    Case(
        "a newer setuptools is the service's, too",
        f"{SLIM}{BEFORE}RUN pip install --upgrade pip setuptools\nRUN pip install -r requirements.txt\n",
        builder=(SHARED, "RUN python -m pip install --upgrade pip setuptools\n", "RUN python -m pip install -r"),
    ),
    Case(
        "uv needs no pip in the environment",
        f"{SLIM}RUN pip install uv==0.9.9\n{BEFORE}RUN uv pip install --system -r requirements.txt\n",
        builder=("RUN pip install uv==0.9.9", SHARED, "uv pip install -r"),
    ),
    Case(
        "uv sync never showed the project the image's packages",
        f"{SLIM}COPY --from=uv /uv /bin/\nWORKDIR /app\n{SYNC}",
        {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\n', "uv.lock": ""},
        builder=("RUN python -m venv --without-pip /opt/venv\n", "uv sync --locked"),
    ),
    Case(
        "a tool with packages of its own stays apart from the service",
        f"{SLIM}RUN pip install poetry==2.1.4\n{BEFORE}COPY poetry.lock pyproject.toml ./\n"
        "RUN poetry export -o all.txt && pip install -r all.txt\n",
        {"poetry.lock": "", "pyproject.toml": "[tool.poetry]\n"},
        builder=("RUN pip install poetry==2.1.4", APART, "&& pip install -r all.txt"),
    ),
    Case(
        "a start script that installs finds a pip of the service",
        f'{SLIM}{INSTALL}CMD ["sh", "run.sh"]\n',
        {"run.sh": "pip install -r more.txt\nexec python app.py\n"},
        builder=(APART, "RUN pip install -r"),
    ),
    Case(
        "a compose service that installs finds a pip of the service",
        PLAIN,
        {"compose.yaml": "services:\n  web:\n    build: .\n    command: sh -c 'pip install x && python app.py'\n"},
        builder=(APART, "RUN pip install -r"),
    ),
    Case(
        "code that calls pip by its name finds a pip of the service",
        PLAIN,
        {"app.py": "import subprocess\nsubprocess.run(['pip', 'install', 'x'])\n"},
        builder=(APART, "RUN pip install -r"),
    ),
    Case(
        "a script that nothing in the image runs is the host's",
        PLAIN,
        {"install.sh": "pip3 install -r requirements.txt\n"},
        builder=(SHARED, "RUN python -m pip install -r"),
    ),
    Case(
        "a script that the source runs finds a pip of the service",
        PLAIN,
        {"install.sh": "pip3 install -r requirements.txt\n", "app.py": "import os\nos.system('./install.sh')\n"},
        builder=(APART, "RUN pip install -r"),
    ),
    Case(
        "a comment calls nothing",
        PLAIN,
        {"run.sh": "# first: pip install x\nexec python app.py\n"},
        builder=(SHARED, "RUN python -m pip install -r"),
    ),
    Case(
        "what is taken away has to be in the environment",
        f"{SLIM}{INSTALL}RUN pip uninstall -y setuptools\n",
        builder=(APART, "RUN pip uninstall -y setuptools"),
    ),
)


@pytest.mark.parametrize("case", PIPS, ids=lambda case: case.does)
def test_the_environment_has_a_pip_of_its_own_only_where_one_is_needed(case: Case) -> None:
    test_each_stage_gets_what_it_reads_in_order(case)


APT = "RUN apt-get update && apt-get install -y --no-install-recommends"
HEADERS = (
    ("what the full image has", FULL, "gcc libpq-dev", "", ""),
    ("the rest of what is asked for", FULL, "gcc libldap2-dev", "", "install -y --no-install-recommends libldap2-dev"),
    ("slim has none of it", SLIM, "gcc libpq-dev", "", "install -y --no-install-recommends gcc libpq-dev"),
    ("a certain version", FULL, "libpq-dev=15.1-1", "", "libpq-dev=15.1-1"),
    ("a certain release", FULL, "-t bookworm-backports libpq-dev", "", "-t bookworm-backports libpq-dev"),
    (
        "another source of packages",
        FULL,
        "libpq-dev",
        "COPY x.list /etc/apt/sources.list.d/\n",
        "install -y --no-install-recommends libpq-dev",
    ),
)


@pytest.mark.parametrize(
    ("base", "packages", "setting", "wanted"), [e[1:] for e in HEADERS], ids=[e[0] for e in HEADERS]
)
def test_the_builder_installs_nothing_that_its_image_has(base: str, packages: str, setting: str, wanted: str) -> None:
    found = _found(Case("", f"{base}{setting}# for the driver\n{APT} {packages}\n{INSTALL}"))
    assert isinstance(found, Split)
    builder, _, runtime = found.plan.text().partition("\n\nFROM ")
    assert "# for the driver" in found.plan.text()
    assert ("apt-get" in builder) == bool(wanted)
    assert wanted in builder
    assert "libpq5" in runtime or "libpq-dev" not in packages or "=" in packages
