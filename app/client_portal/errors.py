"""Errors that stop a client, with their pages."""

import math
from datetime import timedelta
from typing import Any

from fastapi import Request
from fastapi.responses import Response

from app.client_portal.branding import brand_of
from app.kit.html import render
from app.kit.html.forms import CookiesOff
from app.kit.html.render import HtmlError
from app.kit.i18n.message import _
from app.links.aggregate import LinkAggregate


class LinkUnknown(HtmlError):
    """No link has this secret; it may be mistyped or cut off."""

    status = 404
    code = "link_unknown"
    message = _("We don’t know this link")

    def page(self, request: Request) -> Response:
        """Page with the usual causes; it names no agency."""
        return render.page(request, "client_portal:door/unknown.html", status=self.status, title=self.message)


class OtherBrowser(HtmlError):
    """This browser has not opened the link, or its cookies were cleared. `here`: path of a link that it has open."""

    status = 403
    code = "open_link_again"
    message = _("Open your link again to continue")

    def __init__(self, here: str | None = None) -> None:
        super().__init__()
        self.here = here

    def page(self, request: Request) -> Response:
        """Page that explains how to open the link again; it shows nothing of the link."""
        return render.page(
            request, "client_portal:door/other_browser.html", status=self.status, title=self.message, here=self.here
        )


class NoCookies(HtmlError):
    """The browser did not keep the cookie with which the link was opened. `inside`: the app that shows the page."""

    status = 403
    code = "cookies_off"
    message = CookiesOff.message

    def __init__(self, inside: str | None) -> None:
        super().__init__()
        self.inside = inside

    def page(self, request: Request) -> Response:
        """Page with the ways on: to open the link again here would lead nowhere."""
        return render.page(
            request, "client_portal:door/no_cookies.html", status=self.status, title=self.message, inside=self.inside
        )


class LinkEnded(HtmlError):
    """The link expired or was revoked. `renewal`: path to request a new one."""

    status = 410
    code = "link_ended"
    message = _("This link has ended")

    def __init__(self, aggregate: LinkAggregate, *, renewal: str, form_token: str) -> None:
        super().__init__()
        link = aggregate.link
        # read now: the transaction is rolled back before the page is rendered
        self.shown = {
            **brand_of(aggregate),
            "since": aggregate.ended_at,
            "revoked": link.revoked_at is not None,
            "requested_by": link.requested_by,
            "renewal": renewal,
            "renewal_requested": link.renewal_requested_at is not None,
            "form_token": form_token,
        }

    def page(self, request: Request) -> Response:
        """Page with reason and time, and a button to request a new link."""
        return render.page(
            request, "client_portal:door/ended.html", status=self.status, title=self.message, **self.shown
        )


class StepOver(HtmlError):
    """The step link was taken back, or its time ran out."""

    status = 410
    code = "step_link_ended"
    message = _("This step is not yours any more")

    def __init__(self, aggregate: LinkAggregate) -> None:
        super().__init__()
        self.shown = brand_of(aggregate)

    def page(self, request: Request) -> Response:
        """Page that leads back to the person who passed the step on."""
        return render.page(
            request, "client_portal:door/step_over.html", status=self.status, title=self.message, **self.shown
        )


class PublicLinkEnded(HtmlError):
    """The public link takes no more visitors."""

    status = 410
    code = "public_link_ended"
    message = _("This link takes no new clients any more")

    def __init__(self, shown: dict[str, Any]) -> None:
        super().__init__()
        self.shown = shown

    def page(self, request: Request) -> Response:
        """Page with the agency's contact."""
        return render.page(
            request, "client_portal:door/open_ended.html", status=self.status, title=self.message, **self.shown
        )


class PublicLinkPaused(HtmlError):
    """The public link takes no visitors at present."""

    status = 409
    code = "public_link_paused"
    message = _("This link is paused")

    def __init__(self, shown: dict[str, Any]) -> None:
        super().__init__()
        self.shown = shown

    def page(self, request: Request) -> Response:
        """Page with the agency's contact."""
        return render.page(
            request, "client_portal:door/open_paused.html", status=self.status, title=self.message, **self.shown
        )


class TooMany(HtmlError):
    """A limit of the link or the browser is reached."""

    status = 429
    code = "too_many_requests"
    message = _("That was a lot in a short time")

    def __init__(self, aggregate: LinkAggregate, retry_after: timedelta) -> None:
        super().__init__()
        self.seconds = math.ceil(retry_after.total_seconds())
        self.shown = brand_of(aggregate)

    def page(self, request: Request) -> Response:
        """Page with the time to continue."""
        shown = render.page(
            request, "client_portal:door/too_many.html", status=self.status, title=self.message,
            minutes=math.ceil(self.seconds / 60), **self.shown,
        )  # fmt: skip
        shown.headers["Retry-After"] = str(self.seconds)
        return shown


class ConnectingImpossible(HtmlError):
    """The client cannot connect with the platform: the agency has no app there."""

    status = 409
    code = "connecting_impossible"
    message = _("Connecting isn’t possible here yet")

    def __init__(self, aggregate: LinkAggregate, *, here: str, form_token: str) -> None:
        super().__init__()
        self.shown = {**brand_of(aggregate), "here": here, "form_token": form_token}

    def page(self, request: Request) -> Response:
        """Page that continues in the guided lane."""
        return render.page(
            request, "client_portal:door/by_hand_only.html", status=self.status, title=self.message, **self.shown
        )


class Elsewhere(HtmlError):
    """Another screen comes first; redirects to it."""

    status = 303
    code = "elsewhere"

    def __init__(self, to: str) -> None:
        super().__init__()
        self.to = to

    def page(self, request: Request) -> Response:
        """Redirect to the other screen."""
        return render.see_other(request, self.to)
