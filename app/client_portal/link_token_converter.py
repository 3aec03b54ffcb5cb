"""Path converters for client links: three parts, the first of which is no path of the application."""

from starlette.convertors import StringConvertor, register_url_convertor

from app.tenants.agencies.service import RESERVED_SLUGS


class AgencySlug(StringConvertor):
    """A first address part that is not ours, so that `/api/v1/anything` is never taken for a link."""

    regex = rf"(?!(?:{'|'.join(sorted(map(str, RESERVED_SLUGS))).replace('.', '[.]')})/)[^/]+"


class Stray(StringConvertor):
    """Any address whose first part is not ours."""

    regex = rf"(?!(?:{'|'.join(sorted(map(str, RESERVED_SLUGS))).replace('.', '[.]')})(?:/|$)).+"


register_url_convertor("agency_slug", AgencySlug())
register_url_convertor("stray", Stray())

#: The path of a public link; it is tried before a client's.
OPEN = "/{agency:agency_slug}/open/{token}"
#: The path of a link. Only the token decides; the two names before it are for people.
SECRET = "/{agency:agency_slug}/{client}/{token}"  # noqa: S105 - a path
#: What no other route took: a link may be in it.
STRAY = "/{path:stray}"
