"""Imports in a test: TikTok with partners, the agency that connects, and the worker's turns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.sql import func

from app.access.grants.models import Grant
from app.access.imports.models import Import
from app.access.partners.models import Partner
from app.access.reconciler.imports import ImportStrategy
from app.access.reconciler.job import reconcile
from app.kit import jobs
from app.kit.database import CROSS_TENANT
from app.tenants.clients.models import Client
from simulator import seed
from tests.house import House
from tests.world import Corner


@dataclass(frozen=True)
class Scene:
    """The house, seen from one agency."""

    house: House
    corner: Corner

    async def crowd(
        self, partners: int, accounts_each: int = 1, account_id: str = seed.NORTH_AGENCY
    ) -> list[dict[str, Any]]:
        """Many partners at once, each with ad accounts shared with the agency."""
        body = {"bc_id": account_id, "partners": partners, "accounts_each": accounts_each}
        tiktok = self.house.tiktok
        answer = await tiktok.http.post(f"{tiktok.address}/simulator/crowds", json=body, timeout=60)
        assert answer.status_code == 201, answer.text
        return list(answer.json()["partners"])

    async def connect(self) -> None:
        """A member authorizes, and ticks no ad account: for an import none is needed."""
        await self.house.connect_agency(self.corner, ticked=[])

    async def turn(self) -> Sequence[Import]:
        """One turn of every import that has something to do; pauses are cut short."""
        async with self.house.tools.sessions.begin() as session:
            hurried = update(Import).where(Import.due_at.is_not(None), Import.status == "running")
            await session.execute(hurried.values(due_at=func.now()).execution_options(**CROSS_TENANT))
        rows = await jobs.claim(self.house.tools.sessions, Import, limit=10, lease=self.house.tools.lease)
        for row in rows:
            await reconcile(ImportStrategy(self.house.tools), row)
        return rows

    async def run(self, most: int = 100) -> Import:
        """Turns until nothing runs; the newest import."""
        for _ in range(most):
            if not await self.turn():
                break
        return (await self.imports())[0]

    async def a_day_later(self) -> Import:
        """The watch begins, and runs to its end."""
        async with self.house.tools.sessions.begin() as session:
            late = update(Import).where(Import.due_at.is_not(None)).values(due_at=func.now())
            await session.execute(late.execution_options(**CROSS_TENANT))
        return await self.run()

    async def imports(self) -> Sequence[Import]:
        """The agency's, newest first."""
        rows = select(Import).where(Import.agency_id == self.corner.agency_id).order_by(Import.id.desc())
        async with self.house.tools.sessions() as session:
            return (await session.scalars(rows)).all()

    async def partners(self) -> Sequence[Partner]:
        """The agency's, by name."""
        rows = select(Partner).where(Partner.agency_id == self.corner.agency_id).order_by(Partner.name)
        async with self.house.tools.sessions() as session:
            return (await session.scalars(rows)).all()

    async def grants(self, *statuses: str) -> Sequence[Grant]:
        """The agency's, as they were found."""
        rows = select(Grant).where(Grant.agency_id == self.corner.agency_id)
        if statuses:
            rows = rows.where(Grant.status.in_(statuses))
        async with self.house.tools.sessions() as session:
            return (await session.scalars(rows.order_by(Grant.id))).all()

    async def found_clients(self) -> Sequence[Client]:
        """The clients that imports made."""
        rows = select(Client).where(Client.agency_id == self.corner.agency_id, Client.origin == "found")
        async with self.house.tools.sessions() as session:
            return (await session.scalars(rows.order_by(Client.id))).all()
