"""Standard Webhooks signatures: the official vectors, ours, and an independent verifier."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from app.webhooks import message

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OFFICIAL = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')


def test_the_official_vector() -> None:
    signed = message.sign(message.secret_key(SECRET), *OFFICIAL)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signed != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="


def test_the_official_vector_of_several_signatures() -> None:
    """A verifier finds the good one among others and among versions that it does not know."""
    now = int(datetime.now(UTC).timestamp())
    other = "Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
    good = message.sign(message.secret_key(SECRET), OFFICIAL[0], now, OFFICIAL[2])
    headers = {
        "webhook-id": OFFICIAL[0],
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,{other} v2,{other} {good} v1,{other}",
    }
    assert _accepts(Webhook(SECRET), OFFICIAL[2], headers)
    assert not _accepts(Webhook(SECRET), OFFICIAL[2], {**headers, "webhook-signature": f"v1,{other} v2,{other}"})


@pytest.mark.parametrize(
    ("unpadded", "padded"),
    [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS="),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr=="),
    ],
)
def test_an_unpadded_secret_signs_as_its_padded_form(unpadded: str, padded: str) -> None:
    now = int(datetime.now(UTC).timestamp())
    signed = message.signature_header([message.secret_key(f"whsec_{unpadded}")], "msg_1", now, OFFICIAL[2])
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signed}
    assert _accepts(Webhook(f"whsec_{padded}"), OFFICIAL[2], headers)
    assert message.secret_key(unpadded) == message.secret_key(f"whsec_{padded}")


def test_our_vector_beyond_ascii() -> None:
    body = '{"name":"Zoë – 東京 💼"}'.encode()
    signed = message.sign(message.secret_key(SECRET), "evt_unicode", 1700000000, body)
    assert signed == "v1,PHlzLB0bUAfCwYdm92Mmt4SdU2KwnOewzKLuF+KSQvA="


@pytest.mark.parametrize(
    ("text", "length"),
    [
        (SECRET, 24),
        (SECRET.removeprefix("whsec_"), 24),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", 23),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr", 25),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr==", 25),
    ],
)
def test_secrets_are_read_with_and_without_prefix_and_padding(text: str, length: int) -> None:
    assert len(message.secret_key(text)) == length


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_====", "whsec_a", "whsec_not base64!", "whsec_é"])
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(message.SecretUnreadable):
        message.secret_key(text)


def test_an_empty_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="key is empty"):
        message.sign(b"", *OFFICIAL)
    with pytest.raises(ValueError, match="there is no key"):
        message.signature_header([], *OFFICIAL)


def test_of_several_keys_the_current_one_signs_first() -> None:
    keys = [message.secret_key(message.new_secret()), message.secret_key(SECRET)]
    tokens = message.signature_header(keys, *OFFICIAL).split(" ")
    assert tokens == [message.sign(key, *OFFICIAL) for key in keys]
    assert all(token.count(",") == 1 for token in tokens)


def test_new_secrets_differ_and_hold_32_bytes() -> None:
    made = {message.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(message.secret_key(text)) for text in made} == {32}


@given(body=st.text().map(str.encode), current=st.binary(min_size=1), previous=st.binary(min_size=1))
def test_an_independent_verifier_agrees_with_either_key(body: bytes, current: bytes, previous: bytes) -> None:
    now = int(datetime.now(UTC).timestamp())
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(now),
        "webhook-signature": message.signature_header([current, previous], "evt_1", now, body),
    }
    for key in (current, previous):
        assert _accepts(Webhook(key), body, headers)
    assert not _accepts(Webhook(current), body + b" ", headers)
    assert not _accepts(Webhook(current + previous + b"x"), body, headers)


def _accepts(webhook: Webhook, body: bytes, headers: dict[str, str]) -> bool:
    try:
        webhook.verify(body.decode(), headers)
    except WebhookVerificationError:
        return False
    except ValueError:  # signed well, but no JSON
        return True
    return True
