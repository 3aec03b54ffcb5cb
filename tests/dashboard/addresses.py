"""Addresses of the dashboard as its routes name them."""

from starlette.routing import Route

from app import routes
from app.dashboard.door import CODE, JOIN, SETUP
from app.dashboard.member_session import PATH, SIGN_IN
from app.dashboard.oidc_sign_in import OIDC

#: In front of the sign-in; their tests are beside them.
OPEN = (SIGN_IN, CODE, SETUP, JOIN, OIDC)


def of(method: str) -> list[str]:
    """Paths behind the sign-in with this method, with the names of their parameters in braces."""
    found = [
        route.path
        for route in routes.served("pages")
        if isinstance(route, Route) and route.path.startswith(PATH) and method in (route.methods or ())
    ]
    return sorted(path for path in found if not path.startswith(OPEN))
