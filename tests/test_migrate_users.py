"""A Dockerfile that compose files build with a target or with arguments is examined as those builds are."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from pydock.bench import Difference
from pydock.bench.compare.images import Comparison
from pydock.bench.outcome import judged
from pydock.bench.prove import Ways
from pydock.bench.prove.verify import Verifier
from pydock.context import Tree
from pydock.dockerfile import Dockerfile, read
from pydock.engine import Report
from pydock.migrate.find import find
from pydock.migrate.find.services import Use
from pydock.migrate.records import State
from pydock.migrate.records.record import Record
from pydock.migrate.run.examine import Task, examine
from pydock.migrate.run.users import User, users
from pydock.project import Project
from pydock.questions import Question

APP = "from flask import Flask\napp = Flask(__name__)\n\n@app.get('/health')\ndef health():\n    return 'ok'\n"
INSTALL = "WORKDIR /app\nCOPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . .\n"
WEB = 'EXPOSE 8000\nCMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]\n'
WORKER = 'CMD ["python", "worker.py"]\n'
SLIM = "FROM python:3.11.7-slim-bookworm"
STAGES = f"{SLIM} AS production\n{INSTALL}{WEB}\nFROM production AS test\nRUN pip install pytest==8.0.0\nCMD pytest\n"
BESIDE = f"{SLIM} AS base\n{INSTALL}\nFROM base AS web\n{WEB}\nFROM base AS worker\n{WORKER}"
ABOVE = f"{SLIM} AS web\n{INSTALL}{WEB}\nFROM web AS worker\n{WORKER}"
VERSION = f"ARG PYTHON_VERSION=3.12\nFROM python:${{PYTHON_VERSION}}-slim-bookworm\n{INSTALL}{WEB}"


def _compose(**builds: str) -> str:
    lines = (f"  {name}:\n    build: {{context: ., {given}}}\n" for name, given in builds.items())
    return f"services:\n{''.join(lines)}"


def _examined(
    folder: Path, dockerfile: str, compose: str, more: Mapping[str, str] = {}, proof: Ways | None = None
) -> Record:
    files: Mapping[str, str] = {
        "Dockerfile": dockerfile,
        "compose.yml": compose,
        "requirements.txt": "flask==3.1.2\ngunicorn==23.0.0\n",
        "app.py": APP,
        "worker.py": "import signal\nsignal.sigwait({signal.SIGTERM})\n",
        **more,
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    top = folder.parent if "../compose.yml" in more else folder
    (record,) = examine(Task(find([str(top)]).services, Question({}, is_fix=True, proof=proof)))
    return record


def _after(record: Record) -> Dockerfile:
    return read(next(change.after for change in record.changes if change.path == "Dockerfile"))


def test_the_stage_that_compose_builds_is_the_one_that_gets_a_user_and_a_health_check(tmp_path: Path) -> None:
    record = _examined(tmp_path, STAGES, _compose(web="target: production"))
    production, test = _after(record).stages
    assert record.state is State.REFUSED, "tests install on top of what ships, so that is not split"
    assert [bool(production.of(keyword)) for keyword in ("USER", "HEALTHCHECK")] == [True, True]
    assert not test.of("HEALTHCHECK")


def test_a_stage_on_top_of_it_goes_on_running_its_commands_as_root(tmp_path: Path) -> None:
    test = _after(_examined(tmp_path, STAGES, _compose(web="target: production"))).stages[1]
    assert [entry.keyword for entry in test.instructions[:3]] == ["FROM", "USER", "RUN"]
    assert test.instructions[1].value == "root"


def test_what_compose_passes_is_the_python_that_is_judged_and_its_default_stays(tmp_path: Path) -> None:
    record = _examined(tmp_path, VERSION, _compose(web="args: {PYTHON_VERSION: '3.9'}"))
    assert (record.inventory.python, record.inventory.is_python_over) == ("3.9", True)
    assert _after(record).text.startswith("ARG PYTHON_VERSION=3.12\n")
    assert any("the build gives PYTHON_VERSION" in remark.advice for remark in record.remarks)


@pytest.mark.parametrize("given", ["args: {PYTHON_VERSION: '${PYTHON}'}", "args: [PYTHON_VERSION]", "args: {OTHER: x}"])
def test_a_value_from_outside_leaves_the_default_in_force(tmp_path: Path, given: str) -> None:
    assert _examined(tmp_path, VERSION, _compose(web=given)).inventory.python == "3.12"


def test_the_default_of_a_variable_is_what_is_passed(tmp_path: Path) -> None:
    record = _examined(tmp_path, VERSION, _compose(web="args: {PYTHON_VERSION: '${PYTHON:-3.10}'}"))
    assert record.inventory.python == "3.10"


def test_two_stages_of_one_file_are_rewritten_for_both_of_their_services(tmp_path: Path) -> None:
    record = _examined(tmp_path, BESIDE, _compose(web="target: web", worker="target: worker"))
    _, base, web, worker = _after(record).stages
    assert (record.state, record.decisions) == (State.READY, ())
    assert [len(stage.of("USER")) for stage in (base, web, worker)] == [0, 1, 1]
    assert [len(stage.of("HEALTHCHECK")) for stage in (base, web, worker)] == [0, 1, 0]


def test_what_would_be_wrong_for_another_service_is_left_out_and_somebody_has_to_decide(tmp_path: Path) -> None:
    record = _examined(tmp_path, ABOVE, _compose(web="target: web", worker="target: worker"))
    assert record.state is State.DECISION
    assert record.decisions == (
        "this is the rewrite for compose.yml: worker; "
        "compose.yml: web (stage web) would come out with another healthcheck, user",
    )
    assert not any(stage.of("HEALTHCHECK") for stage in _after(record).stages), "the worker answers no request"


STACKED = f"{SLIM} AS mail\n{INSTALL}{WORKER}\nFROM mail AS worker\nRUN useradd --create-home app\n{WORKER}"


def test_no_user_is_made_twice_in_stages_that_stand_on_each_other(tmp_path: Path) -> None:
    text = STACKED.replace("RUN useradd --create-home app\n", "")
    record = _examined(tmp_path, text, _compose(mail="target: mail", worker="target: worker"))
    assert _after(record).text.count("useradd") == 1
    assert record.decisions == (
        "this is the rewrite for compose.yml: worker; compose.yml: mail (stage mail) would come out with another user",
    )


def test_another_user_on_top_that_lives_in_a_folder_of_that_name_is_another_user(tmp_path: Path) -> None:
    text = STACKED.replace("useradd --create-home app", "useradd --home /app web")
    assert _after(_examined(tmp_path, text, _compose(mail="target: mail"))).text.count("useradd") == 2


def test_no_user_is_made_where_a_stage_on_top_makes_the_same(tmp_path: Path) -> None:
    record = _examined(tmp_path, STACKED, _compose(mail="target: mail"))
    assert _after(record).text.count("useradd") == 1
    assert any("worker is built on top of it and makes a user app" in remark.advice for remark in record.remarks)


def test_a_stage_that_another_service_builds_is_no_dangling_one(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    compose = _compose(web="target: web", worker="target: worker").replace("context: .", "context: web")
    record = _examined(tmp_path / "web", BESIDE, "", {"../compose.yml": compose})
    assert len(record.remarks) > 1
    assert not any(remark.name == "dangling-stage" for remark in record.remarks)


def test_a_copy_from_a_stage_that_is_not_there_has_to_be_mended_first(tmp_path: Path) -> None:
    text = f"{SLIM} AS build\n{INSTALL}\n{SLIM}\nCOPY --from=builder /app /app\n{WEB}"
    record = _examined(tmp_path, text, "")
    assert record.state is State.DECISION
    assert record.decisions == ("builder is no earlier stage of this file: Did you mean build?",)


def test_a_stage_that_is_not_there_is_named(tmp_path: Path) -> None:
    record = _examined(tmp_path, STAGES, _compose(web="target: prod"))
    assert record.decisions == ("compose.yml: web builds the stage prod, which is not there",)


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An engine that is played: for the user of a stage a new text with this keyword in it is another service."""
    found: dict[str, str] = {}

    def compared(verifier: Verifier, report: Report) -> Comparison:
        keyword = found.get(verifier.project.options.target, "nothing breaks it")
        is_new = keyword in report.result.dockerfile.text and keyword not in verifier.project.dockerfile.text
        return Comparison((judged("state", [Difference(keyword, "", "new")] if is_new else ()),))

    monkeypatch.setattr(Verifier, "_compared", compared)
    monkeypatch.setattr("pydock.bench.prove.proof.connect", contextlib.nullcontext)
    return found


