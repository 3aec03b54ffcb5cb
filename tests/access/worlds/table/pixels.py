"""Pixels on ad accounts, catalogs by hand, and people."""

from simulator import seed
from simulator.seed import LUNE_EU, LUNE_UK, MAISON_LUNE, PIXEL_LUNE, PIXEL_LUNE_APP
from tests.access.worlds.doing import (
    at,
    check,
    choose,
    connect,
    connect_agency,
    connect_agency_earlier,
    fault,
    reduce,
    use_app,
    work,
)
from tests.access.worlds.row import BY_HAND, GREEN, Row, Shown, account, blocked, catalog, drifted, person, pixel
from tests.tiktok import TikTokWorld

_WEB = pixel(seed.PIXEL_LUNE_CODE)
_UNKNOWN = pixel("CXXXXXXXXXXXXXXXXXX0")
_WITH_EVENTS = pixel(seed.PIXEL_LUNE_CODE, needs_events=True)
_BOTH = (account(), pixel())

PIXELS = (
    Row("a pixel that is linked to nothing", wanted=_BOTH),
    Row("a pixel that is linked already", wanted=(account(), _WEB)),
    Row(
        "one pixel on two ad accounts",
        wanted=(account(LUNE_EU), account(LUNE_UK), pixel(), pixel(parent_asset_id=LUNE_UK)),
    ),
    Row("two pixels on one ad account", wanted=(account(), _WEB, pixel())),
    Row(
        "a pixel that nobody knows",
        wanted=(account(), _UNKNOWN), before=(GREEN, blocked("asset_not_found")), mend=(choose(pixel()),),
    ),
    Row(
        "the pixel links may not be read",
        wanted=_BOTH, make=(at(TikTokWorld.switch, pixel_links_denied=True),),
    ),
    Row(
        "the agency's consent is older than the share",
        wanted=_BOTH, agency=False, make=(at(TikTokWorld.switch, reauthorize=True), connect_agency_earlier),
        before=(GREEN, blocked("agency_must_reauthorize", "agency")), mend=(connect_agency,),
    ),
    Row(
        "a silent pixel that should be busy",
        wanted=(account(), _WITH_EVENTS), make=(at(TikTokWorld.pixel_events, PIXEL_LUNE),),
        before=(GREEN, blocked("pixel_silent")),
        mend=(at(TikTokWorld.pixel_events, PIXEL_LUNE, PAGE_VIEW={"browser": 3}), check),
    ),
    Row("a busy pixel that should be busy", wanted=(account(), _WITH_EVENTS)),
    Row(
        "a pixel waits for an ad account that is suspended",
        wanted=_BOTH, make=(at(TikTokWorld.change_ad_account, LUNE_EU, status="STATUS_DISABLE"),),
        before=(blocked("ad_account_suspended"), Shown("approved", None, "client")),
        mend=(at(TikTokWorld.change_ad_account, LUNE_EU, status="STATUS_ENABLE"), check),
    ),
    Row(
        "a pixel by hand, the ad account alone done",
        wanted=_BOTH, lane="guided",
        then=(work, at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU), check),
        before=(GREEN, blocked("pixel_not_linked")),
        mend=(at(TikTokWorld.link_pixel_by_hand, PIXEL_LUNE_APP, LUNE_EU), check),
    ),
    Row(
        "a pixel by hand, nothing done yet",
        wanted=_BOTH, lane="guided", before=(BY_HAND,),
        mend=(
            at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU),
            at(TikTokWorld.link_pixel_by_hand, PIXEL_LUNE_APP, LUNE_EU), check,
        ),
    ),
    Row(
        "a pixel taken off its ad account behind our back",
        wanted=_BOTH, behind=(at(TikTokWorld.unlink_pixel_by_hand, PIXEL_LUNE_APP, LUNE_EU),),
        before=(GREEN, drifted("pixel_not_linked")),
        mend=(at(TikTokWorld.link_pixel_by_hand, PIXEL_LUNE_APP, LUNE_EU), check),
    ),
    Row(
        "a pixel by the client's word alone",
        wanted=_BOTH, agency=False, before=(Shown("unverifiable", None, "agency"),), mend=(connect_agency,),
    ),
)  # fmt: skip

