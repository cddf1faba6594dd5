"""Programs that run inside an image, in its own Python: 3.6 or later, standard library only.

They are sent as text (`python -c`), take one JSON object as their argument and print one.
"""

from __future__ import annotations

from importlib import resources


def program(name: str) -> str:
    """The text of one of these programs: "files", "python" or "service".

    A service may have a `json.py` of its own, so its folder is not searched.
    """
    # Not the bare `files`: once somebody imports `inside.files`, that name is this package's module.
    return "import sys; del sys.path[0]\n" + (resources.files(__name__) / f"{name}.py").read_text(encoding="utf-8")
