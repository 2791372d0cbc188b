"""The kubelet's restart back-off."""

from __future__ import annotations

from kdasync.devcluster.node.backoff import Backoff


def test_the_first_restart_is_immediate_then_it_doubles() -> None:
    backoff = Backoff()
    waits, now = [], 0.0
    for _ in range(8):
        waits.append(backoff.next(now))
        now += waits[-1] + 1
    assert waits == [0, 10, 20, 40, 80, 160, 300, 300]


def test_it_is_forgotten_after_ten_minutes_of_quiet() -> None:
    backoff = Backoff()
    assert [backoff.next(0), backoff.next(1)] == [0, 10]
    assert backoff.next(612) == 0


def test_it_is_not_forgotten_before() -> None:
    backoff = Backoff()
    assert [backoff.next(0), backoff.next(1)] == [0, 10]
    assert backoff.next(610) == 20
