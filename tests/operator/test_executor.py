"""Where the app elects one executor per role, one peer hears a notification, and another one if the first is gone."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.looptime


def electing(stack: Any) -> dict[str, Any]:
    app: dict[str, Any] = stack.app | {"metadata": {"name": "electing", "namespace": "default"}}
    policies = [{"id": role["id"], "executor": "one"} for role in app["spec"]["roles"]]
    return app | {"spec": {**app["spec"], "kdasync": {"roles": policies}}}


async def test_one_member_of_a_role_hears(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorapps", electing(stack))
        await stack.create("kubedirectorclusters", make(app="electing", workers=3))
        await stack.until(lambda: stack.configured("one"))
        await stack.merge("one", scale(4))
        await stack.until(lambda: stack.configured("one"))
        heard = [pod for pod, args in stack.guests.calls if args.startswith("--addnodes")]
        master, *workers = stack.members("one")
        assert sorted(heard) == sorted([master, workers[0]])
        await stack.merge("one", scale(2))
        await stack.until(lambda: stack.configured("one"))
        heard = [pod for pod, args in stack.guests.calls if args.startswith("--delnodes")]
        assert sorted(heard) == sorted([master, workers[0]])


async def test_all_hear_by_default(running: Any, make: Any, scale: Any) -> None:
    async with running() as stack:
        await stack.create("kubedirectorclusters", make(workers=3))
        await stack.until(lambda: stack.configured("one"))
        old = list(stack.members("one"))
        await stack.merge("one", scale(4))
        await stack.until(lambda: stack.configured("one"))
        assert sorted(pod for pod, args in stack.guests.calls if args.startswith("--addnodes")) == sorted(old)
