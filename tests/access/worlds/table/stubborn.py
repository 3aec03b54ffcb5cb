"""A platform that keeps refusing, or says yes and does nothing; an agency that declines; reads that stay refused."""

from typing import Any

from simulator import seed
from simulator.seed import LUNE_EU, MAISON_LUNE, NORTH_AGENCY
from tests.access.worlds.doing import at, check, connect, connect_agency, fault, reduce, revoke, switch_lane, work
from tests.access.worlds.row import ENDED, Do, Row, Shown, account, blocked, drifted, leaving, person, pixel
from tests.tiktok import TikTokWorld

SHARE, TAKE, LIST = "bc/partner/add/", "bc/partner/asset/delete/", "bc/partner/asset/get/"
_CLEARED = at(TikTokWorld.clear_faults)
_STRICT = at(TikTokWorld.switch, strangers_refused=True)
_SHARED = at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU)
_AS_ANALYST = at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU, role="ANALYST")
_AS_ADMIN = at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU, role="ADMIN")
_RAISED = at(TikTokWorld.change_role_by_hand, MAISON_LUNE, LUNE_EU, role="OPERATOR")
_UNSHARED = at(TikTokWorld.unshare_by_hand, MAISON_LUNE, LUNE_EU)
_MOVED = at(TikTokWorld.change_ad_account, LUNE_EU, owner_bc_id=seed.BRAND_FR)
_MOVED_BACK = at(TikTokWorld.change_ad_account, LUNE_EU, owner_bc_id=MAISON_LUNE)
_LENT = at(TikTokWorld.share_by_hand, seed.BRAND_FR, LUNE_EU, partner=MAISON_LUNE)
_BY_AGENCY = Shown("unverifiable", "not_bc_admin", "agency")
_TOO_LONG = Shown("unverifiable", "agency_must_reauthorize", "agency")
_LEA = "lea@northagency.example"


def always(path: str, **how: Any) -> Do:
    """Every call of a path goes wrong, until that is cleared."""
    return fault(path, times=None, **how)


