"""A folder of the host that the service writes keeps its owner there, so another user is a doubt."""

from __future__ import annotations

from pathlib import Path

import pytest

from pydock.context import Tree
from pydock.engine import check
from pydock.project import Project
from pydock.rules.run_time.root_user import RULE
from pydock.text import Safety

DOCKERFILE = 'FROM python:3.13-slim\nWORKDIR /app\nCOPY main.py ./\nCMD ["python", "main.py"]\n'
MAKES = "import os, sqlite3\n\nos.makedirs('/data', exist_ok=True)\n"
WRITES = f"{MAKES}sqlite3.connect('/data/prices.db').execute('create table p (x)')\n"
SERVICE = "services:\n  scraper:\n    image: {image}\n    volumes: ['{mount}']\n"
DOUBT = "./data on the host (compose.yaml: scraper) has to be writable for uid 10001"


def _doubts(image: str, mount: str) -> tuple[Safety, tuple[str, ...]]:
    files = {"Dockerfile": DOCKERFILE, "main.py": WRITES, "compose.yaml": SERVICE.format(image=image, mount=mount)}
    (finding,) = check(Project(Tree.of(files)), (RULE,))
    assert finding.fix is not None
    return finding.fix.safety, finding.fix.doubts


@pytest.mark.parametrize(
    ("image", "mount"),
    [
        pytest.param("registry.example/shop/scraper:1", "./data:/data", id="over the folder"),
        pytest.param("registry.example/shop/scraper:1", "./data:/data/daily", id="below the folder"),
        pytest.param("scraper:1", "./data:/data", id="of an image of this machine"),
    ],
)
def test_a_service_of_a_published_image_that_mounts_where_this_one_writes_is_a_doubt(image: str, mount: str) -> None:
    assert _doubts(image, mount) == (Safety.UNSAFE, (DOUBT,))


@pytest.mark.parametrize(
    ("image", "mount"),
    [
        pytest.param("registry.example/shop/scraper:1", "./data:/etc/scraper", id="a folder that nobody writes"),
        pytest.param(
            "registry.example/shop/scraper:1", "data:/data", id="a named volume, which takes the image's owner"
        ),
        pytest.param("redis", "./data:/data", id="an official image, which is another one"),
    ],
)
def test_no_doubt_is(image: str, mount: str) -> None:
    assert _doubts(image, mount) == (Safety.SAFE, ())


@pytest.mark.parametrize(
    ("others", "is_meant"),
    [
        pytest.param({}, True, id="in place of a Dockerfile that is missing"),
        pytest.param({"Dockerfile": DOCKERFILE}, False, id="not beside a Dockerfile"),
    ],
)
def test_a_service_that_builds_a_folder_is_one_of_a_file_called_dockerfile(
    others: dict[str, str], is_meant: bool
) -> None:
    compose = "services:\n  scraper:\n    build: .\n    volumes: ['./data:/data']\n"
    files = {"dockerfile": DOCKERFILE, "main.py": WRITES, "compose.yaml": compose, **others}
    (finding,) = check(Project(Tree.of(files), "dockerfile"), (RULE,))
    assert finding.fix is not None
    assert finding.fix.doubts == ((DOUBT,) if is_meant else ())


@pytest.mark.parametrize(
    ("source", "is_doubt"),
    [
        pytest.param("open('/output/today.csv', 'w')\n", True, id="a folder that nothing makes"),
        pytest.param("import os\nos.makedirs('/output')\nopen('/output/a.csv', 'w')\n", False, id="its own folder"),
        pytest.param("open('/srv/app/a.csv', 'w')\n", False, id="the work directory"),
    ],
)
def test_a_folder_that_only_a_mount_can_bring_keeps_its_owner(source: str, is_doubt: bool) -> None:
    dockerfile = 'FROM python:3.13-slim\nWORKDIR /srv/app\nCOPY main.py ./\nCMD ["python", "main.py"]\n'
    (finding,) = check(Project(Tree.of({"Dockerfile": dockerfile, "main.py": source})), (RULE,))
    assert finding.fix is not None
    assert bool([each for each in finding.fix.doubts if "a mount of the host may bring it" in each]) is is_doubt


