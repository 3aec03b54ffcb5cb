"""A caller of the simulator's API and control surface, with a clock the test moves."""

import json
from dataclasses import dataclass
from typing import Any

import httpx2

from simulator.seed import FULL_APP, NORTH_TOKEN

JSON = dict[str, Any]


class Clock:
    """Stands still until it is moved; in epoch seconds."""

    def __init__(self) -> None:
        self.now = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Answer:
    """An envelope, with the response it came in."""

    code: int
    message: str
    data: JSON
    response: httpx2.Response

    @property
    def rows(self) -> list[JSON]:
        rows: list[JSON] = self.data["list"]
        return rows


class Caller:
    """Speaks to a simulator over any transport."""

    def __init__(self, client: httpx2.AsyncClient, clock: Clock) -> None:
        self.client = client
        self.clock = clock

    async def get(self, path: str, token: str | None = NORTH_TOKEN, **query: object) -> Answer:
        """A GET of the API; lists and objects go as JSON text."""
        sent = {name: value if isinstance(value, str) else json.dumps(value) for name, value in query.items()}
        headers = {"Access-Token": token} if token else {}
        return _answer(await self.client.get(f"/open_api/v1.3/{path}", params=sent, headers=headers))

    async def post(self, path: str, token: str | None = NORTH_TOKEN, **body: object) -> Answer:
        headers = {"Access-Token": token} if token else {}
        return _answer(await self.client.post(f"/open_api/v1.3/{path}", json=body, headers=headers))

    async def control(self, method: str, path: str, body: object = None) -> Any:
        """A call of the control surface that has to go well."""
        response = await self.client.request(method, f"/simulator/{path}", json=body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def token(self, person: str, app_id: str = FULL_APP, advertiser_ids: list[str] | None = None) -> str:
        body = {"person": person, "app_id": app_id, "advertiser_ids": advertiser_ids}
        access_token: str = (await self.control("POST", "tokens", body))["access_token"]
        return access_token

    async def switch(self, **switches: object) -> None:
        await self.control("PATCH", "switches", switches)

    async def break_next(self, **fault: object) -> None:
        await self.control("POST", "faults", fault)


def _answer(response: httpx2.Response) -> Answer:
    assert response.status_code == 200, response.text
    body = response.json()
    assert set(body) == {"code", "message", "request_id", "data"}
    return Answer(body["code"], body["message"], body["data"], response)
