"""The demo's CRM inbox: light, and filtered by client and type."""

import json
from datetime import UTC, datetime

import httpx2
import pytest
from standardwebhooks import Webhook

from demo.inbox.app import SHOWN, create_inbox

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def inbox() -> httpx2.AsyncClient:
    """A browser and a sender in one."""
    transport = httpx2.ASGITransport(app=create_inbox(SECRET))
    return httpx2.AsyncClient(transport=transport, base_url="http://inbox.example")


async def arrives(inbox: httpx2.AsyncClient, number: int, event_type: str, client: str) -> None:
    """One signed delivery."""
    data = {"client_name": client, **{f"key_{each}": "x" * 40 for each in range(60)}}
    body = json.dumps({"id": f"evt_{number}", "type": event_type, "sequence": number, "data": data})
    now = datetime.now(UTC)
    headers = {
        "webhook-id": f"evt_{number}", "webhook-timestamp": str(int(now.timestamp())), "x-keyturn-attempt": "1",
        "webhook-signature": Webhook(SECRET).sign(f"evt_{number}", now, body),
    }  # fmt: skip
    assert (await inbox.post("/hook", content=body, headers=headers)).status_code == 200


async def test_many_deliveries_make_a_light_page(inbox: httpx2.AsyncClient) -> None:
    for number in range(160):
        await arrives(inbox, number, "link.opened", "Brand SA")
    page = (await inbox.get("/")).text
    assert page.count("<li>") == SHOWN
    assert "160 received" in page
    assert len(page) < 20_000
    assert "key_1" not in page


async def test_client_and_type_narrow_it_down(inbox: httpx2.AsyncClient) -> None:
    sent = [("link.opened", "Brand SA"), ("link.opened", "Maison & Co"), ("access.verified", "Maison & Co")]
    for number, (event_type, client) in enumerate(sent):
        await arrives(inbox, number, event_type, client)
    found = {
        (client, event_type): (await inbox.get("/", params={"client": client, "type": event_type})).text.count("<li>")
        for client, event_type in (("", ""), ("Maison & Co", ""), ("", "link.opened"), ("Maison & Co", "link.opened"))
    }
    assert list(found.values()) == [3, 2, 2, 1]


async def test_one_delivery_is_shown_with_its_body(inbox: httpx2.AsyncClient) -> None:
    await arrives(inbox, 1, "link.opened", "Brand SA")
    assert "/received/1" in (await inbox.get("/")).text
    assert "key_1" in (await inbox.get("/received/1")).text
    assert (await inbox.get("/received/2")).status_code == 404
