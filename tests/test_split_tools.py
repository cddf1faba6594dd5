"""Tools of builds, and tools that a running service calls: each goes where it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydock.context import Tree
from pydock.project import Project
from pydock.split import Refusal, Split, split
from tests.split_cases import BEFORE, CMD, FULL, INSTALL, SLIM, Case, found, lacking

APT = "RUN apt-get update && apt-get install -y --no-install-recommends"
RUNTIME = "FROM python:3.11-slim"
UV = "COPY --from=ghcr.io/astral-sh/uv:0.9.9 /uv /uvx /bin/\nWORKDIR /srv\nCOPY pyproject.toml uv.lock ./\n"
WORKSPACE = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\ndependencies = ["prices"]\n'
    '[tool.uv.workspace]\nmembers = ["libs/*", "apps/*"]\n',
    "uv.lock": "".join(
        f'[[package]]\nname = "{name}"\nversion = "1"\nsource = {{ {source} }}\ndependencies = [{needs}]\n'
        for name, source, needs in (
            ("shop", 'virtual = "."', '{ name = "prices" }'),
            ("prices", 'editable = "libs/prices"', ""),
            ("shop-api", 'editable = "apps/api"', '{ name = "prices" }, { name = "uvicorn" }'),
            ("uvicorn", 'registry = "https://index.example/simple"', ""),
        )
    ),
    "libs/prices/pyproject.toml": '[project]\nname = "prices"\nversion = "1"\n',
    "apps/api/pyproject.toml": '[project]\nname = "shop-api"\nversion = "1"\n',
    "apps/api/main.py": "",
}
PLACED = (
    Case(
        "a compiler that the source calls stays, and says for whom",
        f"{SLIM}{APT} gcc libc6-dev libffi-dev\n{INSTALL}{CMD}",
        {"app.py": "import torch\nmodel = torch.compile(print)\n"},
        builder=("gcc libc6-dev libffi-dev",),
        runtime=("# app.py compiles when it runs (torch.compile)\n", "gcc libc6-dev"),
    ),
    Case(
        "a compiler that a package calls stays",
        f"{SLIM}{APT} g++ make\n{INSTALL}{CMD}",
        {"requirements.txt": "cmdstanpy\n"},
        runtime=("# cmdstanpy compiles when it runs\n", "g++ make"),
    ),
    Case(
        "a converter that only some package calls stays",
        f"{FULL}{APT} pandoc\n{INSTALL}{CMD}",
        {"requirements.txt": "nbconvert\n"},
        runtime=("pandoc",),
    ),
    Case(
        "a kit for Java gives way to its run time",
        f"{SLIM}{APT} default-jdk\n{INSTALL}{CMD}",
        {"requirements.txt": "pyspark\n"},
        runtime=("# pyspark calls java\n", "install -y --no-install-recommends default-jre-headless\n"),
    ),
    Case(
        "a kit for Java stays whole for who calls its compiler",
        f"{SLIM}{APT} default-jdk\n{INSTALL}{CMD}",
        {"requirements.txt": "pyspark\n", "app.py": "import subprocess\nsubprocess.run(['javac', 'A.java'])\n"},
        runtime=("install -y --no-install-recommends default-jdk\n",),
    ),
    Case(
        "the cache of libraries is made where the libraries are",
        f"{SLIM}RUN echo /opt/lib > /etc/ld.so.conf.d/own.conf && ldconfig\n{INSTALL}{CMD}",
        runtime=("RUN echo /opt/lib > /etc/ld.so.conf.d/own.conf && ldconfig\n",),
    ),
    Case(
        "an older setuptools is for builds, so it is in the environment",
        f'{SLIM}{BEFORE}RUN pip install "setuptools<58" wheel && pip install -r requirements.txt\n{CMD}',
        builder=("venv", 'pip --python /opt/venv install "setuptools<58" && pip --python /opt/venv install -r'),
    ),
    Case(
        "a wheel that is built in front of its install is built in the builder, with what builds it",
        f"{SLIM}{APT} curl gcc\nRUN curl -sSf https://sh.rustup.rs | sh -s -- -y\nRUN pip install maturin\n"
        f"WORKDIR /app\nCOPY . .\nRUN maturin build -o dist && pip install dist/*.whl\n{CMD}",
        {"Cargo.toml": "", "app.py": "", "pyproject.toml": '[build-system]\nrequires = ["maturin"]\n'},
        builder=("curl gcc", "sh.rustup.rs", "pip install maturin", "maturin build -o dist && pip"),
    ),
    Case(
        "a sync of one member has the sources of all that it hangs on",
        f"{SLIM}{UV}RUN uv sync --frozen --no-install-workspace\nCOPY . .\nRUN uv sync --frozen --package shop-api\n"
        'CMD ["uv", "run", "uvicorn", "main:app"]\n',
        WORKSPACE,
        builder=("uv sync --frozen --no-install-workspace", "COPY . .", "uv sync --frozen --package shop-api"),
        runtime=("COPY . .",),
    ),
)
START = "#!/bin/sh\ngit pull\nexec python app.py\n"
TRACKED = {"requirements.txt": "mlflow\n"}
GIT = (
    pytest.param(f"{SLIM}{APT} git\n{INSTALL}{CMD}", {}, (False, True), id="no list names a repository"),
    pytest.param(
        f"{SLIM}{APT} git\n{INSTALL}{CMD}",
        {"requirements.txt": "x @ git+https://example.org/x\n"},
        (True, False),
        id="a list names a repository",
    ),
    pytest.param(
        f"{SLIM}{APT} git\n{INSTALL}{CMD}",
        {"requirements.txt": "mlflow\nx @ git+https://example.org/x\n"},
        (True, True),
        id="a package calls git, too",
    ),
    pytest.param(
        f"{SLIM}{APT} git\nWORKDIR /app\nCOPY . .\nRUN pip install .\n{CMD}",
        {"pyproject.toml": "[project]\nname = 'x'\nversion = '1'\n"},
        (True, True),
        id="a project may ask git for its version",
    ),
    pytest.param(
        f"{FULL}{INSTALL}COPY start.sh /\n{CMD}",
        {"start.sh": START},
        (False, True),
        id="a script that a COPY names and nothing here starts",
    ),
    pytest.param(
        f"{FULL}{INSTALL}{CMD}", {"start.sh": START}, (False, False), id="a script that only lies beside the code"
    ),
    pytest.param(f"{FULL}{INSTALL}{CMD}", TRACKED, (False, True), id="a package asks about the history in the image"),
    pytest.param(
        f"{FULL}{INSTALL}{CMD}", {**TRACKED, ".dockerignore": ".git\n"}, (False, False), id="there is no history"
    ),
    pytest.param(
        f"{FULL}{INSTALL}{CMD}",
        {**TRACKED, ".dockerignore": ".git\n", "README.md": 'Run: `docker run -v "$PWD":/app shop`\n'},
        (False, True),
        id="a document mounts the history",
    ),
    pytest.param(
        f"{FULL}{INSTALL}CMD pip install git+https://example.org/x && python app.py\n",
        {},
        (False, True),
        id="pip fetches a repository when the container starts",
    ),
)


@pytest.mark.parametrize(("dockerfile", "files", "has_git"), GIT)
def test_git_is_where_somebody_calls_it(dockerfile: str, files: dict[str, str], has_git: tuple[bool, bool]) -> None:
    """A package that is named and that no install needs is there for what runs."""
    split_file = found(Case("", dockerfile, files))
    assert isinstance(split_file, Split)
    assert not split_file.doubts
    stages = split_file.plan.text().rpartition("\nFROM ")
    assert tuple(" git\n" in stage or " git \\" in stage for stage in (stages[0], stages[2])) == has_git


LEFT_OUT: tuple[tuple[str, dict[str, str], str], ...] = (
    (f"{SLIM}{APT} gcc\n{INSTALL}{CMD}", {}, "gcc"),
    (f"{SLIM}{APT} default-jdk\n{INSTALL}{CMD}", {}, "jdk"),
    (PLACED[7].dockerfile, PLACED[7].files, "rustup"),
    (PLACED[7].dockerfile, PLACED[7].files, "maturin"),
    (PLACED[8].dockerfile, WORKSPACE, "/uvx"),
    (
        f"{SLIM}{APT} git openssh-client\n"
        "RUN mkdir -p /root/.ssh && ssh-keyscan example.org >> /root/.ssh/known_hosts\n"
        f"{BEFORE}RUN pip install -r requirements.txt\nRUN rm -rf /root/.ssh\n{CMD}",
        {"requirements.txt": "git+ssh://git@example.org/a/b.git\n"},
        ".ssh",
    ),
    (
        f"{SLIM}RUN pip install pdm==2.1\nWORKDIR /app\nCOPY pyproject.toml pdm.lock ./\n"
        "RUN mkdir __pypackages__ && pdm sync --prod\nENV PYTHONPATH=/app/__pypackages__/3.11/lib\n"
        f"COPY app.py ./\n{CMD}",
        {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\n', "pdm.lock": "", "app.py": ""},
        "mkdir",
    ),
)
IDS = (
    "a compiler that nothing calls",
    "a kit for Java that nothing calls",
    "what compiles a wheel",
    "what builds a wheel",
    "a manager and what comes with it",
    "the folder of keys, made and removed",
    "the folder that the environment brings",
)


@pytest.mark.parametrize("case", PLACED, ids=lambda case: case.does)
def test_each_tool_is_where_it_is_used(case: Case) -> None:
    assert not lacking(case)


@pytest.mark.parametrize(("dockerfile", "files", "gone"), LEFT_OUT, ids=IDS)
def test_what_only_the_builder_uses_is_not_in_what_ships(dockerfile: str, files: dict[str, str], gone: str) -> None:
    result = found(Case("", dockerfile, files))
    assert isinstance(result, Split)
    builder, _, runtime = result.plan.text().partition(f"\n{RUNTIME}")
    assert gone in dockerfile
    assert gone not in runtime
    assert builder


def test_a_member_whose_source_is_not_there_yet_is_named() -> None:
    text = f"{SLIM}{UV}RUN uv sync --frozen --no-install-project\nCOPY . .\n{CMD}"
    result = found(Case("", text, WORKSPACE))
    assert isinstance(result, Refusal)
    assert "/srv/libs/prices/pyproject.toml" in result.why


def test_extensions_that_are_compiled_beside_the_source_are_named_as_what_stands_in_the_way() -> None:
    text = f"{FULL}{INSTALL}RUN python setup.py build_ext --inplace\n{CMD}"
    result = found(Case("", text, {"setup.py": "from setuptools import setup\nsetup()\n"}))
    assert isinstance(result, Refusal)
    assert result.reason == "compiles"
    assert "`python setup.py build_ext --inplace`" in result.why


def test_a_script_that_installs_and_leaves_more_is_named_with_what_it_leaves() -> None:
    text = f"{SLIM}WORKDIR /app\nCOPY . .\nRUN sh setup.sh\n{CMD}"
    files = {"setup.sh": "pip install -r requirements.txt\nmkdir -p media\n", "app.py": ""}
    result = found(Case("", text, files))
    assert isinstance(result, Refusal)
    assert result.reason == "mixed command"
    assert "/app/media" in result.why


def test_the_environment_is_copied_below_what_clears_its_place() -> None:
    install = "python -m venv /app/venv && /app/venv/bin/pip install -r requirements.txt"
    text = (
        f'{SLIM}WORKDIR /app\nCOPY . .\nRUN rm -rf /app/venv\nRUN {install}\nCMD ["/app/venv/bin/python", "app.py"]\n'
    )
    result = found(Case("", text, {"app.py": "", "venv/old": ""}))
    assert isinstance(result, Split)
    runtime = result.plan.text().partition(f"\n{RUNTIME}")[2]
    assert 0 < runtime.find("RUN rm -rf /app/venv") < runtime.find("COPY --from=builder /app/venv /app/venv")


def test_a_manager_whose_run_is_written_out_leaves_also_where_nobody_knows_what_it_runs() -> None:
    text = (
        f"{SLIM}RUN pip install poetry==2.1.4\nWORKDIR /app\nCOPY pyproject.toml poetry.lock ./\n"
        'RUN poetry install --no-root\nCOPY . .\nCMD ["poetry", "run", "uvicorn", "main:app"]\n'
    )
    files = {"pyproject.toml": "[tool.poetry.dependencies]\npython = '*'\n", "poetry.lock": "", "main.py": ""}
    result = found(Case("", text, files))
    assert isinstance(result, Split)
    assert result.plan.text().count("poetry==2.1.4") == 1


def test_all_names_are_those_of_the_release_that_has_all_packages() -> None:
    """wkhtmltopdf is not in trixie, and bookworm's libldap is named otherwise there."""
    text = f"{FULL}{APT} wkhtmltopdf libldap2-dev libsasl2-dev\n{INSTALL}{CMD}"
    result = found(Case("", text, {"requirements.txt": "python-ldap\n"}))
    assert isinstance(result, Split)
    assert "wkhtmltopdf libldap-2.5-0 libsasl2-2" in result.plan.text()


