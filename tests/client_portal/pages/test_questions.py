"""The agency's own questions: kept or explained, files encrypted, nothing already given lost."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.events.models import Event
from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.kit.i18n import pseudo
from app.links import answers, questions
from app.links import service as link_service
from tests.client_portal.walk import SAME_ORIGIN, Remembered, Walk
from tests.prepared import Prepared
from tests.world import TESTS, Corner, World

QUESTIONS = [
    {"key": "website", "kind": "address", "label": "Which website?"},
    {"key": "system", "kind": "choice", "label": "Made with?", "choices": ["Shopify", "Other"]},
    {"key": "goal", "kind": "text", "label": "Your goal?", "required": False},
    {"key": "plan", "kind": "file", "label": "Your plan", "required": False},
]
PRESET = {
    "slug": "asked", "name": "Asked", "sentence": "Asked.", "screens": [], "questions": QUESTIONS,
    "access_requests": [{"kind": "ad_account", "role": "ANALYST", "reason": "To look."}],
}  # fmt: skip
GOOD = {"q-website": "brand.com", "q-system": "Shopify", "q-goal": "Sell <b>more</b>"}
PDF = ("plan.pdf", b"%PDF-1.7 the plan")


@pytest.fixture
async def asked(
    api: httpx2.AsyncClient, walk: Walk, sessions: Sessions, keyring: Keyring, world: World, prepared: Prepared
) -> Walk:
    """A client in front of the questions."""

    async def begin() -> tuple[Corner, Remembered]:
        assert (await api.post("/presets", json=PRESET)).status_code == 201
        there = await _with_link(walk, sessions, keyring, world, preset="asked")
        return there.corner, there.remembered()

    corner, kept = await prepared.reach("in front of the questions", begin)
    there = Walk(walk.browser, corner)
    there.remember(kept)
    return there


async def _with_link(walk: Walk, sessions: Sessions, keyring: Keyring, world: World, *, preset: str) -> Walk:
    """A client with a link of a preset, behind its first screens."""
    async with sessions.begin() as session:
        made, token = await link_service.create_link(
            session,
            world.north.agency_id,
            client_id=world.north.client_id,
            preset=preset,
            keyring=keyring,
            actor=TESTS,
        )
    there = Walk(walk.browser, replace(world.north, link_id=made.link.id, token=token))
    await there.start()
    await there.answer("lane", "account", "assets")
    return there


async def give(walk: Walk, fields: dict[str, Any], *sent: tuple[str, bytes]) -> httpx2.Response:
    """Sends the form with files."""
    parts = [("q-plan", (name, content)) for name, content in sent] or [("q-plan", ("", b""))]
    data = {"form_token": await walk.token(), **fields}
    return await walk.browser.post(f"{walk.path}/questions", data=data, files=parts, headers=SAME_ORIGIN)


async def _sent_back(walk: Walk, fields: dict[str, Any], *sent: tuple[str, bytes]) -> str:
    """Sends the form with files that cannot all be kept: what its screen shows then."""
    assert walk.goes_to(await give(walk, fields, *sent)) == "questions"
    page = (await walk.see("questions")).text
    assert "Please check" in page
    return page


async def test_answers_and_files_reach_the_agency(asked: Walk, api: httpx2.AsyncClient) -> None:
    page = (await asked.see("questions")).text
    assert "Step 4 of 5" in page
    assert asked.goes_to(await give(asked, GOOD, PDF)) == "review"
    review = (await asked.see("review")).text
    assert "https://brand.com" in review
    assert "Sell &lt;b&gt;more" in review
    assert "plan.pdf" in review
    assert "/pixels" not in review
    link = (await api.get(f"/links/{asked.corner.link_id}")).json()
    assert [each["value"] for each in link["answers"]] == ["https://brand.com", "Shopify", "Sell <b>more</b>", ""]
    (file,) = link["answers"][3]["files"]
    assert (file["name"], file["media_type"], file["size"]) == ("plan.pdf", "application/pdf", len(PDF[1]))
    got = await api.get(f"/links/{link['id']}/files/{file['id']}")
    assert got.content == PDF[1]
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''plan.pdf"
    assert (got.headers["content-type"], got.headers["x-content-type-options"]) == (
        "application/octet-stream", "nosniff",
    )  # fmt: skip
    events = (await api.get("/events", params={"subject_id": link["id"]})).json()["data"]
    assert "intake.completed" in {event["type"] for event in events}


async def test_the_bytes_are_sealed(asked: Walk, sessions: Sessions, world: World) -> None:
    await give(asked, GOOD, PDF)
    async with sessions() as session:
        (file,) = await questions.saved_files(session, world.north.agency_id, asked.corner.link_id)
        whole = await questions.file_with_bytes(session, world.north.agency_id, asked.corner.link_id, file.id)
    assert b"the plan" not in whole.content_encrypted


async def test_what_is_wrong_is_said_and_nothing_given_is_lost(asked: Walk) -> None:
    wrong = GOOD | {"q-website": "nowhere", "q-goal": "password: x"}
    page = await _sent_back(asked, wrong, PDF, ("virus.pdf", b"MZ\x00\x01"))
    for words in ('href="#q-website"', "looks like a password", "“virus.pdf” is none of the kinds", "nowhere"):
        assert words in page
    assert "plan.pdf" in page  # the good one is kept already
    assert 'value="Shopify" checked' in " ".join(page.split())
    assert asked.goes_to(await asked.see()) == "questions"
    assert asked.goes_to(await give(asked, GOOD)) == "review"
    assert (await asked.see("review")).text.count("plan.pdf") == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"), (b"%PDF-".ljust(answers.MOST_FILE_BYTES + 1, b"x"), "at most 5 MB"),
        (b"GIF89a\x00", "none of the kinds"),
    ],
)  # fmt: skip
async def test_a_file_that_does_not_fit_has_a_sentence(asked: Walk, content: bytes, said: str) -> None:
    assert said in await _sent_back(asked, GOOD, ("plan.pdf", content))


async def test_a_file_of_five_megabytes_fits(asked: Walk) -> None:
    assert asked.goes_to(await give(asked, GOOD, ("a.pdf", b"%PDF-".ljust(answers.MOST_FILE_BYTES, b"x")))) == "review"


async def test_there_are_at_most_five_files_and_each_once(asked: Walk) -> None:
    many = [(f"{each}.pdf", b"%PDF-" + bytes([65 + each])) for each in range(6)]
    assert "“5.pdf” is one too many" in await _sent_back(asked, GOOD, *many)
    assert asked.goes_to(await give(asked, GOOD, many[0])) == "review"


async def test_a_file_can_be_taken_away_and_what_was_typed_stays(asked: Walk, api: httpx2.AsyncClient) -> None:
    await give(asked, GOOD, PDF)
    path = f"/links/{asked.corner.link_id}"
    (file,) = (await api.get(path)).json()["answers"][3]["files"]
    assert asked.goes_to(await give(asked, GOOD | {"q-goal": "Half typed", "remove": file["id"]})) == "questions"
    page = (await asked.see("questions")).text
    assert ("Half typed" in page, "plan.pdf" in page, "Please check" in page) == (True, False, False)
    assert (await api.get(path)).json()["answers"][3]["files"] == []


async def test_only_this_address_takes_so_much(asked: Walk) -> None:
    data = {"form_token": "x" * 100_000}
    answer = await asked.browser.post(f"{asked.path}/about", data=data, headers=SAME_ORIGIN)
    assert answer.status_code == 413
    huge = await give(asked, GOOD, ("a.pdf", b"%PDF-".ljust(31 * 1024 * 1024, b"x")))
    assert (huge.status_code, "choose smaller files" in huge.text) == (413, True)


async def test_strangers_are_refused_before_their_files_are_read(asked: Walk) -> None:
    asked.browser.cookies.clear()
    parts = [("q-plan", PDF)]
    answer = await asked.browser.post(f"{asked.path}/questions", files=parts, headers=SAME_ORIGIN)
    assert (answer.status_code, "Open your link again" in answer.text) == (403, True)


async def test_a_form_of_another_browser_is_refused(asked: Walk) -> None:
    data = {"form_token": "0" * 64, **GOOD}
    answer = await asked.browser.post(f"{asked.path}/questions", data=data, headers=SAME_ORIGIN)
    assert answer.status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = await asked.browser.post(f"{asked.path}/questions", data=GOOD, headers=foreign)
    assert answer.status_code == 403


GIVEN = {
    "answer_website": "https://brand.com", "answer_system": "Shopify", "answer_goal": "Sell <b>more</b>",
    "answer_plan": "plan.pdf",
}  # fmt: skip


async def _agreed(asked: Walk, api: httpx2.AsyncClient) -> dict[str, dict[str, Any]]:
    """All is given and agreed to: the data of the events that bring it, by type."""
    await give(asked, GOOD, PDF)
    assert asked.goes_to(await asked.agree(name="Theo B.")) == "progress"
    told = (await api.get("/events", params={"subject_id": asked.corner.link_id})).json()["data"]
    return {event["type"]: event["data"] for event in told}


async def test_what_the_client_gave_reaches_the_crm(asked: Walk, api: httpx2.AsyncClient) -> None:
    told = await _agreed(asked, api)
    for data in (told["intake.completed"], told["link.submitted"]):
        assert data.items() >= GIVEN.items()
        assert data["answers"] == {key.removeprefix("answer_"): value for key, value in GIVEN.items()}
    submitted = told["link.submitted"]
    assert submitted["agreed_by"] == "Theo B."
    assert submitted["agreed_at"].endswith("Z")
    assert told["intake.completed"]["agreed_by"] is None
    assert not [key for key in told["link.opened"] if key.startswith("answer")]


@pytest.mark.parametrize("access_requests", [{"personal": "false"}, {"payload_mode": "thin"}, {"payload_mode": "flat"}])
async def test_what_is_personal_of_it_is_left_out_where_it_is_not_wanted(
    asked: Walk, api: httpx2.AsyncClient, access_requests: dict[str, str]
) -> None:
    await _agreed(asked, api)
    for event_type in ("link.submitted", "intake.completed"):
        said = (await api.get("/hooks/sample", params={"event_type": event_type, **access_requests})).json()
        body = said[0] if isinstance(said, list) else said["data"][0]
        data = body.get("data", body)
        if access_requests.get("payload_mode") == "flat":
            assert data.items() >= GIVEN.items()
            assert not [key for key, value in data.items() if isinstance(value, dict | list)]
        else:
            assert not [value for value in GIVEN.values() if value in str(body)]
            assert not [key for key in data if key.startswith("answer_")]
            assert "Theo B." not in str(body)


async def test_what_was_given_can_be_erased_and_lies_in_no_fact(
    asked: Walk, api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    await _agreed(asked, api)
    where = Event.agency_id == world.north.agency_id
    async with sessions() as session:
        facts = [event.facts for event in await session.scalars(select(Event).where(where))]
    assert not [value for value in (*GIVEN.values(), "Theo B.") if value in str(facts)]


async def test_keyturns_own_questions_are_asked_in_the_clients_language(
    app: FastAPI, api: httpx2.AsyncClient, walk: Walk, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    app.state.services.languages = ("en", pseudo.TAG)
    there = await _with_link(walk, sessions, keyring, world, preset="spark-programme")
    await there.answer("about")
    await there.see("questions?language=en-XA")
    assert there.goes_to(await there.send("questions", **{"q-creators": "", "q-first_posts": ""})) == "questions"
    missing = (await there.see("questions")).text
    label, choice = "When are the first posts due?", "Within two weeks"
    for shown in (label, choice, "Which creators do you work with?", "Their TikTok names, one per line."):
        assert pseudo.disguised(shown) in missing
        assert shown not in missing.replace(f'value="{shown}"', "")
    assert f"{pseudo.disguised('Choose one: {label}')}".format(label=pseudo.disguised(label)) in missing
    await there.send("questions", **{"q-creators": "Yes", "q-first_posts": choice})
    review = (await there.see("review")).text
    assert f'<span class="given">{pseudo.disguised(choice)}</span>' in review
    assert '<span class="given">Yes</span>' in review, "a text of the client's own is not translated"
    told = (await api.get(f"/links/{there.corner.link_id}")).json()["answers"]
    assert [each["value"] for each in told] == ["Yes", choice]
