"""The switches that make the simulated platform slow, strict or unreliable, and their command-line form."""

import math
from dataclasses import dataclass


class WrongSwitch(ValueError):
    """A switch that does not exist, or a value it cannot have; the text says which."""


@dataclass(frozen=True)
class Switches:
    """Behaviour switches of the simulator. The default is a platform without faults.

    partner_approval: a first partnership shows on the receiving side only when that side approves it.
    read_lag: seconds by which reads of partners and shares are behind.
    qps: calls per calendar second and app before 40100, None for no limit.
    flaky: share of all calls that fail before doing anything.
    lost_answers: share of writes that are done but never answered.
    reauthorize: ad accounts that came to a person after consent stay out of the token's reach.
    pixel_links_denied: reads of a pixel's links are refused, to admins too.
    strangers_refused: lists of shares with a Business Center that is no partner are refused instead of empty.
    """

    partner_approval: bool = False
    read_lag: float = 0.0
    qps: int | None = None
    flaky: float = 0.0
    lost_answers: float = 0.0
    reauthorize: bool = False
    pixel_links_denied: bool = False
    strangers_refused: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.read_lag < math.inf:
            raise WrongSwitch("read-lag is a number of seconds, 0 or more")
        if self.qps is not None and self.qps < 1:
            raise WrongSwitch("qps is a whole number of calls, 1 or more")
        for name, share in (("flaky", self.flaky), ("lost-answers", self.lost_answers)):
            if not 0 <= share <= 1:
                raise WrongSwitch(f"{name} is a probability between 0 and 1")


NAMES = (
    "partner-approval", "read-lag", "qps", "flaky", "lost-answers", "reauthorize", "pixel-links-denied",
    "strangers-refused",
)  # fmt: skip


def parse_switches(text: str) -> Switches:
    """Read `partner-approval,read-lag=3,qps=5,flaky=0.2,lost-answers=0.2`; empty text means the defaults."""
    given: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        if name not in NAMES:
            raise WrongSwitch(f"there is no switch {name!r}; there are {', '.join(NAMES)}")
        given[name] = value
    return Switches(
        partner_approval=_flag("partner-approval", given),
        read_lag=_number("read-lag", given),
        qps=_count("qps", given),
        flaky=_number("flaky", given),
        lost_answers=_number("lost-answers", given),
        reauthorize=_flag("reauthorize", given),
        pixel_links_denied=_flag("pixel-links-denied", given),
        strangers_refused=_flag("strangers-refused", given),
    )


def _flag(name: str, given: dict[str, str]) -> bool:
    value = given.get(name, "off")
    if value not in ("", "on", "off"):
        raise WrongSwitch(f"{name} is on or off, not {value!r}")
    return value != "off"


def _number(name: str, given: dict[str, str]) -> float:
    value = given.get(name, "0")
    try:
        return float(value)
    except ValueError:
        raise WrongSwitch(f"{name} needs a number, as in {name}=0.5, not {value!r}") from None


def _count(name: str, given: dict[str, str]) -> int | None:
    if name not in given:
        return None
    try:
        return int(given[name])
    except ValueError:
        raise WrongSwitch(f"{name} needs a whole number, as in {name}=5, not {given[name]!r}") from None