BOTH = _compose(web="target: web", worker="target: worker")


@pytest.mark.usefixtures("breaking")
def test_a_file_is_proven_for_each_of_its_users(tmp_path: Path) -> None:
    record = _examined(tmp_path, BESIDE, BOTH, proof=Ways())
    assert (record.state, record.measured.verdict) == (State.READY, "same")


@pytest.mark.parametrize("stage", ["web", ""], ids=["a stage", "the last stage"])
def test_what_makes_a_difference_to_one_user_is_left_out_for_all(
    tmp_path: Path, stage: str, breaking: dict[str, str]
) -> None:
    breaking[stage] = "USER"
    record = _examined(tmp_path, BESIDE, BOTH, proof=Ways())
    assert record.changes
    assert not any(found.of("USER") for found in _after(record).stages)
    assert record.measured.verdict == "same"


def test_nothing_is_left_where_no_rewrite_is_the_same_for_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaking: dict[str, str]
) -> None:
    breaking["web"] = "PYTHONUNBUFFERED"
    monkeypatch.setattr("pydock.bench.prove.verify.MOST_CULPRITS", 0)
    record = _examined(tmp_path, BESIDE, BOTH, proof=Ways())
    assert (record.state, record.changes, record.measured.verdict) == (State.DECISION, (), "different")
    assert record.decisions[0] == "no rewrite leaves compose.yml: web (stage web) the same service"
    assert record.measured.differences[0].startswith("compose.yml: web (stage web): state, PYTHONUNBUFFERED")


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_a_real_engine_builds_every_stage_that_somebody_builds(tmp_path: Path) -> None:
    dockerfile = BESIDE.replace("FROM base AS web\n", "FROM base AS web\nARG A\n")
    compose = _compose(web="target: web, args: {A: '1'}", worker="target: worker")
    record = _examined(tmp_path, dockerfile, compose, proof=Ways(has_network=True))
    assert (record.state, record.measured.verdict) == (State.READY, "same"), record.measured.differences


