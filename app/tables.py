"""Every table of Keyturn, in one place, for migrations and tests."""

from app.access import call_recorder as _evidence
from app.access import handshakes as _handshakes
from app.access.buyers import models as _openings
from app.access.connections import models as _connections
from app.access.grants import models as _grants
from app.access.imports import models as _imports
from app.access.kickoffs import models as _kickoffs
from app.access.partners import models as _partners
from app.access.readiness import service as _readiness
from app.audit import entries as _audit
from app.audit import seals as _seals
from app.events import models as _events
from app.kit import throttle as _throttle
from app.kit.database import Base
from app.links import models as _links
from app.links.own_platforms import models as _own_platforms
from app.links.presets import service as _presets
from app.mail import service as _mails
from app.platforms import rate_limiter as _rate_limiter
from app.tenants.agencies import logos as _logos
from app.tenants.agencies import models as _agencies
from app.tenants.agencies import platform_ids as _platform_ids
from app.tenants.api_keys import idempotency as _idempotency
from app.tenants.api_keys import service as _api_keys
from app.tenants.clients import models as _clients
from app.tenants.members import identities as _identities
from app.tenants.members import models as _members
from app.tenants.members import passkeys as _passkeys
from app.webhooks import models as _webhooks

ROOMS = (
    _agencies,
    _api_keys,
    _clients,
    _members,
    _identities,
    _passkeys,
    _events,
    _audit,
    _seals,
    _presets,
    _own_platforms,
    _links,
    _connections,
    _evidence,
    _grants,
    _handshakes,
    _readiness,
    _kickoffs,
    _openings,
    _imports,
    _partners,
    _idempotency,
    _mails,
    _rate_limiter,
    _platform_ids,
    _webhooks,
    _logos,
    _throttle,
)
metadata = Base.metadata
