"""Example values of every kind of e-mail, for `make mails` and the tests."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import app.mail
from app.mail.rendered_email import EmailBranding, Recipient
from app.mail.service import Shown
from app.platforms.declarations import texts

TEMPLATES = Path(app.mail.__file__).parent / "templates"
ADDRESS = "https://go.keyturn.example/north/maison-lune/pJ3kq0Zr8u1Yb5Xw2Vt7Sn4Lm9Ka6Hd3Gf0Ee1Cc2Bb"
LETTERHEAD = EmailBranding("North Agency", Recipient("ana@north.example", "Ana Agent"), "#0b5cad")
_AT = datetime(2026, 12, 6, 14, 32, tzinfo=UTC)
_TO_CLIENT: Mapping[str, tuple[Shown, ...]] = {
    "name": ("Ana Client", None),
    "requested_by": ("Ana Agent",),
    "address": (ADDRESS,),
}

_NOTICE: Mapping[str, tuple[Shown, ...]] = {
    "client": ("Maison Lune",),
    "missing": ("Spring Sale is not shared yet.",),
    "step": ("Wait for the client, or write to it.", None),
    "since": (_AT,),
    "address": ("https://go.keyturn.example/desk/links/link_01",),
    "settings_address": ("https://go.keyturn.example/desk/account",),
}
#: By kind, what each value of its templates may be. The first of each is the usual one.
VALUES: Mapping[str, Mapping[str, tuple[Shown, ...]]] = {
    "invitation": {
        **_TO_CLIENT,
        "things": ((texts("tiktok").things.fill(platform="TikTok"),), ()),
        "have_ready": ((texts("tiktok").have_ready.fill(platform="TikTok"),), ()),
        "others": ((), ("Meta Business", "Booking tool")),
        "reasons": (("To create your campaigns, adjust them and report on them.",),),
        "until": (_AT,),
    },
    "needed_again": {
        **_TO_CLIENT,
        "gone": ((), ("Spring Sale",)),
        "reasons": (("To help with the launch.",),),
    },
    "reminder": {
        **_TO_CLIENT,
        "reasons": (("Spring Sale is not shared yet.",),),
        "no_more_address": (f"{ADDRESS}/reminders",),
        "until": (_AT,),
    },
    "saved_link": {**_TO_CLIENT, "until": (_AT, None), "guarded": (True, False)},
    "all_done": {**_TO_CLIENT, "client": ("Maison Lune",), "things": (("Spring Sale", "Autumn Sale"),)},
    "notice_done": _NOTICE,
    "notice_needs_you": _NOTICE,
    "notice_stuck": {**_NOTICE, "days": (2, 1)},
    "notice_drifted": _NOTICE,
    "notice_digest": {
        "today": (date(2026, 12, 7),),
        "count": (4, 1),
        "waiting": (("Maison Lune",), ()),
        "stuck": (("Comptoir",), ()),
        "drifted": (("Brand FR",), ()),
        "done": (("Brand DE",), ()),
        "address": ("https://go.keyturn.example/desk",),
        "settings_address": ("https://go.keyturn.example/desk/account",),
    },
    "mail_test": {"asked_by": ("Nora North",)},
    "device_code": {
        "name": ("Ana Client", None),
        "client": ("Maison Lune",),
        "requested_by": ("Ana Agent",),
        "code": ("123 456",),
        "minutes": (1, 10),
    },
    "member_invitation": {"invited_by": ("Ana Agent",), "address": (ADDRESS,), "until": (_AT,)},
    "renewal_requested": {
        "client": ("Maison Lune",),
        "client_contact": ("Ana Client", None),
        "link_id": ("link_01",),
        "requested_by": ("Ana Agent",),
        "revoked": (False, True),
        "since": (_AT,),
        "command_line": ("keyturn links extend",),
        "api_line": ("curl -X POST extension",),
        "invitation_line": ("curl -X POST invitation", None),
    },
    "erasure_requested": {
        "client": ("Maison Lune",),
        "link_id": ("link_01",),
        "asked_at": (_AT,),
        "until": (date(2026, 12, 31),),
        "address": (ADDRESS,),
    },
    "blind": {
        "platform": ("TikTok",),
        "said": ("Access token is incorrect.", None),
        "request_id": ("20261204133209ABCDEF", None),
        "command_line": ("keyturn connections invite-agency",),
        "api_line": ("curl -X POST invitations",),
    },
    "endpoint_failing": {
        "disabled": (False, True),
        "url": ("https://hooks.example/keyturn",),
        "description": ("Our CRM", None),
        "endpoint_id": ("endpoint_01",),
        "since": (_AT,),
        "failed_attempts": (1, 1_200),
        "exhausted": (0, 3),
        "last_error": ("The host name does not exist.", None),
        "last_code": ("connect_refused",),
        "sample_event_id": ("event_01", None),
        "activation_line": ("curl -X POST activation",),
        "replay_line": ("curl -X POST replays",),
    },
}


def every(kind: str) -> Iterator[dict[str, Shown]]:
    """Every combination of a kind's values, so that every branch of its templates is taken."""
    values = VALUES[kind]
    for chosen in itertools.product(*values.values()):
        yield dict(zip(values, chosen, strict=True))


def variants(kind: str) -> Iterator[tuple[str, dict[str, Shown]]]:
    """The usual values, and each other value once beside them, with the name of what differs."""
    usual = {name: values[0] for name, values in VALUES[kind].items()}
    yield "", usual
    for name, values in VALUES[kind].items():
        for number, value in enumerate(values[1:], 1):
            yield f"{name}-{number}", {**usual, name: value}
