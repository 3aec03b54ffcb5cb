"""Who authorizes, from which Business Center, and how far they come."""

from simulator import seed
from simulator.seed import LUNE_EU, LUNE_UK, MAISON_LUNE
from tests.access.worlds.doing import (
    at,
    check,
    choose,
    connect,
    connect_agency,
    fault,
    set_out,
    switch_lane,
    take_center,
    use_app,
    work,
)
from tests.access.worlds.row import BY_HAND, GREEN, Row, account, blocked, pixel
from tests.tiktok import TikTokWorld

_LAME = use_app(seed.NO_PARTNER_APP, seed.NO_PARTNER_APP_SECRET)
_FULL = use_app(seed.FULL_APP, seed.FULL_APP_SECRET)
_SHARED_BY_HAND = at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU)

PERSONS = (
    Row("an Admin", wanted=(account(LUNE_EU), account(LUNE_UK))),
    Row(
        "a standard member, then an Admin",
        person=seed.SAM_STANDARD, before=(blocked("not_bc_admin"),), mend=(connect(seed.ANA_CLIENT),),
    ),
    Row(
        "a standard member who is made Admin",
        person=seed.SAM_STANDARD, before=(blocked("not_bc_admin"),),
        mend=(at(TikTokWorld.make_member, MAISON_LUNE, seed.SAM_STANDARD, "ADMIN"), check),
    ),
    Row(
        "a standard member, and it is done by hand",
        person=seed.SAM_STANDARD, before=(blocked("not_bc_admin"),),
        mend=(switch_lane("guided"), _SHARED_BY_HAND, check),
    ),
    Row(
        "an Admin who lost the role after authorizing",
        then=(at(TikTokWorld.make_member, MAISON_LUNE, seed.ANA_CLIENT, "STANDARD"),),
        before=(blocked("not_bc_admin"),),
        mend=(at(TikTokWorld.make_member, MAISON_LUNE, seed.ANA_CLIENT, "ADMIN"), check),
    ),
    Row(
        "somebody without a Business Center, who gets into one",
        person=seed.SOLO_SASHA, before=(blocked("no_business_center"),),
        mend=(at(TikTokWorld.make_member, MAISON_LUNE, seed.SOLO_SASHA, "ADMIN"), connect(seed.SOLO_SASHA)),
    ),
    Row(
        "somebody with two Business Centers",
        person=seed.TWO_BRANDS_THEO, account_id=seed.BRAND_DE, wanted=(account(seed.BRAND_DE_ACCOUNTS[1]),),
    ),
    Row(
        "an ad account of the other Business Center",
        person=seed.TWO_BRANDS_THEO, account_id=seed.BRAND_FR, wanted=(account(seed.BRAND_DE_ACCOUNTS[0]),),
        before=(blocked("asset_not_found"),), mend=(choose(account(seed.BRAND_FR_ACCOUNTS[0])),),
    ),
    Row(
        "signed in to another Business Center",
        person=seed.BIG_BEA, before=(blocked("wrong_bc_selected"),), mend=(connect(seed.ANA_CLIENT),),
    ),
    Row(
        "the agency's own Business Center",
        person=seed.NORA_NORTH, account_id=seed.NORTH_AGENCY, wanted=(account(seed.NORTH_ACCOUNT),),
        before=(blocked("agencys_own_center"),),
        mend=(connect(seed.ANA_CLIENT), choose(account(LUNE_EU), account_id=MAISON_LUNE)),
    ),
    Row(
        "an Admin of many ad accounts, more than one call takes",
        person=seed.BIG_BEA, account_id=seed.BIG_RETAIL, wanted=tuple(account(each) for each in seed.BIG_ACCOUNTS[:53]),
    ),
)  # fmt: skip

