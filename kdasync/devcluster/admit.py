"""The admission step of every write."""

from __future__ import annotations

from typing import Any

from kdasync.devcluster.plane import Call

Json = dict[str, Any]


async def admit(call: Call, value: Json, old: Json | None) -> Json:
    """The object as admission lets it through.

    Raises:
        Failure: a webhook refused.
    """
    if call.plane.webhooks is None:
        return value
    admitted: Json = await call.plane.webhooks(call, value, old)
    return admitted
