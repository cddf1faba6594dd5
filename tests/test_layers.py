"""The house is as its plan says: imports point one way, each third party has one door, rooms stay small."""

from __future__ import annotations

import ast
import gc
import re
import sys
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import pydock
from pydock import patterns

SOURCE = Path(pydock.__file__).parent
MODULES = sorted(path for path in SOURCE.rglob("*.py"))
NAMES = [str(path.relative_to(SOURCE)) for path in MODULES]
DOING = re.compile(r"(?:ing|ed|known|kept|shown|written)\Z")
EACH_MODULE = pytest.mark.parametrize("path", MODULES, ids=NAMES)

# Lowest first; a room imports from lower floors, and rooms of one floor do not know each other.
FLOORS = (
    {"errors", "patterns", "values"},
    {"hosts", "processes"},
    {"files", "network", "text"},
    {"data", "terminal"},
    {"budget"},
    {"config", "images"},
    {"dockerfile"},
    {"shell", "yaml_text"},
    {"packages", "source", "state"},
    {"effects"},
    {"context", "patches"},
    {"project"},
    {"checkout"},
    {"git", "targets"},
    {"build"},
    {"system"},
    {"service"},
    {"locks"},
    {"resolve"},
    {"rule"},
    {"split"},
    {"rules", "codemods"},
    {"engine"},
    {"bench"},
    {"registries"},
    {"refresh"},
    {"report"},
    {"questions"},
    {"migrate", "server"},
    {"cli"},
    {"__main__"},
)
# Rooms that others still enter past their interface, folders with more files than a reader takes in, names that mean
# two things, and files named by what they do: what is left of an older house. Nothing is added to them.
OPEN_ROOMS = {"build", "effects", "images", "locks", "packages", "project", "service", "split", "state", "system"}
LARGE_FOLDERS: set[str] = set()
# fmt: off
USED_TWICE = {
    "Answer", "Asked", "Base", "Bench", "Build", "Change", "Comparison", "Container", "Contents", "Declared",
    "Distribution", "Draft", "Entry", "Example", "Failure", "File", "Found", "Gate", "Image", "Kind",
    "Known", "LeftOut", "Library", "Managed", "Manifest", "Measured", "Module", "Named", "Place",
    "Process", "Program", "Progress", "Question", "Reader", "Reason", "Record", "Refused", "Row", "Service",
    "Source", "State", "Step", "Sync", "Target", "Use", "User", "Weight",
}
NAMED_BY_DOING = {
    "changing", "copying", "edited", "installing", "kept", "listening", "making", "masking",
    "printed", "quoting", "reading", "removing", "running", "trimming", "unknown", "wanted", "wording",
}
# fmt: on
# What tells a person, or goes on with the next of many services.
_TELLING = "service_facts failures fix migrate verify versions targets many secret_values settle write desk tools"
_OF_MANY = "examine migration services"
CATCHING = frozenset(f"{name}.py" for name in f"{_TELLING} {_OF_MANY}".split())
LEVEL = {name: level for level, names in enumerate(FLOORS) for name in names}
# What starts another program: BuildKit, the resolver, git, the keeper of many services, and helpers that keep logins.
STARTERS = {"bench/engine/buildx.py", "resolve/uv.py", "git.py", "migrate/run/keeper.py", "registries/logins.py"}
DOORS = {
    "docker": {"bench/engine/client.py"},
    "msgspec": {"values.py"},
    "dockerfile_parse": {"dockerfile/instructions.py"},
    "tree_sitter": {"shell/grammar.py"},
    "tree_sitter_bash": {"shell/grammar.py"},
    "rpds": {"state"},
    "libcst": {"codemods"},
    "tabulate": {"report/pages/tables.py"},
    "typer": {"cli"},
    "yaml": {"yaml_text.py"},
    # Names and versions are values of the whole middle of the house.
    "packaging": {"build", "images", "locks", "packages", "project", "resolve", "split", "rules"},
    "uv": {"resolve/uv.py"},
    "pathspec": {"context/gitignore.py"},
    "distributed": {"migrate/run/worker_pool.py"},
    "pygls": {"server"},
    "mcp": {"server"},
    "lsprotocol": {"server"},
}


