"""What `docs/webhooks.md` tells receivers to run verifies what we send, and it explains every state and code."""

import ast
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from app.events import catalog, rendering, schema
from app.webhooks import message
from app.webhooks import message as payload
from app.webhooks.deliveries.conditions import HOLDS, VisibleStatus
from app.webhooks.destinations import hubspot
from app.webhooks.message import OutboundRequest
from app.webhooks.models import TERMINAL
from app.webhooks.policies import response_classifier
from app.webhooks.policies.end_reason import EndReason
from tests.shape import source
from tests.shape.pages.test_kits import NODE

PAGE = source.text("docs/webhooks.md")
EVENTS = source.text("docs/webhooks-events.md")
SECRET, OTHER = payload.new_secret(), payload.new_secret()
BODY = payload.render_payload(rendering.example_body(catalog.FOR_CRMS["access.verified"]), "full").content

PYTHON_ASKS = """
import json, sys
given = json.loads(sys.argv[1])
print(bool({name}(given["secret"], given["headers"], given["body"].encode())))
"""
NODE_ASKS = """
const given = JSON.parse(process.argv[1]);
console.log(Boolean({name}(given.secret, given.headers, Buffer.from(given.body))) ? "True" : "False");
"""


@dataclass(frozen=True)
class Delivered:
    """A request as a receiver sees it."""

    headers: dict[str, str]
    body: str


def delivered(*keys: str, age: int = 0) -> Delivered:
    """A delivery signed by the app with these secrets, the current one first."""
    letter = OutboundRequest(
        url="https://crm.example.com/in",
        event_id="evt_01ksy1q3e0fzs8qj5m8g3d4w7y",
        event_type="access.verified",
        delivery_id="delivery_1",
        endpoint_id="endpoint_1",
        attempt=1,
        replay=False,
        content=BODY,
        keys=tuple(payload.secret_key(each) for each in keys),
        headers={},
        options={},
        now=datetime.fromtimestamp(time.time() - age, UTC),
    )
    return Delivered(message.request_headers(letter), BODY.decode())


def forged() -> Delivered:
    """The same with another body."""
    good = delivered(SECRET)
    return replace(good, body=good.body.replace('"verified"', '"declined"'))


#: Made when they are asked for: a signature is good for five minutes, and the whole suite takes longer.
GOOD: dict[str, Callable[[], Delivered]] = {
    "alone": lambda: delivered(SECRET),
    "current": lambda: delivered(SECRET, OTHER),
    "previous": lambda: delivered(OTHER, SECRET),
}
BAD: dict[str, Callable[[], Delivered]] = {
    "forged": forged,
    "other-secret": lambda: delivered(OTHER),
    "old": lambda: delivered(SECRET, age=400),
    "unsigned": lambda: Delivered({}, BODY.decode()),
}


def blocks(language: str) -> list[str]:
    """The code blocks of the page."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def says_yes(language: str, code: str, given: Delivered) -> bool:
    """Whether a block, run as it stands, takes a request for ours."""
    named = re.search(r"^(?:def|function) (\w+)", code, re.MULTILINE)
    assert named
    runs, access_requests = {"python": ([sys.executable, "-c"], PYTHON_ASKS), "js": ([NODE, "-e"], NODE_ASKS)}[language]
    words = json.dumps({"secret": SECRET, "headers": given.headers, "body": given.body})
    done = subprocess.run(
        [*runs, code + access_requests.replace("{name}", named[1]), words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {"True": True, "False": False}[done.stdout.strip()]


RUNNABLE = [
    *(("python", code) for code in blocks("python")),
    *(("js", code) for code in blocks("js") if 'require("standardwebhooks")' not in code),
]


def test_both_languages_are_there_with_a_library_and_by_hand() -> None:
    assert [language for language, _ in RUNNABLE] == ["python", "python", "js"]
    assert len(blocks("js")) == 2
    assert all(len(code.splitlines()) <= 12 for code in (*blocks("python"), *blocks("js")))


@pytest.mark.parametrize("made", GOOD)
@pytest.mark.parametrize(("language", "code"), RUNNABLE, ids=["library", "python", "node"])
def test_a_delivery_of_ours_is_taken(language: str, code: str, made: str) -> None:
    assert says_yes(language, code, GOOD[made]())


@pytest.mark.parametrize("made", BAD)
@pytest.mark.parametrize(("language", "code"), RUNNABLE, ids=["library", "python", "node"])
def test_what_is_not_ours_is_refused(language: str, code: str, made: str) -> None:
    assert not says_yes(language, code, BAD[made]())


def test_every_state_and_reason_is_explained() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert {*get_args(get_args(VisibleStatus)[0]), "in_flight", "held", *HOLDS, *EndReason} <= named
    assert {reason.status for reason in EndReason} == set(TERMINAL) - {"succeeded"}


def test_deliveries_end_for_no_reason_outside_the_table() -> None:
    also_codes_of_something_else = {
        EndReason.GONE, EndReason.REFUSED, EndReason.USER, EndReason.EXPIRED, EndReason.ENDPOINT_DELETED,
        EndReason.ENDPOINT_DISABLED, EndReason.PAYLOAD_DELETED,
    }  # fmt: skip
    reasons = set(EndReason) - also_codes_of_something_else
    for path in source.python_files():
        if path.parts[:2] == ("app", "webhooks") and path.name != "end_reason.py":
            literals = {node.value for node in ast.walk(ast.parse(source.text(path))) if isinstance(node, ast.Constant)}
            assert literals & reasons == set(), path


def test_every_code_is_explained() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert {response_classifier.public_code(each) for each in response_classifier.EXPLAINED} <= named
    written = source.text(source.ROOT / str(hubspot.__file__))
    assert set(re.findall(r'Outcome\("([a-z_]+)"', written)) <= named


def test_the_page_of_events_is_whole_and_marks_what_is_personal() -> None:
    examples: list[Any] = [json.loads(each) for each in re.findall(r"```json\n(.*?)```", EVENTS, re.DOTALL)]
    assert examples == [rendering.example_body(kind) for kind in catalog.FOR_CRMS.values()]
    marked = re.findall(r"^\| `(\w+)` \|.*\*\*personal\*\*", EVENTS, re.MULTILINE)
    assert set(marked) == schema.PERSONAL >= {"client_name", "contact_email", "approver_email", "answers", "agreed_by"}


@pytest.mark.parametrize("page", ["docs/webhooks.md", "docs/webhooks-events.md", "docs/kits/README.md", "README.md"])
def test_links_lead_to_headings(page: str) -> None:
    for place, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", source.text(page)):
        target = (source.ROOT / page).parent / place if place else source.ROOT / page
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w\- ]", "", each).lower().replace(" ", "-") for each in headings}, anchor
