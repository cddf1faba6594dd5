"""Good results of a rewrite, written by hand: what the laws let pass, and what mutants and deletions are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydock.build import Build, walk
from pydock.context import Tree
from pydock.project import Project


@dataclass(frozen=True)
class Service:
    """A Dockerfile and the files around it."""

    name: str
    text: str
    files: Mapping[str, str] = field(default_factory=dict)

    def project(self, text: str | None = None) -> Project:
        return Project(Tree.of({"Dockerfile": self.text if text is None else text, **self.files}))

    def build(self, text: str | None = None) -> Build:
        return walk(self.project(text))


SHOP = Service(
    "shop",
    """\
FROM python:3.12.4-slim-bookworm AS builder
ARG LIST=prod
RUN apt-get update \\
    && apt-get install -y --no-install-recommends gcc libpq-dev libc6-dev \\
    && rm -rf /var/lib/apt/lists/*
RUN python -m venv --without-pip /opt/venv
WORKDIR /build
COPY requirements/${LIST}.txt requirements/
COPY pip.conf /etc/pip.conf
RUN pip --python /opt/venv install -r requirements/${LIST}.txt
RUN pip --python /opt/venv install gunicorn==22.0

FROM python:3.12.4-slim-bookworm
RUN apt-get update
RUN apt-get install -y --no-install-recommends ca-certificates curl gnupg
RUN curl -fsSL https://deb.example.org/key.asc -o /usr/share/keyrings/example.asc
COPY example.list /etc/apt/sources.list.d/example.list
RUN apt-get update
RUN apt-get install -y --no-install-recommends example-agent ffmpeg libpq5 cron \\
    && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home app
ENV PATH=/opt/venv/bin:$PATH
ENV SHOP_SETTINGS=/app/config.yaml
COPY --from=builder /opt/venv /opt/venv
WORKDIR /app
COPY config.yaml ./
COPY cron/shop /etc/cron.d/shop
COPY --chmod=755 bin/ bin/
COPY shop/ shop/
COPY manage.py healthcheck.py ./
RUN cd shop/static && sh compress.sh
RUN python manage.py collectstatic --noinput
RUN mkdir -p /app/media && chown app:app /app/media
USER app
HEALTHCHECK CMD ["python", "/app/healthcheck.py"]
CMD ["gunicorn", "shop.wsgi"]
""",
    {
        "requirements/prod.txt": "django==5.0\npsycopg2==2.9.9\n",
        "pip.conf": "[global]\nindex-url = https://packages.example.org/simple\n",
        "example.list": "deb [signed-by=/usr/share/keyrings/example.asc] https://deb.example.org stable main\n",
        "config.yaml": "debug: false\n",
        "cron/shop": "0 3 * * * app python /app/manage.py clearsessions\n",
        "bin/worker.sh": "#!/bin/bash\nexec python manage.py worker\n",
        "shop/__init__.py": "",
        "shop/wsgi.py": "application = None\n",
        "shop/video.py": "import subprocess\n\nsubprocess.run(['ffmpeg', '-version'], check=True)\n",
        "shop/static/compress.sh": "#!/bin/sh\ngzip -k *.css\n",
        "shop/static/site.css": "body { margin: 0 }\n",
        "manage.py": "print('manage')\n",
        "healthcheck.py": "print('ok')\n",
        "compose.yaml": (
            "services:\n  web:\n    build: .\n  worker:\n    build: .\n    command: bash /app/bin/worker.sh\n"
        ),
    },
)

TOOL = Service(
    "one stage that compiles a tool",
    """\
FROM python:3.11.9-slim-bookworm
RUN apt-get update \\
    && apt-get install -y --no-install-recommends git make gcc libc6-dev \\
    && rm -rf /var/lib/apt/lists/*
RUN git clone --depth 1 https://git.example.org/geo.git /src/geo
RUN make -C /src/geo install
ARG MODE=fast
ENV GEO_MODE=$MODE
WORKDIR /srv
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY scripts/prepare.sh scripts/
RUN sh scripts/prepare.sh $MODE
COPY app.py ./
CMD ["python", "app.py"]
""",
    {
        "requirements.txt": "flask==3.0\n",
        "scripts/prepare.sh": "#!/bin/sh\nmkdir -p /srv/data\ntouch /srv/data/$1.db\n",
        "app.py": "import flask\n",
    },
)

SERVED = Service(
    "a package with uv",
    """\
FROM python:3.12.4-slim-bookworm AS builder
COPY --from=ghcr.io/astral-sh/uv:0.4.0 /uv /bin/uv
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --no-install-project
COPY src/ src/
RUN uv sync --locked --no-dev

FROM python:3.12.4-slim-bookworm
WORKDIR /app
COPY --from=builder /app /app
ENV PATH=/app/.venv/bin:$PATH
RUN groupadd --gid 999 svc && useradd --uid 999 --gid svc --home-dir /app svc
COPY docker-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
RUN chmod +x /usr/local/bin/docker-entrypoint.sh
USER svc
EXPOSE 8000
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["uvicorn", "quotes.main:app", "--host", "0.0.0.0"]
""",
    {
        "pyproject.toml": (
            '[project]\nname = "quotes"\nversion = "1.0"\nrequires-python = ">=3.12"\n'
            'dependencies = ["fastapi", "uvicorn"]\n[build-system]\nrequires = ["hatchling"]\n'
            'build-backend = "hatchling.build"\n'
        ),
        "uv.lock": (
            'version = 1\nrequires-python = ">=3.12"\n\n[[package]]\nname = "fastapi"\nversion = "0.111"\n\n'
            '[[package]]\nname = "uvicorn"\nversion = "0.30"\n\n[[package]]\nname = "quotes"\nversion = "1.0"\n'
            'source = { editable = "." }\ndependencies = [{ name = "fastapi" }, { name = "uvicorn" }]\n'
        ),
        "src/quotes/__init__.py": "",
        "src/quotes/main.py": "app = None\n",
        "docker-entrypoint.sh": '#!/bin/sh\nset -e\nexec "$@"\n',
    },
)
PLACES = Service(
    "folders that variables name",
    """\
FROM python:3.12.4-slim-bookworm AS builder
ARG ROOT=/srv
ENV SOURCE=$ROOT/app
ENV LISTS=/lists
RUN python -m venv --without-pip /opt/venv
WORKDIR $SOURCE
COPY requirements.txt ${LISTS}/requirements.txt
RUN pip --python /opt/venv install -r /lists/requirements.txt

FROM python:3.12.4-slim-bookworm
ARG ROOT=/srv
ENV SOURCE=$ROOT/app LISTS=/lists PATH=/opt/venv/bin:$PATH
WORKDIR $SOURCE
COPY --from=builder /opt/venv /opt/venv
COPY requirements.txt ${LISTS}/requirements.txt
COPY app.py $SOURCE/
CMD ["python", "app.py"]
""",
    {"requirements.txt": "flask==3.0\n", "app.py": "import flask\n"},
)
SERVICES = (SHOP, TOOL, SERVED, PLACES)
