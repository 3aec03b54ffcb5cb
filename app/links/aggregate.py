"""The link aggregate: a link with its rows, loaded once. Only it writes the status of a link and its access requests.

Its methods change rows in memory and draft the events. `save` writes both, at the end of a use case.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Unpack

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from app.events import catalog
from app.events.catalog import DataT, EventType
from app.events.recorder import EventDraft, record_all
from app.events.schema import LinkGivenData
from app.kit import ids
from app.kit.actor import Actor, system_actor
from app.kit.i18n.locales import Locale
from app.kit.i18n.message import Message, Text
from app.links import event_data, status
from app.links.models import (
    AccessRequest,
    AccessRequestColumns,
    Consent,
    Intake,
    IntakeFile,
    Link,
    LinkPlatform,
    StepLink,
)
from app.links.own_platforms.models import OwnPlatform
from app.links.pasted_ids import SelectedAsset
from app.links.presets.preset import Preset, PresetAccessRequest
from app.links.status import OVER, PROVED, Pipeline, RequestStatus
from app.platforms.manual import library
from app.platforms.manual.library import ManualPlatform
from app.platforms.registry import Platforms
from app.tenants.agencies.models import Agency
from app.tenants.clients.models import Client

#: Least remaining life of a link whose client is needed again.
AGAIN = timedelta(days=14)
#: Key of the aggregates loaded in a session, in `session.info`.
_LOADED: Final = "links loaded"


class LinkNotSaved(Exception):
    """A transaction would commit without the events of a link that it changed."""


@dataclass
class LinkAggregate:
    """A link with its agency, client, access requests and answers. Load it locked to change it."""

    agency: Agency
    client: Client
    link: Link
    #: its platforms, in the order of the client's way
    platforms: list[LinkPlatform]
    #: those of the agency's own among them, in the version of the link
    own_platforms: list[OwnPlatform]
    access_requests: list[AccessRequest]
    intake: Intake
    preset: Preset
    #: answers to the preset's own questions, by key
    answers: Mapping[str, str]
    files: Sequence[IntakeFile]
    #: the client's latest consent
    consent: Consent | None
    #: the database's time of the transaction, at which all changes happen
    now: datetime
    #: the step link by whose browser it is changed
    step_link: StepLink | None = None
    #: events that `save` records
    drafts: list[EventDraft[Any]] = field(default_factory=list)
    _removed: list[AccessRequest] = field(default_factory=list)

    # Reading

    @property
    def is_dead(self) -> bool:
        """True if the link can no longer be used."""
        return status.is_dead(status.as_of(self.link.status, self.link.expires_at, self.now))

    @property
    def ended_at(self) -> datetime | None:
        """Time at which the link was revoked or expired; None while it can be used."""
        return (self.link.revoked_at or self.link.expires_at) if self.is_dead else None

    @property
    def works_until(self) -> datetime | None:
        """Time at which it expires; None once it stays open as the client's receipt."""
        return None if self.link.status in ("completed", "drifted") else self.link.expires_at

    @property
    def has_answers(self) -> bool:
        """True if every question of the preset was answered or skipped."""
        return all(question.key in self.answers for question in self.preset.questions)

    @property
    def is_intake_complete(self) -> bool:
        """True if the client answered everything that the preset asks."""
        given: dict[str, Any] = {"markets": self.intake.markets, "contacts": self.intake.contacts}
        if any(each.pixel_codes is None for each in self.connecting):
            given["pixels"] = None
        return self.has_answers and all(given.get(screen, "") is not None for screen in self.preset.screens)

    @property
    def is_settled(self) -> bool:
        """True if the link is completed and everything is still as agreed, so that no action is needed."""
        living = [each for each in self.access_requests if each.status not in OVER]
        return self.link.status == "completed" and all(
            each.status in PROVED and each.unwanted_at is None for each in living
        )

    @property
    def connecting(self) -> list[LinkPlatform]:
        """The platforms with an API that the client uses, in order."""
        return [each for each in self.platforms if not each.is_manual and each.unused_at is None]

    def manual_platform(self, key: str) -> ManualPlatform:
        """One of its manual platforms. Raises KeyError."""
        own = next((each for each in self.own_platforms if each.key == key), None)
        return own.platform if own else library.find(key)

    def all_platforms(self, installed: Platforms) -> Platforms:
        """The platforms of the installation, and those of the agency's own that the link has."""
        return installed.beside([each.platform for each in self.own_platforms])

    def on(self, platform: str) -> LinkPlatform:
        """The row of one of its platforms."""
        return next(each for each in self.platforms if each.platform == platform)

    @property
    def pipeline(self) -> Pipeline:
        """Place of the link in the agency's pipeline, as `save` stores it."""
        link = self.link
        return status.pipeline(
            status.as_of(link.status, link.expires_at, self.now),
            [
                RequestStatus(each.status, each.next_actor, unwanted=each.unwanted_at is not None)
                for each in self.access_requests
            ],
            needed_again=link.needed_again_at is not None,
            awaits_erasure=link.awaits_erasure,
        )

    @property
    def by_client(self) -> Actor:
        """Its client as an actor, or the person of a step link; by default the actor of its events."""
        return Actor("client", self.step_link.id if self.step_link else self.client.id)

    @property
    def person(self) -> str | None:
        """Name of the client's person who states something: that of the step link, or of the consent."""
        return self.step_link.person if self.step_link else self.consent.name if self.consent else None

    def find(self, access_request_id: str) -> AccessRequest | None:
        """One of its access requests, or None."""
        return next((each for each in self.access_requests if each.id == access_request_id), None)

    def event_data(
        self, event_type: EventType[DataT], access_request: AccessRequest | None = None, **more: Any
    ) -> DataT:
        """The current data of an event about the link, or about one of its access requests, and `more`."""
        about = event_data.of_link(self.link, self.client, self.platforms, self.access_requests, self.intake)
        if access_request:
            about |= event_data.of_access_request(access_request, self.platforms)
        if issubclass(event_type.data, LinkGivenData):
            questions = self.preset.questions
            about |= event_data.of_given(self.intake, questions, self.answers, self.files, self.consent)
        return event_type.data(**about | more)

    # The link

    def create(self, *, actor: Actor) -> None:
        """Draft the event of the new link, a draft until its address is issued."""
        self.link.status = "draft"
        self.draft_event(catalog.LINK_CREATED, actor=actor)

    def mark_sent(self, *, actor: Actor) -> None:
        """Mark it as sent once its address is issued."""
        if self.link.status == "draft":
            self.link.status = "sent"
            self.draft_event(catalog.LINK_SENT, actor=actor)

    def mark_opened(self) -> None:
        """Mark it as opened after the client pressed Start."""
        if self.link.opened_at is None:
            self.link.opened_at = self.now
            self._advance("opened")
            self.draft_event(catalog.LINK_OPENED)

    def mark_abandoned(self, screen: str) -> None:
        """Record that the client left it unfinished on a screen."""
        self.link.abandoned_at = self.now
        self.draft_event(catalog.LINK_ABANDONED, actor=system_actor(), screen=screen)

    def extend(self, expires_at: datetime, *, actor: Actor) -> None:
        """Extend it; an expired one continues where it stopped, with the unapproved access requests that had ended."""
        link = self.link
        link.expires_at = link.due_at = expires_at
        if link.status == "expired":
            link.status = "submitted" if link.submitted_at else "opened" if link.opened_at else "sent"
            link.renewal_requested_at = None
        self.draft_event(catalog.LINK_EXTENDED, actor=actor)
        for each in self.access_requests:
            if each.status == "ended" and each.approved_at is None:
                self.set_status(each, status="waiting", next_actor="client", actor=actor)

    def revoke(self, *, actor: Actor) -> bool:
        """Revoke it; shared access remains. False if it was revoked before."""
        if self.link.status == "revoked":
            return False
        self.link.status, self.link.revoked_at, self.link.due_at = "revoked", self.now, None
        self.draft_event(catalog.LINK_REVOKED, actor=actor)
        self._end_unapproved()
        return True

    def expire(self) -> bool:
        """Record that it expired. False if it did not, or has ended otherwise."""
        if self.link.status in ("completed", "drifted", "expired", "revoked") or self.link.expires_at > self.now:
            return False
        self.link.status = "expired"
        self.draft_event(catalog.LINK_EXPIRED, actor=system_actor())
        self._end_unapproved()
        return True

    def request_renewal(self) -> bool:
        """Record that the client of a dead link wants a new one. False if recorded before, or if the link is active."""
        if self.link.renewal_requested_at is not None or not self.is_dead:
            return False
        self.link.renewal_requested_at = self.now
        self.draft_event(catalog.LINK_RENEWAL_REQUESTED)
        return True

    def request_erasure(self) -> bool:
        """Record that the client wants its personal data erased. False if it is known."""
        if self.link.erasure_requested_at is not None:
            return False
        self.link.erasure_requested_at = self.now
        self.draft_event(catalog.LINK_ERASURE_REQUESTED)
        return True

    def mark_erased(self) -> None:
        """Record that the personal data are erased, in the transaction that erases them."""
        self.link.personal_data_erased_at, self.link.claimed_external_id = self.now, None

    def complete_if_done(self) -> None:
        """Complete it once every required access request is proved; reopen it if one no longer is."""
        now = status.following(self.link.status, [(each.status, each.required) for each in self.access_requests])
        if now == self.link.status:
            return
        if now == "completed":
            self.link.status, self.link.completed_at, self.link.due_at = now, self.now, None
            self.draft_event(catalog.LINK_COMPLETED, actor=system_actor())
        else:
            self._reopen(now, reason="drifted" if now == "drifted" else "not_proved", actor=system_actor())

    def ask_more(self, *, reason: str, actor: Actor) -> None:
        """Reopen a completed link for a new request to the client."""
        if self.link.status in ("completed", "drifted"):
            self._reopen("submitted", reason=reason, actor=actor)
        elif self.link.submitted_at is not None:
            self._need_client()

    # Input of the client

    def choose_lane(self, platform: str, lane: str) -> None:
        """Set the lane of a platform. No input is lost; approved access requests continue in the new lane."""
        assert lane in status.LANES
        self.on(platform).lane = lane
        self._advance("in_progress")

    def choose_account(self, platform: str, account_id: str | None, name: str | None) -> None:
        """Set the client's account that shares the assets; None removes it."""
        here = self.on(platform)
        here.client_account_id, here.client_account_name = account_id, name

    def choose_assets(
        self, platform: str, kind: str, chosen: Sequence[SelectedAsset], *, shared: Collection[str] = ()
    ) -> None:
        """Have one access request for each asset. Approved ones stay; unapproved ones follow the choice.

        `shared` are ids of access requests that are shared already and wait for consent to a wider role: they stay too.
        One whose asset is chosen again keeps it, so that no asset is ever in two access requests.
        """
        of_kind = [each for each in self.access_requests if (each.platform, each.kind) == (platform, kind)]
        spare = [each for each in of_kind if not (each.approved_at or each.id in shared)]
        pattern = next(iter(spare), of_kind[0])
        kept = {_place(each) for each in of_kind if each not in spare}
        wanted = {(asset.asset_id, asset.parent_asset_id): asset for asset in chosen}
        again = {_place(each): each for each in spare if _place(each) in wanted}
        free = [each for each in spare if _place(each) not in wanted]
        for place, asset in wanted.items():
            if place in kept:
                continue
            access_request = again.get(place) or (free.pop(0) if free else self.add(_like(pattern)))
            _name(access_request, asset)
        needless = free if wanted or kept else free[1:]
        for each in free:
            _name(each, None)
        for each in list(needless):
            self._remove(each)
        if pattern.asset_kind.has_dependents:
            self._forget_dependents_elsewhere(platform, shared)

    def name_manual_ids(self, given: Mapping[str, str | None]) -> None:
        """Set the client's own ids on manual platforms, by access request; approved ones stay unchanged."""
        for each in self.access_requests:
            if each.id in given and each.is_manual and not each.approved_at:
                each.asset_id = given[each.id]
        self.intake.others_at = self.now

    def save_pixel_codes(self, platform: str, codes: list[Any]) -> None:
        """Save the client's pixel codes on a platform, requested or not."""
        was_complete = self.is_intake_complete
        self.on(platform).pixel_codes = codes
        self._draft_intake_completed(was_complete=was_complete)

    def save_intake(self, **values: list[Any]) -> None:
        """Save the given values among markets, contacts."""
        was_complete = self.is_intake_complete
        for name, value in values.items():
            setattr(self.intake, name, value)
        if "contacts" in values:
            self.intake.contacts_at = self.now
        self._draft_intake_completed(was_complete=was_complete)

    def save_answers(self, answers: Mapping[str, str]) -> None:
        """Take over answers to the preset's own questions; the caller writes their rows."""
        was_complete = self.is_intake_complete
        self.answers = {**self.answers, **answers}
        self._draft_intake_completed(was_complete=was_complete)

    def name_profile(self, platform: str, *, handle: str, login: str, code: str | None) -> None:
        """Record which public profile the client linked and how it signs in, or the code of what stopped it."""
        said_at = self.now.isoformat(timespec="seconds")
        self.on(platform).linked_profile = {"handle": handle, "login": login, "code": code, "said_at": said_at}

    def finish_screen(self, screen: str) -> None:
        """Mark a screen as completed; the first time is an event."""
        self._advance("in_progress")
        if screen not in self.intake.screens_completed:
            self.intake.screens_completed = [*self.intake.screens_completed, screen]
            self.draft_event(catalog.LINK_SCREEN_COMPLETED, screen=screen)

    def give_consent(self, name: str, said: Sequence[Text], *, locale: Locale) -> None:
        """Record the client's consent to every chosen access request, with the sentences shown and their locale."""
        self.link.submitted_at = self.link.submitted_at or self.now
        self._advance("submitted")
        fresh = [each for each in self.access_requests if each.awaits_yes]
        self._agree(name, said, locale)
        self.draft_event(catalog.LINK_SUBMITTED)
        for each in fresh:
            self.set_status(each, status="approved", next_actor="us", approved_at=self.now)

    def correct_account(self, platform: str, account_id: str, *, said: Sequence[Text], locale: Locale) -> None:
        """Replace the account given first; the consent remains, with the sentences about the change added."""
        assert self.consent is not None  # nothing is read before a consent
        self.choose_account(platform, account_id, None)
        self._agree(self.consent.name, said, locale, before=self.consent)
        for each in self.access_requests:
            if each.approved_at and each.platform == platform:
                self.set_status(each, status="approved", code=None, next_actor="us", shared_from_account_id=None)

    @property
    def languages(self) -> tuple[str | None, ...]:
        """Languages for e-mails to the client: that of the link, of the consent, of the agency."""
        return self.link.language, self.consent.locale if self.consent else None, self.agency.language

    # Access requests

    def add(self, access_request: AccessRequest) -> AccessRequest:
        """Insert one at its position."""
        self.access_requests.append(access_request)
        self.access_requests.sort(key=lambda each: (each.position, each.id))
        return access_request

    def can_leave(self, platform: str) -> bool:
        """True if the client may say that it does not use a platform: another is left, and nothing is agreed there."""
        others = [each for each in self.platforms if each.platform != platform and each.unused_at is None]
        return bool(others) and not any(
            each.approved_at or each.role_first for each in self.access_requests if each.platform == platform
        )

    def leave_platform(self, platform: str) -> None:
        """Record that the client does not use a platform: the access requests there are declined."""
        self.on(platform).unused_at = self.now
        for each in self.access_requests:
            if each.platform == platform:
                self.decline(each)

    def return_to_platform(self, platform: str) -> None:
        """Undo that: the access requests there wait for the consent again."""
        self.on(platform).unused_at = None
        for each in self.access_requests:
            if each.platform == platform:
                self.reconsider(each)

    def add_platform(
        self, platform: str, agency_account_id: str | None, *, own_platform: OwnPlatform | None = None
    ) -> None:
        """Add a platform behind the others, before access on it is requested. `own_platform`: if it is one."""
        position = max(each.position for each in self.platforms) + 1
        added = LinkPlatform(
            agency_id=self.agency.id, link_id=self.link.id, platform=platform, position=position,
            agency_account_id=agency_account_id, own_version=own_platform.version if own_platform else None,
        )  # fmt: skip
        self.platforms.append(added)
        if own_platform:
            self.own_platforms.append(own_platform)

    def request_access(
        self, wanted: PresetAccessRequest, *, actor: Actor, asset_id: str | None = None, person_email: str | None = None
    ) -> AccessRequest:
        """Request one more access on an active link; it waits for the client's consent."""
        self.on(wanted.platform).unused_at = None  # the agency asks again
        last = max(each.position for each in self.access_requests)
        access_request = self.add(new_access_request(self.link, wanted, last + 1))
        access_request.asset_id, access_request.person_email = asset_id, person_email
        self.ask_more(reason="access_requested", actor=actor)
        self.draft_event(catalog.LINK_ACCESS_ADDED, access_request, actor=actor)
        self.draft_event(catalog.ACCESS_REQUESTED, access_request, actor=actor)
        return access_request

    def request_role(
        self, access_request: AccessRequest, role: str, *, reason: str | None, wider: bool, actor: Actor
    ) -> None:
        """Request another role: a wider one waits for the client's consent, a lower one applies immediately."""
        access_request.role_first = access_request.role_first or access_request.role
        access_request.role, access_request.role_reason = role, reason
        if access_request.approved_at is not None:
            if wider:  # the access agreed to stays shared
                access_request.verified_at = None
                self.await_consent(access_request, actor=system_actor())
            else:
                self.set_status(
                    access_request, status="approved", code=None, next_actor="us", actor=system_actor(),
                    reduce_at=self.now, verified_at=None, attested_at=None, attested_by=None,
                )  # fmt: skip
            self.ask_more(reason="wider_role" if wider else "lower_role", actor=actor)
        self.draft_event(catalog.LINK_ROLE_REQUESTED, access_request, actor=actor)
        if wider:
            self.draft_event(catalog.ACCESS_REQUESTED, access_request, actor=actor)

    def await_consent(self, access_request: AccessRequest, *, actor: Actor | None = None) -> None:
        """Have an approved access request wait for the client's consent again."""
        self.set_status(
            access_request, status="waiting", code=None, next_actor="client", actor=actor, approved_at=None,
            attested_at=None, attested_by=None, recheck_at=None,
        )  # fmt: skip

    def decline(self, access_request: AccessRequest) -> None:
        """Decline an access request that is not approved yet."""
        if not access_request.approved_at and access_request.status != "declined":
            self.set_status(access_request, status="declined", next_actor=None, declined_at=self.now)

    def reconsider(self, access_request: AccessRequest) -> None:
        """Undo a decline: the access request waits for the consent like the others."""
        if access_request.status == "declined" and not access_request.approved_at:
            self.set_status(access_request, status="waiting", next_actor="client", declined_at=None)

    def withdraw(self, access_request: AccessRequest, *, actor: Actor) -> None:
        """Remove an access request that the client never agreed to, so that the review does not show it."""
        self.draft_event(catalog.LINK_ACCESS_REMOVED, access_request, actor=actor)
        self._remove(access_request)
        access_request.status, access_request.next_actor = "ended", None

    def mark_unwanted(self, access_request_ids: Collection[str]) -> None:
        """Have these access requests removed at the platform; the first request for it counts."""
        for each in self.access_requests:
            if each.id in access_request_ids and each.unwanted_at is None:
                each.unwanted_at = self.now

    def permit_reduction(self, access_request: AccessRequest) -> None:
        """Record the client's permission to lower a role that is higher than agreed."""
        access_request.reduce_at = access_request.recheck_at = self.now

    def set_client_statement(self, access_request: AccessRequest) -> None:
        """Record that the client says it is done, by name."""
        access_request.client_attested_at = self.now
        access_request.client_attested_by = self.person

    def clear_client_statement(self, access_request: AccessRequest) -> None:
        """Withdraw the client's statement."""
        access_request.client_attested_at = access_request.client_attested_by = None

    def recheck(self) -> list[AccessRequest]:
        """Have the approved access requests checked again that a platform can show."""
        approved = [each for each in self.access_requests if each.approved_at and not each.is_manual]
        for each in approved:
            each.recheck_at = self.now
        return approved

    def set_removal_blocker(self, access_request: AccessRequest, **values: Unpack[AccessRequestColumns]) -> None:
        """Record the reason why access to be removed is still there, and the next actor; the status stays."""
        for name, value in values.items():
            setattr(access_request, name, value)

    def set_status(
        self,
        access_request: AccessRequest,
        *,
        status: str,
        next_actor: str | None,
        actor: Actor | None = None,
        grant_id: str | None = None,
        **values: Unpack[AccessRequestColumns],
    ) -> None:
        """Set the status of an access request and its other values. A new status, or another blocker, is an event."""
        before, code_before = access_request.status, access_request.code
        access_request.status, access_request.next_actor = status, next_actor
        for name, value in values.items():
            setattr(access_request, name, value)
        if status == before and (status != "blocked" or access_request.code == code_before):
            return
        access_request.status_since = self.now
        if event_type := catalog.ACCESS_BY_STATUS.get(status):
            self.draft_event(event_type, access_request, actor=actor, status_previous=before, grant_id=grant_id)

    # Events and rows

    def draft_event(
        self,
        event_type: EventType[DataT],
        access_request: AccessRequest | None = None,
        *,
        actor: Actor | None = None,
        subject_id: str | None = None,
        **more: Any,
    ) -> None:
        """Draft an event about the link or one of its access requests, with the current data.

        `subject_id`: the event's subject, if it is not the link.
        """
        data = self.event_data(event_type, access_request, **more)
        self.drafts.append(EventDraft(event_type, subject_id or self.link.id, actor or self.by_client, data))

    def watch(self, session: AsyncSession) -> None:
        """Make the session refuse a commit while events are not saved."""
        session.info.setdefault(_LOADED, []).append(self)

    async def insert(self, session: AsyncSession) -> None:
        """Insert the new link with its rows and record its events."""
        self._store_pipeline()
        session.add(self.link)
        await session.flush()  # the other rows refer to it
        session.add(self.intake)
        await self.save(session)
        self.watch(session)

    async def save(self, session: AsyncSession) -> None:
        """Write the rows that changed and record the events in the order in which they were drafted."""
        if added := [each for each in self.platforms if each not in session]:
            session.add_all(added)
            await session.flush()  # access requests refer to them
        session.add_all([*self.access_requests, *([self.consent] if self.consent else [])])
        for row in self._removed:
            if row in session.new:
                session.expunge(row)
            elif row in session:
                await session.delete(row)
        self._removed.clear()
        self._store_pipeline()
        changed: list[AccessRequest | Intake | LinkPlatform] = [*self.access_requests, self.intake, *self.platforms]
        for each in changed:
            if session.is_modified(each):
                each.updated_at = self.now
        await self._vacate(session)
        await session.flush()
        drafts, self.drafts = self.drafts, []
        await record_all(session, drafts, agency_id=self.agency.id)

    def _store_pipeline(self) -> None:
        place = self.pipeline
        if self.link.next_actor != place.next_actor:
            self.link.next_actor_since = self.now if place.next_actor else None
        for name, value in vars(place).items():
            if getattr(self.link, name) != value:
                setattr(self.link, name, value)

    async def _vacate(self, session: AsyncSession) -> None:
        """Clear assets that another access request takes over: two may swap theirs, and each asset is unique."""
        changed = [(each, get_history(each, "asset_id").deleted) for each in self.access_requests]
        named = {each: each.asset_id for each, before in changed if before}
        if not {old for _, before in changed for old in before if old} & set(named.values()):
            return
        for each in named:
            each.asset_id = None
        await session.flush()
        for each, asset_id in named.items():
            each.asset_id = asset_id

    def _draft_intake_completed(self, *, was_complete: bool) -> None:
        """Draft the event of a completed intake."""
        if self.is_intake_complete and not was_complete:
            self.draft_event(catalog.INTAKE_COMPLETED)

    def _advance(self, to: str) -> None:
        self.link.status = status.advanced(self.link.status, to)

    def _agree(self, name: str | None, said: Sequence[Text], locale: Locale, *, before: Consent | None = None) -> None:
        earlier, messages = (before.sentences, before.messages) if before else ([], [])
        self.consent = Consent(
            agency_id=self.agency.id, id=ids.new("consent"), link_id=self.link.id, name=name, locale=locale.tag,
            sentences=[*earlier, *map(locale.text, said)],
            messages=[*messages, *(each.to_json() if isinstance(each, Message) else None for each in said)],
            given_at=self.now,
        )  # fmt: skip
        self.draft_event(catalog.CONSENT_GIVEN)

    def _reopen(self, to: str, *, reason: str, actor: Actor) -> None:
        """Reopen a completed link because its client must act; it is notified by e-mail, and gets time."""
        was = self.link.status
        self.link.status, self.link.completed_at = to, None
        if to != "drifted":  # a drifted link stays open as a receipt
            self.link.expires_at = max(self.link.expires_at, self.now + AGAIN)
        self._need_client()
        if was == "completed":
            next_actor = status.next_actor(to, [each.next_actor for each in self.access_requests])
            self.draft_event(catalog.LINK_REOPENED, actor=actor, reason=reason, next_actor=next_actor)

    def _need_client(self) -> None:
        """Mark that the client is needed again after a consent; the link is due, and with it the e-mail."""
        self.link.needed_again_at = self.link.due_at = self.now

    def _end_unapproved(self) -> None:
        """End access requests that were never approved; the handshake decides about the others."""
        for each in self.access_requests:
            if each.approved_at is None and each.declined_at is None:
                self.set_status(each, status="ended", code=None, next_actor=None, actor=system_actor())

    def _forget_dependents_elsewhere(self, platform: str, shared: Collection[str]) -> None:
        """Clear assets whose parents are no longer chosen, such as pixels, so that they are chosen again."""
        here = [each for each in self.access_requests if each.platform == platform]
        parents = {each.asset_id for each in here if each.asset_kind.has_dependents}
        for each in here:
            if each.parent_asset_id and each.parent_asset_id not in parents:
                if each.approved_at or each.id in shared:
                    continue
                _name(each, None)
                self.on(platform).pixel_codes = None

    def _remove(self, access_request: AccessRequest) -> None:
        self.access_requests.remove(access_request)
        self._removed.append(access_request)


