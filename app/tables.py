"""Every table of Keyturn, in one place, for migrations and tests."""

from app.access import evidence as _evidence
from app.access.connections import model as _connections
from app.access.grants import model as _grants
from app.access.handshakes import model as _handshakes
from app.access.imports import model as _imports
from app.access.openings import model as _openings
from app.access.partners import model as _partners
from app.access.readiness import model as _readiness
from app.events import model as _events
from app.kit import throttle as _throttle
from app.kit.database import Base
from app.links import model as _links
from app.links.devices import model as _devices
from app.links.open import model as _open_links
from app.links.presets import model as _presets
from app.links.questions import model as _questions
from app.mail import model as _mails
from app.people.agencies import model as _agencies
from app.people.agencies.identities import model as _identities
from app.people.agencies.logos import model as _logos
from app.people.clients import model as _clients
from app.people.members import model as _members
from app.people.members.idempotency import model as _idempotency
from app.platforms.budget import model as _budget
from app.webhooks.dispatch import model as _dispatch
from app.webhooks.dispatch.keeping import model as _keeping
from app.webhooks.endpoints import model as _endpoints
from app.webhooks.replays import model as _replays

ROOMS = (
    _agencies, _members, _clients, _events, _presets, _open_links, _links, _questions, _connections, _evidence, _grants,
    _handshakes, _readiness, _openings, _imports, _partners, _endpoints, _dispatch, _idempotency, _mails, _budget,
    _identities, _keeping, _replays, _logos, _devices, _throttle,
)  # fmt: skip
metadata = Base.metadata
