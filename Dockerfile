# syntax=docker/dockerfile:1
# Another base (a mirror, a hardened image): --build-arg BASE_IMAGE=registry.example/python:3.13-slim
ARG BASE_IMAGE=python:3.13-slim-bookworm

# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /build
COPY requirements.lock requirements-build.lock ./
RUN python3 -m venv /opt/badgeissuer \
 && /opt/badgeissuer/bin/pip install --require-hashes --only-binary :all: -r requirements.lock \
 && python3 -m venv /build/tools \
 && /build/tools/bin/pip install --require-hashes --only-binary :all: -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY schemas schemas
COPY migrations migrations
RUN /build/tools/bin/python -m hatchling build -t wheel \
 && /opt/badgeissuer/bin/pip install --no-deps --no-index dist/*.whl

# hadolint ignore=DL3006
FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="badgeissuer" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --system --uid 10001 --home-dir /var/lib/badgeissuer --shell /usr/sbin/nologin badgeissuer \
 && install -d -o badgeissuer -g badgeissuer -m 700 /var/lib/badgeissuer /var/lib/badgeissuer/data
COPY --from=build /opt/badgeissuer /opt/badgeissuer
ENV PATH=/opt/badgeissuer/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    BADGEISSUER_DATA_DIR=/var/lib/badgeissuer/data
USER 10001
WORKDIR /var/lib/badgeissuer
VOLUME /var/lib/badgeissuer/data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# Migrations are a step of their own (`badgeissuer migrate`), run once before the new version starts.
ENTRYPOINT ["badgeissuer"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
