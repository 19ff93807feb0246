# syntax=docker/dockerfile:1
# The base is a tag, not a digest: this file cannot know which digest your registry mirrors. Pin it when building:
#   docker build --build-arg PYTHON_IMAGE=python:3.13-slim-bookworm@sha256:… -t restock-gateway .
ARG PYTHON_IMAGE=python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
RUN python -m venv /app
COPY requirements/run.txt /tmp/run.txt
# Wheels only, each by its hash: nothing is compiled and nothing unpinned is fetched.
RUN /app/bin/pip install --no-cache-dir --only-binary :all: --require-hashes -r /tmp/run.txt \
 && /app/bin/pip uninstall --yes pip
# The code is copied, not built: a build backend would be one more thing to fetch and trust.
COPY gateway /app/code/gateway
COPY adapters /app/code/adapters
COPY onnx_models /app/code/onnx_models
COPY docs /app/code/gateway/docs
COPY sdk_js/README.md /app/code/gateway/docs/sdk_js/README.md
COPY sdk_py/README.md /app/code/gateway/docs/sdk_py/README.md
RUN python -m compileall -q /app/code /app/lib

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin restock \
 && install -d -o restock -g restock -m 0700 /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH \
    PYTHONPATH=/app/code \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    GATEWAY_DATABASE_URL=sqlite:////data/restock.db \
    GATEWAY_DATA_DIR=/data/keys
USER 10001
# Only /data is written to: run with --read-only --cap-drop ALL --security-opt no-new-privileges.
VOLUME /data
WORKDIR /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/livez', timeout=2).read()"]
ENTRYPOINT ["python", "-m", "gateway"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
