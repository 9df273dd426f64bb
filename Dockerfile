# Stage 1: the locked dependencies and the wheel, into a virtual environment.
FROM python:3.13-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY config/requirements.lock config/requirements-build.lock config/
RUN pip install --require-hashes --only-binary :all: -r config/requirements-build.lock \
    && python -m venv --without-pip /app/venv \
    && pip --python /app/venv/bin/python install --require-hashes --only-binary :all: -r config/requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY node node
COPY http http
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && pip --python /app/venv/bin/python install --no-deps --no-index /wheels/*.whl \
    && /app/venv/bin/python -m compileall -q /app/venv/lib

# Stage 2: no compiler, no pip of its own, no source tree, no root.
FROM python:3.13-slim
RUN groupadd --gid 10001 radnode \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /app --shell /usr/sbin/nologin radnode \
    && install -d -m 0750 -o 10001 -g 10001 /app/dicom_storage
COPY --from=build /app/venv /app/venv
COPY config/docker.toml /app/config/docker.toml
ENV PATH=/app/venv/bin:$PATH PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER 10001:10001
VOLUME /app/dicom_storage
EXPOSE 11112 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["radnode"]
CMD ["serve", "--config", "/app/config/docker.toml"]
