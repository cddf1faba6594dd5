"""Projects that somebody made to stop pydock, as files by their paths; each grows with one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Files = Mapping[str, str]
PLAIN = "FROM python:3.12.7-slim-bookworm\nCOPY . .\n{}CMD python app.py\n"
SERVICE = "services:\n  web:\n    build: .\n"


def _repeated(line: str, size: int) -> str:
    return "".join(line.format(at) for at in range(min(size, 1_000)))


def _python(text: str) -> Files:
    return {"Dockerfile": PLAIN.format(""), "app.py": f"import flask\n{text}\n"}


def _run(text: str) -> Files:
    return {"Dockerfile": PLAIN.format(f"RUN {text}\n"), "app.py": "import flask\n"}


def _lines(text: str) -> Files:
    return {"Dockerfile": PLAIN.format(text), "app.py": "import flask\n"}


def _compose(text: str) -> Files:
    return {"Dockerfile": PLAIN.format(""), "compose.yaml": text, "app.py": "import flask\n"}


def _requirements(files: Files) -> Files:
    return {"Dockerfile": PLAIN.format("RUN pip install -r requirements.txt\n"), **files}


def included(count: int) -> Files:
    """A chain of requirements files."""
    chain = {f"r{at}.txt": f"-r r{at + 1}.txt\n" for at in range(count)}
    return _requirements({**chain, "requirements.txt": "-r r0.txt\n", f"r{count}.txt": "flask==3.1.0\n"})


def diamonds(count: int) -> Files:
    """Requirements files that each include the next one twice."""
    chain = {f"r{at}.txt": f"-r r{at + 1}.txt\n-r ./r{at + 1}.txt\n" for at in range(count)}
    return _requirements({**chain, "requirements.txt": "-r r0.txt\n", f"r{count}.txt": "flask==3.1.0\n"})


def doubled_variables(count: int) -> Files:
    lines = "ENV A0=aaaaaaaaaa\n" + "".join(f"ENV A{at + 1}=$A{at}$A{at}\n" for at in range(count))
    return _lines(f"{lines}WORKDIR /$A{count}\n")


def aliases(count: int) -> Files:
    """A YAML document that every alias doubles."""
    lines = "".join(f"x{at + 1}: &x{at + 1} [*x{at}, *x{at}]\n" for at in range(count))
    return _compose(f"x0: &x0 [a, b]\n{lines}{SERVICE}    command: *x{count}\n")


def merged(count: int) -> Files:
    lines = "".join(f"x{at + 1}: &x{at + 1}\n  <<: [*x{at}, *x{at}]\n" for at in range(count))
    return _compose(f"x0: &x0\n  a: b\n{lines}{SERVICE}")


def stages(count: int) -> Files:
    chain = "".join(f"FROM s{at} AS s{at + 1}\nRUN echo {at}\n" for at in range(count))
    return {"Dockerfile": f"FROM python:3.12.7-slim-bookworm AS s0\n{chain}CMD python app.py\n"}


def nested(opening: str, middle: str, closing: str, count: int) -> str:
    return opening * count + middle + closing * count


def elifs(count: int) -> Files:
    return _python("if a == 0:\n    pass\n" + "".join(f"elif a == {at}:\n    b = {at}\n" for at in range(count)))


def blocks(count: int) -> Files:
    return _python("".join(" " * at + "if a:\n" for at in range(count)) + " " * count + "pass")


# By what they are; each takes about the length that it is given.
SHAPES: Mapping[str, Callable[[int], Files]] = {
    "a sum of many terms in Python": lambda size: _python("a = " + "1+" * size + "1"),
    "texts that are added up": lambda size: _python("a = " + "'x' + " * size + "'y'"),
    "a chain of attributes": lambda size: _python("a" + ".b" * size),
    "a chain of calls": lambda size: _python("a" + "()" * size),
    "brackets in brackets": lambda size: _python(nested("[", "", "]", size)),
    "not not not": lambda size: _python("a = " + "not " * size + "b"),
    "lambdas in lambdas": lambda size: _python("a = " + "lambda: " * size + "0"),
    "a chain of elif": elifs,
    "blocks in blocks": lambda size: blocks(min(size, 400)),
    "decorators on one function": lambda size: _python("@a\n" * size + "def f(): pass"),
    "one long line of Python": lambda size: _python(f"a = '{'x' * size * 10}'"),
    "a comparison of many": lambda size: _python("a = " + " < ".join("b" * size)),
    "variables that double": doubled_variables,
    "a variable in its own default": lambda size: _lines(f"ENV A={'${B:-' * size}x{'}' * size}\n"),
    "a long value": lambda size: _lines(f"ENV A={'x' * size * 10}\nWORKDIR /$A$A$A\n"),
    "many variables": lambda size: _lines("".join(f"ENV A{at}=$A{at - 1}x\n" for at in range(min(size, 1000)))),
    "many arguments": lambda size: _lines("".join(f"ARG A{at}=${{A{at - 1}}}\n" for at in range(min(size, 1000)))),
    "many labels on one line": lambda size: _lines("LABEL " + " ".join(f"a{at}=b" for at in range(size)) + "\n"),
    "work directories in work directories": lambda size: _lines("WORKDIR a\n" * min(size, 1000)),
    "continued lines": lambda size: _lines("RUN echo" + " \\\n  a" * size + "\n"),
    "comments inside a RUN": lambda size: _lines("RUN echo \\\n" + "# x\n" * size + "  a\n"),
    "blank lines inside a RUN": lambda size: _lines("RUN echo \\\n" + "\n" * size + "  a\n"),
    "comments that silence": lambda size: _lines("# pydock: ignore[PYD302]\nUSER a\n" * min(size, 1000)),
    "a directive of blanks": lambda size: {"Dockerfile": f"# escape={' ' * size * 4}x\n" + PLAIN.format("")},
    "blanks in a comment": lambda size: _lines(f"#{' ' * size * 10}x\n"),
    "brackets of a comment": lambda size: _lines("# pydock: ignore[" * size + "\n"),
    "an exec form in an exec form": lambda size: _lines(f"RUN {'[' * size}\n"),
    "a heredoc without an end": lambda size: {"Dockerfile": PLAIN.format("RUN <<A\n" + "a\n" * size)},
    "many heredocs": lambda size: _lines("COPY " + " ".join(f"<<A{at}" for at in range(200)) + " /x\n" + "a\n" * size),
    "blanks in front of nothing": lambda size: _lines(" " * size * 10 + "\n"),
    "a word that never ends": lambda size: _lines(f"COPY {'a' * size * 10} b\n"),
    "flags without an end": lambda size: _lines("COPY " + "--a=b " * size + "c d\n"),
    "wildcards in a COPY": lambda size: _lines(f"COPY {'*a' * min(size, 500)} b\n"),
    "folders of wildcards in a COPY": lambda size: _lines(f"COPY {'**/' * min(size, 500)}x b\n"),
    "wildcards in .dockerignore": lambda size: {**_lines(""), ".dockerignore": "*a" * 20 + "b\n", "a" * 200: ""},
    "wildcards in .gitignore": lambda size: {**_lines(""), ".gitignore": "*a" * 20 + "b\n", "a" * 200 + ".py": ""},
    "many lines of .dockerignore": lambda size: {**_lines(""), ".dockerignore": _repeated("a{}\n", size)},
    "a chain of includes": lambda size: included(min(size, 200)),
    "includes that double": lambda size: diamonds(min(size, 200)),
    "a requirement of brackets": lambda size: _requirements({"requirements.txt": f"a; {'(' * size}\n"}),
    "blanks in a requirement": lambda size: _requirements({"requirements.txt": f"a{' ' * size * 4}x #\n"}),
    "continued requirements": lambda size: _requirements({"requirements.txt": "a \\\n" * size}),
    "extras without an end": lambda size: _requirements({"requirements.txt": f"a[{'b,' * size}c]\n"}),
    "many requirements": lambda size: _requirements({"requirements.txt": _repeated("a{}\n", size)}),
    "aliases that double": lambda size: aliases(min(size, 40)),
    "merges that double": lambda size: merged(min(size, 40)),
    "an alias of itself": lambda size: _compose(f"a: &a [*a]\n{SERVICE}"),
    "brackets of YAML": lambda size: _compose("a: " + nested("[", "", "]", size) + f"\n{SERVICE}"),
    "lists of YAML in lists": lambda size: _compose("- " * size + "a\n"),
    "mappings of YAML in mappings": lambda size: _compose("a: " + nested("{a: ", "b", "}", size) + f"\n{SERVICE}"),
    "many services": lambda size: _compose("services:\n" + _repeated("  s{}: {{build: .}}\n", size)),
    "brackets of TOML": lambda size: {**_lines(""), "pyproject.toml": f"a = {'[' * size}\n"},
    "tables of TOML": lambda size: {**_lines(""), "pyproject.toml": "[a" + ".a" * size + "]\n"},
    "quotes of a shell": lambda size: _run("echo '" + "a" * size * 10),
    "pipes": lambda size: _run("echo" + " | cat" * min(size, 300)),
}  # fmt: skip
