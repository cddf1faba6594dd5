"""Why a step is not in the runtime stage."""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """Why a step is not in the runtime stage, as it is told."""

    INSTALLS = "the builder installs the packages"
    TOOL = "only building calls it"
    BUILDING = "only compiling needs it"
    INPUT = "only the install reads it"
    CLEAN_UP = "what it cleans up is no longer there"
    DEAD = "nothing of it is left in the image"
    UNREAD = "nothing reads it"
    MOOT = "VIRTUAL_ENV names the environment"
