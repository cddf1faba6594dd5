"""Facts about two images against each other, aspect by aspect; no engine is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pydock.bench import Difference, Outcome, Verdict
from pydock.bench.compare.behaviour import own_changes
from pydock.bench.compare.images import Comparison, Unbuilt, compare, not_built, settled
from pydock.bench.compare.settings import plain_words
from pydock.bench.facts.image import Answer, Config, Declared, Distribution, File, Image, Python, Service
from pydock.bench.facts.masks import is_for_installing, is_generated, loud_lines, masked
from pydock.bench.facts.questions import declared, questions
from pydock.bench.outcome import judged
from pydock.context import Tree
from pydock.engine import rewrite
from pydock.project import Project
from pydock.rules import RULES
from pydock.text import Safety
from pydock.values import replace

PAGE = Answer(200, "text/html", "", "<h1>hello</h1>")
LATE = "no end within 30 s"
PYTHON = Python(
    "3.11.7",
    home="/root",
    sites=("/usr/local/lib/python3.11/site-packages",),
    distributions={
        "flask": Distribution("3.0.0", ("werkzeug",), scripts=("flask",)),
        "werkzeug": Distribution("3.0.1"),
        "pip": Distribution("23.0", scripts=("pip",)),
        "poetry": Distribution("2.0", ("cleo",), scripts=("poetry",), extras=("keyring",)),
        "cleo": Distribution("2.1"),
        "keyring": Distribution("25.0"),
    },
    scripts={"flask": "/usr/local/bin/flask", "pip": "/usr/local/bin/pip", "poetry": "/usr/local/bin/poetry"},
    programs={"ffmpeg": "/usr/bin/ffmpeg", "curl": None},
    imports={"flask:Flask": "", "uwsgi": "ModuleNotFoundError: No module named 'uwsgi'"},
    libraries={"/usr/local/lib/python3.11/site-packages/x.so": ("libold.so",)},
    writable={"/app": True, "/data": True, "~": True},
)
SERVICE = Service(listening=frozenset({("0.0.0.0", 8000)}), answers={"8000/": (PAGE, PAGE)}, log="started\n")
IMAGE = Image(
    Config(
        workdir="/app",
        command=("/bin/sh", "-c", "python app.py"),
        environment={"PATH": "/usr/local/bin:/usr/bin", "GREETING": "hello", "PIP_NO_CACHE_DIR": "1"},
        ports=frozenset({"8000/tcp"}),
        volumes=frozenset({"/data"}),
        labels={"team": "parcels"},
    ),
    {"/app/app.py": File("a" * 64, 0o100644, 0, 0), "/app/requirements.txt": File("b" * 64, 0o100644, 0, 0)},
    {"0": "root", "10001": "app"},
    PYTHON,
    SERVICE,
)


SOURCE = """\
import os
from typing import TYPE_CHECKING
import own
from flask import Flask
if TYPE_CHECKING:
    import never
try:
    import uwsgi
except ImportError:
    pass
app = Flask(__name__)
@app.route("/health")
def health():
    return "ok"
if __name__ == "__main__":
    import late
    app.run()
