"""Keepers of services: supervisord, cron, nginx, systemctl. What they start is a process of the image."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.paths import needed, path_of
from pydock.effects.registry import effect
from pydock.shell import Argv
from pydock.state import Effect, State, files_below
from pydock.state.needs import Below, File, Need


@effect("supervisord", "supervisorctl", "circusd", "monit")
def supervisord(line: Argv, state: State) -> Iterable[Effect]:
    given = tuple(need for word in line.values("-c", "--configuration") for need in needed(word, state, File))
    takes: tuple[Need, ...] = () if given else (Below("/etc/supervisor"), File("/etc/supervisord.conf"))
    return (Effect(given, takes=takes),)


@effect(
    "nginx", "apache2", "apachectl", "apache2ctl", "httpd", "a2enmod", "a2ensite", "a2dissite", "a2enconf", "haproxy"
)
def nginx(line: Argv, state: State) -> Iterable[Effect]:
    given = tuple(need for word in line.values("-c", "-f") for need in needed(word, state, File))
    folder = "/etc/nginx" if line.program == "nginx" else "/etc/apache2"
    opens = files_below("/etc/apache2") if (line.program or "").startswith("a2") else None
    return (Effect(given, takes=(Below(folder),), opens=opens),)


@effect("cron", "crond", "anacron")
def cron(line: Argv, state: State) -> Iterable[Effect]:
    folders = ("/etc/cron.d", "/etc/crontabs", "/var/spool/cron", "/etc/cron.daily")
    return (Effect(takes=(*(Below(folder) for folder in folders), File("/etc/crontab"))),)


@effect("crontab")
def crontab(line: Argv, state: State) -> Iterable[Effect]:
    """`crontab FILE` puts a user's table below /var/spool/cron."""
    user = line.value("-u")
    table = f"/var/spool/cron/crontabs/{(user.value if user else None) or state.user}"
    if line.has("-l"):
        return (Effect(takes=(File(table),)),)
    if line.has("-r"):
        return (Effect(removes=(File(table),)),)
    words = [word for word in line.operands if word.value != "-"]
    needs = tuple(need for word in words for need in needed(word, state, File))
    path = path_of(words[0], state) if words else None
    text = state.text(path) if path else None
    return (Effect(needs, provides=(File(table),), texts={} if text is None else {table: text}),)


@effect("systemctl", "service", "update-rc.d", "invoke-rc.d", "rc-update", "rc-service", "sysctl", "loginctl")
def service(line: Argv, state: State) -> Iterable[Effect]:
    """No init runs while an image is built: links below /etc, at most."""
    makes_links = line.program in {"systemctl", "update-rc.d", "rc-update"}
    return (
        Effect(takes=(Below("/etc/init.d"),), opens=files_below("/etc/systemd", "/etc/rc") if makes_links else None),
    )