def test_packages_that_documents_install_in_a_container_are_installed_by_root() -> None:
    files = {"Dockerfile": DOCKERFILE, "main.py": "print()\n", "README.md": "docker exec web pip install ipdb\n"}
    (finding,) = check(Project(Tree.of(files)), (RULE,))
    assert finding.fix is not None
    assert finding.fix.doubts == ("documents install packages in a container that runs, which uid 10001 may not",)


def test_an_override_above_the_context_goes_on_top_of_the_file_beside_it() -> None:
    files = {"Dockerfile": DOCKERFILE, "main.py": WRITES}
    base = "services:\n  scraper:\n    build: ./scraper\n"
    override = "services:\n  scraper:\n    volumes: ['./data:/data']\n"
    above = (("../compose.yaml", base), ("../compose.override.yaml", override))
    root = Path("/srv/shop/scraper")
    (finding,) = check(Project(Tree(root, files), above=above), (RULE,))
    assert finding.fix is not None
    assert finding.fix.doubts == (
        "../data on the host (../compose.override.yaml: scraper) has to be writable for uid 10001",
    )


@pytest.mark.parametrize("command", ["celery -A shop beat", "python -m celery -A shop beat"])
def test_the_schedule_of_celery_lies_in_the_work_directory(command: str) -> None:
    compose = f"services:\n  beat:\n    build: .\n    command: {command}\n    volumes: ['.:/app']\n"
    files = {
        "Dockerfile": "FROM python:3.13-slim\nWORKDIR /app\nCOPY shop.py ./\n",
        "shop.py": "",
        "compose.yaml": compose,
    }
    (finding,) = check(Project(Tree.of(files)), (RULE,))
    assert finding.fix is not None
    assert finding.fix.doubts == (". on the host (compose.yaml: beat) has to be writable for uid 10001",)


@pytest.mark.parametrize(
    ("files", "is_doubt"),
    [({"manage.py": "", "shop/migrations/__init__.py": ""}, True), ({"alembic.ini": ""}, True), ({}, False)],
    ids=["Django's", "alembic's", "no migrations"],
)
def test_migrations_are_written_into_a_source_that_compose_mounts(files: dict[str, str], is_doubt: bool) -> None:
    compose = "services:\n  web:\n    build: .\n    volumes: ['.:/app']\n"
    dockerfile = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nCMD python main.py\n"
    given = {"Dockerfile": dockerfile, "main.py": "", "compose.yaml": compose, **files}
    (finding,) = check(Project(Tree.of(given)), (RULE,))
    assert finding.fix is not None
    assert bool(finding.fix.doubts) is is_doubt


@pytest.mark.parametrize(
    ("file", "is_doubt"), [("certs/.gitkeep", True), ("certs/ca.pem", False), ("data/.gitkeep", False)]
)
def test_keys_that_somebody_puts_into_a_folder_may_be_closed(file: str, is_doubt: bool) -> None:
    folder = file.partition("/")[0]
    dockerfile = f"FROM python:3.13-slim\nWORKDIR /app\nCOPY {folder} ./{folder}\nCOPY main.py ./\nCMD python main.py\n"
    (finding,) = check(Project(Tree.of({"Dockerfile": dockerfile, "main.py": "", file: ""})), (RULE,))
    assert finding.fix is not None
    assert bool(finding.fix.doubts) is is_doubt


@pytest.mark.parametrize("mount", ["./data:${PLACE}", "${DATA}:/data", "${DATA}:${PLACE}"])
def test_a_mount_that_only_a_variable_knows_is_a_doubt(mount: str) -> None:
    compose = f"services:\n  scraper:\n    build: .\n    volumes: ['{mount}']\n"
    (finding,) = check(
        Project(Tree.of({"Dockerfile": DOCKERFILE, "main.py": WRITES, "compose.yaml": compose})), (RULE,)
    )
    assert finding.fix is not None
    assert len(finding.fix.doubts) == 1


