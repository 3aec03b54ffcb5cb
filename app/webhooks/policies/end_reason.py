"""Reasons for which deliveries end without success. Pure."""

from enum import StrEnum
from typing import Literal

EndStatus = Literal["exhausted", "cancelled", "skipped"]


class EndReason(StrEnum):
    """Reason of an end, with the status of the delivery and a sentence for the agency."""

    status: EndStatus
    sentence: str

    def __new__(cls, code: str, status: EndStatus, sentence: str) -> "EndReason":
        """A member whose value is the code alone."""
        member = str.__new__(cls, code)
        member._value_, member.status, member.sentence = code, status, sentence
        return member

    ATTEMPTS_USED = "attempts_used", "exhausted", "All attempts of the retry policy failed."
    AGE_LIMIT = "age_limit", "exhausted", "The next attempt would have been after the age limit."
    REFUSED = "refused", "exhausted", "The destination will never accept this delivery."
    GONE = "gone", "exhausted", "The destination no longer exists."
    BACKLOG_LIMIT = "backlog_limit", "exhausted", "The endpoint had too many open deliveries; the oldest end."
    WORKER_LOST = "worker_lost", "exhausted", "Its worker stopped during sending, several times."
    USER = "user", "cancelled", "The delivery was cancelled on request."
    ENDPOINT_DELETED = "endpoint_deleted", "cancelled", "The endpoint was deleted."
    REPLAY_CANCELLED = "replay_cancelled", "cancelled", "The replay that queued it was cancelled."
    EXPIRED = "expired", "cancelled", "The delivery was held until it was older than its age limit."
    BODY_EXPIRED = "body_expired", "cancelled", "The stored body was deleted after its retention time."
    PAYLOAD_DELETED = "payload_deleted", "cancelled", "The payload was deleted on request."
    ENDPOINT_DISABLED = "endpoint_disabled", "skipped", "The endpoint was disabled."
