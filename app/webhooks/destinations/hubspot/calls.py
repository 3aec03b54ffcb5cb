"""HubSpot's requests and what its answers mean. Pure.

Objects https://developers.hubspot.com/docs/api-reference/crm-companies-v3/guide, associations …/crm-associations-v4,
properties …/crm-properties-v3, errors https://developers.hubspot.com/docs/api-reference/error-handling
"""

import json
from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from app.kit.egress.result import HttpResult
from app.webhooks.message.headers import USER_AGENT
from app.webhooks.message.request_sequence import Request
from app.webhooks.policies import refusals
from app.webhooks.policies.response_classifier import AttemptOutcome, judge, retry_after

BASE = "https://api.hubapi.com"
MOST_OF_A_BATCH = 100
_LONGEST_MESSAGE = 300
#: The daily limit ends at midnight of the account; asking every hour costs 24 calls at most.
_DAILY_WAIT = timedelta(hours=1)
_MIGRATING = 477


class Refused(Exception):
    """HubSpot did not do what was asked; `outcome` says what that means, `answer` what it said to which `part`."""

    def __init__(self, outcome: AttemptOutcome, answer: HttpResult, part: str = "") -> None:
        self.outcome = outcome
        self.answer = answer
        self.part = part
        super().__init__(outcome.code)


Call = Generator[Request, HttpResult, dict[str, Any]]


@dataclass(frozen=True)
class Calls:
    """An account, by its private app's token."""

    base: str
    token: str = field(repr=False)
    now: datetime

    def post(self, part: str, path: str, body: Mapping[str, Any], *, fine: Collection[int] = ()) -> Call:
        """One POST; `fine` are statuses besides 2xx that are no failure. Raises Refused."""
        return self._call("POST", part, path, json.dumps(body, ensure_ascii=False, separators=(",", ":")), fine)

    def batch(
        self, part: str, path: str, inputs: Sequence[Mapping[str, Any]], *, fine: Collection[int] = (), **beside: Any
    ) -> Call:
        """One POST of a batch. Raises Refused; ValueError for more inputs than HubSpot takes at once."""
        if not 1 <= len(inputs) <= MOST_OF_A_BATCH:
            raise ValueError(f"a batch holds 1 to {MOST_OF_A_BATCH} inputs")
        return self.post(part, path, {**beside, "inputs": list(inputs)}, fine=fine)

    def patch(self, part: str, path: str, properties: Mapping[str, str]) -> Call:
        """Changes one object. Raises Refused."""
        body = json.dumps({"properties": properties}, ensure_ascii=False, separators=(",", ":"))
        return self._call("PATCH", part, path, body, ())

    def get(self, part: str, path: str) -> Call:
        """One GET. Raises Refused."""
        return self._call("GET", part, path, "", ())

    def _call(self, method: str, part: str, path: str, body: str, fine: Collection[int]) -> Call:
        headers = {
            "authorization": f"Bearer {self.token}", "content-type": "application/json", "user-agent": USER_AGENT
        }  # fmt: skip
        answer = yield Request(method, self.base.rstrip("/") + path, headers, body.encode(), part)
        said = _read(answer)
        outcome = _outcome(answer, said, self.now)
        if not outcome.arrived and answer.status not in fine:
            raise Refused(outcome, answer, part)
        return {**said, "status_code": answer.status}


def results(said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records of a batch; those that HubSpot does not know are missing from it (207)."""
    found = said.get("results")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def written(said: Mapping[str, Any]) -> str:
    """The id of the one record that was written. Raises Refused where HubSpot took the batch but not the record."""
    found = results(said)
    if found and found[0].get("id"):
        return str(found[0]["id"])
    errors = said.get("errors") or [{}]
    message = str(errors[0].get("message") or "it named no record")[:_LONGEST_MESSAGE]
    sentence = f"HubSpot did not write the record: {message}"
    outcome = AttemptOutcome(
        "hubspot_refused", False, sentence, ends=_ends(refusals.of_record(errors[0].get("category")))
    )
    raise Refused(outcome, HttpResult())


def _read(answer: HttpResult) -> dict[str, Any]:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _outcome(answer: HttpResult, said: Mapping[str, Any], now: datetime) -> AttemptOutcome:
    found = judge(answer.status, answer.error, answer.headers, now)
    if answer.status is None or found.arrived:
        return found
    if answer.status == 401:
        return AttemptOutcome(
            found.code, False, "HubSpot refuses the token: it was changed, or its private app was removed."
        )
    if answer.status == 410:  # of HubSpot's own address it says nothing about this account
        return AttemptOutcome("http_410", False, "HubSpot does not offer this call any more.")
    if answer.status == _MIGRATING:
        wait = retry_after(answer.headers.get("retry-after"), now) or timedelta(minutes=10)
        return AttemptOutcome("throttled", False, "HubSpot is moving this account to another place.", wait)
    if answer.status == 429 and said.get("policyName") == "DAILY":
        return AttemptOutcome("throttled", False, "The account has used up its calls of today.", _DAILY_WAIT)
    message = str(said.get("message") or "")[:_LONGEST_MESSAGE]
    ends = _ends(refusals.meaning("hubspot", answer.status, said.get("category")))
    return AttemptOutcome(found.code, False, f"{found.explanation} {message}".strip(), found.wait, ends)


def _ends(meaning: refusals.Meaning) -> Literal["event", "endpoint"] | None:
    return None if meaning == "again" else meaning
