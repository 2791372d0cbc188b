"""Commands in containers over v5.channel.k8s.io."""

from __future__ import annotations

from conformance.samples import pod
from conformance.talk import Answer, Talk


def _ready(answer: Answer) -> bool:
    statuses = answer.body.get("status", {}).get("containerStatuses") or ()
    return bool(statuses) and all("running" in item["state"] for item in statuses)


async def _run(talk: Talk) -> None:
    pods = talk.path("pods")
    for _ in range(200):
        if (await talk.quiet("GET", talk.path("serviceaccounts", "default"))).status == 200:
            break
    body = pod(talk, schedulerName="default-scheduler", automountServiceAccountToken=False, terminationGracePeriodSeconds=1)
    await talk.quiet("POST", pods, body)
    probe = Talk(talk.ground)
    await probe.until("running", f"{pods}/one", _ready, seconds=60)


async def commands(talk: Talk) -> None:
    await _run(talk)
    await talk.exec("success", "one", ("true",))
    await talk.exec("output", "one", ("sh", "-c", 'printf "%s." "$@"', "sh", "two words", "$HOME", ""))
    await talk.exec("both streams", "one", ("sh", "-c", "echo out; echo err >&2"))
    await talk.exec("exit status", "one", ("sh", "-c", "exit 7"))
    await talk.exec("killed by a signal", "one", ("sh", "-c", "kill -9 $$"))
    await talk.exec("standard input and its end", "one", ("cat",), stdin=b"first line\nlast line")
    await talk.exec("much of it", "one", ("sh", "-c", "cat | wc -c"), stdin=b"x" * 100_000)
    await talk.exec("empty input", "one", ("cat",), stdin=b"")
    await talk.exec("input that nobody reads", "one", ("true",), stdin=b"abc")
    await talk.exec("a program that is not there", "one", ("no-such-program",))
    await talk.exec("output and exit status", "one", ("sh", "-c", "cat; echo done >&2; exit 3"), stdin=b"data")
    await talk.exec("output only", "one", ("sh", "-c", "echo out; echo err >&2"), streams="o")


async def refusals(talk: Talk) -> None:
    await _run(talk)
    await talk.exec("no such pod", "none", ("true",))
    await talk.exec("no command", "one", ())
    await talk.exec("no stream", "one", ("true",), streams="")
    pods = talk.path("pods")
    await talk("not upgraded", "GET", f"{pods}/one/exec", command="true", stdout="true")
    await talk("no such container", "GET", f"{pods}/one/log", container="none")
    await talk.quiet("POST", pods, pod(talk, "pending", automountServiceAccountToken=False))
    await talk.exec("a pod without node", "pending", ("true",))
    await talk("its log", "GET", f"{pods}/pending/log")
