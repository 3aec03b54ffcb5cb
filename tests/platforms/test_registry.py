"""The platforms of an installation are whole, or it does not start."""

from collections.abc import Mapping

import httpx2
import pytest

from app.platforms.port import AssetKind, ConnectedPlatform
from app.platforms.registry import Platforms
from tests.second_platform import adapter
from tests.second_platform.simulator import Plaza

CRATE = AssetKind("crate", "crate", "crates", ("VIEWER",), by_api=True)


def with_kind(kind: AssetKind) -> ConnectedPlatform:
    """Plaza with this kind only, which it does not know."""

    class Incomplete(adapter.PlazaPlatform):
        @property
        def kinds(self) -> Mapping[str, AssetKind]:
            return {kind.key: kind}

    return Incomplete(httpx2.AsyncClient(transport=httpx2.ASGITransport(Plaza().app())))


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        (CRATE, "no handler for crate"),
        (AssetKind("storefront", "storefront", "storefronts", ("VIEWER", "OWNER"), by_api=True), "the role OWNER"),
    ],
)
def test_a_platform_without_a_handler_or_words_is_refused_at_once(kind: AssetKind, missing: str) -> None:
    with pytest.raises(ValueError, match=missing):
        Platforms(with_kind(kind))


def test_a_whole_platform_is_accepted() -> None:
    plaza = adapter.PlazaPlatform(httpx2.AsyncClient(transport=httpx2.ASGITransport(Plaza().app())))
    assert Platforms(plaza).default is plaza
