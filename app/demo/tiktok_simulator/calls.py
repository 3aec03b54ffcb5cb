"""The log of API calls the simulator answered, and the counts tests ask about."""

from collections import Counter, deque
from dataclasses import dataclass

from app.demo.tiktok_simulator.sharing import ShareOutcome

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


class CallLog:
    """Calls in the order of their arrival at an answer, newest kept; the counters cover all."""

    def __init__(self) -> None:
        self.calls: deque[RecordedCall] = deque(maxlen=KEPT_CALLS)
        self.by_path: Counter[str] = Counter()
        self.shares = 0
        self.second_shares = 0
        self.max_calls_in_one_second = 0
        self._this_second: dict[str | None, tuple[int, int]] = {}

    def arrive(self, app_id: str | None, at: float) -> int:
        """Count a call of an app; says which number it has in its calendar second, from 1."""
        second, count = self._this_second.get(app_id, (0, 0))
        count = count + 1 if second == int(at) else 1
        self._this_second[app_id] = (int(at), count)
        self.max_calls_in_one_second = max(self.max_calls_in_one_second, count)
        return count

    def record(self, call: RecordedCall) -> None:
        self.calls.append(call)
        self.by_path[call.path] += 1

    def count_shares(self, outcome: ShareOutcome) -> None:
        self.shares += outcome.new
        self.second_shares += outcome.again
