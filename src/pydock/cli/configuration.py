"""What `--config` names, and what `--show-files` and `--show-settings` print."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydock.config import ConfigurationError, File, Sources, settings
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.cli.options import Chosen
    from pydock.targets import Target, Unusable

_INLINE = "--config"


def sources(given: Sequence[str], *, is_isolated: bool) -> Sources:
    """The configuration that counts: files that are named instead of those that are found, and single settings on top.

    Raises ConfigurationError for what cannot be read or means nothing.
    """
    inline = [value for value in given if "=" in value and not os.path.exists(value)]
    files = [value for value in given if value not in inline]
    found = [*((_INLINE, value) for value in reversed(inline)), *((name, _text(name)) for name in reversed(files))]
    for name, text in found:
        # A mistake is told once, before any project is looked at.
        settings((File(name, text),), {})
    return Sources(tuple(found), not (files or is_isolated), os.getcwd())


def _text(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{name}: {error.strerror}", '--config takes a file, or a setting such as pin="digest"'
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{name}: no text in UTF-8", "it has to be TOML") from error


def show_files(found: "Sequence[Target | Unusable]") -> None:
    """The Dockerfiles that are meant, a line each."""
    from pydock.targets import Target

    console.show("".join(f"{each.shown}\n" for each in found if isinstance(each, Target)))


def show_settings(found: "Sequence[Target | Unusable]", given: "Chosen") -> None:
    """The settings of each Dockerfile as TOML, with who says so beside each."""
    from pydock.targets import Target

    parts = ["\n".join(_settings(each, given)) + "\n" for each in found if isinstance(each, Target)]
    console.show("\n".join(parts))


def _settings(target: "Target", given: "Chosen") -> Iterator[str]:
    from pydock.checkout import configuration
    from pydock.config import origins
    from pydock.rules import RULES

    files = configuration(target.tree, target.path, given.sources)
    yield f"# {target.shown}"
    found = origins(files, given.settings, RULES)
    said = [(f"{each.key} = {_toml(each.value)}", each.where) for each in found if each.value is not None]
    widest = min(60, max(len(text) for text, _ in said))
    yield from (f"{text:<{widest}}  # {where}" for text, where in said)


def _toml(value: object) -> str:
    import json

    match value:
        case bool():
            return str(value).lower()
        case dict():
            return (
                f"{{ {', '.join(f'{json.dumps(key)} = {_toml(each)}' for key, each in value.items())} }}"
                if value
                else "{}"
            )
        case tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return f"{value}"