@pytest.mark.parametrize(
    ("uses", "expected"),
    [
        pytest.param((), (User(),), id="nobody known builds the last stage"),
        pytest.param((Use("a", "admin"),), (User("", (), ("a",)),), id="naming the last stage says nothing new"),
        pytest.param((Use("a", "PRODUCTION"),), (User("PRODUCTION", (), ("a",)),), id="names have no case"),
        pytest.param(
            (Use("a", "production"), Use("b"), Use("c", "production")),
            (User("", (), ("b",)), User("production", (), ("a", "c"))),
            id="one user for each stage, the last stage first",
        ),
        pytest.param(
            (Use("a", "", (("X", "1"),)), Use("b", "", (("X", None),)), Use("c")),
            (User("", (), ("a", "b", "c")),),
            id="arguments that the file does not declare make no difference",
        ),
    ],
)
def test_users(uses: tuple[Use, ...], expected: tuple[User, ...]) -> None:
    dockerfile = STAGES.replace(" AS test", " AS admin").replace("CMD pytest", "CMD flask shell")
    assert users(Project(Tree.of({"Dockerfile": dockerfile})), uses) == expected


def test_who_builds_the_tests_at_the_end_is_a_user_of_that_stage_and_not_of_what_is_shipped() -> None:
    uses = (Use("a"), Use("b", "production"))
    expected = (User("test", (), ("a",)), User("", (), ("b",)))
    assert users(Project(Tree.of({"Dockerfile": STAGES})), uses) == expected


def test_who_builds_a_stage_without_python_is_no_user() -> None:
    project = Project(Tree.of({"Dockerfile": f"FROM node:22 AS assets\nRUN npm ci\n\n{STAGES}"}))
    assert users(project, (Use("js", "assets"), Use("web", "production"))) == (User("", (), ("web",)),)
