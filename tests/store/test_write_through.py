from typing import Any

from kdasync.store.store import Changed, Store


def test_our_own_write_is_seen_at_once_and_its_echo_is_nothing_new(pod: Any) -> None:
    store: Store[Any] = Store()
    first, second = pod("a", 5), pod("a", 6)
    assert store.observe(first) == Changed(None, first)
    assert store.apply(second) == Changed(first, second)
    assert store.get("ns", "a") is second
    assert store.observe(pod("a", 6)) is None
    assert store.statistics().stale == 1


def test_an_older_event_after_our_write_changes_nothing(pod: Any) -> None:
    store: Store[Any] = Store()
    store.apply(pod("a", 9))
    assert store.observe(pod("a", 7)) is None
    assert store.get("ns", "a").metadata.resource_version == "9"


def test_versions_are_compared_as_numbers(pod: Any) -> None:
    store: Store[Any] = Store()
    store.observe(pod("a", 9))
    assert store.observe(pod("a", 10)) is not None


def test_an_answer_that_comes_after_the_deletion_does_not_resurrect(pod: Any) -> None:
    store: Store[Any] = Store()
    store.observe(pod("a", 5))
    store.delete(pod("a", 8))
    assert store.apply(pod("a", 7)) is None
    assert store.get("ns", "a") is None


def test_a_created_object_enters_before_the_watch_knows_it(pod: Any) -> None:
    store: Store[Any] = Store()
    store.observe(pod("a", 5))
    assert store.apply(pod("b", 6)) is not None


def test_a_late_deletion_does_not_take_a_newer_object(pod: Any) -> None:
    store: Store[Any] = Store()
    newer = pod("a", 9, uid="second")
    store.apply(newer)
    assert store.delete(pod("a", 8, uid="first")) is None
    assert store.get("ns", "a") is newer


def test_what_we_deleted_does_not_come_back_by_a_late_event(pod: Any) -> None:
    store: Store[Any] = Store()
    store.observe(pod("a", 5))
    assert store.bury(pod("a", 5)) == Changed(pod("a", 5), None)
    assert store.observe(pod("a", 6)) is None
    assert store.statistics().tombstones == 1
    assert store.delete(pod("a", 7)) is None
    assert store.statistics().tombstones == 0


def test_a_successor_of_what_we_deleted_is_welcome(pod: Any) -> None:
    store: Store[Any] = Store()
    store.observe(pod("a", 5))
    store.bury(pod("a", 5))
    assert store.observe(pod("a", 8, uid="second")) is not None
    assert store.bury(pod("a", 5)) is None
