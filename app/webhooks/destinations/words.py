"""Codes of events as people read them, in a Slack channel or a note in a CRM. Pure."""

from collections.abc import Mapping
from typing import Any

from app.platforms.blockers import BLOCKERS

_STATUS = {
    "draft": "not sent yet", "in_progress": "in progress", "submitted": "agreed, setting up", "completed": "completed",
    "waiting": "waiting for the client's yes", "approved": "being set up",
    "awaiting_partner": "waiting for the other side", "awaiting_client": "waiting for the client",
    "attested": "confirmed by a person", "unverifiable": "cannot be checked", "drifted": "changed since then",
    "declined": "declined by the client", "ended": "taken away", "pending_verification": "waiting for its challenge",
}  # fmt: skip
_ACTOR = {"client": "the client", "agency": "your agency", "us": "Keyturn", "platform": "the platform"}
_KIND = {"tiktok_account": "TikTok account", "spark_post": "Spark post"}
#: Said of a link or an access by the event itself.
_OVER = {
    "link.renewal_requested": "asks for a new link", "link.extended": "has more time", "link.reopened": "reopened",
    "grant.restored": "back as agreed", "grant.role_changed": "has another role", "grant.found": "found",
}  # fmt: skip


def headline(event_type: str, data: Mapping[str, Any]) -> str:
    """Status in a few words: `verified`, `waiting for the client`."""
    if said := _OVER.get(event_type):
        return said
    status = data.get("status") or data.get("link_status") or event_type.rpartition(".")[2]
    return _STATUS.get(str(status)) or plain(status)


def blocker(code: object) -> str:
    """Words for a blocker; empty for None."""
    known = BLOCKERS.get(str(code))
    return known.summary if known else plain(code)


def actor(code: object) -> str:
    """Words for the next actor; empty for None."""
    return _ACTOR.get(str(code)) or plain(code)


def kind(code: object) -> str:
    """Words for the kind of an asset; empty for None."""
    return _KIND.get(str(code)) or plain(code)


def role(code: object) -> str:
    """A role in the platform's words, as it is written in a sentence; nothing for None."""
    return plain(code).capitalize()


def plain(code: object) -> str:
    """Any other code: `backlog_limit` is said `backlog limit`."""
    return str(code).replace("_", " ").replace(",", ", ") if code else ""
