"""From the grammar's tree to steps, pipelines, commands and compounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydock.dockerfile import Logical
from pydock.shell.grammar import Source, Syntax
from pydock.shell.relocation import moved
from pydock.shell.structure import (
    OPAQUE,
    Branch,
    Command,
    Compound,
    CompoundKind,
    Joint,
    Pipeline,
    Redirect,
    Script,
    Step,
)
from pydock.shell.wording import NotReadError, Wording
from pydock.text import Span
from pydock.values import Value, replace

# Groups in groups, or substitutions in substitutions. Who follows these values calls itself
# for each level, so the bound is what Python can bear.
MOST_LEVELS = 40

_SIMPLE = frozenset(
    {"command", "declaration_command", "test_command", "unset_command", "variable_assignment", "variable_assignments"}
)
_KINDS = {
    "subshell": CompoundKind.SUBSHELL,
    "compound_statement": CompoundKind.GROUP,
    "for_statement": CompoundKind.FOR,
    "c_style_for_statement": CompoundKind.FOR,
    "while_statement": CompoundKind.WHILE,
    "if_statement": CompoundKind.IF,
    "case_statement": CompoundKind.CASE,
    "function_definition": CompoundKind.FUNCTION,
}
_STATEMENTS = _SIMPLE | _KINDS.keys() | {"redirected_statement", "negated_command", "pipeline", "list"}
_JOINTS = {"": Joint.FIRST, "&&": Joint.AND, "||": Joint.OR, "&": Joint.BACKGROUND}
_OPERATORS = frozenset({"&&", "||", ";", "&", "\n", ";;"})


class _Member(Value):
    """A member of a chain: the operator before it, its node, where it ends, redirections that hang higher up."""

    operator: str
    node: Syntax
    end: int
    redirects: tuple[Syntax, ...] = ()
    is_background: bool = False


# Scripts that were read, by the text as if it began its file, with the place where each was found first: a round of
# fixes changes few of those of the round before.
_READ: dict[Logical, tuple[int, Script]] = {}
_MOST_READ = 12_000
_LONGEST_KEPT = 400


def read_script(logical: Logical) -> Script:
    """The script of a text; opaque where the grammar finds an error, or where it is too long or nested too deep."""
    if len(logical.text) > _LONGEST_KEPT or not logical.parts or logical.parts[0][0]:
        return _read(logical)
    start = logical.parts[0][1]
    placeless = Logical(logical.text, tuple((here, there - start) for here, there in logical.parts))
    found = _READ.get(placeless)
    if found is None:
        if len(_READ) >= _MOST_READ:
            _READ.clear()
        found = _READ[placeless] = (start, _read(logical))
    first, script = found
    return moved(script, start - first)


def _read(logical: Logical) -> Script:
    source = Source(logical)
    root = source.root
    if root is None:
        return OPAQUE
    try:
        return _Reader(source).script(root.children)
    except NotReadError:
        return OPAQUE


class _Reader:
    """Reads nodes of one text. Chains are read in a loop; what nests calls itself, a bounded number of times."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.wording = Wording(source)
        self.level = 0

    def script(self, nodes: Iterable[Syntax]) -> Script:
        steps: list[tuple[str, Span, list[Pipeline]]] = []
        for member in _chain(nodes):
            pipelines = self.pipelines(member)
            span = self.source.span(member.node.start_byte, member.end)
            if member.operator == "||" and steps:
                # `a || b` is one step, for nothing may come between its halves.
                operator, first, before = steps[-1]
                before += pipelines
                steps[-1] = (operator, Span(first.start, span.end), before)
            else:
                steps.append((member.operator, span, [*pipelines]))
        return Script(tuple(Step(operator, span, tuple(found)) for operator, span, found in steps))

    def members(self, nodes: Iterable[Syntax]) -> tuple[Pipeline, ...]:
        return tuple(pipeline for member in _chain(nodes) for pipeline in self.pipelines(member))

    def inner(self, nodes: Iterable[Syntax]) -> tuple[Pipeline, ...]:
        """The members of something that nests."""
        self.level += 1
        if self.level > MOST_LEVELS:
            raise NotReadError
        found = self.members(nodes)
        self.level -= 1
        return found

    def substitutions(self, nodes: Iterable[Syntax]) -> tuple[Script, ...]:
        found = [node for each in nodes for node in _substitutions(each)]
        if not found:
            return ()
        self.level += 1
        if self.level > MOST_LEVELS:
            raise NotReadError
        scripts = tuple(self.script(node.children) for node in found)
        self.level -= 1
        return scripts

    def pipelines(self, member: _Member) -> tuple[Pipeline, ...]:
        """A member, and what follows it on the line of a heredoc."""
        node, redirects, is_negated = member.node, list(member.redirects), False
        while node.type in {"redirected_statement", "negated_command"}:
            if node.type == "negated_command":
                is_negated = not is_negated
                node = node.children[-1]
                continue
            own = [child for child in node.children if child.type.endswith("_redirect")]
            redirects = [*own, *redirects]
            if node.children[0] in own:
                node = node.children[0]
                break
            node = node.children[0]
        piped: list[Syntax] = []
        following: list[Syntax] = []
        for redirect in redirects:
            for child in redirect.children if redirect.type == "heredoc_redirect" else ():
                if child.type == "pipeline":
                    piped += (each for each in child.children if each.is_named)
                elif child.type in _OPERATORS or child.type in _STATEMENTS:
                    following.append(child)
        parts = [each for each in node.children if each.is_named] if node.type == "pipeline" else [node]
        if len(parts) > 1 and parts[0].type == "negated_command":
            # The grammar hangs the `!` of `! a | b` on a alone; it belongs to the pipeline.
            parts, is_negated = [parts[0].children[-1], *parts[1:]], not is_negated
        commands = [self.part(part) for part in parts[:-1]]
        commands.append(self.part(parts[-1], redirects, member.end if not following and not piped else None))
        commands += (self.part(part) for part in piped)
        joint = _JOINTS.get(member.operator, Joint.SEQUENCE)
        span = self.source.span(member.node.start_byte, member.end)
        if following:
            span = replace(span, end=max(command.span.end for command in commands))
        pipeline = Pipeline(joint, tuple(commands), span, is_negated, member.is_background)
        return (pipeline, *self.members(following)) if following else (pipeline,)

    def part(self, node: Syntax, redirects: list[Syntax] | None = None, end: int | None = None) -> Command | Compound:
        """One command of a pipeline, with the redirections behind it."""
        outer, start = list(redirects or ()), node.start_byte
        while node.type in {"redirected_statement", "negated_command"}:
            outer = [*(child for child in node.children if child.type.endswith("_redirect")), *outer]
            end = end or node.end_byte
            if node.children[0].type.endswith("_redirect"):
                break
            node = node.children[-1] if node.type == "negated_command" else node.children[0]
        kind = _KINDS.get(node.type)
        if kind is None:
            return self.command(node, outer, start, end)
        return self.compound(kind, node, outer, start, end)

    def command(self, node: Syntax, outer: list[Syntax], start: int, end: int | None) -> Command:
        is_bare = node.type in {"redirected_statement", "file_redirect", "heredoc_redirect", "herestring_redirect"}
        children = [] if is_bare else [node] if node.type == "variable_assignment" else node.children
        own = [child for child in children if child.type.endswith("_redirect")]
        assigned = (
            {"variable_assignment"}
            if node.type in {"command", "variable_assignment", "variable_assignments"}
            else set()
        )
        plain = [child for child in children if child not in own] if own else children
        assignments = [self.wording.word(child) for child in plain if child.type in assigned]
        redirections, more = self.redirections([*own, *outer])
        words = self.wording.words([*(child for child in plain if child.type not in assigned), *more])
        last = max([node.end_byte, *(each.end_byte for each in more), *map(_end_of_line, outer)])
        substitutions = self.substitutions([*plain, *own, *outer])
        span = self.source.span(start, last if end is None else end)
        return Command(words, tuple(assignments), span, redirections, substitutions)

    def redirections(self, nodes: list[Syntax]) -> tuple[tuple[Redirect, ...], list[Syntax]]:
        """The redirections, and the words behind them that belong to the command: `echo >f a b`."""
        found: list[Redirect] = []
        more: list[Syntax] = []
        waiting = [*reversed(nodes)]
        while waiting:
            node = waiting.pop()
            redirect, words = self.wording.redirect(node)
            found.append(redirect)
            more += words
            if node.type == "heredoc_redirect":
                # `cat <<EOF > file` nests the second in the first.
                waiting += reversed([child for child in node.children if child.type.endswith("_redirect")])
        return tuple(found), more

    def compound(self, kind: CompoundKind, node: Syntax, outer: list[Syntax], start: int, end: int | None) -> Compound:
        own = [child for child in node.children if child.type.endswith("_redirect")]
        redirections, _ = self.redirections([*own, *outer])
        name = node.child_by_field_name("name")
        variable = node.child_by_field_name("variable")
        values = node.children_by_field_name("value")
        branches = self.branches(kind, node)
        last = max([node.end_byte, *map(_end_of_line, outer)])
        return Compound(
            kind,
            self.all_members(kind, node, branches),
            self.source.span(start, last if end is None else end),
            self.source.text(variable) if variable else None,
            self.wording.words(values),
            redirections,
            self.substitutions([*_beside_members(node), *own, *outer]),
            self.source.text(name) if name else None,
            branches,
        )

    def all_members(self, kind: CompoundKind, node: Syntax, branches: tuple[Branch, ...]) -> tuple[Pipeline, ...]:
        if branches:
            return tuple(pipeline for each in branches for pipeline in (*each.condition, *each.members))
        body = node.child_by_field_name("body")
        if body is None:
            return self.inner(node.children)
        condition = node.children_by_field_name("condition") if kind is CompoundKind.WHILE else []
        is_plain = body.type in {"do_group", "compound_statement"}
        return (*self.inner(condition), *self.inner(body.children if is_plain else [body]))

    def branches(self, kind: CompoundKind, node: Syntax) -> tuple[Branch, ...]:
        if kind is CompoundKind.CASE:
            items = [child for child in node.children if child.type == "case_item"]
            return tuple(
                Branch((), self.wording.words(item.children_by_field_name("value")), self.inner(item.children))
                for item in items
            )
        if kind is not CompoundKind.IF:
            return ()
        clauses = [child for child in node.children if child.type in {"elif_clause", "else_clause"}]
        first = [child for child in node.children if child.type not in {"elif_clause", "else_clause"}]
        return tuple(self.branch(children) for children in (first, *(clause.children for clause in clauses)))

    def branch(self, children: list[Syntax]) -> Branch:
        then = next((at for at, child in enumerate(children) if child.type == "then"), 0)
        return Branch(self.inner(children[:then]), (), self.inner(children[then:]))


