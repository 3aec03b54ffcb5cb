"""Webhooks: who may see and change endpoints, their settings, secrets, deliveries, replays and the catalogue."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.dashboard import webhook_form, webhook_words
from app.events import catalog
from app.kit import clock
from app.kit.database import Sessions
from app.kit.egress.client import Egress
from app.kit.encryption import Keyring
from app.kit.i18n.locales import english
from app.tenants.members.models import Role
from app.webhooks.context import WebhookContext
from app.webhooks.deliveries.conditions import HOLDS
from app.webhooks.endpoints import queries
from app.webhooks.models import Endpoint, EndpointSecret, Replay
from app.webhooks.policies.end_reason import EndReason
from app.webhooks.policies.retry_policy import POLICIES
from tests import cost
from tests.client_portal.walk import SAME_ORIGIN, press
from tests.dashboard.conftest import SignIn
from tests.kit.egress.receivers import answers, receiver
from tests.webhooks import rows, scenes
from tests.webhooks.replays import turns
from tests.world import PUBLIC_URL, World

HERE = "/desk/webhooks"
HOSTILE = b'<script>alert(1)</script>\xe2\x80\xae{"error": "&"}'
BAD = b"HTTP/1.1 500 Oh\r\nx-evil: <img src=x>\r\ncontent-length: %d\r\n\r\n%s" % (len(HOSTILE), HOSTILE)
FORM: dict[str, Any] = {
    "description": "CRM", "url": "http://127.0.0.1:9/in", "event_types": ["link.*", "link.opened", "access.blocked"],
    "payload_mode": "flat", "personal": "", "retry_policy": "fast", "is_ordered": "yes", "rate": "100/60",
    "headers": "Authorization: Bearer of-theirs\r\n",
}  # fmt: skip


@pytest_asyncio.fixture
async def tools(sessions: Sessions, keyring: Keyring) -> AsyncIterator[WebhookContext]:
    egress = Egress(allow=["127.0.0.0/8"])
    yield WebhookContext(sessions, keyring, egress, PUBLIC_URL, worker="test:1")
    await egress.close()


@pytest.fixture
async def endpoint(sessions: Sessions, keyring: Keyring, world: World) -> Endpoint:
    agency_id = world.north.agency_id
    made, _ = await scenes.make_endpoint(sessions, keyring, agency_id, "http://127.0.0.1:9/in", description="The CRM")
    return made


@pytest.fixture
def there(endpoint: Endpoint) -> str:
    return f"{HERE}/{endpoint.id}"


async def found(sessions: Sessions, agency_id: str) -> Endpoint:
    async with sessions() as session:
        return (await session.scalars(select(Endpoint).where(Endpoint.agency_id == agency_id))).one()


async def test_the_list_says_which_endpoint_needs_somebody(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, endpoint: Endpoint, there: str
) -> None:
    await sign_in("viewer")
    page = (await browser.get(HERE)).text
    assert "No endpoint needs you." in page
    assert "Nothing sent lately" in page
    row = await rows.add_delivery(sessions, endpoint)
    await rows.add_delivery(sessions, endpoint, status="exhausted", reason="attempts_used", due_at=None)
    await rows.add_attempt(sessions, row, aged=timedelta(minutes=1))
    assert "Nothing arrives" in (await browser.get(HERE)).text
    await rows.add_attempt(sessions, row, arrived=True)
    page = (await browser.get(HERE)).text
    assert "Healthy" in page
    assert "1 of 2" in page
    assert f'{there}/deliveries?status=open">1<' in page
    assert f'{there}/deliveries?status=exhausted">1<' in page
    await rows.set_health(sessions, endpoint, breaker="open", failing_since=clock.now() - timedelta(minutes=5))
    page = (await browser.get(HERE)).text
    assert "1 endpoint needs you." in page
    assert "Circuit breaker open" in page
    assert "Failing for 5 min" in page


PAGES = ("", "/deliveries", "/secret", "/replay")
FORMS = (
    "", "/status", "/test", "/verification", "/installation", "/secret", "/secret/rotation",
    "/secret/secret_01ksy1q3e0fzs8qj5m8g3d4w7z/end", "/deletion", "/replay",
    "/deliveries/delivery_01ksy1q3e0fzs8qj5m8g3d4w7z/retry",
    "/deliveries/delivery_01ksy1q3e0fzs8qj5m8g3d4w7z/cancel", "/replay/replay_01ksy1q3e0fzs8qj5m8g3d4w7z/cancel",
)  # fmt: skip


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("member", False), ("manager", True), ("owner", True)])
async def test_everybody_reads_and_managers_act(
    browser: httpx2.AsyncClient, sign_in: SignIn, there: str, role: Role, may: bool
) -> None:
    await sign_in(role)
    for path in (HERE, f"{HERE}/events", *(there + tab for tab in PAGES)):
        page = await browser.get(path)
        assert page.status_code == 200, path
        posts = set(re.findall(r'method="post"[^>]* action="([^"]+)"', page.text)) - {"/desk/sign-out", there}
        assert bool(posts) == (may and path.startswith(there)), (path, posts)
    for path in (f"{HERE}/new", f"{there}/deletion"):
        assert (await browser.get(path)).status_code == (200 if may else 403), path
    assert ("Add endpoint" in (await browser.get(HERE)).text) == may
    for form in FORMS:
        sent = await press(browser, HERE, there + form)
        assert (sent.status_code == 403) == (not may), (form, sent.status_code)


async def test_another_agency_and_nobody_find_nothing(
    browser: httpx2.AsyncClient, sign_in: SignIn, world: World, there: str
) -> None:
    assert (await browser.get(there)).status_code == 303
    await sign_in(corner=world.south)
    assert "The CRM" not in (await browser.get(HERE)).text
    for path in (*PAGES, "/deletion"):
        assert (await browser.get(there + path)).status_code == 404, path
    given = {**FORM, "action": "pause", "event_type": "access.verified", "grace": "0", "select": "all"}
    for form in FORMS:
        sent = await press(browser, HERE, there + form, since="2026-11-30T00:00", **given)
        assert sent.status_code == 404, form


async def test_a_form_of_another_page_is_refused(browser: httpx2.AsyncClient, sign_in: SignIn, there: str) -> None:
    await sign_in()
    for path in (f"{HERE}/new?destination=http", *(there + form for form in FORMS)):
        sent = await browser.post(path, data={"form_token": "0" * 64, **FORM}, headers=SAME_ORIGIN)
        assert sent.status_code == 403, path


async def test_an_endpoint_is_made_as_the_form_says(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    await sign_in("manager")
    made = await press(browser, f"{HERE}/new?destination=http", **FORM)
    assert made.status_code == 303, made.text
    endpoint = await found(sessions, world.north.agency_id)
    assert made.headers["location"] == f"{HERE}/{endpoint.id}?said=created"
    assert (endpoint.description, endpoint.url, endpoint.payload_mode) == ("CRM", "http://127.0.0.1:9/in", "flat")
    assert endpoint.event_types == ["link.*", "access.blocked"]
    assert (endpoint.personal, endpoint.retry_policy, endpoint.ordering) == (False, "fast", "by_subject")
    assert endpoint.rate_limit == {"max": 100, "per_seconds": 60, "burst": 100}
    assert queries.open_headers(keyring, endpoint) == {"Authorization": "Bearer of-theirs"}
    page = (await browser.get(made.headers["location"])).text
    assert "The endpoint is ready." in page
    assert "of-theirs" not in page
    unchanged = await press(
        browser, f"{HERE}/{endpoint.id}", version='"1"', **{**FORM, "headers": "Authorization: ********"}
    )
    assert unchanged.headers["location"].endswith("said=saved")
    after = await found(sessions, world.north.agency_id)
    assert after.version == 1
    assert queries.open_headers(keyring, after) == {"Authorization": "Bearer of-theirs"}


@pytest.mark.parametrize(
    ("destination", "fields", "options"),
    [
        (
            "slack", {"webhook_url": "http://127.0.0.1:9/services/T0/B0/XX"},
            {"webhook_url": "http://127.0.0.1:9/services/T0/B0/XX"},
        ),
        (
            "hubspot",
            {"token": "pat-eu1-0", "stage-link.completed": "customer", "stage-link.sent": "", "notes": ["link.sent"]},
            {"token": "pat-eu1-0", "lifecycle": {"link.completed": "customer"}, "notes": ["link.sent"]},
        ),
        (
            "http_request",
            {"url": "http://127.0.0.1:9/items/{client_id}", "method": "PUT", "body": '{"name": "{client_name}"}'},
            {"url": "http://127.0.0.1:9/items/{client_id}", "method": "PUT", "body": {"name": "{client_name}"}},
        ),
    ],
)  # fmt: skip
async def test_each_destination_has_its_options(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, keyring: Keyring, world: World,
    destination: str, fields: dict[str, Any], options: dict[str, Any],
) -> None:  # fmt: skip
    await sign_in("manager")
    page = f"{HERE}/new?destination={destination}"
    assert "Install steps" in (await browser.get(page)).text
    made = await press(browser, page, event_types=["link.*"], **fields)
    assert made.status_code == 303, made.text
    endpoint = await found(sessions, world.north.agency_id)
    assert queries.open_options(keyring, endpoint) == options
    shown = (await browser.get(f"{HERE}/{endpoint.id}")).text
    assert "services/T0" not in shown
    assert "pat-eu1-0" not in shown
    kept = {name: value for name, value in fields.items() if name not in ("webhook_url", "token")}
    saved = await press(browser, f"{HERE}/{endpoint.id}", event_types=["access.*"], version='"1"', **kept)
    assert saved.headers["location"].endswith("said=saved")
    after = await found(sessions, world.north.agency_id)
    assert after.event_types == ["access.*"]
    assert queries.open_options(keyring, after) == options, "an empty secret stays"


@pytest.mark.parametrize(
    ("destination", "wrong"),
    [
        ("http", {"url": "ftp://x"}),
        ("http", {"url": ""}),
        ("http", {"event_types": []}),
        ("http", {"event_types": ["no.such"]}),
        ("http", {"headers": "no colon"}),
        ("http", {"headers": "webhook-id: mine"}),
        ("http", {"rate": "many"}),
        ("http", {"rate": "0"}),
        ("slack", {"webhook_url": "slack"}),
        ("hubspot", {"token": ""}),
        ("http_request", {"body": "{"}),
        ("http_request", {"body": '"{nothing_like_this}"'}),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_the_rest_stays(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, world: World,
    destination: str, wrong: dict[str, Any],
) -> None:  # fmt: skip
    await sign_in()
    given = {**FORM, "description": "Still <here>", **wrong}
    refused = await press(browser, f"{HERE}/new?destination={destination}", **given)
    assert refused.status_code == 422
    [name] = wrong
    assert f'id="{name}-problem"' in refused.text
    assert english(webhook_form.PROBLEMS[name]) in refused.text
    assert 'value="Still &lt;here&gt;"' in refused.text
    assert await rows.count(sessions, Endpoint, world.north.agency_id) == 0


async def test_a_change_of_an_old_page_is_not_saved(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, endpoint: Endpoint, there: str
) -> None:
    await sign_in()
    assert (await press(browser, there, version='"1"', **FORM)).headers["location"].endswith("said=saved")
    refused = await press(browser, there, version='"1"', **{**FORM, "description": "Mine"})
    assert refused.status_code == 422
    assert "changed meanwhile" in refused.text
    assert 'value="Mine"' in refused.text
    assert (await rows.find_endpoint(sessions, endpoint)).description == "CRM"


async def test_an_endpoint_is_paused_disabled_and_deleted(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, endpoint: Endpoint, there: str
) -> None:
    member = await sign_in("manager")
    for action, status, paused in (
        ("pause", "active", True), ("resume", "active", False), ("disable", "disabled", False),
        ("enable", "active", False),
    ):  # fmt: skip
        sent = await press(browser, there, f"{there}/status", action=action)
        assert sent.headers["location"] == f"{there}?said={action}"
        after = await rows.find_endpoint(sessions, endpoint)
        assert (after.status, after.paused_at is not None) == (status, paused), action
    assert (await press(browser, there, f"{there}/status", action="erase")).status_code == 404
    assert "Delete this endpoint?" in (await browser.get(f"{there}/deletion")).text
    assert (await press(browser, f"{there}/deletion")).headers["location"] == f"{HERE}?said=deleted"
    assert (await rows.find_endpoint(sessions, endpoint)).deleted_at is not None
    assert (await browser.get(there)).status_code == 404
    [event] = await rows.events(sessions, endpoint.agency_id, catalog.ENDPOINT_DELETED.name)
    assert event.actor_id == member.id


async def test_the_secret_is_shown_on_demand_and_each_look_is_recorded(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, keyring: Keyring, endpoint: Endpoint, there: str
) -> None:
    await sign_in("manager")

    async def secrets() -> list[str]:
        async with sessions() as session:
            live = await queries.live_secrets(session, endpoint.agency_id, endpoint.id)
        return [queries.open_secret(keyring, row).replace("+", "&#43;") for row in live]

    [first] = await secrets()
    assert first not in (await browser.get(f"{there}/secret")).text
    assert await rows.events(sessions, endpoint.agency_id, catalog.SECRET_SHOWN.name) == []
    shown = await press(browser, f"{there}/secret")
    assert first.replace("&#43;", "+") in shown.text.replace("&#43;", "+")
    assert shown.headers["cache-control"] == "no-store"
    assert len(await rows.events(sessions, endpoint.agency_id, catalog.SECRET_SHOWN.name)) == 1
    rotated = await press(browser, f"{there}/secret", f"{there}/secret/rotation", grace="3600")
    second, previous = await secrets()
    assert previous == first
    assert second.replace("&#43;", "+") in rotated.text.replace("&#43;", "+")
    assert first.replace("&#43;", "+") not in rotated.text.replace("&#43;", "+")
    again = await press(browser, f"{there}/secret", f"{there}/secret/rotation", grace="3600")
    assert again.headers["location"].endswith("said=rotation_under_way")
    assert (await press(browser, f"{there}/secret", f"{there}/secret/rotation", grace="7")).status_code == 404
    async with sessions() as session:
        older = await session.scalar(
            select(EndpointSecret.id).where(
                EndpointSecret.agency_id == endpoint.agency_id, EndpointSecret.expires_at.is_not(None)
            )
        )
    ended = await press(browser, f"{there}/secret", f"{there}/secret/{older}/end")
    assert ended.headers["location"].endswith("said=ended")
    assert await secrets() == [second]


async def test_a_test_event_shows_request_and_hostile_answer_escaped(
    browser: httpx2.AsyncClient,
    sign_in: SignIn,
    tools: WebhookContext,
    sessions: Sessions,
    keyring: Keyring,
    world: World,
) -> None:
    await sign_in("manager")
    async with receiver(answers(BAD)) as far:
        endpoint, _ = await scenes.make_endpoint(sessions, keyring, world.north.agency_id, far.url)
        there = f"{HERE}/{endpoint.id}"
        sent = await press(browser, there, f"{there}/test", event_type="access.verified")
        opened = sent.headers["location"]
        assert "No attempt yet." in (await browser.get(opened)).text
        row = await scenes.attempt(tools)
    page = (await browser.get(opened)).text
    assert row.id in opened
    assert "The receiver answered 500." in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{&#34;error&#34;" in page
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "x-evil: &lt;img src=x&gt;" in page
    assert f"webhook-id: {row.event_id}" in page
    assert "&#34;role_granted&#34;: &#34;OPERATOR&#34;" in page
    assert "Attempts to come" in page
    assert "hx-trigger" not in page, "it waits for nothing"
    assert (
        "event_type_unknown" in (await press(browser, there, f"{there}/test", event_type="no.such")).headers["location"]
    )


async def test_one_attempt_of_many_is_opened_by_its_address(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, endpoint: Endpoint, there: str
) -> None:
    await sign_in("viewer")
    row = await rows.add_delivery(sessions, endpoint, status="retrying", attempt_count=2)
    times = {"dns_ms": 2, "connect_ms": 3, "first_byte_ms": 5}
    await rows.add_attempt(sessions, row, aged=timedelta(minutes=2), body="the first", status=502, **times)
    await rows.add_attempt(sessions, row, number=2, body="x" * 20_000)
    opened = f"{there}/deliveries?status=open&delivery={row.id}"
    newest = (await browser.get(opened)).text
    assert "Only the beginning is shown." in newest
    assert "x" * 6000 in newest
    assert "x" * 6001 not in newest
    first = (await browser.get(f"{opened}&a=1")).text
    assert "the first" in first
    assert re.findall(r'<rect x="([\d.]+)" width="([\d.]+)"', first) == [
        ("0.0", "16.7"), ("16.7", "25.0"), ("41.7", "41.7"), ("83.3", "16.7"),
    ]  # fmt: skip
    assert "status=open&amp;delivery=" in first
    for address in (
        f"{there}/deliveries?delivery=delivery_01ksy1q3e0fzs8qj5m8g3d4w7z",
        f"{there}/deliveries?delivery=x",
    ):
        assert (await browser.get(address)).status_code == 404, address


async def test_deliveries_are_filtered_by_status_type_and_time(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, endpoint: Endpoint, there: str
) -> None:
    await sign_in("viewer")
    old = await rows.add_delivery(sessions, endpoint, aged=timedelta(days=2), status="exhausted", due_at=None)
    new = await rows.add_delivery(sessions, endpoint)
    yesterday = (clock.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")

    async def listed(**given: str) -> set[str]:
        page = await browser.get(f"{there}/deliveries", params=given)
        assert page.status_code == 200
        return set(re.findall(r"[?;]delivery=(delivery_\w+)", page.text))

    assert await listed() == {old.id, new.id}
    assert await listed(status="open") == {new.id}
    assert await listed(status="exhausted") == {old.id}
    assert await listed(status="", type=new.event_type) == {new.id, old.id}, "as the form sends it"
    assert await listed(type="link.opened") == set()
    assert await listed(since=yesterday) == {new.id}
    assert await listed(until=yesterday) == {old.id}
    assert await listed(before=new.id) == {old.id}
    wrong = await browser.get(f"{there}/deliveries", params={"since": "soon"})
    assert (wrong.status_code, "Enter a time" in wrong.text) == (422, True)


async def test_a_time_past_all_times_is_refused_in_words(
    browser: httpx2.AsyncClient, sign_in: SignIn, endpoint: Endpoint
) -> None:
    await sign_in()
    for time in ("yesterday", "1999-12-31T23:59", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        page = await browser.get(f"{HERE}/{endpoint.id}/deliveries", params={"since": time})
        assert (page.status_code, 'id="since-problem"' in page.text) == (422, True), time


async def test_a_delivery_is_sent_again_and_cancelled(
    browser: httpx2.AsyncClient,
    sign_in: SignIn,
    tools: WebhookContext,
    sessions: Sessions,
    endpoint: Endpoint,
    there: str,
) -> None:
    await sign_in("manager")
    made = await turns.ended(sessions, tools, endpoint, "exhausted")
    there_it_is = f"{there}/deliveries/{made['exhausted']}"
    page = f"{there}/deliveries?delivery={made['exhausted']}"
    assert "All attempts of the retry policy failed." in (await browser.get(page)).text
    for act, status, then in (
        ("retry", "pending", "retry"), ("retry", "pending", "delivery_not_over"), ("cancel", "cancelled", "cancel"),
        ("cancel", "cancelled", "delivery_over"),
    ):  # fmt: skip
        sent = await press(browser, page, f"{there_it_is}/{act}?type=link.opened")
        kept = f"{there}/deliveries?type=link.opened&delivery={made['exhausted']}"
        assert sent.headers["location"] == f"{kept}&said={then}"
        [row] = await scenes.deliveries(sessions, endpoint.agency_id)
        assert row.status == status


async def test_a_delivery_belongs_to_its_endpoint(
    browser: httpx2.AsyncClient, sign_in: SignIn, sessions: Sessions, keyring: Keyring, endpoint: Endpoint
) -> None:
    await sign_in()
    row = await rows.add_delivery(sessions, endpoint)
    other, _ = await scenes.make_endpoint(sessions, keyring, endpoint.agency_id, "http://127.0.0.1:10/in")
    for act in ("retry", "cancel"):
        sent = await press(browser, HERE, f"{HERE}/{other.id}/deliveries/{row.id}/{act}")
        assert sent.status_code == 404, act
    opened = await browser.get(f"{HERE}/{other.id}/deliveries", params={"delivery": row.id})
    assert opened.status_code == 404


async def test_a_replay_is_previewed_then_started_and_cancelled(
    browser: httpx2.AsyncClient,
    sign_in: SignIn,
    tools: WebhookContext,
    sessions: Sessions,
    endpoint: Endpoint,
    there: str,
) -> None:
    await sign_in("manager")
    await turns.ended(sessions, tools, endpoint, *turns.ENDS)
    since = (clock.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    given = {"since": since, "until": "", "select": "failed", "type": ""}
    preview = (await browser.get(f"{there}/replay", params=given)).text
    assert "2 events match" in preview
    assert await rows.count(sessions, Replay, endpoint.agency_id) == 0
    none = await browser.get(f"{there}/replay", params={**given, "type": "link.*"})
    assert "0 events match" in none.text
    for wrong in ({"since": "x"}, {"until": "2020-01-01T00:00"}, {"type": "no.such"}):
        assert "Please check one thing" in (await browser.get(f"{there}/replay", params={**given, **wrong})).text, wrong
    started = await press(browser, f"{there}/replay", **given)
    assert started.headers["location"] == f"{there}/replay?said=replay"
    page = (await browser.get(started.headers["location"])).text
    assert "0 of 2" in page
    async with sessions() as session:
        replay = (await session.scalars(select(Replay).where(Replay.agency_id == endpoint.agency_id))).one()
    assert (replay.selected, replay.matched) == ("failed", 2)
    cancelled = await press(browser, f"{there}/replay", f"{there}/replay/{replay.id}/cancel")
    assert cancelled.headers["location"].endswith("said=replay_cancel")
    assert (await press(browser, f"{there}/replay", **{**given, "since": ""})).status_code == 422


@pytest.mark.parametrize("kind", catalog.FOR_CRMS)
async def test_the_catalogue_shows_each_type_with_an_example(
    browser: httpx2.AsyncClient, sign_in: SignIn, kind: str
) -> None:
    await sign_in("viewer")
    page = (await browser.get(f"{HERE}/events", params={"type": kind})).text
    assert f"&#34;type&#34;: &#34;{kind}&#34;" in page
    assert (await browser.get(f"{HERE}/events", params={"type": "no.such"})).status_code == 404


@pytest.mark.parametrize("path", ["", "/{id}", "/{id}/deliveries", "/{id}/replay?since=2026-11-30T00:00&select=all"])
async def test_statements_do_not_grow_with_rows(
    browser: httpx2.AsyncClient, sign_in: SignIn, engine: AsyncEngine, sessions: Sessions, keyring: Keyring,
    endpoint: Endpoint, path: str,
) -> None:  # fmt: skip
    await sign_in()
    await rows.add_attempt(sessions, await rows.add_delivery(sessions, endpoint))

    async def statements() -> int:
        with cost.meter(engine) as meter:
            async with meter.measure() as needed:
                assert (await browser.get(HERE + path.format(id=endpoint.id))).status_code == 200
        return len(needed.statements)

    await statements()  # connections are opened
    few = await statements()
    for number in range(6):
        await scenes.make_endpoint(sessions, keyring, endpoint.agency_id, f"http://127.0.0.1:{number + 9}/in")
        await rows.add_attempt(sessions, await rows.add_delivery(sessions, endpoint, aged=timedelta(seconds=number)))
    assert await statements() == few


def test_every_status_reason_and_choice_has_words() -> None:
    assert webhook_words.REASONS.keys() == {*HOLDS, *EndReason}
    assert webhook_words.POLICIES.keys() == POLICIES.keys()
