"""Application errors: a code and a sentence for a person. Pure."""

from typing import ClassVar


class AppError(Exception):
    """Base of expected errors; each subclass is defined beside the code that raises it.

    `code` is for programs and never changes; `detail` says what happened; `hint` says what to do. All may name an API
    operation by method and path; the command line names the command instead.
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
    """The object does not exist for this caller; also used for ids of another agency."""

    status = 404
    code = "not_found"
    detail = "There is nothing here under this id."
    hint: str | None = "Check the id, and that the API key belongs to the same agency."


class InvalidInput(AppError):
    """The input is malformed."""

    status = 422
    code = "malformed"
    detail = "Some of the values given cannot be used."
    hint: str | None = "Correct the named fields and try again."
