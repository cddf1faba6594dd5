"""Small compose projects, and what their services are; the files that count are given, the last one on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydock.context.compose import Build, ServiceMount, ServicePort, Unset
from pydock.values import Value

WEB = "services:\n  web:\n    build: .\n"


class Case(Value):
    """`services` are the fields that are looked at, by the service; `files` are all there are."""

    files: Mapping[str, str]
    services: Mapping[str, Mapping[str, Any]]
    is_for_compose: bool = True


def _one(text: str, **fields: Any) -> Case:
    """Lines of the one service `web`."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    return Case({"compose.yaml": f"{WEB}{lines}"}, {"web": fields})


def _over(below: str, above: str, **fields: Any) -> Case:
    """The same under lines of an override file."""
    case, lines = _one(below), "".join(f"    {line}\n" for line in above.splitlines())
    return Case({**case.files, "compose.override.yaml": f"services:\n  web:\n{lines}"}, {"web": fields})


def _variable(word: str, value: Any, env: str = "SET=1\nEMPTY=\n") -> Case:
    return Case({".env": env, "compose.yaml": f"{WEB}    user: 'a{word}'\n"}, {"web": {"user": value}})


def _data(kind: str = "bind", source: Any = "./data", *, is_read_only: bool = False) -> tuple[ServiceMount, ...]:
    return (ServiceMount(source, "/data", kind, is_read_only),)


