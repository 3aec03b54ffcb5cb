"""Signing secrets as people copy them."""

import base64

import pytest

from app.webhooks.endpoints import secret


def whsec(size: int) -> str:
    return secret.PREFIX + base64.b64encode(bytes(range(size))).decode()


@pytest.mark.parametrize("size", [24, 25, 32, 63, 64])
def test_taken(size: int) -> None:
    text = whsec(size)
    assert secret.imported(text) == text
    assert secret.imported(text.rstrip("=")) == text
    assert len(secret.key(text)) == size


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (whsec(23), "too short: 23 bytes, and it takes at least 24"),
        (whsec(65), "too long: 65 bytes, and it takes at most 64"),
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
    with pytest.raises(secret.SecretUnreadable, match=said):
        secret.imported(text)