_GIVEN = at(TikTokWorld.share_by_hand, MAISON_LUNE, seed.CATALOG_LUNE)
_GIVEN_WIDE = at(TikTokWorld.share_by_hand, MAISON_LUNE, seed.CATALOG_LUNE, catalog_role="ADMIN")
_WITH_CATALOG = (account(), catalog())

CATALOGS = (
    Row("a catalog, which no API shares", wanted=_WITH_CATALOG, before=(GREEN, BY_HAND), mend=(_GIVEN, check)),
    Row("a catalog that is there already", wanted=_WITH_CATALOG, make=(_GIVEN,)),
    Row(
        "a catalog said to be shared, and not there",
        wanted=_WITH_CATALOG, then=(work, check), before=(GREEN, blocked("asset_not_shared")), mend=(_GIVEN, check),
    ),
    Row(
        "a catalog given with too much",
        wanted=_WITH_CATALOG, make=(_GIVEN_WIDE,), before=(GREEN, blocked("role_higher_than_requested")),
        mend=(
            at(TikTokWorld.change_role_by_hand, MAISON_LUNE, seed.CATALOG_LUNE, role="AD_PROMOTE"), check,
        ),
    ),
    Row(
        "a catalog given with too little",
        wanted=(account(), catalog("ADMIN")), make=(_GIVEN,), before=(GREEN, blocked("role_too_low")),
        mend=(at(TikTokWorld.change_role_by_hand, MAISON_LUNE, seed.CATALOG_LUNE, role="ADMIN"), check),
    ),
    Row(
        "a catalog taken away behind our back",
        wanted=_WITH_CATALOG, make=(_GIVEN,),
        behind=(at(TikTokWorld.unshare_by_hand, MAISON_LUNE, seed.CATALOG_LUNE),),
        before=(GREEN, drifted("asset_not_shared")), mend=(_GIVEN, check),
    ),
)  # fmt: skip

LEA = "lea@northagency.example"
_INVITED = Shown("awaiting_partner", "invitation_pending", "agency")
_WITH_LEA = (account(), person(LEA))
_JOINED = at(TikTokWorld.accept_invitation, MAISON_LUNE, LEA)
_CORE = use_app(seed.CORE_APP, seed.CORE_APP_SECRET)
_FULL = use_app(seed.FULL_APP, seed.FULL_APP_SECRET)

PEOPLE = (
    Row("somebody invited", wanted=_WITH_LEA, before=(GREEN, _INVITED), mend=(_JOINED,)),
    Row(
        "somebody invited by hand before",
        wanted=_WITH_LEA, make=(at(TikTokWorld.invite_by_hand, MAISON_LUNE, LEA, LUNE_EU),),
        before=(GREEN, _INVITED), mend=(_JOINED,),
    ),
    Row(
        "somebody who is there already",
        wanted=_WITH_LEA, make=(at(TikTokWorld.invite_by_hand, MAISON_LUNE, LEA, LUNE_EU), _JOINED),
    ),
    Row(
        "somebody who says no, and yes when asked again",
        wanted=_WITH_LEA, then=(work, at(TikTokWorld.reject_invitation, MAISON_LUNE, LEA)),
        before=(GREEN, blocked("invitation_rejected", "agency")), mend=(check, work, _JOINED),
    ),
    Row(
        "somebody who is Admin already",
        wanted=_WITH_LEA,
        make=(at(TikTokWorld.invite_by_hand, MAISON_LUNE, LEA, role="ADMIN"), _JOINED),
        mend=(reduce, check),
    ),
    Row(
        "an app without permission to manage members",
        wanted=_WITH_LEA, make=(_CORE,), before=(GREEN, blocked("scope_not_authorized", "agency")),
        mend=(_FULL, connect(), work, _JOINED),
    ),
    Row(
        "an invitation whose answer is lost",
        wanted=_WITH_LEA, then=(fault("bc/member/invite/", lost=True),), before=(GREEN, _INVITED), mend=(_JOINED,),
    ),
    Row(
        "an invitation that TikTok refuses",
        wanted=_WITH_LEA, then=(fault("bc/member/invite/", code=40001),), before=(GREEN, blocked("not_bc_admin")),
        mend=(check, work, _JOINED),
    ),
    Row(
        "people whom TikTok does not list",
        wanted=_WITH_LEA, then=(fault("bc/member/get/", code=40002, times=20),),
        before=(GREEN, blocked("app_problem", "agency")),
        mend=(at(TikTokWorld.clear_faults), check, work, _JOINED),
    ),
)  # fmt: skip
