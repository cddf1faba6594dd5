"""What can go wrong, as a tree with one root.

    PydockError            a message for a person and, where there is one, what to do about it
    ├── UnreadableError    a file or folder that is missing, too large, binary, or not readable
    ├── UnwritableError    a file, folder or stream that cannot be written; nothing has changed
    │   └── ChangedError   a file is not what it was when it was read, so it is not written over
    ├── SyntaxProblem      a Dockerfile that BuildKit would reject, with the line
    ├── OptionError        a command line or configuration value that means nothing
    │   └── ConfigurationError   a configuration file that means nothing, with its line
    ├── EngineError        a container engine that is absent, refuses or goes away
    │   └── BuildError     an image that cannot be built, with the step and the end of its output
    ├── BudgetError        a project that takes more time or memory than it was given
    └── BugError           pydock itself failed; nothing has been written
        └── RuleBugError   a rule broke a promise

Only `cli`, `questions` and `migrate` catch them.
"""

from __future__ import annotations


class PydockError(Exception):
    """A failure with a message for a person, and a hint when something can be done."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UnreadableError(PydockError):
    """A path that cannot be read as what it should be."""


class UnwritableError(PydockError):
    """A file, folder or stream that cannot be written as it should be."""


class ChangedError(UnwritableError):
    """A file that somebody else has changed since it was read."""


class SyntaxProblem(PydockError):
    """A Dockerfile that BuildKit's parser would reject; the message begins with the place."""


class OptionError(PydockError):
    """An option, rule name or configuration value that means nothing."""


class ConfigurationError(OptionError):
    """A configuration file that means nothing; the message begins with the place, and is the same for all projects."""


class BudgetError(PydockError):
    """A project that takes more time or memory than it was given; the message says which."""


class BugError(PydockError):
    """A failure of pydock itself on one project; nothing has been written."""


class RuleBugError(BugError):
    """A rule broke one of its promises; the message names it."""


class EngineError(PydockError):
    """A container engine that is absent, refuses what is asked, or goes away."""


class BuildError(EngineError):
    """An image that cannot be built: the step that failed and the last lines it printed."""

    def __init__(self, message: str, hint: str = "", step: str = "", log: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint)
        self.step = step
        self.log = log


class LateBuildError(BuildError):
    """An image that was not built within the time it was given, which says nothing about the image."""
