"""Sealing: what opens, what does not, and what a key ring must look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit import encryption
from app.kit.encryption import DecryptionFailed, Keyring, KeyringInvalid

OLD, NEW = encryption.new_key(), encryption.new_key()


@given(st.text(), st.text())
def test_what_was_sealed_opens_for_its_row(plain: str, row: str) -> None:
    ring = Keyring.from_text(NEW)
    assert ring.decrypt(ring.encrypt(plain, bound_to=row), bound_to=row) == plain


def test_a_value_does_not_open_for_another_row() -> None:
    ring = Keyring.from_text(NEW)
    with pytest.raises(DecryptionFailed):
        ring.decrypt(ring.encrypt("secret", bound_to="links:1"), bound_to="links:2")


def test_every_changed_byte_breaks_the_seal() -> None:
    ring = Keyring.from_text(NEW)
    encrypted = ring.encrypt("secret", bound_to="row")
    for place in range(len(encrypted)):
        changed = bytearray(encrypted)
        changed[place] ^= 1
        with pytest.raises(DecryptionFailed):
            ring.decrypt(bytes(changed), bound_to="row")


def test_a_new_key_in_front_keeps_the_old_ones_opening() -> None:
    encrypted = Keyring.from_text(OLD).encrypt("secret", bound_to="row")
    assert Keyring.from_text(f"{NEW},{OLD}").decrypt(encrypted, bound_to="row") == "secret"
    with pytest.raises(DecryptionFailed):
        Keyring.from_text(NEW).decrypt(encrypted, bound_to="row")


def test_the_same_text_seals_differently_each_time() -> None:
    ring = Keyring.from_text(NEW)
    assert ring.encrypt("secret", bound_to="row") != ring.encrypt("secret", bound_to="row")


def test_a_keyed_hash_holds_for_its_purpose_and_under_older_keys() -> None:
    given_hash = Keyring.from_text(OLD).keyed_hash("cookie", purpose="form")
    ring = Keyring.from_text(f"{NEW},{OLD}")
    assert ring.hash_matches(given_hash, "cookie", purpose="form")
    assert not ring.hash_matches(given_hash, "cookie", purpose="other")
    assert not ring.hash_matches(given_hash, "another", purpose="form")


@pytest.mark.parametrize(
    "text",
    ["", " , ", "k1", "k1:", "k1:not base64!", "k1:QUJD", f"{NEW},{NEW}", f":{NEW.split(':')[1]}"],
    ids=["empty", "comma", "no colon", "no key", "no base64", "short", "twice", "no id"],  # NEW is random
)
def test_a_wrong_key_ring_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(KeyringInvalid, match="KEYTURN_SECRET_KEYS"):
        Keyring.from_text(text)


def test_secrets_have_256_bits_and_never_repeat() -> None:
    made = {encryption.new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(each) for each in made} == {43}
