"""Every e-mail in the pseudo-locale: nothing in it is outside of the message catalogue."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import pytest

import app.mail
from app.kit.i18n import pseudo
from app.mail import service as mails
from app.mail.rendered_email import RenderedEmail
from app.mail.service import Shown
from bench.literals import texts
from tests.mail import scenes
from tests.mail.marks import shown_in
from tests.pseudo import unmarked

FOLDER = Path(app.mail.__file__).parent / "templates"
_SINCE = scenes.INVITATION["until"]

#: By e-mail, what each value of its template may be; every combination is rendered, so every branch.
VALUES: Mapping[str, Mapping[str, tuple[Shown, ...]]] = {
    "invitation": {
        **{name: (value,) for name, value in scenes.INVITATION.items()},
        "name": ("Ana Client", None),
        "things": (scenes.INVITATION["things"], ()),
        "have_ready": ((), scenes.INVITATION["have_ready"]),
        "others": ((), ("Meta Business", "Booking tool")),
    },
    "needed_again": {
        "name": ("Ana Client", None),
        "requested_by": ("Ana Agent",),
        "gone": ((), ("Spring Sale",)),
        "reasons": (("To help with the launch.",),),
        "address": (scenes.ADDRESS,),
    },
    "reminder": {
        "name": ("Ana Client", None),
        "requested_by": ("Ana Agent",),
        "reasons": (("Spring Sale is not shared yet.",),),
        "address": (scenes.ADDRESS,),
        "until": (_SINCE,),
    },
    "mail_test": {"asked_by": ("Nora North",)},
    "device_code": {
        "name": ("Ana Client", None),
        "client": ("Maison Lune",),
        "requested_by": ("Ana Agent",),
        "code": ("123 456",),
        "minutes": (1, 10),
    },
    "member_invitation": {"invited_by": ("Ana Agent",), "address": (scenes.ADDRESS,), "until": (_SINCE,)},
    "renewal_requested": {
        "client": ("Maison Lune",),
        "client_contact": ("Ana Client", None),
        "link_id": ("link_01",),
        "requested_by": ("Ana Agent",),
        "revoked": (False, True),
        "since": (_SINCE,),
        "command_line": ("keyturn links extend",),
        "api_line": ("curl -X POST extension",),
        "invitation_line": ("curl -X POST invitation", None),
    },
    "erasure_requested": {
        "client": ("Maison Lune",),
        "link_id": ("link_01",),
        "asked_at": (_SINCE,),
        "until": (date(2026, 12, 31),),
        "address": (scenes.ADDRESS,),
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
        "since": (_SINCE,),
        "failed_attempts": (1, 1_200),
        "exhausted": (0, 3),
        "last_error": ("The host name does not exist.", None),
        "last_code": ("connect_refused",),
        "sample_event_id": ("event_01", None),
        "activation_line": ("curl -X POST activation",),
        "replay_line": ("curl -X POST replays",),
    },
}


def _rendered(kind: str) -> Iterator[tuple[RenderedEmail, Mapping[str, Shown]]]:
    values = VALUES[kind]
    for chosen in itertools.product(*values.values()):
        context = dict(zip(values, chosen, strict=True))
        yield mails.render(kind, scenes.letterhead(), pseudo.TAG, context), context


def _given(context: Mapping[str, Shown]) -> Iterator[str]:
    head = scenes.letterhead()
    yield from (head.agency, head.contact.email, str(head.contact.name))
    for value in context.values():
        if isinstance(value, str) and value:
            yield value
        elif isinstance(value, tuple):
            yield from (each for each in value if isinstance(each, str))


@pytest.mark.parametrize("kind", VALUES)
def test_no_line_subject_or_title_is_outside_of_the_catalogue(kind: str) -> None:
    for written, context in _rendered(kind):
        assert unmarked(shown_in(written), _given(context)) == [], context
        assert f'lang="{pseudo.TAG}"' in written.html


def test_no_e_mail_is_left_out() -> None:
    assert set(VALUES) == {each.name for each in FOLDER.iterdir() if each.is_dir()}


def test_a_text_outside_is_seen_wherever_it_stands() -> None:
    html = (
        "<title>Hi</title><style>p { color: red }</style>"
        '<img alt="Logo" src="x"><p>⟦Ĥéļļö <b>Ana</b>, ⟦ţĥéŕé⟧·⟧ Ana <i>12 left</i></p>'
    )
    assert unmarked(texts(html), ["Ana"]) == ["Hi", "Logo", "12 left"]