def test_a_library_under_its_older_name_is_not_installed_twice() -> None:
    text = f"FROM python:3.11-trixie\n{APT} libmagic1\n{INSTALL}{CMD}"
    result = found(Case("", text, {"requirements.txt": "python-magic\n"}))
    assert isinstance(result, Split)
    assert "libmagic1t64" not in result.plan.text()


def test_a_work_directory_behind_which_another_stands_is_not_in_the_builder() -> None:
    result = found(Case("", f"{SLIM}WORKDIR /opt/data\nRUN touch a\n{INSTALL}{CMD}"))
    assert isinstance(result, Split)
    assert result.plan.text().count("WORKDIR /opt/data") == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param(
            "heroku.yml",
            "build:\n  docker: {web: Dockerfile}\nrun:\n  web: poetry run shop\n",
            id="heroku.yml, which builds it",
        ),
        pytest.param(
            "heroku.yml",
            "build:\n  docker: {web: Dockerfile}\nrelease: {image: web, command: [poetry run alembic upgrade head]}\n",
            id="a release on Heroku",
        ),
        pytest.param(
            "compose.yaml",
            "services:\n  web:\n    image: registry.example/shop:1\n    command: [poetry, run, shop]\n",
            id="a service of compose that runs an image by its name",
        ),
        pytest.param(
            "compose.yaml",
            "services:\n  web:\n    image: shop:1\n    command: [poetry, run, shop]\n",
            id="one that runs an image of this machine",
        ),
    ],
)
def test_a_manager_that_is_started_from_beside_the_dockerfile_stays(path: str, text: str) -> None:
    project = {"pyproject.toml": "[tool.poetry]\nname = 'x'\nversion = '1'\n", "poetry.lock": "", path: text}
    made = found(
        Case("", f"{SLIM}RUN pip install poetry==1.8.5\nWORKDIR /srv\nCOPY . .\nRUN poetry install\n{CMD}", project)
    )
    assert isinstance(made, Refusal)
    assert made.reason == "tool at run time"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("Procfile", "web: poetry run shop\n", id="a Procfile, which is for builds without a Dockerfile"),
        pytest.param(
            "heroku.yml",
            "build:\n  docker: {jobs: jobs/Dockerfile}\nrun:\n  jobs: poetry run shop\n",
            id="heroku.yml of another image",
        ),
    ],
)
def test_a_manager_goes_in_spite_of(path: str, text: str) -> None:
    project = {"pyproject.toml": "[tool.poetry]\nname = 'x'\nversion = '1'\n", "poetry.lock": "", path: text}
    lines = "RUN pip install poetry==1.8.5\nWORKDIR /srv\nCOPY . .\nRUN poetry install\n"
    assert isinstance(found(Case("", f"{SLIM}{lines}{CMD}", project)), Split)


