"""Which custom headers are taken."""

import pytest

from app.webhooks.endpoints import headers


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Authorization": "Bearer x"},
        {"X-Api-Key": "é"},
        {"x-a": ""},
        {f"x-{number}": "v" for number in range(20)},
        {"x": "v" * 1024},
    ],
)
def test_taken(given: dict[str, str]) -> None:
    assert headers.problem(given) is None


@pytest.mark.parametrize(
    "name",
    [
        "Host", "Content-Type", "content-length", "Transfer-Encoding", "Expect", "TE", "Upgrade",
        "Connection", "Keep-Alive", "Trailer", "User-Agent", "Cookie", "Forwarded", "X-Forwarded-For",
        "X-Real-IP",
        "Proxy-Authorization", "Webhook-Signature", "webhook-id", "svix-id",
        "X-Keyturn-Attempt", "Metadata-Flavor",
        "X-aws-ec2-metadata-token", "X-Goog-Api-Key", "X-Google-Metadata-Request", "x-azure-x",
        "Metadata",
        "Accept-Encoding",
        "", "a b", "a:b", "é", "x\r\ny", "x" * 65,
    ],
)  # fmt: skip
def test_names_not_taken(name: str) -> None:
    assert headers.problem({name: "v"})


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\x00b", "a\x7f", "v" * 1025])
def test_values_not_taken(value: str) -> None:
    assert headers.problem({"x-a": value})


def test_bounds() -> None:
    assert headers.problem({f"x-{number}": "v" for number in range(21)})
    assert headers.problem({f"x-{number}": "v" * 1000 for number in range(5)})
    assert headers.problem({"x-a": "1", "X-A": "2"})


def test_values_never_come_back() -> None:
    assert headers.masked(["Authorization"]) == {"Authorization": "********"}


def test_a_line_break_at_the_end_is_a_line_break() -> None:
    assert headers.problem({"Authorization": "Bearer abc\n"})
    assert headers.problem({"X-Name\n": "value"})
