"""Meaning of a refusal for further attempts, by kind of destination: one table. Pure.

`again`: a later attempt may succeed, by itself or after the endpoint is fixed. `event`: this event will never be
accepted, others may. `endpoint`: nothing will be accepted any more. An attempt without an answer is always `again`.

- A plain receiver's 4xx may come from a bad deploy: it is tried again (docs/webhooks.md; an ordered one steps aside).
- Slack answers with a word: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
- HubSpot names a category: https://developers.hubspot.com/docs/api-reference/error-handling
"""

from typing import Literal

Destination = Literal["webhook", "http", "slack", "hubspot"]
Meaning = Literal["again", "event", "endpoint"]

#: Slack's errors that only a new incoming webhook, or a change in Slack, can fix.
OVER_IN_SLACK = {
    "no_service": "this incoming webhook was removed or switched off",
    "no_service_id": "this incoming webhook was removed or switched off",
    "no_active_hooks": "this incoming webhook was removed or switched off",
    "no_team": "the workspace does not exist any more",
    "team_disabled": "the workspace is disabled",
    "channel_not_found": "the channel does not exist any more",
    "channel_is_archived": "the channel is archived",
    "action_prohibited": "an administrator of the workspace forbids this webhook to post",
    "posting_to_general_channel_denied": "only administrators may post to this channel",
    "invalid_token": "the address of this incoming webhook is not valid any more",
    "user_not_found": "the person this webhook posts to does not exist any more",
}
#: Slack's errors about one message.
NOT_FOR_SLACK = frozenset({
    "invalid_payload", "invalid_blocks", "no_text", "too_many_attachments", "msg_too_long", "msg_blocks_too_long",
})  # fmt: skip

#: Of one record: its values (400, 422), another that has them (409), its size (413).
_OF_THE_RECORD = frozenset({400, 409, 413, 422})
#: HubSpot's categories about one record; a 400 without a category does not come from HubSpot.
_CATEGORIES = frozenset({"VALIDATION_ERROR", "CONFLICT", "OBJECT_ALREADY_EXISTS"})


def meaning(destination: Destination, status: int | None, said: str | None = None) -> Meaning:
    """Meaning of a destination's answer; `said` is Slack's error, or HubSpot's category."""
    if status is None or not 400 <= status < 500:
        return "again"
    if destination == "slack":
        return _of_slack(status, said)
    if destination == "hubspot" and status in _OF_THE_RECORD and (status != 400 or said in _CATEGORIES):
        return "event"
    return "again"


def of_record(category: str | None) -> Meaning:
    """The same for one record of a batch that HubSpot took otherwise (207)."""
    return "event" if category in _CATEGORIES else "again"


def _of_slack(status: int, word: str | None) -> Meaning:
    if word in OVER_IN_SLACK:
        return "endpoint"
    return "event" if status == 413 or word in NOT_FOR_SLACK else "again"
