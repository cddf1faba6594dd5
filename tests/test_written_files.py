"""Files whose text the Dockerfile itself holds count as copied ones do."""

from __future__ import annotations

import pytest

from pydock.build.walk import starts
from pydock.context import Tree
from pydock.project import Project
from pydock.split import Refusal
from tests.split_cases import BEFORE, FULL, Case, found, lacking

INSTALL = f"{BEFORE}RUN pip install -r requirements.txt\nCOPY app.py ./\n"
HEREDOC = "COPY --chmod=755 <<EOF {path}\n{text}\nEOF\n"
UV = "FROM python:3.12-slim\nRUN pip install uv\nWORKDIR /app\nCOPY pyproject.toml uv.lock ./\nRUN uv sync\n"
UV_FILES = {"pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n', "uv.lock": "version = 1\n"}

CARRIED = (
    Case(
        "a script by heredoc that calls git gets git",
        FULL
        + INSTALL
        + HEREDOC.format(path="/start.sh", text="#!/bin/sh\ngit rev-parse HEAD\nexec gunicorn app:app")
        + 'CMD ["/start.sh"]\n',
        {"app.py": ""},
        runtime=("install -y --no-install-recommends git", "COPY --from=builder"),
    ),
    Case(
        "a script by printf that a copied script runs gets what it calls",
        f"{FULL}{INSTALL}COPY run.sh /\nRUN printf '#!/bin/sh\\nwget -q http://config/x\\n' > /fetch.sh\n"
        'CMD ["sh", "/run.sh"]\n',
        {"app.py": "", "run.sh": "sh /fetch.sh\nexec python app.py\n"},
        runtime=("install -y --no-install-recommends wget",),
    ),
    Case(
        "a line that is added to a script is one of its lines",
        f'{FULL}{INSTALL}COPY run.sh /\nRUN echo \'curl -fsS http://config/x\' >> /run.sh\nCMD ["sh", "/run.sh"]\n',
        {"app.py": "", "run.sh": "python app.py\n"},
        runtime=("install -y --no-install-recommends curl",),
    ),
    Case(
        "a program of supervisor's by echo gets what it calls",
        f"{FULL}{INSTALL}RUN apt-get update && apt-get install -y supervisor\n"
        'RUN echo "[program:sync]\\ncommand=git pull" > /etc/supervisor/conf.d/sync.conf\nCMD ["supervisord", "-n"]\n',
        {"app.py": ""},
        runtime=("git",),
    ),
)


@pytest.mark.parametrize("case", CARRIED, ids=lambda case: case.does)
def test_the_runtime_stage_has_what_written_files_call(case: Case) -> None:
    assert not lacking(case)


REFUSED = (
    Case(
        "a script by printf that calls uv",
        f"{UV}RUN printf '#!/bin/sh\\nexec uv run python app.py\\n' > /start.sh && chmod +x /start.sh\n"
        'CMD ["/start.sh"]\n',
        UV_FILES,
        "/start.sh:2 calls uv when the container runs",
    ),
    Case(
        "a crontab by heredoc that sets PATH",
        FULL
        + INSTALL
        + HEREDOC.format(path="/etc/cron.d/job", text="PATH=/usr/local/bin:/usr/bin\n* * * * * root python /app/job.py")
        + 'CMD ["cron", "-f"]\n',
        {"app.py": ""},
        "/etc/cron.d/job:1 puts /usr/local/bin in front of PATH",
    ),
    Case(
        "a crontab by echo that names the interpreter by its path",
        f"{FULL}{INSTALL}RUN echo '* * * * * root /usr/local/bin/python /app/job.py' > /etc/cron.d/job\n"
        'CMD ["cron", "-f"]\n',
        {"app.py": ""},
        "/etc/cron.d/job:1 calls /usr/local/bin/python",
    ),
    Case(
        "a configuration of supervisor by echo that names gunicorn by its path",
        f'{FULL}{INSTALL}RUN echo "[program:web]\\ncommand=/usr/local/bin/gunicorn app:app"'
        ' > /etc/supervisor/conf.d/a.conf\nCMD ["supervisord", "-n"]\n',
        {"app.py": ""},
        "/etc/supervisor/conf.d/a.conf:2 calls /usr/local/bin/gunicorn",
    ),
)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.does)
def test_what_a_split_would_break_in_written_files_stands_in_its_way(case: Case) -> None:
    refusal = found(case)
    assert isinstance(refusal, Refusal)
    assert refusal.why == case.refuses


def test_a_written_script_is_no_file_that_a_fix_could_edit() -> None:
    text = f"{FULL}{INSTALL}{HEREDOC.format(path='/start.sh', text='gunicorn app:app')}CMD sh /start.sh\n"
    own = [
        start for start in starts(Project(Tree.of({"Dockerfile": text, "app.py": ""}))) if start.program == "gunicorn"
    ]
    assert [(start.origin, start.path) for start in own] == [("/start.sh:1", "")]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        pytest.param("chmod +x /start.sh", "start.sh", id="the file of the context, where its rights alone change"),
        pytest.param(
            "sed -i 's/\\r$//' /start.sh", "start.sh", id="the file of the context, where nothing is replaced"
        ),
        pytest.param("echo 'exec gunicorn app:app' >> /start.sh", "/start.sh", id="the image, where a line is added"),
    ],
)
def test_a_copied_script_stays_a_file_of_the_context_as_long_as_its_text_does(change: str, place: str) -> None:
    text = f'{FULL}{INSTALL}COPY start.sh /\nRUN {change}\nCMD ["/start.sh"]\n'
    files = {"Dockerfile": text, "app.py": "", "start.sh": "#!/bin/sh\ngunicorn app:app\n"}
    (start, *_) = [start for start in starts(Project(Tree.of(files))) if start.program == "gunicorn"]
    assert start.origin == f"{place}:2"
