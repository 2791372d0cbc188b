"""The smallest guest works: no bash, no nohup, no setsid, no tar, no curl, no python."""

from __future__ import annotations

from collections.abc import Callable

from realcluster.images import BUSYBOX
from realcluster.lab import Lab


def test_a_guest_with_little_more_than_a_shell_is_configured(labs: Callable[..., Lab]) -> None:
    lab = labs()
    lab.app('#!/bin/sh\necho "$*" >> /calls\n', image=BUSYBOX)
    lab.create(workers=1)
    for pod in lab.configured().members():
        assert lab.inside(pod, "cat", "/calls").splitlines()[0] == "--configure"
