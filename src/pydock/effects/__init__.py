"""What a command needs and what it leaves in the image, one small file a tool.

Effects are pure functions of a command line and the state before it; nothing is executed and nothing read
but texts that the state knows.
"""

import importlib
import pkgutil

from pydock.effects.files.printed import printed
from pydock.effects.network.remote import piped_script
from pydock.effects.registry import effect, effects_of, is_builtin, is_known, programs, script_at
from pydock.effects.unknown import kept_by_libraries, unknown

__all__ = [
    "effect",
    "effects_of",
    "is_builtin",
    "is_known",
    "kept_by_libraries",
    "piped_script",
    "printed",
    "programs",
    "script_at",
    "unknown",
]

for _each in pkgutil.walk_packages(__path__, f"{__name__}."):
    importlib.import_module(_each.name)
