"""Child processes that never outlive us, and that are watched while they run."""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx2

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ChildFailed(Exception):
    """A child ended although it should run; the message says which and shows its last lines."""


@dataclass(frozen=True)
class Child:
    """One process of ours. `log` is the file its lines go to; None: to our own standard error."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None = None

    def check(self) -> None:
        """Raises ChildFailed when it has ended."""
        if self.process.poll() is not None:
            raise ChildFailed(f"{self.name} ended with status {self.process.returncode}.{self._last_lines()}")

    def _last_lines(self) -> str:
        if self.log is None or not self.log.exists():
            return ""
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return f" Its last lines ({self.log}):\n" + "\n".join(lines)


def start(name: str, arguments: Sequence[str], *, env: Mapping[str, str], log: Path | None = None) -> Child:
    """Starts a child that the kernel ends when we die. Call from the main thread: the kernel watches the thread."""
    parent = os.getpid()

    def end_with_parent() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)

    with open(log, "ab") if log else open(os.dup(2), "ab") as lines:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            list(arguments), env=dict(env), stdin=subprocess.DEVNULL, stdout=lines, stderr=lines,
            preexec_fn=end_with_parent, start_new_session=True,
        )  # fmt: skip
    return Child(name, process, log)


def stop(children: Sequence[Child], *, seconds: float = 10.0) -> None:
    """Asks all to end, last started first, and kills those that do not within `seconds`."""
    for child in reversed(children):
        if child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + seconds
    for child in reversed(children):
        try:
            child.process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()


def wait_for(child: Child, address: str, *, seconds: float = 60.0) -> None:
    """Until the child answers at the address. Raises ChildFailed when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        child.check()
        try:
            if httpx2.get(address, timeout=2, trust_env=False).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise ChildFailed(f"{child.name} did not answer at {address} within {seconds:.0f} s.{child._last_lines()}")


def is_taken(host: str, port: int) -> bool:
    """Whether something listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:  # anything else is for the server to say
            return problem.errno == errno.EADDRINUSE
    return False


def port(wanted: int) -> int:
    """The wanted port of this machine if it is free, else any free one. 0 asks for any."""
    for candidate in (wanted, 0):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ChildFailed("This machine has no free port.")