def test_what_a_downloaded_program_loads_of_the_full_image_is_a_doubt() -> None:
    name = "wkhtmltox-0.12.4_linux.tar.xz"
    fetched = f"RUN wget -q https://example.org/{name} && tar xf {name} -C /opt\n"
    made = found(Case("", f"{FULL}{fetched}{INSTALL}{CMD}"))
    assert isinstance(made, Split)
    assert [doubt for doubt in made.doubts if "downloads wkhtmltox" in doubt]
    slim = found(Case("", f"{SLIM}RUN apt-get update && apt-get install -y wget xz-utils\n{fetched}{INSTALL}{CMD}"))
    assert isinstance(slim, Split)
    assert not [doubt for doubt in slim.doubts if "downloads wkhtmltox" in doubt]


@pytest.mark.parametrize(
    ("command", "files"),
    [
        pytest.param('CMD ["jupyter", "lab", "--ip=0.0.0.0"]\n', {}, id="a notebook"),
        pytest.param('CMD ["bash"]\n', {}, id="a shell"),
        pytest.param('CMD ["python3", "-i"]\n', {}, id="a prompt of Python"),
        pytest.param('CMD ["tail", "-f", "/dev/null"]\n', {}, id="a container that waits"),
        pytest.param(CMD, {"README.md": "docker exec -it web pip install -e /app/shared\n"}, id="a README that does"),
    ],
)
def test_who_installs_more_in_the_container_has_a_pip_there(command: str, files: dict[str, str]) -> None:
    made = found(Case("", f"{SLIM}{INSTALL}{command}", files))
    assert isinstance(made, Split)
    assert "--without-pip" not in made.plan.text()


