"""Signing secrets as people copy them."""

import base64

import pytest

from app.webhooks import message


def whsec(size: int) -> str:
    return message.WHSEC + base64.b64encode(bytes(range(size))).decode()


@pytest.mark.parametrize("size", [24, 25, 32, 63, 64])
def test_taken(size: int) -> None:
    text = whsec(size)
    assert message.imported_secret(text) == text
    assert message.imported_secret(text.rstrip("=")) == text
    assert len(message.secret_key(text)) == size


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (whsec(23), "too short: 23 bytes; the minimum is 24"),
        (whsec(65), "too long: 65 bytes; the maximum is 64"),
        (whsec(1), "too short"),
        ("whsec_", "empty"),
        ("", "`whsec_` followed by base64"),
        (whsec(32).removeprefix("whsec_"), "`whsec_` followed by base64"),
        ("whsec_" + "ä" * 40, "`whsec_` followed by base64"),
        ("whsec_" + "-_" * 20, "`whsec_` followed by base64"),
        ("WHSEC_" + "A" * 40, "`whsec_` followed by base64"),
    ],
)
def test_not_taken(text: str, said: str) -> None:
    with pytest.raises(message.SecretUnreadable, match=said):
        message.imported_secret(text)
