"""Demos as processes: what one leaves for other commands while it runs, and two at once."""

import re
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from demo import start


def test_a_shell_reads_the_settings_of_a_demo_and_nobody_else_does(tmp_path: Path) -> None:
    place = start.env_file(tmp_path)
    for keys in ("old", "1:a+b/c= d'e$HOME"):
        start.write_env(place, {"KEYTURN_SECRET_KEYS": keys})
    shown = subprocess.run(
        ["/bin/sh", "-c", '. "$0"; printf %s "$KEYTURN_SECRET_KEYS"', str(place)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout == "1:a+b/c= d'e$HOME"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


@contextmanager
def demo(port: int) -> Iterator[subprocess.Popen[str]]:
    """A demo that is starting in a folder of its own, with the port it wishes for."""
    with tempfile.TemporaryDirectory(prefix="keyturn-demo-") as folder:
        arguments = [sys.executable, "-m", "app.cli", "demo", "--port", str(port), "--data-dir", folder]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            try:
                yield process
            finally:
                process.terminate()
                process.communicate()


def shown(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Address and API key that a demo prints when it is up."""
    lines = []
    for line in process.stdout or ():
        lines.append(line)
        if "Ctrl-C" in line:
            break
    found = re.search(r"API +(http://\S+?)/api/v1/openapi.json", "".join(lines))
    key = re.search(r"API key +(kt_live_\S+)", "".join(lines))
    assert found is not None, "".join(lines)
    assert key is not None, "".join(lines)
    return found[1], key[1]


def test_two_demos_started_at_once_with_one_port_have_nothing_of_each_others() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with demo(port) as first, demo(port) as second:
        (one, its_key), (other, others_key) = shown(first), shown(second)
        assert one != other
        for address, key, status in (
            (one, its_key, 200), (other, others_key, 200), (one, others_key, 401), (other, its_key, 401),
        ):  # fmt: skip
            headers = {"Authorization": f"Bearer {key}"}
            answer = httpx2.get(f"{address}/api/v1/me", headers=headers, trust_env=False, timeout=60)
            assert answer.status_code == status, (address, answer.text)
