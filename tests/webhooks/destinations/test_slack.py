"""Messages over HTTP, and what each of Slack's answers means."""

from datetime import timedelta

import pytest

from app.kit.egress.client import Egress
from app.webhooks.destinations.slack import NOT_FOR_SLACK, OVER_IN_SLACK, post_message
from app.webhooks.endpoints.installation import run_sequence
from app.webhooks.policies.response_classifier import AttemptOutcome
from tests.webhooks.destinations.outbound import event, letter
from tests.webhooks.destinations.receiving import serving
from tests.webhooks.destinations.slack_channel import Channel


async def sent(egress: Egress, channel: Channel) -> AttemptOutcome:
    """One message to the channel."""
    async with serving(channel.answers) as address:
        outcome, said = await run_sequence(
            post_message(letter(event(), {"webhook_url": address + channel.path})), egress
        )
    assert [request.part for request, _ in said] == ["message"]
    return outcome


async def test_a_message_arrives(egress: Egress) -> None:
    channel = Channel()
    outcome = await sent(egress, channel)
    assert (outcome.code, outcome.arrived) == ("http_200", True)
    assert [made["text"].split(".")[0] for made in channel.messages] == ["Brand SA: verified"]


async def test_a_second_message_within_a_second_has_to_wait(egress: Egress) -> None:
    channel = Channel()
    await sent(egress, channel)
    outcome = await sent(egress, channel)
    assert (outcome.code, outcome.arrived, outcome.wait) == ("throttled", False, timedelta(seconds=1))
    channel.second = 1
    assert (await sent(egress, channel)).arrived
    assert len(channel.messages) == 2


@pytest.mark.parametrize("word", sorted(OVER_IN_SLACK))
@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_what_will_never_work_again_is_gone(egress: Egress, status: int, word: str) -> None:
    outcome = await sent(egress, Channel(trouble=(status, word)))
    assert (outcome.code, outcome.arrived, outcome.ends) == ("gone", False, "endpoint")
    assert word in outcome.explanation


@pytest.mark.parametrize("word", sorted(NOT_FOR_SLACK))
async def test_a_message_that_slack_never_takes_is_given_up(egress: Egress, word: str) -> None:
    outcome = await sent(egress, Channel(trouble=(400, word)))
    assert (outcome.code, outcome.arrived, outcome.ends) == ("http_400", False, "event")
    assert word in outcome.explanation


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        (400, "<html>Bad Request</html>", "http_400"),
        (500, "rollup_error", "http_500"),
        (404, "<html>not us</html>", "http_404"), (302, "", "redirect"), (500, "no_service", "http_500"),
    ],
)  # fmt: skip
async def test_what_may_pass_is_tried_again(egress: Egress, status: int, word: str, code: str) -> None:
    outcome = await sent(egress, Channel(trouble=(status, word)))
    assert (outcome.code, outcome.arrived, outcome.ends) == (code, False, None)
