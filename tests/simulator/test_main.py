"""The simulator as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest

from simulator import seed
from simulator.__main__ import main

MODULE = "simulator"


def test_it_serves_as_told_and_stops_cleanly() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", MODULE, "--port", port, "--simulate", "read-lag=3,qps=5"]
    command += ["--redirect-uri", "https://a.example/", "--redirect-uri", "https://b.example/"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ}
    ) as process:
        switches = _when_up(f"{address}/simulator/switches").json()
        apps = httpx2.get(f"{address}/simulator/world").json()["apps"]
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert (switches["read_lag"], switches["qps"]) == (3, 5)
    assert [app["redirect_uris"] for app in apps] == [["https://a.example/", "https://b.example/"]] * 4
    assert f"TIKTOK_API_BASE={address}/open_api/v1.3" in said
    assert seed.FULL_APP in said
    assert "Traceback" not in said


def test_wrong_switches_stop_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--simulate", "speed=3"])
    assert stopped.value.code == 2
    assert "there is no switch 'speed'; there are partner-approval" in capsys.readouterr().err


def _when_up(address: str) -> httpx2.Response:
    deadline = time.monotonic() + 20
    while True:
        try:
            return httpx2.get(address)
        except httpx2.ConnectError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