def _chain(nodes: Iterable[Syntax]) -> Iterator[_Member]:
    """The members of a chain, leftmost first; the grammar nests ten thousand of them ten thousand deep."""
    pending: _Member | None = None
    operator = ""
    waiting: list[tuple[Syntax, int, tuple[Syntax, ...]]] = [(node, node.end_byte, ()) for node in nodes]
    waiting.reverse()
    while waiting:
        node, end, redirects = waiting.pop()
        if node.type in _OPERATORS:
            operator = node.type
            if pending and operator == "&":
                pending = replace(pending, is_background=True)
        elif node.type == "list":
            waiting += _of_list(node.children, end, redirects)
        elif node.type == "redirected_statement" and node.children[0].type == "list":
            # The grammar hangs the redirect of `a && b >x` on the whole list; it belongs to b.
            own = tuple(child for child in node.children if child.type.endswith("_redirect"))
            waiting += _of_list(node.children[0].children, end, (*own, *redirects))
        elif node.type in _STATEMENTS:
            if pending:
                yield pending
            pending = _Member(operator or ("\n" if pending else ""), node, end, redirects)
            operator = ""
    if pending:
        yield pending


def _of_list(
    children: list[Syntax], end: int, redirects: tuple[Syntax, ...]
) -> list[tuple[Syntax, int, tuple[Syntax, ...]]]:
    """The children last first, with what hangs on the whole given to the last."""
    *before, last = children
    return [(last, end, redirects), *((child, child.end_byte, ()) for child in reversed(before))]


def _substitutions(node: Syntax) -> Iterator[Syntax]:
    """The outermost substitutions below a node."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each.type in {"command_substitution", "process_substitution"}:
            yield each
        elif each.type not in _STATEMENTS or each.type == "variable_assignment":
            waiting += reversed([child for child in each.children if child.child_count])


def _beside_members(node: Syntax) -> list[Syntax]:
    """What of a compound is no member: the words of a `for`, the word and the patterns of a `case`."""
    inside = [child for child in node.children if child.type not in _STATEMENTS or child.type == "variable_assignment"]
    found: list[Syntax] = []
    for child in inside:
        if child.type == "case_item":
            found += child.children_by_field_name("value")
        elif child.type not in {"do_group", "elif_clause", "else_clause"}:
            found.append(child)
    return found


def _end_of_line(redirect: Syntax) -> int:
    """Where a redirection ends on its line, without the body of a heredoc."""
    if redirect.type != "heredoc_redirect":
        return redirect.end_byte
    ends = [
        _end_of_line(child)
        for child in redirect.children
        if child.type == "heredoc_start" or child.type.endswith("_redirect")
    ]
    return max(ends, default=redirect.start_byte)
