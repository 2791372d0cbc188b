"""From bytes on the wire to what the operator speaks of: an error of `errors.py`, or a list of typed objects.

Why one place: an API server answers with a Status, a proxy in front of it with a web page, and both must end as the same exceptions.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from kdasync.errors import ApiError, ServerError, api_error
from kdasync.kube.resource import Resource
from kdasync.kube.transport import Response
from kdasync.kube.wire import ObjectList, Status

T = TypeVar("T")
_SHOWN = 200


class Listing(msgspec.Struct, Generic[T], frozen=True):
    """A list. `broken` has a sentence for each object that could not be read; `continue_` is empty on the last page."""

    items: tuple[T, ...]
    resource_version: str
    continue_: str = ""
    broken: tuple[str, ...] = ()


def succeeded(response: Response) -> bool:
    """Whether the HTTP status is 2xx."""
    return 200 <= response.status < 300  # noqa: PLR2004 - HTTP's success class


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; the date form, which the API server never sends, counts as absent."""
    return float(text) if text and text.isdigit() else None


def status_error(status: Status, *, code: int = 0, retry_after: str | None = None) -> ApiError:
    """The exception for a Status; `code` and `retry_after` are those of the HTTP answer, if there was one."""
    wait = _seconds(retry_after)
    if wait is None and status.details is not None and status.details.retry_after_seconds:
        wait = float(status.details.retry_after_seconds)
    return api_error(code or status.code, status.reason, status.message, retry_after=wait)


def failure(response: Response) -> ApiError:
    """The exception for a non-2xx answer, with or without a Status in it."""
    try:
        status = msgspec.json.decode(response.body, type=Status)
    except msgspec.DecodeError:
        text = response.body[:_SHOWN].decode(errors="replace").strip()
        status = Status(message=text or "The answer was empty.")
    return status_error(status, code=response.status, retry_after=response.headers.get("retry-after"))


def decode(body: bytes, resource: Resource[T]) -> T:
    """One object.

    Raises:
        ServerError: the body is not such an object (a proxy's page, or a field of another type).
    """
    try:
        return msgspec.json.decode(body, type=resource.type)
    except msgspec.DecodeError as error:
        raise ServerError(502, "Undecodable", f"{resource.kind}: {error}") from error


def decode_list(body: bytes, resource: Resource[T]) -> Listing[T]:
    """A list; objects that cannot be read are left out and named in `broken`.

    Raises:
        ServerError: the body is not a list at all.
    """
    try:
        page = msgspec.json.decode(body, type=ObjectList[resource.type])  # type: ignore[name-defined]
        return Listing(tuple(page.items or ()), page.metadata.resource_version, page.metadata.continue_ or "")
    except msgspec.DecodeError:
        return _decode_each(body, resource)


def _decode_each(body: bytes, resource: Resource[T]) -> Listing[T]:
    try:
        page = msgspec.json.decode(body, type=ObjectList[msgspec.Raw])
    except msgspec.DecodeError as error:
        raise ServerError(502, "Undecodable", f"list of {resource.kind}: {error}") from error
    items: list[T] = []
    broken: list[str] = []
    for raw in page.items or ():
        try:
            items.append(msgspec.json.decode(raw, type=resource.type))
        except msgspec.DecodeError as error:
            broken.append(f"{resource.kind}: {error}")
    return Listing(tuple(items), page.metadata.resource_version, page.metadata.continue_ or "", tuple(broken))
