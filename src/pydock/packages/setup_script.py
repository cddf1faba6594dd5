"""What setup.py hands to setup(), as far as it stands there in plain words: nothing is run."""

from __future__ import annotations

import ast


def argument(text: str, name: str) -> object:
    """The value of an argument of the one call of setup(): None where there is none.

    Raises ValueError where only running tells.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(str(error)) from error
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("setup")]
    if len(calls) != 1 or any(keyword.arg is None for keyword in calls[0].keywords):
        raise ValueError("setup() is not called once with plain arguments")
    value = next((keyword.value for keyword in calls[0].keywords if keyword.arg == name), None)
    return None if value is None else _plain(tree, value)


def _plain(tree: ast.Module, value: ast.expr) -> object:
    """The value of a literal, or of a name that is given one once and is not touched again."""
    if isinstance(value, ast.Name):
        uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == value.id]
        given = [node for node in tree.body if isinstance(node, ast.Assign) and node.targets[0] in uses]
        if len(uses) != 2 or len(given) != 1:
            raise ValueError(f"{value.id} is not given once")
        value = given[0].value
    try:
        return ast.literal_eval(value)
    except (TypeError, SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(str(error)) from error


def lines(value: object) -> list[str]:
    """The requirements of a list, or of a text with one a line.

    Raises ValueError for anything else.
    """
    found = value.splitlines() if isinstance(value, str) else value if isinstance(value, list | tuple) else None
    if found is None or not all(isinstance(line, str) for line in found):
        raise ValueError("no list of requirements")
    return [line for line in found if line.strip()]
