from typing import Any

from kdasync.store.store import Changed, Store, key_of


def listing(*items: Any) -> dict[Any, Any]:
    return {key_of(item): item for item in items}


def test_a_list_replaces_what_is_older(pod: Any) -> None:
    store: Store[Any] = Store()
    store.observe(pod("gone", 3))
    store.observe(pod("kept", 4))
    changes = store.swap(listing(pod("kept", 4), pod("new", 6)), "7")
    assert changes == [Changed(pod("gone", 3), None), Changed(None, pod("new", 6))]
    assert [item.metadata.name for item in store] == ["kept", "new"]


def test_what_we_wrote_after_the_list_was_taken_stays(pod: Any) -> None:
    store: Store[Any] = Store()
    store.apply(pod("created", 8))
    store.apply(pod("changed", 9))
    assert store.swap(listing(pod("changed", 5)), "7") == []
    assert {item.metadata.name: item.metadata.resource_version for item in store} == {"created": "8", "changed": "9"}


def test_what_we_deleted_does_not_come_back_by_an_old_list(pod: Any) -> None:
    store: Store[Any] = Store()
    store.observe(pod("a", 5))
    store.bury(pod("a", 5))
    assert store.swap(listing(pod("a", 5)), "6") == []
    assert store.statistics().tombstones == 1


def test_a_list_without_it_confirms_a_deletion(pod: Any) -> None:
    store: Store[Any] = Store()
    store.observe(pod("a", 5))
    store.bury(pod("a", 5))
    store.swap({}, "6")
    assert store.statistics().tombstones == 0
