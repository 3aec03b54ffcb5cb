"""Changes between pixels and ad accounts. `by` is the person who made the change; None if unknown."""

from collections.abc import Iterable

from simulator.changes.words import asset_words
from simulator.models import Pixel
from simulator.simulator import Simulator


def link(simulator: Simulator, by: str | None, bc_id: str, pixel: Pixel, advertiser_ids: Iterable[str]) -> None:
    """Link a pixel of this Business Center to ad accounts."""
    for advertiser_id in advertiser_ids:
        if simulator.world.links.link(simulator.clock(), pixel.asset_id, advertiser_id):
            account = simulator.world.assets[advertiser_id]
            simulator.note(bc_id, by, "ASSET", f"Linked {asset_words(pixel)} to {asset_words(account)}")


def unlink(simulator: Simulator, by: str | None, bc_id: str, pixel: Pixel, advertiser_ids: Iterable[str]) -> None:
    """Take links away; where there is none, nothing happens."""
    for advertiser_id in advertiser_ids:
        if simulator.world.links.unlink(simulator.clock(), pixel.asset_id, advertiser_id):
            account = simulator.world.assets[advertiser_id]
            simulator.note(bc_id, by, "ASSET", f"Unlinked {asset_words(pixel)} from {asset_words(account)}")
