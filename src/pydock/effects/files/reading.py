"""Programs that only read: they need the files that they are given, and leave nothing."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.paths import needed, taken
from pydock.effects.registry import effect
from pydock.shell import Argv
from pydock.state import Answer, Effect, State
from pydock.state.needs import File


@effect("cat", "head", "tail", "sort", "wc", "uniq", "tac", "od", "xxd", "base64", "diff", "cmp", "comm", "paste")
@effect("sha256sum", "sha512sum", "sha1sum", "md5sum", "b2sum", "shasum", "cut", "tr", "jq", "yq", "column")
def read(line: Argv, state: State) -> Iterable[Effect]:
    """Reads its operands, which have to be there; those of jq, cut and tr begin with no file."""
    operands = line.operands[1:] if line.program in {"jq", "yq"} else line.operands
    operands = () if line.program in {"tr"} else operands
    return (Effect(tuple(need for word in operands if word.value != "-" for need in needed(word, state, File))),)


@effect("grep", "egrep", "fgrep", "awk", "gawk", "mawk", "zgrep")
def grep(line: Argv, state: State) -> Iterable[Effect]:
    """Finding nothing or no file may be what its caller wants to know; a file that is there is read."""
    named = [need for word in line.operands if "." in word.head or "/" in word.head for need in taken(word, state)]
    read = tuple(need for need in named if state.find(need).answer is Answer.YES)
    given = tuple(need for word in line.values("-f", "--file") for need in needed(word, state, File))
    return (Effect((*given, *read), takes=tuple(need for need in named if need not in read)),)


@effect("ls", "stat", "du", "file", "readlink", "realpath", "less", "more", "tree", "lsof", "namei", "cksum")
def look(line: Argv, state: State) -> Iterable[Effect]:
    return (Effect(takes=tuple(need for word in line.operands for need in taken(word, state))),)


@effect("envsubst")
def envsubst(line: Argv, state: State) -> Iterable[Effect]:
    """Reads its input, writes its output: redirections, which belong to the shell."""
    return (Effect(),)


@effect("which", "date", "uname", "id", "nproc", "sleep", "hostname", "whoami", "basename", "dirname", "arch", "getent")
@effect("kill", "pkill", "expr", "seq", "df", "stty", "ps", "nc", "tty", "yes", "groups", "sync", "lscpu", "free", "ip")
@effect("gdal-config", "geos-config", "pg_config", "mysql_config", "mariadb_config", "pkg-config", "python3-config")
@effect("xml2-config", "xslt-config", "curl-config", "freetype-config", "nc-config", "h5cc", "llvm-config", "getconf")
@effect("clear", "uptime", "logger", "lsb_release", "factor", "locale", "printenv", "uuidgen", "ping", "dig")
def harmless(line: Argv, state: State) -> Iterable[Effect]:
    return (Effect(),)
