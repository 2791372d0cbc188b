from typing import Any

import pytest

from kdasync.errors import ServerError
from kdasync.kube.resource import PODS


def page(wire: Any, names: list[str], *, more: str = "", version: int = 9) -> Any:
    meta = {"resourceVersion": str(version), **({"continue": more} if more else {})}
    return wire.answer(200, {"metadata": meta, "items": [wire.pod(name, 1) for name in names] or None})


async def test_pages_are_put_together(scripted: Any, make_client: Any, wire: Any) -> None:
    scripted.answers = [page(wire, ["a", "b"], more="t"), page(wire, ["c"])]
    found = await make_client(scripted).list(PODS, "ns", label_selector="x=y", limit=2)
    assert [item.metadata.name for item in found.items] == ["a", "b", "c"]
    assert found.resource_version == "9"
    assert scripted.queries == [
        {"limit": "2", "labelSelector": "x=y"},
        {"limit": "2", "labelSelector": "x=y", "continue": "t"},
    ]


async def test_an_expired_token_starts_the_list_again(scripted: Any, make_client: Any, wire: Any) -> None:
    expired = wire.answer(410, wire.status(410, "Expired"))
    scripted.answers = [page(wire, ["old"], more="t"), expired, page(wire, ["a"])]
    found = await make_client(scripted).list(PODS)
    assert [item.metadata.name for item in found.items] == ["a"]


async def test_an_empty_list_of_go_is_empty(scripted: Any, make_client: Any, wire: Any) -> None:
    scripted.answers = [page(wire, [])]
    assert (await make_client(scripted).list(PODS)).items == ()


async def test_an_object_that_cannot_be_read_is_not_left_out_in_silence(scripted: Any, make_client: Any, wire: Any) -> None:
    scripted.answers = [wire.answer(200, {"metadata": {}, "items": [{"metadata": {"name": 7}}]})]
    with pytest.raises(ServerError, match="name"):
        await make_client(scripted).list(PODS)
