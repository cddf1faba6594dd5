"""Files of the build context that hold secrets, by their names and by what is in them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.context import Tree
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.secrets import Weight, shaped, weigh

# What a fix declares that keeps such files out of the image.
SECRETS = "secrets"
# What these names mean is a convention of the program that reads them.
_BY_NAME = regex(
    r"(?:\A|/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.git-credentials|[._]netrc|\.pgpass|kubeconfig|\.kube/config"
    r"|\.aws/credentials|\.vault-token|terraform\.tfstate|[^/]+\.(?:p12|pfx|jks|keystore|ppk|kdbx))\Z"
)
_READS_ENV = regex(
    r"load_dotenv|find_dotenv|dotenv_values|env_file|read_env|\bdecouple\b|\bdynaconf\b|\bstarlette\.config\b",
    words="load_dotenv find_dotenv dotenv_values env_file read_env decouple dynaconf starlette.config",
)
# Documents, and files that work on the host rather than in the container.
_NOT_A_READER = regex(
    r"(\.(mdx?|rst|txt|lock|svg|css|html?|csv|ipynb|po|map|diff|patch)|(\A|/)((docker-)?compose[\w.-]*\.ya?ml|\.env[\w.-]*"
    r"|\.git\w+|[\w.-]*\.?dockerignore|[\w.-]*Dockerfile[\w.-]*|Makefile|\.gitlab-ci\.yml))\Z|\A\.github/",
    re.I,
)
_MOST_TEXT = 500_000
# These hold a secret or do not: their text decides.
_BY_CONTENT = regex(
    r"(?:\A|/)(?:\.env(?:\.[\w.-]+)?|[\w-]+\.env|[^/]+\.(?:pem|key)|\.pypirc|\.npmrc|\.my\.cnf|\.docker/config\.json"
    r"|[^/]*(?:credentials?|service[-_]?account|client[-_]secret|secrets?)[^/]*\.(?:json|ya?ml|toml|ini))\Z"
)
_EXAMPLE = regex(r"(?:\A|[./_-])(?:example|sample|template|tmpl|dist|defaults?|schema)(?:[./_-]|\Z)", re.I)
_NOT_THE_SERVICE = regex(
    r"(?:\A|/)(?:tests?|testing|fixtures?|docs?|examples?|samples?|vendor|site-packages|\.github|charts?|helm|k8s)/"
)
_ASSIGNED = regex(
    r"^[ \t]*(?:export[ \t]+)?[\"']?(?P<name>[A-Za-z_][\w.-]*)[\"']?[ \t]*[=:][ \t]*(?P<value>\S[^\r\n]*)", re.M
)


def secret_files(tree: Tree) -> Iterator[str]:
    """The files that hold a secret; samples, tests and public certificates are not among them."""
    for path in tree.files:
        if _NOT_THE_SERVICE.search(path) or _EXAMPLE.search(posixpath.basename(path)):
            continue
        if _BY_NAME.search(path) or (_BY_CONTENT.search(path) and _holds_secret(tree.text(path) or "")):
            yield path


def reader_of(project: Project, path: str) -> str:
    """The first file that may read this one in the container or while it is built, "" when none does."""
    base = posixpath.basename(path)
    is_environment = base.startswith(".env") or base.endswith(".env")
    mention = re.compile(rf"(?<![\w.-]){re.escape(base)}(?![\w-])")
    for instruction in project.dockerfile.instructions:
        texts = (instruction.logical.text, *instruction.documents)
        if instruction.keyword not in {"COPY", "ADD"} and any(mention.search(text) for text in texts):
            return f"line {instruction.number}"
    for other in project.tree.files:
        if other in {path, project.path} or _NOT_A_READER.search(other):
            continue
        text = project.tree.text(other) or ""
        is_named = base in text and mention.search(text)
        if len(text) < _MOST_TEXT and (is_named or (is_environment and _READS_ENV.search(text))):
            return other
    return ""


def _holds_secret(text: str) -> bool:
    if shaped(text):
        return True
    return any(
        weigh(match["name"], match["value"].strip("\"', ")) is not Weight.NOTHING for match in _ASSIGNED.finditer(text)
    )


def held(text: str) -> Iterator[str]:
    """The values in such a file that are secret; placeholders are not among them."""
    for secret in shaped(text):
        yield text[secret.span.start : secret.span.end]
    for match in _ASSIGNED.finditer(text):
        value = match["value"].strip("\"', \t")
        if weigh(match["name"], value) is Weight.SECRET:
            yield value
