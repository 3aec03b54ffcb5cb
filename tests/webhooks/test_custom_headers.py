"""Which custom headers are taken."""

import pytest

from app.webhooks import message
from app.webhooks.message import MASK


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Authorization": "Bearer x"},
        {"X-Api-Key": "é"},
        {"x-a": ""},
        {"X-Name": "Zoë – 東京 💼"},
        {"x-a": "é" * 512},
        {"x-metadata-for-us": "ours"},
        {f"x-{number}": "v" for number in range(20)},
        {"x": "v" * 1024},
    ],
)
def test_taken(given: dict[str, str]) -> None:
    assert message.headers_problem(given) is None


@pytest.mark.parametrize(
    "name",
    [
        "Host", "Content-Type", "content-length", "Transfer-Encoding", "Expect", "TE", "Upgrade",
        "Connection", "Keep-Alive", "Trailer", "User-Agent", "Cookie", "Forwarded", "X-Forwarded-For",
        "X-Real-IP",
        "Proxy-Authorization", "Webhook-Signature", "webhook-id", "svix-id",
        "X-Keyturn-Attempt", "Metadata-Flavor",
        "X-aws-ec2-metadata-token", "X-Goog-Api-Key", "X-Google-Metadata-Request", "x-azure-x",
        "Metadata", "METADATA-TOKEN", "metadata", "x-real-ip", "X-REAL-IP", "x-forwarded", "X-Forwarded-Host",
        "trailers", "HTTP2-Settings", "Cookie2", "proxy-connection", "Svix-Signature", "WEBHOOK-TIMESTAMP",
        "Accept-Encoding", "Host\n", "x\ty", "x\x00", "naïve", "x y",
        "", "a b", "a:b", "é", "x\r\ny", "x" * 65,
    ],
)  # fmt: skip
def test_names_not_taken(name: str) -> None:
    assert message.headers_problem({name: "v"})


@pytest.mark.parametrize(
    "value",
    [
        "a\rb",
        "a\nb",
        "a\r\nX-B: c",
        "a\x00b",
        "a\x7f",
        "a\tb",
        "a\x85b",
        "a\ud800b",
        "v" * 1025,
        "é" * 513,
        MASK,
    ],
)  # fmt: skip
def test_values_not_taken(value: str) -> None:
    assert message.headers_problem({"x-a": value})


def test_bounds() -> None:
    assert message.headers_problem({f"x-{number}": "v" for number in range(21)})
    assert message.headers_problem({f"x-{number}": "v" * 1000 for number in range(5)})
    assert message.headers_problem({"x-a": "1", "X-A": "2"})


def test_values_never_come_back() -> None:
    assert message.masked_headers(["Authorization"]) == {"Authorization": "********"}


def test_a_mask_that_comes_back_stands_for_what_it_hides() -> None:
    known = {"Authorization": "Bearer x", "X-Team": "crm"}
    given = {"authorization": MASK, "X-Team": "ops", "X-New": MASK}
    assert message.unmasked_headers(given, known) == {"authorization": "Bearer x", "X-Team": "ops", "X-New": MASK}
    assert message.headers_problem({"X-New": MASK})


def test_the_bound_on_all_counts_bytes() -> None:
    assert message.headers_problem({f"x-{number}": "é" * 500 for number in range(4)}) is None
    assert message.headers_problem({f"x-{number}": "é" * 511 for number in range(5)})
    assert message.headers_problem({"x" * 64: "v"}) is None


def test_a_line_break_at_the_end_is_a_line_break() -> None:
    assert message.headers_problem({"Authorization": "Bearer abc\n"})
    assert message.headers_problem({"X-Name\n": "value"})
