"""Log lines carry no secret of an address, whatever the address looks like."""

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.kit import logs
from app.kit.encryption import new_secret
from app.kit.web.requests import redacted
from tests.kit.web.strays import STRAYS

TOKEN = "pJ3vYk0r1u9m2Qw4Ze6Xt8Bn5Hs7Lf0Gd3Ka1Cj2Vb4"
HEX = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"
SECRETS = (TOKEN, f"kt_live_{TOKEN}", f"whsec_{TOKEN}=", HEX, f"4/0AX4XfWh{TOKEN[:20]}")
_ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
#: What stands before and behind a secret: path parts, encodings, punctuation, anything.
_AROUND = st.lists(
    st.sampled_from(["/", "//", "north", "North", "x.y", "%20", " ", ".", "api/v1", "l/", "connect/", "?", "=", "&"])
    | _ANYTHING,
    max_size=6,
).map("".join)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"/north/maison-lune/{TOKEN}", "/north/maison-lune/…"),
        (f"/north/maison-lune/{TOKEN}/renewal", "/north/maison-lune/…/renewal"),
        (f"/North/brand-fr/{TOKEN}", "/North/brand-fr/…"),
        (f"/north/x.y/{TOKEN}", "/north/x.y/…"),
        (f"//north/brand-fr/{TOKEN}", "//north/brand-fr/…"),
        (f"/{TOKEN}", "/…"),
        (f"/north/x/ {TOKEN}", "/north/x/…"),
        (f"/connect/{TOKEN}", "/connect/…"),
        ("/connect/return", "/connect/return"),
        ("/l/link_01ksy1q3e0fzs8qj5m8g3d4w7s/review", "/l/link_01ksy1q3e0fzs8qj5m8g3d4w7s/review"),
        ("/api/v1/links/link_01ksy1q3e0fzs8qj5m8g3d4w7s", "/api/v1/links/link_01ksy1q3e0fzs8qj5m8g3d4w7s"),
        ("/api/v1/agency/accounts/7000999988887777666", "/api/v1/agency/accounts/7000999988887777666"),
        ("/static/vendor/htmx.min.js", "/static/vendor/htmx.min.js"),
        ("/north/x\n{forged}", "/north/…"),
    ],
)
def test_the_path_as_logged(path: str, shown: str) -> None:
    assert redacted(path) == shown


@pytest.mark.parametrize("secret", SECRETS)
@given(before=_AROUND, behind=_AROUND)
@example(before="/north/x/", behind="")
@example(before="//", behind="/renewal")
def test_no_secret_is_logged_wherever_it_stands(secret: str, before: str, behind: str) -> None:
    for written in (secret, quote(secret, safe=""), "".join(f"%{ord(letter):02x}" for letter in secret)):
        shown = redacted(f"/{before}{written}{behind}")
        assert written not in shown
        assert written[:20] not in shown


@pytest.mark.parametrize("stray", STRAYS)
def test_no_stray_address_shows_a_new_secret(stray: str) -> None:
    for _ in range(200):
        token = new_secret()
        shown = redacted(stray.format(link=f"/north/maison-lune/{token}", token=token))
        assert token[:14] not in shown, shown


@pytest.mark.parametrize("secret", SECRETS[:4])
def test_texts_of_others_are_logged_without_secrets(secret: str) -> None:
    assert secret not in logs.without_secrets(f"Mail scanner (+https://go.example/north/x/{secret}) 1.0")


def test_what_the_database_quotes_is_not_logged() -> None:
    told = 'violates "ck_x"\nDETAIL:  Failing row contains (Ana, ana@brand.example).\nHINT: none'
    assert logs.without_secrets(told) == 'violates "ck_x"\nDETAIL: …\nHINT: none'
    usual = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile/15E148"
    assert logs.without_secrets(usual) == usual
