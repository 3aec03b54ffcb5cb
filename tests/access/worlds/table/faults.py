"""Every return code a write or a read can get, answers that are lost, TikTok that is slow or unreliable."""

from typing import Any

from simulator import seed
from simulator.seed import LUNE_EU, LUNE_UK, LUNE_US
from tests.access.worlds.doing import at, check, connect, connect_agency, fault, work
from tests.access.worlds.row import GREEN, Do, Row, Shown, account, blocked, pixel
from tests.tiktok import TikTokWorld

SHARE, LINK, LIST = "bc/partner/add/", "bc/pixel/link/update/", "bc/partner/asset/get/"
_DEAD, _APP = blocked("connection_dead"), blocked("app_problem", "agency")
_NOT_FOUND, _NO_ADMIN = blocked("asset_not_found"), blocked("not_bc_admin")
_OURS = Shown("approved", None, "us")
_CLEARED = (at(TikTokWorld.clear_faults),)

#: What each code of API.md 1.2 means where a write or a read gets it; what passes by itself ends verified without us.
CODES: dict[int, Shown] = {
    20001: GREEN,
    40000: _APP,
    40001: _NO_ADMIN,
    40002: _APP,
    40006: _APP,
    40007: _NOT_FOUND,
    40011: _APP,
    40016: GREEN,
    40050: GREEN,
    40100: GREEN,
    40101: _APP,
    40102: _DEAD,
    40104: _APP,
    40105: _DEAD,
    40106: _DEAD,
    40113: _APP,
    40118: _APP,
    40119: _APP,
    40132: GREEN,
    40133: GREEN,
    40200: GREEN,
    40201: GREEN,
    40202: GREEN,
    40300: _NOT_FOUND,
    40301: _NOT_FOUND,
    41000: _APP,
    50000: GREEN,
    50002: GREEN,
    51305: GREEN,
    60001: GREEN,
}
_WAYS: dict[str, dict[str, Any]] = {
    "HTTP 502": {"http_status": 502},
    "an answer that never comes": {"drop": True},
    "an answer that is lost": {"lost": True},
}


def _mend(shown: Shown) -> tuple[Do, ...]:
    if shown == GREEN:
        return ()
    return (connect(), connect_agency) if shown == _DEAD else (check,)


WRITES = (
    *(
        Row(f"{code} for a share", then=(fault(SHARE, code=code),), before=(shown,), mend=_mend(shown))
        for code, shown in CODES.items()
    ),
    *(Row(f"{name} for a share", then=(fault(SHARE, **how),)) for name, how in _WAYS.items()),
    *(
        Row(f"{code} for a share that was done all the same", then=(fault(SHARE, code=code, applied=True),))
        for code in (20001, 40001, 40002, 40007, 40050, 40100, 40113, 40202, 50000, 60001)
    ),
    Row("HTTP 504 for a share that was done", then=(fault(SHARE, http_status=504, applied=True),)),
    Row("a dead token for a share that was done", then=(fault(SHARE, code=40105, applied=True),)),
)

_READ_CODES = (
    40001, 40002, 40007, 40016, 40050, 40100, 40102, 40105, 40106, 40113, 40118, 40133, 40200, 40202, 40300, 50000,
    50002, 51305, 60001,
)  # fmt: skip

READS = (
    *(
        Row(
            f"{code} for the first looks", then=(fault(LIST, code=code, times=2),),
            before=(_DEAD if CODES[code] == _DEAD else GREEN,),  # what was not read is read again, whatever it was
            mend=_mend(CODES[code]) if CODES[code] == _DEAD else (),
        )
        for code in _READ_CODES
    ),
    *(Row(f"{name} for the first looks", then=(fault(LIST, times=2, **how),)) for name, how in _WAYS.items()),
    *(
        Row(f"{code} for every look", then=(fault(LIST, code=code, times=99),), before=(shown,), mend=_CLEARED)
        for code, shown in (
            (40001, _NO_ADMIN), (40002, _APP), (40113, _APP), (40300, _NOT_FOUND), (40100, _OURS), (50000, _OURS)
        )
    ),
    *(
        Row(f"{code} for the agency's first look", then=(fault(LIST, code=code),))
        for code in (40001, 40007, 40100, 40113, 50000)
    ),
)  # fmt: skip

