"""Laws 11 and 12: two builds compared, step by step and process by process."""

from pydock.build.laws.comparison import broken
from pydock.build.laws.violation import DEVELOPMENT, Declared, Violation

__all__ = ["DEVELOPMENT", "Declared", "Violation", "broken"]
