"""Starts the inbox by itself: `python -m demo.inbox --port 8002`."""

import argparse
import os

import uvicorn

from app.kit import child_processes
from demo.inbox.app import create_inbox

SECRET = "KEYTURN_DEMO_INBOX_SECRET"  # noqa: S105 - the name of a variable


def main() -> None:
    """Serves until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8002)
    parser.add_argument("--mail-port", type=int)
    given = parser.parse_args()
    uvicorn.run(
        create_inbox(os.environ[SECRET], given.mail_port), host="127.0.0.1", port=given.port, log_level="warning",
        headers=child_processes.own_headers(),
    )  # fmt: skip


if __name__ == "__main__":
    main()