# The walk is the only reader of commands. Who else takes one apart, and why.
WALK = {"shell", "effects", "build"}
READS = {"script", "script_of_text", "argv", "unwrapped", "called"}
READERS = {
    "project/bases.py": "the packages of a file choose the release that its base image means, with which a walk begins",
    "source/program_calls.py": "commands in the strings of Python source, which the walk asks for",
    "project/secrets/commands.py": "what is secret has to be masked also where nothing can be walked",
    "service/files/leaks.py": "the same",
    "rules/run_time/migration_at_start.py": "moves a part of CMD's text into a script of its own",
    "split/text/commands.py": "rewrites `poetry run` and `python -m poetry` in the text of a command",
}


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at its top or inside a function, but not for types alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for_types.update(ast.walk(node))
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _room(path: Path) -> str:
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


@EACH_MODULE
def test_imports_point_one_way(path: Path) -> None:
    if path == SOURCE / "__init__.py":
        assert not list(_imports(path))
        return
    for name in _imports(path):
        if name.startswith("pydock.") and name.split(".")[1] not in {"__version__", "DOCUMENTATION"}:
            room, imported = _room(path), name.split(".")[1]
            assert room == imported or LEVEL[imported] < LEVEL[room], f"{room} imports {name}"


def _offers(room: Path) -> set[str]:
    tree = ast.parse((room / "__init__.py").read_text(encoding="utf-8"))
    lists = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return {name for entry in lists for name in ast.literal_eval(entry)}


def _passes_the_interface(path: Path, name: str) -> bool:
    """Whether an imported name comes from a file inside another room instead of from that room, or a room within it."""
    _, room, *parts = name.split(".")
    if not parts or room == _room(path):
        return False
    *inner, last = (room, *parts)
    place = SOURCE.joinpath(*inner)
    is_module = place.joinpath(last).with_suffix(".py").is_file()
    return (not (place / "__init__.py").is_file() and len(inner) > 1) or (is_module and last not in _offers(place))


def test_a_room_is_entered_by_its_interface() -> None:
    entered = {
        name.split(".")[1]
        for path in MODULES
        for name in _imports(path)
        if name.startswith("pydock.") and _passes_the_interface(path, name)
    }
    assert entered == OPEN_ROOMS


def test_a_folder_has_at_most_15_files() -> None:
    files = Counter(path.parent for path in MODULES)
    assert {str(folder.relative_to(SOURCE)) for folder, number in files.items() if number > 15} == LARGE_FOLDERS