def test_what_a_file_on_top_says_nothing_of_is_told_once() -> None:
    mounts = "['./data:/data', '/var/run/docker.sock:/var/run/docker.sock']"
    base = f"services:\n  scraper:\n    build: .\n    volumes: {mounts}\n"
    files = {"Dockerfile": DOCKERFILE, "main.py": WRITES, "compose.yaml": base}
    override = "services:\n  scraper:\n    environment: {A: 1}\n"
    (finding,) = check(Project(Tree.of({**files, "compose.override.yaml": override})), (RULE,))
    (alone,) = check(Project(Tree.of(files)), (RULE,))
    assert finding.advice == alone.advice
    assert "compose.yaml: scraper talks to docker.sock" in finding.advice


@pytest.mark.parametrize(
    ("source", "is_doubt"),
    [
        pytest.param("open(f\"{os.environ['LOGS']}/a.log\", 'w') ?\n", True, id="one that writes"),
        pytest.param("import subprocess ?\nsubprocess.run(['make'])\n", True, id="one that starts a program"),
        pytest.param("SIZE = 3 ?\n", False, id="not one that does neither"),
    ],
)
def test_a_module_that_is_no_python_to_pydock_is_a_doubt(source: str, is_doubt: bool) -> None:
    dockerfile = DOCKERFILE.replace("COPY main.py", "COPY main.py config.py")
    files = {"Dockerfile": dockerfile, "main.py": "import config\n", "config.py": source}
    (finding,) = check(Project(Tree.of(files)), (RULE,))
    said = (finding.advice, *(finding.fix.doubts if finding.fix else ()))
    assert bool([each for each in said if "config.py could not be read" in each]) is is_doubt


SECRET = "services:\n  scraper:\n    build: .\n    secrets: [token]\nsecrets:\n  token:\n    {source}\n"
KEY = "services:\n  scraper:\n    build: .\n    volumes: ['{mount}']\n"


@pytest.mark.parametrize(
    ("compose", "files", "doubts"),
    [
        pytest.param(SECRET.format(source="file: ./token"), {}, ("./token",), id="a secret of the host"),
        pytest.param(SECRET.format(source="file: ./token"), {"token": ""}, (), id="one of the project"),
        pytest.param(SECRET.format(source="environment: TOKEN"), {}, (), id="one of the environment"),
        pytest.param(SECRET.format(source="external: true"), {}, (), id="one that the engine keeps"),
        pytest.param(KEY.format(mount="/etc/tls/a.key:/tls/a.key:ro"), {}, ("/etc/tls/a.key",), id="a key"),
        pytest.param(KEY.format(mount="./rules.json:/rules.json:ro"), {}, (), id="settings"),
    ],
)
def test_a_secret_of_the_host_has_to_be_readable(compose: str, files: dict[str, str], doubts: tuple[str, ...]) -> None:
    own = {"Dockerfile": DOCKERFILE, "main.py": "", "compose.yaml": compose, **files}
    (finding,) = check(Project(Tree.of(own)), (RULE,))
    assert finding.fix is not None
    told = tuple(f"{each} on the host (compose.yaml: scraper) has to be readable for uid 10001" for each in doubts)
    assert finding.fix.doubts == told


