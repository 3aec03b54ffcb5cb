"""Facts shared by the demo's parts: addresses, the agency, and people at the simulated TikTok. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

#: Of the simulator's seed; repeated here, because production code and simulator share nothing.
APP_ID = "7400000000000000001"
APP_SECRET = "full-app-secret"  # noqa: S105 - invented
AGENCY_BC = "7000999988887777666"
AGENCY_ADMIN = "Nora North"
AGENCY_EMAIL = "nora@northagency.example"
CLIENT_ADMIN = "Ana Client"
GUIDED_BC = "7111222233334444601"
GUIDED_ACCOUNT = "7200000000000000201"
OPEN_ADMIN = "Milo Mixed"
OPEN_ACCOUNT = "7200000000000000601"
#: Made for the demo; the simulator's seed does not have them.
TRACKING_ADMIN = "Rosa Rive"
FOUND_PARTNERS = 3
FOUND_ACCOUNTS = 6


@dataclass(frozen=True)
class Addresses:
    """Addresses of the demo's parts."""

    web: str
    tiktok: str
    inbox: str


@dataclass(frozen=True)
class Demo:
    """A demo that runs. `links`: addresses by the way their clients take; `public_link` is for everybody.

    `endpoint_id`: where the inbox is told; `env`: the file by which other commands find this demo.
    """

    addresses: Addresses
    api_key: str
    connect_address: str
    #: one-time address at which Nora North is signed in to the dashboard
    desk_address: str
    #: with which she signs in later, and confirms dangerous acts
    desk_password: str
    links: Mapping[str, str]
    public_link: str = ""
    endpoint_id: str = ""
    env: str = ""
