"""Broken rewrites of good services, each with the words that have to name what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from tests.laws.good import PLACES, SERVED, SHOP, TOOL, Service


@dataclass(frozen=True)
class Mutant:
    """`old` gives way to `new` in the Dockerfile; `moved` is put behind the line that begins so."""

    what: str
    service: Service
    old: str
    new: str
    names: str
    behind: str = ""

    @property
    def text(self) -> str:
        text = self.service.text
        assert text.count(self.old) == 1, self.old
        text = text.replace(self.old, self.new)
        if not self.behind:
            return text
        assert text.count(self.behind) == 1, self.behind
        return text.replace(self.behind, self.behind + self.old)


def _dropped(what: str, service: Service, old: str, names: str) -> Mutant:
    return Mutant(what, service, old, "", names)


def _moved(what: str, service: Service, old: str, behind: str, names: str) -> Mutant:
    return Mutant(what, service, old, "", names, behind)


_KEY = "RUN curl -fsSL https://deb.example.org/key.asc -o /usr/share/keyrings/example.asc\n"
_USERADD = "RUN groupadd --gid 999 svc && useradd --uid 999 --gid svc --home-dir /app svc\n"
MUTANTS = (
    _dropped("a COPY is dropped", SHOP, "COPY config.yaml ./\n", "/app/config.yaml"),
    _dropped("an apt source is lost", SHOP, "COPY example.list /etc/apt/sources.list.d/example.list\n", "example.list"),
    _moved(
        "a program is placed below its use",
        SHOP,
        "RUN apt-get install -y --no-install-recommends ca-certificates curl gnupg\n",
        _KEY,
        "needs curl, which line",
    ),
    _dropped("the work directory of the runtime is forgotten", SHOP, "WORKDIR /app\n", "ran in /app, and runs in /"),
    _dropped("a user is missing", SHOP, "RUN useradd --create-home app\n", "the user app"),
    _dropped("a variable is lost", SHOP, "ENV SHOP_SETTINGS=/app/config.yaml\n", "SHOP_SETTINGS"),
    _dropped("the PATH is lost", SHOP, "ENV PATH=/opt/venv/bin:$PATH\n", "django"),
    _moved(
        "the environment is copied too late",
        SHOP,
        "COPY --from=builder /opt/venv /opt/venv\n",
        "RUN python manage.py collectstatic --noinput\n",
        "django",
    ),
    _dropped("the environment is not copied", SHOP, "COPY --from=builder /opt/venv /opt/venv\n", "django"),
    Mutant(
        "the environment comes from the wrong stage",
        SHOP,
        "COPY --from=builder /opt/venv /opt/venv\n",
        "COPY --from=python:3.12.4-slim-bookworm /opt/venv /opt/venv\n",
        "django",
    ),
    Mutant(
        "the environment comes from the wrong place",
        SHOP,
        "COPY --from=builder /opt/venv /opt/venv\n",
        "COPY --from=builder /venv /opt/venv\n",
        "/venv",
    ),
    _dropped(
        "the list is not copied into the builder",
        SHOP,
        "COPY requirements/${LIST}.txt requirements/\n",
        "/build/requirements/prod.txt",
    ),
    _dropped("settings of pip are not copied into the builder", SHOP, "COPY pip.conf /etc/pip.conf\n", "/etc/pip.conf"),
    Mutant("a package is lost", SHOP, "example-agent ffmpeg libpq5", "example-agent libpq5", "ffmpeg"),
    Mutant("a package that no table knows is lost", SHOP, "example-agent ffmpeg", "ffmpeg", "example-agent"),
    Mutant("a library is lost", SHOP, "ffmpeg libpq5 cron", "ffmpeg cron", "libpq5"),
    Mutant("a compiler is lost", SHOP, "gcc libpq-dev libc6-dev", "libpq-dev libc6-dev", "gcc"),
    Mutant("headers are lost", SHOP, "gcc libpq-dev libc6-dev", "gcc libc6-dev", "libpq-dev"),
    _moved(
        "chown is placed above useradd",
        SHOP,
        "RUN useradd --create-home app\n",
        "RUN mkdir -p /app/media && chown app:app /app/media\n",
        "the user app",
    ),
    Mutant(
        "the key is fetched below the install",
        SHOP,
        _KEY,
        "",
        "key.asc",
        "ENV SHOP_SETTINGS=/app/config.yaml\n",
    ),
    _dropped("the key is lost", SHOP, _KEY, "key.asc"),
    _dropped("a script of a compose command is lost", SHOP, "COPY --chmod=755 bin/ bin/\n", "/app/bin/worker.sh"),
    _dropped("a cron file is lost", SHOP, "COPY cron/shop /etc/cron.d/shop\n", "/etc/cron.d/shop"),
    _moved("the user is changed too early", SHOP, "USER app\n", "FROM python:3.12.4-slim-bookworm\n", "the user app"),
    _dropped("the user is not changed", SHOP, "USER app\n", "ran as app, and runs as root"),
    Mutant(
        "cd into a folder that is not there", SHOP, "RUN cd shop/static && sh", "RUN cd static && sh", "/app/static"
    ),
    Mutant("apt update is missing", SHOP, "RUN apt-get update \\\n    && apt-get", "RUN apt-get", "package lists"),
    _dropped("an argument is not declared again", SHOP, "ARG LIST=prod\n", "LIST"),
    _dropped("the program of CMD is lost", SHOP, "RUN pip --python /opt/venv install gunicorn==22.0\n", "gunicorn"),
    Mutant(
        "the program of the health check is lost",
        SHOP,
        "COPY manage.py healthcheck.py ./\n",
        "COPY manage.py ./\n",
        "/app/healthcheck.py",
    ),
    _dropped("the health check is lost", SHOP, 'HEALTHCHECK CMD ["python", "/app/healthcheck.py"]\n', "HEALTHCHECK"),
    _dropped("a command is gone", SHOP, "RUN python manage.py collectstatic --noinput\n", "collectstatic"),
    _dropped(
        "the source is cloned no longer",
        TOOL,
        "RUN git clone --depth 1 https://git.example.org/geo.git /src/geo\n",
        "geo",
    ),
    Mutant("make is lost", TOOL, "git make gcc", "git gcc", "needs make"),
    _dropped("a script is not copied", TOOL, "COPY scripts/prepare.sh scripts/\n", "/srv/scripts/prepare.sh"),
    Mutant("CMD names another file", TOOL, '"app.py"]', '"main.py"]', "/srv/main.py"),
    _dropped("the install is lost", TOOL, "RUN pip install --no-cache-dir -r requirements.txt\n", "flask"),
    _dropped("the argument of a value is lost", TOOL, "ARG MODE=fast\n", "MODE"),
    _dropped("the lock is not copied", SERVED, "COPY pyproject.toml uv.lock ./\n", "pyproject.toml"),
    _dropped("the source of the package is not copied", SERVED, "COPY src/ src/\n", "src"),
    _dropped("uv is not copied", SERVED, "COPY --from=ghcr.io/astral-sh/uv:0.4.0 /uv /bin/uv\n", "needs uv"),
    _dropped(
        "the entrypoint is not copied",
        SERVED,
        "COPY docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh\n",
        "docker-entrypoint.sh",
    ),
    _dropped(
        "the entrypoint is not made executable", SERVED, "RUN chmod +x /usr/local/bin/docker-entrypoint.sh\n", "chmod"
    ),
    _dropped("the user of the service is not made", SERVED, _USERADD, "the user svc"),
    _dropped("the variable of a WORKDIR is not set in the builder", PLACES, "ENV SOURCE=$ROOT/app\n", "SOURCE"),
    _dropped("the variable of a COPY is not set in the builder", PLACES, "ENV LISTS=/lists\n", "LISTS"),
    Mutant(
        "the argument behind a folder is not declared in the builder",
        PLACES,
        "AS builder\nARG ROOT=/srv\n",
        "AS builder\n",
        "ROOT",
    ),
    Mutant(
        "the variable of a COPY is not set in the runtime stage", PLACES, "SOURCE=$ROOT/app LISTS", "LISTS", "SOURCE"
    ),
    _moved(
        "the variable of a COPY is set below it",
        PLACES,
        "ENV LISTS=/lists\n",
        "RUN pip --python /opt/venv install -r /lists/requirements.txt\n",
        "LISTS",
    ),
)
