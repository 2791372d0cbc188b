"""Every exception of the operator, in one tree.

    KdasyncError
    |- SettingsError                 a knob has a value that cannot be used
    |- DefinitionError               bad user input: names the field and the remedy
    |- TransportError                no usable answer: connect, time-out, cut stream (sent: it may have arrived)
    |- ApiError                      the API server answered with a Status
    |   |- BadRequest 400, Unauthorized 401, Forbidden 403, NotFound 404
    |   |- Conflict 409, AlreadyExists 409 (reason AlreadyExists), Gone 410, Invalid 422
    |   |- TooManyRequests 429, ServerError 5xx        (retry_after in seconds, if the server said so)
    |- ExecError                     the exec itself failed (not: the command exited non-zero)
    |- GuestError                    the guest lacks something or is broken: has a reason and a remedy
    |- StaleMemory                   a status commit met another generationUID: load again
    |- LeaseLost                     this process does not lead, or does not any more: nothing was sent

Retrying is a property of the type, not of the message: `KdasyncError.transient`.
"""

from __future__ import annotations


class KdasyncError(Exception):
    """Root of the tree."""

    transient = False


class SettingsError(KdasyncError):
    """A knob has a value that cannot be used."""


class DefinitionError(KdasyncError):
    """Bad user input.

    Attributes:
        field: path of the field, e.g. `spec.roles[1].id`.
        remedy: what the user can do, one sentence.
        reason: CamelCase word for a condition.
    """

    def __init__(self, message: str, *, field: str, remedy: str, reason: str = "InvalidDefinition") -> None:
        super().__init__(f"{field}: {message} {remedy}")
        self.message = message
        self.field = field
        self.remedy = remedy
        self.reason = reason


class TransportError(KdasyncError):
    """No usable answer came. `sent` is False only if the request surely never reached the server."""

    transient = True

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class ApiError(KdasyncError):
    """The API server refused. Fields as in meta/v1 Status.

    Attributes:
        code: HTTP status code.
        reason: `Status.reason`, e.g. `NotFound`.
        message: `Status.message`.
        retry_after: seconds the server asked to wait, or None.
    """

    def __init__(self, code: int, reason: str, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(f"{code} {reason}: {message}")
        self.code = code
        self.reason = reason
        self.message = message
        self.retry_after = retry_after


class BadRequest(ApiError):
    """400."""


class Unauthorized(ApiError):
    """401."""


class Forbidden(ApiError):
    """403."""


class NotFound(ApiError):
    """404."""


class Conflict(ApiError):
    """409: the resourceVersion or a precondition did not match."""


class AlreadyExists(Conflict):
    """409 with reason AlreadyExists."""


class Gone(ApiError):
    """410: the resourceVersion is too old; list again."""


class Invalid(ApiError):
    """422: validation failed, or a JSON patch `test` did."""


class TooManyRequests(ApiError):
    """429."""

    transient = True


class ServerError(ApiError):
    """5xx."""

    transient = True


_BY_CODE: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
    429: TooManyRequests,
}


def api_error(code: int, reason: str, message: str, *, retry_after: float | None = None) -> ApiError:
    """The exception for a Status: chosen by code, and for 409 by reason."""
    if reason == "AlreadyExists":
        return AlreadyExists(code, reason, message, retry_after=retry_after)
    kind = _BY_CODE.get(code, ServerError if code >= 500 else ApiError)  # noqa: PLR2004 - HTTP's server error class
    return kind(code, reason, message, retry_after=retry_after)


class ExecError(KdasyncError):
    """The exec failed before or beside its command: pod or container gone, connection cut, no such executable.

    Attributes:
        reason: `NotFound`, `ContainerNotFound`, `CommandNotFound`, `Cut`, `Timeout` or `Internal`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message
        self.transient = reason in {"Cut", "Timeout", "Internal"}


class GuestError(KdasyncError):
    """The guest lacks something or broke: `reason` is a CamelCase word, `remedy` one sentence."""

    def __init__(self, reason: str, message: str, *, remedy: str) -> None:
        super().__init__(f"{reason}: {message} {remedy}")
        self.reason = reason
        self.message = message
        self.remedy = remedy


class StaleMemory(KdasyncError):
    """A status commit met another generationUID: somebody else wrote; drop the memory and load it again."""


class LeaseLost(KdasyncError):
    """This process does not lead (any more): its term is over, or has not begun. Nothing was sent."""
