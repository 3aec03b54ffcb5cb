"""Serving the web application: `python -m app.web --host … --port …`, as `keyturn web` does it."""

import argparse
import asyncio

import uvicorn

from app import settings
from app.kit import child_processes, database
from app.kit.web import http_server


def serve(host: str, port: int) -> None:
    """Until SIGTERM or SIGINT; requests under way get ten seconds."""
    asyncio.run(database.see_pooler(settings.load().database_url))
    uvicorn.run(
        "app.main:create_app", factory=True, host=host, port=port, timeout_graceful_shutdown=10,
        headers=child_processes.own_headers(), **http_server.server_options(http_server.process_limits()),
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    serve(given.host, given.port)
