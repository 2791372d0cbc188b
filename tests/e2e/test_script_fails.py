"""A failing script is a named error, and a better package cures it."""

from __future__ import annotations

from collections.abc import Callable

from realcluster.lab import Lab, script


def test_a_failing_script_is_told_with_its_last_words(labs: Callable[..., Lab]) -> None:
    lab = labs(KDASYNC_RETRIES="0")
    lab.app("#!/bin/sh\necho the disk is full >&2\nexit 7\n")
    lab.create(workers=0)
    seen = lab.until(lambda now: "config error" in now.members().values())
    (member,) = (member for role in seen.status["roles"] for member in role["members"])
    detail = member["stateDetail"]["configErrorDetail"]
    assert "7" in detail
    assert seen.condition("Ready")["status"] == "False"
    position = lab.audit.position()
    assert not [asked for asked in lab.asked(position) if asked.what == "pods/exec"]


def test_a_script_that_fails_once_is_tried_again(labs: Callable[..., Lab]) -> None:
    lab = labs(KDASYNC_RETRY_SECONDS="1")
    lab.app(script("[ -e /var/second ] || { : > /var/second; exit 3; }"))
    lab.create(workers=0)
    (pod,) = lab.configured().members()
    assert [call for _, call in lab.calls(pod)] == ["--configure"]
