"""How each framework is given a route: what stands where, and what has to be imported for it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import libcst as cst

from pydock.codemods.source import Replacement, Source, Statement, text_of
from pydock.patterns import regex
from pydock.project import Project
from pydock.service.app import App
from pydock.values import Value

_NAMES = ("health", "health_check", "healthz", "health_route")
# Statements behind which a route of a framework that goes by order may never be asked.
_TAKES_ALL = regex(r"\.mount\(|\.include_router\(|\.add_route\(|\.(?:get|route|api_route)\(\s*[rf]?[\"']/\{[^/\"']*\}")
_BLANK = cst.EmptyLine(indent=False)


class NotUnderstoodError(ValueError):
    """Why a file gets no route; the node says where, None for the file as a whole."""

    def __init__(self, why: str, node: cst.CSTNode | None = None) -> None:
        super().__init__(why)
        self.node = node


class Routed(Value):
    """What gives a file its route, and the place that a person should look at."""

    place: cst.CSTNode
    replacements: Mapping[cst.CSTNode, Replacement]
    imports: Sequence[str] = ()


def with_decorated(source: Source, application: App, project: Project) -> Routed:
    """Flask, Quart, FastAPI: a decorated function, in the factory where there is one."""
    made, block = _made(source, application)
    function = _free(source)
    is_fast = application.framework == "fastapi"
    is_annotated = _is_annotated(source, project)
    kind = "" if application.framework == "flask" else "async "
    returned, answer = ("dict[str, str]", '{"status": "ok"}') if is_fast else ("str", '"OK"')
    route = 'get("/health", include_in_schema=False)' if is_fast else 'route("/health")'
    annotation = f" -> {returned}" if is_annotated else ""
    text = f"@{application.name}.{route}\n{kind}def {function}(){annotation}:\n    return {answer}\n"
    before = _end_of_routes(block, made, application.name, is_ordered=is_fast)
    return Routed(made, _function_in(source, block, before, text))


def with_route_listed(source: Source, application: App, project: Project) -> Routed:
    """Starlette: the first of the routes in its list."""
    made, _ = _made(source, application)
    call = _maker(source, made)
    given = next((each.value for each in call.args if each.keyword and each.keyword.value == "routes"), None)
    holder: Statement = made
    if isinstance(given, cst.Name):
        holder, given = _assigned(source, given.value)
    route = next((text_of(each.func) for each in source.calls("starlette.routing.Route")), "")
    if not isinstance(given, cst.List) or not given.elements or not route:
        raise NotUnderstoodError("the routes are not a list that stands in this file", made)
    function = _free(source)
    entry = cst.parse_expression(f'{route}("/health", {function})')
    annotation = "" if "Request" not in source.bound else ": Request"
    text = f'async def {function}(request{annotation}):\n    return PlainTextResponse("OK")\n'
    replacements = {given: _first_element(given, entry), **_function_above(source, holder, text)}
    return Routed(given, replacements, ("starlette.responses.PlainTextResponse",))


def with_pattern(source: Source, application: App, project: Project) -> Routed:
    """Django: the first of the URL patterns, so that no other takes it."""
    holder, patterns = _assigned(source, "urlpatterns")
    path = next((text_of(each.func) for each in source.calls("django.urls.path")), "")
    if not isinstance(patterns, cst.List) or not patterns.elements or not path:
        raise NotUnderstoodError("urlpatterns is not a list of path(...) in this file", holder)
    function = _free(source)
    entry = cst.parse_expression(f'{path}("health/", {function})')
    text = f'def {function}(request):\n    return HttpResponse("OK")\n'
    replacements = {patterns: _first_element(patterns, entry), **_function_above(source, holder, text)}
    return Routed(patterns, replacements, ("django.http.HttpResponse",))


def with_registered(source: Source, application: App, project: Project) -> Routed:
    """aiohttp: a handler, registered before any other."""
    made, _ = _made(source, application)
    web, _, _ = text_of(_maker(source, made).func).rpartition(".")
    if not web:
        raise NotUnderstoodError("aiohttp.web is not imported as a module", made)
    function = _free(source)
    [registration] = source.parsed(f'{application.name}.router.add_get("/health", {function})\n')
    text = f'async def {function}(request):\n    return {web}.Response(text="OK")\n'
    top = _top(source, made)
    if top is made:
        return Routed(made, _function_above(source, made, text, registration))
    above = _function_above(source, top, text)
    return Routed(made, {made: lambda updated: cst.FlattenSentinel([updated, registration]), **above})


def with_branch(source: Source, application: App, project: Project) -> Routed:
    """http.server: a branch at the top of `do_GET`."""
    methods = [each for each in source.find(cst.FunctionDef) if each.name.value == "do_GET" and source.is_method(each)]
    if len(methods) != 1 or not isinstance(methods[0].body, cst.IndentedBlock):
        raise NotUnderstoodError("there is not one class with a do_GET in this file")
    method, body = methods[0], methods[0].body
    this = method.params.params[0].name.value if method.params.params else "self"
    text = (
        f'if {this}.path == "/health":\n    {this}.send_response(200)\n'
        f'    {this}.send_header("Content-Length", "2")\n    {this}.end_headers()\n'
        f'    {this}.wfile.write(b"OK")\n    return\n'
    )
    first = body.body[1 if method.get_docstring() is not None and len(body.body) > 1 else 0]
    return Routed(method, {first: lambda updated: cst.FlattenSentinel([*source.parsed(text), updated])})


def _free(source: Source) -> str:
    if name := source.free_name(*_NAMES):
        return name
    raise NotUnderstoodError(f"the file already uses the names {', '.join(_NAMES)}")


def _is_annotated(source: Source, project: Project) -> bool:
    """Whether the file says what its functions return, in a Python that knows `dict[str, str]`."""
    functions = source.find(cst.FunctionDef)
    image = project.python_image(project.final)
    is_old = image is not None and re.match(r"3\.[5-8](?:\.|\Z)", image.version) is not None
    return not is_old and any(each.returns is not None for each in functions)


def _made(source: Source, application: App) -> tuple[Statement, Sequence[cst.BaseStatement]]:
    """The statement that makes the application, and the block that it stands in."""
    for statement in source.find(cst.SimpleStatementLine):
        match statement.body[0]:
            case cst.Assign(targets=[target], value=cst.Call()) if text_of(target.target) == application.name:
                pass
            case cst.AnnAssign(target=target, value=cst.Call()) if text_of(target) == application.name:
                pass
            case _:
                continue
        function = source.function(statement)
        name = function.name.value if isinstance(function, cst.FunctionDef) else ""
        block = next(source.parents(statement), None)
        owner = next(source.parents(block), None) if isinstance(block, cst.IndentedBlock) else block
        if (
            name == application.function
            and owner in {function, source.module}
            and isinstance(block, cst.Module | cst.IndentedBlock)
        ):
            return statement, tuple(block.body)
    raise NotUnderstoodError("pydock does not see where the application object is made")


def _maker(source: Source, made: Statement) -> cst.Call:
    """The call that makes the application."""
    found = [call for call in source.find(cst.Call) if source.statement(call) is made]
    return found[0]


def _assigned(source: Source, name: str) -> tuple[Statement, cst.BaseExpression]:
    """The one statement at the top of the file that gives a name its value."""
    found = []
    for statement in source.module.body:
        if isinstance(statement, cst.SimpleStatementLine):
            match statement.body[0]:
                case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=given))], value=value) if given == name:
                    found.append((statement, value))
                case cst.AnnAssign(target=cst.Name(value=given), value=value) if given == name and value:
                    found.append((statement, value))
                case _:
                    pass
    if len(found) != 1:
        raise NotUnderstoodError(f"{name} is not set once at the top of this file")
    return found[0]


def _top(source: Source, statement: Statement) -> Statement:
    """The statement at the top of the file that one is a part of."""
    return next(each for each in source.module.body if each is statement or each in source.parents(statement))


def _end_of_routes(block: Sequence[cst.BaseStatement], made: Statement, name: str, *, is_ordered: bool) -> int:
    """The place in a block for one more route: before what starts or returns the application."""
    begin = next(at for at, each in enumerate(block) if each is made) + 1
    for at in range(begin, len(block)):
        text = text_of(block[at])
        is_last = re.match(rf"\s*(?:return\b|if __name__\b|\w[\w.]*\.run\(|{re.escape(name)}\.run\()", _bare(text))
        if is_last or (is_ordered and _TAKES_ALL.search(text)):
            return at
    return len(block)


def _bare(text: str) -> str:
    """The text without the comments and blank lines above its first statement."""
    return re.sub(r"\A(?:[ \t]*(?:#[^\n]*)?\r?\n)+", "", text)


def _function_in(
    source: Source, block: Sequence[cst.BaseStatement], at: int, text: str
) -> Mapping[cst.CSTNode, Replacement]:
    """A function at a place of a block, with the blank lines that belong around it."""
    [function] = source.parsed(text)
    gap = [_BLANK] * (2 if block is source.module.body or source.function(block[0]) is None else 1)
    function = function.with_changes(leading_lines=gap)
    if at == len(block):
        return {block[-1]: lambda updated: cst.FlattenSentinel([updated, function])}
    return {block[at]: lambda updated: cst.FlattenSentinel([function, _apart(updated, len(gap))])}


def _function_above(source: Source, place: Statement, text: str, *behind: Statement) -> dict[cst.CSTNode, Replacement]:
    """A function above a statement at the top of the file, and statements behind that one."""
    [function] = source.parsed(text)
    is_first = source.module.body[0] is place
    function = function.with_changes(leading_lines=[] if is_first else [_BLANK, _BLANK])
    return {place: lambda updated: cst.FlattenSentinel([function, _apart(updated, 2), *behind])}


def _apart(updated: cst.CSTNode, size: int) -> cst.CSTNode:
    """A statement with at least so many blank lines above it."""
    lines = tuple(getattr(updated, "leading_lines", ()))
    blank = next((at for at, line in enumerate(lines) if line.comment), len(lines))
    return updated.with_changes(leading_lines=(*[_BLANK] * max(0, size - blank), *lines))


def _first_element(holder: cst.List, entry: cst.BaseExpression) -> Replacement:
    """The list with one more element in front, laid out as its first one is."""

    def replace(updated: cst.CSTNode) -> cst.CSTNode:
        found = cst.ensure_type(updated, cst.List)
        space = found.lbracket.whitespace_after
        if not isinstance(space, cst.ParenthesizedWhitespace):
            element = cst.Element(entry, comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
            return found.with_changes(elements=[element, *found.elements])
        # Comments above the first element stay with it, one behind the bracket stays there.
        plain = space.with_changes(empty_lines=())
        following = space.with_changes(first_line=cst.TrailingWhitespace())
        element = cst.Element(entry, comma=cst.Comma(whitespace_after=following))
        bracket = found.lbracket.with_changes(whitespace_after=plain)
        return found.with_changes(lbracket=bracket, elements=[element, *found.elements])

    return replace
