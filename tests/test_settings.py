"""Settings: missing or wrong ones stop the start with one sentence each."""

import pytest
from pydantic import AliasChoices

from app.settings import Settings, SettingsWrong, load
from tests.world import KEYS

GOOD = {"database_url": "postgresql://u:p@db/keyturn", "secret_keys": KEYS, "public_url": "https://go.agency.com"}


def test_what_is_needed_is_enough() -> None:
    settings = load(**GOOD)
    assert settings.database_url == "postgresql://u:p@db/keyturn"
    assert settings.redirect_uris == {"tiktok": "https://go.agency.com/callbacks/tiktok"}
    assert settings.tiktok_app is None
    assert settings.is_secure


def test_everything_missing_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "KEYTURN_SECRET_KEYS", "KEYTURN_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsWrong) as wrong:
        load()
    assert [sentence.split()[0] for sentence in wrong.value.sentences] == [
        "DATABASE_URL", "KEYTURN_SECRET_KEYS", "KEYTURN_PUBLIC_URL",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("database_url", "mysql://x", "DATABASE_URL is wrong"),
        ("database_url", "sqlite:///x.db", "PostgreSQL"),
        ("database_url", "postgres://u:p@ss@db/keyturn", "DATABASE_URL is wrong: an unescaped @ in user or password"),
        ("secret_keys", "k1:QUJD", "3 bytes instead of 32"),
        ("public_url", "http://go.agency.com", "https://"),
        ("public_url", "go.agency.com", "whole address"),
        ("tiktok_app_id", "aw1b2c3", "TikTok for Developers"),
        ("tiktok_redirect_uri", "http://go.agency.com/callbacks/tiktok", "https://"),
        ("egress_allow", "10.0.0.0/40", "KEYTURN_EGRESS_ALLOW is wrong"),
        ("egress_deny", "nonsense", "KEYTURN_EGRESS_DENY is wrong"),
        ("egress_ca_file", "/nonexistent/authorities.pem", "readable file with certificates"),
        ("egress_ca_file", "/dev/null", "readable file with certificates"),
        ("egress_proxy", "https://proxy.internal:4750", "KEYTURN_EGRESS_PROXY is wrong"),
        ("egress_proxy", "http://proxy.internal", "http://host:port"),
        ("egress_proxy", "proxy:4750", "http://host:port"),
        ("settle_seconds", "0", "KEYTURN_SETTLE_SECONDS is wrong"),
        ("worker_address", "9464", "KEYTURN_WORKER_ADDRESS is wrong: it must be host:port"),
        ("metrics_address", "9465", "KEYTURN_METRICS_ADDRESS is wrong: it must be host:port"),
        ("serve", "everything", "KEYTURN_SERVE is wrong"),
        ("trusted_proxies", "proxy.internal", "no address or network"),
        ("trusted_proxies", "127.0.0.1, 0.0.0.0/0", "is everybody"),
        ("trusted_proxies", "::/0", "is everybody"),
        ("trusted_proxies", "*", "no address or network"),
        ("webhook_days", "7", "KEYTURN_WEBHOOK_DAYS is wrong"),
    ],
)
def test_a_wrong_one_is_named_with_what_to_do(name: str, value: str, words: str) -> None:
    with pytest.raises(SettingsWrong) as wrong:
        load(**{**GOOD, "tiktok_app_secret": "s" if name == "tiktok_app_id" else None, name: value})
    assert words in " ".join(wrong.value.sentences)
    assert ".." not in " ".join(wrong.value.sentences)


def test_an_empty_value_is_the_same_as_none_and_others_are_trimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        name: [alias for alias in field.validation_alias.choices if isinstance(alias, str)]
        if isinstance(field.validation_alias, AliasChoices)
        else [field.validation_alias or f"KEYTURN_{name.upper()}"]
        for name, field in Settings.model_fields.items()
    }
    for each in names.values():
        for alias in each:
            monkeypatch.delenv(str(alias), raising=False)
    plain = load(**GOOD)
    for empty in ("", "  ", "\t\n"):
        for name, each in names.items():
            for alias in each:
                monkeypatch.setenv(str(alias), empty if name not in GOOD else f" {GOOD[name]}\n")
        assert load() == plain
        assert load(**GOOD, **{name: empty for name in names if name not in GOOD}) == plain
    monkeypatch.setenv("DATABASE_URL", "")
    with pytest.raises(SettingsWrong, match="DATABASE_URL is not set"):
        load()