def test_a_secret_that_git_ignores_is_one_of_the_host(tmp_path: Path) -> None:
    files = {
        ".gitignore": "token\n", "Dockerfile": DOCKERFILE, "main.py": "", "token": "",
        "compose.yaml": SECRET.format(source="file: ./token"),
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (finding,) = check(Project(Tree(tmp_path)), (RULE,))
    assert finding.fix is not None
    assert finding.fix.doubts == ("./token on the host (compose.yaml: scraper) has to be readable for uid 10001",)


@pytest.mark.parametrize("run", ["build: .", "image: shop/scraper:1"])
def test_who_has_the_volume_already_is_told_how_to_give_it_to_the_service(run: str) -> None:
    compose = f"services:\n  scraper:\n    {run}\n    volumes: ['prices:/data']\nvolumes:\n  prices:\n"
    files = {"Dockerfile": DOCKERFILE, "main.py": WRITES, "compose.yaml": compose}
    (finding,) = check(Project(Tree.of(files)), (RULE,))
    assert finding.fix is not None
    assert finding.fix.notes == (
        "The volume prices (compose.yaml) stays root's where it exists already; to give it to the service: "
        "docker compose run --rm --no-deps --user root --entrypoint chown scraper -R app /data",
    )


@pytest.mark.parametrize(
    ("files", "doubt"),
    [
        pytest.param(
            {"compose.yaml": "services: {meter: {build: ., devices: ['/dev/ttyUSB0:/dev/ttyUSB0:rw']}}"},
            "compose.yaml: meter has /dev/ttyUSB0 of the host, which uid 10001 has to be allowed to open",
            id="a device of compose",
        ),
        pytest.param(
            {"compose.yaml": "services: {meter: {build: ., devices: [{source: /dev/video0, target: /dev/video0}]}}"},
            "compose.yaml: meter has /dev/video0 of the host, which uid 10001 has to be allowed to open",
            id="a device of compose in its long form",
        ),
        pytest.param(
            {"compose.yaml": "services: {meter: {build: ., volumes: ['/dev/bus/usb:/dev/bus/usb']}}"},
            "compose.yaml: meter has /dev/bus/usb of the host, which uid 10001 has to be allowed to open",
            id="devices that compose mounts",
        ),
        pytest.param(
            {"compose.yaml": "services: {meter: {build: ., privileged: true}}"},
            "compose.yaml: meter has every device of the host, which uid 10001 has to be allowed to open",
            id="a privileged service",
        ),
        pytest.param(
            {"README.md": "Start it:\n\n    docker run --device /dev/ttyACM0 meter\n"},
            "README.md:3 gives the container a device of the host, which uid 10001 has to be allowed to open",
            id="a device of a docker run that README tells of",
        ),
        pytest.param({"README.md": "    docker run -v /dev/shm:/dev/shm meter\n"}, None, id="shared memory"),
        pytest.param({"compose.yaml": "services: {meter: {build: ., privileged: false}}"}, None, id="no privileges"),
    ],
)
def test_a_device_of_the_host_is_a_doubt(files: dict[str, str], doubt: str | None) -> None:
    (finding,) = check(Project(Tree.of({"Dockerfile": DOCKERFILE, "main.py": MAKES, **files})), (RULE,))
    assert finding.fix is not None
    assert finding.fix.doubts == (() if doubt is None else (doubt,))


@pytest.mark.parametrize(
    ("mount", "is_doubt"),
    [
        pytest.param("../shared:/srv/app/shared", True, id="a package that the source imports"),
        pytest.param("../shared/store.py:/srv/app/store.py", True, id="a module that the source imports"),
        pytest.param("../docs:/srv/app/docs", False, id="a folder that no source imports"),
        pytest.param("./shared:/srv/app/shared", False, id="a package of the context"),
    ],
)
def test_code_that_compose_mounts_from_beside_the_context_is_a_doubt(mount: str, is_doubt: bool) -> None:
    dockerfile = DOCKERFILE.replace("WORKDIR /app", "WORKDIR /srv/app")
    files = {
        "Dockerfile": dockerfile,
        "main.py": "import store\nfrom shared.history import History\n",
        "shared/history.py": "class History:\n    pass\n",
        "compose.yaml": f"services:\n  web:\n    build: .\n    volumes: ['{mount}']\n",
    }
    (finding,) = check(Project(Tree.of(files)), (RULE,))
    assert finding.fix is not None
    source = mount.partition(":")[0]
    doubt = f"the code in {source} (compose.yaml: web) is not at hand, so where it writes is not known"
    assert finding.fix.doubts == ((doubt,) if is_doubt else ())
