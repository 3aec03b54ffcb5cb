"""TikTok's envelope: HTTP 200 for every answer of the API, with a code, a message and a request id."""

import secrets
import time
from collections.abc import Mapping

from starlette.responses import JSONResponse

Data = Mapping[str, object]

MESSAGES = {
    0: "OK",
    20001: "Partial success.",
    40001: "No permission to operate.",
    40002: "Invalid parameters.",
    40007: "The object does not exist.",
    40011: "Too many ids.",
    40016: "Requests are too frequent.",
    40050: "Duplicated requests.",
    40100: "App reaches the QPS limit.",
    40101: "The combination of app_id, secret and auth_code is incorrect.",
    40102: "Access token is expired.",
    40104: "Access token is null, you should set it in http header with key Access-Token.",
    40105: "Access token is incorrect or has been revoked.",
    40106: "Core user is invalid.",
    40110: "Auth_code is invalid: cancelled, already used or expired.",
    40113: "App is blocked or app_id does not match the access token.",
    40202: "Write conflict.",
    50000: "System error.",
    50002: "Service error.",
    51305: "Downstream service error.",
    60001: "Service under maintenance.",
}
"""A sentence for each return code the simulator uses itself, or is often asked to fake (API.md 1.2)."""


class Refusal(Exception):
    """An answer with a return code other than 0, left to the gate to send."""

    def __init__(self, code: int, message: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = message or MESSAGES.get(code, "Error.")


def new_request_id(now: float) -> str:
    """UTC time to the second, then an address and a random end, as in API.md 1: 34 characters."""
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime(now))
    return f"{stamp}010101008142{secrets.token_hex(4).upper()}"


def enveloped(request_id: str, code: int, message: str, data: object) -> JSONResponse:
    body = {"code": code, "message": message, "request_id": request_id, "data": data}
    return JSONResponse(body, headers={"X-TT-LOGID": request_id, "x-tt-trace-id": f"00-{request_id.lower()}-00"})
