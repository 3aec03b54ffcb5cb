"""Application errors: a code and a sentence for a person. Pure."""

from typing import Any, ClassVar

from app.kit.i18n.locales import english
from app.kit.i18n.message import Message, _


class AppError(Exception):
    """Base of expected errors; each subclass is defined beside the code that raises it.

    `code` is for programs and never changes; `detail` says what happened; `hint` says what to do. All may name an API
    operation by method and path; the command line names the command instead. `message` and `advice` are the same for
    people in a browser, in their language; `detail` and `hint` are their English texts unless a class has its own.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    detail: str = "This cannot be done."
    hint: str | None = None
    message: ClassVar[Message] = _("That could not be done.")
    advice: Message | None = _("Go back, reload the page and try again.")

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        own = vars(cls)
        if "message" in own and "detail" not in own:
            cls.detail = english(cls.message)
        if "advice" in own and "hint" not in own:
            cls.hint = english(cls.advice) if cls.advice else None

    def __init__(
        self, detail: str | None = None, *, hint: str | None = None, fields: dict[str, str] | None = None
    ) -> None:
        self.detail = detail or self.detail
        self.hint = hint or self.hint
        self.fields = fields or {}
        super().__init__(self.detail)

    @property
    def sentences(self) -> tuple[Message, ...]:
        """The message, and the advice if there is any."""
        return (self.message, self.advice) if self.advice else (self.message,)


class NotFound(AppError):
    """The object does not exist for this caller; also used for ids of another agency."""

    status = 404
    code = "not_found"
    detail = "There is nothing here under this id."
    hint: str | None = "Check the id, and that the API key belongs to the same agency."
    message = _("There is nothing at this address.")
    advice = _("Check the address, or open the page again from the message it came in.")


class InvalidInput(AppError):
    """The input is malformed."""

    status = 422
    code = "malformed"
    detail = "Some of the values given cannot be used."
    hint: str | None = "Correct the named fields and try again."
