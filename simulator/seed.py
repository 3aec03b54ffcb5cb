"""The world every simulator starts from; its ids are fixed so that tests, demo and manual can name them."""

from collections.abc import Iterable

from simulator.models import (
    AdAccount,
    AdAccountStatus,
    App,
    Asset,
    BusinessCenter,
    EventCounts,
    Member,
    Person,
    Pixel,
    Role,
)
from simulator.sharing import LONG_AGO, Share
from simulator.world import World

FULL_APP = "7400000000000000001"
NO_PARTNER_APP = "7400000000000000002"
LEVEL_ONE_APP = "7400000000000000003"
CORE_APP = "7400000000000000004"
FULL_APP_SECRET = "full-app-secret"  # noqa: S105 - invented, as every secret here
NO_PARTNER_APP_SECRET = "no-partner-app-secret"  # noqa: S105
LEVEL_ONE_APP_SECRET = "level-one-app-secret"  # noqa: S105
CORE_APP_SECRET = "core-app-secret"  # noqa: S105

NORTH_AGENCY = "7000999988887777666"
SOUTH_AGENCY = "7000999988887777777"
MAISON_LUNE = "7111222233334444555"
BRAND_FR = "7111222233334444601"
BRAND_DE = "7111222233334444602"
BIG_RETAIL = "7111222233334444700"
COMPTOIR_MIXTE = "7111222233334444800"
REVIEWED_BC = "7111222233334444901"
PUNISHED_BC = "7111222233334444902"

NORA_NORTH = "7012345678901234501"
SIMON_SOUTH = "7012345678901234502"
BUYER_BO = "7012345678901234503"
BUYER_KIM = "7012345678901234504"
ANA_CLIENT = "7012345678901234567"
SAM_STANDARD = "7012345678901234568"
TWO_BRANDS_THEO = "7012345678901234569"
BIG_BEA = "7012345678901234570"
SOLO_SASHA = "7012345678901234571"
MIXED_MILO = "7012345678901234572"
TROUBLED_TESS = "7012345678901234573"

LUNE_EU = "7200000000000000101"
LUNE_UK = "7301122334455667789"
LUNE_US = "7200000000000000103"
BRAND_FR_ACCOUNTS = ("7200000000000000201", "7200000000000000202")
BRAND_DE_ACCOUNTS = ("7200000000000000301", "7200000000000000302")
BIG_ACCOUNTS = tuple(f"72000000000000{number:05d}" for number in range(1001, 1121))
SOLO_ACCOUNT = "7200000000000000501"
MIXED_ACCOUNT = "7200000000000000601"
SOUTH_ACCOUNT = "7200000000000000602"
NORTH_ACCOUNT = "7200000000000000603"
DISABLED_ACCOUNT = "7200000000000000701"
IN_REVIEW_ACCOUNT = "7200000000000000702"
LIMITED_ACCOUNT = "7200000000000000703"
REVIEWED_BC_ACCOUNT = "7200000000000000801"
PUNISHED_BC_ACCOUNT = "7200000000000000802"

PIXEL_LUNE = "7255667788990011223"
PIXEL_LUNE_CODE = "C4ABCDEFGH77U7QBTM10"
PIXEL_LUNE_APP = "7255667788990011224"
PIXEL_LUNE_APP_CODE = "CD1JKLMNOP77VD28TR20"
CATALOG_LUNE = "7266778899001122334"

NORTH_TOKEN = "a0000000000000000000000000000000000000a1"  # noqa: S105 - an invented token of an invented agency
SOUTH_TOKEN = "a0000000000000000000000000000000000000a2"  # noqa: S105 - likewise


