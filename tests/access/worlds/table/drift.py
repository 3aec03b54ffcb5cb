"""What changes behind our back, with and without somebody's token to see it; and agencies that cannot look."""

from simulator import seed
from simulator.seed import LUNE_EU, LUNE_UK, MAISON_LUNE
from tests.access.worlds.doing import (
    at,
    attest,
    check,
    connect,
    connect_agency,
    fault,
    forget_client,
    reduce,
    switch_lane,
    work,
)
from tests.access.worlds.row import BY_HAND, GREEN, Row, Shown, account, blocked, drifted
from tests.tiktok import TikTokWorld

_WITHDRAWN = at(TikTokWorld.withdraw, seed.NORA_NORTH)
_SHARED = at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU)
_REMOVED = at(TikTokWorld.unshare_by_hand, MAISON_LUNE, LUNE_EU)
_PARTED = at(TikTokWorld.part_by_hand, MAISON_LUNE)
_RAISED = at(TikTokWorld.change_role_by_hand, MAISON_LUNE, LUNE_EU, role="ADMIN")
_LOWERED = at(TikTokWorld.change_role_by_hand, MAISON_LUNE, LUNE_EU, role="ANALYST")
_AS_AGREED = at(TikTokWorld.change_role_by_hand, MAISON_LUNE, LUNE_EU, role="OPERATOR")
_PARTNERLESS = drifted("partnership_ended")
_GONE, _HIGHER, _LOWER = drifted("asset_not_shared"), drifted("role_higher_than_requested"), drifted("role_too_low")

DRIFT = (
    Row("removed behind our back", behind=(_REMOVED,), before=(_GONE,), mend=(_SHARED, check)),
    Row(
        "removed behind our back, seen by the client's token, too",
        behind=(connect(), _REMOVED), before=(_GONE,), mend=(_SHARED, check),
    ),
    Row("removed by mistake and given back within a day", behind=(_REMOVED, _SHARED)),
    Row("the partnership ended", behind=(_PARTED,), before=(_PARTNERLESS,), mend=(_SHARED, check)),
    Row(
        "the partnership ended with three ad accounts",
        wanted=(account(LUNE_EU), account(LUNE_UK)), behind=(_PARTED,), before=(_PARTNERLESS,),
        mend=(at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU, LUNE_UK), check),
    ),
    Row("raised behind our back", behind=(_RAISED,), before=(_HIGHER,), mend=(_AS_AGREED, check)),
    Row(
        "raised behind our back, and lowered by us",
        behind=(_RAISED,), before=(_HIGHER,), mend=(connect(), work, reduce),
    ),
    Row("lowered behind our back", behind=(_LOWERED,), before=(_LOWER,), mend=(_AS_AGREED, check)),
    Row(
        "lowered behind our back while the client is connected",
        behind=(connect(), _LOWERED), before=(_LOWER,), mend=(_AS_AGREED, check),
    ),
    Row(
        "of two, one removed",
        wanted=(account(LUNE_EU), account(LUNE_UK)), behind=(_REMOVED,), before=(_GONE, GREEN), mend=(_SHARED, check),
    ),
    Row("suspended after it was shared", behind=(at(TikTokWorld.change_ad_account, LUNE_EU, status="STATUS_DISABLE"),)),
    Row("one refused look changes nothing", behind=(fault("bc/partner/asset/get/", code=40001),)),
    Row("one failed look changes nothing", behind=(fault("bc/partner/asset/get/", code=50000),)),
    Row(
        "the agency's token withdrawn: what was proved stands",
        behind=(at(TikTokWorld.withdraw, seed.NORA_NORTH),), mend=(connect_agency,),
    ),
    Row(
        "removed while the agency's token is withdrawn",
        behind=(at(TikTokWorld.withdraw, seed.NORA_NORTH), _REMOVED), blind=True,
        mend=(connect_agency, work, _SHARED, check),
    ),
    Row(
        "removed while the agency cannot look, the client's token is there",
        behind=(_WITHDRAWN, connect(), _REMOVED, check), before=(_GONE,), mend=(_SHARED, check, work, connect_agency),
    ),
    Row(
        "removed while nobody can look",
        behind=(_WITHDRAWN, work, _REMOVED), blind=True, mend=(connect_agency, work, _SHARED, check),
    ),
)  # fmt: skip

_CLIENTS_WORD = Shown("unverifiable", None, "agency")
_ATTESTED = Shown("attested")

BLIND = (
    Row("connected, the agency cannot look", agency=False, before=(_CLIENTS_WORD,), mend=(connect_agency,)),
    Row(
        "by hand, nobody can look",
        lane="guided", agency=False, before=(BY_HAND,), mend=(_SHARED, check, attest, connect_agency),
    ),
    Row(
        "by hand, the client says it is done, nobody can look",
        lane="guided", agency=False, then=(_SHARED, check), before=(_CLIENTS_WORD,), mend=(connect_agency,),
    ),
    Row(
        "by hand, the agency says it works, nobody can look",
        lane="guided", agency=False, then=(_SHARED, attest), before=(_ATTESTED,), mend=(connect_agency,),
    ),
    Row(
        "by hand, the agency says so and it is not true",
        lane="guided", agency=False, then=(attest,), before=(_ATTESTED,),
        mend=(connect_agency, work, _SHARED, check),
    ),
    Row(
        "by hand, said to be done, shared with nobody",
        lane="guided", then=(work, check), before=(BY_HAND,), mend=(_SHARED, check),
    ),
    Row(
        "by hand, said to be done, another one shared",
        lane="guided", wanted=(account(LUNE_UK),), then=(work, _SHARED, check),
        before=(blocked("asset_not_shared"),), mend=(at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_UK), check),
    ),
    Row(
        "by hand, the agency has to approve",
        lane="guided", make=(at(TikTokWorld.switch, partner_approval=True),), then=(work, _SHARED, check),
        before=(BY_HAND,), mend=(at(TikTokWorld.approve, MAISON_LUNE), check),
    ),
    Row(
        "by hand, the agency's token withdrawn",
        lane="guided", then=(at(TikTokWorld.withdraw, seed.NORA_NORTH), _SHARED, check),
        before=(_CLIENTS_WORD,), mend=(connect_agency,),
    ),
    Row(
        "the agency's token withdrawn before the share",
        then=(_WITHDRAWN,), before=(_CLIENTS_WORD,), mend=(connect_agency,),
    ),
    Row(
        "both tokens withdrawn",
        then=(at(TikTokWorld.withdraw, seed.NORA_NORTH), at(TikTokWorld.withdraw, seed.ANA_CLIENT)),
        before=(blocked("connection_dead"),), mend=(connect(), connect_agency),
    ),
    Row(
        "72 hours passed before the agency approved",
        make=(at(TikTokWorld.switch, partner_approval=True),), then=(work, forget_client),
        before=(Shown("awaiting_partner", None, "agency"),), mend=(at(TikTokWorld.approve, MAISON_LUNE),),
    ),
    Row(
        "by hand, then connected although it is done",
        lane="guided", then=(_SHARED, switch_lane("connected")),
    ),
)  # fmt: skip
