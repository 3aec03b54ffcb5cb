"""The destinations there are, by the name an endpoint's `destination` has. Pure."""

from app.webhooks.destinations.http.talk import talk as call
from app.webhooks.destinations.hubspot import calls
from app.webhooks.destinations.hubspot.talk import HubSpot
from app.webhooks.destinations.slack.talk import talk as post
from app.webhooks.message.request_sequence import Destination


def every(*, hubspot_base: str = calls.BASE) -> dict[str, Destination]:
    """Those of an installation; `hubspot_base` is where it reaches HubSpot."""
    return {"slack": post, "hubspot": HubSpot(hubspot_base), "http": call}


ALL: dict[str, Destination] = every()