README = "Open a shell: `docker-compose exec web bash`\n\nThen:\n\n    pipenv run python manage.py migrate\n"
PIPENV = "RUN pip install pipenv\nCOPY Pipfile Pipfile.lock ./\nRUN pipenv install --system --deploy\nCOPY . .\n"


@pytest.mark.parametrize(
    ("text", "is_doubt"),
    [
        pytest.param(README, True, id="in the shell that a line above opens"),
        pytest.param("docker compose exec web pipenv run python manage.py migrate\n", True, id="in one line"),
        pytest.param("pipenv run python manage.py migrate\n", False, id="not on the host"),
        pytest.param("pipenv run pytest\n\ndocker compose exec web bash\n", False, id="not above the container"),
    ],
)
def test_a_manager_that_documents_call_in_the_container_is_missed_there(text: str, is_doubt: bool) -> None:
    files = {"Pipfile": '[packages]\nflask = "*"\n', "Pipfile.lock": "{}", "README.md": text}
    made = found(Case("", f"{SLIM}{PIPENV}{CMD}", files))
    assert isinstance(made, Split)
    assert bool([each for each in made.doubts if "which has none any more" in each]) is is_doubt


@pytest.mark.parametrize(("name", "is_own"), [("backend", True), ("frontend", False)])
def test_documents_above_the_context_speak_of_a_service_by_its_name(name: str, is_own: bool) -> None:
    compose = (("../compose.yaml", "services:\n  backend:\n    build: ./backend\n"),)
    told = (("../docs/help.md", f"docker compose exec {name} pip install openpyxl\n"),)
    files = {"Dockerfile": f"{SLIM}{INSTALL}{CMD}", "requirements.txt": "flask\n"}
    made = split(Project(Tree(Path("/srv/shop/backend"), files), above=compose, told=told))
    assert isinstance(made, Split)
    assert ("--without-pip" in made.plan.text()) is not is_own


