"""Every table of Keyturn, in one place, for migrations and tests."""

from app.access import evidence as _evidence
from app.access.connections import model as _connections
from app.access.grants import model as _grants
from app.access.handshakes import model as _handshakes
from app.events import model as _events
from app.kit.database import Base
from app.links import model as _links
from app.mail import model as _mails
from app.people.agencies import model as _agencies
from app.people.clients import model as _clients
from app.people.members import model as _members
from app.people.members.idempotency import model as _idempotency
from app.webhooks.dispatch import model as _dispatch
from app.webhooks.endpoints import model as _endpoints

ROOMS = (
    _agencies, _members, _clients, _events, _links, _connections, _evidence, _grants, _handshakes, _endpoints,
    _dispatch, _idempotency, _mails,
)  # fmt: skip
metadata = Base.metadata
