# The command pydock, for machines without Python: docker run --rm -v "$PWD:/work" pydock check
# It ends when it has answered: nobody asks for its health, it starts no browser and writes no log.
# pydock: ignore-file[PYD402, PYD406, PYD410]
FROM python:3.13.15-slim-trixie AS builder
RUN python -m venv --without-pip /opt/venv
WORKDIR /src
COPY requirements-image.txt ./
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv install --require-hashes -r requirements-image.txt
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv install --no-deps .

FROM python:3.13.15-slim-trixie
# --as-of git asks for the last change of the requirements
RUN apt-get update \
    && apt-get install -y --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home pydock
ENV PATH="/opt/venv/bin:$PATH" \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC
COPY --from=builder /opt/venv /opt/venv
WORKDIR /work
USER 10001
ENTRYPOINT ["pydock"]
CMD ["check"]
