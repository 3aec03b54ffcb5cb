"""The guided lane without JavaScript, from the link to the receipt, with every mistake a person makes."""

import asyncio
import re
from typing import Any

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.links import queries as links
from app.links.aggregate import LinkAggregate
from tests.client_portal.walk import BY_HAND, Walk
from tests.house import House
from tests.world import NORTH_BC, World


async def _whole(session: AsyncSession, world: World) -> LinkAggregate:
    await session.rollback()
    session.expire_all()
    return await links.load_link(session, world.north.agency_id, world.north.link_id)


async def test_every_answer_leads_to_the_next_screen(walk: Walk, session: AsyncSession, world: World) -> None:
    await walk.start()
    assert walk.goes_to(await walk.see()) == "way"
    order = ["account", "assets", "about", "review"]
    for (form, fields), after in zip(BY_HAND.items(), order, strict=True):
        assert walk.goes_to(await walk.send(form, **fields)) == after
        page = await walk.see(after)
        assert page.status_code == 200
        assert f"Step {order.index(after) + 2} of 5" in page.text
        assert "Ana Agent" in page.text
    kept = await _whole(session, world)
    assert kept.on("tiktok").client_account_id == "7111222233334444601"
    assert [access_request.asset_id for access_request in kept.access_requests] == [
        "7200000000000000201",
        "7200000000000000202",
    ]
    assert kept.intake.markets == ["FR", "DE"]
    assert [contact["role"] for contact in kept.intake.contacts or []] == ["approver", "billing", "technical"]


async def test_the_review_says_everything_and_the_words_are_kept(
    walk: Walk, session: AsyncSession, world: World
) -> None:
    await walk.start()
    await walk.answer()
    page = (await walk.see("review")).text
    for said in ("7200000000000000201", "7111222233334444601", NORTH_BC, "France", "Germany", "theo@brand.example",
                 "What North Agency can’t do", "See your password"):  # fmt: skip
        assert said in page
    assert 'type="checkbox"' not in page, "the button is the yes"
    assert re.search(r'name="name"\s+type="text"\s+value="Theo Brand"', page), "the name that most likely fits"
    assert walk.goes_to(await walk.agree()) == "progress"
    consent = await links.last_consent(session, world.north.agency_id, world.north.link_id)
    assert consent is not None
    assert consent.name == "Theo Brand"
    assert all(sentence in page for sentence in consent.sentences)
    assert consent.locale == "en"
    assert len(consent.messages) == len(consent.sentences)
    assert consent.messages[-2] == {"id": "Remove you or your colleagues"}
    assert consent.messages[-1]["id"].startswith("By saying yes I confirm that I may decide this for {client}")
    assert consent.messages[-1]["values"]["agency"] == "North Agency"
    kept = await _whole(session, world)
    assert {access_request.status for access_request in kept.access_requests} == {"approved"}
    assert kept.link.status == "submitted"


@pytest.mark.parametrize(("missing", "field"), [({"name": " "}, "name"), ({"mark": "0" * 64}, "plan")])
async def test_without_a_plain_yes_nothing_is_approved(
    walk: Walk, session: AsyncSession, world: World, missing: dict[str, str], field: str
) -> None:
    await walk.start()
    await walk.answer()
    assert walk.goes_to(await walk.agree(**missing)) == "review"
    assert f'id="{field}-problem"' in (await walk.see("review")).text
    assert (await _whole(session, world)).link.submitted_at is None


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("account", {"account_id": "my brand"}, "account_id", 'value="my brand"'),
    ("account", {"account_id": ""}, "account_id", 'value=""'),
    ("account", {"account_id": NORTH_BC}, "account_id", f'value="{NORTH_BC}"'),
    ("account", {"account_id": "7" * 2001}, "account_id", "7" * 2001),
    ("assets", {"ad_account": "7200000000 abc"}, "ad_account", "7200000000 abc</textarea>"),
    ("assets", {"ad_account": "1" * 10_001}, "ad_account", "1" * 10_001),
    ("assets", {"ad_account": "7200000000000000201", "pixel": "short"}, "pixel", "short</textarea>"),
    ("about", {"markets": []}, "markets", "Choose at least one country"),
    ("about", {"markets": ["FR", "XX"]}, "markets", "XX"),
    ("about", {"approver-name": "Theo", "billing-same": "y", "technical-same": "y"}, "approver-email", "Theo"),
    ("about", {"approver-name": "x" * 121, "approver-email": "a@b.co"}, "approver-name", "x" * 121),
]


@pytest.mark.parametrize(("screen", "fields", "field", "kept"), WRONG)
async def test_a_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(
    walk: Walk, screen: str, fields: dict[str, Any], field: str, kept: str
) -> None:
    await walk.start()
    await walk.answer()
    page = await walk.sent_back(screen, **fields)
    assert f'href="#{field}"' in page, "the summary leads to the field"
    assert f'id="{field}"' in page
    assert f'id="{field}-problem"' in page
    assert re.search(rf'aria-describedby="[^"]*{field}-problem', page)
    assert kept in page


async def test_what_is_typed_is_never_markup(walk: Walk) -> None:
    await walk.start()
    await walk.answer()
    assert "<script>alert" not in await walk.sent_back("account", account_id='"><script>alert(1)</script>')
    await walk.send("about", **BY_HAND["about"] | {"approver-name": "<b>{agency.__class__}</b>"})
    review = (await walk.see("review")).text
    assert "<b>{" not in review
    assert "&lt;b&gt;{agency.__class__}" in review