_BOTH = (account(), pixel())
PIXEL_CODES = (
    *(
        Row(
            f"{code} for the link of a pixel", wanted=_BOTH, then=(fault(LINK, code=code),),
            before=(GREEN, CODES[code]), mend=_mend(CODES[code]),
        )
        for code in (20001, 40001, 40002, 40007, 40100, 40106, 40132, 40202, 50000)
    ),
    *(
        Row(f"{name} for the link of a pixel", wanted=_BOTH, then=(fault(LINK, **how),))
        for name, how in _WAYS.items()
    ),
    *(
        Row(f"{code} for the first reading of a pixel's links", wanted=_BOTH, then=(fault(path, code=code),))
        for path, code in (
            ("bc/pixel/link/get/", 40002), ("bc/pixel/link/get/", 50000), ("pixel/list/", 40100), ("pixel/list/", 51305)
        )
    ),
)  # fmt: skip

_LAGGING = at(TikTokWorld.switch, read_lag=3600)
_THREE = (account(LUNE_EU), account(LUNE_UK), account(LUNE_US))
_LATE = Shown("awaiting_partner", None, "platform")
_WITH_AGENCY = Shown("awaiting_partner", None, "agency")

SLOW = (
    Row(
        "reads that lag",
        then=(_LAGGING,), before=(_LATE,), mend=(at(TikTokWorld.switch, read_lag=0),),
    ),
    Row(
        "reads that lag, and the answer is lost",
        then=(_LAGGING, fault(SHARE, lost=True)), settle=3600,
        before=(Shown("approved", None, "us"),), mend=(at(TikTokWorld.switch, read_lag=0),),
    ),
    Row(
        "the agency has to approve",
        make=(at(TikTokWorld.switch, partner_approval=True),), before=(_WITH_AGENCY,),
        mend=(at(TikTokWorld.approve, seed.MAISON_LUNE),),
    ),
    Row(
        "the agency has to approve, three ad accounts and a pixel",
        wanted=(*_THREE, pixel()), make=(at(TikTokWorld.switch, partner_approval=True),),
        before=(_WITH_AGENCY,), mend=(at(TikTokWorld.approve, seed.MAISON_LUNE),),
    ),
    Row(
        "the agency has to approve, and cannot look",
        agency=False, make=(at(TikTokWorld.switch, partner_approval=True),),
        before=(Shown("unverifiable", None, "agency"),),
        mend=(connect_agency, work, at(TikTokWorld.approve, seed.MAISON_LUNE)),
    ),
    Row("every answer to a write is lost", wanted=(*_THREE, pixel()), then=(at(TikTokWorld.switch, lost_answers=1),)),
    Row(
        "every fifth call fails",
        wanted=(*_THREE, pixel()), then=(at(TikTokWorld.switch, flaky=0.2), work, at(TikTokWorld.switch, flaky=0)),
    ),
    Row(
        "nothing works for a while",
        wanted=_THREE, then=(at(TikTokWorld.switch, flaky=1), work, at(TikTokWorld.switch, flaky=0)),
    ),
    Row(
        "one of three is refused when alone, too",
        wanted=_THREE, then=(fault(SHARE, code=40300, times=2),),
        before=(blocked("asset_not_found"), GREEN, GREEN), mend=(check,),
    ),
    Row(
        "TikTok refuses the share as often as we try",
        then=(fault(SHARE, code=50000, times=40), work), before=(_APP,),
        mend=(at(TikTokWorld.clear_faults), check),
    ),
)  # fmt: skip
