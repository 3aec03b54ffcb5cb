"""Which events an endpoint wants."""

import pytest

from app.events import catalog
from app.webhooks.policies import event_filter


@pytest.mark.parametrize(
    ("patterns", "event_type", "wanted"),
    [
        (["access.verified"], "access.verified", True),
        (["access.verified"], "access.blocked", False),
        (["access.verified"], "access.verified.again", False),
        (["access.*"], "access.blocked", True),
        (["access.*"], "accesses.blocked", False),
        (["access.*"], "link.opened", False),
        (["*"], "link.opened", True),
        (["*"], "webhook.delivery.exhausted", False),
        (["webhook.*"], "webhook.delivery.exhausted", True),
        (["webhook.delivery.*"], "webhook.delivery.exhausted", True),
        (["webhook.delivery.exhausted"], "webhook.delivery.exhausted", True),
        (["link.opened", "access.*"], "access.blocked", True),
        ([], "access.blocked", False),
        (["a*"], "access.blocked", False),
        (["**"], "access.blocked", False),
    ],
)
def test_patterns(patterns: list[str], event_type: str, wanted: bool) -> None:
    assert event_filter.wants(patterns, event_type) is wanted


@pytest.mark.parametrize(
    ("filter_", "passes"),
    [
        (None, True),
        ({}, True),
        ({"link_id": "link_1"}, True),
        ({"link_id": "link_2"}, False),
        ({"link_id": "link_1", "preset": "audit-only"}, False),
        ({"link_id": "link_1", "preset": None}, True),
        ({"preset": "run-campaigns"}, True),
    ],
)
def test_filters(filter_: dict[str, str] | None, passes: bool) -> None:
    assert event_filter.passes(filter_, {"link_id": "link_1", "preset": "run-campaigns"}) is passes


def test_an_event_without_the_key_does_not_pass() -> None:
    assert not event_filter.passes({"preset": "run-campaigns"}, {})


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("link.complete", "link.completed"),
        ("links.opened", "link.opened"),
        ("access.verifed", "access.verified"),
        ("accesses.*", "access.*"),
        ("zzzzzz", None),
        ("link.bogus", None),
    ],
)
def test_a_name_that_is_none_gets_the_nearest(given: str, meant: str | None) -> None:
    assert event_filter.unknown(["access.*", given, "*"], catalog.FOR_CRMS) == given
    assert event_filter.nearest(given, catalog.FOR_CRMS) == meant


@pytest.mark.parametrize("pattern", ["*", "access.*", "webhook.*", "webhook.endpoint.*", "consent.given"])
def test_what_there_is_is_known(pattern: str) -> None:
    assert event_filter.unknown([pattern], catalog.FOR_CRMS) is None


def test_types_for_the_audit_page_alone_are_unknown() -> None:
    assert event_filter.unknown(["agency.updated"], catalog.FOR_CRMS) == "agency.updated"
