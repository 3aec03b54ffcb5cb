"""System check: what an owner reads about the installation and about the app at a platform."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import func, update

from app import installation
from app.access.diagnostics import limits
from app.dashboard import doctor
from app.kit import throttle
from app.kit.database import Sessions
from app.platforms import guidance_age
from app.settings import Settings
from app.tenants.agencies import domains
from app.tenants.agencies.models import DomainProblem
from app.webhooks.models import PeriodicTask
from tests.dashboard.conftest import SignIn
from tests.house import House
from tests.world import TESTS, Corner, World

PATH = "/desk/doctor"


async def test_an_owner_reads_what_works_and_what_to_do(
    browser: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World, sessions: Sessions, app: FastAPI,
    api: httpx2.AsyncClient,
) -> None:  # fmt: skip
    for role in ("member", "viewer"):
        await sign_in(role)
        assert (await browser.get(PATH)).status_code == 403
    await sign_in("manager")
    async with sessions.begin() as session:  # the tests' database was made some time ago
        await session.execute(update(PeriodicTask).values(due_at=func.now()))
    calls = (await house.tiktok.calls())["total"]
    page = (await browser.get(PATH)).text
    assert "A worker does it" in page
    assert "Opens what is stored" in page
    assert "https only" in page
    assert "set KEYTURN_SMTP_URL and KEYTURN_MAIL_FROM" in page
    assert 'href="https://business-api.tiktok.com/portal/docs"' in page
    assert (await house.tiktok.calls())["total"] == calls, "nothing is called before somebody asks for it"
    assert "127.0.0.1/32" not in page, "networks are for the operator"

    page = (await browser.get(PATH, params={"platform": "tiktok"})).text
    assert "There is none, so that nothing can be proved." in page
    assert "Does not work" in page
    await house.connect_agency(world.north)
    page = (await browser.get(PATH, params={"platform": "tiktok"})).text
    assert "Everything Keyturn can use is granted." in page
    assert "https://go.keyturn.example/callbacks/tiktok" in page
    assert (await browser.get(PATH, params={"platform": "meta"})).status_code == 404

    async with sessions.begin() as session:
        await session.execute(update(PeriodicTask).values(due_at=func.now() - timedelta(minutes=5)))
    page = (await browser.get(PATH)).text
    assert "No worker does it" in page
    assert "1 check failed" in page
    health = (await api.get("/agency/installation-health")).json()
    assert not health["well"]
    assert {each["what"]: each["status"] for each in health["lines"]} == {
        "key ring": "pass", "events": "pass", "background work": "fail", "https": "pass", "public address": "limited",
        "mail": "limited",
    }  # fmt: skip


def test_steps_that_nobody_compared_for_long_are_named_with_their_day() -> None:
    days = [each for name, each in guidance_age._dates() if name == "TikTok"]
    oldest = min(each.of("en") for each in days)
    last_day = oldest + guidance_age.STALE_AFTER
    assert not [each for each in guidance_age.stale(last_day) if each[:2] == ("TikTok", "en")]
    (line,) = installation.guidance(last_day + timedelta(days=1))
    assert line.mark == "warn"
    assert f"TikTok (en, {oldest})" in line.words
    assert "Update Keyturn" in (line.do or "")
    (line,) = installation.guidance(last_day + timedelta(days=400))
    assert "Google Analytics" in line.words, "manual platforms, too"


async def test_the_page_names_them(
    browser: httpx2.AsyncClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sign_in("manager")
    assert "steps for clients" not in (await browser.get(PATH)).text
    monkeypatch.setattr(guidance_age, "STALE_AFTER", timedelta(days=-400))
    page = (await browser.get(PATH)).text
    assert "steps for clients" in page
    assert "TikTok (en, " in page


async def test_plain_http_is_said(settings: Settings, sessions: Sessions, world: World) -> None:
    plain = settings.model_copy(update={"public_url": "http://127.0.0.1:9"})
    found = {each.what: each for each in await installation.for_agencies(plain, sessions, world.north.agency_id)}
    assert found["https"].status == "limited"
    assert "KEYTURN_PUBLIC_URL" in found["https"].words


async def test_domains_are_told_to_their_agency_and_all_of_them_to_the_operator(
    browser: httpx2.AsyncClient, sign_in: SignIn, settings: Settings, sessions: Sessions, world: World
) -> None:
    since = datetime(2026, 11, 3, 4, 5, tzinfo=UTC)
    problems: tuple[tuple[Corner, str, DomainProblem | None], ...] = (
        (world.north, "a", None), (world.north, "b", "elsewhere"), (world.north, "c", "no_answer"),
        (world.south, "d", None), (world.south, "e", "no_proof"),
    )  # fmt: skip
    async with sessions.begin() as session:
        for corner, name, problem in problems:
            row = await domains.add(session, corner.agency_id, f"{name}.agency.example", actor=TESTS)
            row.verified_at = row.checked_at = row.problem_since = since
            row.problem = problem
        await domains.add(session, world.north.agency_id, "unverified.agency.example", actor=TESTS)
    every = {each.what.split()[1]: each for each in await installation.database(settings) if "domain" in each.what}
    assert every["of"].words == "right at their last check: a.agency.example, d.agency.example"
    assert {name: each.mark for name, each in every.items()} == {
        "of": "pass", "b.agency.example": "warn", "c.agency.example": "warn", "e.agency.example": "warn",
    }  # fmt: skip
    wrong = every["b.agency.example"]
    assert "points somewhere else" in wrong.words
    assert "since 2026-11-03 04:05 UTC" in wrong.words
    assert "CNAME b.agency.example = go.keyturn.example; TXT _keyturn.b.agency.example = " in (wrong.do or "")
    assert "New addresses begin with go.keyturn.example" in (wrong.do or "")

    await sign_in("manager")
    page = (await browser.get(PATH)).text
    assert "right at the last check of 2026-11-03 04:05 UTC" in page
    assert "TXT _keyturn.b.agency.example = " in page
    assert "d.agency.example" not in page
    assert "e.agency.example" not in page
    found = {each.what[7:8]: each.status for each in await installation.for_agencies(settings, sessions, row.agency_id)}
    assert (found["d"], found["e"]) == ("pass", "fail")


async def test_an_agency_checks_so_often(
    browser: httpx2.AsyncClient, api: httpx2.AsyncClient, sign_in: SignIn, house: House, world: World,
    sessions: Sessions,
) -> None:  # fmt: skip
    await sign_in()
    limit = limits.CHECKS_OF_AGENCY
    async with sessions.begin() as session:
        for _ in range(limit.most - 1):
            await throttle.take(session, (limit, world.north.agency_id))
    assert (await browser.get(PATH)).status_code == 200
    calls = (await house.tiktok.calls())["total"]
    refused = await browser.get(PATH, params={"platform": "tiktok"})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 20
    assert "The system was checked very often in the last minutes." in refused.text
    assert "Try again in 1 minute." in refused.text
    for path in ("/agency/platform-apps/tiktok/health", "/agency/installation-health"):
        answer = await api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_system_checks"), path
        assert 0 < int(answer.headers["retry-after"]) <= 20
    assert (await house.tiktok.calls())["total"] == calls
    async with sessions.begin() as session:
        await throttle.take(session, (limit, world.south.agency_id))


def test_words_of_a_finding_are_a_sentence_and_names_stay_as_written() -> None:
    for words, said in (
        (
            "it is encrypted from the first byte: write smtps://.",
            "It is encrypted from the first byte: write smtps://.",
        ),
        ("register exactly https://x.example.", "Register exactly https://x.example."),
        ("none for the whole installation", "None for the whole installation"),
        ("works (161 ms).", "Works (161 ms)."),
        ("live; Ana authorized", "Live; Ana authorized"),
        ("mail.example.com:587, sent as a@b.example", "mail.example.com:587, sent as a@b.example"),
        ("https://x.example answers 500", "https://x.example answers 500"),
        ("TikTok did not answer", "TikTok did not answer"),
        ("", ""),
    ):
        assert doctor.sentence(words) == said