@event.listens_for(Session, "before_commit")
def _refuse_unsaved(session: Session) -> None:
    if not session.in_nested_transaction() and any(each.drafts for each in session.info.get(_LOADED, ())):
        raise LinkNotSaved


def new_access_request(link: Link, wanted: PresetAccessRequest, position: int) -> AccessRequest:
    """The row of an access wanted on a link; it names no asset yet."""
    return AccessRequest(
        agency_id=link.agency_id, id=ids.new("access"), link_id=link.id, platform=wanted.platform,
        kind=wanted.kind, role=wanted.role, reason=wanted.reason, required=wanted.required,
        needs_events=wanted.needs_events, position=position, status="waiting", next_actor="client",
        asset_name=wanted.title, steps=list(wanted.steps) or None,
    )  # fmt: skip


def _like(pattern: AccessRequest) -> AccessRequest:
    return AccessRequest(
        agency_id=pattern.agency_id, id=ids.new("access"), link_id=pattern.link_id, platform=pattern.platform,
        kind=pattern.kind, role=pattern.role, reason=pattern.reason, required=pattern.required,
        needs_events=pattern.needs_events, position=pattern.position, status="waiting", next_actor="client",
    )  # fmt: skip


def _place(access_request: AccessRequest) -> tuple[str | None, str | None]:
    return access_request.asset_id, access_request.parent_asset_id


def _name(access_request: AccessRequest, asset: SelectedAsset | None) -> None:
    access_request.asset_id = asset.asset_id if asset else None
    access_request.asset_name = asset.name if asset else None
    access_request.parent_asset_id = asset.parent_asset_id if asset else None
