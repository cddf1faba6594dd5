"""The routes of an application by their full paths: routers and blueprints followed to where they are put."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydock.patterns import regex
from pydock.project import Project
from pydock.service.addresses import value_of
from pydock.service.code.imports import imported_files, module_at, reach
from pydock.service.code.module import Application, Module
from pydock.service.routes.attachments import PACKAGED, Handed
from pydock.service.routes.declarations import LISTED, Include, Route, is_fixed
from pydock.values import replace

DEEPEST = 8
# Names of an application that stand for where its routes are kept.
_VARIABLE = regex(r"\$\{\w+:-([^{}]*)\}")
_ELSEWHERE = regex(r"@\{([^{}]*)\}")
_OWN = (".router", ".server", ".app")
_CURRENT = frozenset({"flask.current_app", "quart.current_app"})
_CONFIGURED = regex(r"HEALTHZ\b[^\n]*=(?s:.{0,80}?)[\"']live[\"']")
_EMPTY = Module()


def routes(
    project: Project, place: str, application: Application, modules: dict[str, Module], called: tuple[str, str]
) -> Iterator[Route]:
    """Every route that is certain to be on an application, `base` and `line` as in its own file.

    `called` is the file and the name by which the server finds it, which may be another than
    where a factory makes it. Files that are met on the way are added to `modules`.
    """
    if not application.is_guarded:
        graph = _Graph(project, place, application, modules)
        yield from graph.below((place, application.name), "", 0)
        yield from graph.below(called, "", 0)


@dataclass
class _Graph:
    """What is put on what, from the application outwards. A node is a file and a name in it."""

    project: Project
    place: str
    application: Application
    modules: dict[str, Module]
    seen: set[tuple[str, str, str]] = field(default_factory=set)
    met: set[tuple[str, str]] = field(default_factory=set)
    meant: dict[tuple[str, str], frozenset[tuple[str, str]]] = field(default_factory=dict)

    def below(self, node: tuple[str, str], prefix: str, depth: int) -> Iterator[Route]:
        if depth > DEEPEST or (*node, prefix) in self.seen or set(prefix) & set("<{"):
            return
        self.seen.add((*node, prefix))
        self.meet(node)
        for path, module in tuple(self.modules.items()):
            for route in module.routes:
                if self.means(path, module, route.base, node):
                    fixed = self.known(path, route.path)
                    if fixed is not None and is_fixed(fixed):
                        yield replace(route, path=_joined(prefix, fixed), place=path)
            for include in module.includes:
                if self.means(path, module, include.base, node):
                    yield from self.included(path, module, include, prefix, depth)
            for given in module.handed:
                if self.means(path, module, given.name, node):
                    for argument in self.arguments(path, module, given):
                        yield from self.below(argument, prefix, depth + 1)

    def included(self, path: str, module: Module, include: Include, prefix: str, depth: int) -> Iterator[Route]:
        given = self.known(path, include.prefix)
        if given is None:
            return
        for added in PACKAGED.get(include.router, ()):
            is_there = not include.router.startswith("flask_healthz.") or self.is_configured()
            yield Route(_joined(prefix, f"{given}{added}"), include.base, 0, is_there)
        for other in self.targets(path, module, include):
            own = self.known(other[0], self.modules[other[0]].prefixes.get(other[1], ""))
            if own is not None:
                added = given if include.is_replaced else _joined(given, own)
                yield from self.below(other, _joined(prefix, added), depth + 1)

    def is_configured(self) -> bool:
        """Whether flask-healthz is told what to ask; without that its routes are not found."""
        return any(_CONFIGURED.search(self.project.tree.text(path) or "") for path in self.modules)

    def meet(self, node: tuple[str, str]) -> None:
        """Read the file of a node, and the files that it imports and that may put routes on the node."""
        path, name = node
        if node not in self.met and name:
            self.met.add(node)
            for each in reach(self.project, path, name.partition(".")[0]):
                self.read(each)

    def read(self, path: str) -> Module:
        """A file that routes are followed into."""
        if path not in self.modules and (module := module_at(self.project, path)) is not None:
            self.modules[path] = module
        return self.modules.get(path, _EMPTY)

    def arguments(self, path: str, module: Module, given: Handed) -> Iterator[tuple[str, str]]:
        """What a function calls the thing that a call hands to it."""
        places = [(path, given.function)] if given.function in module.signatures else []
        for place, name in places or imported_files(self.project, path, given.function):
            names = self.read(place).signatures.get(name)
            if names is not None and (given.keyword or given.position < len(names)):
                yield place, given.keyword or names[given.position]
                return

    def known(self, path: str, prefix: str | None) -> str | None:
        """A prefix with constants of other files put in; what the environment may change has its default."""
        for name in _ELSEWHERE.findall(prefix or ""):
            value = value_of(self.project, path, name)
            prefix = None if value is None or prefix is None else prefix.replace(f"@{{{name}}}", value)
        prefix = _VARIABLE.sub(r"\1", prefix) if prefix else prefix
        return None if prefix and "$" in prefix else prefix

    def means(self, path: str, module: Module, base: str, node: tuple[str, str]) -> bool:
        """Whether a name in a file is the node."""
        if base == LISTED:
            return path == self.place and node == (self.place, self.application.name) and _is_alone(module)
        if node != (self.place, self.application.name):
            return node in self.others_meant(path, module, base)
        own = _owner(base)
        if node in {(path, base), (path, own)}:
            return True
        if base == "self" and module.is_subclassing:
            return self.application.line == 0
        if own in module.parameters:
            # `def init_app(app): app.register_blueprint(...)`.
            return own == (self.application.name or own)
        is_current = module.imports.get(own.partition(".")[0]) in _CURRENT
        return is_current or node in self.others_meant(path, module, base)

    def others_meant(self, path: str, module: Module, base: str) -> frozenset[tuple[str, str]]:
        """What a name in a file may mean, unless it is the application."""
        known = self.meant.get((path, base))
        if known is None:
            known = self.meant[path, base] = frozenset(self._others_meant(path, module, base))
        return known

    def _others_meant(self, path: str, module: Module, base: str) -> Iterator[tuple[str, str]]:
        own = _owner(base)
        yield path, base
        yield path, own
        first = own.partition(".")[0]
        imported = module.imports.get(first)
        if imported is not None and imported not in _CURRENT and not (base == "self" and module.is_subclassing):
            yield from imported_files(self.project, path, imported + own[len(first) :])

    def targets(self, path: str, module: Module, include: Include) -> Iterator[tuple[str, str]]:
        """The routers that an include may mean, as nodes; through files that only hand a name on."""
        name, at = include.router, path
        if name in module.prefixes or any(entry.name == name for entry in module.applications):
            yield path, name
            return
        for _ in range(DEEPEST):
            found = [(place, rest) for place, rest in imported_files(self.project, at, name) if rest]
            for place, rest in found:
                holder = self.read(place)
                if rest in holder.prefixes or any(entry.name == rest for entry in holder.applications):
                    yield place, rest
                    return
            following = [
                (place, imports[rest]) for place, rest in found if rest in (imports := self.read(place).imports)
            ]
            if not following:
                return
            at, name = following[0]


def _is_alone(module: Module) -> bool:
    """Whether a list of routes in a file can only be its one application's."""
    has_mounts = any(name.endswith((".Mount", ".add_subapp")) for name in module.imports.values())
    return len(module.applications) == 1 and not has_mounts


def _owner(base: str) -> str:
    """A name without what stands for where its routes are kept."""
    for ending in _OWN:
        base = base.removesuffix(ending)
    return base


def _joined(prefix: str, path: str) -> str:
    return f"{prefix.rstrip('/')}{path}" if path.startswith("/") or not path else f"{prefix.rstrip('/')}/{path}"