@pytest.mark.parametrize("command", ['CMD ["bash", "-c", "exec python app.py"]\n', CMD], ids=["a script", "a service"])
def test_a_service_needs_no_pip_beside_it(command: str) -> None:
    made = found(
        Case("", f"{SLIM}{INSTALL}{command}", {"README.md": "pip install x\n\ndocker exec web python -m app\n"})
    )
    assert isinstance(made, Split)
    assert "--without-pip" in made.plan.text()


@pytest.mark.parametrize(("user", "is_doubt"), [("USER 1000\n", True), ("", False)], ids=["another user", "root"])
def test_a_service_that_installs_packages_may_not_write_the_environment(user: str, is_doubt: bool) -> None:
    plugin = "import subprocess, sys\n\nsubprocess.run([sys.executable, '-m', 'pip', 'install', sys.argv[1]])\n"
    made = found(Case("", f"{SLIM}{INSTALL}COPY app.py ./\n{user}{CMD}", {"app.py": plugin}))
    assert isinstance(made, Split)
    assert bool([each for each in made.doubts if "may not write the environment" in each]) is is_doubt
    assert "--without-pip" not in made.plan.text()


@pytest.mark.parametrize(
    ("lines", "seeds"),
    [
        pytest.param(
            "RUN pip install -r requirements.txt\n",
            "&& pip --python /opt/venv install setuptools==79.0.1 wheel==",
            id="a list",
        ),
        pytest.param(
            "COPY . .\nRUN pip install -r requirements.txt -e .\n",
            "&& pip --python /opt/venv install setuptools==79.0.1 wheel==",
            id="an editable install, for which setuptools 80 would start a pip",
        ),
        pytest.param(
            "COPY . .\nRUN pip install -r requirements.txt -e .\nRUN pip check\n",
            "&& /opt/venv/bin/pip install wheel==",
            id="an environment that has a pip of its own, and so setuptools",
        ),
    ],
)
def test_setup_scripts_run_with_what_the_image_had(lines: str, seeds: str) -> None:
    base = "FROM python:3.11\nWORKDIR /app\nCOPY requirements.txt ./\n"
    files = {"requirements.txt": "acme-till==1.0\n", "setup.py": "from setuptools import setup\n\nsetup(name='shop')\n"}
    made = found(Case("", f"{base}{lines}{CMD}", files))
    assert isinstance(made, Split)
    assert seeds in made.plan.text()