STUBBORN = (
    Row(
        "a raise that TikTok says yes to and does not apply",
        make=(_AS_ANALYST,), then=(always(SHARE, code=0),), to_the_end=True,
        before=(blocked("role_too_low"),), mend=(_RAISED, check),
    ),
    *(
        Row(
            f"a raise that TikTok refuses with {code}",
            make=(_AS_ANALYST,), then=(always(SHARE, code=code), work), before=(blocked("role_too_low"),),
            mend=(_RAISED, check),
        )
        for code in (40002, 40050)
    ),
    Row(
        "a share that TikTok says yes to and does not do",
        then=(always(SHARE, code=0),), to_the_end=True, before=(blocked("share_without_effect"),),
        mend=(switch_lane("guided"), _SHARED, check),
    ),
    Row(
        "lowering that TikTok refuses",
        make=(_AS_ADMIN,), then=(work, always(TAKE, code=40002), reduce), before=(blocked("removal_refused"),),
        mend=(at(TikTokWorld.change_role_by_hand, MAISON_LUNE, LUNE_EU, role="OPERATOR"), check),
    ),
    Row(
        "lowering that TikTok refuses because the client is no Admin any more",
        make=(_AS_ADMIN,), then=(work, always(TAKE, code=40001), reduce), before=(blocked("not_bc_admin"),),
        mend=(_CLEARED, connect(), work),
    ),
    Row(
        "lowering whose second half is refused",
        make=(_AS_ADMIN,), then=(work, always(SHARE, code=40002), reduce), before=(blocked("access_interrupted"),),
        mend=(_CLEARED, connect()),
    ),
    Row(
        "lowering whose second half is refused once repairs itself",
        make=(_AS_ADMIN,), then=(work, fault(SHARE, code=40002), reduce),
    ),
    Row(
        "every look is answered without what the answer should hold",
        then=(always(LIST, code=0),), before=(blocked("platform_changed", "agency"),), mend=(_CLEARED, check),
    ),
    Row(
        "the agency declines",
        make=(at(TikTokWorld.switch, partner_approval=True),),
        then=(work, at(TikTokWorld.part_by_hand, NORTH_AGENCY, MAISON_LUNE)),
        before=(blocked("partner_declined", "agency"),), mend=(check, work, at(TikTokWorld.approve, MAISON_LUNE)),
    ),
    Row(
        "strangers are refused instead of an empty list",
        make=(_STRICT,),
    ),
    Row(
        "strangers are refused, and the agency has to approve",
        make=(_STRICT, at(TikTokWorld.switch, partner_approval=True)),
        before=(Shown("awaiting_partner", None, "agency"),), mend=(at(TikTokWorld.approve, MAISON_LUNE),),
    ),
    Row(
        "strangers are refused, and the partnership ended",
        make=(_STRICT,), behind=(at(TikTokWorld.part_by_hand, MAISON_LUNE),),
        before=(drifted("partnership_ended"),), mend=(_SHARED, check),
    ),
    Row(
        "the agency's person is no Admin, and it waits for approval",
        make=(at(TikTokWorld.switch, partner_approval=True),),
        then=(at(TikTokWorld.make_member, NORTH_AGENCY, seed.NORA_NORTH, "STANDARD"),), before=(_BY_AGENCY,),
        mend=(
            at(TikTokWorld.make_member, NORTH_AGENCY, seed.NORA_NORTH, "ADMIN"), check, work,
            at(TikTokWorld.approve, MAISON_LUNE),
        ),
    ),
    Row(
        "the agency's token is withdrawn, and it waits for approval",
        make=(at(TikTokWorld.switch, partner_approval=True),),
        then=(at(TikTokWorld.withdraw, seed.NORA_NORTH),), before=(Shown("unverifiable", None, "agency"),),
        mend=(connect_agency, work, at(TikTokWorld.approve, MAISON_LUNE)),
    ),
    *(
        Row(
            f"proved, and then {code} for every look until the proof is too old",
            behind=(always(LIST, code=code),), proof=0, before=(shown,), mend=(_CLEARED, connect_agency),
        )
        for code, shown in (
            (40001, _TOO_LONG), (40105, _TOO_LONG),
            (50000, Shown("unverifiable", "platform_unavailable", "platform")),
        )
    ),
    *(
        Row(
            f"taking away that TikTok refuses with {code}",
            behind=(connect(), always(TAKE, code=code), revoke), before=(leaving(blocker),),
            mend=(_UNSHARED, check), after=(ENDED,),
        )
        for code, blocker in ((40001, "not_bc_admin"), (40002, "removal_refused"))
    ),
    *(
        Row(
            f"taking away that TikTok refuses with {code}, and does when the client connects again",
            behind=(connect(), always(TAKE, code=code), revoke), before=(leaving(blocker),),
            mend=(_CLEARED, connect(), work), after=(ENDED,),
        )
        for code, blocker in ((40001, "not_bc_admin"), (40002, "removal_refused"))
    ),
    Row(
        "taking away that TikTok says yes to and does not do",
        behind=(connect(), always(TAKE, code=0), revoke), to_the_end=True, before=(leaving("removal_refused"),),
        mend=(_UNSHARED, check), after=(ENDED,),
    ),
    Row(
        "taking away without the client's token",
        behind=(revoke,), before=(leaving(),), mend=(connect(), work), after=(ENDED,),
    ),
    Row("taking away", behind=(connect(), revoke), before=(ENDED,), after=(ENDED,)),
    Row(
        "taking away an ad account with its pixel, of which TikTok refuses the ad account",
        wanted=(account(), pixel()), behind=(connect(), always(TAKE, code=40002), revoke),
        before=(leaving("removal_refused"), ENDED), mend=(_UNSHARED, check), after=(ENDED,),
    ),
    Row(
        "drifted, and shared again with a new authorization",
        behind=(at(TikTokWorld.unshare_by_hand, MAISON_LUNE, LUNE_EU),), before=(drifted("asset_not_shared"),),
        mend=(connect(), work),
    ),
    Row(
        "drifted, and the owner changed since",
        behind=(_UNSHARED, work, _MOVED, connect()), before=(drifted("asset_not_found"),),
        mend=(_MOVED_BACK, check, work),
    ),
    Row(
        "drifted, the owner changed since, and shares it with the client",
        behind=(_UNSHARED, work, _MOVED, _LENT, connect()), before=(drifted("asset_owned_elsewhere"),),
        mend=(_MOVED_BACK, check, work),
    ),
    Row(
        "the partnership ended, and shared again with a new authorization",
        behind=(at(TikTokWorld.part_by_hand, MAISON_LUNE),), before=(drifted("partnership_ended"),),
        mend=(connect(), work),
    ),
    Row(
        "a pixel whose events nobody may read",
        wanted=(account(), pixel(seed.PIXEL_LUNE_CODE, needs_events=True)),
        then=(always("pixel/event/stats/", code=40001),),
        before=(Shown("verified"), blocked("pixel_events_unread", "agency")), mend=(_CLEARED, connect_agency),
    ),
    Row(
        "somebody who came without the ad accounts",
        wanted=(account(), person(_LEA)),
        make=(at(TikTokWorld.invite_by_hand, MAISON_LUNE, _LEA),),
        before=(Shown("verified"), Shown("awaiting_partner", "invitation_pending", "agency")),
        mend=(at(TikTokWorld.accept_invitation, MAISON_LUNE, _LEA),),
    ),
)  # fmt: skip
