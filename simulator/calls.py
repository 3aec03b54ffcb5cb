"""The log of API calls the simulator answered, and the counts tests ask about."""

from collections import Counter, deque
from dataclasses import dataclass, field

from simulator.sharing import ShareOutcome

KEPT_CALLS = 10_000


@dataclass(frozen=True)
class RecordedCall:
    """One call: `at` in epoch seconds, `code` None without an envelope, `outcome` as the caller saw it."""

    path: str
    method: str
    at: float
    app_id: str | None
    person_id: str | None
    code: int | None
    outcome: str
    request_id: str


@dataclass
class Pace:
    """Call rate of one app."""

    calls: int = 0
    max_in_one_second: int = 0
    max_in_any_second: int = 0
    _second: tuple[int, int] = (0, 0)
    _latest: deque[float] = field(default_factory=deque)

    def arrive(self, at: float) -> int:
        """Count a call; says which number it has in its calendar second, from 1."""
        second, count = self._second
        count = count + 1 if second == int(at) else 1
        self._second = (int(at), count)
        self._latest.append(at)
        while self._latest[0] <= at - 1:
            self._latest.popleft()
        self.calls += 1
        self.max_in_one_second = max(self.max_in_one_second, count)
        self.max_in_any_second = max(self.max_in_any_second, len(self._latest))
        return count


class CallLog:
    """Calls in the order of their arrival at an answer, newest kept; the counters cover all."""

    def __init__(self) -> None:
        self.calls: deque[RecordedCall] = deque(maxlen=KEPT_CALLS)
        self.by_path: Counter[str] = Counter()
        self.paces: dict[str | None, Pace] = {}
        self.shares = 0
        self.second_shares = 0

    @property
    def max_calls_in_one_second(self) -> int:
        """Of one app in a calendar second, which is how TikTok counts."""
        return max((pace.max_in_one_second for pace in self.paces.values()), default=0)

    @property
    def max_calls_in_any_second(self) -> int:
        """Of one app within less than a second, wherever it begins."""
        return max((pace.max_in_any_second for pace in self.paces.values()), default=0)

    def arrive(self, app_id: str | None, at: float) -> int:
        """Count a call of an app; says which number it has in its calendar second, from 1."""
        return self.paces.setdefault(app_id, Pace()).arrive(at)

    def record(self, call: RecordedCall) -> None:
        self.calls.append(call)
        self.by_path[call.path] += 1

    def count_shares(self, outcome: ShareOutcome) -> None:
        self.shares += outcome.new
        self.second_shares += outcome.again
