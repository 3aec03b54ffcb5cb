"""Links between pixels and ad accounts, with history for reads that lag behind. Pure."""

import math

from simulator.sharing import Timeline


class PixelLinks:
    """All links, by asset id of the pixel and id of the ad account. Every `at` and `moment` is in epoch seconds."""

    def __init__(self) -> None:
        self._links: dict[str, dict[str, Timeline[bool]]] = {}

    def link(self, at: float, pixel_id: str, advertiser_id: str) -> bool:
        """Link them; False when they were."""
        timeline = self._links.setdefault(pixel_id, {}).setdefault(advertiser_id, Timeline())
        if timeline.now:
            return False
        timeline.set(at, True)
        return True

    def unlink(self, at: float, pixel_id: str, advertiser_id: str) -> bool:
        """Take the link away; False when there was none."""
        timeline = self._links.get(pixel_id, {}).get(advertiser_id)
        if timeline is None or not timeline.now:
            return False
        timeline.set(at, None)
        return True

    def advertiser_ids(self, pixel_id: str, moment: float = math.inf) -> list[str]:
        """The ad accounts a pixel is linked to."""
        return [key for key, timeline in self._links.get(pixel_id, {}).items() if timeline.at(moment)]

    def linked(self, pixel_id: str, advertiser_id: str, moment: float = math.inf) -> bool:
        timeline = self._links.get(pixel_id, {}).get(advertiser_id)
        return timeline is not None and bool(timeline.at(moment))
