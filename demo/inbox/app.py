"""The demo's CRM: receives webhooks, verifies each with a library that is not ours, and shows them; and e-mails."""

import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from standardwebhooks import Webhook, WebhookVerificationError

from app.kit.html import static_dir
from app.kit.html.render import page
from demo.inbox.mail_server import Outbox

KEPT = 2000
SHOWN = 50


@dataclass(frozen=True)
class Received:
    """One request that arrived."""

    number: int
    id: str
    type: str
    #: whom it is about, where it says so
    client: str | None
    attempt: str
    verified: bool
    sequence: int | None
    body: str


@dataclass
class Inbox:
    """Requests received, newest first, until the process ends."""

    secret: str
    received: deque[Received] = field(default_factory=lambda: deque(maxlen=KEPT))
    count: int = 0

    def take(self, headers: dict[str, str], body: bytes) -> Received:
        """Keeps one request, with whether its signature is good."""
        try:
            Webhook(self.secret).verify(body, headers)
            verified = True
        except (WebhookVerificationError, ValueError):
            verified = False
        event = _read(body)
        self.count += 1
        taken = Received(
            number=self.count, id=headers.get("webhook-id", ""),
            type=str(event.get("type", "?")), client=_client(event),
            attempt=headers.get("x-keyturn-attempt", "?"), verified=verified, sequence=event.get("sequence"),
            body=json.dumps(event, indent=2, ensure_ascii=False),
        )  # fmt: skip
        self.received.appendleft(taken)
        return taken

    def wanted(self, client: str, type_: str) -> list[Received]:
        """Those about a client and of a type; an empty text is any."""
        return [each for each in self.received if client in ("", each.client) and type_ in ("", each.type)]

    def one(self, number: int) -> Received | None:
        """The one with this number, while it is kept."""
        return next((each for each in self.received if each.number == number), None)


def create_inbox(secret: str, mail_port: int | None = None) -> FastAPI:
    """The inbox for one endpoint's secret. `mail_port`: where e-mails are taken; None: nowhere."""
    inbox, outbox = Inbox(secret), Outbox()

    @asynccontextmanager
    async def taking_mails(_app: FastAPI) -> AsyncIterator[None]:
        server = await outbox.serve(mail_port) if mail_port is not None else None
        yield
        if server:
            server.close()

    app = FastAPI(title="The demo's CRM inbox", openapi_url=None, lifespan=taking_mails)
    _show_mails(app, outbox)

    @app.post("/hook")
    async def hook(request: Request) -> Response:
        """200 when the signature is good, 400 when it is not, as a receiver should."""
        taken = inbox.take(dict(request.headers), await request.body())
        return Response(status_code=200 if taken.verified else 400)

    @app.get("/received")
    async def received() -> JSONResponse:
        """Received requests as JSON."""
        return JSONResponse([asdict(each) for each in inbox.received])

    @app.get("/received/{number}")
    async def one(request: Request, number: int) -> Response:
        """One request with its body."""
        found = inbox.one(number)
        if found is None:
            return Response("It is kept no longer.", status_code=404, media_type="text/plain")
        return page(request, "demo/inbox:one.html", received=found)

    @app.get("/")
    async def shown(request: Request, client: str = "", type_: Annotated[str, Query(alias="type")] = "") -> Response:
        """A list of received events for people: the newest that match, without bodies."""
        clients = sorted({each.client for each in inbox.received if each.client})
        types = sorted({each.type for each in inbox.received})
        filters = (("client", "Client", client, clients), ("type", "Type", type_, types))
        wanted = inbox.wanted(client, type_)
        return page(
            request, "demo/inbox:inbox.html", received=wanted[:SHOWN], total=len(wanted), filters=filters
        )  # fmt: skip

    app.mount("/static", StaticFiles(directory=static_dir), name="static")
    return app


def _show_mails(app: FastAPI, outbox: Outbox) -> None:
    """Add the pages of e-mails."""

    @app.get("/mails")
    async def mails(request: Request) -> Response:
        """The e-mails, newest first."""
        return page(request, "demo/inbox:mails.html", letters=list(outbox.letters)[:SHOWN])

    @app.get("/mails/{number}")
    async def mail(request: Request, number: int) -> Response:
        """One e-mail as text."""
        found = outbox.one(number)
        if found is None:
            return Response("It is kept no longer.", status_code=404, media_type="text/plain")
        return page(request, "demo/inbox:mail.html", letter=found)

    @app.get("/mails/{number}/html")
    async def mail_as_html(number: int) -> Response:
        """One e-mail as a mail program shows it: without scripts, and without anything from elsewhere."""
        found = outbox.one(number)
        return HTMLResponse(
            found.part("html") if found else "", status_code=200 if found else 404,
            headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
        )  # fmt: skip


def _client(event: dict[str, Any]) -> str | None:
    data = event.get("data")
    name = data.get("client_name") if isinstance(data, dict) else None
    return name if isinstance(name, str) else None


def _read(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
