"""When a worker's loops last went round, and when it last made an attempt."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

#: So long a loop may be silent, and so long there may be no attempt while something is to be sent.
SILENCE = 60.0


@dataclass
class Heartbeat:
    """Of one process, in memory. `loops` must go on from the start, others from their first beat."""

    loops: tuple[str, ...] = ()
    clock: Callable[[], float] = time.monotonic
    _beats: dict[str, float] = field(default_factory=dict)
    _attempt: float = 0.0

    def __post_init__(self) -> None:
        self._attempt = self.clock()
        self._beats = dict.fromkeys(self.loops, self._attempt)

    def beat(self, loop: str) -> None:
        """A loop went round, with or without work."""
        self._beats[loop] = self.clock()

    def attempt(self) -> None:
        """An attempt was made, whatever came of it."""
        self._attempt = self.clock()

    def stopped(self) -> list[str]:
        """Loops that have been silent for too long."""
        return [loop for loop, at in self._beats.items() if self.clock() - at > SILENCE]

    def is_quiet(self) -> bool:
        """True if there was no attempt for so long that somebody should look whether anything is to be sent."""
        return self.clock() - self._attempt > SILENCE
