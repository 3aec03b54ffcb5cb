"""Which URLs may be called, and the form in which they are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.egress.targets import Rules, UrlRefused, check_url, read_networks, read_url
from tests.kit.egress.servers.hostile import HOSTILE

LOOPBACK = Rules(read_networks(["127.0.0.0/8", "::1/128"]))


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        ("https://hooks.example.com", "https://hooks.example.com/"),
        ("HTTPS://Hooks.Example.COM:443/In?a=1", "https://hooks.example.com/In?a=1"),
        ("https://hooks.example.com./in", "https://hooks.example.com/in"),
        ("https://hooks.example.com:8443/in", "https://hooks.example.com:8443/in"),
        ("https://bücher.example/ä?q=ö", "https://xn--bcher-kva.example/%C3%A4?q=%C3%B6"),
        ("https://ＥＸＡＭＰＬＥ.com/", "https://example.com/"),
        ("https://example。com/", "https://example.com/"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("https://h.example/a%20b?x=%2F", "https://h.example/a%20b?x=%2F"),
        ("https://hook.eu1.make.com/abc123~x", "https://hook.eu1.make.com/abc123~x"),
        ("https://123.example.com/", "https://123.example.com/"),
    ],
)
def test_kept_form(given_url: str, kept: str) -> None:
    assert check_url(given_url) == kept
    assert check_url(kept) == kept


@pytest.mark.parametrize("url", HOSTILE)
def test_refused(url: str) -> None:
    with pytest.raises(UrlRefused) as refusal:
        check_url(url)
    assert refusal.value.fields["url"] == refusal.value.detail


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9000/in", "http://localhost:9000/in", "https://127.0.0.1/", "http://[::1]:9000/",
        "http://hooks.example.com/", "https://hooks.example.com:9000/", "http://crm:8080/in",
    ],
)  # fmt: skip
def test_with_an_allow_list_these_may_lead_into_it_and_nowhere_else(url: str) -> None:
    assert read_url(url, LOOPBACK).opened_only


def test_a_public_https_host_is_no_matter_of_the_allow_list() -> None:
    assert not read_url("https://hooks.example.com/", LOOPBACK).opened_only


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/", "https://8.8.8.8/", "http://169.254.169.254/", "http://[::ffff:169.254.169.254]/",
        "http://0177.0.0.1/", "http://2130706433/", "http://db.local/", "http://user@127.0.0.1/",
        "http://metadata.google.internal/", "ftp://127.0.0.1/",
    ],
)  # fmt: skip
def test_refused_in_spite_of_an_allow_list(url: str) -> None:
    with pytest.raises(UrlRefused):
        check_url(url, LOOPBACK)


def test_our_own_host_names_are_refused() -> None:
    with pytest.raises(UrlRefused, match="Keyturn itself"):
        check_url("https://Keyturn.Example./api", own_hosts={"keyturn.example"})
    with pytest.raises(UrlRefused, match="Keyturn itself"):
        check_url("https://ｋeyturn.example。:8443/api", own_hosts={"keyturn.example"})
    assert check_url("https://other.example/", own_hosts={"keyturn.example"})


@given(st.text(max_size=60))
def test_whatever_is_given_it_is_kept_or_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}.example/", f"https://h.example/{text}"):
        try:
            kept = check_url(url)
        except UrlRefused:
            continue
        assert kept.isascii()
        assert kept.startswith("https://")
        assert check_url(kept) == kept