@pytest.mark.parametrize("account_id", ["7111222233334444601\x00", "  7111222233334444601 \r\n"])
async def test_stray_characters_of_a_paste_do_no_harm(walk: Walk, account_id: str) -> None:
    await walk.start()
    await walk.answer("lane")
    assert walk.goes_to(await walk.send("account", account_id=account_id)) == "assets"


async def test_too_much_is_refused_and_loses_nothing_saved(walk: Walk, session: AsyncSession, world: World) -> None:
    await walk.start()
    await walk.answer("lane", "account")
    answer = await walk.send("assets", ad_account="7" * 2_000_000)
    assert answer.status_code == 413
    assert "What was saved before is kept" in answer.text
    assert (await _whole(session, world)).on("tiktok").client_account_id == "7111222233334444601"


async def test_the_steps_name_what_to_type_and_checking_brings_the_proof(
    walk: Walk, house: House, world: World
) -> None:
    await house.connect_agency(world.north)
    await walk.start()
    await walk.answer()
    await walk.agree()
    await house.work()
    page = (await walk.see("progress")).text
    assert "It’s your turn" in page
    assert "Done — check now" in page
    assert f'value="{NORTH_BC}"' in (await walk.see("tiktok/steps?step=3")).text
    assert 'http-equiv="refresh"' not in page, "nobody is interrupted while reading the steps"
    assert walk.goes_to(await walk.send("check")) == "progress"
    assert "You asked us to look on" in (await walk.see("progress")).text
    await house.tiktok.share_by_hand("7111222233334444601", "7200000000000000201", "7200000000000000202")
    await walk.send("check")
    await house.work()
    assert "You’re all set" in (await walk.see("progress")).text
    assert walk.goes_to(await walk.see()) == "receipt"
    receipt = (await walk.see("receipt")).text
    for said in ("Read back with North Agency’s own access", "Theo Brand", "How to take it back", "UTC"):
        assert said in receipt
    assert "Open my receipt" in (await walk.browser.get(walk.corner.link_path)).text


async def test_a_wrong_number_can_be_changed_after_the_yes_and_is_agreed_to_anew(
    walk: Walk, house: House, session: AsyncSession, world: World
) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    await house.work()
    assert walk.goes_to(await walk.send("change", screen="assets")) == "assets"
    assert {access_request.approved_at for access_request in (await _whole(session, world)).access_requests} == {None}
    assert walk.goes_to(await walk.send("assets", ad_account="7200000000000000202")) == "review"
    await walk.agree()
    kept = await _whole(session, world)
    assert [(access_request.asset_id, access_request.status) for access_request in kept.access_requests] == [
        ("7200000000000000202", "approved")
    ]


async def test_the_business_center_agreed_to_stays_unless_it_is_taken_back(
    walk: Walk, house: House, session: AsyncSession, world: World
) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree()
    await house.work()
    await walk.send("account", account_id="7111222233334444602")
    assert (await _whole(session, world)).on("tiktok").client_account_id == "7111222233334444601"
    await walk.send("change", screen="account")
    await walk.send("account", account_id="7111222233334444602")
    assert (await _whole(session, world)).on("tiktok").client_account_id == "7111222233334444602"


async def test_contacts_by_role_and_the_yes_reach_the_crm(
    walk: Walk, session: AsyncSession, world: World, api: httpx2.AsyncClient
) -> None:
    await walk.start()
    await walk.answer()
    await walk.agree(name="Theo B.")
    aggregate = await links.load_link(session, world.north.agency_id, world.north.link_id, lock=True)
    for access_request in aggregate.access_requests:
        aggregate.set_status(access_request, status="verified", next_actor=None)
    aggregate.complete_if_done()
    await aggregate.save(session)
    await session.commit()
    told = (await api.get("/events", params={"subject_id": world.north.link_id})).json()["data"]
    data = {event["type"]: event["data"] for event in told}
    contact = {"contact_email": "theo@brand.example", "target_markets": "FR,DE"}
    contact |= {f"{role}_name": "Theo Brand" for role in ("approver", "billing", "technical")}
    contact |= {f"{role}_email": "theo@brand.example" for role in ("approver", "billing", "technical")}
    for event_type in ("intake.completed", "consent.given", "link.submitted", "link.completed"):
        assert data[event_type].items() >= contact.items(), event_type
    for event_type in ("consent.given", "link.submitted", "link.completed"):
        assert data[event_type]["agreed_by"] == "Theo B."
    assert data["link.opened"]["contact_email"] != "theo@brand.example"
    assert data["access.verified"]["contact_email"] == "theo@brand.example"


async def test_pressing_agree_twice_at_once_is_one_yes(walk: Walk, house: House, world: World) -> None:
    await walk.start()
    await walk.answer()
    signed = await walk.consent()
    both = await asyncio.gather(*(walk.send("review", **signed) for _ in range(2)))
    assert [walk.goes_to(answer) for answer in both] == ["progress", "progress"]
    told = await house.events(world.north)
    assert (told.count("consent.given"), told.count("link.submitted")) == (1, 1)
