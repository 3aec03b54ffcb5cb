"""Serving the web application: `python -m app.web --host … --port …`, as `keyturn web` does it."""

import argparse

import uvicorn

from app.kit import children


def serve(host: str, port: int) -> None:
    """Until SIGTERM or SIGINT; requests under way get ten seconds."""
    uvicorn.run(
        "app.main:create_app", factory=True, host=host, port=port, access_log=False, log_config=None,
        proxy_headers=True, server_header=False, timeout_graceful_shutdown=10, headers=children.own_headers(),
    )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    serve(given.host, given.port)