CENTERS = (
    *(
        Row(
            f"a Business Center that is {status}",
            make=(at(TikTokWorld.change_business_center, MAISON_LUNE, status=status),),
            before=(shown,),
            mend=(at(TikTokWorld.change_business_center, MAISON_LUNE, status="ENABLE"), check),
        )
        for status, shown in (
            ("REVIEWING", blocked("bc_under_review", "platform")),
            ("DENY", blocked("bc_denied")),
            ("PUNISH", blocked("bc_punished")),
        )
    ),
    Row(
        "a Business Center whose company is not verified",
        make=(at(TikTokWorld.change_business_center, MAISON_LUNE, verification_status="FAILED"),),
    ),
    Row(
        "a Business Center punished after the yes",
        then=(at(TikTokWorld.change_business_center, MAISON_LUNE, status="PUNISH"),),
        before=(blocked("bc_punished"),),
        mend=(at(TikTokWorld.change_business_center, MAISON_LUNE, status="ENABLE"), check),
    ),
)  # fmt: skip

TRIPS = (
    Row(
        "consent cancelled",
        person=None, make=(connect(cancel=True),), before=(blocked("consent_cancelled"),), mend=(connect(),),
    ),
    Row(
        "consent cancelled, and done by hand",
        person=None, make=(connect(cancel=True),), before=(blocked("consent_cancelled"),),
        mend=(switch_lane("guided"), _SHARED_BY_HAND, check),
    ),
    Row(
        "gone to TikTok, not back after ten minutes",
        person=None, then=(set_out,), before=(blocked("consent_not_finished"),), mend=(connect(),),
    ),
    Row(
        "a code that TikTok no longer takes",
        person=None, make=(fault("oauth2/access_token/", code=40110), connect()),
        before=(blocked("auth_code_expired"),), mend=(connect(),),
    ),
    Row(
        "an app without permission to manage partners",
        person=None, make=(_LAME, connect()), before=(blocked("scope_not_authorized", "agency"),),
        agency=False, mend=(_FULL, connect(), connect_agency),
    ),
    Row(
        "an app without permission to manage partners, and done by hand",
        person=None, make=(_LAME, connect(), _FULL), before=(blocked("scope_not_authorized", "agency"),),
        mend=(switch_lane("guided"), _SHARED_BY_HAND, check),
    ),
    Row(
        "an app that TikTok no longer takes",
        person=None, make=(fault("oauth2/access_token/", code=40113), connect()),
        before=(blocked("app_problem", "agency"),), mend=(connect(),),
    ),
    Row(
        "a list of what there is that TikTok refuses",
        person=None, make=(fault("bc/get/", code=40002), connect()),
        before=(blocked("app_problem", "agency"),), mend=(connect(),),
    ),
    Row("an exchange that fails on TikTok's side once", make=(fault("oauth2/access_token/", code=50000),)),
    Row("nobody authorized", person=None, before=(blocked("not_connected"),), mend=(connect(),)),
    Row(
        "the client's token withdrawn before the share",
        then=(at(TikTokWorld.withdraw, seed.ANA_CLIENT),), before=(blocked("connection_dead"),), mend=(connect(),),
    ),
    Row(
        "the client's token withdrawn before the share, and done by hand",
        then=(at(TikTokWorld.withdraw, seed.ANA_CLIENT),), before=(blocked("connection_dead"),),
        mend=(switch_lane("guided"), _SHARED_BY_HAND, check),
    ),
    Row(
        "the client's token withdrawn between the ad account and its pixel",
        wanted=(account(), pixel()),
        then=(fault("bc/pixel/link/update/", code=40105),), before=(GREEN, blocked("connection_dead")),
        mend=(connect(),),
    ),
    Row(
        "connected first, then by hand",
        then=(switch_lane("guided"),), before=(BY_HAND,), mend=(_SHARED_BY_HAND, check),
    ),
    Row(
        "by hand, with a Business Center that was mistyped",
        lane="guided", account_id=seed.BRAND_DE, then=(work, _SHARED_BY_HAND, check),
        before=(blocked("asset_shared_elsewhere"),), mend=(take_center, work),
    ),
    Row("by hand first, then connected", lane="guided", before=(BY_HAND,), mend=(connect(), switch_lane("connected"))),
)  # fmt: skip
