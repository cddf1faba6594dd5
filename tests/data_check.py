"""Checks the Debian tables of `pydock.data` against Debian's own package index.

    python -m tests.data_check

Reads the indices of the suites below through apt, in a temporary folder, and prints every row that disagrees.
Exit code 0: all agree; 1: something does not; 2: no index could be read.
"""

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydock.data import rows

SUITES = ("bullseye", "bookworm", "trixie")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEVELOPMENT = re.compile(r"dev(-[0-9.]+|-compat)?$|-(docs?|headers|java|bin|dbg|common|data|utils|tools)$")


@dataclass
class Index:
    """One suite: its packages, what they depend on, where they come from, who provides a virtual name."""

    depends: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    source: dict[str, str] = field(default_factory=dict)
    providers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def found(self, name: str) -> bool:
        """Whether the name means anything in this suite."""
        return name in self.depends or name in self.providers

    def installable(self, name: str) -> str:
        """The package that `apt-get install name` takes, or nothing."""
        if name in self.depends:
            return name
        providers = self.providers.get(name, set())
        return next(iter(providers)) if len(providers) == 1 else ""

    def reachable(self, name: str, depth: int = 6) -> set[str]:
        """What a development package leads to through development packages."""
        names = [name] if name in self.depends else sorted(self.providers.get(name, ()))
        reached: set[str] = set(names)
        for package in names if depth else ():
            for dependency, _ in self.depends[package]:
                reached.add(dependency)
                if DEVELOPMENT.search(dependency):
                    reached |= self.reachable(dependency, depth - 1)
        return reached

    def libraries(self, name: str) -> set[str]:
        """The libraries of the same source that a development package is tied to by its exact version."""
        return {
            dependency
            for dependency, version in self.depends.get(name, ())
            if version.startswith("(=")
            and re.match(r"lib.*\d", dependency)
            and not DEVELOPMENT.search(dependency)
            and self.source.get(dependency) == self.source[name]
        }


def relations(text: str) -> list[tuple[str, str]]:
    """The first alternative of every relation in a Depends or Provides field, with its version."""
    found = []
    for relation in text.split(","):
        match = re.match(r"\s*([a-z0-9][a-z0-9.+-]*)(?::\w+)?\s*(\([^)]*\))?", relation)
        if match:
            found.append((match[1], match[2] or ""))
    return found


def parse(text: str) -> Index:
    """The index in the text of a Packages file; of several versions the first one counts."""
    index = Index()
    for paragraph in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", paragraph, re.MULTILINE))
        name = fields.get("Package")
        if not name or name in index.depends:
            continue
        index.depends[name] = relations(fields.get("Pre-Depends", "") + "," + fields.get("Depends", ""))
        index.source[name] = str(fields.get("Source", name)).split()[0]
        for provided, _ in relations(fields.get("Provides", "")):
            index.providers[provided].add(name)
    return index


def mirror() -> str:
    """The address of the Debian mirror that this machine's apt uses."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Component: main"]
    addresses = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return next(address for address in addresses if "debian" in address and "security" not in address)


def download(suite: str, address: str, folder: Path) -> Index:
    """The index of one suite, read through a private apt root in a folder."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {address} {suite} main\n")
    (folder / "status").touch()
    options = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
        "APT::Architecture": "amd64",
        "APT::Update::Error-Mode": "any",
        "Acquire::Languages": "none",
        "Acquire::Check-Valid-Until": "false",
        "Acquire::GzipIndexes": "false",
    }
    command = ["apt-get", *(f"-o{key}={value}" for key, value in options.items()), "-qq", "update"]
    subprocess.run(command, capture_output=True, text=True, check=True)
    return parse(next((folder / "lists").glob("*_Packages")).read_text(encoding="utf-8"))


def development(indices: dict[str, Index]) -> Iterator[str]:
    """What is wrong with the development packages."""
    for row in rows("debian_dev_packages"):
        index = indices.get(row["suite"])
        if index is None:
            continue
        label, listed = f"{row['dev']} on {row['suite']}", set(row["runtime"].split())
        if not index.found(row["dev"]):
            yield f"{label}: no such package"
            continue
        if absent := {name for name in listed if name not in index.depends}:
            yield f"{label}: not in the index: {' '.join(sorted(absent))}"
        if strange := listed - absent - index.reachable(row["dev"]):
            yield f"{label}: not among what it depends on: {' '.join(sorted(strange))}"
        if listed and (missing := index.libraries(row["dev"]) - listed):
            yield f"{label}: depends on {' '.join(sorted(missing))} too"


def programs(indices: dict[str, Index]) -> Iterator[str]:
    """What is wrong with the programs."""
    for row in rows("debian_programs"):
        name = row["package"]
        if name and "in no index" not in row["source"] and not any(index.found(name) for index in indices.values()):
            yield f"{row['program']}: package {name} is in no index"


def native(indices: dict[str, Index]) -> Iterator[str]:
    """What is wrong with the needs of Python packages."""
    for row in rows("native_packages"):
        for suite in indices if row["suite"] == "*" else (row["suite"],):
            index = indices.get(suite)
            if index is None:
                continue
            names = f"{row['build']} {row['runtime']} {row['always']}".split()
            if absent := [name for name in names if not index.installable(name)]:
                yield f"{row['package']} on {suite}: not in the index: {' '.join(absent)}"


def names(indices: dict[str, Index]) -> Iterator[str]:
    """What is wrong with the names that differ between suites."""
    for row in rows("suite_package_names"):
        virtual = dict(entry.split("=") for entry in row["virtual"].split())
        for suite, index in indices.items():
            package = index.installable(row["package"])
            listed = virtual.get(suite, row["package"]) if suite in row["suites"].split() else ""
            if package != listed:
                yield f"{row['package']} on {suite}: listed as {listed or 'absent'}, really {package or 'absent'}"


def read(folder: Path) -> dict[str, Index]:
    """The indices that can be had, by suite; says which cannot."""
    indices = {}
    for suite in SUITES:
        try:
            indices[suite] = download(suite, mirror(), folder / suite)
        except (OSError, StopIteration, subprocess.CalledProcessError) as error:
            reason = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else repr(error)
            print(f"no index of {suite}: {reason}", file=sys.stderr)
    return indices


def main() -> int:
    """Prints what disagrees."""
    with tempfile.TemporaryDirectory() as folder:
        indices = read(Path(folder))
    if not indices:
        return 2
    checks = {
        "debian_dev_packages": development,
        "debian_programs": programs,
        "native_packages": native,
        "suite_package_names": names,
    }
    wrong = [f"{table}: {problem}" for table, check in checks.items() for problem in check(indices)]
    print("\n".join([*wrong, f"{len(wrong)} rows disagree with {', '.join(indices)}"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
