from typing import Any

import pytest

from kdasync import errors
from kdasync.kube.resource import PODS
from kdasync.kube.transport import Response


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (400, "BadRequest", errors.BadRequest),
        (401, "Unauthorized", errors.Unauthorized),
        (403, "Forbidden", errors.Forbidden),
        (404, "NotFound", errors.NotFound),
        (409, "Conflict", errors.Conflict),
        (409, "AlreadyExists", errors.AlreadyExists),
        (410, "Expired", errors.Gone),
        (422, "Invalid", errors.Invalid),
        (500, "InternalError", errors.ServerError),
    ],
)
async def test_each_code_is_its_own_error(scripted: Any, make_client: Any, wire: Any, code: int, reason: str, kind: type) -> None:
    scripted.answers = [wire.answer(code, wire.status(code, reason, "told you"))]
    with pytest.raises(kind) as caught:
        await make_client(scripted).create(PODS, "ns", b"{}")
    assert type(caught.value) is kind
    assert (caught.value.code, caught.value.reason, caught.value.message) == (code, reason, "told you")


async def test_a_web_page_instead_of_a_status_is_shown(scripted: Any, make_client: Any) -> None:
    scripted.answers = [Response(403, {}, b"<html>proxy says no")]
    with pytest.raises(errors.Forbidden, match="proxy says no"):
        await make_client(scripted).create(PODS, "ns", b"{}")


async def test_an_object_that_cannot_be_read_is_an_error_of_the_server(scripted: Any, make_client: Any) -> None:
    scripted.answers = [Response(200, {}, b'{"metadata": {"name": 7}}')]
    with pytest.raises(errors.ServerError, match="name"):
        await make_client(scripted).create(PODS, "ns", b"{}")
