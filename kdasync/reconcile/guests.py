"""Orders to real guests: one exec each, and the live read that binds the result to a container."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from kdasync.errors import NotFound
from kdasync.guest.deliver import Pace, Process, deliver
from kdasync.guest.order import Order, Result
from kdasync.kube.client import Client
from kdasync.kube.exec import exec_
from kdasync.kube.resource import PODS
from kdasync.reconcile.jobs import Target
from kdasync.reconcile.snapshot import container_id
from kdasync.render.keys import APP_CONTAINER
from kdasync.settings import Settings

Report = Callable[[str, float], None]


class ExecGuests:
    """Guests behind the API server. `report(outcome, seconds)` is called for every order that ended."""

    def __init__(self, client: Client, settings: Settings, *, clock: Callable[[], float], report: Report) -> None:
        self._client = client
        self._pace = Pace(transfer=settings.transfer_timeout)
        self._clock = clock
        self._report = report

    async def deliver(self, target: Target, order: Order, launched: Callable[[], None]) -> Result:
        """Do the order. Raises as `guest/deliver.py`."""
        start = self._clock()

        def open_exec(command: tuple[str, ...]) -> AbstractAsyncContextManager[Process]:
            return exec_(self._client, target.key[0], target.pod, APP_CONTAINER, command, stdin=True)

        result = await deliver(order, open_exec, on_launched=launched, pace=self._pace)
        self._report(result.outcome.value, self._clock() - start)
        return result

    async def container(self, target: Target) -> str:
        """Id of the pod's `app` container now, empty if there is none."""
        try:
            pod = await self._client.get(PODS, target.key[0], target.pod)
        except NotFound:
            return ""
        return container_id(pod)
