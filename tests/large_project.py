"""A made-up service of two thousand Python files, with the folders around it that are not its own.

Sizes and shapes are those of large public Django and FastAPI services: about 120 lines and 5 kB a file, packages that
import each other, and a few words in ten of the files that make a reader look closer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

OWN = 2_000
IGNORED = 300
VENDORED = 300
INSTALLED = 600
PER_PACKAGE = 20
# A base image that is out of support: then the source is also read for what a newer Python no longer has.
DOCKERFILE = """\
FROM python:3.9
WORKDIR /srv
COPY . .
RUN pip install -r requirements.txt
CMD ["uvicorn", "service.main:app", "--host", "0.0.0.0", "--port", "8000"]
"""
TOP = {
    "Dockerfile": DOCKERFILE,
    "requirements.txt": "fastapi==0.110.0\nuvicorn==0.29.0\nsqlalchemy==2.0.29\npillow==10.3.0\n",
    ".gitignore": "__pycache__/\n*.py[cod]\n/generated/\n/.venv/\n*.log\n",
    "service/__init__.py": "",
}
_NOUNS = "account basket carrier delivery envelope folder gallery holiday invoice journal ledger message"
_VERBS = "append build collect derive export fetch group hide import join keep load merge notify order"
NOUNS, VERBS = _NOUNS.split(), _VERBS.split()
METHOD = '''\
    def {verb}_{noun}(self, {noun}_id: int, *, limit: int = {size}, since: str = "") -> list[dict[str, object]]:
        """The {noun}s that {verb} for one {noun}, those which are hidden left out."""
        found: list[dict[str, object]] = []
        for position, row in enumerate(self.session.select("{noun}", parent={noun}_id)):
            if since and row["changed"] < since:
                logger.debug("%s: %s is older than %s", {noun}_id, position, since)
                continue
            total = sum(line["amount"] * line.get("rate", {rate}) for line in row.get("lines", ()))
            found.append({{"id": row["id"], "name": f"{{row['name']}}-{{position}}", "total": total, "kind": "{verb}"}})
            if len(found) >= limit:
                break
        return sorted(found, key=lambda entry: (entry["total"], entry["id"]))
'''
EXTRAS = (
    """\
    def archive(self, name: str, rows: list[str]) -> None:
        os.makedirs(os.path.join(EXPORTS, "{noun}"), exist_ok=True)
        with open(os.path.join(EXPORTS, "{noun}", name), "w", encoding="utf-8") as file:
            file.writelines(rows)
""",
    """\
    def preview(self, name: str) -> bytes:
        return subprocess.run(["convert", name, "-resize", "{size}x{size}", "png:-"], capture_output=True).stdout
""",
    """\
    def store(self, {noun}: dict[str, object], commit: bool = True) -> None:
        record = self.model(**{noun})
        record.save(force_insert=commit)
        cache.delete("{noun}-" + str(record.id))
""",
    """\
    def read(self, path: str) -> list[str]:
        with open(path, encoding="utf-8") as file:
            return [line.strip() for line in file if line.startswith("{noun}")]
""",
)
ROUTES = """

router = APIRouter(prefix="/{noun}{number}")


@router.get("/")
async def {verb}_all(limit: int = {size}) -> list[dict[str, object]]:
    return {title}Service0().{verb}_{noun}(0, limit=limit)


@router.post("/{{{noun}_id}}")
async def {verb}_one({noun}_id: int) -> dict[str, object]:
    return {{"done": {noun}_id, "of": "{noun}"}}
"""


def make(folder: Path) -> None:
    """Write the service and what lies around it into an empty folder."""
    for path, text in (*TOP.items(), *_own(), *_around()):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def _own() -> Iterator[tuple[str, str]]:
    """The service's own files: packages of modules, and the one that puts their routers together."""
    packages = (OWN - 2) // PER_PACKAGE
    routed = [f"service.part{package:02}.module00" for package in range(packages)]
    imports = "".join(f"from {module} import router as router{at}\n" for at, module in enumerate(routed))
    includes = "".join(f"app.include_router(router{at})\n" for at in range(len(routed)))
    health = '\n\n@app.get("/health")\ndef health() -> dict[str, str]:\n    return {"status": "ok"}\n'
    yield "service/main.py", f"from fastapi import FastAPI\n\n{imports}\napp = FastAPI()\n{includes}{health}"
    for number in range(OWN - 2):
        package, at = divmod(number, PER_PACKAGE)
        name = "__init__" if at == PER_PACKAGE - 1 else f"module{at:02}"
        yield f"service/part{package:02}/{name}.py", _module(number, has_routes=at == 0)


def _around() -> Iterator[tuple[str, str]]:
    """What generators, people who copy libraries, and installers put there."""
    for number in range(IGNORED):
        yield f"generated/client/part{number:03}.py", _module(number)
    for number in range(VENDORED):
        yield f"service/vendor/library{number % 7}/part{number:03}.py", _module(number)
    yield ".venv/pyvenv.cfg", "home = /usr/bin\n"
    for number in range(INSTALLED):
        yield f".venv/lib/python3.9/site-packages/library{number % 30}/part{number:03}.py", _module(number)


def _module(number: int, *, has_routes: bool = False) -> str:
    random = Random(number)
    noun = random.choice(NOUNS)
    siblings = random.sample(range(PER_PACKAGE - 1), 3)
    lines = [f'"""What is done with one {noun}, number {number}."""\n\nfrom __future__ import annotations\n\n']
    lines += ["import logging\nimport os\nimport subprocess\nfrom collections import OrderedDict\n\n"]
    lines += ["from fastapi import APIRouter\n\n", "from ..part00 import module01 as shared\n"]
    lines += [f"from .module{sibling:02} import NAMES as names{sibling}\n" for sibling in siblings]
    lines += ['\nlogger = logging.getLogger(__name__)\nEXPORTS = os.environ.get("EXPORTS", "/var/lib/service")\n']
    lines += [f"NAMES = {{{', '.join(repr(word) + ': ' + str(at) for at, word in enumerate(NOUNS))}}}\n"]
    for at in range(random.randint(1, 3)):
        lines.append(f"\n\nclass {noun.title()}Service{at}:\n    model = OrderedDict\n    session = shared\n")
        for verb in random.sample(VERBS, random.randint(1, 4)) if at else VERBS[: random.randint(2, 4)]:
            values = {"verb": verb, "noun": noun, "size": random.randint(10, 500), "rate": round(random.random(), 3)}
            lines.append("\n" + METHOD.format(**values))
        if random.random() < 0.2:
            lines.append("\n" + random.choice(EXTRAS).format(noun=noun, size=random.randint(10, 500)))
    if has_routes:
        lines.append(ROUTES.format(noun=noun, number=number, title=noun.title(), verb=VERBS[0], size=50))
    return "".join(lines)
