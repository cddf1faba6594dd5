"""What the split hands to the builder, and what it refuses: each case is a service that a split could break."""

from __future__ import annotations

import pytest

from pydock.split import Refusal, Split
from tests.split_cases import BEFORE, BY_NAME, CMD, FULL, INSTALL, PLAIN, SLIM, Case, found, lacking

BY_SCRIPT = f'{SLIM}{INSTALL}CMD ["sh", "run.sh"]\n'

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
    Case(
        "a console script that is not called as its package is",
        PLAIN,
        {"app.py": "run(['/usr/local/bin/dbt', 'x'])\n", "requirements.txt": "dbt-core\n"},
        "interpreter path",
    ),
    Case("a script that sets PATH", BY_SCRIPT, {"run.sh": "PATH=/usr/local/bin:/usr/bin\n"}, "interpreter path"),
    Case(
        "a script that installs for the user",
        BY_SCRIPT,
        {"run.sh": 'if [ -n "$MORE" ]; then\n    pip install --user $MORE\nfi\nexec python app.py\n'},
        "install elsewhere",
    ),
    Case(
        "code that installs for the user",
        PLAIN,
        {"app.py": "run(['pip', 'install', '--user', 'x'])\n"},
        "install elsewhere",
    ),
    Case(
        "a CMD that installs for the user",
        f'{SLIM}{INSTALL}CMD ["sh", "-c", "pip install x --user && python app.py"]\n',
        refuses="install elsewhere",
    ),
    Case("`su -`, which resets PATH", BY_SCRIPT, {"run.sh": 'exec su - web -c "python app.py"\n'}, "interpreter path"),
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
        "a list of versions that the service may read",
        f"{SLIM}{BEFORE}RUN pip install -r requirements.txt && pip freeze > /app/versions.txt\nCOPY . .\n",
        refuses="kept output",
    ),
    Case(
        "a worker of Beam, which makes an environment on top of the system interpreter",
        f'{SLIM}{INSTALL}ENTRYPOINT ["/opt/apache/beam/boot"]\n',
        refuses="worker environment",
    ),
    Case("a list of packages that nothing brings", f"{SLIM}RUN python -m pipenv install\n", refuses="made input"),
    Case("a project that nothing brings", f"{FULL}WORKDIR /app\nRUN pip install .\n{CMD}", refuses="made input"),
    Case(
        "an extra of a project that nothing brings",
        f'{SLIM}WORKDIR /srv\nRUN pip install ".[web]"\n{CMD}',
        refuses="made input",
    ),
    Case(
        "a folder to edit in which only the list of packages lies",
        f"{SLIM}{BEFORE}RUN pip install -r requirements.txt && pip install -e .\nCOPY . .\n{CMD}",
        refuses="made input",
    ),
    Case("an installer of old", f"{SLIM}RUN easy_install flask\n", refuses="unreadable install"),
)
SPLIT = (
    Case(
        "a list that an install writes for itself",
        f"{SLIM}{BEFORE}RUN if [ -f requirements.txt ]; then grep -v x requirements.txt > requirements-own.txt"
        " && pip install -r requirements-own.txt; fi\nCOPY app.py .\n",
        builder=("COPY requirements.txt", "> requirements-own.txt", "/opt/venv install -r requirements-own.txt; fi"),
        runtime=("COPY --from=builder /opt/venv /opt/venv", "COPY app.py"),
    ),
    Case(
        "a program of the system that a Python package of its name calls",
        f"{SLIM}RUN apt-get update && apt-get install -y stockfish\n{INSTALL}{CMD}",
        {"app.py": "run(['/usr/local/bin/stockfish'])\n", "requirements.txt": "stockfish\n"},
        runtime=("install -y stockfish",),
    ),
    Case(
        "a project that is mounted for its install alone",
        f"{SLIM}WORKDIR /app\nRUN --mount=type=bind,target=. pip install .\n{CMD}",
        {"pyproject.toml": "[project]\nname = 'shop'\nversion = '1'\n"},
        builder=("--mount=type=bind,target=.",),
        runtime=("COPY --from=builder /opt/venv /opt/venv",),
    ),
    Case(
        "a project that comes from another stage",
        f"FROM alpine:3.20 AS source\nRUN git clone https://example.org/a /a\n{SLIM}"
        f"COPY --from=source /a /a\nRUN pip install /a\n{CMD}",
        runtime=("AS builder", "COPY --from=source /a /a", "RUN pip --python /opt/venv install /a", "FROM"),
    ),
    Case(
        "a folder with the name of a package that is moved among the programs",
        f"{SLIM}COPY tools /tmp/flask\nRUN mv /tmp/flask /usr/local/bin/\n{BY_SCRIPT.removeprefix(SLIM)}",
        {"tools/tidy.sh": "echo tidy\n", "run.sh": "sh /usr/local/bin/flask/tidy.sh\nexec python app.py\n"},
        runtime=("COPY tools /tmp/flask", "RUN mv /tmp/flask /usr/local/bin/", 'CMD ["sh", "run.sh"]'),
    ),
    Case(
        "a folder that is copied among the programs",
        f"{SLIM}COPY tools /usr/local/bin/flask\n{BY_SCRIPT.removeprefix(SLIM)}",
        {"tools/tidy.sh": "echo tidy\n", "run.sh": "sh /usr/local/bin/flask/tidy.sh\nexec python app.py\n"},
        runtime=("COPY tools /usr/local/bin/flask",),
    ),
    Case(
        "comments above commands of no use, which go with these, and what stands apart, which stays",
        f"{FULL}# once\n\n# clean first\nRUN apt-get clean\n# gcc for everybody\n"
        f"RUN apt-get update && apt-get install -y gcc\n{BEFORE}# old ones\n"
        f"RUN pip install -r requirements.txt\n# tidy\nRUN rm -rf /root/.cache/pip\nCOPY . .\n{CMD}",
        builder=(
            "FROM python:3.11 AS builder\n",
            "# once\n# gcc is in the full image\nWORKDIR /app\n",
            "COPY requirements.txt .\n# old ones\nRUN pip",
        ),
        runtime=("COPY . .\n",),
    ),
    Case(
        "folders that variables name, which are set in both stages",
        f"{SLIM}ARG ROOT=/srv\nENV NAME=shop LANG=C.UTF-8\nENV PLACE=$ROOT/$NAME\nWORKDIR $PLACE\n"
        f"COPY requirements.txt ${{PLACE}}/\nRUN pip install -r requirements.txt\nCOPY . .\n{CMD}",
        builder=("ARG ROOT=/srv\n", "ENV NAME=shop\n", "ENV PLACE=$ROOT/$NAME\n", "WORKDIR $PLACE\n"),
        runtime=("ARG ROOT=/srv\n", "NAME=shop", "ENV PLACE=$ROOT/$NAME\n", "WORKDIR $PLACE\n"),
    ),
    Case(
        "a script that asks apt for pip, by a package whose name begins with python",
        PLAIN,
        {"setup.py": "run('sudo apt install python3-pip', shell=True)\n"},
        runtime=("COPY --from=builder /opt/venv /opt/venv",),
    ),
    Case(
        "a list of versions that only the log of the build shows",
        f"{SLIM}{BEFORE}RUN pip install -r requirements.txt && pip list | grep -i flask\nCOPY . .\n{CMD}",
        builder=("RUN python -m venv /opt/venv\n", "RUN pip install -r requirements.txt"),
        runtime=("COPY --from=builder /opt/venv /opt/venv", "RUN pip list | grep -i flask"),
    ),
    Case(
        "a worker of Beam that is told to take the environment it finds",
        f'{SLIM}ENV RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1\n{INSTALL}ENTRYPOINT ["/opt/apache/beam/boot"]\n',
        runtime=("RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1", "beam/boot"),
    ),
    Case(
        "a wheel that a command fetches",
        f"{SLIM}RUN curl -o /tmp/a-1-py3-none-any.whl https://example.org/a\n"
        "RUN pip install /tmp/a-1-py3-none-any.whl\n",
        builder=("RUN curl -o /tmp/a-1", "RUN pip --python /opt/venv install /tmp/a-1"),
    ),
    Case(
        "a package that is cloned",
        f"{FULL}RUN git clone https://example.org/a /opt/a && pip install /opt/a\n",
        builder=("RUN git clone https://example.org/a /opt/a", "RUN pip --python /opt/venv install /opt/a"),
        runtime=("install -y --no-install-recommends git", "RUN git clone"),
    ),
    Case(
        "a requirements file that a command writes",
        f"{SLIM}RUN echo flask > requirements.txt\nRUN pip install -r requirements.txt\n",
        builder=("RUN echo flask > requirements.txt", "RUN pip --python /opt/venv install -r requirements.txt"),
    ),
    Case(
        "a line that is added to what is installed",
        f'{SLIM}{BEFORE}RUN echo gunicorn >> "requirements.txt" && pip install -r requirements.txt\nCOPY . .\n',
        builder=('RUN echo gunicorn >> "requirements.txt" && pip --python /opt/venv install -r requirements.txt',),
    ),
    Case(
        "what a line is taken from",
        f"{SLIM}WORKDIR /app\nCOPY . .\nRUN cat more.txt >> requirements.txt\nRUN pip install -r requirements.txt\n",
        {"more.txt": "gunicorn\n"},
        builder=("COPY more.txt requirements.txt ./", "RUN cat more.txt >> requirements.txt", "install -r"),
    ),
    Case(
        "a list that is made from another one",
        f"{SLIM}WORKDIR /app\nCOPY . .\nRUN grep -v torch requirements.txt > cpu.txt && pip install -r cpu.txt\n",
        builder=(
            "COPY requirements.txt ./",
            "RUN grep -v torch requirements.txt > cpu.txt && pip --python /opt/venv install",
        ),
    ),
    Case(
        "everything, where a script makes the list",
        f"{SLIM}WORKDIR /app\nCOPY . .\nRUN ./choose.sh && pip install -r requirements.txt\n",
        {"choose.sh": '#!/bin/sh\ncp "$(cat kind)" requirements.txt\n'},
        builder=("COPY . .", "RUN ./choose.sh && pip --python /opt/venv install"),
    ),
    Case(
        "rights of the list, and those of the rest stay the service's",
        f"{SLIM}WORKDIR /app\nCOPY . .\nRUN chmod 755 requirements.txt run.sh && pip install -r requirements.txt\n",
        {"run.sh": "#!/bin/sh\n"},
        builder=("COPY requirements.txt ./", "RUN chmod 755 requirements.txt && pip --python /opt/venv install"),
        runtime=("COPY . .", "RUN chmod 755 run.sh"),
    ),
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
        "what an install reads comes before it, also where a later copy brings it again and another install follows",
        f"{SLIM}{INSTALL}RUN pip install gunicorn==23.0.0\n{CMD}",
        builder=("COPY requirements.txt", "-r requirements.txt", "gunicorn==23.0.0"),
    ),
    Case(
        "an archive by its address is no file of the context",
        f"{SLIM}{INSTALL}RUN pip install -U https://example.org/tool/main.zip\n{CMD}",
        builder=("COPY requirements.txt", "-r requirements.txt", "https://example.org/tool/main.zip"),
    ),
    Case(
        "a link to a program follows it",
        f"{SLIM}{INSTALL}RUN ln -s /usr/local/bin/gunicorn /usr/bin/gunicorn\n",
        runtime=("ln -s /opt/venv/bin/gunicorn /usr/bin/gunicorn",),
    ),
    Case(
        "pip's configuration is the builder's",
        f"{SLIM}COPY pip.conf /etc/pip.conf\n{INSTALL}",
        builder=("COPY pip.conf /etc/pip.conf",),
    ),
    Case(
        "pip is configured before it brings a tool",
        f"{SLIM}RUN pip config set global.index-url https://example.org/simple && pip install poetry\n"
        "WORKDIR /app\nCOPY pyproject.toml poetry.lock ./\nRUN poetry install --no-root\n",
        {"pyproject.toml": "", "poetry.lock": ""},
        builder=("pip config set", "install poetry", "python -m venv", "poetry install"),
    ),
    Case(
        "pip that is configured fills the environment without one of its own",
        f"{SLIM}RUN pip config set global.index-url https://example.org/simple\n{INSTALL}",
        builder=("RUN pip config set", "venv --without-pip", "pip --python /opt/venv install -r"),
    ),
    Case(
        "a certificate is known to the builder before anything is fetched",
        f"{SLIM}COPY a.crt /usr/local/share/ca-certificates/\nRUN update-ca-certificates\n{INSTALL}",
        builder=("COPY a.crt", "RUN update-ca-certificates", "RUN python -m venv", "install"),
        runtime=("COPY a.crt", "RUN update-ca-certificates"),
    ),
    Case(
        "git's configuration comes with the token that it holds",
        f'{FULL}ARG TOKEN\nRUN git config --global url."https://$TOKEN@example.org/".insteadOf x\n{INSTALL}',
        builder=("ARG TOKEN", "RUN git config", "install"),
    ),
    Case(
        "a key that is taken away later is there for the install",
        f"{SLIM}COPY key /root/.ssh/id\n{INSTALL}RUN rm /root/.ssh/id\nRUN pip install flask\n",
        builder=("COPY key /root/.ssh/id", "install -r", "install flask"),
    ),
    Case(
        "a header is where compiling looks for it",
        f"{FULL}RUN ln -s /usr/include/locale.h /usr/include/xlocale.h\n{INSTALL}",
        builder=("xlocale.h", "install"),
    ),
    Case(
        "a variable that pip fills in is known to pip",
        f"{SLIM}ARG TOKEN\n{INSTALL}",
        {"requirements.txt": "a @ https://${TOKEN}@example.org/a-1.zip\n"},
        builder=("ARG TOKEN", "install"),
    ),
    Case(
        "a variable that setup.py reads is known to it",
        f"{SLIM}ARG RELEASE=1\nENV OTHER=1\nWORKDIR /app\nCOPY . .\nRUN pip install .\n",
        {"setup.py": "import os\nfrom setuptools import setup\nsetup(name='a', version=os.environ['RELEASE'])\n"},
        builder=("ARG RELEASE=1", "install ."),
    ),
    Case(
        "folders of wheels come along",
        f"{SLIM}COPY wheels /wheels\n{BEFORE}RUN pip install -f /wheels -r requirements.txt\nCOPY . .\n",
        {"wheels/a-1-py3-none-any.whl": ""},
        builder=("COPY wheels /wheels", "install"),
    ),
    Case(
        "wheels of another image come along",
        f"{SLIM}COPY --from=example.org/wheels:1 /wheels /wheels\nRUN pip install --find-links=/wheels flask\n",
        builder=("COPY --from=example.org/wheels:1 /wheels /wheels", "install"),
    ),
    Case(
        "wheels that a requirements file names come along",
        PLAIN,
        {"requirements.txt": "--find-links ./wheels\na==1\n", "wheels/a-1-py3-none-any.whl": ""},
        builder=("COPY requirements.txt", "install"),
    ),
    Case(
        "a file under another name in the image",
        f"{SLIM}WORKDIR /app\nCOPY api/requirements.txt api.txt\nRUN pip install -r api.txt\nCOPY . .\n",
        {"api/requirements.txt": "flask\n"},
        builder=("COPY api/requirements.txt api.txt", "install -r api.txt"),
    ),
    Case(
        "of two files with one name the later one is there",
        f"{SLIM}WORKDIR /app\nCOPY a/requirements.txt b/requirements.txt ./\nRUN pip install -r requirements.txt\n",
        {"a/requirements.txt": "flask\n", "b/requirements.txt": "django\n"},
        builder=("b/requirements.txt", "install"),
    ),
    Case(
        "a cache of apt that both stages would lock at the same moment",
        f"{SLIM}RUN --mount=type=cache,target=/var/cache/apt apt-get update && apt-get install -y libpq-dev\n{INSTALL}",
        {"requirements.txt": "psycopg2\n"},
        builder=("--mount=type=cache,target=/var/cache/apt,sharing=locked apt-get", "libpq-dev"),
        runtime=("--mount=type=cache,target=/var/cache/apt,sharing=locked apt-get", "libpq5"),
    ),
    Case(
        "a file that uv would read, were it not kept out of the context",
        f"{SLIM}WORKDIR /app\nCOPY --from=ghcr.io/astral-sh/uv:0.9 /uv /bin/\nCOPY . .\nRUN uv sync --frozen\n",
        {".python-version": "3.11\n", "pyproject.toml": "", "uv.lock": "", ".dockerignore": ".python-version\n"},
        builder=("COPY pyproject.toml uv.lock ./", "uv sync"),
    ),
    Case(
        "an update whose lists only the builder installs from",
        f"{SLIM}RUN apt-get update\nRUN apt-get install -y gcc\n"
        f"RUN apt-get update && apt-get install -y curl\n{INSTALL}",
        builder=("RUN apt-get update\nRUN apt-get install -y gcc", "install"),
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
        builder=("COPY setup.py VERSION ./", "COPY lib lib", "install ."),
    ),
)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.does)
def test_what_a_venv_elsewhere_would_break_is_refused(case: Case) -> None:
    refusal = found(case)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == case.refuses
    assert refusal.advice


@pytest.mark.parametrize("case", SPLIT, ids=lambda case: case.does)
def test_each_stage_gets_what_it_reads_in_order(case: Case) -> None:
    assert not lacking(case)


READ = (
    "import os\nfrom setuptools import setup\nsetup(name='a', install_requires=open('requirements.txt').readlines())\n"
)


def test_what_setup_py_reads_from_a_requirements_file_is_known() -> None:
    result = found(Case("", f"{FULL}WORKDIR /app\nCOPY . .\nRUN pip install .\n", {"setup.py": READ}))
    assert isinstance(result, Split)
    assert not result.doubts
