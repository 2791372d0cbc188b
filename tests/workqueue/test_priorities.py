from typing import Any

from kdasync.workqueue.queue import FRESH, NORMAL, RESYNC, URGENT


async def take(queue: Any, count: int) -> list[str]:
    keys = [await queue.get() for _ in range(count)]
    for key in keys:
        queue.done(key)
    return keys


async def test_higher_priorities_first_and_oldest_first_within_one(make_queue: Any) -> None:
    queue = make_queue()
    for key, priority in (("r", RESYNC), ("f", FRESH), ("n1", NORMAL), ("u", URGENT), ("n2", NORMAL)):
        queue.add(key, priority)
    assert await take(queue, 5) == ["u", "n1", "n2", "f", "r"]


async def test_the_highest_priority_of_several_counts(make_queue: Any) -> None:
    queue = make_queue()
    queue.add("a", RESYNC)
    queue.add("b", NORMAL)
    queue.add("a", URGENT)
    queue.add("a", RESYNC)
    assert await take(queue, 2) == ["a", "b"]


async def test_every_tenth_pick_takes_the_oldest(make_queue: Any) -> None:
    queue = make_queue()
    queue.add("old", RESYNC)
    picked = []
    for number in range(12):
        queue.add(f"new-{number}", URGENT)
        picked += await take(queue, 1)
    assert picked.index("old") == 9


async def test_a_priority_survives_work(make_queue: Any) -> None:
    queue = make_queue()
    queue.add("a", NORMAL)
    await queue.get()
    queue.add("b", NORMAL)
    queue.add("a", URGENT)
    queue.done("a")
    assert await take(queue, 2) == ["a", "b"]
