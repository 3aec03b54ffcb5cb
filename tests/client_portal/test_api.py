"""The message to the client over HTTP, for whoever sends it by chat or by hand."""

from urllib.parse import unquote

import httpx2

from app.kit.database import Sessions
from tests.world import World


async def test_the_message_is_ready_to_send_and_without_the_secret(
    api: httpx2.AsyncClient, sessions: Sessions, world: World
) -> None:
    north = world.north
    answer = await api.get(f"/links/{north.link_id}/message")
    message = answer.json()
    assert (answer.status_code, message["language"], message["to"]) == (200, "en", "ana@maisonlune.example")
    assert message["subject"] == "Access for North Agency"
    assert message["text"].startswith("Hello Ana Client,\n\nNorth Agency needs limited access")
    assert message["text"].endswith("Please open the link that you got from us.\n\nAna Agent\nNorth Agency")
    assert message["english"] is None
    assert message["text"] in unquote(message["mailto"]).replace("\r\n", "\n")
    assert message["text"] in unquote(message["whatsapp"]).replace("\r\n", "\n")
    assert north.token not in answer.text
    assert (await api.get(f"/links/{north.link_id}")).json()["status"] == "draft", "to read it sends nothing"
    assert (await api.get(f"/links/{world.south.link_id}/message")).status_code == 404


async def test_there_is_no_message_when_it_is_not_the_clients_turn(api: httpx2.AsyncClient, world: World) -> None:
    await api.post(f"/links/{world.north.link_id}/revocation")
    answer = await api.get(f"/links/{world.north.link_id}/message")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_the_clients_turn")
