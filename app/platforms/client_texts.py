"""Texts of a platform for clients: the forms of its ids, and its own sentences. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from app.kit.i18n.message import Message, _
from app.kit.input.text import TypedWrong, folded, short

LONGEST_ID = 64
_BETWEEN = re.compile(r"[\s,;]+")
_ID = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._:@-]{{0,{LONGEST_ID - 1}}}")


def plain_ids(text: str) -> tuple[str, ...]:
    """The words of a text, each once, in order: letters, digits and `. _ : @ -`. Raises TypedWrong for any other."""
    found = tuple(dict.fromkeys(filter(None, _BETWEEN.split(folded(text)))))
    for word in found:
        if "://" in word:
            raise TypedWrong(_("“{text}” is an address. Enter the ID itself.", text=short(word)))
        if not _ID.fullmatch(word):
            raise TypedWrong(_("“{text}” is not an ID. Copy it once more, one per line.", text=short(word)))
    return found


@dataclass(frozen=True)
class FindStep:
    """A place where an id is found: a sentence, and the menus or the address below it."""

    text: Message
    path: tuple[Message | str, ...] = ()


@dataclass(frozen=True)
class IdForm:
    """The ids of one kind, as people type and paste them.

    `read` returns each id in a text once; it raises TypedWrong. `given_before`: about `{number}`, an id of this kind
    that is typed as one of another. `is_number`: a phone shows its digits. Placeholder of `hint`: `{platform}`.
    """

    read: Callable[[str], tuple[str, ...]] = plain_ids
    label: Message = _("IDs")
    hint: Message = _("One per line, as {platform} shows them.")
    none_given: Message = _("Enter at least one ID.")
    given_before: Message = _("You gave {number} already, on another screen. Check which of the two it is.")
    find: tuple[FindStep, ...] = ()
    is_number: bool = False

    def one(self, text: str) -> str:
        """The one id in a text. Raises TypedWrong."""
        found = self.read(text)
        if not found:
            raise TypedWrong(self.none_given)
        if len(found) > 1:
            raise TypedWrong(_("Enter one ID here; these are {count}.", count=len(found)))
        return found[0]


@dataclass(frozen=True)
class AccountTexts:
    """The account from which assets are shared: its name, the headings of its screen, and its id.

    `is_agencys`: about the agency's own id; `agencys_given_before`: the same, typed as another id.
    """

    noun: Message = _("account")
    title: Message = _("Your account")
    question: Message = _("Which account is it?")
    choose: Message = _("Choose one of these.")
    id_question: Message = _("What is the ID of your account?")
    id_of_agency: Message = _("ID of {agency}’s account")
    ids: IdForm = IdForm(
        label=_("Account ID"), hint=_("As {platform} shows it."), none_given=_("Enter the ID of your account.")
    )
    is_agencys: Message = _("This is the ID of the agency’s account. Enter your own.")
    agencys_given_before: Message = _(
        "You gave {number} already, as the ID of the agency’s account. Check which of the two it is."
    )


@dataclass(frozen=True)
class ClientTexts:
    """Texts of a platform; each has a neutral default.

    `things`: what access is asked to. `sentences`: about blockers, by code, with the placeholders of the neutral ones.
    `undo`: how access is taken back. `have_ready`: what the client needs. `no_account`: for a person without an
    account. `proves`: whose sign-in proves on a new device that it is the client's; `other_company`: about another's.
    Placeholders: `{platform}`, and `{agency}` where it is named.
    """

    things: Message = _("{platform} account")
    account: AccountTexts = AccountTexts()
    sentences: Mapping[str, Message] = field(default_factory=dict, hash=False)
    undo: Message = _("Yes, at any time and without asking anybody. It takes a minute, and your receipt shows you how.")
    have_ready: Message = _(
        "A sign-in to {platform} that may share, and its e-mail inbox: {platform} may send you a code. Not you? "
        "Forward the message with this link to somebody who has one."
    )
    no_account: Message = _("Create one at {platform}, or connect as somebody who has one.")
    proves: Message = _("Use a sign-in that can share from the account of this link. Signing in alone shares nothing.")
    other_company: Message = _("Sign in at {platform} as somebody who can share from the account of this link.")