def seeded_world(redirect_uris: Iterable[str] = ()) -> World:
    """The world at the start. `redirect_uris` are registered for every app."""
    assets: dict[str, Asset] = {asset.asset_id: asset for asset in (*_ad_accounts(), *_pixels_and_catalogs())}
    persons = {person.person_id: person for person in _persons()}
    centers = {center.bc_id: center for center in _business_centers()}
    apps = {app.app_id: app for app in _apps(set(redirect_uris))}
    world = World(apps, persons, centers, assets)
    world.sharing.befriend(LONG_AGO, SOUTH_AGENCY, COMPTOIR_MIXTE, needs_approval=False)
    world.sharing.share(LONG_AGO, [Share(SOUTH_AGENCY, COMPTOIR_MIXTE, SOUTH_ACCOUNT, "ADVERTISER", "OPERATOR")])
    world.links.link(LONG_AGO, PIXEL_LUNE, LUNE_EU)
    world.issue_token(world.consent(FULL_APP, NORA_NORTH), NORTH_TOKEN)
    world.issue_token(world.consent(FULL_APP, SIMON_SOUTH), SOUTH_TOKEN)
    return world


def _apps(redirect_uris: set[str]) -> list[App]:
    of_keyturn = (100, 150, 153, 155, 156, 230, 800, 802)  # those of docs/tiktok-app.md
    without_partners = (100, 150, 153)
    core = (100, 150, 153, 155)
    highest_only = (1, 2, 8, 23)
    return [
        App(FULL_APP, FULL_APP_SECRET, "Keyturn", of_keyturn, set(redirect_uris)),
        App(NO_PARTNER_APP, NO_PARTNER_APP_SECRET, "Keyturn lame", without_partners, set(redirect_uris)),
        App(LEVEL_ONE_APP, LEVEL_ONE_APP_SECRET, "Keyturn wide", highest_only, set(redirect_uris)),
        App(CORE_APP, CORE_APP_SECRET, "Keyturn core", core, set(redirect_uris)),
    ]


def _persons() -> list[Person]:
    return [
        Person(NORA_NORTH, "Nora North", "nora@northagency.example"),
        Person(SIMON_SOUTH, "Simon South", "simon@southagency.example"),
        Person(BUYER_BO, "Bo Buyer", "bo@northagency.example"),
        Person(BUYER_KIM, "Kim Buyer", "kim@northagency.example"),
        Person(ANA_CLIENT, "Ana Client", "ana@maisonlune.example"),
        Person(SAM_STANDARD, "Sam Standard", "sam@maisonlune.example"),
        Person(TWO_BRANDS_THEO, "Theo Two Brands", "theo@brand.example"),
        Person(BIG_BEA, "Bea Big", "bea@bigretail.example"),
        Person(SOLO_SASHA, "Sasha Solo", "sasha@solo.example"),
        Person(MIXED_MILO, "Milo Mixed", "milo@comptoirmixte.example"),
        Person(TROUBLED_TESS, "Tess Troubled", "tess@trouble.example"),
    ]


def _business_centers() -> list[BusinessCenter]:
    admin = Member("ADMIN", "MANAGER")
    north = {NORA_NORTH: admin, BUYER_BO: Member("STANDARD"), BUYER_KIM: Member("STANDARD")}
    return [
        BusinessCenter(NORTH_AGENCY, "North Agency", "North Agency SAS", north, type="AGENCY"),
        BusinessCenter(SOUTH_AGENCY, "South Agency", "South Agency SL", {SIMON_SOUTH: admin}, type="AGENCY"),
        BusinessCenter(
            MAISON_LUNE,
            "Maison Lune",
            "Maison Lune SAS",
            {ANA_CLIENT: admin, SAM_STANDARD: Member("STANDARD")},
        ),
        BusinessCenter(BRAND_FR, "Brand FR", "Brand France SAS", {TWO_BRANDS_THEO: admin}),
        BusinessCenter(
            BRAND_DE,
            "Brand DE",
            "Brand GmbH",
            {TWO_BRANDS_THEO: admin},
            registered_area="DE",
            timezone="Europe/Berlin",
        ),
        BusinessCenter(BIG_RETAIL, "Big Retail", "Big Retail SA", {BIG_BEA: admin}, type="DIRECT"),
        BusinessCenter(COMPTOIR_MIXTE, "Comptoir Mixte", "Comptoir Mixte SARL", {MIXED_MILO: admin}),
        BusinessCenter(
            REVIEWED_BC,
            "Still in Review",
            "Trouble Ltd",
            {TROUBLED_TESS: admin},
            status="REVIEWING",
            verification_status="REVIEWING",
        ),
        BusinessCenter(
            PUNISHED_BC,
            "Punished",
            "Trouble Ltd",
            {TROUBLED_TESS: admin},
            status="PUNISH",
            verification_status="FAILED",
        ),
    ]