"""


def _config(**changes: Any) -> Image:
    return replace(IMAGE, config=replace(IMAGE.config, **changes))


def _python(**changes: Any) -> Image:
    return replace(IMAGE, python=replace(PYTHON, **changes))


def _service(**changes: Any) -> Image:
    return replace(IMAGE, service=replace(SERVICE, **changes))


def _outcome(after: Image, aspect: str, *changes: str, before: Image = IMAGE, **more: Any) -> Outcome:
    comparison = compare(before, after, Declared(frozenset(changes), **more))
    return next(outcome for outcome in comparison.outcomes if outcome.aspect == aspect)


def _is(outcome: Outcome, verdict: Verdict) -> bool:
    return outcome.verdict is verdict


def test_an_image_is_the_same_as_itself() -> None:
    comparison = compare(IMAGE, IMAGE, Declared())
    assert comparison.verdict is Verdict.SAME
    assert comparison.is_proven


@pytest.mark.parametrize(
    ("after", "aspect"),
    [
        (_config(user="app"), "user"),
        (_config(workdir="/srv"), "work directory"),
        (_config(command=("python", "-O", "app.py")), "command"),
        (_config(entrypoint=("tini", "--")), "entrypoint"),
        (_config(ports=frozenset()), "ports"),
        (_config(volumes=frozenset()), "volumes"),
        (_config(labels={}), "labels"),
        (_config(stop_signal="SIGINT"), "stop signal"),
        (_config(environment={**IMAGE.config.environment, "GREETING": "hallo"}), "environment"),
        (_config(environment={"PATH": "/usr/local/bin:/usr/bin"}), "environment"),
        (_config(environment={**IMAGE.config.environment, "PATH": "/opt/venv/bin"}), "environment"),
        (_config(environment={**IMAGE.config.environment, "MODE": "x"}), "environment"),
        (_config(healthcheck=("CMD", "true")), "health check"),
        (replace(IMAGE, files={}), "files"),
        (replace(IMAGE, files={**IMAGE.files, "/app/new": File("c", 0o100644, 0, 0)}), "files"),
        (replace(IMAGE, files={**IMAGE.files, "/app/app.py": File("a" * 64, 0o100600, 0, 0)}), "files"),
        (replace(IMAGE, files={**IMAGE.files, "/app/app.py": File("a" * 64, 0o100644, 1, 1)}), "files"),
        (_python(version="3.12.1"), "interpreter"),
        (_python(distributions={**PYTHON.distributions, "flask": Distribution("3.0.1")}), "distributions"),
        (_python(distributions={**PYTHON.distributions, "new": Distribution("1")}), "distributions"),
        (_python(scripts={**PYTHON.scripts, "flask": None}), "console scripts"),
        (_python(scripts={**PYTHON.scripts, "flask": "/x/flask: its interpreter /y is not there"}), "console scripts"),
        (_python(programs={"ffmpeg": None, "curl": None}), "programs"),
        (_python(imports={**PYTHON.imports, "flask:Flask": "ImportError: libx.so"}), "imports"),
        (_python(libraries={"/usr/local/lib/python3.11/site-packages/y.so": ("libpq.so.5",)}), "libraries"),
        (_python(writable={**PYTHON.writable, "/data": False}), "writing"),
        (_service(state="exited", code=1, log="Traceback\nKeyError: 'x'\n"), "state"),
        (_service(state="refused", reason="no such program"), "state"),
        (_service(listening=frozenset({("127.0.0.1", 8000)})), "listening"),
        (_service(answers={"8000/": (replace(PAGE, status=500),) * 2}), "answers"),
        (_service(answers={"8000/": (replace(PAGE, body="<h1>bye</h1>"),) * 2}), "answers"),
        (_service(answers={"8000/": (Answer(error="BadStatusLine"),) * 2}), "answers"),
        (_service(log="started\nERROR no database\n"), "log"),
    ],
)
def test_what_nobody_declared_is_a_difference(after: Image, aspect: str) -> None:
    comparison = compare(IMAGE, after, Declared())
    assert comparison.verdict is Verdict.DIFFERENT
    assert aspect in {outcome.aspect for outcome in comparison.of(Verdict.DIFFERENT)}


@pytest.mark.parametrize(
    ("after", "aspect", "changes"),
    [
        (_config(user="app"), "user", ("user",)),
        (_config(user="0:0"), "user", ()),
        (_config(stop_signal="15"), "stop signal", ()),
        (_config(command=("python", "app.py")), "command", ()),
        (_config(command=("/bin/sh", "-c", "exec python app.py")), "command", ()),
        (_config(command=("gunicorn", "app:app")), "command", ("cmd",)),
        (_config(environment={**IMAGE.config.environment, "PYTHONUNBUFFERED": "1", "TZ": "UTC"}), "environment", ()),
        (_config(environment={"PATH": "/usr/local/bin:/usr/bin", "GREETING": "hello"}), "environment", ()),
        (_python(version="3.11.16"), "interpreter", ("base",)),
        (_python(distributions={**PYTHON.distributions, "pip": Distribution("25.1")}), "distributions", ()),
    ],
)
def test_what_is_declared_or_means_nothing_is_a_note(after: Image, aspect: str, changes: tuple[str, ...]) -> None:
    assert _is(_outcome(after, aspect, *changes), Verdict.SAME)


def test_a_build_tool_goes_with_all_that_only_it_needs() -> None:
    kept = {name: each for name, each in PYTHON.distributions.items() if name in {"flask", "werkzeug"}}
    after = _python(distributions=kept, scripts={"flask": "/opt/venv/bin/flask"})
    assert _is(_outcome(after, "distributions"), Verdict.SAME)
    assert _is(_outcome(after, "console scripts"), Verdict.SAME)
    without = _python(distributions={name: each for name, each in kept.items() if name != "werkzeug"})
    assert [each.what for each in _outcome(without, "distributions").differences] == ["werkzeug"]


def test_files_that_a_rewrite_drops_or_writes_are_named_as_such() -> None:
    after = replace(IMAGE, files={"/app/app.py": IMAGE.files["/app/app.py"]})
    assert _is(_outcome(after, "files", "files"), Verdict.SAME)
    assert _is(_outcome(after, "files"), Verdict.DIFFERENT)
    assert _is(_outcome(after, "files", unsent=frozenset({"/app/requirements.txt"})), Verdict.SAME)
    probe = {**IMAGE.files, "/app/healthcheck.py": File("d", 0o100644, 0, 0)}
    assert _is(_outcome(replace(IMAGE, files=probe), "files", edited=frozenset({"/app/healthcheck.py"})), Verdict.SAME)


def test_all_that_a_new_dockerignore_keeps_out_is_declared(tmp_path: Path) -> None:
    text = 'FROM python:3.11-slim\nWORKDIR /srv\nCOPY . /app\nCMD ["python", "/app/app.py"]\n'
    for path in (
        "Dockerfile",
        "app.py",
        ".git/hooks/update",
        ".venv/pyvenv.cfg",
        ".venv/lib/x.py",
        "lib/__pycache__/a.pyc",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text if path == "Dockerfile" else "")
    found = declared(rewrite(Project(Tree(tmp_path)), RULES, Safety.SAFE)).unsent
    assert found == {
        *("/app/.git", "/app/.git/hooks", "/app/.git/hooks/update", "/app/.venv", "/app/.venv/lib"),
        *("/app/.venv/lib/x.py", "/app/.venv/pyvenv.cfg", "/app/lib/__pycache__", "/app/lib/__pycache__/a.pyc"),
    }


def test_files_of_the_new_user_are_declared_with_it() -> None:
    files = {path: replace(file, uid=10001, gid=10001) for path, file in IMAGE.files.items()}
    after = replace(_python(uid=10001, groups=(10001,)), files=files)
    assert _is(_outcome(after, "files", "user"), Verdict.SAME)
    other = {path: replace(file, uid=33) for path, file in IMAGE.files.items()}
    assert _is(_outcome(replace(after, files=other), "files", "user"), Verdict.DIFFERENT)


def test_a_read_only_work_directory_needs_a_source_that_writes_nothing_there() -> None:
    after = _python(writable={**PYTHON.writable, "/app": False}, uid=10001)
    assert _is(_outcome(after, "writing", "user"), Verdict.SAME)
    assert _is(_outcome(after, "writing", "user", written=frozenset({"/app"})), Verdict.DIFFERENT)
    slashed = _config(workdir="/app/")
    assert _is(_outcome(after, "writing", "user", before=slashed), Verdict.SAME)


def test_a_file_written_while_it_ran_has_to_be_written_again() -> None:
    before, after = _service(changed=frozenset({"/app/db.sqlite3"})), IMAGE
    assert _is(_outcome(after, "writing", before=before), Verdict.DIFFERENT)
    before = _service(changed=frozenset({"/app/access.log"}))
    assert _is(_outcome(after, "writing", before=before, has_log_on_output=True), Verdict.SAME)


def test_only_what_a_service_wrote_itself_counts() -> None:
    changed = ["/app", "/app/x.db", "/app/__pycache__", "/app/__pycache__/a.pyc", "/tmp", "/tmp/y", "/data"]
    assert own_changes(changed, ["/data/"]) == {"/app/x.db"}


@pytest.mark.parametrize(
    ("healthy", "idle", "verdict"),
    [
        ((0, ""), (1, ""), Verdict.SAME),
        ((0, ""), (0, ""), Verdict.DIFFERENT),
        ((1, "refused"), (1, ""), Verdict.DIFFERENT),
        (None, None, Verdict.UNKNOWN),
    ],
)
def test_a_new_health_check_says_healthy_only_while_the_service_runs(
    healthy: tuple[int, str] | None, idle: tuple[int, str] | None, verdict: Verdict
) -> None:
    after = replace(_config(healthcheck=("CMD", "probe")), service=replace(SERVICE, healthy=healthy, idle=idle))
    assert _is(_outcome(after, "health check", "healthcheck"), verdict)


def test_a_probe_that_needs_a_broker_is_not_called_wrong() -> None:
    after = replace(
        _config(healthcheck=("CMD", "celery")), service=Service(healthy=(1, "no broker"), idle=(1, "")), why=""
    )
    before = replace(IMAGE, service=Service())
    assert _is(_outcome(after, "health check", "healthcheck", before=before), Verdict.UNKNOWN)


def test_an_original_that_does_not_start_is_fixed_not_the_same() -> None:
    missing = "ModuleNotFoundError: No module named 'flask'"
    before = replace(
        _python(distributions={}, imports={"flask:Flask": missing, "uwsgi": PYTHON.imports["uwsgi"]}),
        service=Service("exited", 1, log=missing),
    )
    comparison = compare(before, IMAGE, Declared())
    assert comparison.verdict is Verdict.FIXED
    assert {outcome.aspect for outcome in comparison.of(Verdict.FIXED)} == {"state", "imports", "distributions"}
    assert {outcome.aspect for outcome in comparison.of(Verdict.UNKNOWN)} == {
        "listening",
        "answers",
        "health check",
        "log",
    }
    assert not comparison.is_proven


def test_two_that_end_in_the_same_way_say_so() -> None:
    down = _service(state="exited", code=1, log="OperationalError: no database\n")
    outcome = _outcome(down, "state", before=down)
    assert outcome.notes == ("both ended with exit code 1: OperationalError: no database",)
    other = _service(state="exited", code=1, log="ImportError: libpq.so.5\n")
    assert _is(_outcome(other, "state", before=down), Verdict.DIFFERENT)


def test_answers_that_always_differ_are_compared_by_status() -> None:
    before = _service(answers={"8000/": (replace(PAGE, body="apples"), replace(PAGE, body="pears"))})
    after = _service(answers={"8000/": (replace(PAGE, body="plums"), replace(PAGE, body="figs"))})
    assert _outcome(after, "answers", before=before).notes


def test_an_image_without_python_or_a_silent_container_is_not_called_the_same() -> None:
    blind = replace(IMAGE, python=None, why="no Python in the image")
    assert compare(blind, blind, Declared()).verdict is Verdict.UNKNOWN
    assert _is(_outcome(blind, "interpreter"), Verdict.DIFFERENT)
    silent = _service(why_unknown="its Python ended with 1")
    assert _is(_outcome(silent, "answers"), Verdict.UNKNOWN)


def test_what_cannot_be_built_cannot_be_compared() -> None:
    failed = Unbuilt("no base")
    assert not_built(failed, None).verdict is Verdict.UNKNOWN
    assert not_built(failed, failed).verdict is Verdict.UNKNOWN
    assert not_built(None, failed).verdict is Verdict.DIFFERENT
    assert "its container: running, listens on 8000" in not_built(failed, None, IMAGE).outcomes[0].notes


def test_masks_take_out_what_two_runs_never_share() -> None:
    pairs = [
        ("at 2026-11-22T00:01:02.123Z", "at 2025-01-02 10:11:12"),
        ("Sat, 22 Nov 2026 00:01:02 GMT", "Fri, 01 Jan 2027 10:00:00 GMT"),
        ('"id": "0b1c2d3e-0000-4000-8000-1234567890ab"', '"id": "9b1c2d3e-1111-4000-8000-1234567890ab"'),
        ("[7] Booting worker with pid: 7", "[12] Booting worker with pid: 31"),
        ("csrf=Zk3jd92KQmx81LpqRs02Vb", "csrf=aB93kfmQ02Lxs81PzzTr77"),
        ("took 12.5 ms", "took 3 ms"),
        (
            "process 'MainProcess' (14), thread 'MainThread' (140010)",
            "process 'MainProcess' (15), thread 'MainThread' (1402)",
        ),
        ("<object at 0x7f00aa11bb22>", "<object at 0x7f99aa11bb00>"),
        ('File "/usr/local/lib/python3.11/site-packages/x.py"', 'File "/opt/venv/lib/python3.11/site-packages/x.py"'),
    ]
    for before, after in pairs:
        assert masked(before) == masked(after), (masked(before), masked(after))
    assert masked("price 3") != masked("price 4")


def test_loud_lines_are_those_that_tell_of_trouble() -> None:
    log = "INFO fine\nWARNING: old\n2026-01-01 10:00:00 ERROR no\n2026-01-01 10:00:01 ERROR no\nKeyError: 'x'\n"
    assert loud_lines(log) == ("WARNING: old", "{time} ERROR no", "KeyError: 'x'")


def test_kinds_of_files_are_known_by_their_paths() -> None:
    assert all(map(is_generated, ["/app/__pycache__/a.pyc", "/root/.cache/pip/x", "/etc/passwd", "/build/lib/x.py"]))
    assert all(map(is_generated, ["/root/.config/matplotlib", "/etc/machine-id", "/etc/ssh/ssh_host_rsa_key.pub"]))
    assert not any(
        map(is_generated, ["/app/app.py", "/etc/app.conf", "/etc/ssh/sshd_config", "/app/builds/x", "/bin/tool"])
    )
    assert all(map(is_for_installing, ["/app/requirements.txt", "/app/uv.lock", "/wheels/x.whl", "/a/pyproject.toml"]))
    assert all(map(is_for_installing, ["/app/README.md", "/app/MANIFEST.in"]))
    assert not any(map(is_for_installing, ["/app/app.py", "/app/requirements.py", "/app/lock.txt", "/app/readme.py"]))


def test_a_shell_form_is_plain_only_without_the_shell() -> None:
    assert plain_words(("/bin/sh", "-c", "python app.py 'a b'")) == ("python", "app.py", "a b")
    assert plain_words(("/bin/sh", "-c", "python app.py $PORT")) != ("python", "app.py", "$PORT")


def test_the_questions_are_read_from_the_sources() -> None:
    files = {
        "Dockerfile": 'FROM python:3.11\nWORKDIR /app\nCOPY . .\nEXPOSE 8000\nCMD ["python", "app.py"]\n',
        "app.py": SOURCE,
        "own.py": "open('state.txt', 'w')\n",
    }
    asked = questions(Project(Tree.of(files)))
    assert {"os", "flask:Flask", "uwsgi", "?own"} <= set(asked.imports)
    assert not {"never", "late", "own"} & set(asked.imports)
    assert "/health" in asked.routes
    assert "/app" in asked.writes


def test_what_differs_in_one_of_two_starts_is_chance_and_said() -> None:
    bad, good = judged("log", [Difference("log", "", "late")]), judged("log", ())
    once = settled(Comparison((bad,)), Comparison((good,)))
    assert once.verdict is Verdict.SAME
    assert once.outcomes[0].notes == ("differed in one of two starts",)
    assert settled(Comparison((bad,)), Comparison((bad,))).verdict is Verdict.DIFFERENT
    assert settled(Comparison((good,)), Comparison((bad,))).verdict is Verdict.SAME


def test_what_a_process_says_of_itself_to_prometheus_is_masked_and_what_the_service_counts_is_not() -> None:
    counted = 'python_gc_objects_collected_total{generation="0"} 351.0\nprocess_cpu_seconds_total 1.2e-05\n'
    assert masked(counted) == masked(counted.replace("351.0", "343.0").replace("1.2e", "3.4e"))
    assert masked("orders_total 3.0\n") != masked("orders_total 4.0\n")


def test_an_engine_that_starts_neither_says_nothing_about_the_rewrite() -> None:
    before, after = (_service(state="refused", reason=f"no bridge for veth{name}") for name in "ab")
    assert compare(before, after, Declared()).verdict is Verdict.UNKNOWN


def test_a_program_that_is_in_neither_image_is_the_same_end_with_a_shell_and_without() -> None:
    said = 'runc create failed: exec: "gunicorn": executable file not found in $PATH: unknown'
    before = _service(state="exited", code=127, log="/bin/sh: 1: gunicorn: not found\n")
    assert _is(_outcome(_service(state="refused", reason=said), "state", before=before), Verdict.SAME)
    other = _service(state="refused", reason=said.replace("gunicorn", "celery"))
    assert _is(_outcome(other, "state", before=before), Verdict.DIFFERENT)


def test_an_empty_folder_of_root_may_go_with_root_and_what_is_in_one_may_not() -> None:
    empty = replace(IMAGE, files={**IMAGE.files, "/root/.config": File("folder", 0o40755, 0, 0)})
    full = replace(empty, files={**empty.files, "/root/.config/token": IMAGE.files["/app/app.py"]})
    assert _is(_outcome(IMAGE, "files", "user", before=empty), Verdict.SAME)
    assert _is(_outcome(IMAGE, "files", before=empty), Verdict.DIFFERENT)
    assert _is(_outcome(IMAGE, "files", "user", before=full), Verdict.DIFFERENT)


@pytest.mark.parametrize(
    ("folder", "verdict"),
    [
        (File("folder", 0o040755, 0, 0), Verdict.SAME),
        (File("folder", 0o040777, 0, 0), Verdict.DIFFERENT),
        (File("folder", 0o040775, 0, 1000), Verdict.DIFFERENT),
        (File("folder", 0o040755, 1000, 0), Verdict.DIFFERENT),
        (File("a" * 64, 0o100644, 0, 0), Verdict.DIFFERENT),
    ],
    ids=["a folder of root", "a folder of everybody", "a folder of its group", "its own folder", "a file"],
)
def test_what_is_gone_is_a_difference_unless_it_is_empty_and_nobody_could_fill_it(
    folder: File, verdict: Verdict
) -> None:
    before = replace(_python(uid=1000, groups=(1000,)), files={**IMAGE.files, "/opt/packages": folder})
    assert _is(_outcome(IMAGE, "files", before=before), verdict)
    root = replace(before, python=PYTHON)
    assert _is(_outcome(IMAGE, "files", before=root), Verdict.DIFFERENT)


def test_what_is_said_of_every_request_is_said_of_a_new_health_check_too() -> None:
    before = _service(log="ERROR handling request /\nERROR denied '/x'\n")
    for line, verdict in (("handling request /healthz", Verdict.SAME), ("denied '/app/state'", Verdict.DIFFERENT)):
        after = _service(log=f"ERROR handling request /\nERROR denied '/x'\nERROR {line}\n")
        assert compare(before, after, Declared()).verdict is verdict


@pytest.mark.parametrize(
    ("was", "now"),
    [
        pytest.param("", LATE, id="the new version"),
        pytest.param(LATE, "", id="the original"),
        pytest.param(LATE, LATE, id="both"),
    ],
)
def test_an_import_that_took_too_long_says_nothing_in(was: str, now: str) -> None:
    before, after = (_python(imports={**PYTHON.imports, "flask:Flask": each}) for each in (was, now))
    comparison = compare(before, after, Declared())
    assert [outcome.aspect for outcome in comparison.of(Verdict.UNKNOWN)] == ["imports"]


def test_an_import_that_took_too_long_hides_none_that_fails() -> None:
    imports = {"flask:Flask": LATE, "uwsgi": "ImportError: libx.so"}
    comparison = compare(_python(imports={"flask:Flask": "", "uwsgi": ""}), _python(imports=imports), Declared())
    assert [outcome.aspect for outcome in comparison.of(Verdict.DIFFERENT)] == ["imports"]
