"""Models, browsers and corpora that the build fetches are the user's afterwards, and what is not known is a doubt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pydock.context import Tree
from pydock.engine import check, rewrite
from pydock.project import Project
from pydock.rule import Rule
from pydock.rules import RULES
from pydock.rules.run_time.root_user import RULE
from pydock.text import Safety
from tests.containers import Build

if TYPE_CHECKING:
    from docker import DockerClient

HEAD = "FROM python:3.12.1-slim-bookworm\nWORKDIR /app\n"
END = 'COPY app.py ./\nCMD ["python", "app.py"]\n'
LOADS = "RUN python -c \"from transformers import AutoModel; AutoModel.from_pretrained('x')\"\n"
NOT_KNOWN = "and what it keeps is not known"


def _moved(variable: str, folder: str, command: str) -> tuple[str, ...]:
    return (
        f"ENV {variable}={folder}\n",
        f"RUN mkdir -p {folder} \\\n    && {command} \\\n    && chown -R app:app {folder}\n",
    )


@dataclass(frozen=True)
class Case:
    """What a build fetches, the text that the safe fix gives, or what is doubted."""

    does: str
    run: str
    has: tuple[str, ...] = ()
    doubts: str = ""
    files: dict[str, str] = field(default_factory=dict)
    lacks: tuple[str, ...] = ("chown -R app:app /app",)


CASES = (
    Case(
        "a browser of Playwright's",
        "RUN playwright install --with-deps chromium\n",
        _moved("PLAYWRIGHT_BROWSERS_PATH", "/opt/ms-playwright", "playwright install --with-deps chromium"),
    ),
    Case(
        "a browser by the module",
        "RUN python -m playwright install chromium\n",
        _moved("PLAYWRIGHT_BROWSERS_PATH", "/opt/ms-playwright", "python -m playwright install chromium"),
    ),
    Case("a model of Hugging Face's", LOADS, ("ENV HF_HOME=/opt/huggingface\n", "chown -R app:app /opt/huggingface\n")),
    Case(
        "a model by the program of the hub",
        "RUN huggingface-cli download x/y\n",
        _moved("HF_HOME", "/opt/huggingface", "huggingface-cli download x/y"),
    ),
    Case(
        "corpora of NLTK's",
        "RUN python -m nltk.downloader punkt\n",
        _moved("NLTK_DATA", "/opt/nltk_data", "python -m nltk.downloader punkt"),
    ),
    Case(
        "a browser by a RUN with a comment behind its command",
        "RUN playwright install chromium # the browser\n",
        ("playwright install chromium \\\n    && chown -R app:app /opt/ms-playwright # the browser\n",),
    ),
    Case(
        "a browser by a RUN of several commands",
        "RUN --network=host set -eu; playwright install chromium || exit 1; echo done;\n",
        ("RUN --network=host mkdir -p /opt/ms-playwright \\\n    && set -eu;", "echo done \\\n    && chown -R app:app"),
    ),
    Case("corpora at a place that is told", "RUN python -m nltk.downloader -d /usr/share/nltk_data punkt\n", ("USER",)),
    Case(
        "a model of Whisper's",
        "RUN python -c 'import whisper; whisper.load_model(\"base\")'\n",
        ("ENV XDG_CACHE_HOME=/opt/cache\n",),
    ),
    Case(
        "models of two libraries, in one ENV above the first of them",
        f"RUN rembg d u2net\n{LOADS}",
        ("ENV U2NET_HOME=/opt/u2net \\\n    HF_HOME=/opt/huggingface\nRUN mkdir -p /opt/u2net \\\n    && rembg",),
    ),
    Case(
        "a model by a script of the project, through a module that it imports",
        "COPY . .\nRUN python get.py\n",
        _moved("TORCH_HOME", "/opt/torch", "python get.py"),
        files={"get.py": "import nets\n\nnets.load()\n", "nets.py": "import torch\n\nload = torch.hub.load\n"},
    ),
    Case(
        "a model by a script, whose module a service of the same image runs, too",
        "COPY . .\nRUN python -m nets\n",
        _moved("TORCH_HOME", "/opt/torch", "python -m nets"),
        files={"nets.py": "import torch\n\ntorch.hub.load('a', 'b')\n"},
    ),
    Case(
        "a model at the place that the file tells, which the RUN gives to the user and no later layer",
        f"ENV HF_HOME=/models\nRUN mkdir -p /models\n{LOADS}",
        ("chown -R app:app /models\n",),
        lacks=("ENV HF_HOME=/opt", "RUN chown", "\nRUN chown -R"),
    ),
    Case(
        "a package of spaCy's, which every user may read", "RUN python -m spacy download de_core_news_sm\n", ("USER",)
    ),
    Case("an encoding of tiktoken's, which lies below /tmp", "RUN python -c 'import tiktoken'\n", ("USER",)),
    Case(
        "a model that a cache mount keeps out of the image",
        LOADS.replace("RUN", "RUN --mount=type=cache,target=/root/.cache"),
        ("USER",),
        lacks=("HF_HOME",),
    ),
    Case(
        "what a program keeps that nobody knows",
        "RUN trove pull\n",
        doubts=f"line 3 runs trove as root, {NOT_KNOWN}",
    ),
    Case(
        "what a library keeps that nobody knows",
        "RUN python -c 'import trove; trove.pull()'\n",
        doubts=f"line 3 runs code of trove as root, {NOT_KNOWN}",
    ),
    Case(
        "a model whose place the source tells",
        LOADS,
        doubts="line 3 fills ~/.cache/huggingface of root, and app.py names that place",
        files={"app.py": "import os\n\nmodel = os.path.expanduser('~/.cache/huggingface/hub/x')\n"},
    ),
    Case(
        "a model by a RUN that no command can be written into",
        "RUN python - <<EOF\nimport whisper\nwhisper.load_model('base')\nEOF\n",
        doubts="line 3 fills ~/.cache of root, and its RUN cannot give that to a user",
    ),
    Case(
        "a folder below /root that a RUN makes",
        "RUN mkdir -p /root/.trove/credentials\n",
        doubts="line 3 puts files into root's home (/root/.trove/credentials)",
    ),
    Case(
        "a file below /root that a later RUN removes",
        "RUN echo 1 > /root/key\nRUN rm /root/key\n",
        ("USER 10001",),
    ),
    Case(
        "a file below /root by a shell",
        "RUN mkdir -p /root/.trove && echo 1 > /root/.trove/settings\n",
        doubts="line 3 puts files into root's home (/root/.trove/settings)",
    ),
)


def _after(case: Case) -> str:
    files = {"app.py": "print(1)\n", **case.files, "Dockerfile": HEAD + case.run + END}
    return rewrite(Project(Tree.of(files)), (RULE,), Safety.SAFE).result.dockerfile.text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.does)
def test_what_the_build_fetches_is_the_users(case: Case) -> None:
    after = _after(case)
    assert ("USER 10001" in after) is not bool(case.doubts), after
    assert [each for each in case.has if each not in after] == [], after
    assert [each for each in case.lacks if each in after] == [], after
    if case.doubts:
        files = {"app.py": "print(1)\n", **case.files, "Dockerfile": HEAD + case.run + END}
        (found,) = check(Project(Tree.of(files)), (RULE,))
        assert found.fix is not None
        assert case.doubts in found.fix.doubts


# Stand-ins for packages: what they fetch lies where the real ones keep it, for root alone, and they write beside it.
SETUP = (
    "from setuptools import setup\n\nsetup(name='{name}', version='1.45.0', py_modules=['{name}'],\n"
    "      entry_points={{'console_scripts': ['{name}={name}:main']}})\n"
)
FETCHES = (
    "import os, pathlib\n\n"
    "home = pathlib.Path(os.environ.get('{variable}') or os.path.expanduser('{place}'))\n\n\n"
    "def main():\n    home.mkdir(parents=True, exist_ok=True)\n    (home / 'model').write_text('fetched')\n"
    "    (home / 'model').chmod(0o600)\n\n\n"
    "def read():\n    (home / 'lock').write_text('1')\n    return (home / 'model').read_text()\n"
)
LOGS = (
    "import os\n\n\ndef main():\n    os.makedirs('logs', exist_ok=True)\n"
    "    with open('logs/dbt.log', 'a') as log:\n        log.write('1')\n    print('logged')\n"
)
BROWSERS = FETCHES.format(variable="PLAYWRIGHT_BROWSERS_PATH", place="~/.cache/ms-playwright")
MODELS = FETCHES.format(variable="HF_HOME", place="~/.cache/huggingface")
CALLS = (
    "import subprocess\n\nprint(subprocess.run(['dbt', 'run'], check=True, capture_output=True, text=True).stdout)\n"
)


def _service(name: str, module: str, run: str, start: str) -> dict[str, str]:
    """A service with a package beside it, whose source is not its own."""
    head = "FROM python:3.11-slim\nWORKDIR /app\nCOPY vendor /tmp/vendor\n"
    install = f"RUN pip install /tmp/vendor\nCOPY app.py ./\n{run}"
    return {
        "Dockerfile": f'{head}{install}CMD ["python", "app.py"]\n',
        "vendor/setup.py": SETUP.format(name=name),
        f"vendor/{name}.py": module,
        "app.py": start,
    }


BUILT = {
    "a browser that the program of a package fetches": _service(
        "playwright", BROWSERS, "RUN playwright install chromium\n", "import playwright\n\nprint(playwright.read())\n"
    ),
    "a model that code writes where HF_HOME says": _service(
        "transformers",
        MODELS,
        "RUN python -c 'import transformers; transformers.main()'\n",
        "import transformers\n\nprint(transformers.read())\n",
    ),
    "a model at the place that the file tells": _service(
        "transformers",
        MODELS,
        "ENV HF_HOME=/models\nRUN python -c 'import transformers; transformers.main()'\n",
        "import transformers\n\nprint(transformers.read())\n",
    ),
    "the log of a program that the service starts again": _service("dbt", LOGS, "RUN dbt deps\n", CALLS),
}


@pytest.mark.engine
@pytest.mark.parametrize("rules", [(RULE,), RULES], ids=["the user alone", "with every other fix"])
@pytest.mark.parametrize("files", BUILT.values(), ids=BUILT)
def test_the_service_finds_and_writes_it_as_before(
    engine: DockerClient, built: Build, files: dict[str, str], rules: tuple[Rule, ...]
) -> None:
    project = Project(Tree.of(files))
    after = rewrite(project, rules, Safety.SAFE).result
    assert "USER 10001" in after.dockerfile.text
    said = [engine.containers.run(built(each), remove=True, network_mode="none").decode() for each in (project, after)]
    assert said[0] == said[1]
    assert said[0].strip() in {"fetched", "logged"}


def test_the_log_of_a_program_that_nobody_is_seen_to_start_again_is_a_doubt() -> None:
    files = _service("dbt", LOGS, "RUN dbt deps\n", "print(1)\n")
    (found,) = check(Project(Tree.of(files)), (RULE,))
    assert found.fix is not None
    assert "line 6 runs dbt as root in /app, and the service may write what that leaves" in found.fix.doubts
