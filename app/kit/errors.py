"""Refusals: what we answer when we cannot do what was asked, with a code and a sentence for a person. Pure."""

from typing import ClassVar


class AppError(Exception):
    """Raised by actions and queries; each subclass stands beside the action that raises it.

    `code` is for programs and never changes; `detail` says what happened; `hint` says what to do. All may name an
    operation of the API by its method and path; the command line names the command instead.
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    detail: str = "This cannot be done."
    hint: str | None = None

    def __init__(
        self, detail: str | None = None, *, hint: str | None = None, fields: dict[str, str] | None = None
    ) -> None:
        self.detail = detail or self.detail
        self.hint = hint or self.hint
        self.fields = fields or {}
        super().__init__(self.detail)


class NotFound(AppError):
    """No such thing for whoever asks; also what another agency's id gets."""

    status = 404
    code = "not_found"
    detail = "There is nothing here under this id."
    hint: str | None = "Check the id, and that the API key belongs to the same agency."


class InvalidInput(AppError):
    """The input cannot be read as what it should be."""

    status = 422
    code = "malformed"
    detail = "Some of the values given cannot be used."
    hint: str | None = "Correct the named fields and try again."
