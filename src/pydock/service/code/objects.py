"""Which application object a name means, followed through imports, factories, subclasses and wrappers."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from pydock.project import Project
from pydock.service.code.frameworks import WORKERS, framework_of
from pydock.service.code.imports import imported_files, module_at
from pydock.service.code.module import Application
from pydock.service.code.references import Reference, References, read_references
from pydock.source import syntax
from pydock.values import Value

MOST_STEPS = 60


class Found(Value):
    """An application object and the file that makes it."""

    path: str
    application: Application


def find_application(project: Project, path: str, name: str) -> Found | None:
    """The application that a name of a file stands for; `create_app()` is what that factory returns."""
    search = _Search(project)
    if name.endswith(")"):
        return search.called(path, name.partition("(")[0], ())
    return search.named(path, "", name)


def made_in(project: Project, path: str, function: str, name: str) -> Found | None:
    """The application that a name of a function stands for, where a factory without arguments makes it."""
    found = _Search(project).named(path, function, name) if function else None
    made = found.application.function if found else ""
    return found if found and made and _takes_nothing(project.tree.text(found.path) or "", made) else None


def _takes_nothing(text: str, function: str) -> bool:
    tree = syntax(text)
    named = [
        node
        for node in (tree.body if tree else ())
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
    ]
    required = [len(node.args.args) + len(node.args.posonlyargs) - len(node.args.defaults) for node in named]
    return required == [0] and not any(default is None for node in named for default in node.args.kw_defaults)


def is_bound(project: Project, path: str, name: str) -> bool:
    """Whether a file gives a value to a name at its top, by assignment, definition or import."""
    tree = syntax(project.tree.text(path) or "")
    for node in tree.body if tree else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name == name:
                return True
        elif isinstance(node, ast.Import | ast.ImportFrom):
            if name in {alias.asname or alias.name for alias in node.names}:
                return True
        elif any(isinstance(e, ast.Name) and isinstance(e.ctx, ast.Store) and e.id == name for e in ast.walk(node)):
            return True
    return False


@dataclass
class _Search:
    """One search; what was looked at once is not looked at again, so it ends."""

    project: Project
    seen: set[tuple[str, str, str, int]] = field(default_factory=set)

    def named(self, path: str, function: str, name: str) -> Found | None:
        """What a name of a function, or of the top of a file, is."""
        module = module_at(self.project, path)
        if module is None or len(self.seen) > MOST_STEPS:
            return None
        for application in reversed((*module.workers, *module.applications)):
            if (application.function, application.name) == (function, name):
                return Found(path, application)
        references = self.references(path)
        bound = references.bindings.get((function, name), ())
        for at in range(len(bound) - 1, -1, -1):
            key = (path, function, name, at)
            if key not in self.seen:
                self.seen.add(key)
                if found := self.followed(path, function, name, bound[at]):
                    return found
        if function:
            return self.named(path, "", name)
        return self.elsewhere(path, name, references) if not bound else None

    def elsewhere(self, path: str, name: str, references: References) -> Found | None:
        """A name that a file imports."""
        if name in references.imports:
            return self.imported(path, references.imports[name])
        for star in references.stars:
            if found := self.imported(path, f"{star}.{name}" if star.strip(".") else f"{star}{name}"):
                return found
        return None

    def imported(self, path: str, dotted: str) -> Found | None:
        key = (path, "import", dotted, 0)
        if key in self.seen:
            return None
        self.seen.add(key)
        for place, rest in imported_files(self.project, path, dotted):
            if rest and (found := self.named(place, "", rest)):
                return found
        return None

    def followed(self, path: str, function: str, name: str, reference: Reference) -> Found | None:
        if reference.is_call:
            found = self.called(path, reference.target, (function, name))
            wrapped = (self.dotted(path, function, argument) for argument in reference.arguments)
            return found or next((each for each in wrapped if each), None)
        return self.dotted(path, function, reference.target)

    def dotted(self, path: str, function: str, target: str) -> Found | None:
        """A dotted name: imported, or an attribute such as the `server` of a Dash application."""
        if found := self.named(path, function, target):
            return found
        head, _, tail = target.rpartition(".")
        if head and (found := self.imported(path, target)):
            return found
        if tail in {"server", "wsgi_app", "app", "asgi_app"} and head:
            return self.dotted(path, function, head)
        return None

    def called(self, path: str, target: str, made: tuple[str, ...]) -> Found | None:
        """What a call of a function or of a class gives; `made` are the function and the name it is for."""
        references = self.references(path)
        function, name = made or (target, "")
        if target in references.functions:
            return self.returned(path, target)
        if target in references.classes:
            return self.instance(path, target, function, name)
        for place, rest in imported_files(self.project, path, references.imports.get(target, target)):
            if place != path and rest and (found := self.called(place, rest, ("", name))):
                is_class = rest in self.references(place).classes
                return Found(path, _renamed(found.application, function, name)) if is_class else found
        return None

    def returned(self, path: str, function: str) -> Found | None:
        module = module_at(self.project, path)
        made = [each for each in module.applications if each.function == function] if module else []
        for reference in reversed(self.references(path).bindings.get((function, ""), ())):
            key = (path, function, f"-> {reference.target}", 0)
            if key not in self.seen:
                self.seen.add(key)
                if found := self.followed(path, function, "", reference):
                    return found
        return Found(path, made[0]) if len(made) == 1 else None

    def instance(self, path: str, name: str, function: str, target: str) -> Found | None:
        """An object of a class that is made of a framework's own."""
        for base in self.references(path).classes[name]:
            if known := framework_of(base) or WORKERS.get(base):
                return Found(path, Application(*known, target, function, 0))
            key = (path, "class", base, 0)
            if key not in self.seen:
                self.seen.add(key)
                if found := self.called(path, base, (function, target)):
                    return found
        return None

    def references(self, path: str) -> References:
        return read_references(self.project.tree.text(path) or "")


def _renamed(application: Application, function: str, name: str) -> Application:
    return Application(application.framework, application.kind, name, function, application.line)