def test_an_empty_name_of_a_guide_gives_way_to_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("APP_ID", ""), ("CLIENT_KEY", " 7400000000000000001 "), ("APP_SECRET", "shh")):
        monkeypatch.setenv(f"TIKTOK_{name}", value)
    assert load(**GOOD).tiktok_app_id == "7400000000000000001"


def test_starttls_on_the_port_that_is_encrypted_from_the_first_byte() -> None:
    mail = {"smtp_url": "smtp://u:p@mail.example:465", "mail_from": "access@agency.example"}
    with pytest.raises(SettingsWrong, match="write smtps:// in place of smtp://"):
        load(**GOOD, **mail)
    assert load(**GOOD, **{**mail, "smtp_url": "smtp://u:p@mail.example:465?starttls=yes"}).mail_server


def test_an_app_without_its_secret_is_refused() -> None:
    with pytest.raises(SettingsWrong, match="go together"):
        load(**GOOD, tiktok_app_id="7400000000000000001")


@pytest.mark.parametrize(("text", "read"), [(None, None), ("", None), ("0.0.0.0:9464", ("0.0.0.0", 9464))])
def test_where_a_worker_listens(text: str | None, read: tuple[str, int] | None) -> None:
    assert load(**GOOD, worker_address=text).worker_listens == read


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_this_machine_may_do_without_https(url: str) -> None:
    assert not load(**{**GOOD, "public_url": url}).is_secure


def test_the_names_of_a_common_guide_are_taken_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOK_CLIENT_KEY", "7400000000000000001")
    monkeypatch.setenv("TIKTOK_CLIENT_SECRET", "shh")
    app = load(**GOOD).tiktok_app
    assert app is not None
    assert (app.app_id, app.secret) == ("7400000000000000001", "shh")


@pytest.mark.parametrize(
    "url",
    [
        "https://go.agency.com?x=1", "https://go.agency.com/?", "https://go.agency.com/#", "https://go.agency.com#x",
        "https://ana@go.agency.com", "https://ana:secret@go.agency.com", "https://@go.agency.com",
        "https://go.agency.com/a b", "https://go.agency .com", "https://go.agency.com/\ta",
        "go.agency.com", "//go.agency.com", "https:go.agency.com", "https:///keyturn", "ftp://go.agency.com", "https://",
        "https://go.agency.com:port", "https://go.agency.com:99999", "https://go.agency.com:", "https://go.agency.com:0",
        "https://go.agency.com/a//b", "https://go.agency.com//", "https://go.agency.com/../a", "https://go.agency.com/.",
        "https://go.agency.com/%2e", "https://go.agency.com/a;b", "https://go.agency.com\\a", "https://gö.agency.com",
        "https://go.agency.com/ü", "https://[::1", 'https://go.agency.com/"x', "https://go.agency.com/<x>",
    ],
)  # fmt: skip
def test_a_public_address_with_anything_but_host_and_path_is_refused_in_one_sentence(url: str) -> None:
    with pytest.raises(SettingsWrong) as wrong:
        load(**{**GOOD, "public_url": url})
    (sentence,) = wrong.value.sentences
    assert sentence.startswith("KEYTURN_PUBLIC_URL is wrong: it")


@pytest.mark.parametrize(
    ("url", "base", "prefix"),
    [
        ("https://go.agency.com", "https://go.agency.com", ""),
        ("https://go.agency.com/", "https://go.agency.com", ""),
        ("https://agency.com:8443/keyturn", "https://agency.com:8443/keyturn", "/keyturn"),
        ("https://agency.com/keyturn/", "https://agency.com/keyturn", "/keyturn"),
        ("https://agency.com/tools/key-turn_2.0", "https://agency.com/tools/key-turn_2.0", "/tools/key-turn_2.0"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x", "/x"),
    ],
)
def test_a_public_address_may_have_a_path(url: str, base: str, prefix: str) -> None:
    settings = load(**{**GOOD, "public_url": url})
    assert (settings.public_url, settings.path_prefix) == (base, prefix)
    assert settings.redirect_uris == {"tiktok": f"{base}/callbacks/tiktok"}


def test_trusted_proxies_are_read_as_networks() -> None:
    assert load(**GOOD).trusted_networks == ["127.0.0.1/32", "::1/128"]
    assert load(**GOOD, trusted_proxies="10.1.2.3/8,  fd00::5").trusted_networks == ["10.0.0.0/8", "fd00::5/128"]
    assert load(**GOOD, trusted_proxies="none").trusted_networks == []
