"""Who owns an ad account, how it is, who shares it already, and in which role."""

from simulator import seed
from simulator.seed import LUNE_EU, LUNE_UK, LUNE_US, MAISON_LUNE
from tests.access.worlds.doing import at, check, choose, connect, reduce, work
from tests.access.worlds.row import BY_HAND, GREEN, Do, Row, Shown, account, blocked
from tests.tiktok import TikTokWorld

ROLES = ("ANALYST", "OPERATOR", "ADMIN")
_ANOTHER = choose(account(seed.MIXED_ACCOUNT))

OWNERS = (
    Row(
        "shared to the client by a third Business Center",
        person=seed.MIXED_MILO, account_id=seed.COMPTOIR_MIXTE, wanted=(account(seed.SOUTH_ACCOUNT),),
        before=(blocked("asset_owned_elsewhere"),), mend=(_ANOTHER,),
    ),
    Row(
        "a person's own, which the client may manage",
        person=seed.MIXED_MILO, account_id=seed.COMPTOIR_MIXTE, wanted=(account(seed.SOLO_ACCOUNT),),
        before=(blocked("asset_owned_by_person"),), mend=(_ANOTHER,),
    ),
    Row(
        "a person's own, asked for by the client",
        person=seed.BIG_BEA, account_id=seed.BIG_RETAIL, wanted=(account(seed.SOLO_ACCOUNT),),
        before=(blocked("request_pending"),), mend=(choose(account(seed.BIG_ACCOUNTS[0])),),
    ),
    Row(
        "a person's own, who said no to the client",
        person=seed.BIG_BEA, account_id=seed.BIG_RETAIL, wanted=(account(seed.SOLO_ACCOUNT),),
        make=(at(TikTokWorld.request, seed.BIG_RETAIL, seed.SOLO_ACCOUNT, "REJECTED"),),
        before=(blocked("asset_owned_by_person"),), mend=(choose(account(seed.BIG_ACCOUNTS[0])),),
    ),
    Row(
        "a number that nobody has",
        wanted=(account("7999999999999999999"),), before=(blocked("asset_not_found"),),
        mend=(choose(account(LUNE_EU)),),
    ),
    Row(
        "of two, one is somebody else's",
        person=seed.MIXED_MILO, account_id=seed.COMPTOIR_MIXTE,
        wanted=(account(seed.MIXED_ACCOUNT), account(seed.SOUTH_ACCOUNT)),
        before=(GREEN, blocked("asset_owned_elsewhere")), after=(GREEN, blocked("asset_owned_elsewhere")),
    ),
    Row(
        "not ticked at TikTok",
        ticked=(LUNE_UK,), before=(blocked("account_not_ticked"),), mend=(connect(),),
    ),
    Row(
        "not ticked at TikTok, but shared already",
        ticked=(LUNE_UK,), make=(at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU),),
    ),
    Row(
        "one ticked, one not",
        wanted=(account(LUNE_EU), account(LUNE_UK)), ticked=(LUNE_UK,),
        before=(blocked("account_not_ticked"), GREEN), mend=(connect(),),
    ),
    Row(
        "another agency holds it already",
        make=(at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU, role="ADMIN", partner=seed.SOUTH_AGENCY),),
    ),
)  # fmt: skip

_STATUSES = {
    "STATUS_DISABLE": blocked("ad_account_suspended"),
    "STATUS_LIMIT": blocked("ad_account_limited"),
    "STATUS_PENDING_CONFIRM": blocked("ad_account_in_review", "platform"),
    "STATUS_PENDING_VERIFIED": blocked("ad_account_in_review", "platform"),
    "STATUS_CONTRACT_PENDING": blocked("ad_account_in_review", "platform"),
    "STATUS_CONFIRM_FAIL": blocked("ad_account_disapproved"),
    "STATUS_ENABLE": GREEN,
}

STATUSES = (
    *(
        Row(
            f"an ad account that is {status}",
            make=(at(TikTokWorld.change_ad_account, LUNE_EU, status=status),), before=(shown,),
            mend=(at(TikTokWorld.change_ad_account, LUNE_EU, status="STATUS_ENABLE"), check),
        )
        for status, shown in _STATUSES.items()
    ),
    Row(
        "a suspended ad account, and another is chosen",
        make=(at(TikTokWorld.change_ad_account, LUNE_EU, status="STATUS_DISABLE"),),
        before=(blocked("ad_account_suspended"),), mend=(choose(account(LUNE_US)),),
    ),
    Row(
        "a suspended ad account that is shared already",
        make=(
            at(TikTokWorld.change_ad_account, LUNE_EU, status="STATUS_DISABLE"),
            at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU),
        ),
    ),
)  # fmt: skip


def _held(asked: str, held: str | None, lane: str) -> Row:
    """A role asked for where another is held already, or none; the human way is lowering, raising, or sharing."""
    make: tuple[Do, ...] = (at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU, role=held),) if held else ()
    before: Shown = GREEN
    mend: tuple[Do, ...] = ()
    if held and ROLES.index(held) > ROLES.index(asked):
        before = blocked("role_higher_than_requested")
        mend = (reduce,)
    elif held and held != asked and lane == "guided":
        before = blocked("role_too_low")
    elif not held and lane == "guided":
        before, mend = BY_HAND, (at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU, role=asked), check)
    if held and lane == "guided" and before != GREEN:
        mend = (at(TikTokWorld.change_role_by_hand, MAISON_LUNE, LUNE_EU, role=asked), check)
    return Row(
        f"{asked} asked, {held or 'nothing'} held, {lane}", wanted=(account(LUNE_EU, asked),),
        lane="guided" if lane == "guided" else "connected", make=make, before=(before,), mend=mend,
    )  # fmt: skip


HELD = tuple(_held(asked, held, lane) for lane in ("connected", "guided") for asked in ROLES for held in (None, *ROLES))

_MIXED = (account(LUNE_EU, "ANALYST"), account(LUNE_UK, "OPERATOR"), account(LUNE_US, "ADMIN"))
MIXED = (
    Row("three roles in one link", wanted=_MIXED),
    Row(
        "three roles in one link, one share of a lower role done by hand already",
        wanted=_MIXED, make=(at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_US, role="ANALYST"),),
    ),
    Row(
        "three roles in one link, all given by hand in one role",
        wanted=_MIXED, lane="guided",
        then=(work, at(TikTokWorld.share_by_hand, MAISON_LUNE, LUNE_EU, LUNE_UK, LUNE_US, role="OPERATOR"), check),
        before=(blocked("role_higher_than_requested"), GREEN, blocked("role_too_low")),
        mend=(
            at(TikTokWorld.change_role_by_hand, MAISON_LUNE, LUNE_EU, role="ANALYST"),
            at(TikTokWorld.change_role_by_hand, MAISON_LUNE, LUNE_US, role="ADMIN"),
            check,
        ),
    ),
)  # fmt: skip
