"""What the operator reads of attempts."""

import structlog
from structlog.testing import capture_logs

from app.kit.database import Sessions
from app.kit.encryption import Keyring
from app.webhooks.context import WebhookContext
from tests.kit.egress.receivers import answers, receiver
from tests.webhooks import scenes
from tests.world import World

BROKEN = b"HTTP/1.1 500 Oh\r\ncontent-length: 4\r\n\r\noops"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def test_each_attempt_has_a_line_with_the_request_that_began_it(
    tools: WebhookContext, sessions: Sessions, keyring: Keyring, world: World
) -> None:
    agency_id = world.north.agency_id
    async with receiver(answers(OK)) as well, receiver(answers(BROKEN)) as ill:
        first, _ = await scenes.make_endpoint(sessions, keyring, agency_id, well.url, ["access.*"])
        second, _ = await scenes.make_endpoint(sessions, keyring, agency_id, ill.url, ["access.*"])
        await scenes.fan_all_out(tools)
        with structlog.contextvars.bound_contextvars(request_id="req_of_the_agency"):
            event = await scenes.happen(sessions, agency_id)
        await scenes.fan_all_out(tools)
        with capture_logs() as lines:
            await scenes.round_(tools)
    said = {line["endpoint"]: line for line in lines if line["event"] == "webhooks.attempt"}
    assert {line["request_id"] for line in said.values()} == {"req_of_the_agency"}
    assert {line["event_id"] for line in said.values()} == {event.id}
    assert (said[first.id]["code"], said[first.id]["status"]) == ("http_200", "succeeded")
    assert (said[second.id]["code"], said[second.id]["status"]) == ("http_500", "retrying")
    assert {line["number"] for line in said.values()} == {1}
