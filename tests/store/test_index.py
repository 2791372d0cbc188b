from typing import Any

from kdasync.store.index import by_cluster, by_owner
from kdasync.store.store import Store


def names(items: Any) -> list[str]:
    return [item.metadata.name for item in items]


def test_objects_are_found_by_cluster_and_by_owner(pod: Any) -> None:
    store: Store[Any] = Store({"cluster": by_cluster, "owner": by_owner})
    for name, cluster, owner in (("a", "c1", "o1"), ("b", "c1", "o2"), ("c", "c2", "o1"), ("d", "", "")):
        store.observe(pod(name, 1, cluster=cluster, owner=owner))
    assert names(store.select("cluster", "ns/c1")) == ["a", "b"]
    assert names(store.select("owner", "o1")) == ["a", "c"]
    assert store.select("cluster", "other/c1") == ()


def test_an_index_follows_changes_and_deletions(pod: Any) -> None:
    store: Store[Any] = Store({"cluster": by_cluster})
    store.observe(pod("a", 1, cluster="c1"))
    store.observe(pod("a", 2, cluster="c2"))
    assert names(store.select("cluster", "ns/c1")) == []
    assert names(store.select("cluster", "ns/c2")) == ["a"]
    store.delete(pod("a", 3))
    assert store.select("cluster", "ns/c2") == ()
