"""Processes forked from one that has loaded most modules: `python -m` takes two seconds, which is most of many tests.

Each is a process of its own from then on, with its own environment, and is really killed.
"""

import asyncio
import gc
import importlib
import json
import os
import runpy
import select
import signal
import sys
import tempfile
import traceback
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOADED = ("app.tables", "app.assembly", "app.access.context", "app.mail.service", "app.cli.main", "uvloop")
#: Holds the number of the process it is loaded in.
NOT_LOADED = "app.webhooks.context"


class Forked:
    """A process, as `asyncio.subprocess.Process`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.ended = asyncio.Event()

    async def wait(self) -> int:
        """Its exit code, negative for a signal."""
        await self.ended.wait()
        assert self.returncode is not None
        return self.returncode

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)


class Forks:
    """Starts processes like `python -m module arguments`, without an input."""

    def __init__(self, parent: asyncio.subprocess.Process) -> None:
        self._parent = parent
        self._one = asyncio.Lock()
        self._started: asyncio.Queue[Forked] = asyncio.Queue()
        self._running: dict[int, Forked] = {}

    async def start(self, module: str, *arguments: str, env: Mapping[str, str], output: str = os.devnull) -> Forked:
        """Start a module in a forked process; its output goes to the file `output`."""
        order = {"module": module, "arguments": arguments, "env": dict(env), "output": output}
        async with self._one:
            assert self._parent.stdin
            self._parent.stdin.write(json.dumps(order).encode() + b"\n")
            return await self._started.get()

    async def run(self, module: str, *arguments: str, env: Mapping[str, str]) -> tuple[int, str]:
        """Its exit code, and all that it wrote."""
        with tempfile.NamedTemporaryFile() as written:
            started = await self.start(module, *arguments, env=env, output=written.name)
            return await started.wait(), written.read().decode()

    async def listen(self) -> None:
        """Hear of starts and ends, until the parent ends."""
        assert self._parent.stdout
        async for line in self._parent.stdout:
            pid, status = json.loads(line)
            if status is None:
                self._running[pid] = Forked(pid)
                self._started.put_nowait(self._running[pid])
            else:
                ended = self._running.pop(pid)
                ended.returncode = os.waitstatus_to_exitcode(status)
                ended.ended.set()


@asynccontextmanager
async def forks() -> AsyncIterator[Forks]:
    """The parent of forked processes, ended at exit. Each process is ended by the test that started it."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "tests.forked")
    parent = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
    made = Forks(parent)
    listening = asyncio.create_task(made.listen())
    try:
        yield made
    finally:
        assert parent.stdin
        parent.stdin.close()
        await parent.wait()
        await listening


def serve() -> None:
    """Fork a process for each line of standard input; write [pid, null] when it started, [pid, status] at its end."""
    for name in LOADED:
        importlib.import_module(name)
    assert NOT_LOADED not in sys.modules
    gc.collect()
    gc.freeze()
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    orders = b""
    while True:
        ready, _, _ = select.select([0, ended], [], [])
        if 0 in ready:
            orders += (read := os.read(0, 65536))
            if not read:
                return
            *whole, orders = orders.split(b"\n")
            for order in whole:
                if (pid := os.fork()) == 0:
                    _become(**json.loads(order))
                _say(pid, None)
        if ended in ready:
            os.read(ended, 4096)
            _reap()


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _say(pid, status)


def _say(pid: int, status: int | None) -> None:
    os.write(1, json.dumps([pid, status]).encode() + b"\n")


def _become(module: str, arguments: list[str], env: dict[str, str], output: str) -> None:
    """Be this program from now on, and end with it."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(env)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.closerange(3, 256)
    sys.argv = [module, *arguments]
    code: Any = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    serve()
