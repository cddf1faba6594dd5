"""What is known about an image and the container it starts, as plain values that are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydock.values import Value, field

Health = tuple[int, str]


class Config(Value):
    """What an image says about its containers, as `inspect` shows it."""

    user: str = ""
    workdir: str = "/"
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ports: frozenset[str] = frozenset()
    volumes: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = ""
    healthcheck: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: Mapping[str, Any], own_labels: str) -> Config:
        """From the "Config" of `inspect`; labels that begin with `own_labels` are the bench's."""
        variables = (entry.partition("=") for entry in config.get("Env") or ())
        labels = config.get("Labels") or {}
        test = (config.get("Healthcheck") or {}).get("Test") or ()
        return cls(
            config.get("User") or "",
            config.get("WorkingDir") or "/",
            tuple(config.get("Entrypoint") or ()),
            tuple(config.get("Cmd") or ()),
            {name: value for name, _, value in variables},
            frozenset(config.get("ExposedPorts") or ()),
            frozenset(config.get("Volumes") or ()),
            {name: value for name, value in labels.items() if not name.startswith(own_labels)},
            config.get("StopSignal") or "",
            () if test and test[0] == "NONE" else tuple(test),
        )


class File(Value):
    """A file of an image: `content` is a digest, the target of a link, or what kind of thing it is.

    Of a SQLite database it is a line for its schema and one for each table, of a dynamic ELF file one for
    what it is and one with its digest.
    """

    content: str
    mode: int
    uid: int
    gid: int

    @property
    def is_database(self) -> bool:
        return self.content.startswith("sqlite\n")

    @property
    def machine_code(self) -> str:
        """What a compiled file is for whoever loads it, "" for other files."""
        return self.content.rpartition("\n")[0] if self.content.startswith("elf\n") else ""

    @property
    def digest(self) -> str:
        return self.content.rpartition("sha256 ")[2] if self.machine_code else self.content

    @property
    def rights(self) -> str:
        return f"{self.mode & 0o7777:04o}"


class Distribution(Value):
    """An installed distribution; `scripts` are its programs, `files` what it put outside of its folder.

    `extras` are what it needs on some platforms, or when asked for more.
    """

    version: str
    requires: tuple[str, ...] = ()
    folder: str = ""
    scripts: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


class Python(Value):
    """What the image's Python has, asked as the image's user.

    `imports` maps modules to "" or what happened; `programs` and `scripts` map names to where they
    are found, None for nowhere; `libraries` maps files to what is not found for them.
    """

    version: str
    implementation: str = "CPython"
    prefix: str = "/usr/local"
    user_base: str = ""
    home: str = ""
    uid: int = 0
    groups: tuple[int, ...] = (0,)
    sites: tuple[str, ...] = ()
    distributions: Mapping[str, Distribution] = field(default_factory=dict)
    scripts: Mapping[str, str | None] = field(default_factory=dict)
    programs: Mapping[str, str | None] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)
    libraries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    writable: Mapping[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Python:
        """From what inside/python.py prints."""
        distributions = {
            name: Distribution(
                each["version"],
                tuple(each["requires"]),
                each["folder"],
                tuple(each.get("scripts", ())),
                tuple(each.get("files", ())),
                tuple(each["extras"]),
            )
            for name, each in told["distributions"].items()
        }
        rest: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in told.items()
            if name in cls.__struct_fields__
        }
        libraries = {path: tuple(names) for path, names in told["libraries"].items()}
        return cls(**{**rest, "distributions": distributions, "libraries": libraries})


class Answer(Value):
    """What a request got; `error` is the name of an exception where it got nothing."""

    status: int = 0
    type: str = ""
    place: str = ""
    body: str = ""
    error: str = ""


class Service(Value):
    """What a container of the image did.

    `state` is "running", "exited" or "refused" (it could not be started: `reason`). `answers` are
    two of each request, by port and route. `healthy` is what the health check said while the
    service ran, `idle` what it says where nothing runs. `changed` are the paths it wrote.
    """

    state: str = "running"
    code: int = 0
    reason: str = ""
    listening: frozenset[tuple[str, int]] = frozenset()
    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)
    healthy: Health | None = None
    idle: Health | None = None
    log: str = ""
    changed: frozenset[str] = frozenset()
    why_unknown: str = ""

    @property
    def is_up(self) -> bool:
        return self.state == "running" or (self.state == "exited" and self.code == 0)

    @property
    def ending(self) -> str:
        match self.state:
            case "exited":
                return f"ended with exit code {self.code}"
            case "refused":
                return f"could not be started: {self.reason}"
            case _:
                return self.state


class Image(Value):
    """One version of a service. What could not be found out is None, with the reason in `why`.

    `scripted` are packages of the distribution, by a path of `files` that their own scripts name.
    """

    config: Config
    files: Mapping[str, File] = field(default_factory=dict)
    users: Mapping[str, str] = field(default_factory=dict)
    python: Python | None = None
    service: Service | None = None
    why: str = ""
    scripted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def user_name(self, uid: int) -> str:
        return self.users.get(str(uid), str(uid))


class Declared(Value):
    """What a rewrite says that it changes.

    `changes` are names of contract fields. The rest are paths in the image: `edited` files the
    rewrite wrote, `unsent` ones that a new .dockerignore keeps out. `uncalled` are programs that
    only the original calls, `written` folders that the service is known to write into, and
    `has_log_on_output` says that what went to log files goes to standard output now.
    """

    changes: frozenset[str] = frozenset()
    edited: frozenset[str] = frozenset()
    unsent: frozenset[str] = frozenset()
    uncalled: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    has_log_on_output: bool = False
