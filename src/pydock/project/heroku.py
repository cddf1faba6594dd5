"""What Heroku runs in an image that it builds: https://devcenter.heroku.com/articles/build-docker-images-heroku-yml."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from pydock.context.compose import Service
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.yaml_text import document

_FILE = "heroku.yml"


@remembered
def dynos(project: Project) -> tuple[Service, ...]:
    """The commands of heroku.yml that run in the image of this Dockerfile, each through a shell.

    A Procfile counts for nothing here: Heroku reads it for images that it builds without a Dockerfile.
    """
    listed = document(project.tree.text(_FILE) or "")
    images = _mapping(_mapping(listed.get("build")).get("docker"))
    own = {name for name, path in images.items() if posixpath.normpath(str(path)) == project.path}
    return tuple(
        Service(name, _FILE, ("/bin/sh", "-c", command))
        for name, image, command in _commands(listed)
        if image in own or (name in own and not image)
    )


def _commands(listed: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """(process, image or "" for its own, command)."""
    for name, entry in (*_mapping(listed.get("run")).items(), ("release", listed.get("release"))):
        told = entry if isinstance(entry, dict) else {"command": entry}
        command = told.get("command")
        text = " ".join(map(str, command)) if isinstance(command, list) else command
        if isinstance(text, str):
            yield str(name), str(told.get("image") or ""), text


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
