"""The files of an image as a reader of the service asks for them: where each is from, and its text."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pydock.patterns import regex
from pydock.state import State, is_below
from pydock.state.needs import Folder
from pydock.values import Value

PROGRAM_FOLDERS = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_SHEBANG = regex(r"#!\s*\S*/(?:env\s+(?:-S\s+)?)?(?:ba|da|a)?sh\b")


class Files(Value):
    """The files of an image at one place of its build. Relative paths are under the work directory there."""

    image: State

    def origin(self, path: str) -> str | None:
        """The path in the build context of what is at a path: of a file, or of a folder by what lies in it.

        A file that a command has changed where it lies is still the file of the context, with another text.
        """
        absolute = self.image.at(path)
        # What a RUN mounts is there, and no file of the image.
        if absolute is None or any(is_below(absolute, place) for place in self.image.mounts):
            return None
        place = self.image.origins.get(absolute) or self.image.edited.get(absolute)
        return place or self._of_folder(absolute)

    def _of_folder(self, path: str) -> str | None:
        if path != "/" and Folder(path) not in self.image.things:
            return None
        for file in self.image.files_below(path):
            inside, place = posixpath.relpath(file, path), self.image.origins.get(file)
            if place is not None and f"/{place}".endswith(f"/{inside}"):
                return place[: -len(inside)].rstrip("/") or "."
        return None

    def content(self, path: str) -> tuple[str, str] | None:
        """Where a file comes from, and its text as far as it is known.

        A context path, or the absolute path in the image of a file whose text an instruction of the Dockerfile
        decides.
        """
        absolute = self.image.at(path)
        if absolute is None:
            return None
        place = self.image.origins.get(absolute)
        text = self.image.text(absolute)
        return (place or absolute, text) if text is not None else None

    def script(self, name: str, *, is_searched: bool = True) -> tuple[str, str] | None:
        """The place and the text of a shell script by its name.

        `is_searched`: a bare name is looked for on the PATH, as for a program, and has to begin with a shell's
        `#!` line or end with .sh.
        """
        places = [f"{folder}/{name}" for folder in PROGRAM_FOLDERS] if is_searched and "/" not in name else [name]
        for place in places:
            if found := self.content(place):
                return found if not is_searched or is_shell_script(*found) else None
        return None

    def written(self) -> Iterator[tuple[str, str]]:
        """The absolute paths and texts of the files whose text the Dockerfile itself decides."""
        yield from sorted(self.image.texts.items())


def is_shell_script(path: str, text: str) -> bool:
    """Whether a program is a script for a shell, as its name or its first line says."""
    return path.endswith((".sh", ".bash")) or _SHEBANG.match(text) is not None