@pytest.mark.parametrize(
    ("command", "is_doubt"),
    [
        pytest.param("", True, id="nothing is started"),
        pytest.param(CMD, False, id="a command"),
        pytest.param('ENTRYPOINT ["python", "app.py"]\n', False, id="an entry point"),
    ],
)
def test_an_image_that_others_may_be_built_on_keeps_a_pip_and_is_not_split_unsaid(command: str, is_doubt: bool) -> None:
    files = {"Dockerfile": f"{SLIM}{INSTALL}{command}", "requirements.txt": "flask\n"}
    made = split(Project(Tree.of(files)))
    assert isinstance(made, Split)
    assert bool([each for each in made.doubts if "nothing says what runs" in each]) is is_doubt
    assert ("--without-pip" in made.plan.text()) is not is_doubt


def test_an_upgrade_stays_with_the_lists_that_it_reads() -> None:
    lines = "RUN apt-get update && apt-get upgrade -y\nRUN apt-get install -y gcc\n"
    made = found(Case("", f"{SLIM}{lines}{INSTALL}{CMD}"))
    assert isinstance(made, Split)
    runtime = made.plan.text().rpartition("\nFROM ")[2]
    assert 0 < runtime.index("apt-get update") < runtime.index("apt-get upgrade")


@pytest.mark.parametrize(
    ("before", "options", "index"),
    [
        pytest.param("", " -i https://mirror.example/simple", "https://mirror.example/simple", id="that of the list"),
        pytest.param(
            "RUN pip install torch -i https://few.example/cpu\n", " -i https://mirror.example/simple",
            "https://mirror.example/simple", id="that of the list, where a few packages have one of their own",
        ),
        pytest.param(
            "RUN pip install torch -i https://few.example/cpu\n", "", None, id="pip's, where the list names none"
        ),
    ],
)  # fmt: skip
def test_a_package_that_the_split_adds_comes_from_the_index(before: str, options: str, index: str | None) -> None:
    lines = f"{BEFORE}{before}RUN pip install -r requirements.txt{options}\nCOPY . .\n"
    made = found(Case("", f"{FULL}{lines}{CMD}", {"requirements.txt": "gunicorn==20.0.4\n"}))
    assert isinstance(made, Split)
    assert f"install {f'--index-url {index} ' if index else ''}setuptools==" in made.plan.text()


def test_an_environment_of_a_python_that_poetry_refuses_is_not_made() -> None:
    files = {"pyproject.toml": "[tool.poetry]\nname='x'\nversion='1'\n[tool.poetry.dependencies]\npython='~3.9'\n"}
    lines = "RUN pip install poetry==1.8.5\nWORKDIR /srv\nCOPY . .\nRUN poetry install --no-root\n"
    made = found(Case("", f"{FULL}{lines}{CMD}", {**files, "poetry.lock": ""}))
    assert isinstance(made, Refusal)
    assert made.reason == "other interpreter"
