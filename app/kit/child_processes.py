"""Child processes that end with their parent, and their supervision.

A supervised process that ends is restarted after a growing pause.
"""

import ctypes
import errno
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

#: The header that identifies a child, and the environment variable that tells the child its value.
INSTANCE, ENVIRONMENT = "Process-Instance", "PROCESS_INSTANCE"
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
#: After this uptime a part is stable: earlier failures no longer count.
STEADY_SECONDS = 20.0
#: Failures in a row, without becoming stable, after which supervision gives up.
MOST_DEATHS = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


class ChildFailed(Exception):
    """A child ended unexpectedly; the message names it and shows its last lines."""


@dataclass(frozen=True)
class Child:
    """One child process. `log` is its log file; None: the parent's standard error."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path | None = None
    #: expected value of the header INSTANCE; None: not checked
    instance: str | None = None

    def check(self) -> None:
        """Raise ChildFailed if it has ended."""
        if self.process.poll() is not None:
            raise ChildFailed(f"{self.name} ended ({how(self.process.returncode)}).{self._last_lines()}")

    def _last_lines(self) -> str:
        if self.log is None or not self.log.exists():
            return ""
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return f" Its last lines ({self.log}):\n" + "\n".join(lines)


def start(name: str, arguments: Sequence[str], *, env: Mapping[str, str], log: Path | None = None) -> Child:
    """Start a child that the kernel ends when the parent dies. Call from the main thread: the kernel watches the
    thread.
    """
    parent, instance = os.getpid(), secrets.token_hex(8)

    def end_with_parent() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:  # the parent died before the request
                os._exit(1)

    with open(log, "ab") if log else open(os.dup(2), "ab") as lines:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            list(arguments), env={**env, ENVIRONMENT: instance}, stdin=subprocess.DEVNULL, stdout=lines, stderr=lines,
            preexec_fn=end_with_parent, start_new_session=True,
        )  # fmt: skip
    return Child(name, process, log, instance)


def stop(children: Sequence[Child], *, seconds: float = 10.0) -> None:
    """Stop all children, last started first, and kill those that do not end within `seconds`."""
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


def how(status: int) -> str:
    """Signal name or exit status of an ended process."""
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"


def own_headers() -> list[tuple[str, str]]:
    """Headers that identify a child that serves HTTP; none for other processes."""
    instance = os.environ.get(ENVIRONMENT)
    return [(INSTANCE, instance)] if instance else []


def wait_for(child: Child, address: str, *, seconds: float = 60.0) -> None:
    """Wait until the child itself responds at the address. Raises ChildFailed if it ends or takes too long."""
    deadline = time.monotonic() + seconds
    with httpx2.Client(timeout=2, trust_env=False, headers={"Connection": "close"}) as client:
        while time.monotonic() < deadline:
            child.check()
            try:
                answer = client.get(address)
                if answer.status_code == 200 and child.instance in (None, answer.headers.get(INSTANCE)):
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.05)
    raise ChildFailed(f"{child.name} did not answer at {address} within {seconds:.0f} s.{child._last_lines()}")


def why_not(host: str, port: int) -> str | None:
    """Reason why a server cannot listen at this address; None if it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                return f"Port {port} is taken: stop the process that listens there, or choose another with --port."
            if problem.errno in (errno.EACCES, errno.EPERM):
                return f"This account may not listen on port {port}: choose one above 1023 with --port."
            return f"--host {host} is not an address of this machine: choose 127.0.0.1, or 0.0.0.0 for all of them."
    return None


def is_localhost(address: str, port: int) -> bool:
    """True if the name `localhost` leads to this address, and to no other program that listens at another one."""
    try:
        known = {str(each[4][0]) for each in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)}
    except OSError:
        return False
    others = {*known, "127.0.0.1", "::1"} - {address}  # browsers try both, whatever the machine knows
    return address in known and not any(_listens(each, port) for each in others)


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def port(wanted: int) -> int:
    """The wanted local port if it is free, else any free one. 0 requests any.

    The port is reserved until this process ends, before anything listens on it: another Keyturn process that starts at
    the same moment gets a different one.
    """
    for candidate in (wanted, *[0] * 20):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
        if _reserve(found):
            return found
    raise ChildFailed("This machine has no free port.")


def _reserve(port: int) -> bool:
    """Reserve a port among Keyturn's processes (Linux only); the kernel releases it when this process ends."""
    if sys.platform != "linux":
        return True
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0keyturn-port-{port}")
    except OSError:
        name.close()
        return False
    name.detach()  # stays open as long as this process
    return True


@dataclass
class Part:
    """A process of the installation. `start` may raise; `status` is None while it runs, else the way it ended."""

    name: str
    start: Callable[[], None]
    status: Callable[[], int | None]
    #: the log that explains a failure
    see: str = "the lines above"
    deaths: int = 0
    started_at: float = field(default_factory=time.monotonic)
    again_at: float | None = None


def restart_pause(deaths: int) -> float:
    """Seconds to wait before a part is restarted after this many failures in a row."""
    return float(min(_FIRST_PAUSE * 2 ** (deaths - 1), _LONGEST_PAUSE))


def check_parts(parts: Sequence[Part], say: Callable[[str], None], failures: tuple[type[Exception], ...] = ()) -> None:
    """Check every part once; call repeatedly. Raises ChildFailed if one keeps failing.

    `failures` are the exceptions of `start`: each counts as a failure.
    """
    for part in parts:
        if part.again_at is None:
            if (status := part.status()) is not None:
                _died(part, f"ended ({how(status)})", say)
        elif time.monotonic() >= part.again_at:
            try:
                part.start()
            except failures as problem:
                _died(part, f"did not start ({str(problem).splitlines()[0]})", say)
            else:
                part.again_at, part.started_at = None, time.monotonic()


def _died(part: Part, words: str, say: Callable[[str], None]) -> None:
    now = time.monotonic()
    was_steady = part.again_at is None and now - part.started_at >= STEADY_SECONDS
    part.deaths = 1 if was_steady else part.deaths + 1
    if part.deaths >= MOST_DEATHS:
        raise ChildFailed(f"{part.name} {words}, {part.deaths} times in a row: see {part.see} for the reason.")
    wait = restart_pause(part.deaths)
    part.again_at = now + wait
    say(f"{part.name} {words}: it is started again in {wait:.1f} s")