SHORT_AND_LONG = {
    "a command is split into words": _one("command: gunicorn -b ':80' app", command=("gunicorn", "-b", ":80", "app")),
    "a command as a list is taken as it is": _one("command: [sh, -c, 'a && b']", command=("sh", "-c", "a && b")),
    "an operator ends a command that no shell reads": _one("command: migrate && serve", command=("migrate",)),
    "a backslash stands for what follows, in double quotes too": _one(
        "command: 'sh -c \"a \\b\"'", command=("sh", "-c", "a b")
    ),
    "an empty list takes the entrypoint of the image away": _one("entrypoint: []", entrypoint=()),
    "a folder of the host": _one("volumes: ['./data/:/data/']", mounts=_data()),
    "a folder of the host that is only read": _one("volumes: ['./data:/data:z,ro']", mounts=_data(is_read_only=True)),
    "a folder of the host, in long form": _one(
        "volumes: [{type: bind, source: data, target: /data, read_only: true}]", mounts=_data(is_read_only=True)
    ),
    "an anonymous volume": _one("volumes: [/data]", mounts=_data("volume", None)),
    "a file system in memory": _one("tmpfs: /data:size=1m", mounts=_data("tmpfs", None), ),
    "a published port": _one("ports: ['80:8000']", ports=(ServicePort(8000, "80"),)),
    "a port on one address of the host, of UDP": _one(
        "ports: ['127.0.0.1:80:8000/udp']", ports=(ServicePort(8000, "80", "udp"),)
    ),
    "a range of ports": _one(
        "ports: ['3000-3001:4000-4001']", ports=(ServicePort(4000, "3000"), ServicePort(4001, "3001"))
    ),
    "a port in long form": _one("ports: [{target: 80, published: '8080'}]", ports=(ServicePort(80, "8080"),)),
    "a number with a colon is no time of the day": _one("ports: [22:22]", ports=(ServicePort(22, "22"),)),
    "variables as a mapping: what a plain word is": _one(
        "environment: {A: on, B: true, C: 3.10, D: 1e3, E: ''}",
        environment=(("A", "on"), ("B", "true"), ("C", "3.1"), ("D", "1000"), ("E", "")),
    ),
    "variables as a list, one for the caller's shell": _one(
        "environment: [A=b=c, B, 'C=']", environment=(("A", "b=c"), ("B", None), ("C", ""))
    ),
    "a build by its folder": Case(
        {"compose.yaml": "services: {web: {build: ./svc}}\n"}, {"web": {"build": Build("web", "svc", "svc/Dockerfile")}}
    ),
    "a build with all that it takes": Case(
        {
            "compose.yaml": "services:\n  web:\n"
            "    build: {context: svc, dockerfile: ../D, target: prod, args: [A=1, B]}\n"
        },
        {"web": {"build": Build("web", "svc", "D", "prod", (("A", "1"), ("B", None)))}},
    ),
    "a check through a shell": _one("healthcheck: {test: curl localhost}", healthcheck=("sh", "-c", "curl localhost")),
    "a check without one": _one("healthcheck: {test: [CMD, a, b]}", healthcheck=("a", "b")),
    "a check that is turned off": _one("healthcheck: {disable: true}", healthcheck=()),
    "a check with times alone is that of the image": _one("healthcheck: {interval: 5s}", healthcheck=None),
    "flags and words": _one(
        "init: true\nread_only: true\nuser: 1000:0\nworking_dir: /srv\nstop_signal: SIGINT\nstop_grace_period: 1m",
        init=True, is_read_only=True, user="1000:0", working_dir="/srv", stop_signal="SIGINT", stop_grace_period="1m",
    ),
}  # fmt: skip
VARIABLES = {
    "a variable of .env": _variable("$SET", "a1"),
    "the same in braces": _variable("${SET}b", "a1b"),
    "two dollars are one": _variable("$$SET", "a$SET"),
    "a default where nothing is set": _variable("${NOT:-x}", "ax"),
    "no default over an empty value without the colon": _variable("${EMPTY-x}", "a"),
    "a default over an empty value with it": _variable("${EMPTY:-x}", "ax"),
    "a default with a default in it": _variable("${NOT:-${NOR:-y}z}", "ayz"),
    "a word where something is set": _variable("${SET:+x}${NOT:+y}", "ax"),
    "a value that has to be there": _variable("${SET:?why}", "a1"),
    "a variable without a value is not known": Case(
        {"compose.yaml": f"{WEB}    user: 'a${{NOT}}'\n"}, {"web": {"user": Unset("a${NOT}", "a")}}
    ),
    "a value that nobody has is not known": Case(
        {"compose.yaml": f"{WEB}    user: 'a${{NOT:?why}}'\n"},
        {"web": {"user": Unset("a${NOT:?why}", "a")}},
        is_for_compose=False,
    ),
    "quotes and comments of .env": _variable("$X$Y$Z", "a1 #2b'3", "X='1 #2' # c\nY=b # c\nexport Z: \"'3\"\n"),
    "variables in variables": _variable("$Y$Z", "a1b$X", "X=1\nY=${X}b\nZ='$X'\n"),
    "letters behind a backslash": _variable("$X", "a$b", 'X="\\$b"\n'),
    "a separator in a default separates nothing": _one("volumes: ['${NOT:-./data}:/data']", mounts=_data()),
    "a folder that nobody knows": _one("volumes: ['${NOT}/x:/data']", mounts=_data(source=Unset("${NOT}/x", "/x")))
}  # fmt: skip
MERGED = {
    "a command on top replaces the one below": _over("command: a b", "command: c", command=("c",)),
    "what is not said on top stays": _over("command: a\nuser: b", "user: c", command=("a",), user="c"),
    "variables are merged by their names": _over(
        "environment: {A: 1, B: 2}", "environment: [B=3, C=4]", environment=(("A", "1"), ("B", "3"), ("C", "4"))
    ),
    "mounts are merged by their places": _over(
        "volumes: ['./other:/data', './a:/a']",
        "volumes: ['./data:/data']",
        mounts=(*_data(), ServiceMount("./a", "/a")),
    ),
    "ports are added": _over("ports: ['1:2']", "ports: ['3:4']", ports=(ServicePort(2, "1"), ServicePort(4, "3"))),
    "a port that is there is not added again": _over("ports: ['1:2']", "ports: ['1:2']", ports=(ServicePort(2, "1"),)),
    "a build in short and in long form": _over(
        "", "build: {target: dev}", build=Build("web", ".", "Dockerfile", "dev")
    ),
    "!reset takes away": _over("ports: ['1:2']\nuser: b", "ports: !reset []\nuser: !reset null", ports=(), user=None),
    "!override replaces": _over("ports: ['1:2']", "ports: !override ['3:4']", ports=(ServicePort(4, "3"),)),
    "a check that an override turns off": _over(
        "healthcheck: {test: a}", "healthcheck: {disable: true}", healthcheck=()
    ),
    "documents of one file, one on top of the other": Case(
        {"compose.yaml": f"{WEB}    user: a\n---\nservices: {{web: {{user: b}}}}\n"}, {"web": {"user": "b"}}
    ),
    "what an anchor brings": Case(
        {"compose.yaml": f"x-a: &a {{user: a, init: true}}\n{WEB}    <<: *a\n    user: b\n"},
        {"web": {"user": "b", "init": True}},
    ),
    "files that .env names": Case(
        {
            ".env": "COMPOSE_FILE=compose.yaml:more.yml\n",
            "compose.yaml": WEB,
            "more.yml": "services: {web: {user: a}}\n",
        },
        {"web": {"user": "a"}},
        is_for_compose=False,
    ),
}
COMMON = "services:\n  base:\n    build: .\n    user: a\n    volumes: ['./data:/data']\n    env_file: app.env\n"
BESIDE = {
    "a service extends another one": Case(
        {"compose.yaml": f"{WEB}    user: a\n    init: true\n  other:\n    extends: web\n    user: b\n"},
        {"other": {"user": "b", "init": True, "build": Build("other", ".", "Dockerfile")}},
    ),
    "one of another folder, whose paths are its own": Case(
        {
            "compose.yaml": "services:\n  web:\n    extends: {file: svc/common.yaml, service: base}\n    user: b\n",
            "svc/common.yaml": COMMON,
            "svc/app.env": "A=1\n",
        },
        {
            "web": {
                "user": "b",
                "build": Build("web", "svc", "svc/Dockerfile"),
                "mounts": _data(source="./svc/data"),
                "environment": (("A", "1"),),
            }
        },
    ),
    "an included file with its own folder and .env": Case(
        {
            "compose.yaml": f"include: [svc/app.yaml]\n{WEB}    user: $USER_NAME\n",
            ".env": "USER_NAME=a\n",
            "svc/app.yaml": COMMON.replace("user: a", "user: $USER_NAME$OTHER"),
            "svc/.env": "USER_NAME=b\nOTHER=c\n",
            "svc/app.env": "A=1\n",
        },
        {"web": {"user": "a"}, "base": {"user": "ac", "mounts": _data(source="./svc/data")}},
    ),
    "environment files, the last one on top, under what the service says": Case(
        {
            "compose.yaml": f"{WEB}    env_file: [a.env, b.env]\n    environment: {{C: 3, D: $D}}\n",
            "a.env": "A=1\nB=1\nC=1\n",
            "b.env": "B=2\nC=2\nE=${A}\n",
        },
        {"web": {"environment": (("A", "1"), ("B", "2"), ("C", "3"), ("E", "1"), ("D", Unset("$D", "")))}},
    ),
    "the mounts of another service": Case(
        {
            "compose.yaml": f"{WEB}    volumes_from: ['other:ro']\n"
            "  other:\n    image: x\n    volumes: ['./data:/data']\n"
        },
        {"web": {"mounts": _data(is_read_only=True)}},
    ),
    "a named volume that is a folder of the host": Case(
        {
            "compose.yaml": f"{WEB}    volumes: ['kept:/data']\n"
            "volumes:\n  kept:\n    driver: local\n    driver_opts: {type: none, o: bind, device: /srv/kept}\n"
        },
        {"web": {"mounts": _data(source="/srv/kept")}},
        is_for_compose=False,
    ),
    "a secret is a file that is only read": Case(
        {"compose.yaml": f"{WEB}    secrets: [key]\nsecrets: {{key: {{file: ./key.txt}}}}\n"},
        {"web": {"mounts": (ServiceMount("./key.txt", "/run/secrets/key", "bind", is_read_only=True),)}},
    ),
    "a file that cannot stand alone goes on top of the main one": Case(
        {"compose.yaml": WEB, "compose.prod.yaml": "services:\n  web:\n    user: a\n"},
        {"web": {"user": "a", "build": Build("web", ".", "Dockerfile")}},
    ),
    "a file that can stand alone does": Case(
        {"compose.yaml": f"{WEB}    user: a\n", "compose.prod.yaml": f"{WEB}    init: true\n"},
        {"web": {"user": None, "init": True}},
    ),
    "a file that names a volume of the main one goes on top of it": Case(
        {
            "compose.yaml": f"{WEB}    user: a\nvolumes: {{kept: }}\n",
            "compose.prod.yaml": f"{WEB}    volumes: ['kept:/data']\n",
        },
        {"web": {"user": "a", "mounts": _data("volume", "kept")}},
    ),
    "a file of a folder below goes on top of the main one above": Case(
        {"compose.yaml": WEB, "deploy/compose.prod.yaml": "services:\n  web:\n    volumes: ['./data:/data']\n"},
        {"web": {"mounts": _data()}},
    ),
    "a file that only another one makes a whole of goes on top of that": Case(
        {
            "compose.yaml": "services: {db: {image: x}}\n",
            "compose.prod.yaml": f"{WEB}    user: a\n",
            "compose.prod.log.yaml": "services: {web: {init: true}}\n",
        },
        {"web": {"user": "a", "init": True}},
    ),
    "a circle of services that extend each other ends": Case(
        {"compose.yaml": f"{WEB}    extends: other\n    user: a\n  other: {{extends: web, init: true}}\n"},
        {"web": {"user": "a", "init": True}},
        is_for_compose=False,
    ),
    "a circle of files that include each other ends": Case(
        {"compose.yaml": f"include: [a.yaml]\n{WEB}", "a.yaml": "include: [compose.yaml]\nservices: {b: {image: x}}\n"},
        {"b": {"image": "x"}},
        is_for_compose=False,
    ),
}
CASES: Mapping[str, Case] = {**SHORT_AND_LONG, **VARIABLES, **MERGED, **BESIDE}
