"""Supervision of an installation's processes: a process that ends is restarted after a growing pause."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.kit.child_processes import ChildFailed, how

#: After this uptime a part is stable: earlier failures no longer count.
STEADY_SECONDS = 20.0
#: Failures in a row, without becoming stable, after which supervision gives up.
MOST_DEATHS = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


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


def pause(deaths: int) -> float:
    """Seconds to wait before a part is restarted after this many failures in a row."""
    return float(min(_FIRST_PAUSE * 2 ** (deaths - 1), _LONGEST_PAUSE))


def look(parts: Sequence[Part], say: Callable[[str], None], failures: tuple[type[Exception], ...] = ()) -> None:
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
    wait = pause(part.deaths)
    part.again_at = now + wait
    say(f"{part.name} {words}: it is started again in {wait:.1f} s")
