"""Deliberate faults: scripted ones, consumed in order, and the random ones of the switches."""

from dataclasses import dataclass
from random import Random

PREFIX = "/open_api/v1.3/"
ANY_PATH = "*"


@dataclass(frozen=True)
class Fault:
    """A fault of the next call of a path: after `delay` seconds, in one of the other ways, or only late.

    code: this return code in an envelope, `message` with it.
    http_status: this status with a page that is not JSON.
    drop: the connection ends before anything is done.
    lost: everything is done, then the connection ends without an answer.
    applied: everything is done, then `code` or `http_status` is answered all the same.

    A `code` of 0 is the answer of success to a call that does nothing; `data` is what stands in the answer.
    `person`: it strikes only calls with a token of this person. `times` None: it strikes until it is cleared.
    """

    path: str = ANY_PATH
    code: int | None = None
    message: str | None = None
    data: object = None
    http_status: int | None = None
    drop: bool = False
    lost: bool = False
    applied: bool = False
    delay: float = 0.0
    person: str | None = None
    times: int | None = 1

    @property
    def lets_work(self) -> bool:
        """True if the call does what it asks for before this fault shows, if it shows at all."""
        return not self.drop and self.code is None and self.http_status is None

    @property
    def outcome(self) -> str:
        """The fault as the caller sees it, in a word."""
        if self.http_status is not None:
            return f"http {self.http_status}"
        return "dropped" if self.drop else "lost" if self.lost else "answered"

    def fits(self, path: str, person: str | None = None) -> bool:
        """True if the fault applies to a call of this path with a token of this person."""
        if self.person is not None and self.person != person:
            return False
        return self.path == ANY_PATH or self.path.removeprefix(PREFIX).strip("/") == path.strip("/")


class Script:
    """The faults still to come. The first that fits a call is the one it gets."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int | None]] = []

    def add(self, fault: Fault) -> None:
        self._waiting.append((fault, fault.times))

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, path: str, person: str | None = None) -> Fault | None:
        """The fault of a call; one that has a number of times is used up by that many."""
        for index, (fault, left) in enumerate(self._waiting):
            if fault.fits(path, person):
                if left is not None and left > 1:
                    self._waiting[index] = (fault, left - 1)
                elif left is not None:
                    del self._waiting[index]
                return fault
        return None

    def waiting(self) -> list[tuple[Fault, int | None]]:
        """Every fault not used up, with how often it still strikes."""
        return list(self._waiting)


FLAKY = (
    Fault(code=50000),
    Fault(code=50002),
    Fault(code=51305),
    Fault(http_status=502),
    Fault(drop=True),
)
"""What the switch `flaky` draws from. All of them strike before anything is done."""


def draw(random: Random, probability: float) -> Fault | None:
    return random.choice(FLAKY) if random.random() < probability else None