def _ad_accounts() -> list[AdAccount]:
    """Every ad account. Comptoir Mixte owns the ones in trouble, and asked Sasha for hers."""
    sams: dict[str, dict[str, Role]] = {MAISON_LUNE: {SAM_STANDARD: "OPERATOR"}}
    brands = [_owned(BRAND_FR, key, f"Brand FR {number}") for number, key in enumerate(BRAND_FR_ACCOUNTS, 1)]
    brands += [_owned(BRAND_DE, key, f"Brand DE {number}") for number, key in enumerate(BRAND_DE_ACCOUNTS, 1)]
    big = [_owned(BIG_RETAIL, key, f"Big Retail {number:03d}") for number, key in enumerate(BIG_ACCOUNTS, 1)]
    return [
        _owned(MAISON_LUNE, LUNE_EU, "Maison Lune EU", assigned=sams, balance=531.2),
        _owned(MAISON_LUNE, LUNE_UK, "Maison Lune UK"),
        _owned(MAISON_LUNE, LUNE_US, "Maison Lune US"),
        *brands,
        *big,
        AdAccount(
            SOLO_ACCOUNT,
            "Sasha Solo",
            owner_person_id=SOLO_SASHA,
            requested_by={COMPTOIR_MIXTE: "BOUND", BIG_RETAIL: "PENDING"},
        ),
        _owned(COMPTOIR_MIXTE, MIXED_ACCOUNT, "Comptoir Mixte"),
        _owned(COMPTOIR_MIXTE, DISABLED_ACCOUNT, "Comptoir disabled", "STATUS_DISABLE"),
        _owned(COMPTOIR_MIXTE, IN_REVIEW_ACCOUNT, "Comptoir in review", "STATUS_PENDING_CONFIRM"),
        _owned(COMPTOIR_MIXTE, LIMITED_ACCOUNT, "Comptoir limited", "STATUS_LIMIT"),
        _owned(SOUTH_AGENCY, SOUTH_ACCOUNT, "South Agency for Comptoir"),
        _owned(NORTH_AGENCY, NORTH_ACCOUNT, "North Agency own"),
        _owned(REVIEWED_BC, REVIEWED_BC_ACCOUNT, "Still in Review"),
        _owned(PUNISHED_BC, PUNISHED_BC_ACCOUNT, "Punished"),
    ]


def _pixels_and_catalogs() -> list[Asset]:
    """Maison Lune's: the pixel of its shop is linked to its EU account and busy, that of its app to nothing yet."""
    events = {
        "ON_WEB_ORDER": EventCounts(browser=300, server=112, attributed=37),
        "PAGE_VIEW": EventCounts(browser=18211, attributed=512),
    }
    return [
        Pixel(
            PIXEL_LUNE,
            "maisonlune.example web",
            owner_bc_id=MAISON_LUNE,
            pixel_code=PIXEL_LUNE_CODE,
            events=events,
        ),
        Pixel(
            PIXEL_LUNE_APP,
            "maisonlune.example app",
            owner_bc_id=MAISON_LUNE,
            pixel_code=PIXEL_LUNE_APP_CODE,
            create_time=1732902400,
            events=dict(events),
        ),
        Asset(CATALOG_LUNE, "Maison Lune catalog", "CATALOG", owner_bc_id=MAISON_LUNE),
    ]


def _owned(
    bc_id: str,
    advertiser_id: str,
    name: str,
    status: AdAccountStatus = "STATUS_ENABLE",
    *,
    assigned: dict[str, dict[str, Role]] | None = None,
    balance: float = 0.0,
) -> AdAccount:
    return AdAccount(
        advertiser_id,
        name,
        owner_bc_id=bc_id,
        assigned=assigned or {},
        status=status,
        company=name,
        balance=balance,
    )