def test_a_public_class_has_a_name_of_its_own() -> None:
    names = Counter(
        node.name
        for path in MODULES
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert {name for name, number in names.items() if number > 1} == USED_TWICE


def test_a_file_is_named_by_what_it_holds() -> None:
    """A noun: a reader who looks for removed files does not think of `removing`. A rule has its own."""
    doing = {path.stem for path in MODULES if _room(path) != "rules" and DOING.search(path.stem)}
    assert doing == NAMED_BY_DOING


@EACH_MODULE
def test_rules_do_not_know_one_another(path: Path) -> None:
    if _room(path) == "rules" and path.parent.name != "rules":
        assert not [name for name in _imports(path) if name.startswith(("pydock.rules", "pydock.engine"))]


def test_the_walk_is_the_only_reader_of_commands() -> None:
    names = {f"pydock.shell.{name}" for name in READS} | {"pydock.shell"}
    readers = {
        str(path.relative_to(SOURCE)) for path in MODULES if _room(path) not in WALK and names & set(_imports(path))
    }
    assert readers == set(READERS), "ask the steps of the walk for their commands: `walk(project).commands_of(...)`"


@EACH_MODULE
def test_each_third_party_library_has_one_door(path: Path) -> None:
    own = str(path.relative_to(SOURCE))
    for name in {name.split(".")[0] for name in _imports(path)} - {"pydock"}:
        if name not in sys.stdlib_module_names:
            assert {own, _room(path)} & DOORS[name], f"{own} opens its own door to {name}"


@EACH_MODULE
def test_what_never_changes_is_a_value(path: Path) -> None:
    frozen = [
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any("dataclass(frozen" in ast.unparse(entry) for entry in node.decorator_list)
    ]
    assert not frozen, f"{frozen}: write `class Name(Value):` with `from pydock.values import Value`, it starts faster"


def _is_run_by_import(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            yield from _is_run_by_import(node)


@EACH_MODULE
def test_no_pattern_is_compiled_by_an_import(path: Path) -> None:
    calls = [node for node in _is_run_by_import(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    is_sent_into_containers = path.parent == SOURCE / "bench/facts/inside"
    assert is_sent_into_containers or not any(ast.unparse(call.func) == "re.compile" for call in calls), (
        "write `_NAME = regex(...)` with `from pydock.patterns import regex`, it starts faster"
    )


def test_every_pattern_can_be_compiled() -> None:
    for path in MODULES:
        name = ".".join(("pydock", *path.relative_to(SOURCE).with_suffix("").parts))
        import_module(name.removesuffix(".__init__")) if path.name != "__main__.py" else None
    found = [entry for entry in gc.get_objects() if type(entry) is patterns._Pattern]
    assert len(found) > 200
    assert all(entry.flags >= 0 for entry in found)


@EACH_MODULE
def test_only_the_engine_of_containers_the_resolver_and_the_workers_start_processes(path: Path) -> None:
    if str(path.relative_to(SOURCE)) in STARTERS:
        return
    forbidden = {"subprocess", "runpy", "importlib.util", "code", "pty"}
    assert _room(path) == "bench" or not forbidden & set(_imports(path))
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    }
    assert not calls & {"eval", "exec", "compile", "__import__", "os.system", "os.popen"}


@EACH_MODULE
def test_a_file_has_fewer_than_350_lines_and_a_function_fewer_than_40(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 350
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.body[-1].end_lineno is not None
            length = node.body[-1].end_lineno - node.body[0].lineno + 1
            assert length < 40, f"{node.name} has {length} lines"


@EACH_MODULE
def test_a_module_and_its_public_classes_say_what_they_are(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has no docstring"


def test_only_the_command_line_catches_what_is_for_a_person() -> None:
    for path in MODULES:
        caught = {
            ast.unparse(node.type)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ExceptHandler) and node.type is not None
        }
        # These name what went wrong: a rule, or whatever one project has done.
        if path.name not in CATCHING | {"budget.py", "rounds.py"}:
            assert not caught & {"PydockError", "Exception", "BaseException"}, path


def test_help_starts_without_what_only_the_work_needs() -> None:
    import subprocess

    script = "import sys, pydock.cli; print(sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(ast.literal_eval(done.stdout))
    assert not loaded & {"rich", "pydantic", "tree_sitter", "dockerfile_parse", "tabulate", "libcst", "docker", "yaml"}


def test_commands_give_typer_no_annotations_as_text() -> None:
    for path in {*SOURCE.glob("cli/*.py")} - {SOURCE / "cli/__init__.py", SOURCE / "cli/versions.py"}:
        assert "__future__.annotations" not in set(_imports(path)), f"{path}: evaluating them slows each start"


def test_findings_about_the_source_come_without_what_changes_the_source() -> None:
    import subprocess

    fixture = Path(__file__).parent.parent / "fixtures" / "flask-latest"
    script = (
        "import sys\nfrom pydock.cli import main\n"
        f"try:\n    main(['check', {str(fixture)!r}])\nexcept SystemExit:\n    print('libcst' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "PYD414" in done.stdout
    assert done.stdout.endswith("False\n")
