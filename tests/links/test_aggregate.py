"""The link as a whole: what follows in memory, and what is written at the end."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.events import catalog
from app.events.models import Event
from app.kit import clock, encryption, ids
from app.kit.database import Sessions
from app.kit.i18n.locales import ENGLISH
from app.links import queries
from app.links.aggregate import LinkAggregate, LinkNotSaved
from app.links.models import AccessRequest, Intake, Link, LinkPlatform
from app.links.pasted_ids import SelectedAsset
from app.links.presets import builtin
from app.tenants.agencies.models import Agency
from app.tenants.clients.models import Client
from tests.house import change_link
from tests.world import TESTS, World

FIRST, SECOND, THIRD = "7200000000000000201", "7200000000000000202", "7200000000000000203"


def whole(*asset_ids: str | None, kind: str = "ad_account") -> LinkAggregate:
    """A link that asks for these assets."""
    agency_id, client_id, link_id = ids.new("agency"), ids.new("client"), ids.new("link")
    link = Link(
        agency_id=agency_id, id=link_id, client_id=client_id, preset="run-campaigns", preset_version=1, language="en",
        requested_by="Nora", token_hash=encryption.sha256(link_id), token_encrypted=b"", expires_at=clock.now(),
    )  # fmt: skip
    asked = [
        AccessRequest(
            agency_id=agency_id, id=ids.new("access"), link_id=link_id, platform="tiktok", kind=kind, role="OPERATOR",
            reason="To run ads.", required=True, needs_events=False, position=0, asset_id=each, status="waiting",
            next_actor="client", status_since=clock.now(),
        )
        for each in asset_ids
    ]  # fmt: skip
    return LinkAggregate(
        agency=Agency(id=agency_id, name="North", slug="north", contact_name="Nora", contact_email="n@north.example"),
        client=Client(agency_id=agency_id, id=client_id, name="Brand", language="en"),
        link=link, platforms=[LinkPlatform(agency_id=agency_id, link_id=link_id, platform="tiktok", position=0)],
        own_platforms=[], access_requests=asked,
        intake=Intake(agency_id=agency_id, id=link_id, screens_completed=[]),
        preset=builtin.newest()["run-campaigns"], answers={}, files=[], consent=None, now=clock.now(),
    )  # fmt: skip


def chosen(*asset_ids: str) -> Sequence[SelectedAsset]:
    return [SelectedAsset(each, f"Account {each[-3:]}") for each in asset_ids]


def named(link: LinkAggregate) -> list[str | None]:
    return [each.asset_id for each in link.access_requests]


def test_one_request_becomes_as_many_as_are_chosen() -> None:
    link = whole(None)
    first = link.access_requests[0].id
    link.choose_assets("tiktok", "ad_account", chosen(FIRST, SECOND))
    assert named(link) == [FIRST, SECOND]
    assert link.access_requests[0].id == first
    assert {each.role for each in link.access_requests} == {"OPERATOR"}


def test_what_is_chosen_again_stays_where_it_is() -> None:
    link = whole(FIRST, SECOND, None)
    first, second, _ = link.access_requests
    link.choose_assets("tiktok", "ad_account", chosen(SECOND, THIRD))
    assert sorted(map(str, named(link))) == [SECOND, THIRD]
    assert (first.asset_id, second.asset_id) == (THIRD, SECOND)
    assert second.asset_name == "Account 202"


def test_one_request_is_left_where_nothing_is_chosen() -> None:
    link = whole(FIRST, SECOND)
    link.choose_assets("tiktok", "ad_account", [])
    assert named(link) == [None]


def test_what_is_agreed_to_or_shared_stays_beside_the_choice() -> None:
    link = whole(FIRST, SECOND, None)
    link.access_requests[0].approved_at = clock.now()
    link.choose_assets("tiktok", "ad_account", chosen(FIRST, THIRD), shared={link.access_requests[1].id})
    assert named(link) == [FIRST, SECOND, THIRD]


def test_an_event_tells_what_was_so_when_it_was_drafted() -> None:
    link = whole(FIRST)
    link.create(actor=TESTS)
    link.mark_sent(actor=TESTS)
    link.give_consent("Ana", ["as shown"], locale=ENGLISH)
    told = [
        (draft.event_type.name, draft.data.link_status, getattr(draft.data, "agreed_by", None)) for draft in link.drafts
    ]
    assert told == [
        ("link.created", "draft", None), ("link.sent", "sent", None), ("consent.given", "submitted", "Ana"),
        ("link.submitted", "submitted", "Ana"), ("access.approved", "submitted", None),
    ]  # fmt: skip


def test_an_event_names_the_platforms_of_its_link_and_the_account_at_its_own() -> None:
    link = whole(FIRST, SECOND)
    by_hand, connected = link.access_requests
    by_hand.platform, by_hand.kind, by_hand.asset_id = "meta", "custom", "act_1"
    link.platforms = [
        LinkPlatform(agency_id=link.agency.id, link_id=link.link.id, platform="meta", position=0),
        LinkPlatform(
            agency_id=link.agency.id, link_id=link.link.id, platform="tiktok", position=1, agency_account_id="7000",
            client_account_id="7111", pixel_codes=["C1", "C2"],
        ),
    ]  # fmt: skip
    link.intake.markets = ["FR", "BE"]
    of_link = link.event_data(catalog.LINK_OPENED)
    assert (of_link.platform, of_link.platform_account_id, of_link.platforms) == ("tiktok", "7111", "meta,tiktok")
    assert (of_link.ad_account_ids, of_link.pixel_codes, of_link.target_markets) == (SECOND, "C1,C2", "FR,BE")
    of_each = [link.event_data(catalog.ACCESS_VERIFIED, each) for each in (by_hand, connected)]
    assert [(each.platform, each.platform_account_id, each.asset_id) for each in of_each] == [
        ("meta", None, "act_1"), ("tiktok", "7111", SECOND),
    ]  # fmt: skip
    assert {each.platforms for each in of_each} == {"meta,tiktok"}


def test_a_key_that_the_type_does_not_have_is_refused_at_once() -> None:
    link = whole(FIRST)
    with pytest.raises(ValueError, match="screen"):
        link.draft_event(catalog.LINK_OPENED, screen="markets")
    with pytest.raises(ValueError, match="screen"):
        link.draft_event(catalog.LINK_SCREEN_COMPLETED)
    assert link.drafts == []


async def test_two_requests_may_swap_what_they_name(sessions: Sessions, world: World) -> None:
    async with change_link(sessions, world.north) as (_, link):
        link.choose_assets("tiktok", "ad_account", chosen(FIRST, SECOND))
    async with change_link(sessions, world.north) as (_, link):
        one, other = link.access_requests
        one.asset_id, other.asset_id = other.asset_id, one.asset_id
    async with sessions() as session:
        found = await queries.access_requests(session, world.north.agency_id, world.north.link_id)
    assert [each.asset_id for each in found] == [SECOND, FIRST]


async def test_a_change_without_its_events_is_not_committed(session: AsyncSession, world: World) -> None:
    link = await queries.load_link(session, world.north.agency_id, world.north.link_id, lock=True)
    link.choose_lane("tiktok", "guided")
    link.finish_screen("accounts")
    with pytest.raises(LinkNotSaved):
        await session.commit()


async def test_events_are_recorded_in_their_order(sessions: Sessions, world: World) -> None:
    async with change_link(sessions, world.north) as (_, link):
        link.choose_assets("tiktok", "ad_account", chosen(FIRST))
        link.finish_screen("accounts")
        link.give_consent("Ana", ["as shown"], locale=ENGLISH)
    rows = select(Event.type).where(Event.agency_id == world.north.agency_id, Event.subject_id == world.north.link_id)
    async with sessions() as session:
        told = list(await session.scalars(rows.order_by(Event.sequence)))
    assert told[-4:] == ["link.screen_completed", "consent.given", "link.submitted", "access.approved"]
