"""Programs that start another program: what stands behind `exec`, `tini --`, `gosu app`, `poetry run`."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from pydock.patterns import regex
from pydock.shell import Command, Word
from pydock.values import Value


class _Wrapper(Value):
    """How to step over a program: its verb, its options with a value, its own operands.

    `to_dashes`: everything up to `--` is its own, and without `--` it starts nothing.
    """

    verb: str = ""
    valued: frozenset[str] = frozenset()
    operands: int = 0
    to_dashes: bool = False


def _wrapper(verb: str = "", valued: str = "", operands: int = 0) -> _Wrapper:
    return _Wrapper(verb, frozenset(valued.split()), operands)


_PYTHON = regex(r"(?:\S*/)?python[\d.]*\Z")
_TO_DASHES = _Wrapper(to_dashes=True)
_CONDA = _wrapper("run", "-n -p -r --name --prefix --cwd --root-prefix")
_UV = _wrapper(
    "run",
    "--with --with-editable --with-requirements --python -p --env-file --extra --group --no-group --only-group "
    "--package --project --directory --index --index-url --default-index --extra-index-url --cache-dir",
)
WRAPPERS = {
    "exec": _wrapper(valued="-a"),
    "command": _wrapper(),
    "nohup": _wrapper(),
    "setsid": _wrapper(),
    "time": _wrapper(valued="-o -f"),
    "nice": _wrapper(valued="-n"),
    "ionice": _wrapper(valued="-c -n"),
    "env": _wrapper(valued="-u -C"),
    "stdbuf": _wrapper(valued="-i -o -e"),
    "timeout": _wrapper(valued="-k -s", operands=1),
    "tini": _wrapper(valued="-p -e"),
    "tini-static": _wrapper(valued="-p -e"),
    "dumb-init": _wrapper(valued="-r --rewrite"),
    "catatonit": _wrapper(),
    "gosu": _wrapper(operands=1),
    "su-exec": _wrapper(operands=1),
    "s6-setuidgid": _wrapper(operands=1),
    "setpriv": _wrapper(valued="--reuid --regid --groups"),
    "sudo": _wrapper(valued="-u -g"),
    "runuser": _wrapper(valued="-u -g"),
    "xvfb-run": _wrapper(valued="-n -s -e -f -p -w --server-num --server-args"),
    "catchsegv": _wrapper(),
    "ddtrace-run": _wrapper(),
    "opentelemetry-instrument": _wrapper(
        valued="--traces_exporter --metrics_exporter --logs_exporter --service_name --exporter_otlp_endpoint"
    ),
    "newrelic-admin": _wrapper("run-program"),
    "watchmedo": _wrapper(
        "auto-restart",
        "-d --directory -p --pattern --patterns -i --ignore-pattern --ignore-patterns --signal --kill-after --interval",
    ),
    "poetry": _wrapper("run", "-C --directory -P --project"),
    "pipenv": _wrapper("run"),
    "pdm": _wrapper("run", "-p --project"),
    "rye": _wrapper("run"),
    "hatch": _wrapper("run"),
    "uv": _UV,
    "conda": _CONDA,
    "mamba": _CONDA,
    "micromamba": _CONDA,
    "dockerize": _wrapper(
        valued="-wait -timeout -template -stdout -stderr -wait-http-header -wait-retry-interval -delims -env -poll"
    ),
    "wait-for-it": _TO_DASHES,
    "wait-for-it.sh": _TO_DASHES,
    "wait-for": _TO_DASHES,
    "wait-for.sh": _TO_DASHES,
    "wait_for_it.sh": _TO_DASHES,
    "doppler": _TO_DASHES,
    "infisical": _TO_DASHES,
    "chamber": _TO_DASHES,
    "gotenv": _TO_DASHES,
}
INITS = frozenset({"tini", "tini-static", "dumb-init", "catatonit", "docker-init", "s6-svscan", "supervisord", "init"})


def unwrap(command: Command) -> tuple[tuple[str, ...], Command]:
    """The names of the wrappers in front, outermost first, and the command behind them.

    A wrapper that starts nothing that can be seen is itself the command.
    """
    names: list[str] = []
    words = command.words
    while words:
        # `python -m poetry run` is `poetry run`.
        is_module = _PYTHON.match(words[0].value or "") is not None and words[1:2] and words[1].value == "-m"
        own = words[2:] if is_module and words[2:] else words
        wrapper = WRAPPERS.get(name := PurePosixPath(own[0].value or "").name)
        rest = _behind(wrapper, own[1:]) if wrapper else ()
        if not rest:
            break
        names.append(name)
        words = rest
    return tuple(names), command.of(words)


def _behind(wrapper: _Wrapper, words: tuple[Word, ...]) -> tuple[Word, ...]:
    if wrapper.to_dashes:
        dashes = [at for at, word in enumerate(words) if word.value == "--"]
        return words[dashes[0] + 1 :] if dashes else ()
    if wrapper.verb:
        words = _past_options(wrapper, words)
        if not words or words[0].value != wrapper.verb:
            return ()
        words = words[1:]
    return _past_options(wrapper, words)[wrapper.operands :]


def _past_options(wrapper: _Wrapper, words: tuple[Word, ...]) -> tuple[Word, ...]:
    while words:
        text = words[0].text if words[0].value is None else words[0].value
        if text == "--":
            return words[1:]
        if re.match(r"\w+=", text):
            words = words[1:]
        elif text.startswith("-") and len(text) > 1:
            words = words[2 if text in wrapper.valued else 1 :]
        else:
            break
    return words
