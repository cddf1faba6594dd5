"""A module of the standard library imported where a person would write it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import libcst as cst


def with_import(module: cst.Module, name: str) -> cst.Module:
    """The module with `import name` among its imports, or `from a.b import C` for a name with a dot.

    Sorted in where the imports are; as it is where that is there already.
    """
    origin, _, member = name.rpartition(".")
    if origin:
        return _with_member(module, origin, member)
    body = list(module.body)
    if any(_imports(statement, name) for statement in body):
        return module
    block = _block(body)
    own = [at for at in block if _first_name(body[at]) and _is_standard(_first_name(body[at]))]
    line = cst.SimpleStatementLine([cst.Import([cst.ImportAlias(cst.Name(name))])])
    if behind := [at for at in own if _first_name(body[at]) > name]:
        return _inserted(module, behind[0], line)
    if own:
        return _inserted(module, own[-1] + 1, line, is_behind=True)
    at = block[0] if block else _after_head(body)
    return _inserted(module, at, line, is_apart=not (block and _is_standard(_origin(body[at]))))


def _with_member(module: cst.Module, origin: str, member: str) -> cst.Module:
    """`from origin import member`: beside what is taken from there already, else among its like."""
    body = list(module.body)
    block = _block(body)
    for at in block:
        [part, *others] = _parts(body[at])
        if others or not isinstance(part, cst.ImportFrom) or _origin(body[at]) != origin:
            continue
        names = () if isinstance(part.names, cst.ImportStar) else part.names
        if not names or any(each.evaluated_name == member and each.asname is None for each in names):
            return module
        body[at] = cst.ensure_type(body[at], cst.SimpleStatementLine).with_changes(
            body=[_with_name(part, names, member)]
        )
        return module.with_changes(body=body)
    taken = cst.ImportFrom(
        cst.ensure_type(cst.parse_expression(origin), cst.Attribute), [cst.ImportAlias(cst.Name(member))]
    )
    line = cst.SimpleStatementLine([taken])
    like = [at for at in block if _origin(body[at]).partition(".")[0] == origin.partition(".")[0]]
    if behind := [at for at in like if _origin(body[at]) > origin]:
        return _inserted(module, behind[0], line)
    at = (like or block or [_after_head(body) - 1])[-1] + 1
    return _inserted(module, at, line, is_behind=bool(block))


def _with_name(part: cst.ImportFrom, present: Sequence[cst.ImportAlias], member: str) -> cst.ImportFrom:
    """The import with one more name, sorted in and laid out like the others."""
    names = list(present)
    place = next((at for at, each in enumerate(names) if each.evaluated_name > member), len(names))
    joint = next((each.comma for each in names[:-1]), cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
    if place == len(names):
        last = names[-1]
        names[-1] = last.with_changes(comma=joint)
        names.append(cst.ImportAlias(cst.Name(member), comma=last.comma))
    else:
        names.insert(place, cst.ImportAlias(cst.Name(member), comma=joint))
    return part.with_changes(names=names)


def without_import(module: cst.Module, name: str) -> cst.Module:
    """The module without the line that does nothing but `import name`, or `from a.b import C` for `a.b.C`.

    Where that line has a comment or company it stays.
    """
    origin, _, member = name.rpartition(".")
    wanted = f"from {origin} import {member}" if origin else f"import {name}"
    body = list(module.body)
    for at, statement in enumerate(body):
        if not _parts(statement) or cst.Module([statement.with_changes(leading_lines=())]).code.strip() != wanted:
            continue
        lines = statement.leading_lines
        if at + 1 < len(body) and not any(line.comment for line in lines):
            following = body[at + 1]
            body[at + 1] = following.with_changes(leading_lines=following.leading_lines or lines)
            return module.with_changes(body=[*body[:at], *body[at + 1 :]])
    return module


def _inserted(
    module: cst.Module, at: int, line: cst.SimpleStatementLine, *, is_behind: bool = False, is_apart: bool = False
) -> cst.Module:
    """The import in front of the statement at a place, which keeps its comments, or behind the one before."""
    statements = list(module.body)
    if not is_behind and at < len(statements):
        following = statements[at]
        lines = tuple(following.leading_lines)
        blank = next((size for size, each in enumerate(lines) if each.comment), len(lines))
        line = line.with_changes(leading_lines=lines[:blank])
        gap = (lines[:blank] or [cst.EmptyLine(indent=False)]) if is_apart else ()
        statements[at] = following.with_changes(leading_lines=(*gap, *lines[blank:]))
    elif at and not is_behind:
        line = line.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    statements.insert(at, line)
    return module.with_changes(body=statements)


def _imports(statement: cst.CSTNode, name: str) -> bool:
    return any(
        alias.asname is None and alias.evaluated_name.split(".")[0] == name
        for small in _parts(statement)
        if isinstance(small, cst.Import)
        for alias in small.names
    )


def _parts(statement: cst.CSTNode) -> Sequence[cst.BaseSmallStatement]:
    return statement.body if isinstance(statement, cst.SimpleStatementLine) else ()


def _first_name(statement: cst.CSTNode) -> str:
    """What a plain import names first, "" for any other statement."""
    parts = _parts(statement)
    return parts[0].names[0].evaluated_name if parts and isinstance(parts[0], cst.Import) else ""


def _origin(statement: cst.CSTNode) -> str:
    """The module that an import takes from, "" for a relative one."""
    parts = _parts(statement)
    if parts and isinstance(parts[0], cst.ImportFrom) and parts[0].module is not None and not parts[0].relative:
        return cst.helpers.get_full_name_for_node_or_raise(parts[0].module)
    return _first_name(statement)


def _is_standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


def _after_head(body: Sequence[cst.CSTNode]) -> int:
    """Behind the docstring and `from __future__`, which have to come first."""
    at = 0
    for at, statement in enumerate(body):
        parts = _parts(statement)
        is_text = len(parts) == 1 and isinstance(parts[0], cst.Expr) and isinstance(parts[0].value, cst.BaseString)
        if not (at == 0 and is_text) and _origin(statement) != "__future__":
            return at
    return at + 1 if body else 0


def _block(body: Sequence[cst.CSTNode]) -> list[int]:
    """The places of the imports at the top of the file, up to the first other statement."""
    found = []
    for at in range(_after_head(body), len(body)):
        parts = _parts(body[at])
        if not parts or not isinstance(parts[0], cst.Import | cst.ImportFrom):
            break
        found.append(at)
    return found
